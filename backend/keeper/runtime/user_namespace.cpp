// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/runtime/user_namespace.h"

#include "backend/base/files.h"
#include "backend/base/unique_fd.h"
#include "backend/keeper/storage/helper_process.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fcntl.h>
#include <format>
#include <optional>
#include <pwd.h>
#include <sched.h>
#include <sstream>
#include <sys/prctl.h>
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

/// newuidmap(1) or newgidmap(1), waiting for the namespace to be there. It stays outside: it acts
/// for the user of the host's namespace.
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
        if (::pipe2(m_go.data(), O_CLOEXEC) != 0)
            m_go = {-1, -1};
        m_process.emplace(0, &MapCommand::body, this);
        ::close(m_go[0]);
    }
    MapCommand(const MapCommand&) = delete;
    MapCommand& operator=(const MapCommand&) = delete;
    ~MapCommand() { ::close(m_go[1]); }

    bool start() const { return ::write(m_go[1], "g", 1) == 1; }
    bool finish() { return m_process->wait() == 0; }

private:
    static int body(void* self)
    {
        const MapCommand& command = *static_cast<MapCommand*>(self);
        ::close(command.m_go[1]);
        char byte;
        // No byte: this process's parent has died, or does not need it.
        if (::read(command.m_go[0], &byte, 1) != 1)
            return 1;
        ::execvp(command.m_argv[0], command.m_argv.data());
        return 127;
    }

    std::array<std::string, 8> m_words;
    std::array<char*, 9> m_argv{};
    std::array<int, 2> m_go{};
    std::optional<HelperProcess> m_process;
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
        MapCommand mapUsers("newuidmap", ::getpid(), uid, *users, count);
        MapCommand mapGroups("newgidmap", ::getpid(), gid, *groups, count);
        if (auto unshared = unshareUsers(); !unshared)
            return std::unexpected(unshared.error());
        const bool started = mapUsers.start() && mapGroups.start();
        if (started && mapUsers.finish() && mapGroups.finish()) {
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
