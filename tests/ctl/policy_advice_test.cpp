// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ctl/policy_advice.h"

#include <gtest/gtest.h>

namespace caisson::ctl {
namespace {

/// A rule without ports fits port 80 as well: its secret went out in clear, and nobody said so.
TEST(ClearSecretAdvice, NamesTheRulesWhoseSecretsEverybodyCanRead)
{
    const api::EgressInjection key{.header = "X-Key", .value = "${secret:k}"};
    const api::EgressRule any{.id = "any", .host = "a.example", .inject = key};
    const api::EgressRule both{.id = "both", .ports = {443, 80}, .inject = key};
    const api::EgressRule safe{.id = "safe", .ports = {443, 8443}, .inject = key};
    const api::EgressRule off{.id = "off", .enabled = false, .inject = key};
    const api::EgressRule plain{.id = "plain", .host = "a.example"};

    const api::EgressRule fine[] = {safe, off, plain};
    EXPECT_EQ(clearSecretAdvice(fine), "");
    const api::EgressRule one[] = {safe, any, plain};
    EXPECT_TRUE(clearSecretAdvice(one).starts_with("rule any puts its secret into http:// "))
        << clearSecretAdvice(one);
    const api::EgressRule more[] = {any, both};
    EXPECT_TRUE(clearSecretAdvice(more).starts_with("rules any, both put their secrets into "))
        << clearSecretAdvice(more);
}

} // namespace
} // namespace caisson::ctl
