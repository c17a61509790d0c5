// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/keeper/egress/tls/tls_fixture.h"

#include <fstream>

namespace caisson::keeper {

namespace {

class AuthorityTest : public TlsFixture
{
protected:
    std::string textOfRoot()
    {
        return runProgram({"openssl", "x509", "-in", m_authorityFile, "-noout", "-text"}).output;
    }
};

TEST_F(AuthorityTest, TheRootSaysWhatItIsAndNoMore)
{
    const std::string text = textOfRoot();
    for (const char* part :
         {"Subject: O=Caisson, CN=Caisson test", "CA:TRUE, pathlen:0", "Certificate Sign",
          "ecdsa-with-SHA256", "prime256v1", "X509v3 Basic Constraints: critical"})
        EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
    EXPECT_EQ(m_authority->certificatePem().find("PRIVATE"), std::string::npos);
}

TEST_F(AuthorityTest, EveryAuthorityHasAKeyOfItsOwn)
{
    const auto other = Authority::create("test").value();
    EXPECT_NE(other->certificatePem(), m_authority->certificatePem());
    const std::string file = writeFile("other.pem", other->certificatePem());
    const auto key = [](const std::string& path) {
        return runProgram({"openssl", "x509", "-in", path, "-noout", "-pubkey"}).output;
    };
    EXPECT_NE(key(file), key(m_authorityFile));
}

TEST_F(AuthorityTest, ALongNameIsCutBetweenCharacters)
{
    std::string name(54, 'x');
    name += "\u00e9\u00e9\u00e9"; // "Caisson " and 54 letters leave two bytes: one of these
    const auto authority = Authority::create(name);
    ASSERT_TRUE(authority) << authority.error().message;
    const std::string file = writeFile("long.pem", (*authority)->certificatePem());
    const std::string subject = runProgram({"openssl", "x509", "-in", file, "-noout", "-subject",
                                            "-nameopt", "utf8,sep_comma_plus"})
                                    .output;
    EXPECT_TRUE(subject.ends_with("xx\u00e9\n")) << subject;
}

TEST_F(AuthorityTest, ALeafIsMadeOnceAndTheOldestGoesFirst)
{
    const auto first = m_authority->leafFor("first.example").value();
    const auto second = m_authority->leafFor("second.example").value();
    EXPECT_EQ(m_authority->leafFor("first.example").value(), first);
    for (int i = 0; i < 1023; ++i)
        ASSERT_TRUE(m_authority->leafFor("host" + std::to_string(i) + ".example"));
    EXPECT_EQ(m_authority->leafFor("first.example").value(), first);
    EXPECT_NE(m_authority->leafFor("second.example").value(), second);
}

TEST_F(AuthorityTest, WhatIsNoHostGetsNoCertificate)
{
    for (const std::string& host :
         {std::string(), std::string("a b"), std::string("a\nb"), std::string("a\0b", 3),
          std::string(254, 'a'), std::string("\u00e9.example")})
        EXPECT_EQ(m_authority->leafFor(host).error().code, ErrorCode::InvalidName) << host;
}

TEST_F(AuthorityTest, ACommaInANameMakesNoSecondName)
{
    // The text form of subjectAltName has a comma between names; here it is a part of one.
    const std::string host = "a.example,DNS:b.example";
    EXPECT_TRUE(openPair(host));
    EXPECT_FALSE(openPair(host, {}, "b.example"));
    EXPECT_FALSE(openPair(host, {}, "a.example"));
}

} // namespace

} // namespace caisson::keeper
