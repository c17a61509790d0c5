// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/gate.h"

#include "backend/keeper/egress/dial/inner_addresses.h"

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
    Verdict verdict = look(wanted, asker);
    if (verdict.pass.grant.by == Grant::By::Rule)
        m_policy.countHit(verdict.pass.grant.id);
    return verdict;
}

Gate::Verdict Gate::look(const Wanted& wanted, const Asker& asker) const
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
    }
    pass.mayBePrivate = decision.mayBePrivate();
    pass.grant.isTunnel = decision.action == policy::Action::Tunnel;
    pass.verdict = decision.action == policy::Action::Allow || pass.grant.isTunnel
                       ? Pass::Verdict::Allow
                       : Pass::Verdict::Deny;
    pass.why = matcher->why(decision, request);
    return verdict;
}

bool Gate::mayGoOn(const Wanted& wanted, const Asker& asker, const Grant& grant) const
{
    return keeper::mayGoOn(*m_policy.matcher(), wanted, asker, grant);
}

Result<void> Gate::mayReach(const policy::Address& address, const Wanted& wanted,
                            const Asker& asker) const
{
    const auto matcher = m_policy.matcher();
    const policy::Rule* against =
        matcher->ruleAgainst(address, wanted.request(asker), policy::momentNow());
    if (!against)
        return {};
    return fail(ErrorCode::PermissionDenied,
                wanted.host + " leads to " + address.toString() + ", and rule " + against->id +
                    " denies everything to " + against->cidr->toString(),
                {{"rule", against->id}});
}

bool Gate::isTunnelled(const Wanted& wanted, const Asker& asker) const
{
    return m_policy.matcher()->isTunnelled(wanted.request(asker), policy::momentNow());
}

Task<Pass> Gate::ask(Pass pass, const Wanted& wanted, const Asker& asker, Task<void> gone,
                     std::size_t held)
{
    auto outcome = co_await (m_prompts.ask(wanted, asker, held) || std::move(gone));
    pass.generation = m_policy.generation();
    if (outcome.index() == 1) {
        pass.verdict = Pass::Verdict::Left;
        pass.why = "The process gave up while the request waited for an answer.";
        co_return pass;
    }
    const Prompts::Outcome& answer = std::get<0>(outcome);
    pass.verdict =
        answer.answer == Prompts::Answer::Allow ? Pass::Verdict::Allow : Pass::Verdict::Deny;
    if (!answer.prompt.empty() && answer.rule.empty())
        pass.grant = {Grant::By::Prompt, answer.prompt, false};
    if (!answer.rule.empty())
        pass.grant = {Grant::By::Rule, answer.rule, false};
    switch (answer.answer) {
    case Prompts::Answer::Allow:
        // The row tells what the window goes by when a rule is made of it.
        pass.why = isInnerAddress(wanted.host)
                       ? "A person allowed it, to a private address or one of this host."
                       : "A person allowed it.";
        // Whoever was shown an address and said yes means that address.
        pass.mayBePrivate = policy::Address::parse(wanted.host).has_value();
        break;
    case Prompts::Answer::Deny:
        pass.why = "A person denied it.";
        break;
    case Prompts::Answer::TimedOut:
        pass.why = "Nobody answered in time whether it may pass.";
        break;
    case Prompts::Answer::TooMany:
        pass.why = "Too many requests wait for an answer.";
        break;
    }
    // A rule that came meanwhile, by this answer or beside it, may put a secret in; and the policy
    // may have changed once more since the answer.
    if (answer.rule.empty() && pass.verdict != Pass::Verdict::Allow)
        co_return pass;
    Verdict again = look(wanted, asker);
    if (again.action == policy::Action::Ask && answer.rule.empty())
        co_return pass; // allowed, this once
    if (again.action == policy::Action::Ask) {
        pass.verdict = Pass::Verdict::Deny;
        pass.why = "The rule that let it pass was taken back while it waited.";
        co_return pass;
    }
    if (again.action == policy::Action::Allow && answer.rule.empty() && !again.pass.inject) {
        pass.mayBePrivate = pass.mayBePrivate || again.pass.mayBePrivate;
        co_return pass; // by the person; that a rule says so too is no news
    }
    if (again.pass.grant.by == Grant::By::Rule)
        m_policy.countHit(again.pass.grant.id);
    co_return std::move(again.pass);
}

} // namespace caisson::keeper
