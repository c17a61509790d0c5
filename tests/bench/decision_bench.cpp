// SPDX-License-Identifier: GPL-3.0-or-later
// Prints how long the policy takes to decide a request with 1,000 rules, in microseconds: one line for
// each kind of request, "NAME MICROSECONDS".
#include "backend/policy/decide.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <format>
#include <string>

namespace {

using namespace caisson;
using namespace caisson::policy;

constexpr int kRules = 1000;
constexpr int kDecisions = 200'000;

/// As people write them: hosts, wildcards, methods, paths, programs, a network here and there.
Policy manyRules()
{
    Policy policy;
    policy.defaultAction = Action::Deny;
    for (int number = 0; number < kRules; ++number) {
        Rule rule;
        rule.id = std::format("r{}", number);
        rule.action = number % 5 == 0 ? Action::Deny : Action::Allow;
        switch (number % 8) {
        case 0:
            rule.host = std::format("**.host-{}.example.com", number);
            break;
        case 1:
            rule.cidr = Cidr::parse(std::format("203.0.{}.0/24", number % 256));
            break;
        default:
            rule.host = std::format("api.host-{}.example.com", number);
        }
        if (number % 3 == 0)
            rule.methods = {"GET", "HEAD"};
        if (number % 4 == 0)
            rule.path = "/v1/**";
        if (number % 10 == 0)
            rule.process = "/usr/bin/git";
        policy.rules.push_back(std::move(rule));
    }
    return policy;
}

struct Kind
{
    const char* name;
    const char* host;
    const char* target;
};

} // namespace

int main()
{
    const Matcher matcher(manyRules(), {});
    // The last rule, none, and an address, which only the networks are about.
    constexpr std::array kKinds{Kind{"last", "api.host-999.example.com", "/v1/orders/18?q=1"},
                                Kind{"none", "telemetry.example.net", "/collect"},
                                Kind{"address", "203.0.250.7", "/"}};
    const Moment now = momentNow();
    for (const Kind& kind : kKinds) {
        const Request request{Protocol::Https, kind.host,       443, "GET",
                              kind.target,     "/usr/bin/curl", 7};
        std::size_t found = 0;
        const auto begin = std::chrono::steady_clock::now();
        for (int turn = 0; turn < kDecisions; ++turn)
            found += matcher.decide(request, now).rule != nullptr;
        const std::chrono::duration<double, std::micro> took =
            std::chrono::steady_clock::now() - begin;
        // What is found is looked at, so that nothing is left out.
        if (found != 0 && found != kDecisions)
            return EXIT_FAILURE;
        std::printf("%s %.4f\n", kind.name, took.count() / kDecisions);
    }
    return EXIT_SUCCESS;
}
