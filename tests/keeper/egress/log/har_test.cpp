// SPDX-License-Identifier: GPL-3.0-or-later
#include "log_fixture.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <regex>

namespace caisson::keeper {
namespace {

using Json = nlohmann::json;

enum class Need { Must, May };

/// What the specification says of each object: name, type, whether it has to be there.
struct Field
{
    const char* name;
    Json::value_t type;
    Need need = Need::Must;
};

constexpr auto kText = Json::value_t::string;
constexpr auto kNumber = Json::value_t::number_float;
constexpr auto kObject = Json::value_t::object;
constexpr auto kList = Json::value_t::array;

void check(const Json& object, const char* what, std::initializer_list<Field> fields)
{
    ASSERT_TRUE(object.is_object()) << what;
    for (const Field& field : fields) {
        if (!object.contains(field.name)) {
            EXPECT_EQ(field.need, Need::May) << what << " lacks " << field.name;
            continue;
        }
        const Json& value = object.at(field.name);
        if (field.type == kNumber)
            EXPECT_TRUE(value.is_number()) << what << "." << field.name;
        else
            EXPECT_EQ(value.type(), field.type) << what << "." << field.name;
    }
    // Other names begin with an underscore.
    for (const auto& [name, value] : object.items()) {
        const bool isKnown =
            std::ranges::any_of(fields, [&name](const Field& field) { return name == field.name; });
        EXPECT_TRUE(isKnown || name.starts_with('_')) << what << "." << name;
    }
}

void checkEntry(const Json& entry)
{
    static const std::regex isTime(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))");
    check(entry, "entry",
          {{"pageref", kText, Need::May},
           {"startedDateTime", kText},
           {"time", kNumber},
           {"request", kObject},
           {"response", kObject},
           {"cache", kObject},
           {"timings", kObject},
           {"serverIPAddress", kText, Need::May},
           {"connection", kText, Need::May},
           {"comment", kText, Need::May}});
    EXPECT_TRUE(std::regex_match(entry.at("startedDateTime").get<std::string>(), isTime));
    const Json& request = entry.at("request");
    check(request, "request",
          {{"method", kText},
           {"url", kText},
           {"httpVersion", kText},
           {"cookies", kList},
           {"headers", kList},
           {"queryString", kList},
           {"postData", kObject, Need::May},
           {"headersSize", kNumber},
           {"bodySize", kNumber},
           {"comment", kText, Need::May}});
    for (const Json& pair : request.at("queryString"))
        check(pair, "queryString", {{"name", kText}, {"value", kText}});
    const Json& response = entry.at("response");
    check(response, "response",
          {{"status", kNumber},
           {"statusText", kText},
           {"httpVersion", kText},
           {"cookies", kList},
           {"headers", kList},
           {"content", kObject},
           {"redirectURL", kText},
           {"headersSize", kNumber},
           {"bodySize", kNumber},
           {"comment", kText, Need::May}});
    check(response.at("content"), "content",
          {{"size", kNumber},
           {"compression", kNumber, Need::May},
           {"mimeType", kText},
           {"text", kText, Need::May},
           {"encoding", kText, Need::May}});
    const Json& timings = entry.at("timings");
    check(timings, "timings",
          {{"blocked", kNumber, Need::May},
           {"dns", kNumber, Need::May},
           {"connect", kNumber, Need::May},
           {"send", kNumber},
           {"wait", kNumber},
           {"receive", kNumber},
           {"ssl", kNumber, Need::May}});
    double sum = 0;
    for (const char* part : {"send", "wait", "receive"}) {
        EXPECT_GE(timings.at(part).get<double>(), 0);
        sum += timings.at(part).get<double>();
    }
    EXPECT_DOUBLE_EQ(sum, entry.at("time").get<double>());
}

Json checked(const std::string& text)
{
    const Json har = Json::parse(text, nullptr, false);
    EXPECT_FALSE(har.is_discarded()) << text;
    check(har, "har", {{"log", kObject}});
    const Json& log = har.at("log");
    check(log, "log",
          {{"version", kText},
           {"creator", kObject},
           {"browser", kObject, Need::May},
           {"pages", kList, Need::May},
           {"entries", kList},
           {"comment", kText, Need::May}});
    EXPECT_EQ(log.at("version"), "1.2");
    check(log.at("creator"), "creator", {{"name", kText}, {"version", kText}});
    for (const Json& entry : log.at("entries"))
        checkEntry(entry);
    return log;
}

TEST_F(LogTest, anEmptyLogIsAWholeHar)
{
    open();
    const Json har = checked(this->har());
    EXPECT_TRUE(har.at("entries").empty());
    EXPECT_TRUE(har.at("_streams").empty());
}

TEST_F(LogTest, harHasEveryRequest)
{
    open();
    log->add(fullEntry());
    api::EgressEntry denied = fullEntry();
    denied.verdict = "deny";
    denied.status = 403;
    denied.protocol = "http/1.1";
    denied.scheme = "http";
    denied.host = "2001:db8::7";
    denied.port = 8080;
    denied.query = "";
    denied.address = "";
    denied.contentType = "";
    denied.path = "/\xff\"\\\n";
    denied.process = {};
    denied.ms = -1;
    log->add(denied);
    api::EgressEntry stream = fullEntry();
    stream.method = "";
    stream.path = "";
    stream.scheme = "tls";
    stream.protocol = "";
    stream.verdict = "tunnel";
    log->add(stream);
    api::EgressEntry gone = fullEntry();
    gone.status = 0;
    gone.protocol = "websocket";
    log->add(gone);
    api::EgressEntry misdirected = fullEntry();
    misdirected.host = "plain.example";
    misdirected.path = "http://evil.example/x";
    misdirected.query = "y";
    misdirected.status = 421;
    log->add(misdirected);

    const Json har = checked(this->har());
    const Json& entries = har.at("entries");
    ASSERT_EQ(entries.size(), 4u);
    EXPECT_EQ(entries[0]["request"]["url"],
              "https://api.github.com/repos/a?page=2&q=a%20b&empty&=x&&z=");
    EXPECT_EQ(entries[0]["request"]["httpVersion"], "HTTP/2");
    EXPECT_EQ(entries[0]["request"]["queryString"],
              Json::parse(R"([{"name":"page","value":"2"},{"name":"q","value":"a%20b"},
                              {"name":"empty","value":""},{"name":"","value":"x"},
                              {"name":"z","value":""}])"));
    EXPECT_EQ(entries[0]["response"]["statusText"], "OK");
    EXPECT_EQ(entries[0]["response"]["content"]["size"], 3456);
    EXPECT_EQ(entries[0]["response"]["content"]["mimeType"], "application/json; charset=utf-8");
    EXPECT_EQ(entries[0]["serverIPAddress"], "203.0.113.7");
    EXPECT_EQ(entries[0]["time"], 78.25);
    EXPECT_EQ(entries[0]["_caisson"]["rule"], "github-read");
    EXPECT_EQ(entries[0]["_caisson"]["secret"], "github");
    EXPECT_EQ(entries[0]["_caisson"]["process"]["parents"][1]["exe"], "/usr/bin/node");
    EXPECT_EQ(entries[1]["request"]["url"], "http://[2001:db8::7]:8080/\xef\xbf\xbd\"\\\n");
    EXPECT_EQ(entries[1]["response"]["status"], 403);
    EXPECT_EQ(entries[1]["response"]["content"]["mimeType"], "x-unknown");
    EXPECT_FALSE(entries[1].contains("serverIPAddress"));
    EXPECT_EQ(entries[2]["response"]["status"], 0);
    EXPECT_EQ(entries[3]["request"]["url"], "https://plain.example/");
    EXPECT_EQ(entries[3]["_caisson"].value("target", ""), "http://evil.example/x?y");
    EXPECT_FALSE(entries[0]["_caisson"].contains("target"));
    ASSERT_EQ(har.at("_streams").size(), 1u);
    EXPECT_EQ(har["_streams"][0]["host"], "api.github.com");
    EXPECT_EQ(har["_streams"][0]["_caisson"]["verdict"], "tunnel");
}

TEST_F(LogTest, harComesInPieces)
{
    open();
    for (int i = 0; i < 1001; ++i) {
        api::EgressEntry entry = fullEntry();
        entry.status = i;
        if (i % 2 == 0)
            entry.method = "";
        log->add(entry);
    }
    const Json har = checked(this->har());
    ASSERT_EQ(har.at("entries").size(), 500u);
    ASSERT_EQ(har.at("_streams").size(), 501u);
    EXPECT_EQ(har["entries"][499]["response"]["status"], 999);

    // A reader who has gone ends it.
    int pieces = 0;
    std::string why;
    run([](RequestLog& exported, int& count, std::string& said) -> api::Task<void> {
        const auto done =
            co_await exported.har([&count](std::string_view piece) -> api::Task<Result<void>> {
                EXPECT_LT(piece.size(), 1024u * 1024);
                if (++count == 3)
                    co_return fail(ErrorCode::Unavailable, "It has gone.");
                co_return Result<void>();
            });
        said = done ? "" : done.error().message;
    }(*log, pieces, why));
    EXPECT_EQ(pieces, 3);
    EXPECT_EQ(why, "It has gone.");
}

} // namespace
} // namespace caisson::keeper
