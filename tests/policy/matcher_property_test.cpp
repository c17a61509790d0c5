// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/policy/decide.h"
#include "backend/policy/host_name.h"
#include "backend/policy/path.h"
#include "backend/policy/policy_file.h"
#include "backend/policy/rule_check.h"
#include "reference_matcher.h"

#include <chrono>
#include <gtest/gtest.h>
#include <random>

namespace caisson::policy {
namespace {

/// Small alphabets, so that rules and requests meet often.
class Maker
{
public:
    explicit Maker(std::uint64_t seed)
        : m_random(seed)
    {
    }

    std::size_t below(std::size_t end) { return m_random() % end; }
    bool oneIn(std::size_t n) { return below(n) == 0; }

    template<class T, std::size_t N>
    const T& of(const T (&choices)[N])
    {
        return choices[below(N)];
    }

    std::string label()
    {
        static constexpr const char* kLabels[] = {"a", "b", "c", "api", "example", "com"};
        return of(kLabels);
    }
    std::string address()
    {
        static constexpr const char* kAddresses[] = {
            "203.0.113.7",   "203.0.113.200",      "198.51.100.1",       "2001:db8::1",
            "2001:db8:1::1", "::ffff:203.0.113.7", "64:ff9b::cb00:7107", "2002:cb00:7107::1"};
        return of(kAddresses);
    }
    std::string cidr()
    {
        static constexpr const char* kCidrs[] = {
            "203.0.113.0/24", "203.0.113.128/25", "203.0.112.0/20",  "0.0.0.0/0",
            "::/0",           "2001:db8::/32",    "2001:db8:1::/48", "203.0.113.7/32",
            "64:ff9b::/96",   "198.51.100.0/24"};
        return of(kCidrs);
    }
    std::string host()
    {
        if (oneIn(5))
            return address();
        std::string name = label();
        for (std::size_t more = below(oneIn(20) ? 12 : 4); more > 0; --more)
            name += "." + label();
        return name;
    }
    std::string hostPattern()
    {
        if (oneIn(8))
            return address();
        std::string pattern;
        for (std::size_t labels = 1 + below(oneIn(20) ? 12 : 4); labels > 0; --labels) {
            if (!pattern.empty())
                pattern += ".";
            pattern += oneIn(4) ? "*" : oneIn(2) ? "**" : label();
        }
        return pattern;
    }
    std::string segment()
    {
        static constexpr const char* kSegments[] = {"a",  "b",  "ab", "",    "a%2Fb", "%40a",
                                                    "@a", "ba", "a*", "aab", "%3A",   "%E9"};
        return oneIn(3) ? of(kSegments) : std::string(1, "ab"[below(2)]);
    }
    std::string target()
    {
        std::string target;
        for (std::size_t segments = 1 + below(oneIn(20) ? 10 : 4); segments > 0; --segments)
            target += "/" + segment();
        if (oneIn(4))
            target += oneIn(4)   ? "?y%E0%80%AF&x=1"
                      : oneIn(4) ? "?\\x*"
                      : oneIn(4) ? "?"
                      : oneIn(2) ? "?x=1"
                                 : "?y&x=1";
        return target;
    }
    std::string pathPattern()
    {
        static constexpr const char* kPieces[] = {"*",   "**",  "a*",   "*b",
                                                  "a*b", "*a*", "a\\*", "**"};
        std::string pattern;
        for (std::size_t segments = 1 + below(oneIn(20) ? 10 : 4); segments > 0; --segments)
            pattern += "/" + (oneIn(3) ? std::string(of(kPieces)) : segment());
        if (oneIn(6))
            pattern += oneIn(4) ? "?\\\\x\\*" : oneIn(3) ? "?" : oneIn(2) ? "?x=1" : "?*x=1";
        return pattern;
    }
    std::uint16_t port()
    {
        static constexpr std::uint16_t kPorts[] = {443, 443, 443, 80, 8443, 22};
        return of(kPorts);
    }
    std::string method()
    {
        static constexpr const char* kMethods[] = {"GET", "HEAD", "POST", "DELETE"};
        return of(kMethods);
    }
    std::string process()
    {
        static constexpr const char* kProcesses[] = {"/usr/bin/git", "/usr/bin/curl"};
        return of(kProcesses);
    }

    Rule rule()
    {
        static constexpr Action kActions[] = {Action::Allow, Action::Deny, Action::Ask,
                                              Action::Tunnel};
        Rule rule;
        rule.enabled = !oneIn(12);
        rule.action = of(kActions);
        if (oneIn(6))
            rule.cidr = Cidr::parse(cidr());
        else
            rule.host = hostPattern();
        if (oneIn(3))
            rule.ports = {port(), port()};
        if (rule.action != Action::Tunnel) {
            if (oneIn(3))
                rule.methods = {method(), method()};
            if (oneIn(2))
                rule.path = pathPattern();
        }
        if (oneIn(6))
            rule.process = process();
        if (oneIn(10)) {
            rule.lasts = Lasts::Process;
            rule.pid = 1 + static_cast<std::int64_t>(below(3));
        }
        return rule;
    }

private:
    std::mt19937_64 m_random;
};

struct OwnedRequest
{
    std::string host;
    std::string method;
    std::string target;
    std::string process;
    Request request;

    explicit OwnedRequest(Maker& maker)
        : host(maker.host())
        , process(maker.oneIn(3) ? std::string() : maker.process())
    {
        static constexpr Protocol kProtocols[] = {Protocol::Http,  Protocol::Https, Protocol::Https,
                                                  Protocol::Https, Protocol::Tls,   Protocol::Tcp};
        request.protocol = maker.of(kProtocols);
        if (request.protocol == Protocol::Http || request.protocol == Protocol::Https) {
            method = maker.oneIn(10) ? "post" : maker.method();
            target = normalisedTarget(maker.target()).value();
        }
        request.host = host;
        request.port = maker.port();
        request.method = method;
        request.target = target;
        request.process = process;
        request.pid = static_cast<std::int64_t>(maker.below(4));
    }
    OwnedRequest(const OwnedRequest&) = delete;
    OwnedRequest& operator=(const OwnedRequest&) = delete;

    std::string toString() const
    {
        return std::to_string(static_cast<int>(request.protocol)) + " " + method + " " + host +
               ":" + std::to_string(request.port) + target + " by " + process + " pid " +
               std::to_string(request.pid);
    }
};

struct Numbers
{
    std::size_t decided = 0;
    std::size_t byRule = 0;
    std::size_t tunnelled = 0;
};

void compare(std::uint64_t seed, std::size_t most, Numbers& numbers)
{
    Maker maker(seed);
    Policy policy;
    for (std::size_t rules = maker.below(most); rules > 0; --rules)
        policy.rules.push_back(maker.rule());
    const Result<void> checked = checkPolicy(policy);
    ASSERT_TRUE(checked) << checked.error().message << " seed " << seed;
    std::vector<Moment> expiries;
    for (std::size_t rule = 0; rule < policy.rules.size(); ++rule)
        expiries.push_back(maker.oneIn(6) ? Moment(maker.below(3)) : Moment::max());
    const Matcher matcher(policy, expiries);
    for (int round = 0; round < 200; ++round) {
        const OwnedRequest asked(maker);
        const Moment now(1);
        const auto expected = firstRule(policy, expiries, asked.request, now);
        const Decision decision = matcher.decide(asked.request, now);
        const bool isTunnelled = matcher.isTunnelled(asked.request, now);
        const auto context = [&] {
            return "seed " + std::to_string(seed) + ", " + asked.toString() + "\n" +
                   writePolicy(policy);
        };
        ASSERT_EQ(decision.rule != nullptr, expected.has_value()) << context();
        if (expected) {
            ASSERT_EQ(decision.rule, &matcher.policy().rules[*expected])
                << decision.rule->id << " for " << policy.rules[*expected].id << ", " << context();
        } else {
            ASSERT_EQ(decision.action, policy.defaultAction);
        }
        ASSERT_EQ(isTunnelled, passesUnopened(policy, expiries, asked.request, now)) << context();
        ASSERT_FALSE(matcher.why(decision, asked.request).empty());
        ++numbers.decided;
        numbers.byRule += expected ? 1 : 0;
        numbers.tunnelled += isTunnelled ? 1 : 0;
    }
}

TEST(MatcherProperty, decidesAsTheReferenceDoes)
{
    Numbers numbers;
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        compare(seed, 12, numbers);
        if (HasFatalFailure())
            return;
    }
    for (std::uint64_t seed = 1001; seed <= 1030; ++seed) {
        compare(seed, 300, numbers);
        if (HasFatalFailure())
            return;
    }
    // Or the rows would prove little.
    EXPECT_EQ(numbers.decided, 430u * 200);
    EXPECT_GT(numbers.byRule, numbers.decided / 5);
    EXPECT_LT(numbers.byRule, numbers.decided * 9 / 10);
    EXPECT_GT(numbers.tunnelled, 1000u);
}

std::chrono::nanoseconds perDecision(const Matcher& matcher, const std::vector<Request>& requests)
{
    using Clock = std::chrono::steady_clock;
    std::size_t decided = 0;
    auto best = std::chrono::nanoseconds::max();
    for (int round = 0; round < 7; ++round) {
        const auto begin = Clock::now();
        for (int again = 0; again < 10; ++again) {
            for (const Request& request : requests)
                decided += matcher.decide(request, Moment(1)).action == Action::Allow ? 1 : 0;
        }
        best = std::min(best, std::chrono::nanoseconds(Clock::now() - begin) /
                                  static_cast<std::int64_t>(requests.size() * 10));
    }
    EXPECT_GT(decided, 0u);
    return best;
}

/// The promise is 2 µs in the release build on an idle machine; this guards against a slip back
/// to looking at every rule, in whatever build and however busy the machine.
TEST(MatcherSpeed, aThousandRulesCostNoWalk)
{
    struct Shape
    {
        const char* name;
        Rule (*make)(std::size_t);
        Request (*ask)(std::size_t, std::string&, std::string&);
    };
    const Shape shapes[] = {
        {"exact hosts",
         [](std::size_t n) { return Rule{.host = "api.h" + std::to_string(n) + ".example.com"}; },
         [](std::size_t n, std::string& host, std::string&) {
             host = "api.h" + std::to_string(n) + ".example.com";
             return Request{};
         }},
        {"wildcards",
         [](std::size_t n) { return Rule{.host = "**.h" + std::to_string(n) + ".example.com"}; },
         [](std::size_t n, std::string& host, std::string&) {
             host = "a.b.h" + std::to_string(n) + ".example.com";
             return Request{};
         }},
        {"one host, many paths",
         [](std::size_t n) {
             return Rule{.host = "api.example.com",
                         .methods = {"GET"},
                         .path = "/repos/owner/r" + std::to_string(n) + "/**"};
         },
         [](std::size_t n, std::string& host, std::string& target) {
             host = "api.example.com";
             target = "/repos/owner/r" + std::to_string(n) + "/issues/17?page=2";
             return Request{};
         }},
        {"blocks of addresses",
         [](std::size_t n) {
             return Rule{.cidr = Cidr::parse("203." + std::to_string(n / 250) + "." +
                                             std::to_string(n % 250) + ".0/24")};
         },
         [](std::size_t n, std::string& host, std::string&) {
             host = "203." + std::to_string(n / 250) + "." + std::to_string(n % 250) + ".9";
             return Request{};
         }},
    };
    for (const Shape& shape : shapes) {
        Policy policy;
        std::vector<std::pair<std::string, std::string>> texts(1000, {"", "/a/b/c?d=e"});
        std::vector<Request> requests;
        for (std::size_t n = 0; n < 1000; ++n) {
            policy.rules.push_back(shape.make(n));
            policy.rules.back().action = Action::Allow;
            Request request = shape.ask(n, texts[n].first, texts[n].second);
            request.host = texts[n].first;
            request.target = texts[n].second;
            request.method = "GET";
            request.process = "/usr/bin/git";
            requests.push_back(request);
        }
        ASSERT_TRUE(checkPolicy(policy));
        const Matcher matcher(policy, {});
        const auto time = perDecision(matcher, requests);
        RecordProperty(shape.name, std::to_string(time.count()) + " ns");
        std::printf("%s: %lld ns a decision\n", shape.name, static_cast<long long>(time.count()));
        EXPECT_LT(time, std::chrono::microseconds(20)) << shape.name;
    }
}

} // namespace
} // namespace caisson::policy
