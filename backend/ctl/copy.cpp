// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ctl/copy.h"

namespace caisson::ctl {

std::optional<SandboxPath> parseSandboxPath(std::string_view text)
{
    const std::size_t colon = text.find(":/");
    if (colon == text.npos || colon == 0 || text.substr(0, colon).find('/') != text.npos)
        return std::nullopt;
    return SandboxPath{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

std::string joinPath(std::string_view folder, std::string_view name)
{
    return std::string(folder) + (folder.ends_with('/') ? "" : "/") + std::string(name);
}

std::string lastName(std::string_view path)
{
    while (path.ends_with('/'))
        path.remove_suffix(1);
    const std::size_t slash = path.rfind('/');
    const std::string_view name = slash == path.npos ? path : path.substr(slash + 1);
    return name == "." || name == ".." ? std::string() : std::string(name);
}

bool meansContents(std::string_view path)
{
    return path == "." || path.ends_with("/.");
}

bool isMissingFile(const Error& error)
{
    return error.code == ErrorCode::NotFound && !error.detail.contains("sandbox");
}

bool endsCopying(const Error& error)
{
    switch (error.code) {
    case ErrorCode::Unavailable:
    case ErrorCode::Cancelled:
    case ErrorCode::NotRunning:
    case ErrorCode::NoSpace:
    case ErrorCode::Protocol:
        return true;
    case ErrorCode::NotFound:
        return error.detail.contains("sandbox"); // it was removed
    default:
        return false;
    }
}

} // namespace caisson::ctl
