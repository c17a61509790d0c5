// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ctl/egress_verbs.h"

#include "backend/base/files.h"
#include "backend/policy/presets.h"

#include <unistd.h>

namespace caisson::ctl {

namespace {

/// As much as a policy file may be; parsePolicy() says so better than a cut could.
constexpr std::size_t kMostPolicy = 2u << 20;

} // namespace

Result<std::string> readPolicyText(const std::string& fileOrPreset)
{
    if (fileOrPreset == "-")
        return readFile("/dev/stdin", kMostPolicy);
    if (::access(fileOrPreset.c_str(), F_OK) == 0)
        return readFile(fileOrPreset, kMostPolicy);
    if (const policy::Preset* preset = policy::presetByName(fileOrPreset))
        return std::string(preset->toml);
    std::string names;
    for (const policy::Preset& preset : policy::presets())
        names += (names.empty() ? "" : ", ") + std::string(preset.name);
    return fail(ErrorCode::NotFound, "there is no file " + fileOrPreset +
                                         ", and no preset of that name; the presets are " + names);
}

} // namespace caisson::ctl
