// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/prompts.h"

#include "backend/keeper/egress/flows.h"
#include "backend/keeper/egress/gate.h"
#include "backend/policy/policy_file.h"
#include "tests/support/temporary_folder.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <format>
#include <gtest/gtest.h>
#include <sstream>

namespace caisson::keeper {
namespace {

using api::Task;
using namespace api::asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

Wanted wantedAt(std::string host, std::string target = "/")
{
    return {policy::Protocol::Https, std::move(host), 443, "GET", std::move(target)};
}

Asker askerOf(std::int64_t pid, std::string exe)
{
    auto process = std::make_shared<FoundProcess>();
    process->info.pid = pid;
    process->info.exe = std::move(exe);
    return {std::move(process), "", ""};
}

class PromptsTest : public ::testing::Test
{
protected:
    /// One request that waits, until it is let go.
    struct Request
    {
        explicit Request(const api::asio::any_io_executor& executor)
            : gone(executor)
        {
        }
        Wanted wanted;
        Asker asker;
        std::size_t held = 0;
        api::Notifier gone;
        std::optional<Prompts::Outcome> outcome;
        bool hasLeft = false;
    };

    ~PromptsTest() override
    {
        // Nothing may still wait when what it waits for goes.
        for (const auto& request : m_requests)
            request->gone.notifyAll();
        run();
    }

    Request& ask(Wanted wanted, Asker asker = {}, std::size_t held = 0)
    {
        m_requests.push_back(std::make_unique<Request>(m_context.get_executor()));
        Request& request = *m_requests.back();
        request.wanted = std::move(wanted);
        request.asker = std::move(asker);
        request.held = held;
        api::asio::co_spawn(
            m_context,
            [](Prompts& prompts, Request& at) -> Task<void> {
                auto outcome =
                    co_await (prompts.ask(at.wanted, at.asker, at.held) || at.gone.wait());
                if (outcome.index() == 0)
                    at.outcome = std::get<0>(outcome);
                else
                    at.hasLeft = true;
            }(*m_prompts, request),
            [](std::exception_ptr thrown) {
                if (thrown)
                    std::rethrow_exception(thrown);
            });
        run();
        return request;
    }

    void leave(Request& request)
    {
        request.gone.notifyAll();
        run();
        EXPECT_TRUE(request.hasLeft);
    }

    void run()
    {
        m_context.restart();
        m_context.poll();
    }

    void make(std::chrono::milliseconds limit = 120s,
              std::chrono::milliseconds betweenChanges = 0ms)
    {
        m_prompts = std::make_unique<Prompts>(
            m_context.get_executor(), 3, limit,
            [this](Prompts::Change change, const api::Prompt& prompt, const std::string& why) {
                static const char* const kNames[] = {"+", "~", "-"};
                m_log += std::format("{}{}x{}{} ", kNames[static_cast<int>(change)], prompt.id,
                                     prompt.count, why);
            },
            betweenChanges);
    }

    std::string takeLog() { return std::exchange(m_log, {}); }

    api::asio::io_context m_context;
    std::string m_log;
    std::unique_ptr<Prompts> m_prompts;
    std::vector<std::unique_ptr<Request>> m_requests;
};

TEST_F(PromptsTest, TellWhatLeadsInside)
{
    make();
    for (const char* host : {"example.com", "203.0.113.7", "10.1.2.3", "127.0.0.1", "::1",
                             "::ffff:192.168.0.1", "localhost"})
        ask(wantedAt(host));
    run();
    std::vector<std::string> inner;
    for (const api::Prompt& prompt : m_prompts->list().prompts) {
        if (prompt.isPrivate)
            inner.push_back(prompt.host);
    }
    EXPECT_EQ(inner,
              (std::vector<std::string>{"10.1.2.3", "127.0.0.1", "::1", "::ffff:192.168.0.1"}));
}

TEST_F(PromptsTest, AnAnswerLetsAllThatAskTheSameGoOn)
{
    make();
    Request& first = ask(wantedAt("a.example"), askerOf(1, "/bin/curl"));
    Request& second = ask(wantedAt("a.example"), askerOf(2, "/bin/curl"));
    Request& other = ask(wantedAt("a.example"), askerOf(3, "/bin/wget"));
    EXPECT_EQ(takeLog(), "+p3-1x1 ~p3-1x2 +p3-2x1 ");
    ASSERT_EQ(m_prompts->list().prompts.size(), 2u);
    EXPECT_EQ(m_prompts->list().prompts[0].url, "https://a.example/");
    EXPECT_EQ(m_prompts->answer("p3-1", Prompts::Answer::Allow, ""), 2);
    run();
    EXPECT_EQ(takeLog(), "-p3-1x2allowed ");
    ASSERT_TRUE(first.outcome && second.outcome);
    EXPECT_EQ(first.outcome->answer, Prompts::Answer::Allow);
    EXPECT_EQ(second.outcome->prompt, "p3-1");
    EXPECT_FALSE(other.outcome);

    const auto again = m_prompts->answer("p3-1", Prompts::Answer::Deny, "");
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::Gone);
    EXPECT_EQ(again.error().detail.at("outcome"), "allowed");
    EXPECT_EQ(m_prompts->answer("p9-9", Prompts::Answer::Deny, "").error().code,
              ErrorCode::NotFound);

    // The next that asks the same is asked about anew: the answer was for those that waited.
    Request& later = ask(wantedAt("a.example"), askerOf(1, "/bin/curl"));
    EXPECT_EQ(takeLog(), "+p3-3x1 ");
    EXPECT_FALSE(later.outcome);
}

TEST_F(PromptsTest, APromptIsGreyedWhenItsLastRequestHasGone)
{
    make();
    Request& first = ask(wantedAt("a.example"));
    Request& second = ask(wantedAt("a.example"));
    takeLog();
    leave(first);
    EXPECT_EQ(takeLog(), "~p3-1x1 ");
    leave(second);
    EXPECT_EQ(takeLog(), "~p3-1x0 ");
    EXPECT_TRUE(m_prompts->list().prompts.empty()) << "only its listener greys it";
    EXPECT_EQ(m_prompts->answer("p3-1", Prompts::Answer::Allow, "").error().code, ErrorCode::Gone);
    // The same again is another prompt.
    ask(wantedAt("a.example"));
    EXPECT_EQ(takeLog(), "+p3-2x1 ");
    m_prompts->decideAgain(
        [](const Wanted&, const Asker&) {
            return Prompts::Outcome{Prompts::Answer::Deny, "", "r"};
        },
        "");
    EXPECT_EQ(takeLog(), "-p3-2x1denied ") << "not the one that has gone";
}

/// Whoever answered one that a change of the policy had ended was told that somebody had answered.
TEST_F(PromptsTest, ALaterAnswerIsToldWhatDecided)
{
    make();
    const auto told = [this](const std::string& id) {
        const auto late = m_prompts->answer(id, Prompts::Answer::Allow, "");
        EXPECT_EQ(late.error().code, ErrorCode::Gone);
        return late.error();
    };
    ask(wantedAt("a.example"));
    ask(wantedAt("b.example"));
    ask(wantedAt("c.example"));
    m_prompts->decideAgain(
        [](const Wanted& wanted, const Asker&) -> std::optional<Prompts::Outcome> {
            if (wanted.host == "c.example")
                return std::nullopt;
            return Prompts::Outcome{Prompts::Answer::Deny, "",
                                    wanted.host == "a.example" ? "r7" : "default"};
        },
        "");
    EXPECT_EQ(told("p3-1").message,
              "prompt p3-1 is over: the policy was changed meanwhile, and its "
              "rule r7 has denied it; no rule was made");
    EXPECT_EQ(told("p3-1").detail.at("outcome"), "denied");
    EXPECT_TRUE(told("p3-2").message.contains("what it does by default has denied it"));
    ASSERT_TRUE(m_prompts->answer("p3-3", Prompts::Answer::Deny, ""));
    EXPECT_TRUE(told("p3-3").message.contains("it was answered before, and denied"));
}

TEST_F(PromptsTest, NobodyAnswersInTime)
{
    make(20ms);
    Request& request = ask(wantedAt("a.example"));
    while (!request.outcome)
        m_context.run_one();
    EXPECT_EQ(request.outcome->answer, Prompts::Answer::TimedOut);
    EXPECT_EQ(request.outcome->prompt, "p3-1");
    EXPECT_EQ(m_prompts->find("p3-1").error().detail.at("outcome"), "timeout");
    EXPECT_TRUE(m_prompts->list().prompts.empty());
}

TEST_F(PromptsTest, AFloodIsBounded)
{
    make();
    for (int i = 0; i < 1000; ++i)
        ask(wantedAt(std::format("h{}.example", i)));
    EXPECT_EQ(m_prompts->list().prompts.size(), Prompts::kMostPrompts);
    EXPECT_EQ(m_prompts->list().dropped, 1000 - static_cast<int>(Prompts::kMostPrompts));
    EXPECT_EQ(m_requests.back()->outcome->answer, Prompts::Answer::TooMany);
    for (const auto& request : m_requests) {
        if (!request->outcome)
            leave(*request);
    }
    EXPECT_LE(m_prompts->list().prompts.size(), Prompts::kMostGone);
}

/// Who asks and goes away at once is shown for a moment; a flood of that once had no bound.
TEST_F(PromptsTest, AFloodOfThoseThatGoIsBounded)
{
    make();
    for (int i = 0; i < 1000; ++i)
        leave(ask(wantedAt(std::format("h{}.example", i))));
    std::istringstream told(takeLog());
    std::size_t removed = 0;
    for (std::string word; told >> word;)
        removed += word.starts_with('-') ? 1 : 0;
    EXPECT_EQ(removed, 1000 - Prompts::kMostGone) << "the rest is still greyed";
    EXPECT_EQ(m_prompts->list().dropped, 0);
}

// ---- the gate ------------------------------------------------------------------------------------

class GateTest : public PromptsTest
{
protected:
    GateTest()
    {
        make();
        m_policy = std::move(LivePolicy::open(m_folder.path(), LivePolicy::Opening::Start).value());
        m_gate = std::make_unique<Gate>(*m_policy, *m_prompts);
        m_policy->onChange = [this] {
            m_flows.decideAgain(*m_policy->matcher());
            m_prompts->decideAgain(
                [this](const Wanted& wanted,
                       const Asker& asker) -> std::optional<Prompts::Outcome> {
                    const auto verdict = m_gate->look(wanted, asker);
                    if (verdict.action == policy::Action::Ask)
                        return std::nullopt;
                    return Prompts::Outcome{verdict.pass.verdict == Pass::Verdict::Allow
                                                ? Prompts::Answer::Allow
                                                : Prompts::Answer::Deny,
                                            "", verdict.pass.grant.name()};
                },
                "");
        };
    }

    void put(const std::string& toml)
    {
        const auto replaced = m_policy->replace(policy::parsePolicy(toml).value());
        ASSERT_TRUE(replaced) << replaced.error().message;
    }

    static std::string ruleFor(const std::string& host, const std::string& action,
                               const std::string& more = "")
    {
        return "[[rule]]\nid = \"" + host + "-" + action + "\"\nhost = \"" + host +
               "\"\naction = \"" + action + "\"\n" + more;
    }

    struct Held
    {
        Wanted wanted;
        Asker asker;
        std::optional<Pass> pass;
    };
    Held* hold(Wanted wanted)
    {
        m_held.push_back(std::make_unique<Held>());
        Held* held = m_held.back().get();
        held->wanted = std::move(wanted);
        api::asio::co_spawn(
            m_context,
            [](GateTest& self, Held& at) -> Task<void> {
                auto verdict = self.m_gate->decide(at.wanted, at.asker);
                EXPECT_EQ(verdict.action, policy::Action::Ask);
                at.pass = co_await self.m_gate->ask(std::move(verdict.pass), at.wanted, at.asker,
                                                    self.m_gone.wait());
            }(*this, *held),
            [](std::exception_ptr thrown) {
                if (thrown)
                    std::rethrow_exception(thrown);
            });
        run();
        return held;
    }

    ~GateTest() override
    {
        m_gone.notifyAll();
        run();
    }

    test::TemporaryFolder m_folder;
    std::vector<std::unique_ptr<Held>> m_held;
    std::unique_ptr<LivePolicy> m_policy;
    std::unique_ptr<Gate> m_gate;
    Flows m_flows;
    api::Notifier m_gone{m_context.get_executor()};
};

TEST_F(GateTest, APersonsAnswerIsThePass)
{
    const auto allowed = hold(wantedAt("a.example"));
    const auto denied = hold(wantedAt("b.example"));
    const auto address = hold(wantedAt("192.0.2.1"));
    ASSERT_TRUE(m_prompts->answer("p3-1", Prompts::Answer::Allow, ""));
    ASSERT_TRUE(m_prompts->answer("p3-2", Prompts::Answer::Deny, ""));
    ASSERT_TRUE(m_prompts->answer("p3-3", Prompts::Answer::Allow, ""));
    run();
    EXPECT_EQ(allowed->pass->verdict, Pass::Verdict::Allow);
    EXPECT_EQ(allowed->pass->grant.name(), "prompt:p3-1");
    EXPECT_FALSE(allowed->pass->mayBePrivate);
    EXPECT_EQ(denied->pass->verdict, Pass::Verdict::Deny);
    EXPECT_EQ(denied->pass->grant.name(), "prompt:p3-2");
    EXPECT_TRUE(address->pass->mayBePrivate) << "whoever was shown an address means it";
    EXPECT_EQ(allowed->pass->why, "A person allowed it.");
    // A rule that is made of the row has to say private, and only the row can tell that.
    const auto inner = hold(wantedAt("10.0.0.2"));
    ASSERT_TRUE(m_prompts->answer("p3-4", Prompts::Answer::Allow, ""));
    run();
    EXPECT_EQ(inner->pass->why, "A person allowed it, to a private address or one of this host.");
}

TEST_F(GateTest, WhoGoesIsLeft)
{
    const auto held = hold(wantedAt("a.example"));
    m_gone.notifyAll();
    run();
    EXPECT_EQ(held->pass->verdict, Pass::Verdict::Left);
    EXPECT_TRUE(m_prompts->list().prompts.empty());
}

TEST_F(GateTest, AChangeOfThePolicyAnswersToo)
{
    const auto allowed = hold(wantedAt("a.example"));
    const auto denied = hold(wantedAt("b.example"));
    const auto waits = hold(wantedAt("c.example"));
    put(ruleFor("a.example", "allow",
                "private = true\n"
                "inject = { header = \"X-Key\", value = \"${secret:k}\" }\n") +
        ruleFor("b.example", "deny"));
    run();
    ASSERT_TRUE(allowed->pass && denied->pass);
    EXPECT_EQ(allowed->pass->verdict, Pass::Verdict::Allow);
    EXPECT_EQ(allowed->pass->grant.name(), "a.example-allow");
    EXPECT_TRUE(allowed->pass->inject.has_value());
    EXPECT_TRUE(allowed->pass->mayBePrivate);
    EXPECT_EQ(allowed->pass->generation, 2);
    EXPECT_EQ(denied->pass->verdict, Pass::Verdict::Deny);
    EXPECT_EQ(denied->pass->grant.name(), "b.example-deny");
    EXPECT_FALSE(waits->pass);
    EXPECT_EQ(m_policy->describe().rules.at(0).hits, 1) << "a look is no hit";
    EXPECT_EQ(m_policy->describe().rules.at(1).hits, 1);
}

/// Between an answer and the moment in which the request goes on, the policy may change once more.
TEST_F(GateTest, TheLastWordCounts)
{
    const auto held = hold(wantedAt("a.example"));
    ASSERT_TRUE(m_prompts->answer("p3-1", Prompts::Answer::Allow, ""));
    put("default = \"deny\"\n");
    run();
    EXPECT_EQ(held->pass->verdict, Pass::Verdict::Deny);

    put("default = \"ask\"\n");
    const auto second = hold(wantedAt("a.example"));
    put(ruleFor("a.example", "allow"));
    put("default = \"ask\"\n");
    run();
    EXPECT_EQ(second->pass->verdict, Pass::Verdict::Deny) << "the rule was taken back";
}

TEST_F(GateTest, AStreamThatATunnelRuleLetsPassIsOne)
{
    const auto held = hold({policy::Protocol::Tcp, "a.example", 22, "", ""});
    put(ruleFor("a.example", "tunnel", "ports = [22]\n"));
    run();
    ASSERT_TRUE(held->pass);
    EXPECT_EQ(held->pass->verdict, Pass::Verdict::Allow);
    EXPECT_TRUE(held->pass->grant.isTunnel);
}

// ---- flows under way -------------------------------------------------------------------------------

TEST_F(GateTest, FlowsAreCutWhenThePolicyWouldNotLetThemPass)
{
    struct Row
    {
        const char* name;
        Grant grant;
        std::string policy;
        bool isCut;
    };
    const std::string asks = "default = \"ask\"\n";
    const Grant byRule{Grant::By::Rule, "r"};
    const Grant byPrompt{Grant::By::Prompt, "p"};
    Grant toPrivate = byRule;
    toPrivate.address = policy::Address::parse("10.0.0.1");
    Grant toNetwork = byRule;
    toNetwork.address = policy::Address::parse("203.0.113.5");
    const std::string network = "[[rule]]\nid = \"n\"\naction = \"deny\"\ncidr = ";
    const Row rows[] = {
        {"still allowed", byRule, ruleFor("a.example", "allow"), false},
        {"denied", byRule, ruleFor("a.example", "deny"), true},
        {"its rule is gone, and others are asked about", byRule, asks, true},
        {"by default, which is to ask now", Grant{}, asks, true},
        {"a person said yes", byPrompt, asks, false},
        {"a person said yes, a rule says no", byPrompt, ruleFor("a.example", "deny"), true},
        {"to a private address, allowed still", toPrivate,
         ruleFor("a.example", "allow", "private = true\n"), false},
        {"to a private address, no more", toPrivate, ruleFor("a.example", "allow"), true},
        {"to a network that is denied by now", toNetwork,
         "default = \"allow\"\n" + network + "\"203.0.113.0/24\"\n", true},
        {"to another network", toNetwork,
         "default = \"allow\"\n" + network + "\"198.51.100.0/24\"\n", false},
        {"of a method that is allowed", byRule,
         ruleFor("a.example", "allow", "methods = [\"GET\"]\n"), false},
        {"of a method that is not", byRule, ruleFor("a.example", "allow", "methods = [\"PUT\"]\n"),
         true},
    };
    for (const Row& row : rows) {
        put("default = \"allow\"\n");
        const Wanted wanted = wantedAt("a.example");
        const Asker asker;
        int cuts = 0;
        const Flows::Entry flow(m_flows, wanted, asker, row.grant, [&] { ++cuts; });
        put(row.policy);
        EXPECT_EQ(flow.wasCut(), row.isCut) << row.name;
        EXPECT_EQ(cuts, row.isCut ? 1 : 0) << row.name;
        put(row.policy);
        EXPECT_EQ(cuts, row.isCut ? 1 : 0) << row.name << ": once";
    }
    EXPECT_EQ(m_flows.size(), 0u);
}

TEST_F(GateTest, TunnelsAreCutWhenTheyAreToBeOpened)
{
    const Wanted wanted{policy::Protocol::Tls, "a.example", 443, "", ""};
    const Asker asker;
    const Grant grant{Grant::By::Rule, "a.example-tunnel", true};
    put(ruleFor("a.example", "tunnel"));
    const Flows::Entry flow(m_flows, wanted, asker, grant, [] {});
    put("default = \"allow\"\n" + ruleFor("a.example", "tunnel"));
    EXPECT_FALSE(flow.wasCut());
    put("default = \"allow\"\n" + ruleFor("a.example", "allow"));
    EXPECT_TRUE(flow.wasCut());
}

TEST_F(GateTest, ACutMayEndOtherFlows)
{
    put("default = \"allow\"\n");
    const Wanted wanted = wantedAt("a.example");
    const Wanted stays = wantedAt("b.example");
    const Asker asker;
    const Grant grant;
    std::vector<std::unique_ptr<Flows::Entry>> flows;
    std::size_t cuts = 0;
    constexpr std::size_t kFlows = 5000;
    for (std::size_t i = 0; i < kFlows; ++i)
        flows.push_back(std::make_unique<Flows::Entry>(m_flows, i % 2 ? wanted : stays, asker,
                                                       grant, [&flows, &cuts, i] {
                                                           ++cuts;
                                                           flows[i].reset();
                                                           if (i >= 2)
                                                               flows[i - 2].reset();
                                                           if (i + 2 < kFlows)
                                                               flows[i + 2].reset();
                                                       }));
    put("default = \"allow\"\n" + ruleFor("a.example", "deny"));
    std::size_t left = 0;
    for (std::size_t i = 0; i < kFlows; ++i) {
        EXPECT_EQ(flows[i] != nullptr, i % 2 == 0) << i;
        left += flows[i] ? 1 : 0;
    }
    EXPECT_EQ(left, kFlows / 2);
    EXPECT_GE(cuts, kFlows / 6);
    EXPECT_EQ(m_flows.size(), kFlows / 2);
}

/// 9,000 short requests for one URL were 18,000 events, each of which caissond kept.
TEST_F(PromptsTest, aFloodOfOneRequestIsAFewCounts)
{
    make(120s, 50ms);
    for (int i = 0; i < 500; ++i)
        ask(wantedAt("a.example"));
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (!m_log.contains("x500 ") && std::chrono::steady_clock::now() < until) {
        m_context.restart();
        m_context.run_one();
    }
    const std::string log = takeLog();
    EXPECT_TRUE(log.ends_with("x500 ")) << log;
    EXPECT_LT(std::ranges::count(log, '~'), 50) << log;
}

/// What waits takes memory, whoever answers or does not.
TEST_F(PromptsTest, whatWaitsIsBoundedInBytes)
{
    make();
    ask(wantedAt("a.example"), {}, Prompts::kMostHeld - 10);
    Request& tooMuch = ask(wantedAt("b.example"), {}, 11);
    ASSERT_TRUE(tooMuch.outcome);
    EXPECT_EQ(tooMuch.outcome->answer, Prompts::Answer::TooMany);
    EXPECT_EQ(m_prompts->list().dropped, 1);
    leave(*m_requests.front());
    EXPECT_FALSE(ask(wantedAt("b.example"), {}, Prompts::kMostHeld).outcome);
}

TEST_F(PromptsTest, aLongUrlIsToldByItsEnds)
{
    make();
    Wanted wanted = wantedAt("a.example");
    wanted.target = "/begin" + std::string(10'000, 'a') + "/end";
    ask(wanted);
    const api::Prompt prompt = m_prompts->list().prompts.at(0);
    EXPECT_TRUE(prompt.url.starts_with("https://a.example/beginaaa"));
    EXPECT_TRUE(prompt.url.contains("a…a"));
    EXPECT_TRUE(prompt.url.ends_with("aaa/end"));
    EXPECT_LT(prompt.url.size(), Prompts::kMostUrl + 10);
    EXPECT_LT(prompt.path.size(), Prompts::kMostUrl + 10);
    EXPECT_EQ(m_prompts->find(prompt.id)->wanted.target, wanted.target);
}

} // namespace
} // namespace caisson::keeper
