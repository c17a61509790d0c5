// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ctl/egress_verbs.h"

#include "backend/base/files.h"
#include "backend/policy/presets.h"

#include <unistd.h>

namespace caisson::ctl {

namespace {

/// To the service an empty text is none at all; with a line it is a file in which nothing stands.
Result<std::string> withLine(Result<std::string> text)
{
    if (text && text->empty())
        *text = "\n";
    return text;
}

/// As much as a policy file may be; parsePolicy() says so better than a cut could.
constexpr std::size_t kMostPolicy = 2u << 20;

} // namespace

Result<std::string> readPolicyText(const std::string& fileOrPreset)
{
    if (fileOrPreset == "-")
        return withLine(readFile("/dev/stdin", kMostPolicy));
    if (::access(fileOrPreset.c_str(), F_OK) == 0)
        return withLine(readFile(fileOrPreset, kMostPolicy));
    if (const policy::Preset* preset = policy::presetByName(fileOrPreset))
        return std::string(preset->toml);
    std::string names;
    for (const policy::Preset& preset : policy::presets())
        names += (names.empty() ? "" : ", ") + std::string(preset.name);
    return fail(ErrorCode::NotFound, "there is no file " + fileOrPreset +
                                         ", and no preset of that name; the presets are " + names);
}

} // namespace caisson::ctl
