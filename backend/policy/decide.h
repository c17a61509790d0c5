// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/policy/policy.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace caisson::policy {

/// What a sandbox wants. Views are borrowed for the call.
enum class Protocol {
    Http,  ///< a request in clear
    Https, ///< a request in opened TLS
    Tls,   ///< a TLS connection that is not opened (yet): no method, no path
    Tcp,   ///< any other stream: no method, no path
};

/// What a running program is called inside beside the path of its executable.
class ProgramNames
{
public:
    virtual ~ProgramNames() = default;
    virtual bool contain(std::string_view path) const = 0;
};

struct Request
{
    Protocol protocol = Protocol::Https;
    std::string_view host; ///< canonical (canonicalHost())
    std::uint16_t port = 443;
    std::string_view method;                  ///< as sent; empty for Tls and Tcp
    std::string_view target;                  ///< normalisedTarget(); empty for Tls and Tcp
    std::string_view process;                 ///< executable, path inside; empty: not known
    std::int64_t pid = 0;                     ///< inside; 0: not known
    const ProgramNames* otherNames = nullptr; ///< of the executable; none: not known
};

struct Decision
{
    Action action = Action::Deny;
    const Rule* rule = nullptr; ///< borrowed from the Matcher; none: the default decided
    std::string_view ruleId() const { return rule ? std::string_view(rule->id) : "default"; }
    bool mayBePrivate() const { return rule && rule->isPrivate; }
};

/// A clock that neither suspend nor somebody setting the time fools: CLOCK_BOOTTIME (time(7)).
using Moment = std::chrono::nanoseconds;

/// A policy made ready for deciding. Immutable: share it, replace it as a whole. At most 2 µs a
/// decision with 1,000 rules, so rules are found by the last labels of their hosts.
class Matcher
{
public:
    /// `policy` is as parsePolicy() or checkPolicy() left it. `expiries[i]` is when rule i stops to
    /// match; Moment::max() for never, as for rules behind the end of the list.
    Matcher(Policy policy, std::vector<Moment> expiries);
    ~Matcher();
    Matcher(const Matcher&) = delete;
    Matcher& operator=(const Matcher&) = delete;

    const Policy& policy() const;

    /// The first rule from the top that is enabled, has not expired, and fits in every part; else
    /// the default. In detail:
    ///  - host: by label from the right, `*` is one label, `**` any number (none included); a cidr
    ///    fits hosts that are addresses (see ruleAgainst() too); a host pattern may be one address. Of the wildcards only
    ///    a lone `**` fits an address, which has no labels.
    ///  - ports: those named; with none named 80 and 443. Allow and Tunnel without ports never fit
    ///    Tcp: what is taken for HTTP is the keeper's to say, and a server may see it otherwise.
    ///  - methods and path: Allow with either never fits Tls or Tcp; Deny and Ask fit there as if they
    ///    had neither, since among what a stream carries may be what they hold up. Path: `*` is any part of one segment, `**` any number of segments
    ///    ("/repos/**" fits "/repos" and all below it), `\*` a plain star; behind a '?', a pattern
    ///    for the query as a whole, which without one is not looked at.
    ///  - process: the executable, or another name of it. lasts = process: the pid is equal, too.
    /// Servers read some requests in more than one way: a path with escapes or empty segments, a method in
    /// lower case, an IPv4 address within an IPv6 one. Allow and Tunnel fit only where every reading
    /// does (an address: as it is written), Deny and Ask where any does.
    /// Tunnel decides Tls and Tcp as they are; for Http and Https it is Allow (nothing is to be opened).
    Decision decide(const Request& request, Moment now) const;

    /// Of a TLS connection (Protocol::Tls): whether it passes unopened, by a tunnel rule that no rule
    /// above it takes requests of that host from. Everything else is opened and decided by request.
    bool isTunnelled(const Request& request, Moment now) const;

    /// Of a request to a name that has led to `address`: the Deny rule whose cidr holds that, above
    /// the rule that decides on the request; none: nullptr. Whoever denies a network means it by any
    /// name, and names are free. Borrowed from the Matcher.
    const Rule* ruleAgainst(const Address& address, const Request& request, Moment now) const;

    /// One sentence for a person: why this decision.
    std::string why(const Decision& decision, const Request& request) const;

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

/// Now, on that clock.
Moment momentNow();

/// When rules expire, from `expires` and the present time of both clocks.
std::vector<Moment> expiriesOf(const Policy& policy, WallTime wallNow, Moment now);

} // namespace caisson::policy
