// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/policy/secret_check.h"

#include <algorithm>

namespace caisson::policy {

Result<void> checkSecrets(const Policy& policy, const std::set<std::string>& stored,
                          const Policy& inForce, std::string_view toml)
{
    const std::vector<std::string> before = secretsOf(inForce);
    for (const std::string& name : secretsOf(policy)) {
        if (stored.contains(name) || std::ranges::binary_search(before, name))
            continue;
        Error error{ErrorCode::BadRequest,
                    "there is no secret \"" + name +
                        "\"; store it first, with `caissonctl secret set " + name + "`",
                    {{"secret", name}}};
        if (const std::size_t place = toml.find("${secret:" + name + "}");
            place != std::string_view::npos) {
            error.detail["line"] =
                std::to_string(1 + std::ranges::count(toml.substr(0, place), '\n'));
            error.message = "line " + error.detail["line"] + ": " + error.message;
        }
        return std::unexpected(std::move(error));
    }
    return {};
}

} // namespace caisson::policy
