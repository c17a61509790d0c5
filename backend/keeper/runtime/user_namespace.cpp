// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/runtime/user_namespace.h"

#include "backend/base/files.h"
#include "backend/base/unique_fd.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <format>
#include <optional>
#include <pwd.h>
#include <sched.h>
#include <sstream>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace caisson::keeper {

namespace {

struct SubordinateIds
{
    std::int64_t first = 0;
    std::int64_t count = 0;
};

std::optional<std::int64_t> number(std::string_view text)
{
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

/// The first range of a user in /etc/subuid or /etc/subgid: "name or number:first:count".
std::optional<SubordinateIds> subordinateIds(const std::string& file, const std::string& name,
                                             uid_t uid)
{
    const auto content = readFile(file);
    if (!content)
        return std::nullopt;
    std::istringstream lines(*content);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t first = line.find(':');
        const std::size_t second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos)
            continue;
        const std::string owner = line.substr(0, first);
        if (owner != name && owner != std::to_string(uid))
            continue;
        const auto begin = number(line.substr(first + 1, second - first - 1));
        const auto count = number(line.substr(second + 1));
        if (begin && count && *count > 0)
            return SubordinateIds{*begin, *count};
    }
    return std::nullopt;
}

/// A command of this process's own making, ready before fork(2): nothing is allocated after it.
class MapCommand
{
public:
    MapCommand(std::string program, pid_t process, std::uint64_t own, SubordinateIds ids,
               std::int64_t count)
        : m_words{std::move(program),
                  std::to_string(process),
                  "0",
                  std::to_string(own),
                  "1",
                  "1",
                  std::to_string(ids.first),
                  std::to_string(count)}
    {
        for (std::size_t i = 0; i < m_words.size(); ++i)
            m_argv[i] = m_words[i].data();
    }

    [[noreturn]] void exec() const
    {
        ::execvp(m_argv[0], m_argv.data());
        ::_exit(127);
    }

private:
    std::array<std::string, 8> m_words;
    std::array<char*, 9> m_argv{};
};

int exitCode(pid_t process)
{
    int status = 0;
    while (::waitpid(process, &status, 0) < 0) {
        if (errno != EINTR)
            return 127;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

/// A child that runs the two set-user-id programs once the namespace is there. It stays outside:
/// they act for the user of the host's namespace.
class MapWriter
{
public:
    MapWriter(const MapCommand& users, const MapCommand& groups)
    {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0)
            return;
        const UniqueFd readEnd(ends[0]);
        m_go.reset(ends[1]);
        m_process = ::fork();
        if (m_process == 0) {
            ::close(ends[1]);
            char byte;
            ssize_t got;
            while ((got = ::read(ends[0], &byte, 1)) < 0 && errno == EINTR) {
            }
            if (got != 1)
                ::_exit(0);
            const pid_t other = ::fork();
            if (other == 0)
                users.exec();
            const pid_t second = ::fork();
            if (second == 0)
                groups.exec();
            const bool done =
                other > 0 && second > 0 && exitCode(other) == 0 && exitCode(second) == 0;
            ::_exit(done ? 0 : 1);
        }
    }
    MapWriter(const MapWriter&) = delete;
    MapWriter& operator=(const MapWriter&) = delete;
    ~MapWriter()
    {
        m_go.reset();
        if (m_process > 0)
            exitCode(m_process);
    }

    bool run()
    {
        if (m_process <= 0 || ::write(m_go.get(), "g", 1) != 1)
            return false;
        const bool done = exitCode(m_process) == 0;
        m_process = -1;
        return done;
    }

private:
    UniqueFd m_go;
    pid_t m_process = -1;
};

Result<void> writeProcFile(const char* path, const std::string& content)
{
    const UniqueFd file(::open(path, O_WRONLY | O_CLOEXEC));
    if (!file ||
        ::write(file.get(), content.data(), content.size()) != static_cast<ssize_t>(content.size()))
        return failErrno(std::string("cannot write ") + path);
    return {};
}

/// What everyone may do for themselves: one id, and no way to drop groups (user_namespaces(7)).
Result<void> mapOneId(uid_t uid, gid_t gid)
{
    if (auto written = writeProcFile("/proc/self/setgroups", "deny"); !written)
        return written;
    if (auto written = writeProcFile("/proc/self/uid_map", std::format("0 {} 1\n", uid)); !written)
        return written;
    return writeProcFile("/proc/self/gid_map", std::format("0 {} 1\n", gid));
}

Result<void> unshareUsers()
{
    if (::unshare(CLONE_NEWUSER) != 0)
        return failErrno(
            "cannot make a user namespace (is it allowed here? see "
            "user.max_user_namespaces and kernel.apparmor_restrict_unprivileged_userns "
            "in sysctl)");
    // Having gained capabilities, the process is no longer dumpable, and /proc/PID/root, the way to
    // /workspace from outside, would be closed to the person who started it (ptrace(2)).
    if (::prctl(PR_SET_DUMPABLE, 1) != 0)
        return failErrno("cannot open /proc to this user");
    return {};
}

} // namespace

Result<UserNamespace> enterUserNamespace()
{
    const uid_t uid = ::getuid();
    const gid_t gid = ::getgid();
    const passwd* account = ::getpwuid(uid);
    const std::string name = account ? account->pw_name : std::to_string(uid);
    const auto users = subordinateIds("/etc/subuid", name, uid);
    const auto groups = subordinateIds("/etc/subgid", name, uid);

    UserNamespace entered;
    if (users && groups) {
        // The first id is the person's own.
        const std::int64_t count = std::min({users->count, groups->count, kSandboxIds - 1});
        const MapCommand mapUsers("newuidmap", ::getpid(), uid, *users, count);
        const MapCommand mapGroups("newgidmap", ::getpid(), gid, *groups, count);
        MapWriter writer(mapUsers, mapGroups);
        if (auto unshared = unshareUsers(); !unshared)
            return std::unexpected(unshared.error());
        if (writer.run()) {
            entered.ids = count + 1;
            return entered;
        }
        entered.note = "newuidmap or newgidmap is missing or refuses";
    } else {
        entered.note = "/etc/subuid and /etc/subgid have no line for " + name;
        if (auto unshared = unshareUsers(); !unshared)
            return std::unexpected(unshared.error());
    }
    if (auto mapped = mapOneId(uid, gid); !mapped)
        return std::unexpected(mapped.error());
    return entered;
}

bool isInitialUserNamespace()
{
    const auto map = readFile("/proc/self/uid_map");
    if (!map)
        return false;
    std::istringstream fields(*map);
    std::uint64_t inside = 0;
    std::uint64_t outside = 0;
    std::uint64_t count = 0;
    fields >> inside >> outside >> count;
    return inside == 0 && outside == 0 && count == 4294967295;
}

} // namespace caisson::keeper
