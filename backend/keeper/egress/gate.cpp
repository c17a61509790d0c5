// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/gate.h"

#include <boost/asio/experimental/awaitable_operators.hpp>

namespace caisson::keeper {

using api::Task;
using namespace api::asio::experimental::awaitable_operators;

Gate::Gate(LivePolicy& policy, Prompts& prompts)
    : m_policy(policy)
    , m_prompts(prompts)
{
}

Gate::Verdict Gate::decide(const Wanted& wanted, const Asker& asker)
{
    const auto matcher = m_policy.matcher();
    const policy::Request request = wanted.request(asker);
    const policy::Decision decision = matcher->decide(request, policy::momentNow());
    Verdict verdict;
    verdict.action = decision.action;
    Pass& pass = verdict.pass;
    pass.generation = m_policy.generation();
    if (decision.rule) {
        pass.grant.by = Grant::By::Rule;
        pass.grant.id = decision.rule->id;
        pass.inject = decision.rule->inject;
        m_policy.countHit(decision.rule->id);
    }
    pass.mayBePrivate = decision.mayBePrivate();
    pass.grant.isTunnel = decision.action == policy::Action::Tunnel;
    pass.verdict = decision.action == policy::Action::Allow || pass.grant.isTunnel
                       ? Pass::Verdict::Allow
                       : Pass::Verdict::Deny;
    pass.why = matcher->why(decision, request);
    return verdict;
}

policy::Action Gate::look(const Wanted& wanted, const Asker& asker) const
{
    return m_policy.matcher()->decide(wanted.request(asker), policy::momentNow()).action;
}

bool Gate::isTunnelled(const Wanted& wanted, const Asker& asker) const
{
    return m_policy.matcher()->isTunnelled(wanted.request(asker), policy::momentNow());
}

Task<Pass> Gate::ask(Pass pass, const Wanted& wanted, const Asker& asker, Task<void> gone)
{
    auto outcome = co_await (m_prompts.ask(wanted, asker) || std::move(gone));
    pass.generation = m_policy.generation();
    if (outcome.index() == 1) {
        pass.verdict = Pass::Verdict::Left;
        pass.why = "the process gave up while the request waited for an answer";
        co_return pass;
    }
    const Prompts::Outcome& answer = std::get<0>(outcome);
    pass.verdict = answer.answer == Prompts::Answer::Allow ? Pass::Verdict::Allow
                                                           : Pass::Verdict::Deny;
    if (!answer.prompt.empty() && answer.rule.empty())
        pass.grant = {Grant::By::Prompt, answer.prompt, false};
    if (!answer.rule.empty())
        pass.grant = {Grant::By::Rule, answer.rule, false};
    switch (answer.answer) {
    case Prompts::Answer::Allow:
        pass.why = "a person allowed it";
        // Whoever was shown an address and said yes means that address.
        pass.mayBePrivate = policy::Address::parse(wanted.host).has_value();
        break;
    case Prompts::Answer::Deny:
        pass.why = "a person denied it";
        break;
    case Prompts::Answer::TimedOut:
        pass.why = "nobody answered in time whether it may pass";
        break;
    case Prompts::Answer::TooMany:
        pass.why = "too many requests wait for an answer";
        break;
    }
    // A rule that came meanwhile, by this answer or beside it, may put a secret in.
    if (!answer.rule.empty()) {
        const Verdict again = decide(wanted, asker);
        if (again.action == policy::Action::Allow || again.action == policy::Action::Deny) {
            const std::string why = again.pass.why;
            pass = again.pass;
            pass.why = why;
        }
    }
    co_return pass;
}

} // namespace caisson::keeper
