// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/prompts.h"

#include "backend/base/clock.h"
#include "backend/keeper/egress/dial/inner_addresses.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <format>

namespace caisson::keeper {

using api::Task;
using namespace std::chrono_literals;

namespace {

/// So long one that has gone can still be seen to have been there.
constexpr auto kGreyed = 5s;
constexpr std::size_t kRemembered = 1000;

constexpr const char* kNobodyWaits = "nothing waits for it any more";

/// All of it where it is of a usual length, else its two ends. ASCII: a canonical host and a
/// normalised target are.
std::string ends(const std::string& url)
{
    if (url.size() <= Prompts::kMostUrl)
        return url;
    constexpr std::size_t kTail = Prompts::kMostUrl / 4;
    return url.substr(0, Prompts::kMostUrl - kTail) + "…" + url.substr(url.size() - kTail);
}

} // namespace

struct Prompts::Entry
{
    explicit Entry(const api::asio::any_io_executor& executor)
        : decided(executor)
        , deadline(executor)
    {
    }
    std::int64_t number = 0;
    std::string key;
    api::Prompt prompt;
    Wanted wanted;
    Asker asker;
    std::optional<Outcome> outcome;
    bool isRemoved = false;
    bool isChanged = false; ///< since it was told
    std::chrono::steady_clock::time_point told;
    std::chrono::steady_clock::time_point goneSince;
    api::Notifier decided;
    api::asio::steady_timer deadline;
};

/// One request that waits: however its coroutine ends, it is counted out.
struct Prompts::Waiter
{
    Waiter(Prompts& of, std::shared_ptr<Entry> at, std::size_t bytes)
        : prompts(of)
        , entry(std::move(at))
        , held(bytes)
    {
        prompts.m_held += held;
    }
    ~Waiter()
    {
        prompts.m_held -= held;
        prompts.leave(entry);
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    Prompts& prompts;
    std::shared_ptr<Entry> entry;
    std::size_t held;
};

Prompts::Prompts(api::asio::any_io_executor executor, std::int64_t incarnation,
                 std::chrono::milliseconds limit, Listener listener,
                 std::chrono::milliseconds betweenChanges)
    : m_executor(std::move(executor))
    , m_incarnation(incarnation)
    , m_limit(limit)
    , m_listener(std::move(listener))
    , m_betweenChanges(betweenChanges)
{
}

Task<Prompts::Outcome> Prompts::ask(const Wanted& wanted, const Asker& asker, std::size_t held)
{
    const std::shared_ptr<Entry> entry = m_held + held > kMostHeld ? nullptr : join(wanted, asker);
    if (!entry) {
        ++m_dropped;
        co_return Outcome{Answer::TooMany, "", ""};
    }
    const Waiter waiter(*this, entry, held);
    while (!entry->outcome)
        co_await entry->decided.wait();
    co_return *entry->outcome;
}

std::shared_ptr<Prompts::Entry> Prompts::join(const Wanted& wanted, const Asker& asker)
{
    const std::string url = wanted.url();
    const std::string exe = asker.process ? asker.process->info.exe : "";
    const std::string key = std::format("{}\n{}\n{}", wanted.method, url, exe);
    std::shared_ptr<Entry> entry;
    if (const auto known = m_byKey.find(key); known != m_byKey.end()) {
        entry = known->second;
        ++entry->prompt.count;
        tellChange(entry);
    } else {
        if (m_byKey.size() >= kMostPrompts)
            return nullptr;
        entry = std::make_shared<Entry>(m_executor);
        entry->number = m_next++;
        entry->key = key;
        entry->wanted = wanted;
        entry->asker = asker;
        api::Prompt& prompt = entry->prompt;
        prompt.id = std::format("p{}-{}", m_incarnation, entry->number);
        prompt.method = wanted.method;
        prompt.url = ends(url);
        prompt.scheme = wanted.scheme();
        prompt.host = wanted.host;
        prompt.port = wanted.port;
        prompt.path = ends(wanted.target.substr(0, wanted.target.find('?')));
        prompt.isPrivate = isInnerAddress(wanted.host);
        if (asker.process)
            prompt.process = asker.process->info;
        prompt.terminal = asker.terminal;
        prompt.exec = asker.exec;
        const WallTime now = std::chrono::system_clock::now();
        prompt.since = toRfc3339(now);
        prompt.deadline = toRfc3339(now + m_limit);
        m_byKey[key] = entry;
        m_entries[entry->number] = entry;
        entry->deadline.expires_after(m_limit);
        api::spawnDetached(m_executor, timeOut(entry), "a prompt's limit");
        m_listener(Change::Created, prompt, "");
    }
    return entry;
}

void Prompts::tellChange(const std::shared_ptr<Entry>& entry)
{
    if (entry->isChanged)
        return; // it will be told
    const auto now = std::chrono::steady_clock::now();
    if (now - entry->told >= m_betweenChanges) {
        entry->told = now;
        m_listener(Change::Changed, entry->prompt, "");
        return;
    }
    entry->isChanged = true;
    m_changed.push_back(entry);
    if (m_changed.size() == 1)
        api::spawnDetached(m_executor, tellChanges(), "changes of prompts");
}

Task<void> Prompts::tellChanges()
{
    while (!m_changed.empty()) {
        const std::shared_ptr<Entry> entry = m_changed.front();
        const auto left = entry->told + m_betweenChanges - std::chrono::steady_clock::now();
        if (left > 0s && !entry->isRemoved) {
            co_await api::sleepFor(std::chrono::ceil<std::chrono::milliseconds>(left));
            continue;
        }
        m_changed.pop_front();
        entry->isChanged = false;
        entry->told = std::chrono::steady_clock::now();
        if (!entry->isRemoved)
            m_listener(Change::Changed, entry->prompt, "");
    }
}

Task<void> Prompts::timeOut(std::shared_ptr<Entry> entry)
{
    const auto [code] =
        co_await entry->deadline.async_wait(api::asio::as_tuple(api::asio::use_awaitable));
    if (!code && !entry->outcome && !entry->isRemoved && entry->prompt.count > 0)
        end(entry, Answer::TimedOut, "", By::Nobody);
}

void Prompts::leave(const std::shared_ptr<Entry>& entry)
{
    --entry->prompt.count;
    if (entry->outcome)
        return;
    if (entry->prompt.count == 0) {
        // The next that asks the same is another question.
        m_byKey.erase(entry->key);
        entry->deadline.cancel();
        entry->goneSince = std::chrono::steady_clock::now();
        m_gone.push_back(entry);
        // Who asks and leaves at once, over and over, fills no memory with it.
        if (m_gone.size() > kMostGone)
            remove(std::shared_ptr(m_gone.front()), "gone", kNobodyWaits);
        if (m_gone.size() == 1)
            api::spawnDetached(m_executor, forgetGone(), "prompts that nobody waits for");
    }
    if (!entry->isRemoved)
        tellChange(entry);
}

Task<void> Prompts::forgetGone()
{
    while (!m_gone.empty()) {
        const auto left = m_gone.front()->goneSince + kGreyed - std::chrono::steady_clock::now();
        if (left <= 0s) {
            remove(std::shared_ptr(m_gone.front()), "gone", kNobodyWaits);
            continue;
        }
        co_await api::sleepFor(std::chrono::ceil<std::chrono::milliseconds>(left));
    }
}

void Prompts::end(const std::shared_ptr<Entry>& entry, Answer answer, const std::string& rule,
                  By by)
{
    entry->outcome = Outcome{answer, entry->prompt.id, rule};
    entry->deadline.cancel();
    m_byKey.erase(entry->key);
    entry->decided.notifyAll();
    if (answer == Answer::TimedOut) {
        remove(entry, "timeout", "nobody answered in time, and it was denied");
        return;
    }
    const char* outcome = answer == Answer::Allow ? "allowed" : "denied";
    const std::string decider = rule == "default" ? "what it does by default" : "its rule " + rule;
    remove(entry, outcome,
           by == By::Person
               ? std::string("it was answered before, and ") + outcome
               : "the policy was changed meanwhile, and " + decider + " has " + outcome + " it");
}

void Prompts::remove(const std::shared_ptr<Entry>& entry, const char* outcome, std::string told)
{
    entry->isRemoved = true;
    std::erase(m_gone, entry);
    m_entries.erase(entry->number);
    m_ended[entry->prompt.id] = {outcome, std::move(told)};
    m_endedOrder.push_back(entry->prompt.id);
    if (m_endedOrder.size() > kRemembered) {
        m_ended.erase(m_endedOrder.front());
        m_endedOrder.pop_front();
    }
    m_listener(Change::Removed, entry->prompt, outcome);
}

api::PromptList Prompts::list() const
{
    api::PromptList list;
    list.dropped = m_dropped;
    for (const auto& [number, entry] : m_entries) {
        if (entry->prompt.count > 0)
            list.prompts.push_back(entry->prompt);
    }
    return list;
}

Result<Prompts::Question> Prompts::find(const std::string& id) const
{
    for (const auto& [number, entry] : m_entries) {
        if (entry->prompt.id != id)
            continue;
        if (entry->prompt.count == 0)
            return fail(ErrorCode::Gone,
                        "prompt " + id + " is over: " + kNobodyWaits + "; no rule was made");
        return Question{entry->wanted, entry->asker};
    }
    if (const auto ended = m_ended.find(id); ended != m_ended.end()) {
        return fail(ErrorCode::Gone,
                    "prompt " + id + " is over: " + ended->second.told + "; no rule was made",
                    {{"outcome", ended->second.outcome}});
    }
    return fail(ErrorCode::NotFound, "there is no prompt \"" + id +
                                         "\"; `egress prompts` lists "
                                         "those that wait");
}

Result<std::int64_t> Prompts::answer(const std::string& id, Answer answer, const std::string& rule)
{
    if (const Result<Question> question = find(id); !question)
        return std::unexpected(question.error());
    for (const auto& [number, entry] : m_entries) {
        if (entry->prompt.id != id)
            continue;
        const std::shared_ptr<Entry> held = entry;
        const std::int64_t count = held->prompt.count;
        end(held, answer, rule, By::Person);
        return count;
    }
    return 0;
}

void Prompts::decideAgain(const Decide& decide, const std::string& but)
{
    std::vector<std::shared_ptr<Entry>> waiting;
    for (const auto& [number, entry] : m_entries) {
        if (!entry->outcome && entry->prompt.count > 0 && entry->prompt.id != but)
            waiting.push_back(entry);
    }
    for (const auto& entry : waiting) {
        if (const auto outcome = decide(entry->wanted, entry->asker))
            end(entry, outcome->answer, outcome->rule, By::Policy);
    }
}

} // namespace caisson::keeper
