// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/policy/decide.h"
#include "backend/policy/policy_file.h"

#include <gtest/gtest.h>

namespace caisson::policy {
namespace {

using namespace std::chrono_literals;

Policy parsed(std::string_view toml)
{
    Result<Policy> policy = parsePolicy(toml);
    if (!policy)
        throw std::runtime_error(policy.error().message);
    return std::move(*policy);
}

/// The first row of a table of requests and what becomes of them.
struct Row
{
    Protocol protocol;
    const char* host;
    std::uint16_t port;
    const char* method;
    const char* target;
    const char* expected; ///< "rule action"

    Request request() const
    {
        return {
            .protocol = protocol, .host = host, .port = port, .method = method, .target = target};
    }
};

void check(const Matcher& matcher, std::initializer_list<Row> rows)
{
    for (const Row& row : rows) {
        const Decision decision = matcher.decide(row.request(), 0ns);
        EXPECT_EQ(std::string(decision.ruleId()) + " " + std::string(actionName(decision.action)),
                  row.expected)
            << row.method << " " << row.host << ":" << row.port << row.target;
    }
}

constexpr auto kHttp = Protocol::Http;
constexpr auto kHttps = Protocol::Https;
constexpr auto kTls = Protocol::Tls;
constexpr auto kTcp = Protocol::Tcp;

TEST(Decide, theFirstThatFitsInEveryPart)
{
    const Matcher matcher(parsed(R"(
        default = "ask"
        [[rule]]
        id = "off"
        enabled = false
        host = "**"
        action = "deny"
        [[rule]]
        id = "read"
        host = "*.github.com"
        methods = ["GET", "head"]
        path = "/repos/**"
        action = "allow"
        [[rule]]
        id = "api"
        host = "api.github.com"
        ports = [443, 8443]
        action = "deny"
        [[rule]]
        id = "block"
        cidr = "203.0.113.0/24"
        ports = [22, 443]
        action = "allow"
        [[rule]]
        id = "evil"
        cidr = "198.51.100.0/24"
        action = "deny"
        [[rule]]
        id = "all"
        host = "**"
        ports = [9]
        action = "deny"
    )"),
                          {});
    check(matcher,
          {
              {kHttps, "api.github.com", 443, "GET", "/repos/a", "read allow"},
              {kHttps, "api.github.com", 443, "HEAD", "/repos", "read allow"},
              {kHttp, "api.github.com", 80, "GET", "/repos/a", "read allow"},
              {kHttps, "api.github.com", 443, "POST", "/repos/a", "api deny"},
              // A method is as it is sent: this is another one than GET.
              {kHttps, "api.github.com", 443, "get", "/repos/a", "api deny"},
              {kHttps, "api.github.com", 443, "GET", "/gists", "api deny"},
              {kHttps, "api.github.com", 8443, "GET", "/repos/a", "api deny"},
              {kHttps, "api.github.com", 8080, "GET", "/repos/a", "default ask"},
              {kHttps, "github.com", 443, "GET", "/repos/a", "default ask"},
              {kHttps, "a.b.github.com", 443, "GET", "/repos/a", "default ask"},
              {kTls, "x.github.com", 443, "", "", "default ask"},
              {kTls, "api.github.com", 443, "", "", "api deny"},
              {kTcp, "203.0.113.9", 22, "", "", "block allow"},
              {kTcp, "203.0.113.9", 23, "", "", "default ask"},
              {kTcp, "203.0.114.9", 22, "", "", "default ask"},
              {kHttps, "203.0.113.9", 443, "GET", "/", "block allow"},
              {kHttp, "203.0.113.9", 80, "GET", "/", "default ask"},
              // What is allowed is allowed as it is written, what is denied in any disguise.
              {kHttps, "::ffff:203.0.113.9", 443, "GET", "/", "default ask"},
              {kHttps, "198.51.100.1", 443, "GET", "/", "evil deny"},
              {kHttps, "::ffff:198.51.100.1", 443, "GET", "/", "evil deny"},
              {kHttps, "64:ff9b::c633:6401", 443, "GET", "/", "evil deny"},
              {kTcp, "198.51.100.1", 443, "", "", "evil deny"},
              {kTcp, "198.51.100.1", 8443, "", "", "default ask"},
              {kTcp, "203.0.113.9", 9, "", "", "all deny"},
              {kTcp, "2001:db8::9", 9, "", "", "all deny"},
              {kTcp, "somewhere.example", 9, "", "", "all deny"},
          });
}

TEST(Decide, deniesInEveryReadingAndAllowsInAll)
{
    const Matcher matcher(parsed(R"(
        default = "deny"
        [[rule]]
        id = "admin"
        host = "example.com"
        methods = ["POST"]
        path = "/admin/**"
        action = "deny"
        [[rule]]
        id = "files"
        host = "example.com"
        path = "/files/*"
        action = "allow"
        [[rule]]
        id = "rest"
        host = "example.com"
        action = "allow"
    )"),
                          {});
    check(matcher, {
                       {kHttps, "example.com", 443, "POST", "/admin/x", "admin deny"},
                       {kHttps, "example.com", 443, "post", "/admin/x", "admin deny"},
                       {kHttps, "example.com", 443, "POST", "//admin/x", "admin deny"},
                       {kHttps, "example.com", 443, "POST", "/admin%2Fx", "admin deny"},
                       {kHttps, "example.com", 443, "GET", "/admin/x", "rest allow"},
                       {kHttps, "example.com", 443, "GET", "/files/a", "files allow"},
                       {kHttps, "example.com", 443, "GET", "/files/a%2Fb", "rest allow"},
                       {kHttps, "example.org", 443, "GET", "/", "default deny"},
                   });
}

/// A stream that was allowed carried the very requests that a rule above denied: text is no HTTP
/// until its first line is whole, and nobody looks at what follows it.
TEST(Decide, aStreamIsHeldByWhateverWouldHoldARequestInIt)
{
    const Matcher matcher(parsed(R"(
        default = "allow"
        [[rule]]
        id = "write"
        host = "api.example"
        ports = [443, 8080]
        methods = ["POST"]
        action = "deny"
        [[rule]]
        id = "admin"
        host = "*.example"
        ports = [8081, 8082]
        path = "/admin/**"
        action = "ask"
        [[rule]]
        id = "usual"
        host = "web.example"
        methods = ["DELETE"]
        path = "/x"
        action = "deny"
        [[rule]]
        id = "read"
        host = "api.example"
        ports = [8083]
        methods = ["GET"]
        action = "allow"
        [[rule]]
        id = "rest"
        host = "**.example"
        ports = [80, 443, 8080, 8081, 8082, 8083]
        action = "allow"
        [[rule]]
        id = "block"
        cidr = "203.0.113.0/24"
        ports = [22]
        path = "/**"
        action = "deny"
    )"),
                          {});
    check(matcher, {
                       {kTcp, "api.example", 8080, "", "", "write deny"},
                       {kTls, "api.example", 443, "", "", "write deny"},
                       {kTls, "api.example", 8080, "", "", "write deny"},
                       {kTcp, "api.example", 8081, "", "", "admin ask"},
                       {kTls, "web.example", 8082, "", "", "admin ask"},
                       {kHttp, "api.example", 8080, "GET", "/", "rest allow"},
                       {kHttp, "api.example", 8081, "GET", "/", "rest allow"},
                       // A rule without ports is about the web's two, whatever is spoken there.
                       {kTls, "web.example", 443, "", "", "usual deny"},
                       {kTls, "web.example", 80, "", "", "usual deny"},
                       {kTcp, "web.example", 443, "", "", "usual deny"},
                       {kTls, "web.example", 8080, "", "", "rest allow"},
                       // What lets some requests through lets no stream through.
                       {kTcp, "api.example", 8083, "", "", "rest allow"},
                       {kTcp, "203.0.113.9", 22, "", "", "block deny"},
                       {kTcp, "::ffff:203.0.113.9", 22, "", "", "block deny"},
                       {kTcp, "203.0.113.9", 23, "", "", "default allow"},
                   });
    const Request stream{.protocol = kTcp, .host = "api.example", .port = 8080};
    EXPECT_EQ(matcher.why(matcher.decide(stream, 0ns), stream),
              "Rule write denies POST to api.example, and what a stream carries is not seen.");
}

TEST(Decide, byProcessAndPid)
{
    const Matcher matcher(parsed(R"(
        default = "deny"
        [[rule]]
        id = "git"
        host = "github.com"
        process = "/usr/bin/git"
        action = "allow"
        [[rule]]
        id = "seven"
        host = "github.com"
        lasts = "process"
        pid = 7
        action = "ask"
    )"),
                          {});
    Request request{.host = "github.com", .method = "GET", .target = "/"};
    EXPECT_EQ(matcher.decide(request, 0ns).ruleId(), "default");
    request.process = "/usr/bin/git";
    EXPECT_EQ(matcher.decide(request, 0ns).ruleId(), "git");
    struct Names final : ProgramNames
    {
        bool contain(std::string_view path) const override { return path == "/usr/bin/git"; }
    };
    const Names names;
    request.process = "/usr/lib/git-core/git-remote-http";
    request.otherNames = &names;
    EXPECT_EQ(matcher.decide(request, 0ns).ruleId(), "git");
    request.otherNames = nullptr;
    request.process = "/usr/bin/gitk";
    EXPECT_EQ(matcher.decide(request, 0ns).ruleId(), "default");
    request.pid = 7;
    EXPECT_EQ(matcher.decide(request, 0ns).ruleId(), "seven");
}

TEST(Decide, rulesExpireOnTheirOwnClock)
{
    const Policy policy = parsed(R"(
        default = "deny"
        [[rule]]
        id = "short"
        host = "example.com"
        action = "allow"
        expires = 2026-12-01T12:00:00Z
        [[rule]]
        id = "over"
        host = "example.com"
        action = "allow"
        expires = 2026-12-01T11:00:00Z
        [[rule]]
        id = "ever"
        host = "example.org"
        action = "allow"
    )");
    const WallTime noon = *policy.rules[0].expires;
    const std::vector<Moment> expiries = expiriesOf(policy, noon - 10min, 5s);
    ASSERT_EQ(expiries.size(), 3u);
    EXPECT_EQ(expiries[0], 5s + 10min);
    EXPECT_EQ(expiries[1], 5s - 50min);
    EXPECT_EQ(expiries[2], Moment::max());
    const Matcher matcher(policy, expiries);
    const Request request{.host = "example.com", .method = "GET", .target = "/"};
    EXPECT_EQ(matcher.decide(request, 5s).ruleId(), "short");
    EXPECT_EQ(matcher.decide(request, 5s + 10min - 1ns).ruleId(), "short");
    EXPECT_EQ(matcher.decide(request, 5s + 10min).ruleId(), "default");
    const Moment before = momentNow();
    EXPECT_GT(before, 0ns);
    EXPECT_LE(before, momentNow());
}

TEST(Decide, aTunnelIsOneWhereNoRuleAboveTakesRequests)
{
    const Matcher matcher(parsed(R"(
        default = "ask"
        [[rule]]
        id = "one"
        host = "pinned.example"
        methods = ["DELETE"]
        action = "deny"
        [[rule]]
        id = "two"
        host = "*.example"
        action = "tunnel"
        [[rule]]
        id = "three"
        host = "mail.example"
        ports = [993]
        action = "tunnel"
    )"),
                          {});
    const auto tunnelled = [&](const char* host, std::uint16_t port) {
        return matcher.isTunnelled({.protocol = kTls, .host = host, .port = port}, 0ns);
    };
    EXPECT_TRUE(tunnelled("other.example", 443));
    EXPECT_FALSE(tunnelled("other.example", 8443));
    EXPECT_FALSE(tunnelled("pinned.example", 443));
    EXPECT_TRUE(tunnelled("mail.example", 993));
    EXPECT_FALSE(tunnelled("elsewhere.org", 443));
    check(matcher, {
                       {kTls, "other.example", 443, "", "", "two tunnel"},
                       {kTcp, "mail.example", 993, "", "", "three tunnel"},
                       // Opened after all, since a rule above takes requests.
                       {kTls, "pinned.example", 443, "", "", "one deny"},
                       {kHttps, "pinned.example", 443, "DELETE", "/", "one deny"},
                       {kHttps, "pinned.example", 443, "GET", "/", "two allow"},
                   });
}

TEST(Decide, saysWhy)
{
    const Matcher matcher(parsed(R"(
        default = "ask"
        [[rule]]
        id = "read"
        host = "*.github.com"
        methods = ["GET", "HEAD"]
        path = "/repos/**"
        process = "/usr/bin/git"
        action = "allow"
        [[rule]]
        id = "block"
        cidr = "203.0.113.0/24"
        ports = [22]
        action = "deny"
    )"),
                          {});
    Request request{.host = "api.github.com",
                    .method = "GET",
                    .target = "/repos/a?token=secret",
                    .process = "/usr/bin/git"};
    EXPECT_EQ(matcher.why(matcher.decide(request, 0ns), request),
              "Rule read allows GET, HEAD to *.github.com/repos/** by /usr/bin/git.");
    request.process = "";
    EXPECT_EQ(matcher.why(matcher.decide(request, 0ns), request),
              "No rule fits GET https://api.github.com/repos/a, and the default is to ask.");
    const Request stream{.protocol = kTcp, .host = "203.0.113.9", .port = 22};
    EXPECT_EQ(matcher.why(matcher.decide(stream, 0ns), stream),
              "Rule block denies everything to 203.0.113.0/24.");
    const Request other{.protocol = kTcp, .host = "2001:db8::1", .port = 22};
    EXPECT_EQ(matcher.why(matcher.decide(other, 0ns), other),
              "No rule fits a connection to [2001:db8::1]:22, and the default is to ask.");
}

// Names are free: one of them may lead into a network that is denied.
TEST(Decide, aDeniedNetworkIsDeniedByAnyName)
{
    const Matcher matcher(parsed(R"(
        default = "allow"
        [[rule]]
        id = "trusted"
        host = "trusted.example"
        action = "allow"
        [[rule]]
        id = "office"
        cidr = "203.0.113.0/24"
        action = "deny"
        [[rule]]
        id = "posts"
        cidr = "198.51.100.0/24"
        methods = ["POST"]
        process = "/usr/bin/curl"
        action = "deny"
        [[rule]]
        id = "asked"
        cidr = "192.0.2.0/24"
        action = "ask"
        [[rule]]
        id = "off"
        enabled = false
        cidr = "::/0"
        action = "deny"
    )"),
                          {});
    struct Case
    {
        const char* host;
        const char* address;
        std::uint16_t port;
        const char* method;
        const char* process;
        const char* expected;
    };
    const Case cases[] = {
        {"any.example", "203.0.113.9", 443, "GET", "", "office"},
        {"any.example", "::ffff:203.0.113.9", 443, "GET", "", "office"},
        {"trusted.example", "203.0.113.9", 443, "GET", "", ""}, // a rule above lets it pass
        {"any.example", "203.0.113.9", 8443, "GET", "", ""},    // of 80 and 443
        {"any.example", "203.0.114.9", 443, "GET", "", ""},
        {"any.example", "198.51.100.1", 443, "post", "/usr/bin/curl", "posts"},
        {"any.example", "198.51.100.1", 443, "GET", "/usr/bin/curl", ""},
        {"any.example", "198.51.100.1", 443, "POST", "/usr/bin/wget", ""},
        {"any.example", "192.0.2.1", 443, "GET", "", ""}, // nobody can be asked any more
        {"any.example", "2001:db8::1", 443, "GET", "", ""},
    };
    for (const Case& each : cases) {
        const Request request{.protocol = kHttps,
                              .host = each.host,
                              .port = each.port,
                              .method = each.method,
                              .target = "/",
                              .process = each.process};
        const Rule* against = matcher.ruleAgainst(*Address::parse(each.address), request, 0ns);
        EXPECT_EQ(against ? against->id : "", each.expected)
            << each.method << " " << each.host << " at " << each.address << ":" << each.port;
    }
    // A stream carries whatever it likes.
    const Request stream{.protocol = kTls, .host = "any.example", .process = "/usr/bin/curl"};
    EXPECT_NE(matcher.ruleAgainst(*Address::parse("198.51.100.1"), stream, 0ns), nullptr);
}

} // namespace
} // namespace caisson::policy
