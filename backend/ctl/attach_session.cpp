// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ctl/attach_session.h"

#include "backend/ctl/prompt_notice.h"
#include "backend/ctl/raw_terminal.h"
#include "backend/ctl/replay_fence.h"
#include "backend/ctl/report.h"
#include "backend/ctl/standard_streams.h"

#include <algorithm>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <unistd.h>

namespace caisson::ctl {

namespace {

constexpr std::size_t kChunk = 64 * 1024;
constexpr char kLeave = '\x1d'; // Ctrl-], as telnet(1) has it

/// How long a terminal has to answer the question after a replay. Over a slow link it takes a
/// round trip; one that has not answered by then never does.
constexpr std::chrono::milliseconds kAnswerTime{500};

/// Undoes what a full-screen program may have set, in the order: normal screen (47, which unlike
/// 1049 moves no cursor), cursor keys, mouse reports, bracketed paste, visible cursor, plain text.
constexpr std::string_view kCalmTerminal =
    "\x1b[?47l\x1b[?1l\x1b>\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?25h\x1b[m"
    "\r\n";

/// Whether what a terminal has written so far may hold questions that were answered before.
enum class History { Old, OurOwn };

/// One attached terminal. Its coroutines share it: one reads standard input, one waits for
/// signals, the caller's reads the output; whichever ends it aborts the socket with a reason.
struct Attachment
{
    Attachment(const api::asio::any_io_executor& executor, client::TerminalSocket terminalSocket)
        : socket(std::move(terminalSocket))
        , signals(executor, SIGINT, SIGTERM, SIGHUP)
    {
        signals.add(SIGQUIT);
        signals.add(SIGWINCH);
    }
    client::TerminalSocket socket;
    api::asio::signal_set signals; ///< before the terminal is raw: none of them may end us then
    StandardStreams streams;
    std::optional<RawTerminal> terminal;
    ReplayFence fence;
    History history = History::Old;
    bool replayed = false;        ///< there was history to show
    std::optional<int> endedWith; ///< exit code, when the end is ours
};

void end(Attachment& attachment, int code)
{
    attachment.endedWith = code;
    attachment.socket.abort();
}

api::Task<Result<void>> sendSize(Attachment& attachment, WindowSize size)
{
    co_return co_await attachment.socket.resize(size.cols, size.rows);
}

/// Makes whatever draws on the terminal draw anew: a changed size does (SIGWINCH).
api::Task<void> repaint(std::shared_ptr<Attachment> attachment)
{
    const WindowSize size = windowSize();
    (void)co_await sendSize(*attachment, {size.cols, std::max(1, size.rows - 1)});
    (void)co_await sendSize(*attachment, size);
}

api::Task<void> openFenceInTime(std::shared_ptr<Attachment> attachment)
{
    api::asio::steady_timer timer(co_await api::asio::this_coro::executor, kAnswerTime);
    co_await timer.async_wait(api::asio::use_awaitable);
    attachment->fence.open();
}

/// All that was written before we came has been shown.
api::Task<Result<void>> finishReplay(std::shared_ptr<Attachment> attachment)
{
    const auto executor = co_await api::asio::this_coro::executor;
    if (attachment->history == History::OurOwn || !attachment->replayed || !attachment->terminal ||
        ::isatty(STDOUT_FILENO) == 0) {
        attachment->fence.open();
        co_return Result<void>{};
    }
    attachment->fence.ask();
    api::spawnDetached(executor, openFenceInTime(attachment), "waiting for the terminal");
    Result<void> asked = co_await attachment->streams.write(STDOUT_FILENO, ReplayFence::kQuestion);
    co_await repaint(attachment);
    co_return asked;
}

api::Task<void> pumpInput(std::shared_ptr<Attachment> attachment)
{
    std::vector<char> room(kChunk);
    for (;;) {
        const Result<std::size_t> got = co_await attachment->streams.read(STDIN_FILENO, room);
        if (!got || *got == 0)
            co_return;
        std::string_view bytes(room.data(), *got);
        const std::size_t leave = attachment->terminal ? bytes.find(kLeave) : bytes.npos;
        const std::string typed = attachment->fence.pass(bytes.substr(0, leave));
        if (!typed.empty()) {
            if (!co_await attachment->socket.type(typed))
                co_return;
        }
        if (leave != bytes.npos) {
            end(*attachment, kExitDone);
            co_return;
        }
    }
}

api::Task<void> watchSignals(std::shared_ptr<Attachment> attachment)
{
    for (;;) {
        const int signal = co_await attachment->signals.async_wait(api::asio::use_awaitable);
        if (signal != SIGWINCH && signal != SIGTSTP) {
            end(*attachment, kExitSignalled + signal);
            co_return;
        }
        if (signal == SIGTSTP && attachment->terminal)
            attachment->terminal->stopProgram();
        if (!co_await sendSize(*attachment, windowSize()))
            co_return;
    }
}

/// Acts on a control message; the exit code once the terminal's program has ended.
api::Task<Result<std::optional<int>>> take(std::shared_ptr<Attachment> attachment,
                                           api::StreamControl control)
{
    if (control.type == "exit" && control.exit)
        co_return exitCodeOf(*control.exit);
    if (control.type == "error")
        co_return fail(codeFromName(control.code.value_or("internal")),
                       control.error.value_or("the sandbox gave no reason"));
    if (control.type == "waiting")
        complain(control.error.value_or("the terminal waits"));
    if (control.type == "caught_up") {
        if (Result<void> done = co_await finishReplay(std::move(attachment)); !done)
            co_return std::unexpected(done.error());
    }
    co_return std::nullopt;
}

/// Copies output to ours until the program ends or somebody leaves.
api::Task<Result<int>> pumpOutput(std::shared_ptr<Attachment> attachment)
{
    for (;;) {
        Result<client::TerminalSocket::Message> message = co_await attachment->socket.read();
        if (attachment->endedWith)
            co_return *attachment->endedWith;
        if (!message)
            co_return fail(message.error().code,
                           "the sandbox went away: " + message.error().message);
        if (const auto* bytes = std::get_if<std::string>(&*message)) {
            attachment->replayed = true;
            if (Result<void> done = co_await attachment->streams.write(STDOUT_FILENO, *bytes);
                !done)
                co_return std::unexpected(done.error());
            continue;
        }
        const Result<std::optional<int>> ended =
            co_await take(attachment, std::get<api::StreamControl>(*std::move(message)));
        if (!ended)
            co_return std::unexpected(ended.error());
        if (*ended)
            co_return **ended;
    }
}

/// Only now: a line of ours would stand in the middle of whatever draws on the terminal. Who leaves
/// one in which nothing moves is told why.
api::Task<void> sayWhatWaits(Session& session, const std::string& sandbox,
                             const std::string& terminal)
{
    const Result<api::PromptList> list = co_await session.client.listPrompts(sandbox);
    if (!list)
        co_return; // nobody asked
    std::string first;
    std::size_t more = 0;
    for (const api::Prompt& prompt : list->prompts) {
        if (prompt.terminal != terminal || prompt.count == 0)
            continue;
        if (first.empty())
            first = noticeOf(prompt, sandbox);
        else
            ++more;
    }
    if (more > 0)
        first += "; and " + std::to_string(more) + (more == 1 ? " more waits" : " more wait");
    if (!first.empty())
        complain(first);
}

api::Task<Result<int>> attach(Session& session, std::string sandbox, std::string terminal,
                              History history)
{
    Result<client::TerminalSocket> socket =
        co_await session.client.attachTerminal(sandbox, terminal, 0);
    if (!socket)
        co_return std::unexpected(socket.error());
    const auto executor = co_await api::asio::this_coro::executor;
    const auto attachment = std::make_shared<Attachment>(executor, *std::move(socket));
    attachment->history = history;
    if (!hasTerminal() || history == History::OurOwn)
        attachment->fence.open(); // a pipe answers no questions
    if (hasTerminal()) {
        attachment->signals.add(SIGTSTP);
        Result<RawTerminal> raw = RawTerminal::enter();
        if (!raw)
            co_return std::unexpected(raw.error());
        attachment->terminal.emplace(*std::move(raw));
        if (Result<void> sent = co_await sendSize(*attachment, windowSize()); !sent)
            co_return std::unexpected(sent.error());
    }
    api::spawnDetached(executor, watchSignals(attachment), "watching for signals");
    api::spawnDetached(executor, pumpInput(attachment), "reading standard input");
    Result<int> code = co_await pumpOutput(attachment);
    if (attachment->terminal && ::isatty(STDOUT_FILENO) != 0)
        (void)co_await attachment->streams.write(STDOUT_FILENO, kCalmTerminal);
    // Here and not with the last owner: a coroutine that waits for input keeps its share for ever.
    attachment->terminal.reset();
    if (attachment->endedWith == kExitDone) {
        complain("left " + terminal + "; it goes on, and so does: caissonctl attach " + sandbox +
                 " " + terminal);
        co_await sayWhatWaits(session, sandbox, terminal);
    }
    co_return code;
}

} // namespace

api::Task<Result<int>> attachTerminal(Session& session, std::string sandbox, std::string terminal)
{
    return attach(session, std::move(sandbox), std::move(terminal), History::Old);
}

api::Task<Result<int>> openTerminal(Session& session, std::string sandbox, std::string user)
{
    const WindowSize size = windowSize();
    api::CreateTerminal request{.user = std::move(user), .cols = size.cols, .rows = size.rows};
    // The terminal is this one, so what it is called is this one's business.
    if (const char* term = std::getenv("TERM"))
        request.env.try_emplace("TERM", term);
    const Result<api::Terminal> terminal =
        co_await session.client.createTerminal(sandbox, std::move(request));
    if (!terminal)
        co_return std::unexpected(terminal.error());
    const Result<int> code = co_await attach(session, sandbox, terminal->id, History::OurOwn);
    // Its exit was seen here, and nobody comes back for it. One that was left goes on.
    const Result<api::TerminalList> list = co_await session.client.listTerminals(sandbox);
    const bool hasEnded = list && std::ranges::any_of(list->terminals, [&](const auto& one) {
                              return one.id == terminal->id && one.exit;
                          });
    if (hasEnded) {
        if (Result<void> removed = co_await session.client.removeTerminal(sandbox, terminal->id);
            !removed)
            co_return std::unexpected(removed.error());
    }
    co_return code;
}

} // namespace caisson::ctl
