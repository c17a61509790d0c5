// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/wanted.h"

#include <functional>
#include <list>
#include <optional>
#include <string>

namespace caisson::keeper {

/// What lets a flow pass.
struct Grant
{
    enum class By { Rule, Default, Prompt };
    By by = By::Default;
    std::string id; ///< of the rule or prompt
    bool isTunnel = false;
    std::optional<policy::Address> address; ///< where the name has led, once that is known
    /// For the log: the rule's id, "default" or "prompt:ID".
    std::string name() const
    {
        return by == By::Rule ? id : by == By::Prompt ? "prompt:" + id : "default";
    }
};

/// Whether what was let pass by `grant` would be let pass now.
bool mayGoOn(const policy::Matcher& matcher, const Wanted& wanted, const Asker& asker,
             const Grant& grant);

/// The flows under way: each is looked at anew when the policy changes or a rule ends, and cut when it
/// would not be let pass now.
class Flows
{
public:
    using Cut = std::function<void()>;
    /// Whether the one inside has gone.
    using Gone = std::function<bool()>;
    /// It lasts; called once.
    using Lasts = std::function<void()>;

    /// Keeps a flow in the list as long as it lives.
    class Entry
    {
    public:
        Entry(Flows& flows, const Wanted& wanted, const Asker& asker, const Grant& grant, Cut cut,
              Lasts lasts = {}, Gone gone = {});
        ~Entry();
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;
        bool wasCut() const { return m_wasCut; }   ///< by the policy
        bool hasLeft() const { return m_hasLeft; } ///< the one inside; cut for that

    private:
        friend class Flows;
        Flows& m_flows;
        const Wanted& m_wanted;
        const Asker& m_asker;
        const Grant& m_grant;
        Cut m_cut;
        Lasts m_lasts;
        Gone m_gone;
        bool m_wasSeen = false; ///< by a sweep() before
        bool m_wasCut = false;
        bool m_hasLeft = false;
        bool m_isDoomed = false; ///< while decideAgain() is at work
        std::list<Entry*>::iterator m_place;
    };

    void decideAgain(const policy::Matcher& matcher);
    /// Tells those that last of it, and ends the flows whose inside has gone while they wait for the
    /// outside: nothing is read from it then, so only looking tells. To be called now and then; one
    /// that has just begun is left for the next time.
    void sweep();
    std::size_t size() const { return m_entries.size(); }

private:
    std::list<Entry*> m_entries;
};

} // namespace caisson::keeper
