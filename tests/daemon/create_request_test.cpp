// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/daemon/create_request.h"

#include <functional>
#include <gtest/gtest.h>

using namespace caisson;
using namespace caisson::daemon;

namespace {

ErrorCode refusal(const std::function<void(api::CreateSandbox&)>& change)
{
    api::CreateSandbox request;
    change(request);
    const Result<void> checked = checkCreateRequest(request, {});
    EXPECT_FALSE(checked);
    return checked ? ErrorCode::Internal : checked.error().code;
}

} // namespace

TEST(CreateRequest, TakesWhatIsSensible)
{
    api::CreateSandbox request;
    request.limits = {256 << 20, 0.5, 64};
    request.env = {{"A", ""}, {"B", "x=y"}};
    request.runtime = "crun";
    EXPECT_TRUE(checkCreateRequest(request, {}));
}

TEST(CreateRequest, SaysWhatIsNotBuiltYet)
{
    EXPECT_EQ(refusal([](auto& r) { r.image = "debian:13"; }), ErrorCode::NotBuilt);
    EXPECT_EQ(refusal([](auto& r) { r.from = "snap"; }), ErrorCode::NotBuilt);
    EXPECT_EQ(refusal([](auto& r) { r.sleepAfter = "10m"; }), ErrorCode::NotBuilt);
    EXPECT_EQ(refusal([](auto& r) { r.disk = "4g"; }), ErrorCode::NotBuilt);
    EXPECT_EQ(refusal([](auto& r) { r.runtime = "runsc"; }), ErrorCode::NotBuilt);
}

TEST(CreateRequest, SaysWhereAPolicyIsWrong)
{
    api::CreateSandbox request;
    request.policy = "default = \"deny\"\n[[rule]]\nhost = \"example.com\"\naction = \"allow\"\n";
    EXPECT_TRUE(checkCreateRequest(request, {}));
    request.policy = "default = \"deny\"\n[[rule]]\nhost = \"example.com\"\naction = \"alow\"\n";
    const Result<void> checked = checkCreateRequest(request, {});
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::BadRequest);
    EXPECT_EQ(checked.error().detail.at("line"), "4");
    EXPECT_TRUE(checked.error().detail.contains("column"));
}

TEST(CreateRequest, APolicyNamesSecretsThatAreStored)
{
    api::CreateSandbox request;
    request.policy = "default = \"deny\"\n[[rule]]\nhost = \"example.com\"\naction = \"allow\"\n"
                     "inject = { header = \"X-Key\", value = \"${secret:key}\" }\n";
    EXPECT_TRUE(checkCreateRequest(request, {"another", "key"}));
    const Result<void> checked = checkCreateRequest(request, {"another"});
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ErrorCode::BadRequest);
    EXPECT_EQ(checked.error().detail.at("line"), "5");
    EXPECT_NE(checked.error().message.find("secret set key"), std::string::npos);
}

TEST(CreateRequest, RefusesWhatCannotBe)
{
    EXPECT_EQ(refusal([](auto& r) { r.limits.memory = 1; }), ErrorCode::BadRequest);
    EXPECT_EQ(refusal([](auto& r) { r.limits.pids = -1; }), ErrorCode::BadRequest);
    EXPECT_EQ(refusal([](auto& r) { r.limits.cpus = -0.5; }), ErrorCode::BadRequest);
    EXPECT_EQ(refusal([](auto& r) { r.env = {{"A=B", "x"}}; }), ErrorCode::BadRequest);
    EXPECT_EQ(refusal([](auto& r) { r.env = {{"", "x"}}; }), ErrorCode::BadRequest);
}
