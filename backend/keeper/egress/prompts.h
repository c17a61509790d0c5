// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"
#include "backend/api/types.h"
#include "backend/keeper/egress/wanted.h"
#include "backend/policy/answer.h"

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace caisson::keeper {

/// The questions that wait for a person. A prompt lives like this:
///
///   waiting → answered   somebody said allow or deny, or a change of the policy did
///   waiting → timed out  nobody did within the limit: denied, that once
///   waiting → gone       the last request that waited has ended; shown greyed for a moment
///
/// Identical requests (method, URL, executable) are one prompt with a count. At most kMostPrompts
/// wait, and requests of kMostHeld bytes; what comes beyond that is denied at once and counted. Told are
/// URLs of up to kMostUrl bytes whole, and the count of one prompt every `betweenChanges` at most.
class Prompts
{
public:
    enum class Change { Created, Changed, Removed };
    /// `why` with Removed: "allowed", "denied", "timeout" or "gone".
    using Listener = std::function<void(Change, const api::Prompt&, const std::string& why)>;

    static constexpr std::size_t kMostPrompts = 200;
    static constexpr std::size_t kMostHeld = 64 * 1024 * 1024;
    static constexpr std::size_t kMostUrl = 4096;
    /// As many that have gone are still shown, for a moment.
    static constexpr std::size_t kMostGone = 50;

    /// A flood of one request is one count, which nobody reads faster.
    static constexpr std::chrono::milliseconds kBetweenChanges{50};

    Prompts(api::asio::any_io_executor executor, std::int64_t incarnation,
            std::chrono::milliseconds limit, Listener listener,
            std::chrono::milliseconds betweenChanges = kBetweenChanges);

    enum class Answer { Allow, Deny, TimedOut, TooMany };
    struct Outcome
    {
        Answer answer = Answer::Deny;
        std::string prompt; ///< its id; empty: TooMany
        std::string rule;   ///< that decided, or that the answer became; empty: none
    };
    /// Holds a request, of which `held` bytes wait here, until it is decided. Cancelled with its
    /// coroutine when the one who asked has gone.
    api::Task<Outcome> ask(const Wanted& wanted, const Asker& asker, std::size_t held);

    /// Bytes of the requests that wait.
    std::size_t held() const { return m_held; }

    /// Those that wait. One that has gone is told to the listener only.
    api::PromptList list() const;

    /// What a waiting prompt asks for, for making the rule. Gone when it is over: the message tells
    /// how it ended. NotFound when there was none.
    struct Question
    {
        const Wanted& wanted;
        const Asker& asker;
    };
    Result<Question> find(const std::string& id) const;
    /// Lets what waits for it go on. Returns how many requests that were.
    Result<std::int64_t> answer(const std::string& id, Answer answer, const std::string& rule);

    /// Looks at every waiting prompt but one anew after a change of the policy; none: it still waits.
    using Decide = std::function<std::optional<Outcome>(const Wanted&, const Asker&)>;
    void decideAgain(const Decide& decide, const std::string& but);

private:
    struct Entry;
    struct Waiter;
    enum class By { Person, Policy, Nobody };
    void end(const std::shared_ptr<Entry>& entry, Answer answer, const std::string& rule, By by);
    /// The prompt of a request that begins to wait; nullptr: there is no room for one more.
    std::shared_ptr<Entry> join(const Wanted& wanted, const Asker& asker);
    void leave(const std::shared_ptr<Entry>& entry);
    void tellChange(const std::shared_ptr<Entry>& entry);
    api::Task<void> tellChanges();
    api::Task<void> timeOut(std::shared_ptr<Entry> entry);
    api::Task<void> forgetGone();
    /// `outcome` is for programs, `told` for people.
    void remove(const std::shared_ptr<Entry>& entry, const char* outcome, std::string told);

    api::asio::any_io_executor m_executor;
    std::int64_t m_incarnation;
    std::chrono::milliseconds m_limit;
    Listener m_listener;
    std::chrono::milliseconds m_betweenChanges;
    std::int64_t m_next = 1;
    std::int64_t m_dropped = 0;
    std::size_t m_held = 0;                       ///< bytes
    std::deque<std::shared_ptr<Entry>> m_changed; ///< still to be told
    std::map<std::string, std::shared_ptr<Entry>, std::less<>> m_byKey;
    std::map<std::int64_t, std::shared_ptr<Entry>> m_entries; ///< by number: the oldest first
    std::deque<std::shared_ptr<Entry>> m_gone;                ///< shown greyed, the oldest first
    struct Ended
    {
        std::string outcome;
        std::string told;
    };
    std::map<std::string, Ended> m_ended; ///< by id, the last 1,000
    std::deque<std::string> m_endedOrder;
};

} // namespace caisson::keeper
