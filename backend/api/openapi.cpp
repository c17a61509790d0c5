// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/codec.h"
#include "backend/api/json.h"
#include "backend/api/routes.h"

namespace caisson::api {

namespace {

using Json = nlohmann::json;

Json parsed(const std::string& text)
{
    return Json::parse(text, nullptr, false);
}

/// "/a/{path...}" is "/a/{path}" in OpenAPI, which cannot say that it spans segments.
std::string plainPattern(std::string_view pattern)
{
    std::string text(pattern);
    if (const std::size_t dots = text.find("..."); dots != std::string::npos)
        text.erase(dots, 3);
    return text;
}

Json schemaOfParameter(std::string_view name)
{
    if (name.ends_with('?'))
        return {{"type", "string"}, {"enum", {"1", "0", "true", "false"}}};
    if (name == "mode") // as chmod(1) writes it
        return {{"type", "string"}, {"pattern", "^[0-7]{1,4}$"}};
    if (name == "before" || name == "after" || name == "limit")
        return {{"type", "integer"}, {"minimum", 0}};
    return {{"type", "string"}};
}

/// `names` as a route has them.
void addNamed(Json& parameters, std::string_view names, std::string_view place)
{
    while (!names.empty()) {
        const std::size_t end = std::min(names.find(' '), names.size());
        const std::string_view name = names.substr(0, end);
        parameters.push_back({{"name", name.substr(0, name.find('?'))},
                              {"in", place},
                              {"required", false},
                              {"schema", schemaOfParameter(name)}});
        names.remove_prefix(std::min(end + 1, names.size()));
    }
}

Json parametersOf(const Route& route)
{
    Json parameters = Json::array();
    const std::string pattern = plainPattern(route.pattern);
    for (std::size_t open = pattern.find('{'); open != std::string::npos;
         open = pattern.find('{', open + 1)) {
        parameters.push_back(
            {{"name", pattern.substr(open + 1, pattern.find('}', open) - open - 1)},
             {"in", "path"},
             {"required", true},
             {"schema", {{"type", "string"}}}});
    }
    addNamed(parameters, route.query, "query");
    addNamed(parameters, route.headers, "header");
    return parameters;
}

std::string_view mediaType(AnswerKind kind)
{
    switch (kind) {
    case AnswerKind::Bytes:
        return "application/octet-stream";
    case AnswerKind::Events:
        return "text/event-stream";
    default:
        return "application/json";
    }
}

/// Requests may leave out what has a default.
Json requestSchema(const std::string& text)
{
    Json schema = parsed(text);
    std::vector<Json*> pending{&schema};
    while (!pending.empty()) {
        Json& current = *pending.back();
        pending.pop_back();
        if (!current.is_object())
            continue;
        if (current.contains("properties"))
            current.erase("required");
        for (auto& [key, value] : current.items())
            pending.push_back(&value);
    }
    return schema;
}

Json operationOf(const Route& route)
{
    Json success = {{"description", route.answer == AnswerKind::WebSocket ? "Switching to WebSocket"
                                                                          : route.summary}};
    if (route.answer == AnswerKind::Bytes)
        success["content"] = {{mediaType(route.answer), Json::object()}};
    else if (route.answer != AnswerKind::Nothing && route.answer != AnswerKind::WebSocket)
        success["content"] = {
            {mediaType(route.answer),
             {{"schema", route.response ? parsed(route.response()) : Json{{"type", "object"}}}}}};
    if (route.followed)
        success["content"][mediaType(AnswerKind::Events)] = {{"schema", parsed(route.followed())}};
    Json operation = {
        {"operationId", route.operation},
        {"summary", route.summary},
        {"parameters", parametersOf(route)},
        {"responses",
         {{std::to_string(route.status), std::move(success)},
          {"default",
           {{"description", "Any failure"},
            {"content",
             {{"application/json", {{"schema", {{"$ref", "#/components/schemas/Error"}}}}}}}}}}}};
    if (route.answer == AnswerKind::Bytes) {
        Json part = operation["responses"][std::to_string(route.status)];
        part["description"] = "The bytes of the Range";
        operation["responses"]["206"] = std::move(part);
    }
    if (route.request && route.answer != AnswerKind::WebSocket)
        operation["requestBody"] = {
            {"content", {{"application/json", {{"schema", requestSchema(route.request())}}}}}};
    if (route.answer == AnswerKind::WebSocket) {
        if (route.request)
            operation["x-websocket-first-message"] = requestSchema(route.request());
        operation["x-websocket-text-message"] = requestSchema(route.response());
    }
    if (route.touch == Touch::Acts)
        operation["x-starts-sandbox"] = true;
    return operation;
}

} // namespace

std::string openApiDocument()
{
    Json paths = Json::object();
    for (const Route& route : routes()) {
        std::string method(route.method);
        for (char& c : method)
            c = static_cast<char>(c - 'A' + 'a');
        paths[plainPattern(route.pattern)][method] = operationOf(route);
    }
    return dumpJson({{"openapi", "3.1.0"},
                     {"info",
                      {{"title", "Caisson"},
                       {"version", CAISSON_VERSION},
                       {"license", {{"name", "GPL-3.0-or-later"}}}}},
                     {"paths", std::move(paths)},
                     {"components", {{"schemas", {{"Error", parsed(schemaOf<ErrorBody>())}}}}}});
}

} // namespace caisson::api
