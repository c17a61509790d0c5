// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/http_client.h"
#include "backend/api/http_server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

using namespace caisson;
using namespace caisson::api;
using namespace asio::experimental::awaitable_operators;

namespace {

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

/// A server and a client that talk over a pair of sockets, run until both have finished.
class Talk : public testing::Test
{
protected:
    void run(Task<void> server, Task<void> client)
    {
        std::exception_ptr failure;
        asio::co_spawn(context, std::move(server) && std::move(client),
                       [&](const std::exception_ptr& exception) { failure = exception; });
        context.run();
        if (failure)
            std::rethrow_exception(failure);
    }

    void SetUp() override { asio::local::connect_pair(serverEnd, clientEnd); }

    static Task<std::string> readAll(Socket& socket)
    {
        std::string text;
        co_await asio::async_read(socket, asio::dynamic_buffer(text), kTuple);
        co_return text;
    }

    asio::io_context context;
    Socket serverEnd{context};
    Socket clientEnd{context};
};

} // namespace

TEST_F(Talk, AnswersOneRequestAfterTheOther)
{
    run(
        [](Socket socket) -> Task<void> {
            ServerConnection connection(std::move(socket));
            for (int i = 0; i < 2; ++i) {
                const auto head = co_await connection.readHead();
                EXPECT_TRUE(head);
                const auto body = co_await connection.readBody();
                EXPECT_TRUE(body);
                co_await connection.respond({200, "text/plain", head->target + "=" + *body});
                EXPECT_TRUE(connection.keepsAlive());
            }
            EXPECT_EQ((co_await connection.readHead()).error().code, ErrorCode::Unavailable);
        }(std::move(serverEnd)),
        [](Socket socket) -> Task<void> {
            // Both at once: what follows a body is the next request.
            const std::string bytes = "POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\none"
                                      "POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                                      "3\r\ntwo\r\n0\r\n\r\n";
            co_await asio::async_write(socket, asio::buffer(bytes), kTuple);
            socket.shutdown(Socket::shutdown_send);
            const std::string text = co_await readAll(socket);
            EXPECT_TRUE(text.contains("/a=one")) << text;
            EXPECT_TRUE(text.contains("/b=two")) << text;
        }(std::move(clientEnd)));
}

TEST_F(Talk, RefusesAHeadWithoutEnd)
{
    run(
        [](Socket socket) -> Task<void> {
            ServerConnection connection(std::move(socket));
            const auto head = co_await connection.readHead();
            EXPECT_FALSE(head);
            EXPECT_EQ(head.error().code, ErrorCode::HeadTooLarge);
            co_await connection.respondError(head.error());
        }(std::move(serverEnd)),
        [](Socket socket) -> Task<void> {
            const std::string bytes = "GET / HTTP/1.1\r\nX: " + std::string(10 * 1024 * 1024, 'x');
            const auto answer = [&]() -> Task<void> {
                const std::string text = co_await readAll(socket);
                EXPECT_TRUE(text.starts_with("HTTP/1.1 431 ")) << text.substr(0, 100);
                EXPECT_TRUE(text.contains("head_too_large"));
            };
            const auto send = [&]() -> Task<void> {
                co_await asio::async_write(socket, asio::buffer(bytes), kTuple);
            };
            co_await (send() && answer());
        }(std::move(clientEnd)));
}

TEST_F(Talk, RefusesWhatIsNotHttp)
{
    run(
        [](Socket socket) -> Task<void> {
            ServerConnection connection(std::move(socket));
            const auto head = co_await connection.readHead();
            EXPECT_FALSE(head);
            EXPECT_EQ(head.error().code, ErrorCode::BadRequest);
            co_await connection.respondError(head.error());
        }(std::move(serverEnd)),
        [](Socket socket) -> Task<void> {
            co_await asio::async_write(socket, asio::buffer(std::string("\x16\x03\x01\r\n\r\n")),
                                       kTuple);
            socket.shutdown(Socket::shutdown_send);
            EXPECT_TRUE((co_await readAll(socket)).starts_with("HTTP/1.1 400 "));
        }(std::move(clientEnd)));
}

TEST_F(Talk, GoesOnInAnotherPlaceAfterBeingHandedOver)
{
    run(
        [](Socket socket) -> Task<void> {
            ServerConnection first(std::move(socket));
            EXPECT_TRUE(co_await first.readHead());
            auto [moved, bytes] = first.release();
            ServerConnection second(std::move(moved), std::move(bytes));
            const auto head = co_await second.readHead();
            EXPECT_TRUE(head);
            EXPECT_EQ(head->target, "/x");
            EXPECT_EQ(co_await second.readBody(), "body");
            second.closeAfterwards();
            co_await second.respond({200, "text/plain", "ok"});
            EXPECT_FALSE(second.keepsAlive());
        }(std::move(serverEnd)),
        [](Socket socket) -> Task<void> {
            ClientConnection connection(std::move(socket));
            EXPECT_TRUE(co_await connection.send("PUT", "/x", "body"));
            const auto head = co_await connection.readHead();
            EXPECT_TRUE(head);
            EXPECT_EQ(head->header("connection"), "close");
            EXPECT_EQ(co_await connection.readBody(100), "ok");
        }(std::move(clientEnd)));
}

TEST_F(Talk, TellsABodyThatBrokeOffFromOneThatEnded)
{
    run(
        [](Socket socket) -> Task<void> {
            ServerConnection connection(std::move(socket));
            EXPECT_TRUE(co_await connection.readHead());
            co_await connection.startBody(200, "text/plain");
            co_await connection.writeBody("half");
        }(std::move(serverEnd)),
        [](Socket socket) -> Task<void> {
            ClientConnection connection(std::move(socket));
            EXPECT_TRUE(co_await connection.send("GET", "/"));
            EXPECT_TRUE(co_await connection.readHead());
            const auto body = co_await connection.readBody(100);
            EXPECT_FALSE(body);
        }(std::move(clientEnd)));
}

TEST_F(Talk, BoundsABody)
{
    run(
        [](Socket socket) -> Task<void> {
            ServerConnection connection(std::move(socket));
            EXPECT_TRUE(co_await connection.readHead());
            const auto body = co_await connection.readBody(1000);
            EXPECT_EQ(body.error().code, ErrorCode::TooLarge);
            co_await connection.respondError(body.error());
        }(std::move(serverEnd)),
        [](Socket socket) -> Task<void> {
            ClientConnection connection(std::move(socket));
            EXPECT_TRUE(co_await connection.send("POST", "/", std::string(5000, 'x')));
            const auto head = co_await connection.readHead();
            EXPECT_TRUE(head);
            EXPECT_EQ(head->status, 413);
        }(std::move(clientEnd)));
}

/// It came in pieces of 512 bytes, each of which went its own way to the disk.
TEST_F(Talk, ABodyComesInPiecesThatFillTheRoom)
{
    run(
        [](Socket socket) -> Task<void> {
            ServerConnection connection(std::move(socket));
            EXPECT_TRUE(co_await connection.readHead());
            std::vector<char> room(64 * 1024);
            std::size_t size = 0;
            int pieces = 0;
            while (const std::size_t got = (co_await connection.readBodySome(room)).value_or(0)) {
                size += got;
                ++pieces;
            }
            EXPECT_EQ(size, 1'000'000u);
            EXPECT_LT(pieces, 200);
        }(std::move(serverEnd)),
        [](Socket socket) -> Task<void> {
            const std::string head = "PUT / HTTP/1.1\r\nContent-Length: 1000000\r\n"
                                     "Expect: 100-continue\r\n\r\n";
            co_await asio::async_write(socket, asio::buffer(head), kTuple);
            // Nothing of the body has come with the head, then.
            std::string word(25, '\0');
            co_await asio::async_read(socket, asio::buffer(word), kTuple);
            EXPECT_EQ(word, "HTTP/1.1 100 Continue\r\n\r\n");
            const std::string body(1'000'000, 'x');
            co_await asio::async_write(socket, asio::buffer(body), kTuple);
        }(std::move(clientEnd)));
}

TEST_F(Talk, RefusesABodyByItsLengthBeforeItComes)
{
    run(
        [](Socket socket) -> Task<void> {
            ServerConnection connection(std::move(socket));
            EXPECT_TRUE(co_await connection.readHead());
            const auto body = co_await connection.readBody(1000);
            EXPECT_FALSE(body);
            EXPECT_EQ(body.error().code, ErrorCode::TooLarge);
            co_await connection.respondError(body.error());
        }(std::move(serverEnd)),
        [](Socket socket) -> Task<void> {
            // Waits for the word to go on, and is not given it.
            const std::string bytes = "POST / HTTP/1.1\r\nContent-Length: 99999999999999\r\n"
                                      "Expect: 100-continue\r\n\r\n";
            co_await asio::async_write(socket, asio::buffer(bytes), kTuple);
            const std::string text = co_await readAll(socket);
            EXPECT_TRUE(text.starts_with("HTTP/1.1 413 ")) << text;
        }(std::move(clientEnd)));
}

TEST_F(Talk, CarriesWebSocketMessagesBothWays)
{
    run(
        [](Socket socket) -> Task<void> {
            ServerConnection connection(std::move(socket));
            const auto head = co_await connection.readHead();
            EXPECT_TRUE(head && head->upgrade);
            auto webSocket = co_await connection.acceptWebSocket();
            EXPECT_TRUE(webSocket);
            const auto message = co_await webSocket->read();
            EXPECT_TRUE(message);
            EXPECT_EQ(message->kind, WsMessage::Kind::Text);
            EXPECT_TRUE(co_await webSocket->sendBinary("\1", message->data));
            EXPECT_FALSE(co_await webSocket->read());
        }(std::move(serverEnd)),
        [](Socket socket) -> Task<void> {
            auto webSocket = co_await WebSocket::connect(std::move(socket), "/ws");
            EXPECT_TRUE(webSocket);
            EXPECT_TRUE(co_await webSocket->sendText("hello"));
            const auto message = co_await webSocket->read();
            EXPECT_TRUE(message);
            EXPECT_EQ(message->kind, WsMessage::Kind::Binary);
            EXPECT_EQ(message->data, "\1hello");
            co_await webSocket->close();
        }(std::move(clientEnd)));
}

TEST_F(Talk, BringsAWebSocketsRefusalToTheClient)
{
    run(
        [](Socket socket) -> Task<void> {
            ServerConnection connection(std::move(socket));
            EXPECT_TRUE(co_await connection.readHead());
            co_await connection.respondError({ErrorCode::Stale, "of an earlier start", {}});
        }(std::move(serverEnd)),
        [](Socket socket) -> Task<void> {
            const auto webSocket = co_await WebSocket::connect(std::move(socket), "/ws");
            EXPECT_FALSE(webSocket);
            EXPECT_EQ(webSocket.error().code, ErrorCode::Stale);
            EXPECT_EQ(webSocket.error().message, "of an earlier start");
        }(std::move(clientEnd)));
}

/// An upload that is refused in its middle: the writes that come after the first that failed must
/// end, too, so that the answer is read. They did not when the socket had told of its end already,
/// one time in ten.
TEST_F(Talk, WritesToOneThatHasGoneAllEnd)
{
    run(
        [](Socket socket) -> Task<void> {
            // Takes some, answers, and closes while there is more to come.
            std::string taken(1'000'000, '\0');
            co_await asio::async_read(socket, asio::buffer(taken), kTuple);
            const std::string answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
            co_await asio::async_write(socket, asio::buffer(answer), kTuple);
        }(std::move(serverEnd)),
        [](Socket socket) -> Task<void> {
            ClientConnection connection(std::move(socket));
            EXPECT_TRUE(co_await connection.start("PUT", "/", {}));
            const auto upload = [&]() -> Task<void> {
                const std::string piece(100'000, 'x');
                while (co_await connection.writeBody(piece)) {
                }
                // Several: the reactor asks the kernel anew for the first ones.
                for (int i = 0; i < 4; ++i)
                    EXPECT_FALSE(co_await connection.writeBody(piece));
                EXPECT_FALSE(co_await connection.endBody());
            };
            const auto ended = co_await (upload() || sleepFor(std::chrono::seconds(10)));
            EXPECT_EQ(ended.index(), 0u) << "a write never ended";
            const Result<ResponseHead> head = co_await connection.readHead();
            EXPECT_TRUE(head && head->status == 404);
        }(std::move(clientEnd)));
}
