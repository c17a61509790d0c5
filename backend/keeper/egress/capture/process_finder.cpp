// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/capture/process_finder.h"

#include "backend/keeper/egress/capture/proc_files.h"
#include "backend/keeper/egress/capture/program_links.h"
#include "backend/keeper/egress/capture/socket_inode.h"
#include "backend/keeper/storage/sandbox_root.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <fcntl.h>
#include <format>
#include <iterator>
#include <optional>
#include <vector>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace caisson::keeper {

namespace {

constexpr std::size_t kMaxRecent = 32;
constexpr std::size_t kMaxProcesses = 10000;
constexpr std::chrono::milliseconds kMaxWalk(20); ///< of processor time
/// Of all time, the part that searches may take: sockets that nobody has (sent to another process,
/// but not taken), and processes with many thousand descriptors, would else cost the keeper all of it.
constexpr int kShare = 5;
constexpr std::chrono::milliseconds kMaxSaved(40);
/// Less is not worth to begin with.
constexpr std::chrono::microseconds kMinWalk(200);
/// Descriptors at each end of a table that are looked at before any table is gone through: who has
/// thousands must not hide the others.
constexpr int kAtFirst = 64;
/// And at a time afterwards.
constexpr int kAtOnce = 256;
constexpr std::size_t kMaxParents = 32;
/// Each prompt and each row of another process holds them all.
constexpr std::size_t kMaxParentCmdline = 512;

bool isAlive(int process)
{
    pollfd wait{.fd = process, .events = POLLIN, .revents = 0};
    return ::poll(&wait, 1, 0) == 0;
}

} // namespace

struct ProcessFinder::Impl
{
    Impl(pid_t initPid, UniqueFd socketDiagnosis)
        : init(initPid)
        , diagnosis(std::move(socketDiagnosis))
        , network(proc.networkOf(init))
        , level(proc.statusOf(init).ids.size())
    {
    }

    /// One that had a connection lately.
    struct Recent
    {
        std::shared_ptr<const FoundProcess> process;
        pid_t parent = 0;
        int descriptor = -1; ///< of the latest connection
    };

    std::shared_ptr<const FoundProcess> find(std::string_view link);
    std::shared_ptr<const FoundProcess> findLikely(std::string_view link);
    std::shared_ptr<const FoundProcess> search(std::string_view link, Deadline deadline);
    std::shared_ptr<const FoundProcess> latest(std::vector<Recent>::iterator found, int descriptor);
    std::shared_ptr<const FoundProcess> refreshed(Recent& recent);
    std::shared_ptr<FoundProcess> describe(pid_t process, UniqueFd descriptor);
    std::shared_ptr<RootInside> rootInside();
    std::shared_ptr<const FoundProcess> claim(pid_t process, int descriptor, std::string_view link);

    ProcFiles proc;
    pid_t init;
    UniqueFd diagnosis;
    std::string network;              ///< that all processes of the sandbox are in
    std::size_t level;                ///< how many pid namespaces init is in; its own is the last
    std::shared_ptr<RootInside> root; ///< see rootInside()
    std::vector<Recent> recent;       ///< the latest first
    std::chrono::nanoseconds saved = kMaxSaved; ///< that searches may take
    std::chrono::steady_clock::time_point savedAt = std::chrono::steady_clock::now();
    std::shared_ptr<const FoundProcess> nobody = std::make_shared<FoundProcess>();
};

ProcessFinder::ProcessFinder(pid_t init, UniqueFd socketDiagnosis)
    : m_impl(std::make_unique<Impl>(init, std::move(socketDiagnosis)))
{
}

ProcessFinder::~ProcessFinder() = default;

std::shared_ptr<const FoundProcess> ProcessFinder::find(const ClientEnd& connection)
{
    const std::uint64_t inode = socketInode(m_impl->diagnosis.get(), connection).value_or(0);
    if (inode == 0)
        return m_impl->nobody;
    return m_impl->find(std::format("socket:[{}]", inode));
}

std::unique_ptr<const policy::ProgramNames> ProcessFinder::namesOf(const std::string& path)
{
    auto root = m_impl->rootInside();
    std::vector<Program> programs{{path, root->fileAt(path)}};
    return std::make_unique<ProgramLinks>(std::move(root), std::move(programs));
}

bool ProcessFinder::isClosed(const ClientEnd& connection) const
{
    return socketInode(m_impl->diagnosis.get(), connection) == 0u;
}

std::shared_ptr<const FoundProcess> ProcessFinder::Impl::find(std::string_view link)
{
    std::erase_if(recent, [](const Recent& one) { return !isAlive(one.process->process.get()); });
    if (auto found = findLikely(link))
        return found;
    const auto now = std::chrono::steady_clock::now();
    saved = std::min<std::chrono::nanoseconds>(kMaxSaved, saved + (now - savedAt) / kShare);
    savedAt = now;
    if (saved < kMinWalk)
        return nobody;
    const std::chrono::nanoseconds start = processorTime();
    const Deadline deadline = start + std::min<std::chrono::nanoseconds>(kMaxWalk, saved);
    auto found = search(link, deadline);
    // Whoever dials may fork, and close its own end, while it is looked for: the child was not listed
    // yet, and the parent has nothing any more.
    if (!found && processorTime() < deadline)
        found = search(link, deadline);
    saved -= processorTime() - start;
    return found ? found : nobody;
}

/// The likely descriptors, as that is one system call each. A new one is the lowest that is free: the
/// same as before or, where connections are kept, the next.
std::shared_ptr<const FoundProcess> ProcessFinder::Impl::findLikely(std::string_view link)
{
    for (auto one = recent.begin(); one != recent.end(); ++one)
        for (const int likely : {one->descriptor, one->descriptor + 1})
            if (likely >= 0 && proc.isDescriptor(one->process->hostPid, likely, link))
                return latest(one, likely);
    return nullptr;
}

std::shared_ptr<const FoundProcess> ProcessFinder::Impl::latest(std::vector<Recent>::iterator found,
                                                                int descriptor)
{
    if (!isAlive(found->process->process.get()))
        return nullptr;
    found->descriptor = descriptor;
    std::rotate(recent.begin(), found, found + 1);
    return refreshed(recent.front());
}

/// Through all tables: their ends first, then the large ones by turns, then those of threads.
std::shared_ptr<const FoundProcess> ProcessFinder::Impl::search(std::string_view link,
                                                                Deadline deadline)
{
    const auto recentOf = [this](pid_t process) {
        return std::ranges::find(recent, process,
                                 [](const Recent& one) { return one.process->hostPid; });
    };
    const auto found = [&](pid_t process, int descriptor) {
        const auto known = recentOf(process);
        return known != recent.end() ? latest(known, descriptor) : claim(process, descriptor, link);
    };
    // Those that had connections lately, then the others of the sandbox, the newest first.
    std::vector<pid_t> candidates;
    for (const Recent& one : recent)
        candidates.push_back(one.process->hostPid);
    const std::size_t known = candidates.size();
    std::ranges::copy(proc.all(), std::back_inserter(candidates));
    std::vector<pid_t> processes;
    std::vector<ProcFiles::Search> large;
    for (std::size_t i = 0; i < candidates.size() && processes.size() < kMaxProcesses; ++i) {
        const pid_t process = candidates[i];
        if (processorTime() >= deadline)
            return nullptr;
        if (i >= known && (process == init || recentOf(process) != recent.end() ||
                           proc.networkOf(process) != network))
            continue;
        ProcFiles::Search table{.process = process};
        if (const auto descriptor = proc.look(table, link, kAtFirst, deadline))
            return found(process, *descriptor);
        processes.push_back(process);
        if (!table.isDone)
            large.push_back(table);
    }
    while (!large.empty()) {
        for (ProcFiles::Search& table : large) {
            if (processorTime() >= deadline)
                return nullptr;
            if (const auto descriptor = proc.look(table, link, kAtOnce, deadline))
                return found(table.process, *descriptor);
        }
        std::erase_if(large, [](const ProcFiles::Search& table) { return table.isDone; });
    }
    for (const pid_t process : processes) {
        if (processorTime() >= deadline)
            return nullptr;
        for (const pid_t thread : proc.threadsOf(process)) {
            ProcFiles::Search table{.process = process, .thread = thread};
            while (!table.isDone) {
                if (processorTime() >= deadline)
                    return nullptr;
                if (proc.look(table, link, kAtOnce, deadline))
                    return found(process, -1);
            }
        }
    }
    return nullptr;
}

/// The process may have become another program since (execve(2)), or its parent may have ended.
std::shared_ptr<const FoundProcess> ProcessFinder::Impl::refreshed(Recent& one)
{
    const FoundProcess& known = *one.process;
    if (proc.parentOf(known.hostPid) == one.parent && proc.exeOf(known.hostPid) == known.info.exe &&
        proc.cmdlineOf(known.hostPid) == known.info.cmdline)
        return one.process;
    UniqueFd again(static_cast<int>(::syscall(SYS_pidfd_open, known.hostPid, 0)));
    if (again)
        one.process = describe(known.hostPid, std::move(again));
    one.parent = proc.parentOf(known.hostPid);
    return one.process;
}

std::shared_ptr<const FoundProcess> ProcessFinder::Impl::claim(pid_t process, int descriptor,
                                                               std::string_view link)
{
    UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
    // Its number may be another's by now: it holds the socket after the handle was made, and the
    // handle's process lives after that, so they are one.
    if (!handle || (descriptor >= 0 && !proc.isDescriptor(process, descriptor, link)) ||
        !isAlive(handle.get()))
        return nullptr;
    std::shared_ptr<const FoundProcess> found = describe(process, std::move(handle));
    if (recent.size() >= kMaxRecent)
        recent.pop_back();
    recent.insert(recent.begin(), Recent{found, proc.parentOf(process), descriptor});
    return found;
}

std::shared_ptr<FoundProcess> ProcessFinder::Impl::describe(pid_t process, UniqueFd handle)
{
    auto found = std::make_shared<FoundProcess>();
    found->hostPid = process;
    found->process = std::move(handle);
    const auto idInside = [&](const ProcFiles::Status& status) {
        return level > 0 && status.ids.size() >= level ? status.ids[level - 1] : 0;
    };
    ProcFiles::Status status = proc.statusOf(process);
    found->info.pid = idInside(status);
    found->info.exe = proc.exeOf(process);
    found->info.cmdline = proc.cmdlineOf(process);
    std::vector<Program> programs{{found->info.exe, proc.exeFileOf(process)}};
    bool isHelper = true; // so far up, of the one before
    while (found->info.parents.size() < kMaxParents) {
        const pid_t parent = status.parent;
        if (parent <= 0 || parent == init)
            break;
        status = proc.statusOf(parent);
        // Outside: whoever was put into the sandbox has its parent there.
        if (idInside(status) == 0)
            break;
        // Each command has a process of init's above it, which means nothing to anybody.
        std::string exe = proc.exeOf(parent);
        if (exe == kInitInside)
            continue;
        isHelper = isHelper && isHelperOf(programs.back().path, exe);
        if (isHelper)
            programs.push_back({exe, proc.exeFileOf(parent)});
        found->info.parents.push_back({.pid = idInside(status),
                                       .exe = std::move(exe),
                                       .cmdline = proc.cmdlineOf(parent, kMaxParentCmdline)});
    }
    found->otherNames = std::make_unique<ProgramLinks>(rootInside(), std::move(programs));
    return found;
}

/// Not before something runs inside: until then init's root is still that of the host.
std::shared_ptr<RootInside> ProcessFinder::Impl::rootInside()
{
    if (!root)
        root = std::make_shared<RootInside>(init);
    return root;
}

api::Task<void> waitEnded(std::shared_ptr<const FoundProcess> process)
{
    const int copy = process ? ::fcntl(process->process.get(), F_DUPFD_CLOEXEC, 0) : -1;
    if (copy < 0)
        co_return;
    api::asio::posix::stream_descriptor ended(co_await api::asio::this_coro::executor, copy);
    co_await ended.async_wait(api::asio::posix::descriptor_base::wait_read,
                              api::asio::as_tuple(api::asio::use_awaitable));
}

} // namespace caisson::keeper
