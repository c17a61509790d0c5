// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/keeper/egress/tls/tls_fixture.h"

#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <format>
#include <unistd.h>

namespace caisson::keeper {

namespace {

using api::Task;

/// A client in Python: prints what it got, or the class of the exception.
constexpr const char* kPythonClient = R"(
import socket, ssl, sys
port, name, ca, options = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4].split(',')
context = ssl.create_default_context(cafile=ca)
context.verify_flags |= ssl.VERIFY_X509_STRICT
if 'tls1.2' in options: context.maximum_version = ssl.TLSVersion.TLSv1_2
if 'tls1.3' in options: context.minimum_version = ssl.TLSVersion.TLSv1_3
alpn = [o[5:] for o in options if o.startswith('alpn:')]
if alpn: context.set_alpn_protocols(alpn)
try:
    with socket.create_connection(('127.0.0.1', port)) as tcp:
        with context.wrap_socket(tcp, server_hostname=name) as tls:
            tls.sendall(b'ping')
            print(tls.version(), tls.selected_alpn_protocol(), tls.recv(100).decode())
except Exception as error:
    print(type(error).__name__, error)
)";

/// Takes the server's answer to a ClientHello and goes: what a client does that looks at the
/// certificate and does not like it.
constexpr const char* kLeavingClient = R"(
import socket, ssl, struct, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
if sys.argv[2] == 'tls1.2': context.maximum_version = ssl.TLSVersion.TLSv1_2
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
tls = context.wrap_bio(incoming, outgoing, server_hostname='pinned.example')
try: tls.do_handshake()
except ssl.SSLWantReadError: pass
tcp = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
hello = outgoing.read()
if sys.argv[3] == 'half': hello = hello[:100]
tcp.sendall(hello)
if sys.argv[3] != 'half': tcp.recv(4096)
if sys.argv[3] == 'reset': tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
tcp.close()
)";

class TlsServerTest : public TlsFixture
{
protected:
    struct Served
    {
        Result<Alpn> alpn = Alpn::None;
        std::string heard;
    };

    /// Accepts one connection as `host`, hears what is said first, says "pong" and ends.
    Task<Served> serve(Listening listening, std::string host, std::size_t readBefore = 0)
    {
        TcpSocket socket = co_await acceptOn(listening);
        std::string already(readBefore, '\0');
        co_await api::asio::async_read(socket, api::asio::buffer(already),
                                       api::asio::use_awaitable);
        auto opened = co_await m_server->accept(std::move(socket), std::move(already), host);
        if (!opened)
            co_return Served{std::unexpected(opened.error()), {}};
        Served served{opened->alpn, {}};
        if (const auto heard = co_await readSome(*opened->stream))
            served.heard = *heard;
        co_await writeText(*opened->stream, "pong");
        co_await opened->stream->finish();
        co_await readSome(*opened->stream); // its end, so that the close here is no reset
        co_return served;
    }

    struct Talk
    {
        std::string client;
        Served server;
    };

    Talk talk(const std::string& host, const std::vector<std::string>& argv,
              const std::string& input = {}, std::size_t readBefore = 0)
    {
        const Listening listening = listen();
        auto served = start(serve(listening, host, readBefore));
        std::vector<std::string> words = argv;
        for (std::string& word : words) {
            if (const auto at = word.find("PORT"); at != std::string::npos)
                word.replace(at, 4, std::to_string(listening.port));
        }
        const Ran ran = runProgram(words, input);
        return {ran.output, served.get()};
    }

    Talk python(const std::string& host, const std::string& options = "",
                std::size_t readBefore = 0)
    {
        return talk(host, {PYTHON, "-c", kPythonClient, "PORT", host, m_authorityFile, options}, {},
                    readBefore);
    }

    static bool isThere(const std::string& program)
    {
        return runProgram({"sh", "-c", "command -v " + program}).code == 0;
    }

    /// What the server makes of a client that does not go on.
    static std::string refusalOf(const Served& served)
    {
        if (served.alpn)
            return "none";
        const auto found = served.alpn.error().detail.find("refusal");
        return found == served.alpn.error().detail.end() ? "unsaid" : found->second;
    }

    std::string otherAuthority()
    {
        return writeFile("other.pem", Authority::create("other").value()->certificatePem());
    }
};

TEST_F(TlsServerTest, PythonIsStrictAndContent)
{
    EXPECT_EQ(python("example.com").client, "TLSv1.3 None pong\n");
    EXPECT_EQ(python("example.com", "tls1.2").client, "TLSv1.2 None pong\n");
}

TEST_F(TlsServerTest, NamesOfAllKindsAreAccepted)
{
    const std::string label(60, 'a');
    for (const std::string& host :
         {std::string("localhost"), std::string("my_host.example.com"),
          label + "." + label + "." + label + ".example", std::string("xn--bcher-kva.example"),
          std::string("203.0.113.7"), std::string("2001:db8::7")})
        EXPECT_EQ(python(host).client, "TLSv1.3 None pong\n") << host;
}

TEST_F(TlsServerTest, ProtocolsAreChosenFromWhatIsOffered)
{
    EXPECT_EQ(python("a.example", "alpn:h2,alpn:http/1.1").client, "TLSv1.3 h2 pong\n");
    EXPECT_EQ(python("a.example", "alpn:http/1.1,alpn:h2").client, "TLSv1.3 h2 pong\n");
    EXPECT_EQ(python("a.example", "alpn:http/1.1").client, "TLSv1.3 http/1.1 pong\n");
    EXPECT_EQ(python("a.example", "alpn:http/1.0").client, "TLSv1.3 None pong\n");
    EXPECT_EQ(python("a.example", "alpn:h2").server.alpn.value(), Alpn::Http2);
    EXPECT_EQ(python("a.example", "alpn:http/1.1").server.alpn.value(), Alpn::Http1);
    EXPECT_EQ(python("a.example").server.alpn.value(), Alpn::None);
}

TEST_F(TlsServerTest, WhatWasReadBeforeCounts)
{
    for (const std::size_t before : {1u, 5u, 6u, 100u, 200u}) {
        const Talk talk = python("example.com", "", before);
        EXPECT_EQ(talk.client, "TLSv1.3 None pong\n") << before;
        EXPECT_EQ(talk.server.heard, "ping") << before;
    }
}

TEST_F(TlsServerTest, OpensslVerifies)
{
    const Talk talk =
        this->talk("example.com",
                   {"openssl", "s_client", "-connect", "127.0.0.1:PORT", "-servername",
                    "example.com", "-CAfile", m_authorityFile, "-verify_return_error",
                    "-verify_hostname", "example.com", "-x509_strict", "-alpn", "h2", "-ign_eof"},
                   "ping");
    EXPECT_NE(talk.client.find("Verify return code: 0 (ok)"), std::string::npos) << talk.client;
    EXPECT_NE(talk.client.find("ALPN protocol: h2"), std::string::npos) << talk.client;
    EXPECT_NE(talk.client.find("pong"), std::string::npos) << talk.client;
    EXPECT_EQ(talk.server.heard, "ping");
}

TEST_F(TlsServerTest, OpensslResumesASession)
{
    for (const std::string version : {"-tls1_3", "-tls1_2"}) {
        const auto client = [&](const std::string& option) {
            return talk("example.com",
                        {"openssl", "s_client", "-connect", "127.0.0.1:PORT", "-servername",
                         "example.com", "-CAfile", m_authorityFile, version, option,
                         path("session"), "-ign_eof"},
                        "ping")
                .client;
        };
        const std::string first = client("-sess_out");
        EXPECT_NE(first.find("New, TLS"), std::string::npos) << first;
        const std::string second = client("-sess_in");
        EXPECT_NE(second.find("Reused, TLS"), std::string::npos) << second;
        EXPECT_NE(second.find("pong"), std::string::npos) << second;
    }
}

TEST_F(TlsServerTest, RenegotiationIsRefused)
{
    const Talk talk =
        this->talk("example.com",
                   {"openssl", "s_client", "-connect", "127.0.0.1:PORT", "-servername",
                    "example.com", "-CAfile", m_authorityFile, "-tls1_2", "-legacy_renegotiation"},
                   "R\n");
    EXPECT_NE(talk.client.find("no renegotiation"), std::string::npos) << talk.client;
}

TEST_F(TlsServerTest, OldTlsIsRefusedWithAnAlert)
{
    const Talk talk = this->talk("example.com", {"openssl", "s_client", "-connect",
                                                 "127.0.0.1:PORT", "-servername", "example.com",
                                                 "-tls1_1", "-cipher", "ALL@SECLEVEL=0"});
    EXPECT_NE(talk.client.find("alert protocol version"), std::string::npos) << talk.client;
    EXPECT_EQ(refusalOf(talk.server), "other");
}

TEST_F(TlsServerTest, CurlAndNodeAreContent)
{
    const auto curl = [&](const std::string& option) {
        return talk("example.com", {"curl", "-sS", "--http0.9", "--max-time", "20", option,
                                    "--cacert", m_authorityFile, "--resolve",
                                    "example.com:PORT:127.0.0.1", "https://example.com:PORT/"})
            .server;
    };
    if (isThere("curl")) {
        const Served served = curl("--http1.1");
        ASSERT_TRUE(served.alpn) << served.alpn.error().message;
        EXPECT_EQ(served.alpn.value(), Alpn::Http1);
        EXPECT_TRUE(served.heard.starts_with("GET / HTTP/1.1\r\n")) << served.heard;
    }
    if (isThere("node")) {
        const Talk node =
            talk("example.com", {"env", "NODE_EXTRA_CA_CERTS=" + m_authorityFile, "node", "-e",
                                 "const s = require('tls').connect(PORT, '127.0.0.1', {servername: "
                                 "'example.com', ALPNProtocols: ['h2']}, () => s.write('ping'));"
                                 "s.on('data', d => console.log(s.alpnProtocol, String(d)));"
                                 "s.on('error', e => console.log(e.code))"});
        EXPECT_EQ(node.client, "h2 pong\n");
    }
}

TEST_F(TlsServerTest, AClientThatTrustsAnotherAuthorityIsToldApart)
{
    const std::string other = otherAuthority();
    for (const std::string options : {"tls1.2", "tls1.3"}) {
        const Talk talk = this->talk("pinned.example", {PYTHON, "-c", kPythonClient, "PORT",
                                                        "pinned.example", other, options});
        EXPECT_EQ(refusalOf(talk.server), "unknown_authority") << talk.client;
    }
    if (isThere("curl")) {
        const Talk curl = talk("pinned.example",
                               {"curl", "-sS", "--cacert", other, "--resolve",
                                "pinned.example:PORT:127.0.0.1", "https://pinned.example:PORT/"});
        EXPECT_EQ(refusalOf(curl.server), "unknown_authority") << curl.client;
    }
    if (isThere("node")) {
        const Talk node =
            talk("pinned.example", {"node", "-e",
                                    "const s = require('tls').connect(PORT, '127.0.0.1', "
                                    "{servername: 'pinned.example'});"
                                    "s.on('error', e => console.log(e.code))"});
        EXPECT_EQ(refusalOf(node.server), "unknown_authority") << node.client;
    }
}

TEST_F(TlsServerTest, AClientThatLeavesAtTheSightOfTheCertificateIsToldApart)
{
    for (const char* version : {"tls1.2", "tls1.3"}) {
        for (const char* how : {"close", "reset"}) {
            const Talk talk =
                this->talk("pinned.example", {PYTHON, "-c", kLeavingClient, "PORT", version, how});
            EXPECT_EQ(refusalOf(talk.server), "unknown_authority")
                << version << " " << how << " " << talk.client;
        }
    }
}

TEST_F(TlsServerTest, AClientThatLeavesBeforeIsNoPinningOne)
{
    const Talk half = talk("example.com", {PYTHON, "-c", kLeavingClient, "PORT", "tls1.3", "half"});
    EXPECT_EQ(refusalOf(half.server), "other");
    const Talk junk = talk("example.com", {PYTHON, "-c",
                                           "import socket; s = socket.create_connection(("
                                           "'127.0.0.1', PORT)); s.sendall(b'GET / HTTP/1.1\\r\\n"
                                           "\\r\\n'); s.recv(100)"});
    EXPECT_EQ(refusalOf(junk.server), "other");
}

TEST_F(TlsServerTest, AClientThatStopsHalfwayIsGivenUp)
{
    TlsServer hasty(*m_authority, std::chrono::milliseconds(100));
    const auto halt = [&]() -> Task<Result<TlsOpened>> {
        auto [inside, outside] = co_await connectedPair();
        co_return co_await hasty.accept(std::move(inside), "\x16\x03\x01\x02", "example.com");
    };
    const auto opened = await(halt());
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::Timeout);
}

} // namespace

} // namespace caisson::keeper
