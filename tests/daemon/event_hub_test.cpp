// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/daemon/event_hub.h"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

using namespace caisson;
using namespace caisson::daemon;

namespace {

api::Event eventOf(const std::string& sandbox)
{
    api::Event event;
    event.type = "sandbox.changed";
    event.sandbox = sandbox;
    return event;
}

} // namespace

TEST(EventHub, ResumesAfterACursorWithoutLossOrRepeat)
{
    api::asio::io_context context;
    EventHub hub(context.get_executor());
    const std::uint64_t begin = *hub.positionAfter("");
    for (int i = 0; i < 10; ++i)
        hub.publish(eventOf(std::to_string(i)));
    const auto position = hub.positionAfter(hub.cursorOf(begin + 3));
    ASSERT_TRUE(position);
    ASSERT_TRUE(hub.at(*position));
    EXPECT_TRUE(hub.at(*position)->json.contains(R"("sandbox":"4")"));
    EXPECT_FALSE(hub.at(hub.newest()));
}

TEST(EventHub, KnowsWhatItNoLongerHas)
{
    api::asio::io_context context;
    EventHub hub(context.get_executor());
    hub.publish(eventOf("first"));
    const std::string early = hub.cursorOf(1);
    EXPECT_TRUE(hub.positionAfter(early));
    for (int i = 0; i < 5000; ++i)
        hub.publish(eventOf("x"));
    EXPECT_FALSE(hub.positionAfter(early));
    EXPECT_TRUE(hub.isLost(1));
}

TEST(EventHub, KeepsSomeMegabytesAtMost)
{
    api::asio::io_context context;
    EventHub hub(context.get_executor());
    const std::string large(100'000, 'a');
    for (int i = 0; i < 200; ++i)
        hub.publish(eventOf(large));
    std::size_t kept = 0;
    for (std::uint64_t at = 1; at < hub.newest(); ++at)
        kept += hub.at(at) ? hub.at(at)->json.size() : 0;
    EXPECT_GT(kept, 7'000'000u);
    EXPECT_LT(kept, 9'000'000u);
    // One that is larger by itself is told nevertheless.
    hub.publish(eventOf(std::string(20'000'000, 'a')));
    EXPECT_TRUE(hub.at(hub.newest() - 1));
    EXPECT_FALSE(hub.at(hub.newest() - 2));
}

TEST(EventHub, DoesNotTakeAnotherServicesCursorForItsOwn)
{
    api::asio::io_context context;
    EventHub one(context.get_executor());
    EventHub other(context.get_executor());
    one.publish(eventOf("x"));
    other.publish(eventOf("x"));
    EXPECT_FALSE(one.positionAfter(other.cursorOf(1)));
    for (const char* wrong : {"x", "-", "1", "0-0"})
        EXPECT_FALSE(one.positionAfter(wrong)) << wrong;
    EXPECT_FALSE(one.positionAfter(one.cursorOf(99)));
}
