// SPDX-License-Identifier: GPL-3.0-or-later
// serveHttp2() and the upstream side between clients that people use, over loopback.
#include "backend/keeper/egress/http/exchange.h"
#include "tests/support/tcp_stream.h"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <format>
#include <gtest/gtest.h>
#include <thread>

using namespace caisson;
using namespace caisson::keeper;
using namespace caisson::keeper::http;
using api::Task;
using Tcp = api::asio::ip::tcp;
using namespace api::asio::experimental::awaitable_operators;

namespace {

constexpr auto kTuple = api::asio::as_tuple(api::asio::use_awaitable);

std::string output(const std::string& command)
{
    std::string text;
    FILE* pipe = popen((command + " 2>&1").c_str(), "r");
    if (!pipe)
        return "cannot be started";
    std::array<char, 4096> room{};
    while (const std::size_t size = fread(room.data(), 1, room.size(), pipe))
        text.append(room.data(), size);
    if (const int status = pclose(pipe); status != 0)
        text += std::format(" (status {})", status);
    return text;
}

/// An origin, and a proxy before it that hands every request on over one connection; both HTTP/2,
/// on a thread of their own.
class Http2Client : public testing::Test
{
protected:
    Http2Client()
        : m_origin(m_context, Tcp::endpoint(api::asio::ip::address_v4::loopback(), 0))
        , m_proxy(m_context, Tcp::endpoint(api::asio::ip::address_v4::loopback(), 0))
    {
        api::asio::co_spawn(m_context, accept(m_origin, originHandler()), api::asio::detached);
        api::asio::co_spawn(
            m_context,
            accept(m_proxy, [this](RequestHead& head, Body& body,
                                   Responder& to) { return handOn(head, body, to); }),
            api::asio::detached);
        m_thread = std::thread([this] { m_context.run(); });
    }
    ~Http2Client() override
    {
        m_context.stop();
        m_thread.join();
        m_upstream.reset();
    }

    std::string origin() const { return address(m_origin); }
    std::string proxy() const { return address(m_proxy); }

private:
    static std::string address(const Tcp::acceptor& acceptor)
    {
        return std::format("127.0.0.1:{}", acceptor.local_endpoint().port());
    }

    static Task<void> accept(Tcp::acceptor& acceptor, Handler handler)
    {
        for (;;) {
            auto [code, socket] = co_await acceptor.async_accept(kTuple);
            if (code)
                co_return;
            api::spawnDetached(co_await api::asio::this_coro::executor,
                               serve(std::move(socket), handler), "a connection");
        }
    }
    static Task<void> serve(Tcp::socket socket, Handler handler)
    {
        keeper::LoopbackStream stream(std::move(socket));
        co_await serveHttp2(stream, {}, std::move(handler));
    }

    static Handler originHandler()
    {
        return [](RequestHead& head, Body& body, Responder& to) -> Task<void> {
            ResponseHead reply;
            reply.status = 200;
            reply.fields = {{"content-type", "text/plain"}};
            if (head.target == "/large") {
                reply.length = 20'000'000;
                if (!co_await to.head(reply))
                    co_return;
                const std::string part(100'000, 'x');
                for (int i = 0; i < 200; ++i) {
                    if (!co_await to.write(part))
                        co_return;
                }
            } else if (head.target == "/small") {
                static const std::string text(1000, 's');
                reply.length = text.size();
                static_cast<void>(co_await to.head(reply));
                static_cast<void>(co_await to.write(text));
            } else {
                if (findField(head.fields, "expect")) {
                    ResponseHead interim;
                    interim.status = 100;
                    static_cast<void>(co_await to.inform(interim));
                }
                if (!co_await to.head(reply))
                    co_return;
                for (;;) {
                    const auto bytes = co_await body.next();
                    if (!bytes)
                        co_return to.abort();
                    if (bytes->empty())
                        break;
                    if (!co_await to.write(*bytes))
                        co_return;
                }
            }
            Fields trailers;
            if (head.target == "/trailers")
                trailers = {{"grpc-status", "0"}};
            static_cast<void>(co_await to.finish(trailers));
        };
    }

    Task<std::shared_ptr<UpstreamConnection>> upstream()
    {
        if (!m_upstream || !m_upstream->hasRoom()) {
            Tcp::socket socket(m_context);
            co_await socket.async_connect(m_origin.local_endpoint(), kTuple);
            m_upstream = makeHttp2Upstream(
                std::make_unique<keeper::LoopbackStream>(std::move(socket)), [] {});
        }
        co_return m_upstream;
    }

    Task<void> handOn(RequestHead& head, Body& body, Responder& to)
    {
        const auto connection = co_await upstream();
        const auto exchange = connection->open();
        if (!co_await exchange->sendHead(head, "http"))
            co_return;
        const auto send = [&]() -> Task<void> {
            while (head.hasBody) {
                const auto bytes = co_await body.next();
                if (!bytes)
                    co_return exchange->abort();
                if (bytes->empty()) {
                    static_cast<void>(co_await exchange->finishBody(body.trailers()));
                    co_return;
                }
                if (!co_await exchange->sendBody(*bytes))
                    co_return;
            }
        };
        const auto receive = [&]() -> Task<void> {
            auto reply = co_await exchange->response();
            while (reply && reply->status < 200) {
                static_cast<void>(co_await to.inform(*reply));
                reply = co_await exchange->response();
            }
            if (!reply)
                co_return to.abort();
            if (!co_await to.head(*reply) || !reply->hasBody)
                co_return;
            for (;;) {
                const auto bytes = co_await exchange->body().next();
                if (!bytes)
                    co_return to.abort();
                if (bytes->empty())
                    break;
                if (!co_await to.write(*bytes))
                    co_return exchange->abort();
            }
            static_cast<void>(co_await to.finish(exchange->body().trailers()));
        };
        if (head.hasBody)
            co_await (receive() && send());
        else
            co_await receive();
    }

    boost::asio::io_context m_context{1};
    Tcp::acceptor m_origin;
    Tcp::acceptor m_proxy;
    std::shared_ptr<UpstreamConnection> m_upstream;
    std::thread m_thread;
};

const std::string kCurl = "curl -sS --max-time 60 --http2-prior-knowledge ";

} // namespace

TEST_F(Http2Client, CurlIsAnswered)
{
    EXPECT_EQ(output(kCurl + "-d hello http://" + proxy() + "/echo"), "hello");
    EXPECT_EQ(output(kCurl +
                     "-o /dev/null -w '%{http_version} %{http_code} %{size_download}' http://" +
                     proxy() + "/small"),
              "2 200 1000");
}

TEST_F(Http2Client, CurlTakesALargeBody)
{
    EXPECT_EQ(output(kCurl + "-o /dev/null -w '%{size_download}' http://" + proxy() + "/large"),
              "20000000");
}

TEST_F(Http2Client, CurlGetsALargeBodyBack)
{
    EXPECT_EQ(output("head -c 12345678 /dev/zero | tr '\\0' 'a' | " + kCurl + "-T - http://" +
                     proxy() + "/echo | cksum"),
              output("head -c 12345678 /dev/zero | tr '\\0' 'a' | cksum"));
}

TEST_F(Http2Client, CurlWaitsToContinue)
{
    const std::string text =
        output(kCurl + "-v -H 'Expect: 100-continue' -d hello http://" + proxy() + "/echo");
    EXPECT_TRUE(text.contains("< HTTP/2 100")) << text;
    EXPECT_TRUE(text.contains("< HTTP/2 200")) << text;
}

TEST_F(Http2Client, CurlSeesTrailers)
{
    const std::string text = output(kCurl + "-i http://" + proxy() + "/trailers");
    EXPECT_TRUE(text.contains("grpc-status: 0")) << text;
}

TEST_F(Http2Client, CurlSeesNoBodyAfterHead)
{
    const std::string text = output(kCurl + "-I http://" + proxy() + "/small");
    EXPECT_TRUE(text.contains("HTTP/2 200")) << text;
    EXPECT_TRUE(text.contains("content-length: 1000")) << text;
}

TEST_F(Http2Client, CurlAsksManyAtOnce)
{
    const std::string text =
        output(kCurl + "-Z --parallel-max 100 -o /dev/null -w '%{http_code} ' 'http://" + proxy() +
               "/small?[1-300]'");
    std::size_t answered = 0;
    for (std::size_t at = text.find("200 "); at != std::string::npos;
         at = text.find("200 ", at + 1))
        ++answered;
    EXPECT_EQ(answered, 300U) << text;
}
