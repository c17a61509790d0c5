// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/keeper/egress/http/exchange.h"
#include "backend/policy/policy.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caisson::keeper {

/// The values that this sandbox's rules put in; in memory only, wiped when they are replaced.
class Secrets
{
public:
    ~Secrets();
    void replace(std::map<std::string, std::string> values);

    /// A field to be put in, and what must not come back.
    struct Injected
    {
        std::string name;   ///< of the field, lower case
        std::string value;  ///< of the field
        std::string secret; ///< names, for the log
        std::vector<std::string>
            values; ///< to be masked: bare, and as they are encoded in the field
    };
    /// NotFound with the name of a secret whose value is not known here, BadRequest of one that is no
    /// field's value: then nothing may go out.
    Result<Injected> inject(const policy::Injection& injection) const;

private:
    std::map<std::string, std::string> m_values;
};

/// Puts the field in the place of whatever the sandbox sent under that name.
void putIn(const Secrets::Injected& injected, http::Fields& fields);

/// Whether a text holds a placeholder, `${secret:NAME}`: plain, percent-encoded, or escaped as in
/// JSON, also twice. Returns the name.
std::optional<std::string> placeholderIn(std::string_view text);
/// In the target or a field; in fields also under Basic.
std::optional<std::string> placeholderIn(std::string_view target, const http::Fields& fields);

/// Looks for placeholders in a body as it passes.
class PlaceholderScan
{
public:
    /// The name of one, once its last byte has come.
    std::optional<std::string> feed(std::span<const char> bytes);

private:
    std::string m_tail;
};

} // namespace caisson::keeper
