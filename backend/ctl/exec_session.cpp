// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ctl/exec_session.h"

#include "backend/base/files.h"
#include "backend/ctl/prompt_notice.h"
#include "backend/ctl/raw_terminal.h"
#include "backend/ctl/report.h"
#include "backend/ctl/standard_streams.h"

#include <array>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <csignal>
#include <deque>
#include <optional>
#include <unistd.h>

namespace caisson::ctl {

namespace {

constexpr std::size_t kChunk = 64 * 1024;

/// What a quiet command may say before the rest of it is dropped.
constexpr std::size_t kMaxComplaint = 4096;

/// Whoever interrupts this often within so short a time means this program, whatever the command
/// makes of it: the sandbox may not answer at all.
constexpr std::size_t kInsistence = 3;
constexpr std::chrono::seconds kInsistenceTime{2};

/// How long the command has when whoever watches it is gone: as long as init gives it then.
constexpr std::chrono::seconds kHangUpTime{2};

/// After this it is said that the sandbox does not answer.
constexpr std::chrono::seconds kAnswerTime{5};

/// A command under way with this program's streams. Its coroutines share it: one reads standard
/// input, one waits for signals, the caller's reads the output. When the output ends, the program
/// does, whatever the other two wait for.
struct Attached
{
    Attached(const api::asio::any_io_executor& executor, client::ExecSocket commandSocket)
        : socket(std::move(commandSocket))
        , signals(executor, SIGINT, SIGTERM, SIGHUP)
        , hangUp(executor)
    {
        signals.add(SIGQUIT);
    }
    client::ExecSocket socket;
    api::asio::signal_set signals;  ///< before the terminal is raw: none of them may end us then
    api::asio::steady_timer hangUp; ///< since a SIGHUP
    StandardStreams streams;
    std::optional<RawTerminal> terminal;
    std::deque<std::chrono::steady_clock::time_point> interrupts; ///< the last few
    std::optional<int> leftWith; ///< exit code, when the end is ours
};

/// Notes one signal that ends programs; whether that is enough of them.
bool insists(Attached& attached)
{
    const auto now = std::chrono::steady_clock::now();
    attached.interrupts.push_back(now);
    if (attached.interrupts.size() > kInsistence)
        attached.interrupts.pop_front();
    return attached.interrupts.size() == kInsistence &&
           now - attached.interrupts.front() < kInsistenceTime;
}

api::Task<Result<void>> sendControl(Attached& attached, api::StreamControl control)
{
    co_return co_await attached.socket.control(std::move(control));
}

/// Ends when the input does or when the command takes no more: its exit is seen by the reader.
api::Task<void> pumpInput(std::shared_ptr<Attached> attached)
{
    std::vector<char> room(kChunk);
    for (;;) {
        const Result<std::size_t> got = co_await attached->streams.read(STDIN_FILENO, room);
        if (!got || *got == 0) {
            // Closed, or of a terminal that has hung up (EIO): as good as its end.
            (void)co_await sendControl(*attached, {.type = "eof"});
            co_return;
        }
        if (!co_await attached->socket.writeInput({room.data(), *got}))
            co_return;
    }
}

api::StreamControl resizeControl()
{
    const WindowSize size = windowSize();
    return {.type = "resize", .cols = size.cols, .rows = size.rows};
}

void leave(Attached& attached, int signal)
{
    attached.leftWith = kExitSignalled + signal;
    attached.socket.abort();
}

/// Nobody sees any more what the command says: it may end by itself, or is left.
void leaveSoon(const std::shared_ptr<Attached>& attached)
{
    attached->hangUp.expires_after(kHangUpTime);
    attached->hangUp.async_wait([attached](const boost::system::error_code& error) {
        if (!error)
            leave(*attached, SIGHUP);
    });
}

api::Task<void> forwardSignals(std::shared_ptr<Attached> attached)
{
    for (;;) {
        const int signal = co_await attached->signals.async_wait(api::asio::use_awaitable);
        if (signal == SIGTSTP && attached->terminal)
            attached->terminal->stopProgram();
        api::StreamControl control = resizeControl(); // it may have changed during a stop, too
        if (signal != SIGWINCH && signal != SIGTSTP)
            control = {.type = "signal", .signal = std::to_string(signal)};
        if ((signal == SIGINT || signal == SIGTERM) && insists(*attached)) {
            leave(*attached, signal);
            co_return;
        }
        if (signal == SIGHUP)
            leaveSoon(attached);
        if (!co_await sendControl(*attached, std::move(control)))
            co_return;
    }
}

Error errorOf(const api::StreamControl& control)
{
    return {codeFromName(control.code.value_or("internal")),
            control.error.value_or("the sandbox gave no reason"),
            {}};
}

/// Copies output to ours until the command has ended.
api::Task<Result<int>> pumpOutput(std::shared_ptr<Attached> attached)
{
    for (;;) {
        Result<client::ExecSocket::Message> message = co_await attached->socket.read();
        if (attached->leftWith)
            co_return *attached->leftWith;
        if (!message)
            co_return fail(message.error().code,
                           "the sandbox went away before the command ended: " +
                               message.error().message);
        if (const auto* output = std::get_if<client::Output>(&*message)) {
            const int fd = output->stream == 2 ? STDERR_FILENO : STDOUT_FILENO;
            if (Result<void> done = co_await attached->streams.write(fd, output->bytes); !done)
                co_return fail(done.error().code,
                               "what the command said is lost: " + done.error().message);
            continue;
        }
        const auto& control = std::get<api::StreamControl>(*message);
        if (control.type == "exit" && control.exit)
            co_return exitCodeOf(*control.exit);
        if (control.type == "error")
            co_return std::unexpected(errorOf(control));
    }
}

/// Tells whoever sits at the terminal of standard error that a request of the command waits.
api::Task<void> noticeRequests(std::shared_ptr<Attached> attached, client::Client& client,
                               std::string sandbox, std::int64_t pid)
{
    co_await noticePrompts(client, std::move(sandbox), pid, [attached](std::string_view sentence) {
        // A raw terminal goes down at '\n' and not back to the left.
        if (!attached->terminal)
            return complain(sentence);
        const std::string line = "\r\ncaissonctl: " + printable(sentence) + "\r\n";
        (void)writeAll(STDERR_FILENO, line);
    });
}

/// Waits for the word that the command runs, and returns its pid. Nothing of our standard input is
/// taken before.
api::Task<Result<std::int64_t>> awaitStart(client::ExecSocket& socket)
{
    for (;;) {
        Result<client::ExecSocket::Message> message = co_await socket.read();
        if (!message)
            co_return std::unexpected(message.error());
        const auto* control = std::get_if<api::StreamControl>(&*message);
        if (control == nullptr)
            co_return fail(ErrorCode::Protocol, "output came before the command's start");
        if (control->type == "start")
            co_return control->pid.value_or(0);
        if (control->type == "error")
            co_return std::unexpected(errorOf(*control));
    }
}

} // namespace

api::Task<Result<int>> runAttached(Session& session, std::string sandbox, api::ExecRequest request)
{
    const bool tty = request.tty;
    if (tty) {
        const WindowSize size = windowSize();
        request.cols = size.cols;
        request.rows = size.rows;
    }
    const auto executor = co_await api::asio::this_coro::executor;
    api::asio::steady_timer patience(executor, kAnswerTime);
    patience.async_wait([&sandbox](const boost::system::error_code& error) {
        if (!error)
            complain(sandbox + " does not answer yet; if it hangs: caissonctl stop " + sandbox);
    });
    Result<client::ExecSocket> socket = co_await session.client.exec(sandbox, std::move(request));
    if (!socket)
        co_return std::unexpected(socket.error());
    const auto attached = std::make_shared<Attached>(executor, *std::move(socket));
    const Result<std::int64_t> started = co_await awaitStart(attached->socket);
    if (!started)
        co_return std::unexpected(started.error());
    patience.cancel();
    if (tty && hasTerminal()) {
        attached->signals.add(SIGWINCH);
        attached->signals.add(SIGTSTP);
        Result<RawTerminal> terminal = RawTerminal::enter();
        if (!terminal)
            co_return std::unexpected(terminal.error());
        attached->terminal.emplace(*std::move(terminal));
    }
    api::spawnDetached(executor, forwardSignals(attached), "forwarding signals");
    api::spawnDetached(executor, pumpInput(attached), "reading standard input");
    if (::isatty(STDERR_FILENO) != 0)
        api::spawnDetached(executor, noticeRequests(attached, session.client, sandbox, *started),
                           "waiting requests");
    Result<int> code = co_await pumpOutput(attached);
    // Here and not with the last owner: a coroutine that waits for input keeps its share for ever.
    attached->terminal.reset();
    attached->hangUp.cancel();
    if (attached->leftWith)
        complain("left; the command is hung up on, as soon as the sandbox takes notice");
    co_return code;
}

api::Task<Result<void>> runQuietly(Session& session, std::string sandbox,
                                   std::vector<std::string> argv)
{
    const std::string program = argv.front();
    Result<client::ExecSocket> socket =
        co_await session.client.exec(std::move(sandbox), {.argv = std::move(argv), .cwd = "/"});
    if (!socket)
        co_return std::unexpected(socket.error());
    if (Result<void> done = co_await socket->control({.type = "eof"}); !done)
        co_return std::unexpected(done.error());
    std::string complaint;
    for (;;) {
        Result<client::ExecSocket::Message> message = co_await socket->read();
        if (!message)
            co_return std::unexpected(message.error());
        if (const auto* output = std::get_if<client::Output>(&*message)) {
            if (output->stream == 2 && complaint.size() < kMaxComplaint)
                complaint += output->bytes;
            continue;
        }
        const auto& control = std::get<api::StreamControl>(*message);
        if (control.type == "error")
            co_return std::unexpected(errorOf(control));
        if (control.type != "exit" || !control.exit)
            continue;
        if (exitCodeOf(*control.exit) == kExitDone)
            co_return Result<void>{};
        while (complaint.ends_with('\n'))
            complaint.pop_back();
        co_return fail(ErrorCode::Internal,
                       complaint.empty() ? program + " failed in the sandbox" : complaint);
    }
}

} // namespace caisson::ctl
