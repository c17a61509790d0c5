// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/runtime/cgroups.h"

#include "backend/base/files.h"
#include "backend/keeper/runtime/cgroup_hierarchies.h"
#include "backend/keeper/runtime/process_handle.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <csignal>
#include <fcntl.h>
#include <format>
#include <linux/sched.h>
#include <optional>
#include <set>
#include <sstream>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace caisson::keeper {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kCpuPeriod = 100000; // microseconds, the kernel's default
constexpr std::int64_t kMinCpuQuota = 1000; // and its minimum (sched-bwc.rst)

std::string groupName(const std::string& sandboxId)
{
    return "caisson-" + sandboxId;
}

UniqueFd openForWriting(const std::string& path)
{
    return UniqueFd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
}

bool writeValue(const std::string& path, const std::string& value)
{
    const UniqueFd file = openForWriting(path);
    return file &&
           ::write(file.get(), value.data(), value.size()) == static_cast<ssize_t>(value.size());
}

std::set<std::string> words(const std::string& path)
{
    std::set<std::string> found;
    if (const auto content = readFile(path)) {
        std::istringstream stream(*content);
        for (std::string word; stream >> word;)
            found.insert(word);
    }
    return found;
}

bool containsAll(const std::set<std::string>& have, const std::vector<std::string>& wanted)
{
    return std::ranges::all_of(wanted,
                               [&](const std::string& word) { return have.contains(word); });
}

std::string cpuQuota(double cpus)
{
    const auto quota = std::llround(cpus * static_cast<double>(kCpuPeriod));
    return std::to_string(std::max<std::int64_t>(quota, kMinCpuQuota));
}

/// Makes the groups of one sandbox.
class Maker
{
public:
    Maker(const std::string& sandboxId, const api::Limits& asked, const std::string& record)
        : m_name(groupName(sandboxId))
        , m_asked(asked)
        , m_recordPath(record)
        , m_pids(asked.pids > 0 ? asked.pids : kDefaultPids)
    {
        m_wanted.push_back("pids");
        if (asked.memory > 0)
            m_wanted.push_back("memory");
        if (asked.cpus > 0)
            m_wanted.push_back("cpu");
    }

    Result<void> make()
    {
        m_record.reset(::open(m_recordPath.c_str(),
                              O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
        if (!m_record)
            return failErrno("cannot write " + m_recordPath);
        for (const CgroupHierarchy& hierarchy : cgroupHierarchies()) {
            if (hierarchy.version == CgroupHierarchy::Version::One)
                makeVersionOne(hierarchy);
            else
                makeVersionTwo(hierarchy);
        }
        return {};
    }

    std::vector<UniqueFd> takeEntries() { return std::move(m_entries); }
    std::optional<Cgroups::Unified> takeUnified() { return std::move(m_unified); }
    std::vector<std::string> takeFolders() { return std::move(m_folders); }
    bool applies(const char* controller) const { return m_applied.contains(controller); }
    std::int64_t pids() const { return m_pids; }

private:
    void makeVersionOne(const CgroupHierarchy& hierarchy)
    {
        std::vector<std::string> wanted;
        for (const std::string& controller : hierarchy.controllers) {
            if (std::ranges::find(m_wanted, controller) != m_wanted.end())
                wanted.push_back(controller);
        }
        if (wanted.empty())
            return;
        const auto folder = makeGroup(hierarchy.mountPoint + hierarchy.ownPath);
        if (!folder)
            return;
        // Entered thread by thread, since whoever enters has one: moving a whole process waits for
        // every processor to pass by (cgroup_procs_write_start() in the kernel's cgroup.c takes a
        // lock that begins with synchronize_rcu()), some 13 ms.
        UniqueFd entry = openForWriting(*folder + "/tasks");
        if (!entry)
            return;
        m_entries.push_back(std::move(entry));
        for (const std::string& controller : wanted) {
            bool written = false;
            if (controller == "pids") {
                written = writeValue(*folder + "/pids.max", std::to_string(m_pids));
            } else if (controller == "memory") {
                const std::string bytes = std::to_string(m_asked.memory);
                written = writeValue(*folder + "/memory.limit_in_bytes", bytes);
                // Memory and swap together, where swap is counted at all.
                writeValue(*folder + "/memory.memsw.limit_in_bytes", bytes);
            } else {
                written = writeValue(*folder + "/cpu.cfs_period_us", std::to_string(kCpuPeriod)) &&
                          writeValue(*folder + "/cpu.cfs_quota_us", cpuQuota(m_asked.cpus));
            }
            if (written)
                m_applied.insert(controller);
        }
    }

    void makeVersionTwo(const CgroupHierarchy& hierarchy)
    {
        std::vector<std::string> open;
        for (const std::string& controller : m_wanted) {
            if (!m_applied.contains(controller))
                open.push_back(controller);
        }
        if (open.empty())
            return;
        // All that is wanted if it can be had, else at least the bound on processes.
        std::vector<std::vector<std::string>> choices{open};
        if (open.size() > 1 && open.front() == "pids")
            choices.push_back({"pids"});
        for (const std::vector<std::string>& wanted : choices) {
            const auto parent = parentThatHandsDown(hierarchy, wanted);
            if (!parent)
                continue;
            const auto folder = makeGroup(*parent);
            if (!folder)
                continue;
            // A child that is born inside waits for no lock, other than one that moves in.
            Cgroups::Unified group{
                .folder = UniqueFd(::open(folder->c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
                .entry = openForWriting(*folder + "/cgroup.procs")};
            if (!group.folder || !group.entry)
                continue;
            m_unified = std::move(group);
            writeVersionTwo(*folder, wanted);
            return;
        }
    }

    void writeVersionTwo(const std::string& folder, const std::vector<std::string>& wanted)
    {
        for (const std::string& controller : wanted) {
            bool written = false;
            if (controller == "pids") {
                written = writeValue(folder + "/pids.max", std::to_string(m_pids));
            } else if (controller == "memory") {
                written = writeValue(folder + "/memory.max", std::to_string(m_asked.memory));
                // Else the sandbox would go on in swap; the file is missing where there is none.
                writeValue(folder + "/memory.swap.max", "0");
            } else {
                written = writeValue(folder + "/cpu.max",
                                     std::format("{} {}", cpuQuota(m_asked.cpus), kCpuPeriod));
            }
            if (written)
                m_applied.insert(controller);
        }
    }

    /// The nearest group above this process's own that hands the controllers down, or can be made
    /// to.
    static std::optional<std::string> parentThatHandsDown(const CgroupHierarchy& hierarchy,
                                                          const std::vector<std::string>& wanted)
    {
        std::vector<std::string> candidates;
        for (std::string path = hierarchy.ownPath; !path.empty();) {
            path.erase(path.rfind('/'));
            candidates.push_back(hierarchy.mountPoint + path);
        }
        if (candidates.empty()) // this process is in the root group
            candidates.push_back(hierarchy.mountPoint);
        const auto mayMoveHere = [](const std::string& group) {
            return ::faccessat(AT_FDCWD, (group + "/cgroup.procs").c_str(), W_OK, AT_EACCESS) == 0;
        };
        for (const std::string& group : candidates) {
            if (mayMoveHere(group) && containsAll(words(group + "/cgroup.subtree_control"), wanted))
                return group;
        }
        for (const std::string& group : candidates) {
            if (!mayMoveHere(group) || !containsAll(words(group + "/cgroup.controllers"), wanted))
                continue;
            std::string added;
            for (const std::string& controller : wanted)
                added += (added.empty() ? "+" : " +") + controller;
            if (writeValue(group + "/cgroup.subtree_control", added))
                return group;
        }
        return std::nullopt;
    }

    /// Makes the sandbox's group in `parent`.
    std::optional<std::string> makeGroup(const std::string& parent)
    {
        std::string folder = parent + "/" + m_name;
        // Recorded first: a keeper may be killed between any two system calls.
        if (!writeAll(m_record.get(), folder + "\n"))
            return std::nullopt;
        if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST)
            return std::nullopt;
        m_folders.push_back(folder);
        return folder;
    }

    std::string m_name;
    const api::Limits& m_asked;
    std::string m_recordPath;
    std::int64_t m_pids;
    std::vector<std::string> m_wanted;
    std::set<std::string> m_applied;
    UniqueFd m_record;
    std::vector<UniqueFd> m_entries;
    std::optional<Cgroups::Unified> m_unified;
    std::vector<std::string> m_folders;
};

std::vector<pid_t> processesIn(const std::string& folder)
{
    std::vector<pid_t> processes;
    for (const std::string& word : words(folder + "/cgroup.procs")) {
        pid_t pid = 0;
        if (std::from_chars(word.data(), word.data() + word.size(), pid).ec == std::errc() &&
            pid > 0)
            processes.push_back(pid);
    }
    return processes;
}

/// Ends what is in a group. New processes may be born while this looks: it looks until there are
/// none.
Result<void> endProcessesIn(const std::string& folder)
{
    for (int round = 0; round < 100; ++round) {
        const std::vector<pid_t> processes = processesIn(folder);
        if (processes.empty())
            return {};
        for (const pid_t pid : processes) {
            const auto process = openProcess(pid);
            // Still in the group once it is held: the number was not given to another meanwhile.
            if (!process || !std::ranges::contains(processesIn(folder), pid))
                continue;
            if (auto killed = killProcess(process->get()); !killed)
                return killed;
            if (!waitForEnd(process->get(), 2s))
                return fail(ErrorCode::Timeout,
                            std::format("process {} of the sandbox does not end", pid));
        }
    }
    return fail(ErrorCode::Timeout, "the sandbox's processes do not end");
}

Result<void> removeGroup(const std::string& folder)
{
    if (auto ended = endProcessesIn(folder); !ended)
        return ended;
    // A process that has just ended may still be on its way out of its group.
    int failed = 0;
    for (int round = 0; (failed = ::rmdir(folder.c_str())) != 0 && errno == EBUSY && round < 100;
         ++round)
        ::usleep(1000);
    if (failed != 0 && errno != ENOENT && errno != ENOTDIR)
        return failErrno("cannot remove the cgroup " + folder);
    return {};
}

} // namespace

pid_t forkInto(int groupFolder)
{
    clone_args how{};
    how.flags = CLONE_INTO_CGROUP;
    how.exit_signal = SIGCHLD;
    how.cgroup = static_cast<std::uint64_t>(groupFolder);
    return static_cast<pid_t>(::syscall(SYS_clone3, &how, sizeof how));
}

Result<Cgroups> Cgroups::create(const std::string& sandboxId, const api::Limits& asked,
                                const std::string& record)
{
    Maker maker(sandboxId, asked, record);
    if (auto made = maker.make(); !made)
        return std::unexpected(made.error());
    Cgroups cgroups;
    cgroups.m_entries = maker.takeEntries();
    cgroups.m_unified = maker.takeUnified();
    cgroups.m_folders = maker.takeFolders();
    api::AppliedLimits& applied = cgroups.m_applied;
    applied.pids = maker.pids();
    if (!maker.applies("pids")) {
        cgroups.m_processLimit = maker.pids();
        applied.notes.push_back("pids: no pids cgroup may be written on this host; RLIMIT_NPROC "
                                "bounds processes and threads instead (as root, those of each "
                                "user inside)");
    }
    if (maker.applies("memory"))
        applied.memory = asked.memory;
    else if (asked.memory > 0)
        applied.notes.push_back("memory: no memory cgroup may be written on this host");
    if (maker.applies("cpu"))
        applied.cpus = asked.cpus;
    else if (asked.cpus > 0)
        applied.notes.push_back("cpus: no cpu cgroup may be written on this host");
    return cgroups;
}

bool ranOutOfMemory(const std::vector<std::string>& folders)
{
    for (const std::string& folder : folders) {
        // Version 2 and version 1; both have lines of a name and a number.
        for (const char* file : {"/memory.events", "/memory.oom_control"}) {
            const Result<std::string> text = readFile(folder + file);
            if (!text)
                continue; // a group of another controller
            std::istringstream lines(*text);
            std::string name;
            std::int64_t count = 0;
            while (lines >> name >> count) {
                if (name == "oom_kill" && count > 0)
                    return true;
            }
        }
    }
    return false;
}

Result<void> removeCgroups(const std::string& sandboxId, const std::string& record)
{
    const auto content = readFile(record);
    if (!content) {
        if (content.error().code == ErrorCode::NotFound)
            return {};
        return std::unexpected(content.error());
    }
    std::istringstream lines(*content);
    for (std::string folder; std::getline(lines, folder);) {
        if (!folder.ends_with("/" + groupName(sandboxId)))
            continue; // cut short by a crash
        if (auto removed = removeGroup(folder); !removed)
            return removed;
    }
    if (::unlink(record.c_str()) != 0 && errno != ENOENT)
        return failErrno("cannot remove " + record);
    return {};
}

Result<void> removeCgroups(const std::vector<std::string>& folders)
{
    for (const std::string& folder : folders) {
        if (auto removed = removeGroup(folder); !removed)
            return removed;
    }
    return {};
}

} // namespace caisson::keeper
