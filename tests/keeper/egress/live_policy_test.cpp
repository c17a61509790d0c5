// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/live_policy.h"

#include "backend/api/codec.h"
#include "backend/api/keeperlink.h"
#include "backend/base/clock.h"
#include "backend/base/files.h"
#include "backend/keeper/egress/rule_message.h"
#include "tests/support/temporary_folder.h"

#include <gtest/gtest.h>

namespace caisson::keeper {
namespace {

using Opening = LivePolicy::Opening;
using namespace std::chrono_literals;

policy::Request requestFor(std::string_view host)
{
    return {policy::Protocol::Https, host, 443, "GET", "/", {}, 0};
}

class LivePolicyTest : public ::testing::Test
{
protected:
    std::unique_ptr<LivePolicy> open(Opening opening = Opening::Start)
    {
        auto opened = LivePolicy::open(m_folder.path(), opening);
        if (!opened)
            throw std::runtime_error(opened.error().message);
        return std::move(*opened);
    }

    static std::string verdict(const LivePolicy& policy, std::string_view host)
    {
        return policy.explain(requestFor(host)).verdict;
    }

    static api::PutPolicy toml(std::string text)
    {
        api::PutPolicy put;
        put.toml = std::move(text);
        return put;
    }

    void write(const std::string& name, const std::string& text)
    {
        ASSERT_TRUE(writeFileAtomically(m_folder / name, text));
    }
    api::PolicyState state()
    {
        return api::fromJson<api::PolicyState>(readFile(m_folder / "policy.json").value()).value();
    }

    test::TemporaryFolder m_folder;
};

TEST_F(LivePolicyTest, ANewSandboxAsks)
{
    const auto policy = open();
    EXPECT_EQ(policy->generation(), 1);
    EXPECT_EQ(verdict(*policy, "example.com"), "ask");
    EXPECT_EQ(policy->nextExpiry(policy::momentNow()), policy::Moment::max());
}

TEST_F(LivePolicyTest, EachChangeIsAGenerationAndIsWritten)
{
    const auto policy = open();
    int changes = 0;
    policy->onChange = [&] { ++changes; };
    const auto before = policy->matcher();
    EXPECT_EQ(
        policy->replace(toml("default = \"deny\"\n[[rule]]\nid = \"a\"\nhost = \"a.example\"\n"
                             "action = \"allow\"\n")),
        2);
    EXPECT_EQ(before->decide(requestFor("a.example"), policy::momentNow()).action,
              policy::Action::Ask)
        << "what was held stays as it was";
    EXPECT_EQ(verdict(*policy, "a.example"), "allow");
    EXPECT_EQ(verdict(*policy, "b.example"), "deny");
    EXPECT_EQ(changes, 1);
    EXPECT_EQ(verdict(*open(Opening::Look), "a.example"), "allow");
    EXPECT_EQ(open(Opening::Look)->generation(), 2);
}

TEST_F(LivePolicyTest, WhatIsWrongIsRefusedWhole)
{
    const auto policy = open();
    ASSERT_TRUE(
        policy->replace(toml("default = \"deny\"\n[[rule]]\nid = \"a\"\nhost = \"a.example\"\n"
                             "action = \"allow\"\n")));
    const auto refused =
        policy->replace(toml("default = \"allow\"\n[[rule]]\nhost = \"b.example\"\n"
                             "action = \"perhaps\"\n"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::BadRequest);
    EXPECT_EQ(refused.error().detail.at("line"), "4");

    api::PutPolicy both = toml("default = \"allow\"\n");
    both.defaultAction = "deny";
    EXPECT_FALSE(policy->replace(both));

    api::PutPolicy stale = toml("default = \"allow\"\n");
    stale.generation = 1;
    const auto conflict = policy->replace(stale);
    ASSERT_FALSE(conflict);
    EXPECT_EQ(conflict.error().code, ErrorCode::PreconditionFailed);

    api::PatchPolicy patch;
    patch.remove = {"a"};
    patch.update = {{.id = "none", .host = "x.example"}};
    EXPECT_EQ(policy->patch(patch).error().code, ErrorCode::NotFound);
    patch = {};
    patch.add = {{.host = "c.example", .action = "allow"}, {.host = "no host", .action = "allow"}};
    EXPECT_FALSE(policy->patch(patch));
    patch.add = {{.host = "c.example", .ports = {0}, .action = "allow"}};
    EXPECT_FALSE(policy->patch(patch));
    patch.add = {{.host = "c.example", .action = "allow"}};
    patch.forSeconds = -1;
    EXPECT_FALSE(policy->patch(patch));

    EXPECT_EQ(policy->generation(), 2);
    EXPECT_EQ(verdict(*policy, "a.example"), "allow");
    EXPECT_EQ(verdict(*policy, "c.example"), "deny");
}

/// A rule that was added alone was refused with the line and column of a file that nobody had written.
TEST_F(LivePolicyTest, OnlyAFileHasLines)
{
    const auto policy = open();
    api::PatchPolicy patch;
    patch.add = {{.host = "no host", .action = "allow"}};
    const auto added = policy->patch(patch);
    ASSERT_FALSE(added);
    EXPECT_FALSE(added.error().message.contains("line")) << added.error().message;
    EXPECT_FALSE(added.error().message.empty());
    EXPECT_FALSE(added.error().detail.contains("line"));
    const auto put = policy->replace(toml("[[rule]]\nhost = \"no host\"\naction = \"allow\"\n"));
    ASSERT_FALSE(put);
    EXPECT_TRUE(put.error().message.starts_with("line 2, column 8: ")) << put.error().message;
    const auto nothing = policy->replace(api::PutPolicy{});
    ASSERT_FALSE(nothing);
    EXPECT_TRUE(nothing.error().message.contains("\"toml\"")) << nothing.error().message;
    EXPECT_TRUE(policy->replace(toml("# nothing\n")).error().message.starts_with("line 1"));
}

TEST_F(LivePolicyTest, OnlySecretsThatAreStoredArePutIn)
{
    const auto text = [](const std::string& secret) {
        return "default = \"deny\"\n\n[[rule]]\nid = \"a\"\nhost = \"a.example.com\"\naction = "
               "\"allow\"\n"
               "inject = { header = \"X-Key\", value = \"${secret:" +
               secret + "}\" }\n";
    };
    const auto policy = open();
    // Nobody has said what there is.
    EXPECT_TRUE(policy->replace(api::PutPolicy{.toml = text("lost")}));
    policy->knownSecrets = {"key"};
    // What is in force may stay and be worked on.
    EXPECT_TRUE(policy->replace(api::PutPolicy{.toml = "# a remark\n" + text("lost")}));
    EXPECT_TRUE(policy->replace(api::PutPolicy{.toml = text("key")}));
    const auto refused = policy->replace(api::PutPolicy{.toml = text("lost")});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::BadRequest);
    EXPECT_EQ(refused.error().detail.at("line"), "7");
    EXPECT_EQ(refused.error().detail.at("column"), "39");
    EXPECT_TRUE(refused.error().message.starts_with("line 7, column 39: "))
        << refused.error().message;
    api::PatchPolicy patch;
    patch.update = policy->describe().rules;
    patch.update[0].inject->value = "Bearer ${secret:lost}";
    const auto patched = policy->patch(patch);
    ASSERT_FALSE(patched);
    EXPECT_EQ(patched.error().detail.at("secret"), "lost");
    EXPECT_EQ(policy->describe().rules[0].inject->value, "${secret:key}");
}

TEST_F(LivePolicyTest, APatchOfNothingIsNoGeneration)
{
    const auto policy = open();
    bool isChanged = false;
    policy->onChange = [&] { isChanged = true; };
    EXPECT_TRUE(policy->patch({}));
    EXPECT_EQ(policy->generation(), 1);
    EXPECT_FALSE(isChanged);
    api::PatchPolicy stale;
    stale.generation = 7;
    EXPECT_EQ(policy->patch(stale).error().code, ErrorCode::PreconditionFailed);
}

/// The line of a file was named that nobody had in front of them.
TEST_F(LivePolicyTest, AnIdIsTakenOnce)
{
    const auto policy = open();
    api::PatchPolicy patch;
    patch.add = {{.id = "e", .host = "a.example", .action = "allow"}};
    ASSERT_TRUE(policy->patch(patch));
    const auto again = policy->patch(patch);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::Exists);
    EXPECT_TRUE(again.error().message.contains("a rule \"e\" already")) << again.error().message;
    patch.remove = {"e"};
    EXPECT_TRUE(policy->patch(patch)) << "it is given back first";
    api::PutPolicy twice;
    twice.rules = {patch.add[0], patch.add[0]};
    twice.defaultAction = "ask";
    const auto put = policy->replace(twice);
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().message, "there are two rules of the id \"e\"");
}

/// It was taken, and gone after the start.
TEST_F(LivePolicyTest, AStoppedSandboxTakesNoRuleForItsSession)
{
    const auto policy = open(Opening::Look);
    api::PatchPolicy patch;
    patch.add = {{.host = "a.example", .action = "allow", .lasts = "session"}};
    const auto added = policy->patch(patch);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code, ErrorCode::Conflict);
    EXPECT_TRUE(added.error().message.contains("does not run")) << added.error().message;
    EXPECT_TRUE(policy->policy().rules.empty());
    patch.add[0].lasts = "always";
    EXPECT_TRUE(policy->patch(patch));
    // One that was there when it stopped may be moved.
    ASSERT_TRUE(policy->replace(toml("[[rule]]\nid = \"s\"\nhost = \"s.example\"\n"
                                     "action = \"allow\"\nlasts = \"session\"\n")));
    patch.remove = {"s"};
    patch.add = policy->describe().rules;
    EXPECT_TRUE(policy->patch(patch));
}

TEST_F(LivePolicyTest, WhatCannotBeWrittenIsNotInForce)
{
    const auto policy = open();
    std::filesystem::remove_all(m_folder.path());
    EXPECT_FALSE(policy->replace(toml("default = \"allow\"\n")));
    EXPECT_EQ(verdict(*policy, "a.example"), "ask");
    EXPECT_EQ(policy->generation(), 1);
}

TEST_F(LivePolicyTest, APatchRemovesUpdatesAndAddsInOrder)
{
    const auto policy = open();
    api::PatchPolicy patch;
    patch.add = {{.id = "one", .host = "one.example", .action = "allow"},
                 {.host = "two.example", .action = "allow"}};
    const auto added = policy->patch(patch);
    ASSERT_TRUE(added);
    EXPECT_EQ(*added, (std::vector<std::string>{"one", "r1"}));
    patch = {};
    patch.add = {{.id = "between", .host = "x.example"}};
    patch.before = "r1";
    patch.update = {{.id = "one", .host = "one.example", .action = "deny"}};
    patch.defaultAction = "allow";
    ASSERT_TRUE(policy->patch(patch));
    std::string order;
    for (const api::EgressRule& rule : policy->describe().rules)
        order += rule.id + "=" + rule.action + " ";
    EXPECT_EQ(order, "one=deny between=deny r1=allow ");
    EXPECT_EQ(policy->describe().defaultAction, "allow");
    policy::Rule rule;
    rule.host = "more.example";
    rule.action = policy::Action::Allow;
    EXPECT_EQ(policy->add(rule, "between"), "r2");
    EXPECT_EQ(policy->add(rule, ""), "r3");
    EXPECT_EQ(policy->add(rule, "none-such"), "r4");
    order.clear();
    for (const api::EgressRule& each : policy->describe().rules)
        order += each.id + " ";
    EXPECT_EQ(order, "one r2 between r1 r3 r4 ");
}

TEST_F(LivePolicyTest, HitsOutliveARestart)
{
    {
        const auto policy = open();
        ASSERT_TRUE(policy->replace(toml("[[rule]]\nid = \"a\"\nhost = \"a.example\"\n"
                                         "action = \"allow\"\n")));
        policy->countHit("a");
        policy->countHit("a");
    }
    const auto policy = open();
    EXPECT_EQ(policy->describe().rules.at(0).hits, 2);
    EXPECT_FALSE(policy->describe().rules.at(0).last.empty());
    EXPECT_EQ(policy->generation(), 2) << "counting is no change";
    ASSERT_TRUE(policy->replace(toml("[[rule]]\nid = \"a\"\nhost = \"b.example\"\n"
                                     "action = \"allow\"\n")));
    EXPECT_EQ(policy->describe().rules.at(0).hits, 0) << "another rule of the same id";
    EXPECT_TRUE(policy->describe().rules.at(0).last.empty());
    ASSERT_TRUE(policy->replace(toml("default = \"deny\"\n")));
    ASSERT_TRUE(policy->replace(toml("[[rule]]\nid = \"a\"\nhost = \"a.example\"\n"
                                     "action = \"deny\"\n")));
    EXPECT_EQ(policy->describe().rules.at(0).hits, 2) << "a rule that came back";
}

/// A file without ids was imported, and its first rule had the hits of "r1", which it was not; an
/// answer became the "r4" that the log knew as another rule.
TEST_F(LivePolicyTest, AnIdIsGivenOnce)
{
    const auto add = [](LivePolicy& policy) {
        policy::Rule rule;
        rule.host = "a.example";
        return policy.add(rule, "").value();
    };
    {
        const auto policy = open();
        EXPECT_EQ(add(*policy), "r1");
        policy->countHit("r1");
        api::PatchPolicy patch;
        patch.add = {{.host = "b.example"}, {.id = "r2", .host = "c.example"}};
        EXPECT_EQ(policy->patch(patch).value(), (std::vector<std::string>{"r3", "r2"}));
        ASSERT_TRUE(policy->replace(toml("[[rule]]\nhost = \"a.example\"\naction = \"allow\"\n")));
        EXPECT_EQ(policy->describe().rules.at(0).id, "r4");
        EXPECT_EQ(policy->describe().rules.at(0).hits, 0);
        api::PutPolicy put;
        put.defaultAction = "ask";
        put.rules = {{.host = "d.example"}};
        ASSERT_TRUE(policy->replace(put));
        EXPECT_EQ(policy->describe().rules.at(0).id, "r5");
        ASSERT_TRUE(policy->replace(toml("default = \"deny\"\n")));
    }
    EXPECT_EQ(add(*open()), "r6") << "not forgotten with the keeper";

    // The rules that a start leaves behind had theirs too.
    write("policy.toml", "[[rule]]\nid = \"r20\"\nhost = \"s.example\"\naction = \"allow\"\n"
                         "lasts = \"session\"\n");
    EXPECT_EQ(add(*open()), "r21");
}

TEST_F(LivePolicyTest, RulesOfASessionEndWithIt)
{
    {
        const auto policy = open();
        ASSERT_TRUE(policy->replace(toml("default = \"deny\"\n"
                                         "[[rule]]\nid = \"s\"\nhost = \"s.example\"\n"
                                         "action = \"allow\"\nlasts = \"session\"\n"
                                         "[[rule]]\nid = \"p\"\nhost = \"p.example\"\n"
                                         "action = \"allow\"\nlasts = \"process\"\npid = 7\n"
                                         "[[rule]]\nid = \"a\"\nhost = \"a.example\"\n"
                                         "action = \"allow\"\n")));
    }
    {
        // Explained as the next start will have it; kept, and marked.
        const auto stopped = open(Opening::Look);
        EXPECT_EQ(verdict(*stopped, "s.example"), "deny");
        EXPECT_EQ(verdict(*stopped, "a.example"), "allow");
        EXPECT_EQ(stopped->describe().rules.size(), 3u);
        const std::string toml = stopped->describe().toml;
        EXPECT_TRUE(toml.contains("# gone at the next start\n[[rule]]\nid = \"s\"")) << toml;
        EXPECT_TRUE(toml.contains("# gone at the next start\n[[rule]]\nid = \"p\"")) << toml;
        EXPECT_FALSE(toml.contains("start\n[[rule]]\nid = \"a\"")) << toml;
    }
    const auto policy = open();
    EXPECT_EQ(verdict(*policy, "s.example"), "deny");
    EXPECT_EQ(verdict(*policy, "a.example"), "allow");
    EXPECT_EQ(policy->describe().rules.size(), 1u);
}

TEST_F(LivePolicyTest, WhatHasEndedIsMarked)
{
    const auto policy = open();
    ASSERT_TRUE(policy->replace(toml("[[rule]]\nid = \"over\"\nhost = \"a.example\"\n"
                                     "action = \"allow\"\nnote = \"\\n[[rule]]\\n\"\n"
                                     "expires = 2020-01-01T00:00:00Z\n"
                                     "[[rule]]\nid = \"on\"\nhost = \"b.example\"\n"
                                     "action = \"allow\"\nexpires = 2199-01-01T00:00:00Z\n")));
    const std::string shown = policy->describe().toml;
    EXPECT_TRUE(shown.contains("# ended\n[[rule]]\nid = \"over\"")) << shown;
    EXPECT_TRUE(shown.contains("\n\n[[rule]]\nid = \"on\"")) << shown;
    ASSERT_TRUE(policy->replace(toml(shown)));
}

/// What the proxy refuses by itself was said to be allowed.
TEST_F(LivePolicyTest, ExplainsWhatNoRuleCanAllow)
{
    const auto policy = open();
    ASSERT_TRUE(policy->replace(
        toml("default = \"allow\"\n"
             "[[rule]]\nid = \"in\"\nhost = \"10.0.0.2\"\naction = \"allow\"\nprivate = true\n"
             "[[rule]]\nid = \"put\"\nhost = \"api.example\"\naction = \"allow\"\n"
             "inject = { header = \"Authorization\", value = \"${secret:key}\" }\n")));
    const auto explained = [&](const policy::Request& request) {
        const api::Explanation said = policy->explain(request);
        return said.verdict + " " + said.rule;
    };
    EXPECT_EQ(explained(requestFor("10.0.0.1")), "deny default");
    EXPECT_TRUE(policy->explain(requestFor("127.0.0.1")).why.contains("private = true"));
    EXPECT_EQ(explained(requestFor("::ffff:127.0.0.1")), "deny default");
    EXPECT_EQ(explained(requestFor("10.0.0.2")), "allow in");
    EXPECT_EQ(explained(requestFor("192.0.2.1.example")), "allow default");

    EXPECT_EQ(explained(requestFor("api.example")), "allow put")
        << "nobody has said what is stored";
    policy->knownSecrets.emplace();
    EXPECT_EQ(explained(requestFor("api.example")), "deny put");
    EXPECT_TRUE(policy->explain(requestFor("api.example")).why.contains("\"key\""));
    EXPECT_TRUE(policy->explain(requestFor("api.example")).secrets.empty());
    policy->knownSecrets->insert("key");
    EXPECT_EQ(explained(requestFor("api.example")), "allow put");
    EXPECT_EQ(policy->explain(requestFor("api.example")).secrets, std::vector<std::string>{"key"});

    policy::Request leaking = requestFor("api.example");
    leaking.target = "/?x=%24%7Bsecret:key%7D";
    EXPECT_EQ(explained(leaking), "deny put");
    EXPECT_TRUE(policy->explain(leaking).why.contains("placeholder"));
}

/// An allowed name that led to this host was refused in fact, and a secret went out in clear with
/// nobody having been told.
TEST_F(LivePolicyTest, ExplainTellsWhatARuleAloneDoesNot)
{
    const auto policy = open();
    ASSERT_TRUE(policy->replace(
        toml("default = \"deny\"\n"
             "[[rule]]\nid = \"in\"\nhost = \"inner.example\"\naction = \"allow\"\nprivate = true\n"
             "[[rule]]\nid = \"at\"\nhost = \"203.0.113.7\"\naction = \"allow\"\n"
             "[[rule]]\nid = \"put\"\nhost = \"api.example\"\naction = \"allow\"\n"
             "inject = { header = \"Authorization\", value = \"${secret:key}\" }\n")));
    const auto why = [&](std::string_view host, policy::Protocol protocol) {
        policy::Request request = requestFor(host);
        request.protocol = protocol;
        return policy->explain(request).why;
    };
    constexpr const char* kResolved = "when the name is resolved";
    constexpr const char* kClear = "everybody on the way can read";
    EXPECT_TRUE(why("api.example", policy::Protocol::Https).contains(kResolved));
    EXPECT_FALSE(why("inner.example", policy::Protocol::Https).contains(kResolved));
    EXPECT_FALSE(why("203.0.113.7", policy::Protocol::Https).contains(kResolved));
    EXPECT_FALSE(why("other.example", policy::Protocol::Https).contains(kResolved));
    EXPECT_FALSE(why("api.example", policy::Protocol::Https).contains(kClear));
    EXPECT_TRUE(why("api.example", policy::Protocol::Http).contains(kClear));
    EXPECT_FALSE(why("inner.example", policy::Protocol::Http).contains(kClear));
}

/// Whoever waits for the end of rules asks for the one behind what has been seen to; asked for the one
/// behind now, the rule that has just ended was passed over, and its flows went on.
TEST_F(LivePolicyTest, TheNextEndIsNotPassedOver)
{
    const auto policy = open();
    api::PatchPolicy patch;
    patch.add = {{.host = "a.example", .action = "allow"}};
    patch.forSeconds = 900;
    const policy::Moment before = policy::momentNow();
    ASSERT_TRUE(policy->patch(patch));
    const policy::Moment end = policy->nextExpiry(before);
    EXPECT_GE(end, before + 899s);
    EXPECT_LE(end, policy::momentNow() + 901s);
    EXPECT_EQ(policy->nextExpiry(end - 1ns), end);
    EXPECT_EQ(policy->nextExpiry(end), policy::Moment::max());
    EXPECT_EQ(policy->matcher()->decide(requestFor("a.example"), end - 1ns).action,
              policy::Action::Allow);
    EXPECT_EQ(policy->matcher()->decide(requestFor("a.example"), end).action, policy::Action::Ask);
}

TEST_F(LivePolicyTest, AnEndStaysWhereItIsWhateverElseChanges)
{
    auto policy = open();
    api::PatchPolicy patch;
    patch.add = {{.id = "timed", .host = "a.example", .action = "allow"}};
    patch.forSeconds = 900;
    ASSERT_TRUE(policy->patch(patch));
    const policy::Moment end = policy->nextExpiry(policy::Moment(0));
    patch = {};
    patch.add = {{.host = "b.example"}};
    ASSERT_TRUE(policy->patch(patch));
    EXPECT_EQ(policy->nextExpiry(policy::Moment(0)), end);
    policy.reset();
    EXPECT_EQ(open()->nextExpiry(policy::Moment(0)), end);
}

/// The wall clock was changed while the keeper was not there: what counts is the time that has passed.
TEST_F(LivePolicyTest, AChangedClockMovesNoEnd)
{
    const WallTime wall = std::chrono::system_clock::now();
    const std::string past = toRfc3339(wall - 24h);
    const std::string future = toRfc3339(wall + 24h);
    const policy::Moment now = policy::momentNow();
    const auto rule = [](const std::string& id, const std::string& expires) {
        return "[[rule]]\nid = \"" + id + "\"\nhost = \"" + id +
               ".example\"\naction = \"allow\"\n" + "expires = " + expires + "\n";
    };
    write("policy.toml", "default = \"deny\"\n" + rule("ahead", past) + rule("behind", future));
    api::PolicyState state;
    state.generation = 5;
    state.boot = bootId();
    state.rules = {{.id = "ahead", .expires = past, .moment = (now + 600s).count()},
                   {.id = "behind", .expires = future, .moment = (now - 1s).count()}};
    write("policy.json", api::toJson(state));
    const auto policy = open();
    EXPECT_EQ(verdict(*policy, "ahead.example"), "allow") << "it has ten minutes left";
    EXPECT_EQ(verdict(*policy, "behind.example"), "deny") << "its time is over";
    EXPECT_EQ(policy->generation(), 5);
}

/// After a reboot there is only the wall clock to go by. What comes of it is written down, so that
/// a clock that is put right later moves nothing.
TEST_F(LivePolicyTest, AfterARebootTheWallClockCountsOnce)
{
    const std::string future = toRfc3339(std::chrono::system_clock::now() + 600s);
    write("policy.toml", "default = \"deny\"\n[[rule]]\nid = \"a\"\nhost = \"a.example\"\n"
                         "action = \"allow\"\nexpires = " +
                             future + "\n");
    api::PolicyState old;
    old.generation = 3;
    old.boot = "another";
    old.rules = {{.id = "a", .expires = future, .moment = 1}};
    write("policy.json", api::toJson(old));
    const policy::Moment now = policy::momentNow();
    EXPECT_EQ(verdict(*open(), "a.example"), "allow");
    EXPECT_EQ(state().boot, bootId());
    ASSERT_EQ(state().rules.size(), 1u);
    EXPECT_NEAR(static_cast<double>((policy::Moment(state().rules[0].moment) - now).count()), 600e9,
                5e9);
    EXPECT_EQ(state().generation, 3);
}

/// Killed between its two files, a keeper left the new rules under the old generation's number, which
/// then stood for two policies in the log, and let a change pass that was made for the old one.
TEST_F(LivePolicyTest, KilledBetweenItsFilesItIsTheNewPolicy)
{
    auto policy = open();
    ASSERT_TRUE(policy->replace(toml("default = \"deny\"\n[[rule]]\nid = \"a\"\n"
                                     "host = \"a.example\"\naction = \"allow\"\n")));
    const std::string before = readFile(m_folder / "policy.json").value();
    api::PatchPolicy patch;
    patch.add = {{.id = "timed", .host = "b.example", .action = "allow"}};
    patch.forSeconds = 900;
    ASSERT_TRUE(policy->patch(patch));
    ASSERT_EQ(policy->generation(), 3);
    const policy::Moment end = policy->nextExpiry(policy::Moment(0));
    policy.reset();
    write("policy.json", before);

    policy = open();
    EXPECT_EQ(policy->generation(), 3);
    EXPECT_EQ(verdict(*policy, "a.example") + verdict(*policy, "b.example"), "allowallow");
    EXPECT_NEAR(static_cast<double>((policy->nextExpiry(policy::Moment(0)) - end).count()), 0, 5e9);
    EXPECT_EQ(policy->replace(toml("default = \"ask\"\n")), 4);
    policy.reset();
    EXPECT_EQ(open()->generation(), 4);
    EXPECT_TRUE(readFile(m_folder / "policy.toml").value().starts_with("# generation 4\n"));

    // One whose second file cannot be written is in force, now as after the next start.
    policy = open();
    std::filesystem::remove(m_folder / "policy.json");
    std::filesystem::create_directory(m_folder / "policy.json");
    EXPECT_EQ(policy->replace(toml("default = \"allow\"\n")), 5);
    EXPECT_EQ(verdict(*policy, "a.example"), "allow");
    policy.reset();
    EXPECT_EQ(open()->generation(), 5);
    EXPECT_EQ(verdict(*open(), "a.example"), "allow");
    std::filesystem::remove(m_folder / "policy.json");
    write("policy.json", before);

    // One that a person wrote has none.
    write("policy.toml", "# generation of rules\ndefault = \"deny\"\n");
    EXPECT_EQ(open()->generation(), 2);
    EXPECT_EQ(verdict(*open(), "a.example"), "deny");
}

TEST_F(LivePolicyTest, APolicyThatCannotBeReadLetsNothingStart)
{
    write("policy.toml", "default = \"al");
    const auto opened = LivePolicy::open(m_folder.path(), Opening::Start);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::BadRequest);
    write("policy.toml", "default = \"deny\"\n");
    write("policy.json", "{ nothing of the kind");
    EXPECT_EQ(verdict(*open(), "a.example"), "deny") << "counts and generation are not worth it";
}

/// The refusal said to set it anew, and setting it anew was refused with the same words.
TEST_F(LivePolicyTest, APolicyThatCannotBeReadCanBeReplaced)
{
    write("policy.toml", "# generation 7, ids to r9\ndefault = \"al");
    const auto looked = LivePolicy::open(m_folder.path(), Opening::Look);
    ASSERT_FALSE(looked);
    EXPECT_TRUE(looked.error().message.contains("egress set NAME FILE")) << looked.error().message;
    auto policy = open(Opening::Replace);
    EXPECT_EQ(verdict(*policy, "a.example"), "deny");
    ASSERT_FALSE(policy->replace(toml("default = \"perhaps\"\n")));
    EXPECT_EQ(policy->replace(toml("default = \"deny\"\n[[rule]]\nhost = \"b.example\"\n"
                                   "action = \"allow\"\nlasts = \"session\"\n")),
              8);
    EXPECT_EQ(policy->policy().rules.front().id, "r10") << "the log has rows of the older ones";
    EXPECT_TRUE(policy->describe().toml.contains("# gone at the next start")) << "as for a look";
    policy.reset();
    EXPECT_EQ(verdict(*open(), "b.example"), "deny");
}

/// With its file gone, a sandbox that denied everything asked.
TEST_F(LivePolicyTest, APolicyWhoseFileIsGoneIsNoNewOne)
{
    ASSERT_TRUE(open()->replace(toml("default = \"deny\"\n")));
    std::filesystem::remove(m_folder / "policy.toml");
    for (const Opening opening : {Opening::Start, Opening::Look}) {
        const auto opened = LivePolicy::open(m_folder.path(), opening);
        ASSERT_FALSE(opened);
        EXPECT_TRUE(opened.error().message.contains("gone")) << opened.error().message;
    }
    EXPECT_EQ(verdict(*open(Opening::Replace), "a.example"), "deny");
    EXPECT_EQ(open(Opening::Replace)->replace(toml("default = \"allow\"\n")), 3);
    EXPECT_EQ(verdict(*open(), "a.example"), "allow");
}

TEST(RuleMessageTest, ARuleComesBackAsItWent)
{
    api::EgressRule message;
    message.id = "r";
    message.enabled = false;
    message.host = "*.example.com";
    message.ports = {443, 65535};
    message.methods = {"GET"};
    message.path = "/a/**";
    message.process = "/usr/bin/git";
    message.action = "allow";
    message.isPrivate = true;
    message.expires = "2026-12-01T12:00:00.000Z";
    message.lasts = "process";
    message.pid = 9;
    message.inject = api::EgressInjection{"X-Key", "${secret:x}", "", ""};
    message.note = "n";
    const auto rule = ruleOf(message);
    ASSERT_TRUE(rule);
    EXPECT_EQ(messageOf(*rule), message);

    const auto refuses = [](auto change) {
        api::EgressRule wrong;
        wrong.host = "a.example";
        change(wrong);
        const auto made = ruleOf(wrong);
        return !made && made.error().code == ErrorCode::BadRequest;
    };
    EXPECT_FALSE(refuses([](api::EgressRule&) {}));
    EXPECT_TRUE(refuses([](api::EgressRule& wrong) { wrong.ports = {65536}; }));
    EXPECT_TRUE(refuses([](api::EgressRule& wrong) { wrong.ports = {-1}; }));
    EXPECT_TRUE(refuses([](api::EgressRule& wrong) { wrong.cidr = "203.0.113.1/24"; }));
    EXPECT_TRUE(refuses([](api::EgressRule& wrong) { wrong.action = "ALLOW"; }));
    EXPECT_TRUE(refuses([](api::EgressRule& wrong) { wrong.expires = "tomorrow"; }));
    EXPECT_TRUE(refuses([](api::EgressRule& wrong) { wrong.lasts = "ever"; }));
}

} // namespace
} // namespace caisson::keeper
