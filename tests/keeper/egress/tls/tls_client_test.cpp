// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/keeper/egress/tls/origin_certificate.h"
#include "tests/keeper/egress/tls/tls_fixture.h"

#include <openssl/ssl.h>

namespace caisson::keeper {

namespace {

using api::Task;

class TlsClientTest : public TlsFixture
{
protected:
    void SetUp() override
    {
        m_trusted = makeTestAuthority("Trusted Test Authority");
        m_client = makeClient(writeFile("trusted.pem", m_trusted.certificate)).value();
    }

    struct Came
    {
        Alpn alpn;
        std::string text;
    };
    /// What an origin says to who dials it as `host`.
    Result<Came> fetch(const Origin& origin, const std::string& host,
                       std::vector<std::string> alpn = {})
    {
        const auto talk = [&]() -> Task<Result<Came>> {
            auto opened = co_await m_client->connect(co_await dial(origin.port()), host,
                                                     origin.port(), std::move(alpn));
            if (!opened)
                co_return std::unexpected(opened.error());
            const Result<std::string> text = co_await readAll(*opened->stream);
            if (!text)
                co_return std::unexpected(text.error());
            co_return Came{opened->alpn, *text};
        };
        return await(talk());
    }

    /// The error of dialling an origin with that certificate.
    Error refusal(const KeyAndCertificate& certificate, const std::string& host = "origin.example")
    {
        const Origin origin(certificate, {});
        const auto came = fetch(origin, host);
        return came ? Error{ErrorCode::Internal, "it was accepted", {}} : came.error();
    }

    KeyAndCertificate m_trusted;
};

TEST_F(TlsClientTest, AGoodCertificateIsAccepted)
{
    Origin origin(issue(m_trusted, {}), {});
    const auto came = fetch(origin, "origin.example");
    ASSERT_TRUE(came) << came.error().message;
    EXPECT_EQ(came->text, "hello");
    EXPECT_EQ(origin.serverName(), "origin.example");
}

TEST_F(TlsClientTest, AnExpiredCertificateIsNamedAsSuch)
{
    const Error error = refusal(issue(m_trusted, {.validFrom = -9, .validUntil = -2}));
    EXPECT_EQ(error.code, ErrorCode::Protocol);
    EXPECT_NE(error.message.find("the certificate of origin.example expired on 2"),
              std::string::npos)
        << error.message;
    EXPECT_EQ(error.detail.at("tls"), "certificate has expired");
}

TEST_F(TlsClientTest, OneOfTheFutureIsNamedAsSuch)
{
    const Error error = refusal(issue(m_trusted, {.validFrom = 3, .validUntil = 9}));
    EXPECT_EQ(error.code, ErrorCode::Protocol);
    EXPECT_NE(error.message.find("is not valid before"), std::string::npos) << error.message;
}

TEST_F(TlsClientTest, ASelfSignedOneIsRefused)
{
    const Error error = refusal(selfSigned({}));
    EXPECT_EQ(error.code, ErrorCode::Protocol);
    EXPECT_EQ(error.message, "the certificate of origin.example is self-signed");
    EXPECT_EQ(error.detail.at("tls"), "self-signed certificate");
}

TEST_F(TlsClientTest, AnotherNameIsRefused)
{
    const Error error = refusal(
        issue(m_trusted, {.name = "other.example", .dnsNames = {"other.example", "a.example"}}));
    EXPECT_EQ(error.code, ErrorCode::Protocol);
    EXPECT_EQ(error.message, "the certificate that origin.example showed is for another name: "
                             "other.example, a.example");
}

TEST_F(TlsClientTest, TheCommonNameIsNoName)
{
    const Error error = refusal(issue(m_trusted, {.name = "origin.example", .dnsNames = {}}));
    EXPECT_EQ(error.code, ErrorCode::Protocol);
    EXPECT_NE(error.message.find("is for another name"), std::string::npos) << error.message;
}

TEST_F(TlsClientTest, AnUnknownAuthorityIsRefusedAndNamed)
{
    const Error error = refusal(issue(makeTestAuthority("Somebody\x1b[31m Else"), {}));
    EXPECT_EQ(error.code, ErrorCode::Protocol);
    EXPECT_NE(error.message.find("signed by an authority that this host does not trust"),
              std::string::npos)
        << error.message;
    EXPECT_NE(error.message.find("Somebody"), std::string::npos) << error.message;
    EXPECT_EQ(error.message.find('\x1b'), std::string::npos) << error.message;
}

TEST_F(TlsClientTest, AWildcardIsOneWholeLabel)
{
    const auto wild = issue(m_trusted, {.dnsNames = {"*.wild.example"}});
    EXPECT_TRUE(fetch(Origin(wild, {}), "a.wild.example"));
    EXPECT_FALSE(fetch(Origin(wild, {}), "a.b.wild.example"));
    EXPECT_FALSE(fetch(Origin(wild, {}), "wild.example"));
    EXPECT_FALSE(
        fetch(Origin(issue(m_trusted, {.dnsNames = {"a*.wild.example"}}), {}), "ab.wild.example"));
}

TEST_F(TlsClientTest, AnAddressIsComparedWithAddresses)
{
    const auto numbered =
        issue(m_trusted, {.dnsNames = {}, .addresses = {"203.0.113.7", "2001:db8::7"}});
    Origin origin(numbered, {});
    EXPECT_TRUE(fetch(origin, "203.0.113.7"));
    EXPECT_EQ(origin.serverName(), "") << "an address is no SNI (RFC 6066, 3)";
    EXPECT_TRUE(fetch(Origin(numbered, {}), "2001:db8::7"));
    EXPECT_FALSE(fetch(Origin(numbered, {}), "203.0.113.8"));
    // A name that looks like the address is not it.
    EXPECT_FALSE(fetch(Origin(issue(m_trusted, {.dnsNames = {"203.0.113.7"}}), {}), "203.0.113.7"));
}

TEST_F(TlsClientTest, ProtocolsAreAgreedOn)
{
    const auto good = issue(m_trusted, {});
    const auto alpnWith = [&](const std::vector<std::string>& offers) {
        const auto came =
            fetch(Origin(good, {.alpn = offers}), "origin.example", {"h2", "http/1.1"});
        return came ? came->alpn : Alpn::None;
    };
    EXPECT_EQ(alpnWith({"h2", "http/1.1"}), Alpn::Http2);
    EXPECT_EQ(alpnWith({"http/1.1"}), Alpn::Http1);
    EXPECT_EQ(alpnWith({"ftp"}), Alpn::None);
}

TEST_F(TlsClientTest, OldTlsIsRefused)
{
    const auto came =
        fetch(Origin(issue(m_trusted, {}), {.maxVersion = TLS1_1_VERSION}), "origin.example");
    ASSERT_FALSE(came);
    EXPECT_NE(came.error().message.find("refused the TLS handshake: "), std::string::npos)
        << came.error().message;
    EXPECT_TRUE(
        fetch(Origin(issue(m_trusted, {}), {.maxVersion = TLS1_2_VERSION}), "origin.example"));
}

TEST_F(TlsClientTest, WhatIsNoTlsIsNamedAsSuch)
{
    const auto came =
        fetch(Origin({}, {.plainAnswer = "HTTP/1.1 400 Bad Request\r\n\r\n"}), "origin.example");
    ASSERT_FALSE(came);
    EXPECT_EQ(came.error().code, ErrorCode::Protocol);
    EXPECT_NE(came.error().message.find("does not speak TLS"), std::string::npos)
        << came.error().message;
}

TEST_F(TlsClientTest, SessionsAreResumedWithTheSameOriginOnly)
{
    for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
        const auto certificate = issue(m_trusted, {.dnsNames = {"origin.example", "b.example"}});
        Origin origin(certificate, {.maxVersion = version, .connections = 4});
        EXPECT_TRUE(fetch(origin, "origin.example"));
        EXPECT_TRUE(fetch(origin, "origin.example"));
        EXPECT_TRUE(fetch(origin, "b.example"));
        EXPECT_TRUE(fetch(origin, "origin.example"));
        EXPECT_EQ(origin.resumed(), 2) << "TLS version " << version;
    }
}

TEST_F(TlsClientTest, ACutAnswerIsNoWholeAnswer)
{
    for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
        const auto came =
            fetch(Origin(issue(m_trusted, {}), {.maxVersion = version, .closesCleanly = false}),
                  "origin.example");
        ASSERT_FALSE(came);
        EXPECT_EQ(came.error().code, ErrorCode::Unavailable) << came.error().message;
    }
}

TEST_F(TlsClientTest, ASilentOriginIsGivenUp)
{
    ::setenv("CAISSON_UPSTREAM_CA", path("trusted.pem").c_str(), 1);
    m_client = TlsClient::create(std::chrono::milliseconds(100)).value();
    ::unsetenv("CAISSON_UPSTREAM_CA");
    const auto came = fetch(Origin({}, {.isSilent = true}), "origin.example");
    ASSERT_FALSE(came);
    EXPECT_EQ(came.error().code, ErrorCode::Timeout) << came.error().message;
}

TEST_F(TlsClientTest, AFileWithoutAuthoritiesIsAnError)
{
    EXPECT_FALSE(makeClient(path("missing.pem")));
    const auto client = makeClient(writeFile("empty.pem", "nothing\n"));
    ASSERT_FALSE(client);
    EXPECT_NE(client.error().message.find("CAISSON_UPSTREAM_CA"), std::string::npos);
}

} // namespace

} // namespace caisson::keeper
