// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/users.h"

#include "backend/base/unique_fd.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::init {

namespace {

/// A passwd file of 4 MiB has 50,000 users; more is somebody trying.
constexpr off_t kMostBytes = 4 * 1024 * 1024;

/// The next piece up to `separator`, taken off the front of `text`.
std::string_view take(std::string_view& text, char separator)
{
    const std::size_t end = text.find(separator);
    const std::string_view piece = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    return piece;
}

std::optional<uid_t> parseId(std::string_view text)
{
    uid_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    // (uid_t)-1 means "leave unchanged" to setresuid(2).
    if (error != std::errc{} || end != text.data() + text.size() || id == static_cast<uid_t>(-1))
        return std::nullopt;
    return id;
}

struct PasswdLine
{
    std::string_view name;
    uid_t uid = 0;
    gid_t gid = 0;
    std::string_view home;
    std::string_view shell;
};

std::optional<PasswdLine> parsePasswdLine(std::string_view line)
{
    std::array<std::string_view, 7> fields;
    for (std::string_view& field : fields)
        field = take(line, ':');
    const auto uid = parseId(fields[2]);
    const auto gid = parseId(fields[3]);
    if (fields[0].empty() || !uid || !gid)
        return std::nullopt;
    return PasswdLine{fields[0], *uid, *gid, fields[5], fields[6]};
}

template<class Matches>
std::optional<PasswdLine> findLine(std::string_view passwd, Matches matches)
{
    while (!passwd.empty()) {
        const auto line = parsePasswdLine(take(passwd, '\n'));
        if (line && matches(*line))
            return line;
    }
    return std::nullopt;
}

std::vector<gid_t> groupsOf(std::string_view name, std::string_view group)
{
    std::vector<gid_t> groups;
    while (!group.empty()) {
        std::string_view line = take(group, '\n');
        take(line, ':');
        take(line, ':');
        const auto gid = parseId(take(line, ':'));
        while (gid && !line.empty()) {
            if (take(line, ',') == name) {
                groups.push_back(*gid);
                break;
            }
        }
    }
    return groups;
}

/// Empty if there is none: an image need not have one. Only a regular file is read, since the
/// sandbox may have put a FIFO there on which pid 1 would wait for ever.
Result<std::string> readDatabase(const char* path)
{
    std::string text;
    const UniqueFd fd(::open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    // Root inside may have lowered init's limits (prlimit(2)): that says nothing of the users.
    if (!fd && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
        return failErrno(std::string("cannot read the sandbox's ") + path);
    struct stat info;
    if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > kMostBytes)
        return text;
    text.resize(static_cast<std::size_t>(info.st_size));
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t got = ::read(fd.get(), text.data() + size, text.size() - size);
        if (got <= 0)
            break;
        size += static_cast<std::size_t>(got);
    }
    text.resize(size);
    return text;
}

} // namespace

Result<Identity> findUser(std::string_view user, uid_t self, std::string_view passwd,
                          std::string_view group)
{
    std::string_view rest = user;
    const std::string_view who = take(rest, ':');
    const bool groupGiven = who.size() < user.size();
    std::optional<uid_t> number = user.empty() ? self : parseId(who);
    const std::optional<gid_t> gid = parseId(rest);
    if (groupGiven && (!number || !gid)) {
        return fail(ErrorCode::BadRequest,
                    "a user is a name, a number or uid:gid, not \"" + std::string(user) + "\"");
    }

    // A name wins over a number: passwd(5) does not forbid a user called "1000".
    auto line = user.empty() || groupGiven
                    ? std::nullopt
                    : findLine(passwd, [&](const PasswdLine& l) { return l.name == who; });
    if (!line && number)
        line = findLine(passwd, [&](const PasswdLine& l) { return l.uid == *number; });
    if (!line && !number) {
        return fail(ErrorCode::NotFound,
                    "there is no user \"" + std::string(user) + "\" in the sandbox's /etc/passwd");
    }

    Identity identity;
    if (line) {
        identity = {line->uid,
                    line->gid,
                    {},
                    std::string(line->name),
                    std::string(line->home),
                    std::string(line->shell)};
        if (!groupGiven)
            identity.groups = groupsOf(line->name, group);
    } else {
        identity.uid = *number;
        identity.name = *number == 0 ? "root" : std::to_string(*number);
        identity.home = *number == 0 ? "/root" : "/";
    }
    if (groupGiven)
        identity.gid = *gid;
    if (std::ranges::find(identity.groups, identity.gid) == identity.groups.end())
        identity.groups.insert(identity.groups.begin(), identity.gid);
    if (identity.home.empty())
        identity.home = "/";
    if (identity.shell.empty())
        identity.shell = "/bin/sh";
    return identity;
}

Result<Identity> findUser(std::string_view user)
{
    const Result<std::string> passwd = readDatabase("/etc/passwd");
    if (!passwd)
        return std::unexpected(passwd.error());
    const Result<std::string> group = readDatabase("/etc/group");
    if (!group)
        return std::unexpected(group.error());
    return findUser(user, ::geteuid(), *passwd, *group);
}

} // namespace caisson::init
