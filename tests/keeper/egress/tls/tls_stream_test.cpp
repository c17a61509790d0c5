// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/keeper/egress/tls/tls_fixture.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <chrono>

namespace caisson::keeper {

namespace {

using api::Task;
using namespace api::asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

/// Bytes that do not repeat soon, so that a lost or doubled piece shows.
std::string pattern(std::size_t size)
{
    std::string bytes(size, '\0');
    std::uint64_t state = 88172645463325252;
    for (char& c : bytes) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        c = static_cast<char>(state);
    }
    return bytes;
}

class TlsStreamTest : public TlsFixture
{
};

TEST_F(TlsStreamTest, WordsGoBothWays)
{
    auto pair = openPair();
    ASSERT_TRUE(pair) << pair.error().message;
    const auto talk = [&]() -> Task<std::string> {
        co_await writeText(*pair->outside.stream, "question");
        std::string heard = (co_await readSome(*pair->inside.stream)).value();
        co_await writeText(*pair->inside.stream, "answer");
        co_return heard + " " + (co_await readSome(*pair->outside.stream)).value();
    };
    EXPECT_EQ(await(talk()), "question answer");
}

TEST_F(TlsStreamTest, ManyMegabytesBothWaysAtOnceAndWholly)
{
    auto pair = openPair();
    ASSERT_TRUE(pair) << pair.error().message;
    const std::string there = pattern(9'000'001);
    const std::string back = pattern(7'654'321);
    const auto send = [](Stream& stream, const std::string& bytes) -> Task<bool> {
        const bool sent = (co_await stream.write(bytes)).has_value();
        co_await stream.finish();
        co_return sent;
    };
    const auto talk =
        [&]() -> Task<std::tuple<bool, bool, Result<std::string>, Result<std::string>>> {
        co_return co_await (send(*pair->outside.stream, there) &&
                            send(*pair->inside.stream, back) && readAll(*pair->inside.stream) &&
                            readAll(*pair->outside.stream));
    };
    const auto [sentThere, sentBack, cameThere, cameBack] = await(talk());
    EXPECT_TRUE(sentThere);
    EXPECT_TRUE(sentBack);
    ASSERT_TRUE(cameThere) << cameThere.error().message;
    ASSERT_TRUE(cameBack) << cameBack.error().message;
    EXPECT_TRUE(*cameThere == there);
    EXPECT_TRUE(*cameBack == back);
}

} // namespace

} // namespace caisson::keeper
