// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/request_proxy.h"

#include "backend/keeper/egress/answer_kind.h"
#include "tests/keeper/egress/airlock_fixture.h"
#include "tests/support/stream_pair.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <format>

namespace caisson::keeper {
namespace {

using api::Task;
using api::asio::ip::tcp;
using namespace std::chrono_literals;

constexpr auto kTuple = api::asio::as_tuple(api::asio::use_awaitable);

/// Keeps what is sent to it, and answers each connection by a script.
class Origin
{
public:
    explicit Origin(api::asio::io_context& context)
        : m_acceptor(context, tcp::endpoint(api::asio::ip::address_v4::loopback(), 0))
    {
        api::asio::co_spawn(context, accept(), [](std::exception_ptr) {});
    }
    std::uint16_t port() const { return m_acceptor.local_endpoint().port(); }

    std::string got; ///< of all connections
    int connections = 0;
    std::vector<std::string> answers; ///< one for each end of a head that comes
    bool closesInstead = false;       ///< the next request on a kept connection
    std::function<void()> onConnect;

private:
    Task<void> accept()
    {
        for (;;) {
            auto [code, socket] = co_await m_acceptor.async_accept(kTuple);
            if (code)
                co_return;
            ++connections;
            if (onConnect)
                onConnect();
            api::asio::co_spawn(m_acceptor.get_executor(), serve(std::move(socket)),
                                [](std::exception_ptr) {});
        }
    }
    Task<void> serve(tcp::socket socket)
    {
        std::string text;
        std::array<char, 4096> room;
        for (;;) {
            const auto [code, size] =
                co_await socket.async_read_some(api::asio::buffer(room), kTuple);
            if (code)
                co_return;
            got.append(room.data(), size);
            text.append(room.data(), size);
            for (std::size_t end = text.find("\r\n\r\n"); end != std::string::npos;
                 end = text.find("\r\n\r\n")) {
                text.erase(0, end + 4);
                if (closesInstead || answers.empty())
                    co_return;
                const std::string answer = answers.front();
                answers.erase(answers.begin());
                co_await api::asio::async_write(socket, api::asio::buffer(answer), kTuple);
            }
        }
    }
    tcp::acceptor m_acceptor;
};

const std::string kOk = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

class RequestProxyTest : public AirlockFixture
{
protected:
    RequestProxyTest()
    {
        put("default = \"deny\"\n" + rule("all", "allow"));
        m_parts.secretUsed = [this](const std::string& name, const api::SecretUse& use) {
            used += name + "@" + use.host + " ";
        };
        origin.answers.assign(20, kOk);
    }
    ~RequestProxyTest() override
    {
        m_client.reset();
        runFor(20ms);
    }

    std::string rule(const std::string& id, const std::string& action, const std::string& more = "")
    {
        return std::format("[[rule]]\nid = \"{}\"\nhost = \"127.0.0.1\"\nports = [{}]\n"
                           "action = \"{}\"\nprivate = true\n{}",
                           id, origin.port(), action, more);
    }
    /// Opens a connection from inside and sends.
    void send(const std::string& bytes)
    {
        if (!m_client) {
            auto [client, served] = makeStreamPair(m_context.get_executor());
            m_client = std::move(client);
            api::asio::co_spawn(
                m_context,
                [](RequestProxyTest* self, std::unique_ptr<PairedStream> stream) -> Task<void> {
                    RequestProxy proxy(
                        self->m_parts,
                        {policy::Protocol::Http, "127.0.0.1", self->origin.port(), {}});
                    co_await http::serveHttp1(*stream, "",
                                              [&proxy](auto& head, auto& body, auto& responder) {
                                                  return proxy.serve(head, body, responder);
                                              });
                }(this, std::move(served)),
                [](std::exception_ptr thrown) {
                    if (thrown)
                        std::rethrow_exception(thrown);
                });
            api::asio::co_spawn(
                m_context,
                [](RequestProxyTest* self, PairedStream& stream) -> Task<void> {
                    std::array<char, 4096> room;
                    for (;;) {
                        const auto size = co_await stream.read(room);
                        if (!size || *size == 0) {
                            self->answered += size ? "<end>" : "<reset>";
                            co_return;
                        }
                        self->answered.append(room.data(), *size);
                    }
                }(this, *m_client),
                [](std::exception_ptr) {});
        }
        api::asio::co_spawn(
            m_context,
            [](PairedStream& stream, std::string text) -> Task<void> {
                std::ignore = co_await stream.write(text);
            }(*m_client, bytes),
            [](std::exception_ptr) {});
    }

    std::string happened() const override
    {
        return "answered: " + answered + "\norigin: " + origin.got;
    }

    /// What comes back for a request on a connection of its own.
    std::string ask(const std::string& bytes, const std::string& until = "\r\n\r\n")
    {
        m_client.reset();
        settle();
        answered.clear();
        origin.got.clear();
        origin.answers.assign(20, kOk);
        send(bytes);
        runUntil([&] { return answered.contains(until) || answered.contains('<'); });
        settle();
        return answered;
    }
    std::string hostPort() const { return std::format("127.0.0.1:{}", origin.port()); }
    std::string get(const std::string& target = "/", const std::string& fields = "")
    {
        return "GET " + target + " HTTP/1.1\r\nHost: " + hostPort() + "\r\n" + fields + "\r\n";
    }

    Origin origin{m_context};
    std::unique_ptr<PairedStream> m_client;
    std::string answered;
    std::string used;
};

TEST_F(RequestProxyTest, ARequestGoesThroughAndIsWrittenDown)
{
    const std::string answer = ask("POST /a/../b%7e?q=1 HTTP/1.1\r\nHost: " + hostPort() +
                                       "\r\nContent-Length: 3\r\n\r\nabc",
                                   "ok");
    EXPECT_EQ(answer, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    runUntil([&] { return origin.got.ends_with("abc"); });
    EXPECT_EQ(origin.got,
              "POST /b~?q=1 HTTP/1.1\r\nhost: " + hostPort() + "\r\ncontent-length: 3\r\n\r\nabc");
    const auto written = rows();
    ASSERT_EQ(written.size(), 1u);
    EXPECT_EQ(written[0].verdict, "allow");
    EXPECT_EQ(written[0].rule, "all");
    EXPECT_EQ(written[0].path, "/b~");
    EXPECT_EQ(written[0].status, 200);
    EXPECT_EQ(written[0].bytesOut, 3);
    EXPECT_EQ(written[0].bytesIn, 2);
    EXPECT_EQ(written[0].address, "127.0.0.1");
}

TEST_F(RequestProxyTest, WhatIsForAnotherHostThanWasDialledGoesNowhere)
{
    struct Row
    {
        const char* name;
        std::string line;
        std::string host; ///< fields, with their ends
        int status;       ///< 200: it goes, once
    };
    const std::string port = std::to_string(origin.port());
    const std::string good = "Host: 127.0.0.1:" + port + "\r\n";
    const Row rows[] = {
        {"as it should be", "GET / HTTP/1.1", good, 200},
        {"the host without its port", "GET / HTTP/1.1", "Host: 127.0.0.1\r\n", 200},
        {"an absolute URL", "GET http://127.0.0.1:" + port + "/x HTTP/1.1", good, 200},
        {"an absolute URL in capitals", "GET HTTP://127.0.0.1:" + port + "/x HTTP/1.1", good, 200},
        {"an absolute URL of another host", "GET http://example.com/ HTTP/1.1", good, 421},
        {"an absolute URL, Host of another", "GET http://127.0.0.1:" + port + "/ HTTP/1.1",
         "Host: example.com\r\n", 421},
        {"an absolute URL of another port", "GET http://127.0.0.1:1/ HTTP/1.1", good, 421},
        {"an absolute URL with a user", "GET http://127.0.0.1:" + port + "@example.com/ HTTP/1.1",
         good, 421},
        {"an absolute URL of https", "GET https://127.0.0.1:" + port + "/ HTTP/1.1", good, 400},
        {"an absolute URL of ftp", "GET ftp://127.0.0.1/ HTTP/1.1", good, 400},
        {"an absolute URL with a query only", "GET http://127.0.0.1:" + port + "?x HTTP/1.1", good,
         400},
        {"no Host", "GET / HTTP/1.1", "", 400},
        {"no Host of HTTP/1.0", "GET / HTTP/1.0", "", 400},
        {"an empty Host", "GET / HTTP/1.1", "Host:\r\n", 400},
        {"another Host", "GET / HTTP/1.1", "Host: example.com\r\n", 421},
        {"two Hosts", "GET / HTTP/1.1", good + "Host: example.com\r\n", 400},
        {"the Host twice", "GET / HTTP/1.1", good + good, 400},
        {"a user in Host", "GET / HTTP/1.1", "Host: 127.0.0.1@example.com\r\n", 400},
        {"a user before the Host", "GET / HTTP/1.1", "Host: x@127.0.0.1:" + port + "\r\n", 400},
        {"a path in Host", "GET / HTTP/1.1", "Host: 127.0.0.1/x\r\n", 400},
        {"a space in Host", "GET / HTTP/1.1", "Host: 127.0.0.1 example.com\r\n", 400},
        {"a list in Host", "GET / HTTP/1.1", "Host: 127.0.0.1, example.com\r\n", 400},
        {"port 0", "GET / HTTP/1.1", "Host: 127.0.0.1:0\r\n", 400},
        {"a port of letters", "GET / HTTP/1.1", "Host: 127.0.0.1:http\r\n", 400},
        {"a port with a plus", "GET / HTTP/1.1", "Host: 127.0.0.1:+" + port + "\r\n", 400},
        {"a port over 65535", "GET / HTTP/1.1", "Host: 127.0.0.1:65616\r\n", 400},
        {"an empty port", "GET / HTTP/1.1", "Host: 127.0.0.1:\r\n", 400},
        {"two ports", "GET / HTTP/1.1", "Host: 127.0.0.1:80:" + port + "\r\n", 400},
        {"another port", "GET / HTTP/1.1", "Host: 127.0.0.1:1\r\n", 421},
        {"the address spelled otherwise", "GET / HTTP/1.1", "Host: 127.1\r\n", 400},
        {"the address as a number", "GET / HTTP/1.1", "Host: 2130706433\r\n", 400},
        {"the address in hexadecimal", "GET / HTTP/1.1", "Host: 0x7f000001\r\n", 400},
        {"the address with a dot behind it", "GET / HTTP/1.1", "Host: 127.0.0.1.\r\n", 400},
        {"the address in brackets", "GET / HTTP/1.1", "Host: [127.0.0.1]\r\n", 400},
        {"the address mapped", "GET / HTTP/1.1", "Host: [::ffff:127.0.0.1]\r\n", 421},
        {"OPTIONS of the server", "OPTIONS * HTTP/1.1", good, 200},
        {"GET of the server", "GET * HTTP/1.1", good, 400},
        {"a target without a slash", "GET x HTTP/1.1", good, 400},
        {"a backslash", "GET /a\\..\\b HTTP/1.1", good, 400},
        {"an escaped NUL", "GET /a%00 HTTP/1.1", good, 400},
        {"a broken escape", "GET /%zz HTTP/1.1", good, 400},
        {"a fragment", "GET /a#b HTTP/1.1", good, 400},
        {"a long URL", "GET /" + std::string(16'000, 'a') + " HTTP/1.1", good, 200},
        {"too long a URL", "GET /" + std::string(17'000, 'a') + " HTTP/1.1", good, 414},
    };
    for (const Row& row : rows) {
        const std::string answer = ask(row.line + "\r\n" + row.host + "\r\n");
        EXPECT_TRUE(answer.starts_with(std::format("HTTP/1.1 {} ", row.status))) << row.name << "\n"
                                                                                 << answer;
        std::size_t heads = 0;
        for (std::size_t at = origin.got.find("HTTP/1.1\r\n"); at != std::string::npos;
             at = origin.got.find("HTTP/1.1\r\n", at + 1))
            ++heads;
        EXPECT_EQ(heads, row.status == 200 ? 1u : 0u) << row.name << "\n" << origin.got;
    }
}

TEST_F(RequestProxyTest, EachRequestOfAConnectionIsDecided)
{
    put("default = \"deny\"\n" +
        rule("read", "allow", "methods = [\"GET\"]\npath = \"/open/**\"\n"));
    send(get("/open/1") + get("/closed") + "POST /open/1 HTTP/1.1\r\nHost: " + hostPort() +
         "\r\nContent-Length: 0\r\n\r\n" + get("/open/../closed") + get("/open/2"));
    runUntil([&] { return origin.got.contains("/open/2") && answered.ends_with("ok"); });
    EXPECT_TRUE(origin.got.contains("GET /open/1 ")) << origin.got;
    EXPECT_TRUE(origin.got.contains("GET /open/2 ")) << origin.got;
    EXPECT_FALSE(origin.got.contains("closed")) << origin.got;
    EXPECT_FALSE(origin.got.contains("POST")) << origin.got;
    std::string verdicts;
    for (const api::EgressEntry& row : rows())
        verdicts += row.method + row.path + "=" + row.verdict + "/" + row.rule + " ";
    EXPECT_EQ(verdicts, "GET/open/1=allow/read GET/closed=deny/default POST/open/1=deny/default "
                        "GET/closed=deny/default GET/open/2=allow/read ");
}

TEST_F(RequestProxyTest, ASecretIsPutInAndDoesNotComeBack)
{
    m_secrets.replace({{"k", "s3cr3t"}});
    put("default = \"deny\"\n" +
        rule("keyed", "allow", "inject = { header = \"X-Key\", value = \"Key ${secret:k}\" }\n"));
    ask(get("/", "X-KEY: mine\r\nx-key: ${secret:k}\r\nAccept-Encoding: gzip\r\n"));
    EXPECT_TRUE(origin.got.contains("\r\nx-key: Key s3cr3t\r\n")) << origin.got;
    EXPECT_FALSE(origin.got.contains("mine") || origin.got.contains("${")) << origin.got;
    EXPECT_TRUE(origin.got.contains("accept-encoding: identity\r\n")) << origin.got;
    EXPECT_EQ(used, "k@127.0.0.1 ");
    const auto written = rows();
    EXPECT_EQ(written.at(0).secret, "k");
}

TEST_F(RequestProxyTest, WhatComesBackIsMasked)
{
    m_secrets.replace({{"k", "s3cr3t"}});
    put("default = \"deny\"\n" +
        rule("keyed", "allow", "inject = { header = \"X-Key\", value = \"${secret:k}\" }\n"));
    m_client.reset();
    origin.answers = {"HTTP/1.1 200 OK\r\nx-echo: <s3cr3t>\r\ntransfer-encoding: chunked\r\n\r\n"
                      "3\r\ns3c\r\n4\r\nr3t.\r\n0\r\nx-t: s3cr3t\r\n\r\n"};
    send(get());
    runUntil([&] { return answered.contains("x-t"); });
    EXPECT_FALSE(answered.contains("s3cr3t")) << answered;
    EXPECT_TRUE(answered.contains("x-echo: <******>")) << answered;
    EXPECT_FALSE(answered.contains("s3c\r\n")) << answered;
    EXPECT_EQ(rows().at(0).flag, "masked");
}

/// Masked was only what had a word such as "text" or "json" in its type: an echo as message/http, a
/// script or a type that nobody knows brought the secret back in clear.
TEST_F(RequestProxyTest, WhatComesBackIsMaskedWhateverItsType)
{
    m_secrets.replace({{"k", "s3cr3t"}});
    put("default = \"deny\"\n" +
        rule("keyed", "allow", "inject = { header = \"X-Key\", value = \"${secret:k}\" }\n"));
    for (const char* type :
         {"message/http", "application/ecmascript", "application/x-sh", "application/sql",
          "application/jwt", "multipart/mixed; boundary=x", "x-unknown/x-unknown", "image/png",
          "application/octet-stream", "application/zip"}) {
        m_client.reset();
        settle();
        answered.clear();
        origin.answers = {std::format("HTTP/1.1 103 Early Hints\r\nx-early: s3cr3t\r\n\r\n"
                                      "HTTP/1.1 200 OK\r\ncontent-type: {}\r\n"
                                      "transfer-encoding: chunked\r\n\r\n"
                                      "4\r\n<s3c\r\n4\r\nr3t>\r\n0\r\nx-t: s3cr3t\r\n\r\n",
                                      type)};
        send(get());
        runUntil([&] { return answered.contains("x-t"); });
        EXPECT_FALSE(answered.contains("s3c") || answered.contains("r3t")) << type << answered;
        EXPECT_TRUE(answered.contains("x-early: ******")) << type << answered;
        EXPECT_EQ(rows().back().flag, "masked") << type;
    }
}

TEST_F(RequestProxyTest, APackedAnswerThatMayHideASecretIsRefused)
{
    m_secrets.replace({{"k", "s3cr3t"}});
    put("default = \"deny\"\n" +
        rule("keyed", "allow", "inject = { header = \"X-Key\", value = \"${secret:k}\" }\n"));
    const std::string packed = "content-encoding: gzip\r\n";
    struct Row
    {
        std::string fields;
        bool passes;
    };
    for (const auto& [fields, passes] : {
             Row{packed, false},
             Row{packed + "content-type: text/plain\r\n", false},
             Row{packed + "content-type: message/http\r\n", false},
             Row{packed + "content-type: x-unknown/x-unknown\r\n", false},
             Row{packed + "content-type: image/svg+xml\r\n", false},
             Row{packed + "content-type: application/x-sh\r\n", false},
             Row{packed + "content-type: image/png\r\ncontent-type: text/plain\r\n", false},
             Row{"content-encoding: identity\r\ncontent-encoding: br\r\n", false},
             Row{"content-encoding: identity, br\r\n", false},
             Row{"content-encoding: identity\r\n", true},
             Row{packed + "content-type: image/png\r\n", true},
             Row{packed + "content-type: Application/Octet-Stream ; a=b\r\n", true},
             Row{packed + "content-type: application/pdf\r\n", true},
         }) {
        m_client.reset();
        settle();
        answered.clear();
        origin.answers = {"HTTP/1.1 200 OK\r\n" + fields + "content-length: 6\r\n\r\npacked"};
        send(get());
        runUntil([&] { return answered.contains("packed") || answered.contains("}"); });
        EXPECT_TRUE(answered.starts_with(passes ? "HTTP/1.1 200 " : "HTTP/1.1 502 "))
            << fields << answered;
    }
}

/// RFC 9110, 9.3.8: the answer to TRACE is the request, credentials and all.
TEST_F(RequestProxyTest, NoSecretIsPutIntoWhatIsEchoed)
{
    m_secrets.replace({{"k", "s3cr3t"}});
    put("default = \"deny\"\n" +
        rule("keyed", "allow", "inject = { header = \"X-Key\", value = \"${secret:k}\" }\n"));
    const std::string answer = ask("TRACE / HTTP/1.1\r\nHost: " + hostPort() + "\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 403 ")) << answer;
    EXPECT_EQ(origin.got, "");
    // Over HTTP/1 nothing else comes through.
    for (const char* method : {"TRACE", "TRACK", "trace"})
        EXPECT_TRUE(isEchoed(method)) << method;
    for (const char* method : {"GET", "TRACES", ""})
        EXPECT_FALSE(isEchoed(method)) << method;
    const api::EgressEntry row = rows().at(0);
    EXPECT_EQ(row.verdict, "deny");
    EXPECT_EQ(row.status, 403);
    EXPECT_TRUE(row.why.contains("TRACE")) << row.why;
    EXPECT_EQ(used, "");
    // Where nothing is put in it goes as it is.
    put("default = \"deny\"\n" + rule("all", "allow"));
    EXPECT_TRUE(ask("TRACE / HTTP/1.1\r\nHost: " + hostPort() + "\r\n\r\n", "ok")
                    .starts_with("HTTP/1.1 200 "));
}

TEST_F(RequestProxyTest, APlaceholderGoesNowhereElse)
{
    m_secrets.replace({{"k", "s3cr3t"}});
    put("default = \"deny\"\n" +
        rule("keyed", "allow", "inject = { header = \"X-Key\", value = \"${secret:k}\" }\n"));
    for (const std::string& request :
         {get("/?k=${secret:k}"), get("/?k=%24%7Bsecret:k%7D"), get("/", "Cookie: ${secret:k}\r\n"),
          get("/", "Authorization: Basic bWU6JHtzZWNyZXQ6eH0=\r\n")}) {
        const std::string answer = ask(request);
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 403 ") || answer.starts_with("HTTP/1.1 400 "))
            << request << answer;
        EXPECT_EQ(origin.got, "") << request;
    }
    const std::string inBody = ask("POST / HTTP/1.1\r\nHost: " + hostPort() +
                                   "\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n${secret:\r\n"
                                   "2\r\nk}\r\n0\r\n\r\n");
    EXPECT_FALSE(origin.got.contains("k}")) << origin.got << inBody;
    const std::string inTrailer = ask("POST / HTTP/1.1\r\nHost: " + hostPort() +
                                      "\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
                                      "X-T: ${secret:k}\r\n\r\n");
    EXPECT_FALSE(origin.got.contains("x-t")) << origin.got << inTrailer;
    const auto written = rows();
    EXPECT_EQ(written.back().flag, "placeholder");
    EXPECT_EQ(written.back().verdict, "deny");
    for (const api::EgressEntry& row : written) {
        // In the last two a head had gone before, with what the rule puts in.
        EXPECT_EQ(row.secret, row.method == "POST" ? "k" : "") << row.path << row.why;
    }
}

/// What a rule puts in is not to be said by the sandbox in another place either.
TEST_F(RequestProxyTest, TrailersDoNotBearWhatIsPutIn)
{
    m_secrets.replace({{"k", "s3cr3t"}});
    put("default = \"deny\"\n" +
        rule("keyed", "allow", "inject = { header = \"X-Key\", value = \"${secret:k}\" }\n"));
    ask("POST / HTTP/1.1\r\nHost: " + hostPort() +
            "\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Key: mine\r\nX-Sum: 1\r\n"
            "Host: other\r\n\r\n",
        "ok");
    runUntil([&] { return origin.got.contains("x-sum: 1"); });
    EXPECT_FALSE(origin.got.contains("mine") || origin.got.contains("other")) << origin.got;
}

TEST_F(RequestProxyTest, AKeptConnectionThatEndsCostsNothingButATryMore)
{
    ask(get("/1"), "ok");
    EXPECT_EQ(origin.connections, 1);
    answered.clear();
    send(get("/2"));
    runUntil([&] { return answered.contains("ok"); });
    EXPECT_EQ(origin.connections, 1) << "it was kept";
}

/// A request that the policy cut was sent once more on a fresh connection, as if its kept one had
/// just been closed by the origin.
TEST_F(RequestProxyTest, WhatIsCutIsNotSentAgain)
{
    ask(get("/1"), "ok");
    origin.answers = {};
    origin.closesInstead = false;
    origin.answers.push_back(""); // the second is left waiting
    send(get("/cut"));
    runUntil([&] { return origin.got.contains("/cut"); });
    put("default = \"deny\"\n");
    runUntil([&] { return answered.contains("<reset>"); });
    runFor(50ms);
    EXPECT_EQ(origin.connections, 1);
    EXPECT_EQ(origin.got.find("/cut"), origin.got.rfind("/cut")) << origin.got;
    EXPECT_EQ(m_flows.size(), 0u);
    const auto written = rows();
    EXPECT_EQ(written.back().verdict, "deny");
    EXPECT_TRUE(written.back().why.contains("policy was changed")) << written.back().why;
}

/// What its client gave up was written down as denied by a change of the policy.
TEST_F(RequestProxyTest, WhatItsClientGivesUpIsWrittenDownAsThat)
{
    origin.answers = {"", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"};
    for (const bool isAnswering : {false, true}) {
        m_client.reset();
        answered.clear();
        origin.got.clear();
        send(get("/slow"));
        runUntil([&] {
            return origin.got.contains("/slow") && (!isAnswering || answered.contains("half"));
        });
        runUntil([&] { return m_flows.size() == 1; });
        m_client->cancel(Stream::Ending::Reset);
        m_flows.sweep();
        m_flows.sweep();
        runUntil([&] { return m_flows.size() == 0; });
        settle();
        const api::EgressEntry row = rows().back();
        EXPECT_EQ(row.verdict + " " + row.rule, "allow all");
        EXPECT_EQ(row.why,
                  "Rule all allows everything to 127.0.0.1. The client went away before " +
                      std::string(isAnswering ? "the end of the answer." : "there was an answer."));
    }
}

/// While its origin is dialled there is nothing to cut yet; it is not sent all the same.
TEST_F(RequestProxyTest, WhatIsCutWhileItIsDialledIsNotSent)
{
    send(get("/late"));
    m_context.restart();
    while (m_flows.size() == 0)
        m_context.run_one_for(50ms);
    EXPECT_EQ(origin.got, "");
    put("default = \"deny\"\n");
    runUntil([&] { return answered.contains("<reset>"); });
    runFor(100ms);
    EXPECT_EQ(origin.got, "");
    EXPECT_EQ(m_flows.size(), 0u);
}

TEST_F(RequestProxyTest, AWebSocketIsLookedInto)
{
    m_client.reset();
    origin.answers = {
        "HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"};
    send(get("/chat", "Connection: upgrade\r\nUpgrade: websocket\r\n"
                      "Sec-WebSocket-Extensions: permessage-deflate\r\n"));
    runUntil([&] { return answered.contains("\r\n\r\n"); });
    EXPECT_TRUE(answered.starts_with("HTTP/1.1 101 ")) << answered;
    EXPECT_FALSE(origin.got.contains("extensions")) << origin.got;
    const std::string mask(4, '\0');
    send("\x81\x85" + mask + "hello");
    runUntil([&] { return origin.got.ends_with("hello"); });
    send("\x81\x8b" + mask + "${secret:k}");
    runUntil([&] { return answered.contains("<reset>"); });
    runUntil([&] { return m_flows.size() == 0; });
    EXPECT_FALSE(origin.got.contains("secret")) << origin.got;
    const auto written = rows();
    ASSERT_EQ(written.size(), 1u);
    EXPECT_EQ(written[0].verdict + " " + written[0].flag + " " + written[0].secret,
              "deny placeholder ");
}

/// A WebSocket was written down when it ended, so nobody saw one that was open.
TEST_F(RequestProxyTest, WhatLastsIsInTheLogMeanwhile)
{
    m_client.reset();
    origin.answers = {
        "HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"};
    send(get("/chat", "Connection: upgrade\r\nUpgrade: websocket\r\n"));
    runUntil([&] { return answered.contains("\r\n\r\n") && m_flows.size() == 1; });
    m_flows.sweep();
    EXPECT_TRUE(rows().empty()) << "it has just begun";
    m_flows.sweep();
    m_flows.sweep();
    auto written = rows();
    ASSERT_EQ(written.size(), 1u);
    EXPECT_EQ(written[0].flag + " " + written[0].verdict + " " + written[0].rule, "open allow all");
    EXPECT_EQ(written[0].status, 101);
    EXPECT_EQ(written[0].protocol + " " + written[0].path, "websocket /chat");
    EXPECT_GT(written[0].ms, 0);
    const std::int64_t id = written[0].id;

    send("\x81\x85" + std::string(4, '\0') + "hello");
    runUntil([&] { return origin.got.ends_with("hello"); });
    m_client->cancel(Stream::Ending::Close);
    runUntil([&] { return m_flows.size() == 0; });
    settle();
    written = rows();
    ASSERT_EQ(written.size(), 1u);
    EXPECT_EQ(written[0].id, id);
    EXPECT_EQ(written[0].flag + " " + written[0].verdict, " allow");
    EXPECT_EQ(written[0].bytesOut, 11);
}

TEST_F(RequestProxyTest, ASwitchNobodyAskedForIsAFailure)
{
    const std::string asks = "Connection: upgrade\r\nUpgrade: websocket\r\n";
    for (const auto& [fields, protocol] : {std::pair(std::string(), "websocket"),
                                           std::pair(asks, "h2c"), std::pair(asks, "WebSockets")}) {
        m_client.reset();
        answered.clear();
        origin.got.clear();
        origin.answers = {
            std::string("HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: ") + protocol +
                "\r\n\r\n",
            kOk};
        // What follows was meant for another protocol, or not: who asked cannot tell, nor can we.
        send(get("/1", fields) + get("/2"));
        runUntil([&] { return answered.contains('<'); });
        EXPECT_TRUE(answered.starts_with("HTTP/1.1 502 ")) << answered;
        EXPECT_TRUE(answered.contains("connection: close\r\n")) << answered;
        EXPECT_EQ(answered.find("HTTP/1.1 "), answered.rfind("HTTP/1.1 ")) << answered;
        EXPECT_FALSE(origin.got.contains("/2")) << origin.got;
    }
}

/// What failed at the origin was said to be denied, by the very rule that allowed it.
TEST_F(RequestProxyTest, AFailureIsNoDenial)
{
    put("default = \"deny\"\n" + rule("all", "allow"));
    origin.answers = {"no HTTP\r\n\r\n"};
    m_client.reset();
    send(get());
    runUntil([&] { return answered.contains("}"); });
    EXPECT_TRUE(answered.starts_with("HTTP/1.1 502 ")) << answered;
    EXPECT_TRUE(answered.contains("\"code\": \"upstream_failed\"")) << answered;
    EXPECT_TRUE(answered.contains("\"why\": \"")) << answered;
    EXPECT_FALSE(answered.contains("\"verdict\"") || answered.contains("\"rule\"")) << answered;
    // By this the window tells it from a 502 of the origin's own.
    ASSERT_FALSE(rows().empty());
    EXPECT_EQ(rows().back().verdict, "allow");
    EXPECT_TRUE(rows().back().why.contains(". But ")) << rows().back().why;
    answered.clear();
    m_client.reset();
    origin.answers = {"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n"};
    send(get());
    runUntil([&] { return answered.contains("\r\n\r\n"); });
    runUntil([&] { return rows().size() == 2; });
    EXPECT_TRUE(answered.starts_with("HTTP/1.1 502 ")) << answered;
    EXPECT_FALSE(rows().back().why.contains(". But ")) << rows().back().why;

    put("default = \"deny\"\n");
    ask(get(), "}");
    EXPECT_TRUE(answered.starts_with("HTTP/1.1 403 ")) << answered;
    EXPECT_TRUE(answered.contains("\"verdict\": \"deny\"")) << answered;
    EXPECT_TRUE(answered.contains("\"rule\": \"default\"")) << answered;
}

// ---- the dialler ---------------------------------------------------------------------------------

TEST_F(RequestProxyTest, PrivateAddressesNeedARuleThatSaysSo)
{
    for (const std::string host :
         {"127.0.0.1", "0.0.0.0", "10.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "::1",
          "::", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
          "2002:7f00:1::", "224.0.0.1", "255.255.255.255"}) {
        std::optional<Result<Dialled>> outcome;
        api::asio::co_spawn(
            m_context,
            [](Dialer& dialer, std::string to, std::uint16_t port,
               std::optional<Result<Dialled>>& result) -> Task<void> {
                result = co_await dialer.connect(to, port, Reach::Public,
                                                 [](const auto&) { return Result<void>(); });
            }(m_dialer, host, origin.port(), outcome),
            [](std::exception_ptr) {});
        runUntil([&] { return outcome.has_value(); });
        ASSERT_FALSE(*outcome) << host;
        EXPECT_EQ(outcome->error().code, ErrorCode::PermissionDenied) << host;
    }
    EXPECT_EQ(origin.connections, 0);
    put("default = \"deny\"\n[[rule]]\nid = \"r\"\nhost = \"127.0.0.1\"\nports = [" +
        std::to_string(origin.port()) + "]\naction = \"allow\"\n");
    EXPECT_TRUE(ask(get()).starts_with("HTTP/1.1 403 "));
    EXPECT_EQ(origin.connections, 0);
    EXPECT_EQ(rows().back().verdict, "deny");
}

} // namespace
} // namespace caisson::keeper
