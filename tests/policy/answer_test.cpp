// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/policy/answer.h"
#include "backend/policy/policy_file.h"
#include "backend/policy/rule_check.h"

#include <gtest/gtest.h>

namespace caisson::policy {
namespace {

using namespace std::chrono_literals;

Request asked()
{
    return {.protocol = Protocol::Https,
            .host = "api.github.com",
            .port = 443,
            .method = "GET",
            .target = "/repos/a*b?page=1",
            .process = "/usr/bin/curl",
            .pid = 17};
}

const WallTime kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 26) + 1234567ns;

TEST(Answer, namesGoBothWays)
{
    for (const char* name : {"request", "path", "host", "domain"})
        EXPECT_EQ(scopeName(scopeFromName(name).value()), name);
    for (const char* name : {"once", "process", "15m", "session", "always"})
        EXPECT_EQ(durationName(durationFromName(name).value()), name);
    EXPECT_FALSE(scopeFromName("everything"));
    EXPECT_FALSE(durationFromName("never"));
}

/// One for POST alone let the GET through that it was given to.
TEST(Answer, coversTheRequestItAnswers)
{
    const std::vector<std::string> covering[] = {{}, {"GET"}, {"get", "HEAD"}, {"POST", "Get"}};
    for (const auto& methods : covering)
        EXPECT_TRUE(checkAnswerMethods(asked(), methods));
    for (const auto& [methods, says] :
         {std::pair(std::vector<std::string>{"POST"}, "is GET"),
          std::pair(std::vector<std::string>{"POST", "HEAD"}, "is GET"),
          std::pair(std::vector<std::string>{"B D"}, "no HTTP method"),
          std::pair(std::vector<std::string>{"GET", ""}, "no HTTP method")}) {
        const auto checked = checkAnswerMethods(asked(), methods);
        ASSERT_FALSE(checked) << methods.front();
        EXPECT_EQ(checked.error().code, ErrorCode::BadRequest);
        EXPECT_TRUE(checked.error().message.contains(says)) << checked.error().message;
    }
    Request stream = asked();
    stream.protocol = Protocol::Tcp;
    stream.method = {};
    EXPECT_TRUE(checkAnswerMethods(stream, {"GET"})) << "there it says nothing";
}

TEST(Answer, becomesTheRuleOfItsScope)
{
    struct Row
    {
        Scope scope;
        const char* host;
        const char* path;
        std::vector<std::string> methods;
    };
    const Row rows[] = {
        {Scope::Request, "api.github.com", "/repos/a\\*b?page=1", {"GET"}},
        {Scope::Path, "api.github.com", "/repos/a\\*b/**", {"GET"}},
        {Scope::Host, "api.github.com", "", {}},
        {Scope::Domain, "**.github.com", "", {}},
    };
    for (const Row& row : rows) {
        const auto rule =
            ruleOfAnswer(asked(), Action::Allow, row.scope, Duration::Always, {}, kNow);
        ASSERT_TRUE(rule);
        EXPECT_EQ(rule->id, "");
        EXPECT_EQ(rule->action, Action::Allow);
        EXPECT_EQ(rule->host, row.host);
        EXPECT_EQ(rule->path, row.path);
        EXPECT_EQ(rule->methods, row.methods);
        EXPECT_TRUE(rule->ports.empty());
        EXPECT_FALSE(rule->expires);
        EXPECT_EQ(rule->lasts, Lasts::Always);
        EXPECT_EQ(rule->pid, 0);
    }
    const auto given =
        ruleOfAnswer(asked(), Action::Deny, Scope::Host, Duration::Always, {"get", "POST"}, kNow);
    EXPECT_EQ(given->methods, (std::vector<std::string>{"GET", "POST"}));
    EXPECT_EQ(given->action, Action::Deny);
    Request folder = asked();
    folder.target = "/repos/";
    EXPECT_EQ(ruleOfAnswer(folder, Action::Allow, Scope::Path, Duration::Always, {}, kNow)->path,
              "/repos/**");
}

TEST(Answer, ToADomainReachesNobodyElses)
{
    const std::pair<const char*, const char*> rows[] = {
        {"www.me.github.io", "**.me.github.io"},
        {"me.github.io", "**.me.github.io"},
        {"github.io", "github.io"},
        {"co.uk", "co.uk"},
        {"bucket.s3.amazonaws.com", "**.bucket.s3.amazonaws.com"},
        {"s3.amazonaws.com", "s3.amazonaws.com"},
        {"localhost", "localhost"},
    };
    for (const auto& [host, pattern] : rows) {
        Request request = asked();
        request.host = host;
        const auto rule =
            ruleOfAnswer(request, Action::Allow, Scope::Domain, Duration::Always, {}, kNow);
        EXPECT_EQ(rule->host, pattern) << host;
    }
}

TEST(Answer, lastsAsLongAsSaid)
{
    const auto with = [](Duration duration) {
        return ruleOfAnswer(asked(), Action::Allow, Scope::Host, duration, {}, kNow);
    };
    EXPECT_FALSE(with(Duration::Once));
    EXPECT_EQ(with(Duration::Quarter)->expires, kNow - 1234567ns + 2ms + 15min);
    EXPECT_EQ(with(Duration::Session)->lasts, Lasts::Session);
    EXPECT_EQ(with(Duration::Process)->lasts, Lasts::Process);
    EXPECT_EQ(with(Duration::Process)->pid, 17);
    Request unknown = asked();
    unknown.pid = 0;
    EXPECT_FALSE(ruleOfAnswer(unknown, Action::Allow, Scope::Host, Duration::Process, {}, kNow));
}

TEST(Answer, namesUnusualPortsAndNoPathOfStreams)
{
    Request request = asked();
    request.port = 8443;
    EXPECT_EQ(ruleOfAnswer(request, Action::Allow, Scope::Host, Duration::Always, {}, kNow)->ports,
              std::vector<std::uint16_t>{8443});
    const Request stream{.protocol = Protocol::Tcp, .host = "203.0.113.7", .port = 443, .pid = 1};
    for (const Scope scope : {Scope::Request, Scope::Path, Scope::Host, Scope::Domain}) {
        const auto rule =
            ruleOfAnswer(stream, Action::Allow, scope, Duration::Always, {"GET"}, kNow);
        EXPECT_EQ(rule->host, "203.0.113.7");
        EXPECT_EQ(rule->ports, std::vector<std::uint16_t>{443});
        EXPECT_TRUE(rule->methods.empty());
        EXPECT_TRUE(rule->path.empty());
    }
}

/// "This request" let every query of its path pass: who allowed a search allowed all of them.
TEST(Answer, ToARequestFitsItsQueryAlone)
{
    struct Row
    {
        const char* query;
        std::vector<const char*> others;
    };
    const Row rows[] = {
        {"", {"?a", "?a=1", "?*", "?%20"}},
        {"?a=1", {"", "?", "?a=2", "?a=1&b=2", "?b=2&a=1", "?a=1?", "?A=1"}},
        {"?a=*", {"", "?a=", "?a=1", "?a=%2A"}},
        {"?a=b?c", {"?a=b", "?a=b?", "?a=b?d"}},
        {"?re=\\d*\\\\", {"?re=\\d", "?re=\\dx\\\\", "?re=d*", "?re=\\d*\\"}},
        {"?re=%5Cd%00", {"?re=\\d%00", "?re=%5Cd"}},
        {"?100%", {"?100", "?100%25"}},
        {"?%2%41", {"?%2A", "?%2%42", "?*"}},
        {"?%zz%7e", {"?%zz", "?zz~"}},
    };
    for (const Row& row : rows) {
        Request request = asked();
        const std::string target = std::string("/x") + row.query;
        request.target = target;
        const auto rule =
            ruleOfAnswer(request, Action::Allow, Scope::Request, Duration::Always, {}, kNow);
        ASSERT_TRUE(rule);
        const auto read = parsePolicy(writePolicy({Action::Deny, {*rule}}));
        ASSERT_TRUE(read) << target << read.error().message;
        const auto again = parsePolicy(writePolicy(*read));
        ASSERT_TRUE(again);
        EXPECT_EQ(*again, *read) << target;
        const Matcher matcher(*read, expiriesOf(*read, kNow, Moment(0)));
        EXPECT_EQ(matcher.decide(request, Moment(0)).action, Action::Allow) << target;
        for (const char* other : row.others) {
            const std::string asked = std::string("/x") + other;
            request.target = asked;
            EXPECT_EQ(matcher.decide(request, Moment(0)).action, Action::Deny)
                << target << " and " << asked;
        }
    }
    // Some servers undo it, others do not: no rule can be sure of it.
    Request unclear = asked();
    unclear.target = "/x?%C0%AF";
    const auto rule =
        ruleOfAnswer(unclear, Action::Allow, Scope::Request, Duration::Always, {}, kNow);
    EXPECT_FALSE(parsePolicy(writePolicy({Action::Deny, {*rule}})));
}

/// The rule decides the very request that it was made of, and survives being written to a file.
TEST(Answer, fitsWhatWasAsked)
{
    const Request requests[] = {
        asked(),
        {.protocol = Protocol::Http,
         .host = "localhost",
         .port = 3000,
         .method = "PUT",
         .target = "/"},
        {.host = "registry.npmjs.org", .method = "GET", .target = "/@types%2Fnode", .pid = 3},
        {.host = "web.archive.org",
         .method = "GET",
         .target = "/web/http://example.com//x",
         .pid = 3},
        {.host = "2001:db8::1", .method = "GET", .target = "/a", .pid = 3},
        {.protocol = Protocol::Tls, .host = "a.b.example.co.uk", .port = 993, .pid = 3},
        {.protocol = Protocol::Tcp, .host = "a.b.example.co.uk", .port = 5432, .pid = 3},
    };
    for (const Request& request : requests) {
        for (const Scope scope : {Scope::Request, Scope::Path, Scope::Host, Scope::Domain}) {
            for (const Duration duration :
                 {Duration::Process, Duration::Quarter, Duration::Session, Duration::Always}) {
                const auto rule = ruleOfAnswer(request, Action::Allow, scope, duration, {}, kNow);
                if (!rule) {
                    EXPECT_EQ(request.pid, 0);
                    continue;
                }
                Policy policy{Action::Deny, {*rule}};
                ASSERT_TRUE(checkPolicy(policy));
                const auto read = parsePolicy(writePolicy(policy));
                ASSERT_TRUE(read) << read.error().message;
                EXPECT_EQ(*read, policy);
                const Matcher matcher(policy, expiriesOf(policy, kNow, Moment(0)));
                EXPECT_EQ(matcher.decide(request, Moment(0)).action, Action::Allow)
                    << writePolicy(policy) << request.host << request.target;
            }
        }
    }
}

} // namespace
} // namespace caisson::policy
