// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/watch_log.h"

#include <gtest/gtest.h>

namespace caisson::init {

namespace {

std::string toText(WatchLog& log)
{
    std::string text;
    for (const api::WatchEvent& event : log.take(SIZE_MAX)) {
        text += event.type;
        if (event.path)
            text += " " + event.path->bytes;
        if (event.from)
            text += " " + event.from->bytes + " " + event.to->bytes;
        text += "\n";
    }
    return text;
}

TEST(WatchLog, RepeatedChangesAreOne)
{
    WatchLog log;
    log.created("/a", false);
    log.modified("/a", false);
    log.modified("/b", false);
    log.modified("/a", false);
    log.modified("/b", false);
    EXPECT_EQ(toText(log), "created /a\nmodified /b\n");
    EXPECT_TRUE(log.empty());
    // What was taken may be out of date: a change since then is told.
    log.modified("/a", false);
    EXPECT_EQ(toText(log), "modified /a\n");
}

TEST(WatchLog, OrderIsKept)
{
    WatchLog log;
    log.created("/a", false);
    log.deleted("/a", false);
    log.created("/a", false);
    log.moved("/a", "/b", false);
    log.modified("/b", false);
    EXPECT_EQ(toText(log), "created /a\ndeleted /a\ncreated /a\nmoved /a /b\nmodified /b\n");
}

TEST(WatchLog, TooMuchIsAnOverflow)
{
    WatchLog log;
    for (std::size_t i = 0; i <= WatchLog::kMostEvents; ++i)
        log.created("/" + std::to_string(i), false);
    log.deleted("/x", false);
    EXPECT_EQ(toText(log), "overflow\n");
    log.deleted("/y", false);
    EXPECT_EQ(toText(log), "deleted /y\n");
    log.overflow();
    log.stopped();
    EXPECT_EQ(toText(log), "overflow\nstopped\n");
}

TEST(WatchLog, BatchesAreBounded)
{
    WatchLog log;
    const std::string path = "/" + std::string(1000, 'x');
    for (int i = 0; i < 100; ++i)
        log.created(path + std::to_string(i), false);
    log.modified(path + "0", false);
    EXPECT_EQ(log.take(20'000).size(), 3u);
    // Part of it is gone, so nothing can be said to be told already.
    log.modified(path + "0", false);
    std::size_t left = 0;
    while (!log.empty())
        left += log.take(1).size();
    EXPECT_EQ(left, 98u);
}

} // namespace

} // namespace caisson::init
