// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/exec_channel.h"

#include "backend/api/codec.h"
#include "backend/init/child_reaper.h"
#include "backend/init/launcher.h"
#include "backend/init/link.h"
#include "backend/init/pty.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace caisson::init {

namespace {

constexpr auto kAwaitTuple = asio::as_tuple(asio::use_awaitable);
using Descriptor = asio::posix::stream_descriptor;

/// How long others that hold the command's pipes are listened to after it has ended (design.md, 7).
constexpr std::chrono::milliseconds kDrain{200};

/// Payload of a Data frame: what a pipe holds by default (pipe(7)).
constexpr std::size_t kGulp = 64 * 1024;

/// No less than a terminal holds back: 64 KiB of buffers and a line discipline's 4 KiB.
constexpr std::size_t kTerminalHolds = 72 * 1024;

/// Shared by all commands: it is filled and sent without a suspension between. One for each would
/// cost 64 KiB a command.
std::array<char, 1 + kGulp> g_gulp;

} // namespace

ExecChannel::ExecChannel(ChannelSite site, api::ExecRequest request)
    : Channel(std::move(site))
    , m_request(std::move(request))
    , m_control(m_site.executor)
    , m_input(m_site.executor)
    , m_drainTimer(m_site.executor)
{
}

void ExecChannel::start()
{
    spawnDetached(m_site.executor, [](std::shared_ptr<ExecChannel> self) -> Task<void> {
        co_await self->run();
    }(shared_from_this()));
}

Task<void> ExecChannel::run()
{
    Result<Launched> launched = m_site.launcher.launch(m_request);
    if (!launched) {
        m_site.reply(std::unexpected(launched.error()));
        m_site.finished();
        co_return;
    }
    m_control.assign(launched->control.release());
    const std::optional<SupervisorReport> first = co_await nextReport();
    m_site.launcher.reported(*launched);
    launched->supervision.reset();
    if (!first || first->kind != SupervisorReport::Kind::Started) {
        m_site.reply(std::unexpected(
            first ? launchError(m_request, *first)
                  : Error{ErrorCode::Internal,
                          "the command's supervisor was killed from inside the sandbox; try again",
                          {}}));
        m_site.finished();
        co_return;
    }
    m_command = first->value;
    m_site.children.expect(m_command);
    m_site.reply(api::toJson(api::SpawnReply{m_command}));

    m_input.assign(launched->input.release());
    m_outputs[0].emplace(Descriptor(m_site.executor, launched->output.release()),
                         m_request.tty ? '\0' : '\1');
    if (launched->error)
        m_outputs[1].emplace(Descriptor(m_site.executor, launched->error.release()), '\2');
    for (std::optional<Output>& output : m_outputs) {
        if (output)
            spawnPump(*output);
    }
    spawnDetached(m_site.executor, [](std::shared_ptr<ExecChannel> self) -> Task<void> {
        co_await self->pumpInput();
    }(shared_from_this()));

    const std::optional<SupervisorReport> exited = co_await nextReport();
    co_await sendExit(exited);
    m_site.children.forget(m_command);
    m_inlet.close();
    m_input.close();
    m_site.finished();
    // As long as this end is open, what the command left in the background lives on.
    while (co_await nextReport()) {
    }
}

void ExecChannel::spawnPump(Output& output)
{
    ++m_pumpsRunning;
    spawnDetached(m_site.executor, [](std::shared_ptr<ExecChannel> self, Output* of) -> Task<void> {
        co_await self->pumpOutput(*of);
        of->fd.close();
        --self->m_pumpsRunning;
        self->m_pumpEnded.notifyAll();
        self->m_drainTimer.cancel();
    }(shared_from_this(), &output));
}

Task<std::optional<SupervisorReport>> ExecChannel::nextReport()
{
    for (;;) {
        SupervisorReport report;
        const ssize_t size = ::recv(m_control.native_handle(), &report, sizeof report, 0);
        if (size == sizeof report)
            co_return report;
        if (size >= 0 || (errno != EAGAIN && errno != EINTR))
            co_return std::nullopt;
        const auto [error] = co_await m_control.async_wait(Descriptor::wait_read, kAwaitTuple);
        if (error)
            co_return std::nullopt;
    }
}

Task<void> ExecChannel::sendExit(const std::optional<SupervisorReport>& exited)
{
    int status = 0;
    if (exited) {
        status = exited->value;
    } else {
        // Somebody inside killed the supervisor. The command has become init's own child by that,
        // which is ended (orphans.h). If nobody knows its status any more, it was killed.
        status = (co_await m_site.children.status(m_command)).value_or(SIGKILL);
    }
    co_await drainOutput();
    api::ChannelExit message;
    if (WIFSIGNALED(status))
        message.status.signal = WTERMSIG(status);
    else
        message.status.code = WEXITSTATUS(status);
    message.status.timedOut = exited && exited->timedOut != 0;
    m_site.link.sendEvent("exit", m_site.number, api::toJson(message));
}

Task<void> ExecChannel::drainOutput()
{
    m_drainTimer.expires_after(kDrain);
    while (m_pumpsRunning > 0 && m_drainTimer.expiry() > std::chrono::steady_clock::now())
        co_await m_drainTimer.async_wait(kAwaitTuple);
    // What is in a pipe now may still be the command's: a keeper that takes its time gets all of
    // it. What others write after that is not waited for.
    m_drainOver = true;
    for (std::optional<Output>& output : m_outputs) {
        if (!output || !output->fd.is_open())
            continue;
        const int pipeSize = ::fcntl(output->fd.native_handle(), F_GETPIPE_SZ);
        output->owed = std::max(kTerminalHolds, static_cast<std::size_t>(std::max(pipeSize, 0)));
        if (output->waiting)
            output->fd.cancel();
    }
    while (m_pumpsRunning > 0)
        co_await m_pumpEnded.wait();
}

Task<void> ExecChannel::pumpOutput(Output& output)
{
    const std::size_t prefixSize = output.prefix != 0 ? 1 : 0;
    while (output.fd.is_open() && output.owed > 0) {
        std::size_t room = kGulp;
        if (!m_hungUp) {
            const std::size_t allowed = co_await m_outlet.allowance(prefixSize + 1);
            if (allowed == 0)
                continue; // closed meanwhile: hung up
            room = std::min(kGulp, allowed - prefixSize);
        }
        std::size_t size = 0;
        const Reading reading = readInto(output, room, size);
        if (reading == Reading::Ended)
            co_return;
        if (reading == Reading::Got) {
            if (output.owed != SIZE_MAX)
                output.owed -= std::min(output.owed, size);
            if (!m_hungUp) {
                g_gulp[0] = output.prefix;
                m_outlet.send({g_gulp.data() + 1 - prefixSize, size + prefixSize});
                continue;
            }
            // Nobody listens any more, so nothing else slows this down: let others have a turn.
        } else if (m_drainOver) {
            co_return;
        }
        output.waiting = true;
        co_await output.fd.async_wait(Descriptor::wait_read, kAwaitTuple);
        output.waiting = false;
    }
}

/// A terminal gives at most 4 KiB a read(2), so it is read until the frame is full or it is empty.
ExecChannel::Reading ExecChannel::readInto(Output& output, std::size_t room, std::size_t& size)
{
    do {
        const ssize_t got =
            ::read(output.fd.native_handle(), g_gulp.data() + 1 + size, room - size);
        if (got > 0) {
            size += static_cast<std::size_t>(got);
        } else if (got < 0 && errno == EINTR) {
            continue;
        } else if (size > 0) {
            return Reading::Got; // whatever it is, the next call meets it again
        } else {
            // A terminal whose last user is gone gives EIO (tty_ioctl(4)).
            return got < 0 && errno == EAGAIN ? Reading::Nothing : Reading::Ended;
        }
    } while (output.prefix == 0 && size < room);
    return Reading::Got;
}

Task<void> ExecChannel::pumpInput()
{
    char last = '\n';
    while (std::optional<std::string> piece = co_await m_inlet.next()) {
        const Result<void> written = co_await writeInput(*piece);
        m_inlet.consumed(piece->size());
        if (!written) {
            // The command closed its input, or is gone. That is its right: `head -1` does.
            m_inlet.discard();
            if (!m_request.tty)
                m_input.close();
            co_return;
        }
        if (!piece->empty())
            last = piece->back();
    }
    if (m_inlet.isClosed())
        co_return;
    if (m_request.tty)
        co_await writeInput(endOfInput(m_input.native_handle(), last != '\n' && last != '\r'));
    else
        m_input.close();
}

Task<Result<void>> ExecChannel::writeInput(std::string_view bytes)
{
    while (!bytes.empty()) {
        if (!m_input.is_open())
            co_return fail(ErrorCode::Cancelled, "the input was closed");
        const ssize_t written = ::write(m_input.native_handle(), bytes.data(), bytes.size());
        if (written >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            const auto [error] = co_await m_input.async_wait(Descriptor::wait_write, kAwaitTuple);
            if (error)
                co_return fail(ErrorCode::Cancelled, "the input was closed");
        } else if (errno != EINTR) {
            co_return failErrno("cannot write to the command");
        }
    }
    co_return Result<void>{};
}

Result<void> ExecChannel::order(const SupervisorOrder& what)
{
    // Fails only when the supervisor is gone, and then there is nobody left to be told.
    if (m_control.is_open())
        ::send(m_control.native_handle(), &what, sizeof what, MSG_NOSIGNAL);
    return {};
}

Result<void> ExecChannel::signal(int number)
{
    if (number < 1 || number > SIGRTMAX)
        return fail(ErrorCode::BadRequest, "there is no signal " + std::to_string(number));
    return order({SupervisorOrder::Kind::Signal, number});
}

Result<void> ExecChannel::resize(std::int64_t cols, std::int64_t rows)
{
    if (!m_request.tty)
        return Channel::resize(cols, rows);
    if (!m_input.is_open())
        return fail(ErrorCode::Conflict, "the terminal is not open yet");
    return resizePty(m_input.native_handle(), cols, rows);
}

Result<void> ExecChannel::hangUp()
{
    m_hungUp = true;
    m_outlet.close();
    m_inlet.discard();
    return order({SupervisorOrder::Kind::HangUp});
}

Result<void> ExecChannel::close()
{
    return fail(ErrorCode::BadRequest, "a command is not closed but hung up on, or sent a signal");
}

} // namespace caisson::init
