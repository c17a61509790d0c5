// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/clock.h"
#include "backend/policy/address.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a sandbox may reach: the table of the contract's policy file, as values.
namespace caisson::policy {

enum class Action { Allow, Deny, Ask, Tunnel };

/// The word of the file, e.g. "allow".
std::string_view actionName(Action action);
std::optional<Action> actionFromName(std::string_view name);

/// How long a rule that an answer made lasts, beside `expires`.
enum class Lasts { Always, Session, Process };

/// The word of the file, e.g. "session".
std::string_view lastsName(Lasts lasts);
std::optional<Lasts> lastsFromName(std::string_view name);

/// A secret put into a request: as a header with a value in which ${secret:NAME} stands for it, or
/// as HTTP Basic (RFC 7617).
struct Injection
{
    std::string header;   ///< its name; empty: Basic
    std::string value;    ///< of the header
    std::string user;     ///< of Basic
    std::string password; ///< of Basic; holds ${secret:NAME}
    /// Names of the secrets in value, user and password, in order, each once.
    std::vector<std::string> secrets() const;
    bool operator==(const Injection&) const = default;
};

struct Rule
{
    std::string id;
    bool enabled = true;              ///< `enabled = false` in the file: kept, never matches
    std::string host;                 ///< a pattern of canonical labels; empty: see cidr
    std::optional<Cidr> cidr;         ///< matches hosts that are addresses
    std::vector<std::uint16_t> ports; ///< empty: 80 and 443, and only for HTTP(S)
    std::vector<std::string> methods; ///< upper case; empty: any
    std::string path;                 ///< a pattern (normalisedPattern()); empty: any
    std::string process;              ///< the executable inside; empty: any
    Action action = Action::Deny;
    bool isPrivate = false; ///< may resolve to a private address
    std::optional<WallTime> expires;
    Lasts lasts = Lasts::Always; ///< `lasts = "session"` or "process" in the file
    std::int64_t pid = 0;        ///< Process: of which process, inside
    std::optional<Injection> inject;
    std::string note;
    bool operator==(const Rule&) const = default;
};

struct Policy
{
    Action defaultAction = Action::Ask;
    std::vector<Rule> rules;
    bool operator==(const Policy&) const = default;
};

/// Names of all secrets that the policy puts in somewhere, sorted, each once.
std::vector<std::string> secretsOf(const Policy& policy);

} // namespace caisson::policy
