// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/keeper/egress/tls/tls_fixture.h"

#include "backend/keeper/egress/tls/openssl_handles.h"

#include <array>
#include <atomic>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <chrono>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

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

enum class Kind { Tcp, Tls };

/// Both kinds keep the same promises.
class StreamTest : public TlsFixture, public testing::WithParamInterface<Kind>
{
protected:
    void SetUp() override
    {
        if (GetParam() == Kind::Tls) {
            auto pair = openPair();
            ASSERT_TRUE(pair) << pair.error().message;
            m_inside = std::move(pair->inside.stream);
            m_outside = std::move(pair->outside.stream);
        } else {
            const auto connect = [this]() -> Task<void> {
                auto [inside, outside] = co_await connectedPair();
                m_inside = makeTcpStream(std::move(inside));
                m_outside = makeTcpStream(std::move(outside));
            };
            await(connect());
        }
    }
    void TearDown() override
    {
        // Sockets belong to the loop's thread.
        const auto drop = [this]() -> Task<void> {
            m_inside.reset();
            m_outside.reset();
            co_return;
        };
        await(drop());
    }
    /// On the loop's thread, as all calls are.
    void cancel(Stream& stream, Stream::Ending ending)
    {
        const auto end = [&]() -> Task<void> {
            stream.cancel(ending);
            co_return;
        };
        await(end());
    }

    std::unique_ptr<Stream> m_inside;
    std::unique_ptr<Stream> m_outside;
};

INSTANTIATE_TEST_SUITE_P(Kinds, StreamTest, testing::Values(Kind::Tcp, Kind::Tls),
                         [](const auto& kind) { return kind.param == Kind::Tcp ? "Tcp" : "Tls"; });

TEST_P(StreamTest, WordsGoBothWays)
{
    const auto talk = [&]() -> Task<std::string> {
        co_await writeText(*m_outside, "question");
        std::string heard = (co_await readSome(*m_inside)).value();
        co_await writeText(*m_inside, "answer");
        co_return heard + " " + (co_await readSome(*m_outside)).value();
    };
    EXPECT_EQ(await(talk()), "question answer");
}

TEST_P(StreamTest, ManyMegabytesGoBothWaysAtOnceAndWhole)
{
    const std::string there = pattern(9'000'001);
    const std::string back = pattern(7'654'321);
    const auto send = [](Stream& stream, const std::string& bytes) -> Task<bool> {
        const bool sent = (co_await stream.write(bytes)).has_value();
        co_await stream.finish();
        co_return sent;
    };
    using Outcome = std::tuple<bool, bool, Result<std::string>, Result<std::string>>;
    const auto talk = [&]() -> Task<Outcome> {
        co_return co_await (send(*m_outside, there) && send(*m_inside, back) &&
                            readAll(*m_inside) && readAll(*m_outside));
    };
    const auto [sentThere, sentBack, cameThere, cameBack] = await(talk());
    EXPECT_TRUE(sentThere);
    EXPECT_TRUE(sentBack);
    ASSERT_TRUE(cameThere) << cameThere.error().message;
    ASSERT_TRUE(cameBack) << cameBack.error().message;
    EXPECT_TRUE(*cameThere == there);
    EXPECT_TRUE(*cameBack == back);
}

TEST_P(StreamTest, AReaderThatDoesNotReadHoldsTheWriterUp)
{
    const std::string bytes = pattern(40'000'000);
    std::atomic<bool> written = false;
    const auto send = [&]() -> Task<bool> {
        const bool sent = (co_await m_outside->write(bytes)).has_value();
        written = true;
        co_await m_outside->finish();
        co_return sent;
    };
    auto sent = start(send());
    // The buffers of both sockets (tcp_wmem, tcp_rmem) are smaller than this: whatever time passes,
    // it cannot have gone.
    EXPECT_EQ(sent.wait_for(200ms), std::future_status::timeout);
    EXPECT_FALSE(written);
    const auto readSlowly = [&]() -> Task<std::string> {
        std::string all;
        std::array<char, 1000> little;
        std::vector<char> much(1 << 18);
        for (int i = 0;; ++i) {
            const std::span<char> room = i % 2 ? std::span<char>(much) : std::span<char>(little);
            const Result<std::size_t> got = co_await m_inside->read(room);
            if (!got || *got == 0)
                co_return all;
            all.append(room.data(), *got);
        }
    };
    const std::string all = await(readSlowly());
    EXPECT_TRUE(sent.get());
    EXPECT_TRUE(all == bytes);
}

TEST_P(StreamTest, AnEndOfWritingLeavesReadingOpen)
{
    const auto talk = [&]() -> Task<std::string> {
        co_await writeText(*m_outside, "all of it");
        co_await m_outside->finish();
        co_await m_outside->finish();
        std::string heard = (co_await readAll(*m_inside)).value();
        co_await writeText(*m_inside, "the answer");
        co_await m_inside->finish();
        co_return heard + ", " + (co_await readAll(*m_outside)).value();
    };
    EXPECT_EQ(await(talk()), "all of it, the answer");
    const Result<void> late = await(writeText(*m_outside, "more"));
    EXPECT_FALSE(late);
}

TEST_P(StreamTest, CancellingEndsAReader)
{
    auto read = start(readSome(*m_inside));
    EXPECT_TRUE(m_inside->isOpen());
    cancel(*m_inside, Stream::Ending::Close);
    cancel(*m_inside, Stream::Ending::Reset);
    const Result<std::string> got = read.get();
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, ErrorCode::Cancelled);
    EXPECT_FALSE(m_inside->isOpen());
    EXPECT_EQ(await(readSome(*m_inside)).error().code, ErrorCode::Cancelled);
    EXPECT_EQ(await(writeText(*m_inside, "x")).error().code, ErrorCode::Cancelled);
}

TEST_P(StreamTest, CancellingEndsAWriter)
{
    auto wrote = start(writeText(*m_inside, pattern(40'000'000)));
    EXPECT_EQ(wrote.wait_for(100ms), std::future_status::timeout);
    cancel(*m_inside, Stream::Ending::Close);
    const Result<void> outcome = wrote.get();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::Cancelled);
}

TEST_P(StreamTest, AResetIsSeenAsOne)
{
    cancel(*m_inside, Stream::Ending::Reset);
    const Result<std::string> got = await(readSome(*m_outside));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, ErrorCode::Unavailable);
    EXPECT_NE(got.error().message.find("reset"), std::string::npos) << got.error().message;
}

TEST_P(StreamTest, LettingGoOfAStreamEndsWhoWaitsOnIt)
{
    auto read = start(readSome(*m_inside));
    const auto drop = [this]() -> Task<void> {
        m_inside.reset();
        co_return;
    };
    await(drop());
    const Result<std::string> got = read.get();
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, ErrorCode::Cancelled);
}

TEST_P(StreamTest, AnEndOfTcpAloneIsTheEndOfTcpOnly)
{
    // TLS has an end of its own (RFC 8446, 6.1): without it something may be missing.
    cancel(*m_outside, Stream::Ending::Close);
    const Result<std::string> got = await(readAll(*m_inside));
    if (GetParam() == Kind::Tcp) {
        EXPECT_EQ(got.value(), "");
    } else {
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().code, ErrorCode::Unavailable);
    }
}

class TlsStreamTest : public TlsFixture
{
};

TEST_F(TlsStreamTest, BothEndsAgreeOnAProtocol)
{
    auto pair = openPair("example.com", {"http/1.1", "h2"});
    ASSERT_TRUE(pair) << pair.error().message;
    EXPECT_EQ(pair->inside.alpn, Alpn::Http2);
    EXPECT_EQ(pair->outside.alpn, Alpn::Http2);
}

TEST_F(TlsStreamTest, KeysMayBeRenewedAtAnyTime)
{
    // Each update asks for one in return (RFC 8446, 4.6.3), which goes out with what is written
    // next: a client that sends them for ever makes nothing grow.
    const Listening listening = listen();
    const auto serve = [&]() -> Task<Result<std::string>> {
        auto opened = co_await m_server->accept(co_await acceptOn(listening), {}, "example.com");
        if (!opened)
            co_return std::unexpected(opened.error());
        auto got = co_await readSome(*opened->stream);
        co_await writeText(*opened->stream, "pong");
        co_await opened->stream->finish();
        co_await readAll(*opened->stream);
        co_return got;
    };
    auto served = start(serve());
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(listening.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const SslContextPtr context(SSL_CTX_new(TLS_client_method()));
    const SslPtr ssl(SSL_new(context.get()));
    SSL_set_fd(ssl.get(), socket);
    ASSERT_EQ(SSL_connect(ssl.get()), 1);
    for (int i = 0; i < 2000; ++i) {
        ASSERT_EQ(SSL_key_update(ssl.get(), SSL_KEY_UPDATE_REQUESTED), 1);
        ASSERT_EQ(SSL_do_handshake(ssl.get()), 1);
    }
    ASSERT_EQ(SSL_write(ssl.get(), "ping", 4), 4);
    std::array<char, 16> room;
    EXPECT_EQ(SSL_read(ssl.get(), room.data(), room.size()), 4);
    EXPECT_EQ(std::string(room.data(), 4), "pong");
    SSL_shutdown(ssl.get());
    EXPECT_EQ(served.get().value(), "ping");
    ::close(socket);
}

} // namespace

} // namespace caisson::keeper
