// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/trust_bundle.h"

#include "backend/base/files.h"
#include "backend/base/unique_fd.h"
#include "backend/keeper/storage/host_trust.h"
#include "backend/keeper/storage/java_store.h"
#include "backend/keeper/storage/own_node.h"
#include "backend/keeper/storage/rooted_path.h"

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <fcntl.h>
#include <format>
#include <memory>
#include <optional>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

namespace caisson::keeper {

namespace {

// Lines outside of BEGIN and END are comments (RFC 7468, 2). update-ca-certificates(8) copies whole
// files, so these stay around the certificate wherever it goes.
constexpr std::string_view kBegin = "# The authority of this Caisson sandbox: begin\n";
constexpr std::string_view kEnd = "# The authority of this Caisson sandbox: end\n";

constexpr const char* kAuthorityFile = "etc/caisson/authority.pem";
/// Where the programs of a host without a store of its own look first.
constexpr const char* kUsualBundle = "etc/ssl/certs/ca-certificates.crt";
constexpr const char* kOwnBundle = "etc/caisson/bundle.pem";

constexpr std::array kJavaStores{
    "/etc/ssl/certs/java/cacerts",              // Debian
    "/etc/pki/ca-trust/extracted/java/cacerts", // Fedora
    "/etc/ca-certificates/extracted/java-cacerts.jks",
    "/etc/pki/java/cacerts",
};

/// What update-ca-trust(8) makes stores from.
constexpr std::array kAnchorFolders{
    "/etc/pki/ca-trust/source/anchors",
    "/etc/ca-certificates/trust-source/anchors",
};

struct FreeX509
{
    void operator()(X509* certificate) const { X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, FreeX509>;

Certificate parsePem(const std::string& pem)
{
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
    return Certificate(memory ? PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr)
                              : nullptr);
}

std::string derOf(X509* certificate)
{
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(certificate, &bytes);
    std::string der(reinterpret_cast<const char*>(bytes), size > 0 ? size : 0);
    OPENSSL_free(bytes);
    return der;
}

std::string parentOf(const std::string& path)
{
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
}

bool isLink(const std::string& path)
{
    struct stat status{};
    return ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
}

class Collector
{
public:
    Collector(std::string hostRoot, TrustFiles& files)
        : m_hostRoot(std::move(hostRoot))
        , m_files(files)
    {
        char real[PATH_MAX];
        if (!m_hostRoot.empty() && ::realpath(m_hostRoot.c_str(), real))
            m_hostRoot = real;
    }

    void addAuthority() { addFile(kAuthorityFile, m_files.block); }

    void addBundles()
    {
        for (const std::string& path : bundlePaths()) {
            if (const auto content = hostFile(path))
                addFile(path, withAuthority(*content, m_files.block));
            else
                continue;
            if (m_files.bundle.empty())
                m_files.bundle = "/" + path;
        }
        if (!m_files.bundle.empty())
            return;
        // This host has none, or not in /etc.
        const std::string path = isLink(m_hostRoot + "/etc/ssl/certs") ? kOwnBundle : kUsualBundle;
        const HostTrust host = findHostTrust(m_hostRoot);
        const auto content = host.bundle.empty() ? Result<std::string>() : readFile(host.bundle);
        addFile(path, withAuthority(content ? *content : "", m_files.block));
        m_files.bundle = "/" + path;
    }

    /// For OpenSSL without a bundle: a link named by the hash of the subject.
    void addHashLink(std::uint32_t hash)
    {
        const std::string hashed = findHostTrust(m_hostRoot).hashedFolder;
        const std::string path =
            hashed.empty() ? "etc/ssl/certs" : realPath(hashed.substr(m_hostRoot.size()));
        if (!path.starts_with("etc/") || isLink(m_hostRoot + "/" + path))
            return;
        addFolders(path);
        m_files.root.push_back(
            {path + "/caisson.pem", S_IFLNK | 0777, 0, 0, "/" + std::string(kAuthorityFile)});
        // Another authority may have the number already.
        for (int i = 0; i < 10; ++i) {
            const std::string link = std::format("{}/{:08x}.{}", path, hash, i);
            if (!isLink(m_hostRoot + "/" + link)) {
                m_files.root.push_back({link, S_IFLNK | 0777, 0, 0, "caisson.pem"});
                return;
            }
        }
    }

    void addJavaStores()
    {
        for (const char* candidate : kJavaStores) {
            const std::string path = realPath(candidate);
            if (!path.starts_with("etc/") || m_added.contains(path))
                continue;
            const auto content = hostFile(path);
            const auto store = content ? javaStoreWith(*content, m_files.der) : std::nullopt;
            if (store)
                addFile(path, *store);
        }
    }

    void addAnchors()
    {
        for (const char* folder : kAnchorFolders) {
            const std::string path = realPath(folder);
            if (path.starts_with("etc/"))
                addFile(path + "/caisson.pem", m_files.block);
        }
        std::string path;
        for (const char* name : {"local", "share", "ca-certificates"}) {
            path += (path.empty() ? "" : "/") + std::string(name);
            struct stat status{};
            const bool there = ::stat((m_hostRoot + "/usr/" + path).c_str(), &status) == 0;
            m_files.usr.push_back(
                {path, S_IFDIR | (there ? status.st_mode & 0755 : 0755), 0, 0, {}});
        }
        m_files.usr.push_back({path + "/caisson.crt", S_IFREG | 0644, 0, 0, m_files.block});
    }

private:
    /// Below the host's root, links followed; "" when it is not there.
    std::string realPath(const std::string& path) const
    {
        char real[PATH_MAX];
        if (!::realpath((m_hostRoot + path).c_str(), real))
            return "";
        const std::string_view found = real;
        return found.starts_with(m_hostRoot + "/")
                   ? std::string(found.substr(m_hostRoot.size() + 1))
                   : "";
    }

    std::vector<std::string> bundlePaths() const
    {
        std::vector<std::string> paths;
        for (const std::string_view candidate : hostBundles()) {
            std::string path = realPath(std::string(candidate));
            if (path.starts_with("etc/") && !std::ranges::contains(paths, path))
                paths.push_back(std::move(path));
        }
        return paths;
    }

    /// What everyone on the host may read.
    std::optional<std::string> hostFile(const std::string& path) const
    {
        struct stat status{};
        const std::string onHost = m_hostRoot + "/" + path;
        if (::stat(onHost.c_str(), &status) != 0 || !S_ISREG(status.st_mode) ||
            !(status.st_mode & S_IROTH))
            return std::nullopt;
        auto content = readFile(onHost);
        return content ? std::optional(std::move(*content)) : std::nullopt;
    }

    void addFolders(const std::string& path)
    {
        if (path.empty() || !m_added.insert(path).second)
            return;
        addFolders(parentOf(path));
        m_files.root.push_back({path, S_IFDIR | 0755, 0, 0, {}});
    }

    void addFile(const std::string& path, std::string content)
    {
        addFolders(parentOf(path));
        if (m_added.insert(path).second)
            m_files.root.push_back({path, S_IFREG | 0644, 0, 0, std::move(content)});
    }

    std::string m_hostRoot;
    TrustFiles& m_files;
    std::set<std::string> m_added;
};

/// A regular file of the sandbox, not through a link.
std::optional<std::string> insideFile(int folder, const std::string& name)
{
    constexpr off_t limit = 16 << 20;
    const UniqueFd file(
        ::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
        status.st_size > limit)
        return std::nullopt;
    std::string content(static_cast<std::size_t>(status.st_size), '\0');
    std::size_t done = 0;
    while (done < content.size()) {
        const ssize_t got = ::pread(file.get(), content.data() + done, content.size() - done, done);
        if (got <= 0)
            return std::nullopt;
        done += static_cast<std::size_t>(got);
    }
    return content;
}

Result<void> refresh(int root, const std::string& path, const OwnFile& made,
                     const TrustFiles& files, IdRange ids)
{
    const auto folder = ensureNode(root, parentOf(path), NodeType::Folder, ids);
    if (!folder)
        return std::unexpected(folder.error());
    const std::string name = path.substr(path.rfind('/') + 1);
    const auto present = insideFile(folder->get(), name);
    if (!present || *present == made.content)
        return {};
    const bool isPem = made.content.find(kBegin) != std::string::npos;
    const auto mended = isPem ? std::optional(withAuthority(*present, files.block))
                              : javaStoreWith(*present, files.der);
    if (!mended || *mended == *present)
        return {};
    return writeOwnNode(folder->get(), {name, made.mode, made.uid, made.gid, *mended}, ids);
}

} // namespace

std::string withAuthority(std::string_view pem, std::string_view block)
{
    std::string made;
    for (;;) {
        const std::size_t begin = pem.find(kBegin);
        const std::size_t end =
            begin == std::string_view::npos ? begin : pem.find(kEnd, begin + kBegin.size());
        if (end == std::string_view::npos)
            break;
        made += pem.substr(0, begin);
        pem.remove_prefix(end + kEnd.size());
    }
    made += pem;
    if (!made.empty() && !made.ends_with('\n'))
        made += '\n';
    made += block;
    return made;
}

Result<TrustFiles> trustFiles(const std::string& authorityPem, const std::string& hostRoot)
{
    const Certificate certificate = parsePem(authorityPem);
    if (!certificate)
        return fail(ErrorCode::BadRequest, "the sandbox's authority is no certificate in PEM");
    TrustFiles files;
    files.der = derOf(certificate.get());
    files.block = std::string(kBegin) + authorityPem;
    if (!files.block.ends_with('\n'))
        files.block += '\n';
    files.block += kEnd;
    Collector collector(hostRoot, files);
    collector.addAuthority();
    collector.addBundles();
    collector.addHashLink(static_cast<std::uint32_t>(
        X509_NAME_hash_ex(X509_get_subject_name(certificate.get()), nullptr, nullptr, nullptr)));
    collector.addJavaStores();
    collector.addAnchors();
    return files;
}

Result<void> refreshTrust(int root, const TrustFiles& files, IdRange ids)
{
    Result<void> outcome;
    const auto refreshAll = [&](const std::vector<OwnFile>& made, const std::string& prefix) {
        for (const OwnFile& file : made) {
            if (!S_ISREG(file.mode))
                continue;
            if (auto done = refresh(root, prefix + file.path, file, files, ids); !done)
                outcome = done; // the others all the same
        }
    };
    refreshAll(files.root, "");
    refreshAll(files.usr, "usr/");
    return outcome;
}

std::map<std::string, std::string> trustEnvironment(const std::string& bundle)
{
    std::map<std::string, std::string> variables;
    for (const char* name :
         {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "PIP_CERT",
          "CARGO_HTTP_CAINFO", "AWS_CA_BUNDLE", "DENO_CERT"})
        variables[name] = bundle;
    // Beside Node's own, not in place of them.
    variables["NODE_EXTRA_CA_CERTS"] = "/" + std::string(kAuthorityFile);
    return variables;
}

} // namespace caisson::keeper
