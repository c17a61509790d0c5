// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/json.h"
#include "backend/api/routes.h"

#include <gtest/gtest.h>
#include <set>

using namespace caisson;
using namespace caisson::api;

TEST(Routes, HaveOperationsOfTheirOwn)
{
    std::set<std::string_view> operations;
    std::set<std::pair<std::string_view, std::string_view>> places;
    for (const Route& route : routes()) {
        EXPECT_TRUE(operations.insert(route.operation).second) << route.operation;
        EXPECT_TRUE(places.insert({route.method, route.pattern}).second) << route.pattern;
    }
}

TEST(Routes, AreMatchedBySegment)
{
    Result<RouteMatch> match = matchRoute("GET", "/v1/sandboxes/web");
    ASSERT_TRUE(match);
    EXPECT_EQ(match->route->operation, "showSandbox");
    EXPECT_EQ(match->parameter("id"), "web");

    match = matchRoute("GET", "/v1/sandboxes/web/files/a%20b/c%2Fd");
    ASSERT_TRUE(match);
    EXPECT_EQ(match->route->operation, "getFile");
    EXPECT_EQ(match->parameter("path"), "a b/c/d");

    match = matchRoute("GET", "/v1/sandboxes/web/files/");
    ASSERT_TRUE(match);
    EXPECT_EQ(match->parameter("path"), "");

    match = matchRoute("GET", "/v1/sandboxes/web/terminals/t1-1?since=42");
    ASSERT_TRUE(match);
    EXPECT_EQ(match->queryValue("since"), "42");
}

TEST(Routes, OfEgressNeverStartASandbox)
{
    int seen = 0;
    for (const Route& route : routes()) {
        if (!route.pattern.contains("/egress/"))
            continue;
        ++seen;
        EXPECT_EQ(route.servedBy, ServedBy::Keeper) << route.operation;
        EXPECT_EQ(route.touch, Touch::Looks) << route.operation;
        EXPECT_TRUE(answersStopped(route)) << route.operation;
    }
    EXPECT_EQ(seen, 8);
    EXPECT_FALSE(answersStopped(*matchRoute("GET", "/v1/sandboxes/web/files/egress/x")->route));
    Result<RouteMatch> match =
        matchRoute("GET", "/v1/sandboxes/web/egress/log?follow&verdict=deny&limit=5");
    ASSERT_TRUE(match) << match.error().message;
    EXPECT_EQ(match->route->operation, "egressLog");
    EXPECT_TRUE(match->flag("follow"));
    EXPECT_EQ(match->queryValue("verdict"), "deny");
    match = matchRoute("POST", "/v1/sandboxes/web/egress/prompts/p3");
    ASSERT_TRUE(match) << match.error().message;
    EXPECT_EQ(match->parameter("prompt"), "p3");
    EXPECT_EQ(matchRoute("GET", "/v1/sandboxes/web/egress/log.har")->route->operation, "egressHar");
}

TEST(Routes, SayWhatIsWrongWithAPath)
{
    EXPECT_EQ(matchRoute("GET", "/v2").error().code, ErrorCode::NotFound);
    EXPECT_EQ(matchRoute("GET", "/v1/sandboxes/").error().code, ErrorCode::NotFound);
    EXPECT_EQ(matchRoute("GET", "/v1/sandboxes//files/x").error().code, ErrorCode::NotFound);
    const Result<RouteMatch> method = matchRoute("PUT", "/v1/sandboxes");
    ASSERT_FALSE(method);
    EXPECT_EQ(method.error().code, ErrorCode::MethodNotAllowed);
    EXPECT_EQ(method.error().detail.at("allow"), "POST, GET");
    EXPECT_EQ(matchRoute("GET", "/v1/sandboxes/%zz").error().code, ErrorCode::BadRequest);
    EXPECT_EQ(matchRoute("GET", "/v1/sandboxes?x=1").error().code, ErrorCode::BadRequest);
}

TEST(OpenApi, DescribesEveryRoute)
{
    const nlohmann::json document = nlohmann::json::parse(openApiDocument());
    EXPECT_EQ(document["openapi"], "3.1.0");
    std::set<std::string> described;
    for (const auto& [path, methods] : document["paths"].items()) {
        for (const auto& [method, operation] : methods.items())
            described.insert(operation["operationId"].get<std::string>());
    }
    for (const Route& route : routes())
        EXPECT_TRUE(described.contains(std::string(route.operation))) << route.operation;
    EXPECT_EQ(described.size(), routes().size());
    const auto& log = document["paths"]["/v1/sandboxes/{id}/egress/log"]["get"];
    EXPECT_TRUE(log["responses"]["200"]["content"].contains("application/json"));
    EXPECT_TRUE(log["responses"]["200"]["content"].contains("text/event-stream"));
}
