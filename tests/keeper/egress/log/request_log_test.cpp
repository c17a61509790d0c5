// SPDX-License-Identifier: GPL-3.0-or-later
#include "log_fixture.h"

#include <boost/asio/co_spawn.hpp>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace caisson::keeper {
namespace {

api::EgressEntry row(std::string host, std::string verdict = "allow")
{
    api::EgressEntry entry;
    entry.time = "2026-11-26T07:02:21.042Z";
    entry.host = std::move(host);
    entry.verdict = std::move(verdict);
    entry.method = "GET";
    entry.scheme = "https";
    entry.port = 443;
    entry.path = "/";
    return entry;
}

std::vector<std::int64_t> ids(const api::EgressLog& log)
{
    std::vector<std::int64_t> ids;
    for (const api::EgressEntry& entry : log.entries)
        ids.push_back(entry.id);
    return ids;
}

using Ids = std::vector<std::int64_t>;

TEST_F(LogTest, keepsEveryField)
{
    open();
    EXPECT_EQ(query().total, 0);
    api::EgressEntry whole = fullEntry();
    api::EgressEntry odd = row("odd.example", "tunnel");
    odd.method = "";
    odd.path = std::string("/a\0b\xff", 5);
    odd.bytesIn = INT64_MAX;
    odd.ms = 1e9;
    whole.id = log->add(whole);
    odd.id = log->add(odd);
    EXPECT_EQ(whole.id, 1);
    EXPECT_EQ(odd.id, 2);
    const api::EgressLog found = query();
    ASSERT_EQ(found.entries.size(), 2u);
    EXPECT_EQ(found.entries[0], odd);
    EXPECT_EQ(found.entries[1], whole);
    EXPECT_EQ(found.total, 2);
    EXPECT_EQ(found.next, 0);
}

TEST_F(LogTest, outlivesItsKeeper)
{
    open();
    for (int i = 0; i < 1000; ++i)
        log->add(row("a.example"));
    open();
    EXPECT_EQ(query().total, 1000);
    EXPECT_EQ(log->add(fullEntry()), 1001);
    api::EgressEntry same = fullEntry();
    same.id = 1001;
    EXPECT_EQ(query({.limit = 1}).entries.at(0), same);
    struct stat about{};
    ASSERT_EQ(::stat(path.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600u);
}

TEST_F(LogTest, isReadPageByPage)
{
    open();
    for (int i = 1; i <= 25; ++i)
        log->add(row(i % 2 == 0 ? "even.example" : "odd.example"));
    const api::EgressLog newest = query({.limit = 10});
    EXPECT_EQ(newest.total, 25);
    EXPECT_EQ(ids(newest), (Ids{25, 24, 23, 22, 21, 20, 19, 18, 17, 16}));
    EXPECT_EQ(newest.next, 16);
    EXPECT_EQ(ids(query({.before = 16, .limit = 3})), (Ids{15, 14, 13}));
    const api::EgressLog last = query({.before = 4, .limit = 3});
    EXPECT_EQ(ids(last), (Ids{3, 2, 1}));
    EXPECT_EQ(last.next, 0);
    const api::EgressLog oldest = query({.limit = 2, .oldestFirst = true});
    EXPECT_EQ(ids(oldest), (Ids{1, 2}));
    EXPECT_EQ(oldest.next, 2);
    EXPECT_EQ(ids(query({.after = 2, .limit = 2, .oldestFirst = true})), (Ids{3, 4}));
    EXPECT_EQ(ids(query({.after = 22})), (Ids{25, 24, 23}));
    EXPECT_EQ(ids(query({.before = 8, .after = 4, .host = "even.example"})), (Ids{6}));
    EXPECT_EQ(query({.before = 8, .after = 4, .host = "even.example"}).total, 12);
    EXPECT_EQ(query({.limit = 0}).entries.size(), 0u);
    EXPECT_EQ(query({.limit = 0}).total, 25);
    EXPECT_EQ(query({.limit = 1'000'000}).entries.size(), 25u);
}

TEST_F(LogTest, isFiltered)
{
    open();
    log->add(row("api.github.com"));
    log->add(row("github.com", "deny"));
    log->add(row("notgithub.com", "tunnel"));
    log->add(fullEntry());
    api::EgressEntry percent = row("p.example", "deny");
    percent.path = "/100%_\\x";
    percent.method = "POST";
    percent.rule = "default";
    percent.why = "No rule fits.";
    percent.terminal = "t2";
    log->add(percent);
    const auto fitting = [this](LogQuery filter) {
        const api::EgressLog found = query(std::move(filter));
        EXPECT_EQ(std::cmp_equal(found.total, found.entries.size()), true);
        return ids(found);
    };
    EXPECT_EQ(fitting({.host = "github.com"}), (Ids{4, 2, 1}));
    EXPECT_EQ(fitting({.host = "api.github.com"}), (Ids{4, 1}));
    EXPECT_EQ(fitting({.host = "com"}), (Ids{4, 3, 2, 1}));
    EXPECT_EQ(fitting({.host = "%"}), Ids{});
    EXPECT_EQ(fitting({.verdict = "allow"}), (Ids{4, 1}));
    EXPECT_EQ(fitting({.verdict = "deny"}), (Ids{5, 2}));
    EXPECT_EQ(fitting({.verdict = "tunnel"}), Ids{3});
    EXPECT_EQ(fitting({.verdict = "nonsense"}), Ids{});
    EXPECT_EQ(fitting({.method = "POST"}), Ids{5});
    EXPECT_EQ(fitting({.rule = "github-read"}), Ids{4});
    EXPECT_EQ(fitting({.terminal = "t2"}), Ids{5});
    EXPECT_EQ(fitting({.text = "GITHUB"}), (Ids{4, 3, 2, 1}));
    EXPECT_EQ(fitting({.text = "usr/bin/git"}), Ids{4});
    EXPECT_EQ(fitting({.text = "fetch --ALL"}), Ids{4}); // of its command line
    EXPECT_EQ(fitting({.text = "repos"}), Ids{4});
    // What a row shows is found: words that stand apart, who started the program, the status.
    EXPECT_EQ(fitting({.text = "git repos"}), Ids{4});
    EXPECT_EQ(fitting({.text = "git orders"}), Ids{});
    EXPECT_EQ(fitting({.text = "bin/bash"}), Ids{4});
    EXPECT_EQ(fitting({.text = "200 github page"}), Ids{4});
    EXPECT_EQ(fitting({.text = "201 page"}), Ids{});
    EXPECT_EQ(fitting({.text = "page=2"}), Ids{4});
    EXPECT_EQ(fitting({.text = "no rule fits"}), Ids{5});
    EXPECT_EQ(fitting({.text = "post"}), Ids{5});
    // Wildcards of SQL are plain characters here, and quotes stay quotes.
    EXPECT_EQ(fitting({.text = "100%_\\x"}), Ids{5});
    EXPECT_EQ(fitting({.text = "1__%"}), Ids{});
    EXPECT_EQ(fitting({.text = "' OR 1=1 --"}), Ids{});
    EXPECT_EQ(fitting({.text = "example", .verdict = "deny", .host = "example", .method = "POST"}),
              Ids{5});
}

/// What stood in a line of the log found nothing when it was looked for.
TEST_F(LogTest, isFilteredByWhatIsShown)
{
    open();
    log->add(fullEntry()); // of https://api.github.com/repos/a?page=2…
    api::EgressEntry second = row("A.example");
    second.host = "2001:db8::7";
    second.scheme = "http";
    second.port = 8080;
    second.path = "/x";
    second.method = "post";
    log->add(second);
    log->add(row("a.b.wild.example"));
    log->add(row("wild.example"));
    log->add(row("a.wild.example"));
    const auto fitting = [this](LogQuery filter) {
        const api::EgressLog found = query(std::move(filter));
        EXPECT_EQ(std::cmp_equal(found.total, found.entries.size()), true);
        return ids(found);
    };
    EXPECT_EQ(fitting({.text = "github.com/repos"}), Ids{1});
    EXPECT_EQ(fitting({.text = "https://API.github.com/repos/a?page=2"}), Ids{1});
    EXPECT_EQ(fitting({.text = "a?page"}), Ids{1});
    EXPECT_EQ(fitting({.text = "[2001:db8::7]:8080/x"}), Ids{2});
    EXPECT_EQ(fitting({.text = "http://[2001"}), Ids{2});
    EXPECT_EQ(fitting({.text = ".example/x"}), Ids{});
    EXPECT_EQ(fitting({.method = "POST"}), Ids{2});
    EXPECT_EQ(fitting({.method = "get"}), (Ids{5, 4, 3, 1}));
    EXPECT_EQ(fitting({.host = "*.wild.example"}), Ids{5});
    EXPECT_EQ(fitting({.host = "**.Wild.example"}), (Ids{5, 4, 3}));
    EXPECT_EQ(fitting({.host = "*.b.**"}), Ids{3});
    EXPECT_EQ(fitting({.host = "Wild.Example."}), (Ids{5, 4, 3}));
    EXPECT_EQ(fitting({.host = "[2001:DB8::7]"}), Ids{2});
    EXPECT_EQ(fitting({.host = "**"}), (Ids{5, 4, 3, 2, 1}));
}

TEST_F(LogTest, totalsFollowNewRows)
{
    open();
    for (int round = 1; round <= 5; ++round) {
        log->add(row("a.example"));
        log->add(row("b.example", "deny"));
        EXPECT_EQ(query().total, round * 2);
        EXPECT_EQ(query({.verdict = "deny"}).total, round);
        EXPECT_EQ(query({.host = "a.example"}).total, round);
        EXPECT_EQ(query({.after = round * 2, .text = "b.ex"}).total, round);
    }
}

TEST_F(LogTest, dropsTheOldestRowsOverItsCap)
{
    constexpr std::int64_t kCap = 2 * 1024 * 1024;
    open(kCap);
    std::int64_t last = 0;
    for (int i = 0; i < 60'000; ++i) {
        api::EgressEntry entry = fullEntry();
        entry.path = "/" + std::string(100, 'a') + std::to_string(i);
        entry.process.pid = i;
        last = log->add(entry);
        // So that none is dropped on the way to the disk.
        if (i % 2'000 == 0)
            query({.limit = 1});
    }
    const api::EgressLog newest = query({.limit = 1000});
    EXPECT_EQ(newest.entries.at(0).id, last);
    EXPECT_EQ(newest.entries.at(0).process.pid, 59'999);
    EXPECT_EQ(newest.entries.at(0).process.cmdline, "git fetch --all");
    EXPECT_GT(newest.total, 2'000);
    EXPECT_LT(newest.total, 20'000);
    const api::EgressLog oldest = query({.limit = 1, .oldestFirst = true});
    EXPECT_EQ(oldest.entries.at(0).id, last - newest.total + 1);
    // Its words are there still, and those of rows that went are not.
    EXPECT_EQ(oldest.entries.at(0).host, "api.github.com");
    EXPECT_EQ(oldest.entries.at(0).process.exe, "/usr/bin/git");
    log.reset();
    EXPECT_LT(std::filesystem::file_size(path), kCap * 3 / 2);
    open(kCap);
    EXPECT_EQ(query().total, newest.total);
}

/// A few hundred large ones were all that was left, since two thousand went at once.
TEST_F(LogTest, largeRowsGiveWayOneByOne)
{
    constexpr std::int64_t kCap = 8 * 1024 * 1024;
    open(kCap);
    std::int64_t fewest = 1'000;
    for (int i = 0; i < 1'500; ++i) {
        api::EgressEntry entry = row("a.example");
        entry.path = "/" + std::string(16'000, 'a');
        log->add(entry);
        if (i > 600 && i % 50 == 0)
            fewest = std::min(fewest, query({.limit = 1}).total);
    }
    EXPECT_GT(fewest, 400);
}

TEST_F(LogTest, everyRowIsThereOrSaidToBeMissing)
{
    open();
    // Faster than most disks: what waits is bounded.
    constexpr int kRows = 60'000;
    for (int i = 0; i < kRows; ++i)
        log->add(row("a.example"));
    const api::EgressLog told = query({.rule = "default"});
    std::int64_t missing = 0;
    for (const api::EgressEntry& entry : told.entries) {
        EXPECT_EQ(entry.flag, "dropped");
        missing += std::stoll(entry.why);
    }
    EXPECT_EQ(query({.host = "a.example"}).total + missing, kRows);
}

TEST_F(LogTest, putsADamagedFileAside)
{
    std::ofstream(path) << std::string(100'000, 'x');
    open();
    log->add(row("a.example"));
    EXPECT_EQ(query().total, 1);
    EXPECT_EQ(std::filesystem::file_size(path + ".old"), 100'000u);
}

TEST_F(LogTest, cannotBeWhereNothingCanBe)
{
    const auto opened = RequestLog::open(context.get_executor(), folder / "none/log.db");
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::NotFound);
    // A link that stands in its place is not followed.
    std::filesystem::create_symlink("/etc/passwd", path);
    EXPECT_FALSE(RequestLog::open(context.get_executor(), path));
}

TEST_F(LogTest, wakesItsFollowers)
{
    open();
    Ids seen;
    run([](RequestLog& log, api::asio::io_context& context, Ids& into) -> api::Task<void> {
        api::asio::co_spawn(
            context,
            [](RequestLog& followed, Ids& found) -> api::Task<void> {
                while (found.size() < 3) {
                    co_await followed.wait();
                    const std::int64_t after = found.empty() ? 0 : found.back();
                    const auto rows =
                        co_await followed.query({.after = after, .oldestFirst = true});
                    for (const api::EgressEntry& entry : rows.value().entries)
                        found.push_back(entry.id);
                }
            }(log, into),
            [](const std::exception_ptr&) {});
        for (int i = 0; i < 3; ++i) {
            co_await api::sleepFor(std::chrono::milliseconds(5));
            log.add(row("a.example"));
        }
    }(*log, context, seen));
    EXPECT_EQ(seen, (Ids{1, 2, 3}));
}

/// Of large rows an answer has fewer, or four requests for the log could take the keeper gigabytes.
TEST_F(LogTest, pagesAreBoundedInBytesToo)
{
    open();
    constexpr std::int64_t kRows = 300;
    for (std::int64_t i = 0; i < kRows; ++i) {
        api::EgressEntry large = row("a.example");
        large.path = "/" + std::string(20'000, 'a');
        log->add(large);
    }
    const auto sizeOf = [](const std::vector<api::EgressEntry>& entries) {
        std::size_t size = 0;
        for (const api::EgressEntry& entry : entries)
            size += entry.path.size();
        return size;
    };
    for (const bool oldestFirst : {false, true}) {
        Ids seen;
        LogQuery wanted{.limit = 1000, .oldestFirst = oldestFirst};
        for (;;) {
            const api::EgressLog page = query(wanted);
            EXPECT_EQ(page.total, kRows);
            EXPECT_LT(sizeOf(page.entries), 1'200'000u);
            std::ranges::copy(ids(page), std::back_inserter(seen));
            if (page.next == 0)
                break;
            (oldestFirst ? wanted.after : wanted.before) = page.next;
        }
        if (!oldestFirst)
            std::ranges::reverse(seen);
        ASSERT_EQ(std::ssize(seen), kRows);
        EXPECT_TRUE(std::ranges::is_sorted(seen));
    }
    EXPECT_GT(har().size(), kRows * 20'000);

    // Whoever follows gets all of it, too, what has ended meanwhile at its end.
    api::EgressEntry lasting = row("lasting.example");
    lasting.flag = kOpenFlag;
    lasting.id = log->add(lasting);
    log->add(row("last.example"));
    log->end(lasting);
    LogQuery following{.limit = 1000};
    Ids seen;
    for (;;) {
        std::vector<LogNews> some;
        run([](RequestLog& from, LogQuery by, std::vector<LogNews>& into) -> api::Task<void> {
            into = (co_await from.news(std::move(by))).value();
        }(*log, following, some));
        if (some.empty())
            break;
        for (const LogNews& one : some) {
            seen.push_back(one.entry.id);
            following.after = one.cursor;
        }
    }
    ASSERT_EQ(std::ssize(seen), kRows + 2);
    EXPECT_EQ(seen.back(), lasting.id);
}

/// What lasts is in the log while it is open, and is one row, with its last figures, when it is over.
TEST_F(LogTest, whatLastsIsWrittenOpenAndThenAsItEnded)
{
    open();
    log->add(row("before.example"));
    api::EgressEntry lasting = fullEntry();
    lasting.flag = kOpenFlag;
    lasting.id = log->add(lasting);
    log->add(row("after.example"));
    EXPECT_EQ(query({.text = "after.example"}).total, 1);
    EXPECT_EQ(query({.host = "api.github.com"}).entries.at(0), lasting);

    api::EgressEntry ended = lasting;
    ended.flag = "";
    ended.bytesIn = 1'000'000;
    ended.ms = 86'400'000;
    log->end(ended);
    EXPECT_EQ(ids(query()), (Ids{3, 2, 1}));
    EXPECT_EQ(query().total, 3);
    EXPECT_EQ(query().entries.at(1), ended);
    EXPECT_TRUE(har().contains("1000000"));
    EXPECT_FALSE(har().contains("\"open\""));

    // Its cursor was a number of the rows', and stays one.
    open();
    EXPECT_EQ(log->last(), 4);
    EXPECT_EQ(log->add(row("new.example")), 5);
    EXPECT_EQ(query().entries.at(2), ended);
}

/// The next keeper knows that it will never end.
TEST_F(LogTest, whatAKilledKeeperLeftOpenIsLost)
{
    open();
    api::EgressEntry lasting = fullEntry();
    lasting.flag = kOpenFlag;
    lasting.id = log->add(lasting);
    api::EgressEntry over = lasting;
    over.id = log->add(over);
    over.flag = "masked";
    log->end(over);
    EXPECT_EQ(query().total, 2);

    const std::int64_t seen = log->last();
    open();
    std::vector<LogNews> news;
    run([](RequestLog& from, LogQuery by, std::vector<LogNews>& into) -> api::Task<void> {
        into = (co_await from.news(std::move(by))).value();
    }(*log, {.after = seen}, news));
    ASSERT_EQ(news.size(), 1u);
    EXPECT_EQ(news[0].entry.id, lasting.id);
    EXPECT_EQ(news[0].entry.flag, kLostFlag);
    EXPECT_EQ(news[0].cursor, log->last());

    for (int i = 0; i < 2; ++i) { // it stays so, and numbers of words are not given out twice
        open();
        lasting.flag = kLostFlag;
        EXPECT_EQ(query().entries.at(static_cast<std::size_t>(i + 1)), lasting);
        EXPECT_EQ(query().entries.at(static_cast<std::size_t>(i)), over);
        log->add(row(i == 0 ? "next.example" : "last.example"));
    }
    EXPECT_EQ(query().entries.at(0).host, "last.example");
    EXPECT_EQ(query().entries.at(3), lasting);
}

/// Totals are counted once, and on; what a filter finds may change with the end.
TEST_F(LogTest, totalsSeeWhatARowHasBecome)
{
    open();
    api::EgressEntry lasting = row("a.example");
    lasting.flag = kOpenFlag;
    lasting.id = log->add(lasting);
    EXPECT_EQ(query({.verdict = "allow"}).total, 1);
    EXPECT_EQ(query({.verdict = "deny"}).total, 0);
    lasting.verdict = "deny";
    lasting.flag = "";
    log->end(lasting);
    EXPECT_EQ(query({.verdict = "allow"}).total, 0);
    EXPECT_EQ(query({.verdict = "deny"}).total, 1);
    EXPECT_EQ(query().total, 1);
}

TEST_F(LogTest, followersGetWhatHasEndedOnceMore)
{
    open();
    // Each as "cursor:id flag".
    const auto news = [this](LogQuery asked) {
        std::string told;
        run([](RequestLog& from, LogQuery query, std::string& into) -> api::Task<void> {
            const auto found = co_await from.news(std::move(query));
            for (const auto& [cursor, entry] : found.value())
                into += std::to_string(cursor) + ":" + std::to_string(entry.id) + entry.flag + " ";
        }(*log, std::move(asked), told));
        return told;
    };
    api::EgressEntry lasting = row("a.example");
    lasting.flag = kOpenFlag;
    api::EgressEntry first = lasting;
    first.id = log->add(lasting);
    log->add(row("b.example"));
    api::EgressEntry second = lasting;
    second.id = log->add(lasting);
    EXPECT_EQ(news({}), "1:1open 2:2 3:3open ");
    EXPECT_EQ(log->last(), 3);

    first.flag = "";
    log->end(first);
    log->add(row("c.example"));
    EXPECT_EQ(news({.after = 3}), "4:1 5:5 ");
    // Whoever comes late gets each once.
    EXPECT_EQ(news({}), "2:2 3:3open 4:1 5:5 ");
    EXPECT_EQ(news({.after = 2, .limit = 2}), "3:3open 4:1 ");
    EXPECT_EQ(news({.host = "a.example"}), "3:3open 4:1 ");
    EXPECT_EQ(news({.after = 5}), "");

    second.flag = "";
    second.verdict = "deny";
    log->end(second);
    EXPECT_EQ(news({.after = 5, .verdict = "deny"}), "6:3 ");
    EXPECT_EQ(news({.after = 5, .verdict = "allow"}), "");
}

/// The cap drops the oldest rows, and what they say with them; one that ends later is there again.
TEST_F(LogTest, whatEndsAfterItsRowWasDroppedIsThere)
{
    constexpr std::int64_t kCap = 1024 * 1024;
    open(kCap);
    api::EgressEntry lasting = fullEntry();
    lasting.host = "lasting.example";
    lasting.flag = kOpenFlag;
    lasting.id = log->add(lasting);
    for (int i = 0; query({.host = "lasting.example"}).total == 1 && i < 100; ++i) {
        for (int j = 0; j < 1000; ++j) {
            api::EgressEntry entry = fullEntry();
            entry.path = "/" + std::string(100, 'a') + std::to_string(i) + "." + std::to_string(j);
            log->add(entry);
        }
    }
    ASSERT_EQ(query({.host = "lasting.example"}).total, 0);
    lasting.flag = "";
    log->end(lasting);
    const api::EgressLog found = query({.host = "lasting.example"});
    ASSERT_EQ(found.entries.size(), 1u);
    EXPECT_EQ(found.entries[0], lasting);
    EXPECT_EQ(found.total, 1);
}

TEST_F(LogTest, mayGoWhileItIsAsked)
{
    open();
    log->add(row("a.example"));
    int answered = 0;
    for (int i = 0; i < 5; ++i) {
        api::asio::co_spawn(
            context,
            [](RequestLog& asked, int& count) -> api::Task<void> {
                const auto found = co_await asked.query({});
                count += found || found.error().code == ErrorCode::Cancelled ? 1 : 0;
                const auto har = co_await asked.har(
                    [](std::string_view) -> api::Task<Result<void>> { co_return Result<void>(); });
                static_cast<void>(har);
            }(*log, answered),
            [](const std::exception_ptr&) {});
    }
    context.restart();
    context.poll();
    log.reset();
    EXPECT_LE(answered, 5);
}

} // namespace
} // namespace caisson::keeper
