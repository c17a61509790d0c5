// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/unique_fd.h"
#include "backend/init/channel.h"

#include <memory>
#include <string>

namespace caisson::init {

/// A file being read into Data.
class ReadChannel : public Channel, public std::enable_shared_from_this<ReadChannel>
{
public:
    ReadChannel(ChannelSite site, api::ReadRequest request);
    void start();

private:
    struct Opened
    {
        UniqueFd file;
        api::FileEntry entry;
    };
    static Result<Opened> open(const api::ReadRequest& request);

    Task<void> run();

    api::ReadRequest m_request;
};

} // namespace caisson::init
