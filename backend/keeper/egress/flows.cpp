// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/flows.h"

#include <vector>

namespace caisson::keeper {

namespace {

bool mayGoOn(const policy::Matcher& matcher, const Wanted& wanted, const Asker& asker,
             const Grant& grant)
{
    const policy::Moment now = policy::momentNow();
    const policy::Request request = wanted.request(asker);
    if (grant.isTunnel && wanted.protocol == policy::Protocol::Tls)
        return matcher.isTunnelled(request, now) ||
               (grant.by == Grant::By::Prompt &&
                matcher.decide(request, now).action == policy::Action::Ask);
    switch (matcher.decide(request, now).action) {
    case policy::Action::Allow:
    case policy::Action::Tunnel:
        return true;
    case policy::Action::Ask:
        // A person was asked about this one, and said yes.
        return grant.by == Grant::By::Prompt;
    case policy::Action::Deny:
        break;
    }
    return false;
}

} // namespace

Flows::Entry::Entry(Flows& flows, const Wanted& wanted, const Asker& asker, const Grant& grant,
                    Cut cut)
    : m_flows(flows)
    , m_wanted(wanted)
    , m_asker(asker)
    , m_grant(grant)
    , m_cut(std::move(cut))
    , m_place(flows.m_entries.insert(flows.m_entries.end(), this))
{
}

Flows::Entry::~Entry()
{
    m_flows.m_entries.erase(m_place);
}

void Flows::decideAgain(const policy::Matcher& matcher)
{
    // A cut may end flows, this one or others, at once.
    std::vector<Entry*> doomed;
    for (Entry* entry : m_entries) {
        if (!entry->m_wasCut &&
            !mayGoOn(matcher, entry->m_wanted, entry->m_asker, entry->m_grant))
            doomed.push_back(entry);
    }
    for (Entry* entry : doomed) {
        for (Entry* living : m_entries) {
            if (living == entry) {
                entry->m_wasCut = true;
                const Cut cut = entry->m_cut;
                cut();
                break;
            }
        }
    }
}

} // namespace caisson::keeper
