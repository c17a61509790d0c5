// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/runtime/oci_bundle.h"

#include "backend/base/files.h"
#include "backend/base/unique_fd.h"
#include "backend/keeper/runtime/seccomp_profile.h"
#include "backend/keeper/storage/sandbox_root.h"
#include "backend/keeper/storage/trust_bundle.h"

#include <algorithm>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <sys/stat.h>
#include <vector>

namespace caisson::keeper {

namespace {

using Json = nlohmann::json;

// What Docker and Podman give a container, less NET_RAW, MKNOD and AUDIT_WRITE.
Json capabilities(SpecialModes modes)
{
    Json all = {
        "CAP_CHOWN",  "CAP_DAC_OVERRIDE", "CAP_FOWNER",  "CAP_FSETID",           "CAP_KILL",
        "CAP_SETGID", "CAP_SETUID",       "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT"};
    // On a folder that belongs to the host's root, a file's capabilities would be good outside,
    // too.
    if (modes == SpecialModes::Allow)
        all.push_back("CAP_SETFCAP");
    return {{"bounding", all},
            {"effective", all},
            {"permitted", all},
            {"inheritable", Json::array()},
            {"ambient", Json::array()}};
}

Json environment(const api::Sandbox& sandbox, const std::string& trustBundle)
{
    std::map<std::string, std::string> variables{
        {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
        {"HOME", "/root"},
        {"USER", "root"},
        {"LANG", "C.UTF-8"},
        {"TERM", "xterm-256color"},
        {"CAISSON", "1"},
    };
    if (!trustBundle.empty())
        variables.merge(trustEnvironment(trustBundle));
    for (const auto& [name, value] : sandbox.env)
        variables[name] = value;
    Json lines = Json::array();
    for (const auto& [name, value] : variables)
        lines.push_back(name + "=" + value);
    return lines;
}

Json rlimits()
{
    // Enough for servers and watchers; a container cannot have more than its starter.
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    const rlim_t hard = std::min<rlim_t>(files.rlim_max, 1048576);
    return {{{"type", "RLIMIT_NOFILE"}, {"hard", hard}, {"soft", std::min<rlim_t>(hard, 65536)}},
            {{"type", "RLIMIT_CORE"}, {"hard", 0}, {"soft", 0}}};
}

Json mount(const char* destination, const char* type, std::vector<std::string> options)
{
    return {{"destination", destination},
            {"type", type},
            {"source", type},
            {"options", std::move(options)}};
}

Json mounts(IdRange ids)
{
    constexpr int ttyGroup = 5;
    std::vector<std::string> terminals{"nosuid", "noexec", "newinstance", "ptmxmode=0666",
                                       "mode=0620"};
    if (ids.count > ttyGroup)
        terminals.push_back("gid=" + std::to_string(ttyGroup));
    return {mount("/proc", "proc", {"nosuid", "noexec", "nodev"}),
            mount("/dev", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}),
            mount("/dev/pts", "devpts", terminals),
            mount("/dev/shm", "tmpfs", {"nosuid", "noexec", "nodev", "mode=1777"}),
            mount("/dev/mqueue", "mqueue", {"nosuid", "noexec", "nodev"}),
            mount("/sys", "sysfs", {"nosuid", "noexec", "nodev", "ro"})};
}

// What podman and Docker hide, and the line the kernel was started with: it tells about the host, or
// lets it be disturbed.
Json maskedPaths()
{
    return {"/proc/acpi",        "/proc/asound",
            "/proc/cmdline",     "/proc/interrupts",
            "/proc/kcore",       "/proc/key-users",
            "/proc/keys",        "/proc/latency_stats",
            "/proc/sched_debug", "/proc/scsi",
            "/proc/timer_list",  "/proc/timer_stats",
            "/sys/dev/block",    "/sys/devices/virtual/powercap",
            "/sys/firmware",     "/sys/fs/selinux"};
}

Json readOnlyPaths()
{
    return {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
}

Json namespaces()
{
    Json list = Json::array();
    for (const char* type : {"pid", "mount", "ipc", "uts", "network", "user", "cgroup"})
        list.push_back({{"type", type}});
    return list;
}

Json process(const BundleSpec& spec)
{
    const api::Sandbox& sandbox = spec.sandbox;
    return {{"terminal", false},
            {"user", {{"uid", 0}, {"gid", 0}}},
            {"args", Json::array({kInitInside})},
            {"env", environment(sandbox, spec.trustBundle)},
            {"cwd", "/"},
            {"capabilities", capabilities(spec.specialModes)},
            {"rlimits", rlimits()},
            {"noNewPrivileges", true}};
}

Json idMappings(IdRange ids)
{
    const auto range = [](std::int64_t inside, std::int64_t outside, std::int64_t count) {
        return Json{{"containerID", inside}, {"hostID", outside}, {"size", count}};
    };
    Json mappings = Json::array();
    if (ids.base != 0 || ids.count == 1) {
        mappings.push_back(range(0, ids.base, ids.count));
    } else {
        // Without root, 0 and the rest are two ranges of the keeper's own namespace, and the kernel
        // takes no range that spans two of the parent's (EPERM).
        mappings.push_back(range(0, 0, 1));
        mappings.push_back(range(1, 1, ids.count - 1));
    }
    return mappings;
}

Json linuxPart(IdRange ids)
{
    const Json mapping = idMappings(ids);
    return {{"uidMappings", mapping},       {"gidMappings", mapping},
            {"namespaces", namespaces()},   {"seccomp", seccompProfile()},
            {"maskedPaths", maskedPaths()}, {"readonlyPaths", readOnlyPaths()}};
}

} // namespace

std::string ociConfiguration(const BundleSpec& spec)
{
    const Json configuration = {
        {"ociVersion", "1.0.2"},
        {"process", process(spec)},
        {"root", {{"path", spec.rootPath}, {"readonly", false}}},
        {"hostname", spec.sandbox.name},
        {"mounts", mounts(spec.ids)},
        {"linux", linuxPart(spec.ids)},
    };
    return configuration.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<void> writeBundle(const std::string& folder, const BundleSpec& spec)
{
    if (::mkdir(folder.c_str(), 0700) != 0)
        return failErrno("cannot make " + folder);
    const std::string path = folder + "/config.json";
    const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file)
        return failErrno("cannot write " + path);
    return writeAll(file.get(), ociConfiguration(spec));
}

} // namespace caisson::keeper
