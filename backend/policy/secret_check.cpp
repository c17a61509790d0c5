// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/policy/secret_check.h"

#include <algorithm>

namespace caisson::policy {

Result<void> checkSecrets(const Policy& policy, const std::set<std::string>& stored,
                          const Policy& inForce, std::string_view toml)
{
    const std::vector<std::string> known = secretsOf(inForce);
    for (const std::string& name : secretsOf(policy)) {
        if (stored.contains(name) || std::ranges::binary_search(known, name))
            continue;
        Error error{ErrorCode::BadRequest,
                    "there is no secret \"" + name +
                        "\"; store it first, with `caissonctl secret set " + name + "`",
                    {{"secret", name}}};
        if (const std::size_t place = toml.find("${secret:" + name + "}");
            place != std::string_view::npos) {
            const std::string_view before = toml.substr(0, place);
            error.detail["line"] = std::to_string(1 + std::ranges::count(before, '\n'));
            // As the parser counts them: characters, from 1.
            const std::string_view line = before.substr(before.rfind('\n') + 1);
            error.detail["column"] = std::to_string(
                1 + std::ranges::count_if(line, [](char c) { return (c & 0xc0) != 0x80; }));
            error.message = "line " + error.detail["line"] + ", column " + error.detail["column"] +
                            ": " + error.message;
        }
        return std::unexpected(std::move(error));
    }
    return {};
}

} // namespace caisson::policy
