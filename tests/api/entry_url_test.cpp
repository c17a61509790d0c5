// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/entry_url.h"

#include <gtest/gtest.h>

using namespace caisson::api;

namespace {

EgressEntry entryTo(std::string scheme, std::string host, std::int64_t port, std::string path,
                    std::string query = {})
{
    EgressEntry entry;
    entry.scheme = std::move(scheme);
    entry.host = std::move(host);
    entry.port = port;
    entry.path = std::move(path);
    entry.query = std::move(query);
    return entry;
}

} // namespace

/// A refused absolute URL once stood right behind the host, as "http://a.examplehttp://b.example/x".
TEST(EntryUrl, IsWhereItLedAndBesideItWhatWasAskedFor)
{
    const std::pair<EgressEntry, std::pair<const char*, const char*>> rows[] = {
        {entryTo("https", "a.example", 443, "/b", "c=d?e"), {"https://a.example/b?c=d?e", ""}},
        {entryTo("http", "a.example", 8080, "/"), {"http://a.example:8080/", ""}},
        {entryTo("http", "a.example", 443, "/"), {"http://a.example:443/", ""}},
        {entryTo("http", "2001:db8::7", 80, "/"), {"http://[2001:db8::7]/", ""}},
        {entryTo("tcp", "2001:db8::7", 22, ""), {"tcp://[2001:db8::7]:22", ""}},
        {entryTo("tls", "a.example", 443, ""), {"tls://a.example:443", ""}},
        {entryTo("http", "a.example", 80, "http://b.example/x", "y"),
         {"http://a.example/", "http://b.example/x?y"}},
        {entryTo("http", "a.example", 80, "*"), {"http://a.example/", "*"}},
        {entryTo("http", "a.example", 80, "b.example:443"), {"http://a.example/", "b.example:443"}},
    };
    for (const auto& [entry, shown] : rows) {
        EXPECT_EQ(urlOf(entry), shown.first);
        EXPECT_EQ(oddTargetOf(entry), shown.second);
    }
}
