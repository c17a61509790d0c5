// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/overlay.h"

#include "backend/keeper/storage/mount_api.h"

#include <cerrno>
#include <string>
#include <sys/mount.h>

namespace caisson::keeper {

namespace {

// fsconfig(2) takes strings of at most 255 bytes.
constexpr std::size_t kMaxOption = 255;

/// What the kernel says about a failed context (one message a read), else only errno's text.
Error contextError(int context, int number)
{
    Error error = errnoError(number, "cannot mount the sandbox's overlay");
    char message[512];
    for (;;) {
        const ssize_t size = ::read(context, message, sizeof message);
        if (size <= 0)
            break;
        std::string_view text(message, static_cast<std::size_t>(size));
        while (text.ends_with('\n'))
            text.remove_suffix(1);
        error.message += "; ";
        error.message += text;
    }
    error.code = ErrorCode::RuntimeFailed;
    return error;
}

bool setOption(int context, const char* key, const std::string& value)
{
    return ::fsconfig(context, FSCONFIG_SET_STRING, key, value.c_str(), 0) == 0;
}

bool setLowers(int context, const std::vector<int>& lowers)
{
    // Names of descriptors instead of paths: nothing to escape, always short, and the sandbox's
    // /proc/mounts does not tell where the host keeps its layers.
    std::string all;
    for (const int lower : lowers) {
        if (!all.empty())
            all += ':';
        all += descriptorPath(lower);
    }
    if (all.size() <= kMaxOption)
        return setOption(context, "lowerdir", all);
    for (const int lower : lowers) {
        if (!setOption(context, "lowerdir+", descriptorPath(lower))) // Linux 6.8
            return false;
    }
    return true;
}

} // namespace

Result<UniqueFd> makeOverlay(const OverlayLayers& layers, OverlayMarks marks)
{
    const UniqueFd context(::fsopen("overlay", FSOPEN_CLOEXEC));
    if (!context)
        return failErrno("cannot use overlayfs");
    const int fd = context.get();
    const bool configured =
        setOption(fd, "source", "caisson") && setLowers(fd, layers.lowers) &&
        (layers.upper < 0 || (setOption(fd, "upperdir", descriptorPath(layers.upper)) &&
                              setOption(fd, "workdir", descriptorPath(layers.work)))) &&
        setOption(fd, "redirect_dir", "nofollow") && setOption(fd, "index", "off") &&
        setOption(fd, "metacopy", "off") &&
        (marks == OverlayMarks::Trusted ||
         ::fsconfig(fd, FSCONFIG_SET_FLAG, "userxattr", nullptr, 0) == 0) &&
        ::fsconfig(fd, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0;
    if (!configured)
        return std::unexpected(contextError(fd, errno));
    UniqueFd mount(::fsmount(fd, FSMOUNT_CLOEXEC, 0));
    if (!mount)
        return std::unexpected(contextError(fd, errno));
    return mount;
}

} // namespace caisson::keeper
