// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/log/har.h"

#include "backend/api/entry_url.h"

#include <boost/beast/http/status.hpp>
#include <cmath>

#include <nlohmann/json.hpp>

namespace caisson::keeper::har {

namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& value)
{
    // What a sandbox sent need not be UTF-8.
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// As they were sent, escapes kept.
Json queryString(std::string_view query)
{
    Json pairs = Json::array();
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (pair.empty())
            continue;
        const std::size_t equals = std::min(pair.find('='), pair.size());
        pairs.push_back({{"name", pair.substr(0, equals)},
                         {"value", pair.substr(std::min(equals + 1, pair.size()))}});
    }
    return pairs;
}

std::string_view httpVersion(std::string_view protocol)
{
    if (protocol == "h2")
        return "HTTP/2";
    // A WebSocket begins as a request of this version.
    return "HTTP/1.1";
}

std::string statusText(std::int64_t status)
{
    const auto known = boost::beast::http::int_to_status(static_cast<unsigned>(status));
    return known == boost::beast::http::status::unknown
               ? std::string()
               : std::string(boost::beast::http::obsolete_reason(known));
}

Json processOf(const api::EgressProcess& process)
{
    Json parents = Json::array();
    for (const api::ProcessInfo& parent : process.parents)
        parents.push_back({{"pid", parent.pid}, {"exe", parent.exe}, {"cmdline", parent.cmdline}});
    return {{"pid", process.pid},
            {"exe", process.exe},
            {"cmdline", process.cmdline},
            {"parents", std::move(parents)}};
}

Json ownFields(const api::EgressEntry& entry)
{
    Json own = {{"id", entry.id},
                {"verdict", entry.verdict},
                {"rule", entry.rule},
                {"why", entry.why},
                {"generation", entry.generation},
                {"process", processOf(entry.process)}};
    const std::pair<const char*, const std::string*> rare[] = {{"terminal", &entry.terminal},
                                                               {"exec", &entry.exec},
                                                               {"secret", &entry.secret},
                                                               {"flag", &entry.flag},
                                                               {"protocol", &entry.protocol}};
    for (const auto& [name, text] : rare) {
        if (!text->empty())
            own[name] = *text;
    }
    if (std::string target = api::oddTargetOf(entry); !target.empty())
        own["target"] = std::move(target);
    return own;
}

double milliseconds(double ms)
{
    return std::isfinite(ms) && ms > 0 ? ms : 0;
}

} // namespace

std::string begin()
{
    const Json creator = {{"name", "Caisson"}, {"version", CAISSON_VERSION}};
    return "{\"log\":{\"version\":\"1.2\",\"creator\":" + dump(creator) +
           ",\"pages\":[],\"entries\":[";
}

std::string entry(const api::EgressEntry& entry)
{
    const double ms = milliseconds(entry.ms);
    const Json none = Json::array();
    Json request = {{"method", entry.method},
                    {"url", api::urlOf(entry)},
                    {"httpVersion", httpVersion(entry.protocol)},
                    {"cookies", none},
                    {"headers", none},
                    {"queryString", queryString(entry.query)},
                    {"headersSize", -1},
                    {"bodySize", entry.bytesOut}};
    Json response = {{"status", entry.status},
                     {"statusText", statusText(entry.status)},
                     {"httpVersion", httpVersion(entry.protocol)},
                     {"cookies", none},
                     {"headers", none},
                     {"content",
                      {{"size", entry.bytesIn},
                       {"mimeType", entry.contentType.empty() ? "x-unknown" : entry.contentType}}},
                     {"redirectURL", ""},
                     {"headersSize", -1},
                     {"bodySize", entry.bytesIn}};
    // Only the whole is known; HAR wants three parts that add up to it.
    Json row = {
        {"startedDateTime", entry.time}, {"time", ms},
        {"request", std::move(request)}, {"response", std::move(response)},
        {"cache", Json::object()},       {"timings", {{"send", 0}, {"wait", ms}, {"receive", 0}}}};
    if (!entry.address.empty())
        row["serverIPAddress"] = entry.address;
    row["_caisson"] = ownFields(entry);
    return dump(row);
}

std::string_view beginStreams()
{
    return "\n],\"_streams\":[";
}

std::string stream(const api::EgressEntry& entry)
{
    Json row = {{"startedDateTime", entry.time},
                {"time", milliseconds(entry.ms)},
                {"scheme", entry.scheme},
                {"host", entry.host},
                {"port", entry.port},
                {"bytesOut", entry.bytesOut},
                {"bytesIn", entry.bytesIn}};
    if (!entry.address.empty())
        row["serverIPAddress"] = entry.address;
    row["_caisson"] = ownFields(entry);
    return dump(row);
}

std::string_view end()
{
    return "\n]}}\n";
}

} // namespace caisson::keeper::har
