// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/policy/decide.h"
#include "backend/policy/policy_file.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

using namespace caisson::policy;

namespace {

void require(bool holds, const char* what)
{
    if (holds)
        return;
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

} // namespace

/// A policy that is taken is written as it is read, and decides; one that is refused says where.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto policy = parsePolicy(text);
    if (!policy) {
        require(policy.error().detail.contains("line"), "no line");
        require(policy.error().detail.contains("column"), "no column");
        return 0;
    }
    const auto again = parsePolicy(writePolicy(*policy));
    require(again.has_value(), "what was written is not read");
    require(*again == *policy, "what was written reads differently");

    const Matcher matcher(*policy, expiriesOf(*policy, caisson::WallTime(), Moment(0)));
    const Request requests[] = {
        {.host = "api.github.com", .method = "GET", .target = "/repos/a%2Fb//c?d=%65", .pid = 7},
        {.protocol = Protocol::Tls, .host = "example.com", .process = "/usr/bin/git"},
        {.protocol = Protocol::Tcp, .host = "203.0.113.7", .port = 22},
        {.protocol = Protocol::Http,
         .host = "::ffff:203.0.113.7",
         .port = 80,
         .method = "get",
         .target = "/"},
    };
    for (const Request& request : requests) {
        const Decision decision = matcher.decide(request, Moment(1));
        require(!decision.rule || decision.rule->enabled, "a rule that is off decides");
        require(!matcher.why(decision, request).empty(), "no reason");
        matcher.isTunnelled(request, Moment(1));
    }
    return 0;
}
