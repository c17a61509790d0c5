// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"
#include "backend/base/error.h"
#include "backend/policy/decide.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace caisson::keeper {

/// The policy of one sandbox as it is in force, and its files in the sandbox's folder: policy.toml,
/// which a person may read and which counts, with its generation in its first line, and the highest
/// number that an id was made of, for the log names rules by their ids when they are gone; and policy.json
/// beside it with what a policy file has no place for (when timed rules end on the clock that only runs
/// forward, hits). Each change is a new generation, written before it is in force; one that cannot
/// be written is refused. Once policy.toml is written it is in force, also after a kill: without policy.json of the
/// same generation only counts are older, and the ends of new rules go by the wall clock once.
class LivePolicy
{
public:
    /// A sandbox that starts leaves the rules of its last session and processes behind; one that is
    /// only looked at keeps them. Where the whole policy is about to be replaced, one that cannot be
    /// read is no hindrance: until then there are no rules and everything is denied. That nobody else
    /// writes meanwhile is the caller's to see to (serve/policy_lock.h).
    enum class Opening { Start, Look, Replace };
    static Result<std::unique_ptr<LivePolicy>> open(const std::string& folder, Opening opening);
    ~LivePolicy();

    /// What decides now. Stays as it is while it is held.
    const std::shared_ptr<const policy::Matcher>& matcher() const { return m_matcher; }
    std::int64_t generation() const { return m_generation; }
    const policy::Policy& policy() const { return m_matcher->policy(); }

    /// Puts a whole new policy in force. `expected`: PreconditionFailed unless that generation is in force;
    /// 0: whatever is. Returns the new generation.
    Result<std::int64_t> replace(policy::Policy policy, std::int64_t expected = 0);
    Result<std::int64_t> replace(const api::PutPolicy& request);
    /// The ids of what was added.
    Result<std::vector<std::string>> patch(const api::PatchPolicy& request);
    /// Puts a rule before that of that id, or behind all, if it is empty or there is none. The new
    /// rule's id is made, and returned.
    Result<std::string> add(policy::Rule rule, std::string_view before);

    /// A rule that decided. Counted in memory, and written with the next change or at the end.
    void countHit(std::string_view ruleId);
    /// In its TOML a comment marks each rule that has ended, and those that a start of this stopped
    /// sandbox will leave behind. What has ended goes at a start.
    api::EgressPolicy describe() const;
    /// What would become of a request, as far as that is known without looking a name up: also what the
    /// proxy itself would refuse. A stopped sandbox is explained as it will be when it has started.
    api::Explanation explain(const policy::Request& request) const;

    /// When the first rule ends of those that do after a moment; Moment::max() for never. Who waits for
    /// it gives the last one that was seen to: asked for later than now, one that has just ended
    /// would never be.
    policy::Moment nextExpiry(policy::Moment after) const;
    /// Called after each change.
    std::function<void()> onChange;
    /// Names of the secrets that are stored. A policy that puts in another, which the one in force does
    /// not, is refused. None: nobody has said, as of a sandbox that does not run.
    std::optional<std::set<std::string>> knownSecrets;

private:
    LivePolicy(std::string folder, Opening opening);

    struct Hits
    {
        std::int64_t count = 0;
        std::string last;
    };
    using HitsById = std::map<std::string, Hits, std::less<>>;
    struct Expiry
    {
        std::string expires; ///< as the rule had it: another text is another end
        std::int64_t moment = 0;
    };
    Result<void> load(Opening opening);
    Result<void> save(const policy::Policy& policy, std::int64_t generation,
                      const std::map<std::string, Expiry>& expiries) const;
    struct Ends
    {
        std::vector<policy::Moment> moments;    ///< by place
        std::map<std::string, Expiry> expiries; ///< by id
    };
    Ends endsOf(const policy::Policy& policy) const;
    HitsById hitsOf(const policy::Policy& policy);
    Result<std::int64_t> putInForce(policy::Policy policy);
    Result<void> checkGeneration(std::int64_t expected) const;
    Result<void> checkStored(const policy::Policy& next, std::string_view toml) const;
    void install(policy::Policy policy, std::vector<policy::Moment> moments,
                 std::map<std::string, Expiry> expiries);

    /// Whether a rule goes with the session or process that it was for, before anything can match it.
    bool isLeftBehind(const policy::Rule& rule) const;
    std::string markedToml() const;

    std::string m_folder;
    Opening m_opening;
    std::shared_ptr<const policy::Matcher> m_matcher;
    std::int64_t m_generation = 0;
    std::map<std::string, Expiry> m_expiries; ///< by rule id
    HitsById m_hits;
    std::map<std::string, Hits> m_past;    ///< of rules that were in force, by countedOf()
    std::int64_t m_highestId = 0;          ///< N of the last "rN" that was ever in force
    std::vector<policy::Moment> m_moments; ///< as the matcher has them
    bool m_hasNewHits = false;             ///< since the files were written
};

} // namespace caisson::keeper
