// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/link/init_link.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

using namespace caisson;
using namespace caisson::keeper;
using api::Task;
using namespace api::asio::experimental::awaitable_operators;

namespace {

constexpr auto kTuple = api::asio::as_tuple(api::asio::use_awaitable);

/// The keeper's end of the link against an init that says what the test wants.
class LyingInit : public testing::Test
{
public:
    LyingInit()
    {
        api::Socket keeperEnd(context);
        api::asio::local::connect_pair(keeperEnd, inside);
        link = std::make_unique<InitLink>(context.get_executor(), std::move(keeperEnd));
    }

    Task<void> say(std::string bytes)
    {
        co_await api::asio::async_write(inside, api::asio::buffer(bytes), kTuple);
    }

    /// The next frame the keeper sent.
    Task<api::Frame> hear()
    {
        for (;;) {
            auto frame = reader.next();
            if (frame && *frame)
                co_return std::move(**frame);
            std::size_t room = 0;
            char* at = reader.prepare(room);
            const auto [code, size] =
                co_await inside.async_read_some(api::asio::buffer(at, room), kTuple);
            if (code)
                co_return api::Frame{};
            reader.commit(size);
        }
    }

    void run(Task<void> script)
    {
        std::exception_ptr failure;
        api::asio::co_spawn(context, std::move(script), [&](const std::exception_ptr& exception) {
            failure = exception;
            boost::system::error_code ignored;
            inside.close(ignored);
        });
        api::asio::co_spawn(context, link->run(),
                            [&](const std::exception_ptr&, Error why) { lost = std::move(why); });
        context.run();
        if (failure)
            std::rethrow_exception(failure);
    }

    /// What the link is lost for after init has said `bytes`, with channel 1 open.
    ErrorCode verdict(std::string bytes)
    {
        auto channel = link->openChannel();
        run([](LyingInit& self, std::string text) -> Task<void> {
            co_await self.say(std::move(text));
            // Returns when the keeper has closed its end.
            while ((co_await self.hear()).channel != 0 || self.inside.available() > 0) {
            }
        }(*this, std::move(bytes)));
        channel.reset();
        return lost ? lost->code : ErrorCode::Internal;
    }

    api::asio::io_context context;
    api::Socket inside{context};
    api::FrameReader reader;
    std::unique_ptr<InitLink> link;
    std::optional<Error> lost;
};

} // namespace

TEST_F(LyingInit, ThatSendsMoreThanItWasGrantedIsCutOff)
{
    std::string bytes;
    const std::string piece(api::kMaxFramePayload, 'x');
    for (std::uint32_t sent = 0; sent <= api::kInitialCredit; sent += api::kMaxFramePayload)
        bytes += api::encodeFrame(api::FrameKind::Data, 1, piece);
    EXPECT_EQ(verdict(bytes), ErrorCode::Protocol);
}

TEST_F(LyingInit, ThatSendsNonsenseIsCutOff)
{
    EXPECT_EQ(verdict(std::string(64, '\xff')), ErrorCode::Protocol);
}

TEST_F(LyingInit, ThatSendsControlsWithoutSenseIsCutOff)
{
    EXPECT_EQ(verdict(api::encodeFrame(api::FrameKind::Control, 0, "{\"id\": []}")),
              ErrorCode::Protocol);
}

TEST_F(LyingInit, ThatSpeaksAnotherVersionIsCutOff)
{
    EXPECT_EQ(verdict(api::encodeControl({0, "hello", 0, R"({"version": 99, "pid": 1})", {}})),
              ErrorCode::Protocol);
}

TEST_F(LyingInit, ThatGrantsCreditBeyondCountingIsCutOff)
{
    EXPECT_EQ(verdict(api::encodeCredit(1, UINT32_MAX) + api::encodeCredit(1, UINT32_MAX)),
              ErrorCode::Protocol);
}

TEST_F(LyingInit, MayTalkAboutChannelsThatAreClosed)
{
    run([](LyingInit& self) -> Task<void> {
        co_await self.say(api::encodeFrame(api::FrameKind::Data, 77, "late") +
                          api::encodeFrame(api::FrameKind::End, 77, "") + api::encodeCredit(77, 5) +
                          api::encodeControl({12345, "", 0, "{}", {}}) +
                          api::encodeControl({0, "exit", 77, R"({"status":{"code":0}})", {}}) +
                          api::encodeControl({0, "hello", 0, R"({"version": 1, "pid": 1})", {}}));
        EXPECT_TRUE(co_await self.link->waitHello());
    }(*this));
    EXPECT_EQ(lost->code, ErrorCode::NotRunning);
}

TEST_F(LyingInit, ThatFloodsAWatchIsToldOnAsAnOverflow)
{
    auto channel = link->openChannel();
    run([](LyingInit& self, InitChannel& watch) -> Task<void> {
        std::string batch = api::encodeControl(
            {0, "watch", watch.id(), R"({"events":[{"type":"created","path":"/a"}]})", {}});
        for (int i = 0; i < 6000; ++i)
            co_await self.say(batch);
        co_await self.say(api::encodeControl({0, "hello", 0, R"({"version": 1, "pid": 1})", {}}));
        EXPECT_TRUE(co_await self.link->waitHello());
        bool overflow = false;
        int events = 0;
        while (!overflow && events < 6000) {
            const auto item = co_await watch.read();
            EXPECT_TRUE(item);
            overflow = item->event.body.contains("overflow");
            ++events;
        }
        EXPECT_TRUE(overflow);
        EXPECT_LT(events, 4100);
    }(*this, *channel));
    channel.reset();
}

TEST_F(LyingInit, ThatDiesLeavesNobodyWaiting)
{
    auto channel = link->openChannel();
    run([](LyingInit& self, InitChannel& open) -> Task<void> {
        const auto ask = [&]() -> Task<void> {
            const auto reply =
                co_await self.link->request<api::Empty>("mkdir", api::PathRequest{.path = {"/x"}});
            EXPECT_EQ(reply.error().code, ErrorCode::NotRunning);
        };
        const auto read = [&]() -> Task<void> {
            EXPECT_EQ((co_await open.read()).error().code, ErrorCode::NotRunning);
        };
        const auto write = [&]() -> Task<void> {
            const std::string bytes(3 * api::kInitialCredit, 'x');
            EXPECT_FALSE(co_await open.write(bytes));
        };
        const auto die = [&]() -> Task<void> {
            while ((co_await self.hear()).kind != api::FrameKind::Data) {
            }
            self.inside.close();
        };
        co_await (ask() && read() && write() && die());
    }(*this, *channel));
    channel.reset();
}

/// A disk that was full left an upload waiting for ever: init had failed and granted no more.
TEST_F(LyingInit, ThatFailsIsWrittenToNoMore)
{
    auto channel = link->openChannel();
    run([](LyingInit& self, InitChannel& open) -> Task<void> {
        const auto write = [&]() -> Task<void> {
            const std::string bytes(3 * api::kInitialCredit, 'x');
            const Result<void> written = co_await open.write(bytes);
            EXPECT_FALSE(written);
            EXPECT_EQ(written.error().code, ErrorCode::NoSpace);
            const auto item = co_await open.read();
            EXPECT_TRUE(item && item->event.error);
        };
        const auto failInTheMiddle = [&]() -> Task<void> {
            std::size_t got = 0;
            while (got < api::kInitialCredit)
                got += (co_await self.hear()).payload.size();
            co_await self.say(api::encodeControl(
                {0, "failed", open.id(), "", Error{ErrorCode::NoSpace, "full", {}}}));
        };
        co_await (write() && failInTheMiddle());
    }(*this, *channel));
    channel.reset();
}

TEST_F(LyingInit, IsSentNoMoreThanItGranted)
{
    auto channel = link->openChannel();
    run([](LyingInit& self, InitChannel& open) -> Task<void> {
        const std::string bytes(2 * api::kInitialCredit + 10, 'x');
        const auto write = [&]() -> Task<void> { EXPECT_TRUE(co_await open.write(bytes)); };
        const auto take = [&]() -> Task<void> {
            std::size_t got = 0;
            std::size_t granted = api::kInitialCredit;
            while (got < bytes.size()) {
                got += (co_await self.hear()).payload.size();
                EXPECT_LE(got, granted);
                if (got == granted) {
                    granted += 300'000;
                    co_await self.say(api::encodeCredit(open.id(), 300'000));
                }
            }
        };
        co_await (write() && take());
    }(*this, *channel));
    channel.reset();
}
