// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/wanted.h"

#include <functional>
#include <list>
#include <string>

namespace caisson::keeper {

/// What lets a flow pass.
struct Grant
{
    enum class By { Rule, Default, Prompt };
    By by = By::Default;
    std::string id; ///< of the rule or prompt
    bool isTunnel = false;
    /// For the log: the rule's id, "default" or "prompt:ID".
    std::string name() const
    {
        return by == By::Rule ? id : by == By::Prompt ? "prompt:" + id : "default";
    }
};

/// The flows under way: each is looked at anew when the policy changes or a rule ends, and cut when it
/// would not be let pass now.
class Flows
{
public:
    using Cut = std::function<void()>;

    /// Keeps a flow in the list as long as it lives.
    class Entry
    {
    public:
        Entry(Flows& flows, const Wanted& wanted, const Asker& asker, const Grant& grant, Cut cut);
        ~Entry();
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;
        bool wasCut() const { return m_wasCut; }

    private:
        friend class Flows;
        Flows& m_flows;
        const Wanted& m_wanted;
        const Asker& m_asker;
        const Grant& m_grant;
        Cut m_cut;
        bool m_wasCut = false;
        std::list<Entry*>::iterator m_place;
    };

    void decideAgain(const policy::Matcher& matcher);
    std::size_t size() const { return m_entries.size(); }

private:
    std::list<Entry*> m_entries;
};

} // namespace caisson::keeper
