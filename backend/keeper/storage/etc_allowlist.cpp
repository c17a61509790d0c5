// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/etc_allowlist.h"

#include "backend/base/unique_fd.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <set>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace caisson::keeper {

namespace {

// Patterns of fnmatch(3), wildcards only directly below /etc. A folder stands for all that is in
// it.
constexpr std::array kAllowed{
    // Links of update-alternatives; the dynamic linker.
    "etc/alternatives",
    "etc/ld.so.cache",
    "etc/ld.so.conf",
    "etc/ld.so.conf.d",
    // What a shell and a terminal read, but none of the scripts that shells run as they start, which
    // would bring this host's environment along.
    "etc/bash_completion",
    "etc/bash_completion.d",
    "etc/inputrc",
    "etc/terminfo",
    "etc/shells",
    "etc/skel",
    "etc/login.defs",
    "etc/pam.conf",
    "etc/pam.d",
    "etc/security/limits.conf",
    "etc/security/limits.d",
    "etc/default/locale",
    "etc/default/useradd",
    "etc/adduser.conf",
    "etc/deluser.conf",
    // Time, language, names of numbers and types.
    "etc/localtime",
    "etc/timezone",
    "etc/locale.*",
    "etc/mime.types",
    "etc/mailcap",
    "etc/magic",
    "etc/magic.mime",
    "etc/protocols",
    "etc/services",
    "etc/rpc",
    "etc/networks",
    "etc/ethertypes",
    "etc/gai.conf",
    "etc/host.conf",
    "etc/papersize",
    "etc/xattr.conf",
    "etc/mke2fs.conf",
    // Who the system is.
    "etc/debian_version",
    "etc/os-release",
    "etc/lsb-release",
    "etc/redhat-release",
    "etc/system-release",
    "etc/dpkg",
    "etc/apt",
    "etc/debconf.conf",
    "etc/ucf.conf",
    "etc/kernel/postinst.d",
    // Certificates, never keys.
    "etc/ca-certificates",
    "etc/ca-certificates.conf",
    "etc/ssl/certs",
    "etc/ssl/openssl.cnf",
    "etc/ssl/cert.pem",
    "etc/pki/ca-trust",
    "etc/pki/java",
    "etc/pki/tls/certs",
    "etc/pki/tls/cert.pem",
    "etc/pki/tls/openssl.cnf",
    "etc/crypto-policies",
    // Languages and tools that do not start without.
    "etc/python3*",
    "etc/perl",
    "etc/java*",
    "etc/maven",
    "etc/php",
    "etc/R",
    "etc/gnucobol",
    "etc/fpc*.cfg",
    "etc/texmf",
    "etc/vim",
    "etc/emacs",
    "etc/nanorc",
    "etc/gdb",
    "etc/groff",
    "etc/manpath.config",
    "etc/sgml",
    "etc/xml",
    "etc/fonts",
    "etc/ImageMagick-*",
    "etc/ghostscript",
    "etc/glvnd",
    "etc/OpenCL",
    "etc/vulkan",
    "etc/gtk-*.0",
    "etc/iproute2",
    "var/lib/apt/extended_states",
};

// Cut out of the above. Passwords for package servers, mirrors and Java's remote management; links
// into /etc/ssl/private have no use.
constexpr std::array kNever{
    "etc/apt/auth.conf",
    "etc/apt/auth.conf.d",
    "etc/maven/settings*.xml",
    "etc/java*/jmxremote.password*",
    "etc/java*/management/jmxremote.password*",
    "etc/ssl/certs/ssl-cert-snakeoil.*",
    "etc/*/.git",
};

constexpr mode_t kFileReadable = S_IROTH;
constexpr mode_t kFolderReadable = S_IROTH | S_IXOTH;

bool isNever(const std::string& path)
{
    // Left behind by package upgrades and editors.
    for (const std::string_view suffix :
         {"~", ".dpkg-old", ".dpkg-dist", ".dpkg-new", ".ucf-old"}) {
        if (path.ends_with(suffix))
            return true;
    }
    return std::ranges::any_of(kNever, [&](const char* pattern) {
        return ::fnmatch(pattern, path.c_str(), FNM_PATHNAME) == 0;
    });
}

/// The names in an open folder and their types. Not by readdir(3), which makes five more system
/// calls a folder.
std::vector<std::pair<std::string, unsigned char>> namesIn(int folder)
{
    std::vector<std::pair<std::string, unsigned char>> names;
    alignas(dirent64) std::array<char, 32768> buffer;
    for (;;) {
        const ssize_t size = ::getdents64(folder, buffer.data(), buffer.size());
        if (size <= 0)
            return names;
        for (ssize_t at = 0; at < size;) {
            const auto* entry = reinterpret_cast<const dirent64*>(buffer.data() + at);
            const std::string_view name = entry->d_name;
            if (name != "." && name != "..")
                names.emplace_back(name, entry->d_type);
            at += entry->d_reclen;
        }
    }
}

/// It runs at every start of a sandbox, so it counts its system calls: links are not looked at, a
/// link that is changed being a new entry in a folder, whose time tells.
class Scan
{
public:
    explicit Scan(const std::string& hostRoot)
        : m_root(
              ::open(hostRoot.empty() ? "/" : hostRoot.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC))
    {
    }

    Result<std::vector<HostEntry>> run()
    {
        if (!m_root)
            return failErrno("cannot open this host's root");
        const UniqueFd etc(::openat(m_root.get(), "etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!etc)
            return failErrno("cannot open /etc");
        for (const auto& [name, type] : namesIn(etc.get()))
            m_etcNames.push_back(name);
        for (const std::string_view pattern : kAllowed)
            addPattern(std::string(pattern));
        return std::move(m_entries);
    }

private:
    void addPattern(const std::string& pattern)
    {
        if (!pattern.contains('*')) {
            addParents(pattern);
            add(m_root.get(), pattern.c_str(), pattern, DT_UNKNOWN);
            return;
        }
        // Those with a wildcard are all directly in /etc.
        for (const std::string& name : m_etcNames) {
            const std::string path = "etc/" + name;
            if (::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME) != 0)
                continue;
            addParents(path);
            add(m_root.get(), path.c_str(), path, DT_UNKNOWN);
        }
    }

    void addParents(const std::string& path)
    {
        for (std::size_t slash = path.find('/'); slash != std::string::npos;
             slash = path.find('/', slash + 1)) {
            const std::string parent = path.substr(0, slash);
            struct stat status{};
            if (m_parents.insert(parent).second &&
                ::fstatat(m_root.get(), parent.c_str(), &status, 0) == 0)
                // Without time and inode: what else changes in /etc does not make a new base.
                m_entries.push_back({parent, status.st_mode, 0, 0, {}});
        }
    }

    /// What cannot be read, or vanishes meanwhile, is left out: no sandbox fails for a file that
    /// a package upgrade is just replacing.
    void add(int parent, const char* name, const std::string& path, unsigned char type)
    {
        if (isNever(path))
            return;
        if (type == DT_LNK) {
            m_entries.push_back({path, S_IFLNK | 0777, 0, 0, {}});
            return;
        }
        struct stat status{};
        if (::fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
            return;
        const bool isFolder = S_ISDIR(status.st_mode);
        const bool isFile = S_ISREG(status.st_mode) && (status.st_mode & kFileReadable);
        if (!isFile && !S_ISLNK(status.st_mode) &&
            !(isFolder && (status.st_mode & kFolderReadable) == kFolderReadable))
            return;
        m_entries.push_back({path, status.st_mode, status.st_ino, status.st_size, status.st_mtim});
        if (isFolder)
            addFolder(parent, name, path);
    }

    void addFolder(int parent, const char* name, const std::string& path)
    {
        const UniqueFd folder(
            ::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!folder)
            return;
        for (const auto& [entryName, type] : namesIn(folder.get()))
            add(folder.get(), entryName.c_str(), path + "/" + entryName, type);
    }

    UniqueFd m_root;
    std::vector<std::string> m_etcNames;
    std::set<std::string> m_parents;
    std::vector<HostEntry> m_entries;
};

} // namespace

Result<std::vector<HostEntry>> scanHostConfiguration(const std::string& hostRoot)
{
    return Scan(hostRoot).run();
}

std::string withoutUrlCredentials(std::string text)
{
    std::size_t at = 0;
    while ((at = text.find("://", at)) != std::string::npos) {
        at += 3;
        std::size_t end = at;
        std::size_t credentialsEnd = at;
        // The authority of a URL ends at "/", "?" or "#" (RFC 3986, 3.2), and in a text at a space
        // or quote. Its user information ends at the last "@".
        for (; end < text.size(); ++end) {
            const char c = text[end];
            if (c == '/' || c == '?' || c == '#' || c == '"' || c == '\'' ||
                std::isspace(static_cast<unsigned char>(c)))
                break;
            if (c == '@')
                credentialsEnd = end + 1;
        }
        text.erase(at, credentialsEnd - at);
    }
    return text;
}

} // namespace caisson::keeper
