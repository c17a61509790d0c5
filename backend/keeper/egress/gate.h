// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/flows.h"
#include "backend/keeper/egress/live_policy.h"
#include "backend/keeper/egress/prompts.h"

namespace caisson::keeper {

/// What became of a wish.
struct Pass
{
    enum class Verdict {
        Allow,
        Deny,
        Left ///< who asked has gone while it waited
    };
    Verdict verdict = Verdict::Deny;
    Grant grant; ///< of Deny: what refused it
    std::string why;
    bool mayBePrivate = false;
    std::optional<policy::Injection> inject;
    std::int64_t generation = 0;
};

/// Decides by the policy, and asks the person where it says so.
class Gate
{
public:
    Gate(LivePolicy& policy, Prompts& prompts);

    /// What the policy says by itself; Action::Ask has not been asked yet.
    struct Verdict
    {
        policy::Action action = policy::Action::Deny;
        Pass pass;
    };
    Verdict decide(const Wanted& wanted, const Asker& asker);

    /// The same without counting it as a decision.
    Verdict look(const Wanted& wanted, const Asker& asker) const;
    /// Whether what was let pass a moment ago would be let pass now.
    bool mayGoOn(const Wanted& wanted, const Asker& asker, const Grant& grant) const;
    /// Whether it may go to that address, too. PermissionDenied: a rule denies the network
    /// (`detail.rule`).
    Result<void> mayReach(const policy::Address& address, const Wanted& wanted,
                          const Asker& asker) const;
    std::int64_t generation() const { return m_policy.generation(); }
    /// Whether a TLS connection passes unopened.
    bool isTunnelled(const Wanted& wanted, const Asker& asker) const;

    /// Goes on from a decide() that said Ask: holds until there is an answer, or `gone` returns. `held`
    /// is how many bytes of it wait here meanwhile.
    api::Task<Pass> ask(Pass pass, const Wanted& wanted, const Asker& asker, api::Task<void> gone,
                        std::size_t held = 0);

private:
    LivePolicy& m_policy;
    Prompts& m_prompts;
};

} // namespace caisson::keeper
