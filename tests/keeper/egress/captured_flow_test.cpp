// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/captured_flow.h"

#include "backend/base/files.h"
#include "tests/keeper/egress/airlock_fixture.h"
#include "tests/keeper/egress/http/http2_frames.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <format>
#include <set>

namespace caisson::keeper {
namespace {

using api::Task;
using api::asio::ip::tcp;
using namespace std::chrono_literals;

constexpr auto kTuple = api::asio::as_tuple(api::asio::use_awaitable);

/// One end of a connection, and what came on it: "<end>" and "<reset>" as it ended.
struct End
{
    explicit End(tcp::socket connected)
        : socket(std::move(connected))
    {
    }
    static Task<void> read(std::shared_ptr<End> self)
    {
        std::vector<char> room(64 * 1024);
        for (;;) {
            const auto [code, size] =
                co_await self->socket.async_read_some(api::asio::buffer(room), kTuple);
            if (code) {
                self->got += code == api::asio::error::eof ? "<end>" : "<reset>";
                co_return;
            }
            self->got.append(room.data(), size);
        }
    }
    static Task<void> write(std::shared_ptr<End> self, std::string text)
    {
        co_await api::asio::async_write(self->socket, api::asio::buffer(text), kTuple);
    }

    tcp::socket socket;
    std::string got;
};

class CapturedFlowTest : public AirlockFixture
{
protected:
    CapturedFlowTest()
        : m_origin(m_context, tcp::endpoint(api::asio::ip::address_v4::loopback(), 0))
        , m_captured(m_context, tcp::endpoint(api::asio::ip::address_v4::loopback(), 0))
    {
        spawn(accept());
    }
    ~CapturedFlowTest() override
    {
        m_origin.close();
        for (const auto& end : m_ends)
            end->socket.close();
        runFor(20ms);
    }

    std::uint16_t port() const { return m_origin.local_endpoint().port(); }
    std::string rule(const std::string& id, const std::string& action, const std::string& more = "")
    {
        return std::format("[[rule]]\nid = \"{}\"\nhost = \"127.0.0.1\"\nports = [{}]\n"
                           "action = \"{}\"\n{}{}",
                           id, port(), action, action == "allow" ? "private = true\n" : "", more);
    }

    /// Somebody inside dials the origin.
    tcp::socket dial(Asker asker = {}, policy::Protocol protocol = policy::Protocol::Https)
    {
        tcp::socket inside(m_context);
        inside.connect(m_captured.local_endpoint());
        spawn([](AirlockParts& parts, tcp::socket served,
                 RequestOrigin to) -> Task<void> {
            CapturedFlow flow(parts, std::move(served), std::move(to));
            co_await flow.run();
        }(m_parts, m_captured.accept(),
                                   {.protocol = protocol,
                                    .host = "127.0.0.1",
                                    .port = port(),
                                    .asker = std::move(asker),
                                    .hasClosed = m_hasClosed}));
        return inside;
    }
    void connect(Asker asker = {})
    {
        origin.reset();
        client = keep(dial(std::move(asker)));
    }
    void send(const std::string& text) { spawn(End::write(client, text)); }
    void finish() { client->socket.shutdown(tcp::socket::shutdown_send); }
    void answer(const std::string& text) { spawn(End::write(origin, text)); }
    std::string reached() const { return origin ? origin->got : "<nothing>"; }
    void untilReached(const std::string& text)
    {
        runUntil([&] { return reached() == text; });
    }
    void untilCame(const std::string& text)
    {
        runUntil([&] { return client->got == text; });
    }
    std::string happened() const override
    {
        return "reached: " + reached().substr(0, 300) + "\ncame: " + client->got.substr(0, 300);
    }
    /// TLS from inside that trusts the sandbox's authority.
    Result<std::unique_ptr<TlsClient>> trustingClient()
    {
        const std::string file = m_folder / "authority.pem";
        EXPECT_TRUE(writeFileAtomically(file, m_authority->certificatePem()));
        ::setenv("CAISSON_UPSTREAM_CA", file.c_str(), 1);
        auto tls = TlsClient::create();
        ::unsetenv("CAISSON_UPSTREAM_CA");
        return tls;
    }
    /// The last row, once it is there, as "verdict rule".
    api::EgressEntry lastRow(std::size_t count = 1)
    {
        std::vector<api::EgressEntry> written;
        runUntil([&] { return (written = rows()).size() >= count; });
        return written.empty() ? api::EgressEntry{} : written.back();
    }

    HasClosed m_hasClosed;
    std::shared_ptr<End> client;
    std::shared_ptr<End> origin;                ///< the last that was dialled
    std::function<void(tcp::socket)> onDialled; ///< instead

private:
    Task<void> accept()
    {
        for (;;) {
            auto [code, socket] = co_await m_origin.async_accept(kTuple);
            if (code)
                co_return;
            if (onDialled)
                onDialled(std::move(socket));
            else
                origin = keep(std::move(socket));
        }
    }
    std::shared_ptr<End> keep(tcp::socket socket)
    {
        m_ends.push_back(std::make_shared<End>(std::move(socket)));
        spawn(End::read(m_ends.back()));
        return m_ends.back();
    }

    tcp::acceptor m_origin;
    tcp::acceptor m_captured;
    std::vector<std::shared_ptr<End>> m_ends;
};

/// JDWP begins with 14 bytes of text without a line's end, and waits for the same back. They were taken
/// for the beginning of a request, and never left.
TEST_F(CapturedFlowTest, TextWithoutALineReachesWhereAStreamMayGo)
{
    put("default = \"deny\"\n" + rule("debug", "allow"));
    connect();
    send("JDWP-Handshake");
    untilReached("JDWP-Handshake");
    answer("JDWP-Handshake");
    untilCame("JDWP-Handshake");
    send("more");
    untilReached("JDWP-Handshakemore");
    finish();
    untilReached("JDWP-Handshakemore<end>");
    origin->socket.close();
    untilCame("JDWP-Handshake<end>");
    const api::EgressEntry row = lastRow();
    EXPECT_EQ(row.verdict + " " + row.rule + " " + row.scheme, "allow debug tcp");
    EXPECT_EQ(row.bytesOut, 18);
    EXPECT_EQ(row.bytesIn, 14);
}

TEST_F(CapturedFlowTest, ALongTextWithoutALineDoes)
{
    put("default = \"deny\"\n" + rule("any", "allow"));
    connect();
    const std::string text = "PUSH " + std::string(1'500'000, 'x');
    send(text);
    runUntil([&] { return reached().size() == text.size(); });
    EXPECT_EQ(reached(), text);
}

TEST_F(CapturedFlowTest, WhoHasSaidAllBeforeItIsDialledGetsItsAnswer)
{
    put("default = \"deny\"\n" + rule("any", "allow"));
    connect();
    send("hi");
    settle();
    finish();
    untilReached("hi<end>");
    answer("ho");
    untilCame("ho");
    origin->socket.close();
    untilCame("ho<end>");
}

/// `printf hi | nc`, where a person is asked: it finished writing, and was taken for gone. And who
/// closed, but lived on, was not: its prompt stayed until nobody had answered it.
TEST_F(CapturedFlowTest, WhoHasSaidAllIsHeldUntilItCloses)
{
    put("default = \"ask\"\n");
    const std::string host = "Host: 127.0.0.1:" + std::to_string(port()) + "\r\n";
    const std::string body(100'000, 'x'); // more than is read of what is held
    std::size_t count = 0;
    for (const std::string& said :
         {std::string("hi"), "GET /x HTTP/1.1\r\n" + host + "\r\n",
          "POST /x HTTP/1.1\r\n" + host + "Content-Length: 100000\r\n\r\n" + body}) {
        bool isClosed = false;
        int looks = 0;
        m_hasClosed = [&] { return ++looks, isClosed; };
        const auto ask = [&] {
            isClosed = false;
            connect();
            send(said);
            settle();
            finish();
            runUntil([&] { return m_prompts.list().prompts.size() == 1; });
            // It is looked at, and is there.
            looks = 0;
            runUntil([&] { return looks == 2; });
            ASSERT_EQ(m_prompts.list().prompts.size(), 1u);
        };
        ask();
        ASSERT_FALSE(HasFatalFailure());
        ASSERT_TRUE(m_prompts.answer(m_prompts.list().prompts[0].id, Prompts::Answer::Allow, ""));
        runUntil([&] { return reached().starts_with(said.substr(0, 2)); });
        origin->socket.close();
        lastRow(++count);

        ask();
        isClosed = true;
        runUntil([&] { return m_prompts.list().prompts.empty(); });
        EXPECT_EQ(origin, nullptr);
        const api::EgressEntry row = lastRow(++count);
        EXPECT_TRUE(row.why.contains("gave up")) << row.why;
    }
}

/// A client that paused within its first line, where a stream may go, was reset once the rest came.
TEST_F(CapturedFlowTest, AStreamThatGoesOnAsHttpIsHttpFromItsFirstByte)
{
    put("default = \"deny\"\n" + rule("any", "allow"));
    connect();
    send("GET /pau");
    untilReached("GET /pau");
    const std::shared_ptr<End> first = origin;
    send("sed HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port()) +
         "\r\nConnection: close\r\n\r\n");
    runUntil([&] { return origin != first && reached().contains("\r\n\r\n"); });
    EXPECT_EQ(first->got, "GET /pau<reset>");
    EXPECT_TRUE(reached().starts_with("GET /paused HTTP/1.1\r\n")) << reached();
    answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    runUntil([&] { return client->got.ends_with("<end>"); });
    EXPECT_TRUE(client->got.starts_with("HTTP/1.1 200 OK")) << client->got;
    lastRow(2);
    std::multiset<std::string> written;
    for (const api::EgressEntry& row : rows())
        written.insert(row.verdict + " " + row.rule + " " + row.scheme + row.path);
    EXPECT_EQ(written, (std::multiset<std::string>{"allow any http/paused", "allow any tcp"}));
}

TEST_F(CapturedFlowTest, AStreamThatGoesOnAsHttpIsDecidedAsThat)
{
    put("default = \"deny\"\n" + rule("any", "allow"));
    const std::array<const char*, 3> cases[] = {
        {"GET /secret", " HTTP/1.1\r\nHost: elsewhere\r\n\r\n", "HTTP/1.1 421 "},
        {"POST /x HTT", "P/1.0\r\n\r\n", "HTTP/1.1 400 "},
        {"get ", "/secret\n", "HTTP/1.1 400 "},
        {"\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "},
        {"PRI * ", "HTTP/2.0\r\n\r\nSM\r\n\r\n", std::string_view("\0\0", 2).data()},
    };
    std::size_t count = 0;
    for (const auto& [first, second, answered] : cases) {
        connect();
        send(first);
        untilReached(first);
        send(second);
        runUntil([&] { return client->got.size() > 8; });
        EXPECT_TRUE(client->got.starts_with(answered)) << client->got;
        untilReached(std::string(first) + "<reset>");
        client->socket.close();
        count += *answered == '\0' ? 1 : 2;
        lastRow(count);
        const auto written = rows();
        const auto stream = std::ranges::find_last(written, "tcp", &api::EgressEntry::scheme);
        ASSERT_FALSE(stream.empty());
        EXPECT_TRUE(stream.front().why.contains("no stream")) << stream.front().why;
        EXPECT_EQ(stream.front().bytesOut, static_cast<std::int64_t>(std::strlen(first)));
    }
}

/// What is too long for any server's request line is kept no longer, and cannot go on as one.
TEST_F(CapturedFlowTest, ALineThatIsTooLongForARequestIsCutOnceItIsOne)
{
    put("default = \"deny\"\n" + rule("any", "allow"));
    const std::string line = "GET /" + std::string(20'000, 'x');
    connect();
    send(line);
    untilReached(line);
    send(" HTTP/1.1\r\n\r\n");
    untilCame("<reset>");
    untilReached(line + "<reset>");
    const api::EgressEntry row = lastRow();
    EXPECT_EQ(row.verdict, "deny");
    EXPECT_TRUE(row.why.contains("went on as HTTP")) << row.why;
}

TEST_F(CapturedFlowTest, WhatIsKnownToBeNoHttpIsNotLookedAtAnyMore)
{
    put("default = \"deny\"\n" + rule("any", "allow"));
    const std::string request = " HTTP/1.1\r\nHost: elsewhere\r\n\r\n";
    connect();
    send("SAY x");
    untilReached("SAY x");
    send(" and more\n");
    untilReached("SAY x and more\n");
    send(request);
    untilReached("SAY x and more\n" + request);

    connect();
    send("SAY x");
    untilReached("SAY x");
    answer("yes");
    untilCame("yes");
    send(request);
    untilReached("SAY x" + request);
}

TEST_F(CapturedFlowTest, WhatAsksIsDecidedByItsWholeFirstLine)
{
    put("default = \"deny\"\n" + rule("any", "ask"));
    connect();
    send("GET /secret");
    runUntil([&] { return m_prompts.list().prompts.size() == 1; });
    EXPECT_EQ(m_prompts.list().prompts[0].scheme, "tcp");
    send(" HTTP/1.1\r\nHost: elsewhere\r\n\r\n");
    for (int i = 0; i < 3; ++i)
        settle();
    ASSERT_TRUE(m_prompts.answer(m_prompts.list().prompts[0].id, Prompts::Answer::Allow, ""));
    runUntil([&] { return client->got.starts_with("HTTP/1.1 ") || client->got.contains("<"); });
    EXPECT_TRUE(client->got.starts_with("HTTP/1.1 421 ")) << client->got;
    EXPECT_FALSE(reached().contains("GET")) << reached();
}

/// Where a stream may not go, whoever pauses within a request is heard as one all the same.
TEST_F(CapturedFlowTest, WhereNoStreamMayGoTextIsARequest)
{
    put("default = \"deny\"\n" + rule("read", "allow", "methods = [\"GET\"]\n"));
    connect();
    send("POST /x");
    runFor(400ms);
    send(" HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port()) +
         "\r\nContent-Length: 0\r\n\r\n");
    runUntil([&] { return client->got.starts_with("HTTP/1.1 ") || client->got.contains("<"); });
    EXPECT_TRUE(client->got.starts_with("HTTP/1.1 403 ")) << client->got;
    EXPECT_EQ(reached(), "<nothing>");

    // One rule that would deny a request is enough.
    put("default = \"deny\"\n" + rule("write", "deny", "methods = [\"POST\"]\n") +
        rule("any", "allow"));
    connect();
    send("hi\n");
    untilCame("<reset>");
    EXPECT_EQ(reached(), "<nothing>");
    EXPECT_EQ(rows().back().rule, "write");
}

/// After a CONNECT, which comes in clear, what came in TLS was decided as if it were in clear, too, and
/// would have gone out so.
TEST_F(CapturedFlowTest, WhatComesInTlsIsOfTlsAlsoBehindConnect)
{
    put("default = \"deny\"\n");
    const auto tls = trustingClient();
    ASSERT_TRUE(tls);
    std::string got;
    spawn([](TlsClient& client, tcp::socket socket, std::uint16_t to,
             std::string& said) -> Task<void> {
        auto opened = co_await client.connect(std::move(socket), "127.0.0.1", to, {"http/1.1"});
        if (!opened) {
            said = "<" + opened.error().message + ">";
            co_return;
        }
        const std::string request = "GET /x HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(to) +
                                    "\r\nConnection: close\r\n\r\n";
        std::ignore = co_await opened->stream->write(request);
        std::vector<char> room(4096);
        const auto size = co_await opened->stream->read(room);
        said.assign(room.data(), size.value_or(0));
    }(**tls, dial({}, policy::Protocol::Http), port(), got));
    runUntil([&] { return !got.empty(); });
    EXPECT_TRUE(got.starts_with("HTTP/1.1 403 ")) << got;
    const auto written = rows();
    ASSERT_EQ(written.size(), 1u);
    EXPECT_EQ(written[0].scheme + written[0].path, "https/x");
}

/// The same of a stream, and of one in which nobody has said anything yet.
TEST_F(CapturedFlowTest, AStreamThatLastsIsInTheLogMeanwhile)
{
    put("default = \"deny\"\n" + rule("mail", "allow"));
    connect();
    runUntil([&] { return m_flows.size() == 1; });
    m_flows.sweep();
    m_flows.sweep();
    const api::EgressEntry open = lastRow();
    EXPECT_EQ(open.flag + " " + open.verdict + " " + open.scheme, "open allow tcp");
    answer("220 ready\r\n");
    untilCame("220 ready\r\n");
    m_flows.sweep();
    m_flows.sweep();
    EXPECT_EQ(rows().size(), 1u);
    put("default = \"deny\"\n");
    runUntil([&] { return m_flows.size() == 0; });
    const auto written = rows();
    ASSERT_EQ(written.size(), 1u);
    EXPECT_EQ(written[0].id, open.id);
    EXPECT_EQ(written[0].flag + " " + written[0].verdict + " " + written[0].rule, " deny default");
    EXPECT_EQ(written[0].bytesIn, 11);
}

/// A placeholder in anything but HTTP went out, and no row said so.
TEST_F(CapturedFlowTest, APlaceholderInAStreamIsCutBeforeItPasses)
{
    put("default = \"deny\"\n" + rule("any", "allow"));
    const std::pair<std::string, std::string> rows[] = {
        {"", "AUTH ${secret:mail}\n"},
        {"", "AUTH %24%7Bsecret:mail%7D\n"},
        {"HELO\n", "AUTH ${secret:mail}\n"},
        {"AUTH ${secr", "et:mail}\n"},
    };
    std::size_t count = 0;
    for (const auto& [first, second] : rows) {
        connect();
        if (!first.empty()) {
            send(first);
            untilReached(first);
        }
        send(second);
        untilCame("<reset>");
        untilReached(first + "<reset>");
        const api::EgressEntry row = lastRow(++count);
        EXPECT_EQ(row.verdict + " " + row.rule, "deny any") << first << second;
        EXPECT_EQ(row.flag, "placeholder") << first << second;
        EXPECT_EQ(row.secret, "") << "none was put in";
        EXPECT_TRUE(row.why.contains("placeholder")) << row.why;
        EXPECT_EQ(row.bytesOut, static_cast<std::int64_t>(first.size()));
    }
}

/// TLS that carries no HTTP: opened, so looked into; in a tunnel nobody looks.
TEST_F(CapturedFlowTest, APlaceholderInOpenedTlsIsCutAndInATunnelIsNot)
{
    const std::string file = m_folder / "authority.pem";
    ASSERT_TRUE(writeFileAtomically(file, m_authority->certificatePem()));
    ::setenv("CAISSON_UPSTREAM_CA", file.c_str(), 1);
    const auto tls = TlsClient::create();
    ASSERT_TRUE(tls);
    // What the sandbox's client sees of its connection.
    std::string got;
    const auto speak = [&](const std::string& text) {
        got.clear();
        spawn([](TlsClient& with, tcp::socket socket, std::uint16_t to, std::string said,
                 std::string& seen) -> Task<void> {
            auto opened = co_await with.connect(std::move(socket), "127.0.0.1", to, {});
            if (!opened) {
                seen = "<" + opened.error().message + ">";
                co_return;
            }
            std::ignore = co_await opened->stream->write(said);
            std::vector<char> room(4096);
            const auto size = co_await opened->stream->read(room);
            seen = size && *size > 0 ? std::string(room.data(), *size) : "<broken off>";
        }(**tls, dial(), port(), text, got));
    };
    // The origin speaks TLS with a certificate of the same authority, and answers what it hears.
    std::string heard;
    onDialled = [&](tcp::socket socket) {
        spawn([](TlsServer& with, tcp::socket served, std::string& into) -> Task<void> {
            auto opened = co_await with.accept(std::move(served), {}, "127.0.0.1");
            if (!opened)
                co_return;
            std::vector<char> room(4096);
            for (;;) {
                const auto size = co_await opened->stream->read(room);
                if (!size || *size == 0)
                    co_return;
                into.append(room.data(), *size);
                if (!co_await opened->stream->write(std::string_view("heard")))
                    co_return;
            }
        }(m_tls, std::move(socket), heard));
    };
    for (const std::string action : {"allow", "tunnel"}) {
        put("default = \"deny\"\n" +
            rule("any", action, action == "tunnel" ? "private = true\n" : ""));
        speak("plain\n");
        runUntil([&] { return !got.empty(); });
        EXPECT_EQ(got + " " + heard, "heard plain\n") << action;
        heard.clear();
        speak("AUTH ${secret:mail}\n");
        runUntil([&] { return !got.empty(); });
        EXPECT_EQ(got, action == "allow" ? "<broken off>" : "heard");
        EXPECT_EQ(heard, action == "allow" ? "" : "AUTH ${secret:mail}\n");
        heard.clear();
    }
    ::unsetenv("CAISSON_UPSTREAM_CA");
    runUntil([&] { return m_flows.size() == 0 && rows().size() == 4; });
    std::multiset<std::string> written;
    for (const api::EgressEntry& row : rows())
        written.insert(row.verdict + " " + row.flag + row.secret);
    EXPECT_EQ(written,
              (std::multiset<std::string>{"allow ", "deny placeholder", "tunnel ", "tunnel "}));
}

/// curl --pinnedpubkey goes through with the handshake, looks at the certificate, and leaves.
TEST_F(CapturedFlowTest, WhoOpensTlsAndClosesItAtOnceMayPin)
{
    put("default = \"deny\"\n");
    const auto tls = trustingClient();
    ASSERT_TRUE(tls);
    std::size_t count = 0;
    for (const std::vector<std::string>& protocols :
         {std::vector<std::string>{"http/1.1"}, {"h2"}, {}}) {
        spawn([](TlsClient& from, tcp::socket socket, std::uint16_t to,
                 std::vector<std::string> offered) -> Task<void> {
            auto opened = co_await from.connect(std::move(socket), "127.0.0.1", to, offered);
            EXPECT_TRUE(opened);
        }(**tls, dial(), port(), protocols));
        const api::EgressEntry row = lastRow(++count);
        EXPECT_EQ(row.flag + " " + row.verdict + " " + row.rule, "pinned deny default");
        EXPECT_TRUE(row.why.contains("without a word")) << row.why;
        EXPECT_EQ(row.generation, m_policy->generation());
        EXPECT_EQ(origin, nullptr);
    }
}

/// The row of a CONNECT said "allow" where everything was refused.
TEST_F(CapturedFlowTest, WhatIsInAConnectHasARowAndTheConnectNone)
{
    put("default = \"deny\"\n");
    m_parts.connect = [this](Stream::Released released, RequestOrigin to) -> Task<void> {
        CapturedFlow flow(m_parts, std::move(released.socket), std::move(to),
                          std::move(released.alreadyRead));
        co_await flow.run();
    };
    connect();
    const std::string host = "127.0.0.1:" + std::to_string(port());
    send("CONNECT " + host + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    runUntil([&] { return client->got.starts_with("HTTP/1.1 200 "); });
    send("GET /x HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
    runUntil([&] { return client->got.ends_with("<end>"); });
    const auto written = rows();
    ASSERT_EQ(written.size(), 1u);
    EXPECT_EQ(written[0].verdict + " " + written[0].method + written[0].path, "deny GET/x");
}

/// A CONNECT to a port of the web that nothing came behind left no row: who looked what answers so
/// was not seen. (Connections that are opened ahead leave none: they asked for nothing.)
TEST_F(CapturedFlowTest, AConnectWithNothingBehindItHasARow)
{
    put("default = \"deny\"\n" + rule("any", "allow"));
    m_parts.connect = [this](Stream::Released released, RequestOrigin to) -> Task<void> {
        CapturedFlow flow(m_parts, std::move(released.socket), std::move(to),
                          std::move(released.alreadyRead));
        co_await flow.run();
    };
    // An open one, one of the web's that no rule is about, and one that is denied.
    const std::array<std::string, 3> cases[] = {
        {std::to_string(port()), "default", "othing was said"},
        {"443", "default", "othing was said"},
        {"1", "default", "No rule"},
    };
    std::size_t count = 0;
    for (const auto& [to, rule, why] : cases) {
        connect();
        send("CONNECT 127.0.0.1:" + to + " HTTP/1.1\r\nHost: 127.0.0.1:" + to + "\r\n\r\n");
        runUntil([&] { return client->got.starts_with("HTTP/1.1 200 "); });
        finish();
        const api::EgressEntry row = lastRow(++count);
        EXPECT_EQ(row.method + " " + row.host + ":" + std::to_string(row.port),
                  "CONNECT 127.0.0.1:" + to);
        EXPECT_EQ(row.verdict + " " + row.rule, "deny " + rule);
        EXPECT_TRUE(row.why.contains(why)) << row.why;
        EXPECT_EQ(row.status, 200);
    }
    EXPECT_EQ(rows().size(), count);
    EXPECT_EQ(reached(), "<nothing>");
}

/// A head that HTTP/2 resets left no row.
TEST_F(CapturedFlowTest, AHeadThatIsResetHasARow)
{
    put("default = \"deny\"\n" + rule("any", "allow"));
    connect();
    using namespace http::frames;
    send(std::string(kPreface) + frame(Settings, 0, 0) +
         headers(1, {{":method", "GET"},
                     {":scheme", "http"},
                     {":authority", "127.0.0.1:" + std::to_string(port())},
                     {":path", "/"},
                     {"x-a", "b\n"}}));
    const api::EgressEntry row = lastRow();
    EXPECT_EQ(row.verdict + " " + row.rule + " " + row.why,
              "deny default Its field \"x-a\" is malformed.");
    EXPECT_EQ(row.scheme + "://" + row.host + ":" + std::to_string(row.port) + " " + row.protocol,
              "http://127.0.0.1:" + std::to_string(port()) + " h2");
    EXPECT_EQ(row.status, 0); // it was reset, not answered
    EXPECT_EQ(rows().size(), 1u);
}

/// What the proxy itself refuses was said to be of a rule that no policy has.
TEST_F(CapturedFlowTest, RefusalsNameARuleOrTheDefault)
{
    put("default = \"deny\"\n" + rule("any", "allow"));
    const std::string host = "Host: 127.0.0.1:" + std::to_string(port()) + "\r\n\r\n";
    const std::array<std::string, 3> cases[] = {
        {"GET / HTTP/1.1\r\nHost: elsewhere\r\n\r\n", "421", "default"},
        {"GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400", "default"},
        {"GET /?x=${secret:key} HTTP/1.1\r\n" + host, "403", "any"},
    };
    std::size_t count = 0;
    for (const auto& [request, status, name] : cases) {
        connect();
        send(request);
        runUntil([&] { return client->got.contains("}"); });
        EXPECT_TRUE(client->got.starts_with("HTTP/1.1 " + status)) << client->got;
        EXPECT_TRUE(client->got.contains("\"rule\": \"" + name + "\"")) << client->got;
        const api::EgressEntry row = lastRow(++count);
        EXPECT_EQ(row.verdict + " " + row.rule, "deny " + name);
        EXPECT_EQ(row.generation, m_policy->generation());
        client->socket.close();
    }
}

TEST_F(CapturedFlowTest, AServerThatSpeaksFirstIsWaitedFor)
{
    put("default = \"deny\"\n" + rule("mail", "allow"));
    connect();
    untilReached("");
    answer("220 ready\r\n");
    untilCame("220 ready\r\n");
    send("GET / HTTP/1.1\r\n\r\n");
    untilReached("GET / HTTP/1.1\r\n\r\n");
}

} // namespace
} // namespace caisson::keeper
