// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/process.h"

#include "backend/base/log.h"

#include <algorithm>
#include <climits>
#include <sys/resource.h>
#include <unistd.h>

namespace caisson {

namespace {

constexpr rlim_t kDescriptors = 65536;

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

} // namespace caisson
