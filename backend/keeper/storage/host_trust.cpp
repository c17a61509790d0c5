// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/host_trust.h"

#include <algorithm>
#include <array>
#include <dirent.h>
#include <memory>
#include <string_view>
#include <unistd.h>

namespace caisson::keeper {

namespace {

constexpr std::array kBundles{
    "/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Arch, Gentoo, Alpine
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // Fedora and what is made from it
    "/etc/pki/tls/certs/ca-bundle.crt",                  // older ones
    "/etc/ssl/ca-bundle.pem",                            // openSUSE
    "/var/lib/ca-certificates/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/pki/tls/cert.pem",
};

constexpr std::array kHashedFolders{
    "/etc/ssl/certs",
    "/etc/pki/ca-trust/extracted/pem/directory-hash",
    "/etc/pki/tls/certs",
};

struct CloseFolder
{
    void operator()(DIR* folder) const { ::closedir(folder); }
};

/// "0123abcd.0"
bool isHashLink(std::string_view name)
{
    constexpr std::string_view digits = "0123456789abcdef";
    return name.size() == 10 && name.ends_with(".0") &&
           name.substr(0, 8).find_first_not_of(digits) == std::string_view::npos;
}

bool hasHashLinks(const std::string& path)
{
    const std::unique_ptr<DIR, CloseFolder> folder(::opendir(path.c_str()));
    while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr) {
        if (isHashLink(entry->d_name))
            return true;
    }
    return false;
}

} // namespace

std::span<const char* const> hostBundles()
{
    return kBundles;
}

HostTrust findHostTrust(const std::string& hostRoot)
{
    HostTrust trust;
    for (const char* path : kBundles) {
        if (trust.bundle.empty() && ::access((hostRoot + path).c_str(), R_OK) == 0)
            trust.bundle = hostRoot + path;
    }
    for (const char* path : kHashedFolders) {
        if (trust.hashedFolder.empty() && hasHashLinks(hostRoot + path))
            trust.hashedFolder = hostRoot + path;
    }
    return trust;
}

} // namespace caisson::keeper
