// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/process.h"

#include "backend/base/files.h"
#include "backend/base/log.h"
#include "backend/base/unique_fd.h"

#include <algorithm>
#include <climits>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace caisson {

namespace {

constexpr rlim_t kDescriptors = 65536;

/// Bits of core(5), "Controlling which mappings are written"; 0x33 is the kernel's own default.
void setCoreDumpFilter(const char* bits)
{
    const UniqueFd file(::open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC));
    // Kernels without core dumps have no such file.
    if (file && !writeAll(file.get(), bits))
        logWarning("cannot say what a core dump holds");
}

} // namespace

std::string siblingProgram(std::string_view name)
{
    char path[PATH_MAX];
    const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
    const std::string self(path, length > 0 ? static_cast<std::size_t>(length) : 0);
    return self.substr(0, self.find_last_of('/') + 1) + std::string(name);
}

void raiseDescriptorLimit()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = std::min(limit.rlim_max, kDescriptors);
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
        logWarning("the limit on open files stays low");
}

void forbidCoreDumps()
{
    rlimit limit{};
    // The hard limit stays: what runs in a sandbox may want core dumps of its own.
    if (::getrlimit(RLIMIT_CORE, &limit) == 0) {
        limit.rlim_cur = 0;
        ::setrlimit(RLIMIT_CORE, &limit);
    }
    setCoreDumpFilter("0");
}

void allowMemoryInCoreDumps()
{
    setCoreDumpFilter("0x33");
}

} // namespace caisson
