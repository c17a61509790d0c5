// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"
#include "backend/base/unique_fd.h"
#include "backend/init/channel.h"
#include "backend/init/supervisor.h"

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <sys/types.h>

namespace caisson::init {

/// A command, with pipes or on a terminal: its bytes both ways, and how it ended.
class ExecChannel : public Channel, public std::enable_shared_from_this<ExecChannel>
{
public:
    ExecChannel(ChannelSite site, api::ExecRequest request);

    /// Starts the command, answers the request, and goes on until its tree is gone.
    void start();

    Result<void> signal(int number) override;
    Result<void> resize(std::int64_t cols, std::int64_t rows) override;
    Result<void> hangUp() override;
    Result<void> close() override;

private:
    /// One of the descriptors the command writes to.
    struct Output
    {
        asio::posix::stream_descriptor fd;
        char prefix;                 ///< 1 out, 2 err; 0: a terminal, no prefix
        bool waiting = false;        ///< for something to read
        std::size_t owed = SIZE_MAX; ///< after the drain's end: what may still be the command's own
    };
    enum class Reading { Got, Nothing, Ended };

    Task<void> run();
    Task<void> pumpInput();
    Task<void> pumpOutput(Output& output);
    Reading readInto(Output& output, std::size_t room, std::size_t& size);
    Task<Result<void>> writeInput(std::string_view bytes);
    Task<std::optional<SupervisorReport>> nextReport();
    Task<void> sendExit(const std::optional<SupervisorReport>& exited);
    Task<void> drainOutput();
    void spawnPump(Output& output);
    Result<void> order(const SupervisorOrder& order);

    api::ExecRequest m_request;
    asio::posix::stream_descriptor m_control;
    asio::posix::stream_descriptor m_input; ///< of a terminal: its master
    std::array<std::optional<Output>, 2> m_outputs;
    asio::steady_timer m_drainTimer;
    Notifier m_pumpEnded;
    int m_pumpsRunning = 0;
    pid_t m_command = 0;
    bool m_hungUp = false;
    bool m_drainOver = false;
};

} // namespace caisson::init
