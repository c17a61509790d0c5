// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/http.h"

#include <gtest/gtest.h>

using namespace caisson;
using namespace caisson::api;

TEST(Percent, DecodesBytesAndRefusesBrokenEscapes)
{
    EXPECT_EQ(percentDecode("a%20b%2Fc%ff"), "a b/c\xff");
    for (const char* broken : {"%", "%4", "%zz", "a%", "%00"})
        EXPECT_FALSE(percentDecode(broken)) << broken;
}

TEST(Percent, BringsBackEveryByteButNul)
{
    std::string bytes;
    for (int c = 1; c < 256; ++c)
        bytes += static_cast<char>(c);
    EXPECT_EQ(percentDecode(percentEncode(bytes)), bytes);
    EXPECT_EQ(percentEncode("/a b/c", Slashes::Keep), "/a%20b/c");
}

TEST(Sse, BringsBackEventsHoweverTheyArrive)
{
    const std::string stream = encodeSse({"1", "created", "{\"a\":1}"}) + ": a comment\n\n" +
                               encodeSse({"2", "", "two\nlines"}) + encodeSse({"", "x", ""});
    for (std::size_t step = 1; step <= stream.size(); ++step) {
        SseParser parser;
        std::vector<SseEvent> events;
        for (std::size_t i = 0; i < stream.size(); i += step) {
            auto more = parser.feed(std::string_view(stream).substr(i, step));
            ASSERT_TRUE(more);
            events.insert(events.end(), more->begin(), more->end());
        }
        ASSERT_EQ(events.size(), 3u) << "in steps of " << step;
        EXPECT_EQ(events[0].id, "1");
        EXPECT_EQ(events[0].event, "created");
        EXPECT_EQ(events[0].data, "{\"a\":1}");
        EXPECT_EQ(events[1].data, "two\nlines");
        EXPECT_EQ(events[2].data, "");
    }
}

TEST(Sse, BoundsAnEventThatNeverEnds)
{
    SseParser parser;
    const std::string piece(1024 * 1024, 'x');
    Result<std::vector<SseEvent>> outcome;
    for (int i = 0; i < 8 && outcome; ++i)
        outcome = parser.feed(piece);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::TooLarge);
}

TEST(Headers, AreFoundWithoutCase)
{
    const Headers headers{{"If-Match", "\"1\""}};
    EXPECT_EQ(findHeader(headers, "if-match"), "\"1\"");
    EXPECT_FALSE(findHeader(headers, "if-matc"));
}
