// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ctl/egress_verbs.h"

#include "backend/base/files.h"
#include "backend/policy/presets.h"

#include <unistd.h>

namespace caisson::ctl {

namespace {

/// What parsePolicy() takes.
constexpr std::size_t kMostPolicy = 1u << 20;

/// To the service an empty text is none at all; with a line it is a file in which nothing stands.
Result<std::string> policyIn(const std::string& path, const std::string& shown)
{
    Result<std::string> text = readFile(path, kMostPolicy);
    if (!text && text.error().code == ErrorCode::TooLarge)
        return fail(ErrorCode::TooLarge,
                    shown +
                        " is larger than 1 MiB, the most that a policy may have; patterns such as "
                        "*.example.com, and cidr, say the same with fewer rules");
    if (text && text->empty())
        *text = "\n";
    return text;
}

} // namespace

Result<std::string> readPolicyText(const std::string& fileOrPreset)
{
    if (fileOrPreset == "-")
        return policyIn("/dev/stdin", "standard input");
    if (::access(fileOrPreset.c_str(), F_OK) == 0)
        return policyIn(fileOrPreset, fileOrPreset);
    if (const policy::Preset* preset = policy::presetByName(fileOrPreset))
        return std::string(preset->toml);
    std::string names;
    for (const policy::Preset& preset : policy::presets())
        names += (names.empty() ? "" : ", ") + std::string(preset.name);
    return fail(ErrorCode::NotFound, "there is no file " + fileOrPreset +
                                         ", and no preset of that name; the presets are " + names);
}

} // namespace caisson::ctl
