// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/flows.h"

namespace caisson::keeper {

bool mayGoOn(const policy::Matcher& matcher, const Wanted& wanted, const Asker& asker,
             const Grant& grant)
{
    const policy::Moment now = policy::momentNow();
    const policy::Request request = wanted.request(asker);
    if (grant.isTunnel && wanted.protocol == policy::Protocol::Tls &&
        !matcher.isTunnelled(request, now))
        return false;
    const policy::Decision decision = matcher.decide(request, now);
    if (grant.address && matcher.ruleAgainst(*grant.address, request, now))
        return false;
    switch (decision.action) {
    case policy::Action::Allow:
    case policy::Action::Tunnel:
        return !grant.address || !policy::isPrivate(*grant.address) || decision.mayBePrivate();
    case policy::Action::Ask:
        // A person was asked about this one, and said yes.
        return grant.by == Grant::By::Prompt;
    case policy::Action::Deny:
        break;
    }
    return false;
}

Flows::Entry::Entry(Flows& flows, const Wanted& wanted, const Asker& asker, const Grant& grant,
                    Cut cut, Lasts lasts, Gone gone)
    : m_flows(flows)
    , m_wanted(wanted)
    , m_asker(asker)
    , m_grant(grant)
    , m_cut(std::move(cut))
    , m_lasts(std::move(lasts))
    , m_gone(std::move(gone))
    , m_place(flows.m_entries.insert(flows.m_entries.end(), this))
{
}

Flows::Entry::~Entry()
{
    m_flows.m_entries.erase(m_place);
}

void Flows::sweep()
{
    std::vector<Cut> cuts;
    for (Entry* entry : m_entries) {
        if (!std::exchange(entry->m_wasSeen, true) || entry->m_wasCut || entry->m_hasLeft)
            continue;
        if (entry->m_gone && entry->m_gone()) {
            entry->m_hasLeft = true;
            cuts.push_back(entry->m_cut);
        } else if (entry->m_lasts) {
            std::exchange(entry->m_lasts, {})();
        }
    }
    // Each only ends what its own flow waits for; the flows themselves end later.
    for (const Cut& cut : cuts)
        cut();
}

void Flows::decideAgain(const policy::Matcher& matcher)
{
    const auto isDoomed = [&](const Entry& entry) {
        return !entry.m_wasCut && !entry.m_hasLeft &&
               !mayGoOn(matcher, entry.m_wanted, entry.m_asker, entry.m_grant);
    };
    std::size_t left = 0;
    for (auto place = m_entries.begin(); place != m_entries.end();) {
        const auto entry = place++;
        if (isDoomed(**entry)) {
            (*entry)->m_isDoomed = true;
            m_entries.splice(m_entries.begin(), m_entries, entry);
            ++left;
        }
    }
    // A cut may end flows, this one or others, at once: the list is all that tells who is left.
    while (!m_entries.empty() && m_entries.front()->m_isDoomed && left-- > 0) {
        Entry& entry = *m_entries.front();
        entry.m_isDoomed = false;
        entry.m_wasCut = true;
        m_entries.splice(m_entries.end(), m_entries, entry.m_place);
        const Cut cut = entry.m_cut;
        cut();
    }
}

} // namespace caisson::keeper
