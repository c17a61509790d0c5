// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/daemon/host_info.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <pwd.h>
#include <sstream>
#include <sys/utsname.h>
#include <unistd.h>

namespace caisson::daemon {

namespace {

/// PRETTY_NAME of os-release(5).
std::string osName()
{
    std::ifstream file("/etc/os-release");
    std::string line;
    while (std::getline(file, line)) {
        constexpr std::string_view key = "PRETTY_NAME=";
        if (!line.starts_with(key))
            continue;
        std::string name = line.substr(key.size());
        std::erase(name, '"');
        return name;
    }
    return "Linux";
}

bool isInPath(const std::string& program)
{
    const char* path = std::getenv("PATH");
    std::istringstream folders(path ? path : "/usr/local/bin:/usr/bin:/bin:/usr/sbin");
    std::string folder;
    while (std::getline(folders, folder, ':')) {
        if (::access((folder + "/" + program).c_str(), X_OK) == 0)
            return true;
    }
    return false;
}

api::Capability cgroups()
{
    namespace fs = std::filesystem;
    std::error_code missing;
    const bool unified = fs::exists("/sys/fs/cgroup/cgroup.controllers", missing);
    const bool versionOne = fs::exists("/sys/fs/cgroup/pids", missing);
    const bool hybrid = versionOne && fs::exists("/sys/fs/cgroup/unified", missing);
    return {"cgroups", unified || versionOne,
            unified      ? "version 2"
            : hybrid     ? "hybrid: versions 1 and 2 side by side"
            : versionOne ? "version 1"
                         : "none: only the number of processes can be limited"};
}

api::Capability subordinateIds()
{
    if (::geteuid() == 0)
        return {"subordinate-ids", true, "65,536 ids a sandbox, chosen by root"};
    const passwd* user = ::getpwuid(::getuid());
    const std::string name = user ? user->pw_name : "";
    std::ifstream file("/etc/subuid");
    std::string line;
    while (std::getline(file, line)) {
        if (line.starts_with(name + ":") || line.starts_with(std::to_string(::getuid()) + ":"))
            return {"subordinate-ids", true, "from /etc/subuid"};
    }
    return {"subordinate-ids", false,
            "no line for this user in /etc/subuid: sandboxes have one id only"};
}

api::Capability overlay()
{
    std::ifstream file("/proc/filesystems");
    std::string line;
    while (std::getline(file, line)) {
        if (line.ends_with("\toverlay"))
            return {"overlay", true, ""};
    }
    return {"overlay", false, "the kernel has no overlayfs loaded; try: modprobe overlay"};
}

} // namespace

api::HostInfo describeHost()
{
    utsname names{};
    ::uname(&names);
    api::HostInfo host;
    host.name = names.nodename;
    host.os = osName();
    host.kernel = names.release;
    host.version = CAISSON_VERSION;
    host.cpus = ::sysconf(_SC_NPROCESSORS_ONLN);
    host.memory = static_cast<std::int64_t>(::sysconf(_SC_PHYS_PAGES)) * ::sysconf(_SC_PAGESIZE);
    host.root = ::geteuid() == 0;
    for (const char* runtime : {"crun", "runc", "runsc"}) {
        if (isInPath(runtime))
            host.runtimes.emplace_back(runtime);
    }
    host.capabilities = {cgroups(), subordinateIds(), overlay()};
    return host;
}

} // namespace caisson::daemon
