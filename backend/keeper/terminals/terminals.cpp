// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/terminals/terminals.h"

#include "backend/base/clock.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <sys/stat.h>

namespace caisson::keeper {

using api::Task;

namespace {

/// Each has a journal of up to 64 MiB and, at 9 descriptors a journal, a share of the keeper's.
constexpr std::size_t kMaxTerminals = 64;

/// Room for a path; a list of terminals is still one to be read.
constexpr std::size_t kMaxTitle = 256;

Result<void> checkTitle(std::string_view title)
{
    const auto isControl = [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; };
    if (title.size() > kMaxTitle || std::ranges::any_of(title, isControl))
        return fail(ErrorCode::BadRequest,
                    "a terminal's title has at most 256 bytes and no control characters");
    return {};
}

std::string idOf(std::int64_t incarnation, std::int64_t number)
{
    return "t" + std::to_string(incarnation) + "-" + std::to_string(number);
}

} // namespace

Terminals::Terminals(InitLink& link, api::asio::any_io_executor executor, std::string folder,
                     std::int64_t incarnation, Listener listener)
    : m_link(link)
    , m_executor(std::move(executor))
    , m_folder(std::move(folder))
    , m_incarnation(incarnation)
    , m_listener(std::move(listener))
{
}

Task<Result<Terminals::Spawned>> Terminals::spawn(api::ExecRequest request)
{
    std::vector<std::vector<std::string>> candidates{request.argv};
    if (request.argv.empty())
        candidates = {{"/bin/bash", "-l"}, {"/bin/sh", "-l"}};
    Error error;
    for (const std::vector<std::string>& argv : candidates) {
        request.argv = argv;
        auto channel = m_link.openChannel();
        const auto reply = co_await m_link.request<api::SpawnReply>(
            "spawn", api::SpawnRequest{request}, channel->id());
        if (reply)
            co_return Spawned{std::move(channel), reply->pid};
        error = reply.error();
        if (error.code != ErrorCode::CommandNotFound)
            break;
    }
    co_return std::unexpected(std::move(error));
}

Task<Result<api::Terminal>> Terminals::create(api::CreateTerminal request)
{
    if (m_terminals.size() >= kMaxTerminals)
        co_return fail(ErrorCode::Conflict, "there are 64 terminals already; close one first");
    if (!isTerminalSize(request.cols, request.rows))
        co_return fail(ErrorCode::BadRequest, "a terminal has 1 to 4096 columns and rows");
    if (Result<void> checked = checkTitle(request.title); !checked)
        co_return std::unexpected(checked.error());
    if (::mkdir(m_folder.c_str(), 0700) != 0 && errno != EEXIST)
        co_return failErrno("cannot make the folder of journals");

    const std::int64_t number = m_next++;
    api::Terminal info;
    info.id = idOf(m_incarnation, number);
    Result<Journal> journal = Journal::create(m_folder + "/" + info.id);
    if (!journal)
        co_return std::unexpected(journal.error());

    api::ExecRequest exec;
    exec.argv = request.argv;
    exec.user = request.user;
    exec.cwd = request.cwd;
    exec.env = request.env;
    exec.tty = true;
    exec.cols = request.cols;
    exec.rows = request.rows;
    Result<Spawned> spawned = co_await spawn(std::move(exec));
    if (!spawned) {
        journal->remove();
        co_return std::unexpected(spawned.error());
    }
    info.argv = request.argv;
    info.pid = spawned->pid;
    info.cols = request.cols;
    info.rows = request.rows;
    info.created = nowRfc3339();
    info.title = request.title;
    if (info.title.empty())
        info.title = request.argv.empty() || !checkTitle(request.argv.front())
                         ? "shell"
                         : request.argv.front();

    auto terminal = std::make_shared<Terminal>(m_link, m_executor, std::move(spawned->channel),
                                               std::move(*journal), std::move(info));
    m_terminals[number] = terminal;
    api::spawnDetached(m_executor, terminal->pump([this, borrowed = std::weak_ptr(terminal)] {
        if (const auto ended = borrowed.lock())
            m_listener(Change::Changed, ended->info());
    }),
                       "a terminal's output");
    m_listener(Change::Created, terminal->info());
    co_return terminal->info();
}

api::TerminalList Terminals::list() const
{
    api::TerminalList list;
    for (const auto& [number, terminal] : m_terminals)
        list.terminals.push_back(terminal->info());
    return list;
}

Result<std::shared_ptr<Terminal>> Terminals::find(const std::string& id) const
{
    std::int64_t incarnation = 0;
    std::int64_t number = 0;
    const char* end = id.data() + id.size();
    if (id.starts_with('t')) {
        const auto first = std::from_chars(id.data() + 1, end, incarnation);
        if (first.ec == std::errc() && first.ptr != end && *first.ptr == '-') {
            const auto second = std::from_chars(first.ptr + 1, end, number);
            if (second.ec != std::errc() || second.ptr != end)
                number = 0;
        }
    }
    if (number > 0 && incarnation != m_incarnation && incarnation > 0)
        return fail(ErrorCode::Stale,
                    "terminal " + id +
                        " belonged to an earlier start of this sandbox; open a new "
                        "one");
    const auto found = m_terminals.find(number);
    if (found == m_terminals.end())
        return fail(ErrorCode::NotFound, "there is no terminal \"" + id + "\" in this sandbox",
                    {{"terminal", id}});
    return found->second;
}

std::string Terminals::idOfProcess(std::int64_t pid) const
{
    for (const auto& [number, terminal] : m_terminals) {
        const api::Terminal info = terminal->info();
        if (info.pid == pid && !info.exit)
            return info.id;
    }
    return {};
}

Result<api::Terminal> Terminals::patch(const std::string& id, const api::PatchTerminal& patch)
{
    Result<std::shared_ptr<Terminal>> terminal = find(id);
    if (!terminal)
        return std::unexpected(terminal.error());
    const api::Terminal now = (*terminal)->info();
    const std::int64_t cols = patch.cols.value_or(now.cols);
    const std::int64_t rows = patch.rows.value_or(now.rows);
    if (!isTerminalSize(cols, rows))
        return fail(ErrorCode::BadRequest, "a terminal has 1 to 4096 columns and rows");
    if (Result<void> checked = checkTitle(patch.title.value_or("")); !checked)
        return std::unexpected(checked.error());
    if (patch.title)
        (*terminal)->setTitle(*patch.title);
    (*terminal)->resize(cols, rows);
    m_listener(Change::Changed, (*terminal)->info());
    return (*terminal)->info();
}

Result<void> Terminals::remove(const std::string& id)
{
    Result<std::shared_ptr<Terminal>> terminal = find(id);
    if (!terminal)
        return std::unexpected(terminal.error());
    (*terminal)->remove();
    std::erase_if(m_terminals, [&](const auto& row) { return row.second == *terminal; });
    m_listener(Change::Removed, (*terminal)->info());
    return {};
}

} // namespace caisson::keeper
