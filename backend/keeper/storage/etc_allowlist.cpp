// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/etc_allowlist.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <memory>
#include <set>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::keeper {

namespace {

// Patterns of glob(7). A folder stands for all that is in it.
constexpr std::array kAllowed{
    // Links of update-alternatives; the dynamic linker.
    "etc/alternatives",
    "etc/ld.so.cache",
    "etc/ld.so.conf",
    "etc/ld.so.conf.d",
    // What a shell and a terminal read.
    "etc/bash.bashrc",
    "etc/bash_completion",
    "etc/bash_completion.d",
    "etc/bashrc",
    "etc/profile",
    "etc/profile.d",
    "etc/zsh",
    "etc/fish",
    "etc/inputrc",
    "etc/terminfo",
    "etc/shells",
    "etc/skel",
    "etc/login.defs",
    "etc/pam.conf",
    "etc/pam.d",
    "etc/security/limits.conf",
    "etc/security/limits.d",
    "etc/security/pam_env.conf",
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

struct CloseFolder
{
    void operator()(DIR* folder) const { ::closedir(folder); }
};

class Scan
{
public:
    explicit Scan(const std::string& hostRoot)
        : m_hostRoot(hostRoot)
    {
    }

    Result<void> addPattern(const char* pattern)
    {
        glob_t matches{};
        const std::string onHost = m_hostRoot + "/" + pattern;
        const int failed = ::glob(onHost.c_str(), GLOB_NOSORT, nullptr, &matches);
        const std::unique_ptr<glob_t, decltype(&::globfree)> owner(&matches, &::globfree);
        if (failed == GLOB_NOMATCH)
            return {};
        if (failed != 0)
            return fail(ErrorCode::Internal, "cannot list " + onHost);
        for (std::size_t i = 0; i < matches.gl_pathc; ++i) {
            const std::string path = std::string(matches.gl_pathv[i]).substr(m_hostRoot.size() + 1);
            addParents(path);
            add(AT_FDCWD, matches.gl_pathv[i], path);
        }
        return {};
    }

    std::vector<HostEntry> take() { return std::move(m_entries); }

private:
    void addParents(const std::string& path)
    {
        for (std::size_t slash = path.find('/'); slash != std::string::npos;
             slash = path.find('/', slash + 1)) {
            const std::string parent = path.substr(0, slash);
            struct stat status{};
            if (m_parents.insert(parent).second &&
                ::lstat((m_hostRoot + "/" + parent).c_str(), &status) == 0)
                // Without time and inode: what else changes in /etc does not make a new base.
                m_entries.push_back({parent, status.st_mode, 0, 0, {}});
        }
    }

    /// What cannot be read, or vanishes meanwhile, is left out: no sandbox fails for a file that
    /// a package upgrade is just replacing.
    void add(int parent, const char* name, const std::string& path)
    {
        struct stat status{};
        if (isNever(path) || ::fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
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
        const int fd = ::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            return;
        const std::unique_ptr<DIR, CloseFolder> folder(::fdopendir(fd));
        if (!folder) {
            ::close(fd);
            return;
        }
        std::vector<std::string> names;
        while (const dirent* entry = ::readdir(folder.get())) {
            const std::string_view entryName = entry->d_name;
            if (entryName != "." && entryName != "..")
                names.emplace_back(entryName);
        }
        for (const std::string& entryName : names)
            add(fd, entryName.c_str(), path + "/" + entryName);
    }

    const std::string& m_hostRoot;
    std::set<std::string> m_parents;
    std::vector<HostEntry> m_entries;
};

} // namespace

Result<std::vector<HostEntry>> scanHostConfiguration(const std::string& hostRoot)
{
    Scan scan(hostRoot);
    for (const char* pattern : kAllowed) {
        if (auto added = scan.addPattern(pattern); !added)
            return std::unexpected(added.error());
    }
    return scan.take();
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
