// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace caisson::api {

enum class ServedBy { Daemon, Keeper };

/// Looking at a sandbox never starts it; acting on it does.
enum class Touch { Looks, Acts };

enum class AnswerKind { Json, Bytes, Events, WebSocket, Nothing };

/// One line of the contract. The same table feeds the router of both servers and the OpenAPI
/// document.
struct Route
{
    std::string_view operation; ///< unique, e.g. "createSandbox"
    std::string_view method;
    std::string_view pattern; ///< segments; {x} matches one, {path...} the rest
    ServedBy servedBy;
    Touch touch;
    AnswerKind answer;
    int status; ///< of success
    std::string_view summary;
    std::string (*request)() = nullptr;  ///< schema of the JSON body, if any
    std::string (*response)() = nullptr; ///< schema of the JSON answer or of each event's data
    /// Names of query parameters, separated by spaces. One that ends in "?" is a flag: 1, 0, true,
    /// false, or alone for 1.
    std::string_view query = {};
    std::string_view headers = {}; ///< names of request headers that change the answer, likewise
    /// Where the flag `follow` turns a JSON answer into Events: schema of each event's data.
    std::string (*followed)() = nullptr;
};

std::span<const Route> routes();

/// Of the keeper's routes: whether a sandbox that does not run answers it, too, from its folder.
bool answersStopped(const Route& route);

struct RouteMatch
{
    const Route* route = nullptr;
    std::map<std::string, std::string, std::less<>> parameters; ///< decoded bytes
    std::map<std::string, std::string, std::less<>> query;      ///< decoded bytes
    const std::string& parameter(std::string_view name) const;
    std::optional<std::string> queryValue(std::string_view name) const;
    bool flag(std::string_view name, bool otherwise = false) const;
};

/// NotFound, or MethodNotAllowed with `detail.allow`, or BadRequest for a broken escape.
Result<RouteMatch> matchRoute(std::string_view method, std::string_view target);

/// The OpenAPI 3.1 document of all routes, as JSON.
std::string openApiDocument();

} // namespace caisson::api
