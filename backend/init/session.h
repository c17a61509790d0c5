// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/initwire.h"
#include "backend/base/error.h"
#include "backend/init/channel.h"
#include "backend/init/child_reaper.h"
#include "backend/init/launcher.h"
#include "backend/init/link.h"
#include "backend/init/orphans.h"
#include "backend/init/workers.h"

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace caisson::init {

/// The conversation with the keeper: takes its requests apart and hands them to those who know.
/// One thread, the loop's.
class Session
{
public:
    /// `descriptor`: the stream to the keeper.
    Session(asio::io_context& loop, int descriptor);

    /// Says hello and serves until the keeper is gone (success) or breaks the protocol.
    Task<Result<void>> run();

    /// The end: what channels would leave behind is removed.
    void abandon();

private:
    using Reply = Result<std::string>;

    Result<void> handleFrame(api::Frame frame);
    Result<void> handleControl(const std::string& text);
    void reply(std::uint64_t id, Reply reply);

    bool openChannel(const api::Control& request);
    template<class Kind, class Request>
    void open(const api::Control& request);
    bool startFileOperation(const api::Control& request);
    template<class Request, class Answer>
    void runFile(const api::Control& request, Result<Answer> (*operation)(const Request&));
    void followKeeper();
    void childReaped(pid_t pid, int status);

    Reply signal(const std::string& body);
    Reply resize(const std::string& body);
    Reply hangUp(const std::string& body);
    Reply close(const std::string& body);
    Result<std::shared_ptr<Channel>> channel(std::int64_t number);

    asio::io_context& m_loop;
    Link m_link;
    Workers m_workers;
    Launcher m_launcher;
    Orphans m_orphans;
    ChildReaper m_children;
    std::map<std::uint32_t, std::shared_ptr<Channel>> m_channels;
    bool m_keeperFollowed = false;
};

} // namespace caisson::init
