// SPDX-License-Identifier: GPL-3.0-or-later
#include "log_fixture.h"

#include "backend/keeper/egress/log/entry_writer.h"

#include <chrono>
#include <filesystem>
#include <gtest/gtest.h>

namespace caisson::keeper {
namespace {

using Clock = std::chrono::steady_clock;

double millisecondsSince(Clock::time_point begin)
{
    return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

/// A million rows as an agent at work leaves them, written as the keeper writes them. How long each
/// query takes is printed, and never judged: the machine may be busy.
TEST_F(LogTest, aMillionRowsAreFilteredAndPaged)
{
    constexpr int kRows = 1'000'000;
    {
        Result<EntryWriter> writer = EntryWriter::open(path, 1LL << 40);
        ASSERT_TRUE(writer) << writer.error().message;
        const auto begin = Clock::now();
        std::vector<api::EgressEntry> batch;
        for (int i = 1; i <= kRows; ++i) {
            api::EgressEntry entry = fullEntry();
            entry.id = i;
            entry.host = "h" + std::to_string(i % 1'000) + ".example.com";
            entry.path = "/repos/owner/project/issues/" + std::to_string(i);
            entry.process.pid = i / 200;
            entry.rule = "r" + std::to_string(i % 50);
            entry.method = i % 10 == 0 ? "POST" : "GET";
            entry.verdict = i % 1'000 == 0 ? "deny" : "allow";
            batch.push_back(std::move(entry));
            if (batch.size() == 512 || i == kRows) {
                const Result<void> written = writer->write(batch);
                ASSERT_TRUE(written) << written.error().message;
                batch.clear();
            }
        }
        std::printf("written: %.2f us a row, %.0f MB\n", millisecondsSince(begin) * 1000 / kRows,
                    static_cast<double>(std::filesystem::file_size(path)) / 1e6);
    }
    open(1LL << 40);
    query({.limit = 1});

    struct Row
    {
        const char* name;
        LogQuery query;
        std::int64_t total;
    };
    const Row rows[] = {
        {"newest", {}, kRows},
        {"middle", {.before = kRows / 2}, kRows},
        {"oldest", {.oldestFirst = true}, kRows},
        {"deny", {.verdict = "deny"}, 1'000},
        {"allow", {.verdict = "allow"}, 999'000},
        {"one host", {.host = "h7.example.com"}, 1'000},
        {"all hosts", {.host = "example.com"}, kRows},
        {"method", {.method = "POST"}, 100'000},
        {"rule", {.rule = "r7"}, 20'000},
        {"no such rule", {.rule = "none"}, 0},
        {"text of many", {.text = "ISSUES/99"}, 11'111},
        {"text of one", {.text = "issues/777777"}, 1},
        {"a piece of a URL", {.text = "H7.example.com/repos"}, 1'000},
        {"text of none", {.text = "nowhere"}, 0},
        {"text in an executable", {.text = "bin/git"}, kRows},
    };
    for (const Row& row : rows) {
        const auto first = Clock::now();
        const api::EgressLog found = query(row.query);
        const double firstTime = millisecondsSince(first);
        EXPECT_EQ(found.total, row.total) << row.name;
        const auto second = Clock::now();
        LogQuery next = row.query;
        if (!next.oldestFirst && found.next != 0)
            next.before = found.next;
        EXPECT_EQ(query(next).total, row.total);
        const double nextTime = millisecondsSince(second);
        std::printf("%s: first page %.1f ms, next %.1f ms\n", row.name, firstTime, nextTime);
    }
}

} // namespace
} // namespace caisson::keeper
