// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/etc_files.h"

#include "backend/base/id.h"

#include <algorithm>
#include <array>
#include <format>
#include <string_view>
#include <sys/stat.h>

namespace caisson::keeper {

namespace {

struct Account
{
    std::string_view name;
    int uid;
    int gid;
    std::string_view gecos;
    std::string_view home;
};

// Debian's static ids (base-passwd), and _apt, whose number its package chooses.
constexpr std::array kAccounts{
    Account{"daemon", 1, 1, "daemon", "/usr/sbin"},
    Account{"bin", 2, 2, "bin", "/bin"},
    Account{"sys", 3, 3, "sys", "/dev"},
    Account{"sync", 4, 65534, "sync", "/bin"},
    Account{"games", 5, 60, "games", "/usr/games"},
    Account{"man", 6, 12, "man", "/var/cache/man"},
    Account{"lp", 7, 7, "lp", "/var/spool/lpd"},
    Account{"mail", 8, 8, "mail", "/var/mail"},
    Account{"news", 9, 9, "news", "/var/spool/news"},
    Account{"uucp", 10, 10, "uucp", "/var/spool/uucp"},
    Account{"proxy", 13, 13, "proxy", "/bin"},
    Account{"www-data", 33, 33, "www-data", "/var/www"},
    Account{"backup", 34, 34, "backup", "/var/backups"},
    Account{"list", 38, 38, "Mailing List Manager", "/var/list"},
    Account{"irc", 39, 39, "ircd", "/run/ircd"},
    Account{"_apt", 42, 65534, "", "/nonexistent"},
    Account{"nobody", 65534, 65534, "nobody", "/nonexistent"},
};

struct Group
{
    std::string_view name;
    int gid;
};

constexpr std::array kGroups{
    Group{"root", 0},    Group{"daemon", 1},    Group{"bin", 2},         Group{"sys", 3},
    Group{"adm", 4},     Group{"tty", 5},       Group{"disk", 6},        Group{"lp", 7},
    Group{"mail", 8},    Group{"news", 9},      Group{"uucp", 10},       Group{"man", 12},
    Group{"proxy", 13},  Group{"kmem", 15},     Group{"dialout", 20},    Group{"fax", 21},
    Group{"voice", 22},  Group{"cdrom", 24},    Group{"floppy", 25},     Group{"tape", 26},
    Group{"sudo", 27},   Group{"audio", 29},    Group{"dip", 30},        Group{"www-data", 33},
    Group{"backup", 34}, Group{"operator", 37}, Group{"list", 38},       Group{"irc", 39},
    Group{"src", 40},    Group{"shadow", 42},   Group{"utmp", 43},       Group{"video", 44},
    Group{"sasl", 45},   Group{"plugdev", 46},  Group{"staff", 50},      Group{"games", 60},
    Group{"users", 100}, Group{"dev", 1000},    Group{"nogroup", 65534},
};

constexpr int kShadowGroup = 42;
constexpr int kMailGroup = 8;
constexpr int kStaffGroup = 50;
constexpr int kAptUser = 42;

std::string passwd(const std::string& shell)
{
    std::string text = std::format("root:x:0:0:root:/root:{}\n", shell);
    for (const Account& account : kAccounts)
        text += std::format("{}:x:{}:{}:{}:{}:/usr/sbin/nologin\n", account.name, account.uid,
                            account.gid, account.gecos, account.home);
    text += std::format("dev:x:{0}:{0}:dev:/home/dev:{1}\n", kDevUser, shell);
    return text;
}

// "*": no password fits. A day of change must be there, or PAM asks for a new password at once.
std::string shadow()
{
    constexpr std::string_view format = "{}:*:19700:0:99999:7:::\n";
    std::string text = std::format(format, "root");
    for (const Account& account : kAccounts)
        text += std::format(format, account.name);
    return text + std::format(format, "dev");
}

std::string group()
{
    std::string text;
    for (const Group& row : kGroups)
        text += std::format("{}:x:{}:\n", row.name, row.gid);
    return text;
}

std::string gshadow()
{
    std::string text;
    for (const Group& row : kGroups)
        text += std::format("{}:*::\n", row.name);
    return text;
}

constexpr std::string_view kNsswitch = R"(# Caisson: accounts are files, names are files and DNS.
passwd:     files
group:      files
shadow:     files
gshadow:    files
hosts:      files dns
networks:   files
protocols:  files
services:   files
ethers:     files
rpc:        files
)";

constexpr std::string_view kResolv =
    R"(# Caisson: names are answered by the sandbox's keeper, whatever server is asked. What may be
# reached is for its policy to say.
nameserver 198.18.0.53
options timeout:2 attempts:2
)";

// Files of a mounted folder, and of dev seen by root, have other owners than who runs git; all of
// them belong to the one person whose sandbox this is (git-config(1), safe.directory).
constexpr std::string_view kGitConfig = R"([safe]
	directory = *
)";

constexpr std::string_view kBashrc = R"(# Of every interactive bash in this sandbox.
[ -z "$PS1" ] && return
HISTCONTROL=ignoreboth
HISTSIZE=10000
shopt -s histappend checkwinsize
case "$TERM" in
    xterm*|*-256color|screen*|tmux*|linux)
        PS1='\[\e[1;36m\]\h\[\e[0m\] \[\e[1;34m\]\w\[\e[0m\] \$ '
        alias ls='ls --color=auto'
        alias grep='grep --color=auto'
        ;;
    *)
        PS1='\h \w \$ '
        ;;
esac
if [ -r /usr/share/bash-completion/bash_completion ]; then
    . /usr/share/bash-completion/bash_completion
fi
)";

// Scripts end with "if", not with "&&": a shell begins with the exit code that they leave.
constexpr std::string_view kProfile = R"(# Of every login shell of this user.
if [ -n "$BASH_VERSION" ] && [ -f "$HOME/.bashrc" ]; then
    . "$HOME/.bashrc"
fi
if [ -d "$HOME/.local/bin" ]; then
    PATH="$HOME/.local/bin:$PATH"
fi
)";

constexpr std::string_view kSystemProfile = R"(# Of every login shell in this sandbox.
for script in /etc/profile.d/*.sh; do
    if [ -r "$script" ]; then
        . "$script"
    fi
done
unset script
)";

OwnFile folder(std::string path, mode_t mode = 0755, std::int64_t uid = 0, std::int64_t gid = 0)
{
    return {std::move(path), S_IFDIR | mode, uid, gid, {}};
}

OwnFile file(std::string path, std::string_view content, mode_t mode = 0644, std::int64_t uid = 0,
             std::int64_t gid = 0)
{
    return {std::move(path), S_IFREG | mode, uid, gid, std::string(content)};
}

OwnFile link(std::string path, std::string_view target)
{
    return {std::move(path), S_IFLNK | 0777, 0, 0, std::string(target)};
}

void addFolders(std::vector<OwnFile>& files)
{
    for (const char* path : {"etc",
                             "home",
                             "opt",
                             "srv",
                             "mnt",
                             "media",
                             "boot",
                             "run",
                             "proc",
                             "sys",
                             "dev",
                             "usr",
                             ".caisson",
                             "var",
                             "var/backups",
                             "var/cache",
                             "var/cache/apt",
                             "var/cache/apt/archives",
                             "var/cache/debconf",
                             "var/cache/ldconfig",
                             "var/lib",
                             "var/lib/apt",
                             "var/lib/apt/lists",
                             "var/lib/apt/mirrors",
                             "var/lib/apt/mirrors/partial",
                             "var/lib/apt/periodic",
                             "var/lib/misc",
                             "var/lib/pam",
                             "var/lib/systemd",
                             "var/log",
                             "var/log/apt",
                             "var/opt",
                             "var/spool",
                             "var/www",
                             "etc/opt",
                             "etc/profile.d",
                             "etc/security"})
        files.push_back(folder(path));
    files.push_back(folder("root", 0700));
    files.push_back(folder("home/dev", 0755, kDevUser, kDevUser));
    files.push_back(folder("tmp", 01777));
    files.push_back(folder("run/lock", 01777));
    files.push_back(folder("var/tmp", 01777));
    files.push_back(folder("var/local", 02775, 0, kStaffGroup));
    files.push_back(folder("var/mail", 02775, 0, kMailGroup));
    files.push_back(folder("var/cache/apt/archives/partial", 0700, kAptUser, 0));
    files.push_back(folder("var/lib/apt/lists/partial", 0700, kAptUser, 0));
    // Root's, and open to dev and to whoever else works here: it is one person's sandbox.
    files.push_back(folder("workspace", 0777));
    files.push_back(link("var/run", "/run"));
    files.push_back(link("var/lock", "/run/lock"));
}

} // namespace

std::vector<OwnFile> baseFiles(const std::string& shell)
{
    std::vector<OwnFile> files;
    addFolders(files);
    files.push_back(link("etc/mtab", "../proc/self/mounts"));
    files.push_back(file("etc/passwd", passwd(shell)));
    files.push_back(file("etc/group", group()));
    files.push_back(file("etc/shadow", shadow(), 0640, 0, kShadowGroup));
    files.push_back(file("etc/gshadow", gshadow(), 0640, 0, kShadowGroup));
    // No namespaces are made inside, so there is nobody to subordinate ids to.
    files.push_back(file("etc/subuid", ""));
    files.push_back(file("etc/subgid", ""));
    files.push_back(file("etc/nsswitch.conf", kNsswitch));
    files.push_back(file("etc/resolv.conf", kResolv));
    files.push_back(file("etc/gitconfig", kGitConfig));
    files.push_back(file("etc/fstab", ""));
    files.push_back(file("etc/environment", ""));
    files.push_back(file("etc/profile", kSystemProfile));
    files.push_back(file("etc/security/pam_env.conf", ""));
    files.push_back(file("root/.bashrc", kBashrc));
    files.push_back(file("root/.profile", kProfile));
    files.push_back(file("home/dev/.bashrc", kBashrc, 0644, kDevUser, kDevUser));
    files.push_back(file("home/dev/.profile", kProfile, 0644, kDevUser, kDevUser));
    return files;
}

bool isOwnUser(std::string_view name)
{
    return name == "root" || name == "dev" ||
           std::ranges::contains(kAccounts, name, &Account::name);
}

bool isOwnGroup(std::string_view name)
{
    return std::ranges::contains(kGroups, name, &Group::name);
}

std::vector<OwnFile> nameFiles(const std::string& sandboxName)
{
    return {file("etc/hostname", sandboxName + "\n"),
            file("etc/hosts", std::format("127.0.0.1\tlocalhost\n"
                                          "127.0.1.1\t{}\n"
                                          "::1\tlocalhost ip6-localhost ip6-loopback\n",
                                          sandboxName))};
}

OwnFile machineIdFile()
{
    return file("etc/machine-id", (randomId() + randomId() + randomId()).substr(0, 32) + "\n",
                0444);
}

} // namespace caisson::keeper
