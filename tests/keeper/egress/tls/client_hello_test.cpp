// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/tls/client_hello.h"

#include <gtest/gtest.h>

namespace caisson::keeper {

namespace {

std::string number(std::size_t value, int size)
{
    std::string bytes;
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8)
        bytes += static_cast<char>(value >> shift);
    return bytes;
}

std::string vector(const std::string& content, int size)
{
    return number(content.size(), size) + content;
}

std::string extension(unsigned type, const std::string& content)
{
    return number(type, 2) + vector(content, 2);
}

std::string serverName(const std::string& name)
{
    return extension(0, vector(std::string(1, '\0') + vector(name, 2), 2));
}

std::string alpn(const std::vector<std::string>& names)
{
    std::string list;
    for (const std::string& name : names)
        list += vector(name, 1);
    return extension(16, vector(list, 2));
}

std::string hello(const std::string& extensions)
{
    const std::string body = "\x03\x03" + std::string(32, 'r') + vector("session", 1) +
                             vector("\x13\x01", 2) + vector(std::string(1, '\0'), 1) +
                             vector(extensions, 2);
    return "\x01" + vector(body, 3);
}

std::string record(const std::string& fragment)
{
    return "\x16\x03\x01" + vector(fragment, 2);
}

TEST(ClientHello, TellsNameAndProtocols)
{
    const HelloOutcome outcome =
        parseClientHello(record(hello(serverName("Example.COM") + alpn({"h2", "http/1.1"}))));
    ASSERT_EQ(outcome.state, HelloState::Complete);
    EXPECT_EQ(outcome.hello.serverName, "Example.COM");
    EXPECT_EQ(outcome.hello.alpn, (std::vector<std::string>{"h2", "http/1.1"}));
    EXPECT_FALSE(outcome.hello.hasEncryptedHello);
}

TEST(ClientHello, IsIncompleteAtEveryShorterLength)
{
    const std::string bytes = record(hello(serverName("example.com")));
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_EQ(parseClientHello(bytes.substr(0, size)).state, HelloState::Incomplete) << size;
    EXPECT_EQ(parseClientHello(bytes).state, HelloState::Complete);
    EXPECT_EQ(parseClientHello(bytes + "more").state, HelloState::Complete);
}

TEST(ClientHello, IsReadAcrossRecords)
{
    const std::string message = hello(serverName("example.com"));
    std::string bytes;
    for (std::size_t at = 0; at < message.size(); at += 7)
        bytes += record(message.substr(at, 7));
    const HelloOutcome outcome = parseClientHello(bytes);
    ASSERT_EQ(outcome.state, HelloState::Complete);
    EXPECT_EQ(outcome.hello.serverName, "example.com");
}

TEST(ClientHello, NoExtensionsAtAllAreAllowed)
{
    const std::string body = "\x03\x03" + std::string(32, 'r') + vector("", 1) +
                             vector("\x13\x01", 2) + vector(std::string(1, '\0'), 1);
    const HelloOutcome outcome = parseClientHello(record("\x01" + vector(body, 3)));
    ASSERT_EQ(outcome.state, HelloState::Complete);
    EXPECT_EQ(outcome.hello.serverName, "");
}

TEST(ClientHello, AnEncryptedOneIsNoticed)
{
    const HelloOutcome outcome =
        parseClientHello(record(hello(serverName("cover.example") + extension(0xfe0d, "x"))));
    ASSERT_EQ(outcome.state, HelloState::Complete);
    EXPECT_TRUE(outcome.hello.hasEncryptedHello);
}

TEST(ClientHello, OtherProtocolsAreNotTls)
{
    for (const std::string& bytes :
         {std::string("G"), std::string("GET / HTTP/1.1\r\n"), std::string("SSH-2.0-x\r\n"),
          std::string("\x80\x2e\x01\x03\x01"), std::string("\x16\x04\x01"), std::string("\0", 1)})
        EXPECT_EQ(parseClientHello(bytes).state, HelloState::NotTls) << bytes;
}

TEST(ClientHello, WhatTwoReadersWouldReadDifferentlyIsMalformed)
{
    const std::string twoInOne =
        extension(0, vector(std::string(1, '\0') + vector("a.example", 2) + std::string(1, '\0') +
                                vector("b.example", 2),
                            2));
    const std::string trailing =
        extension(0, vector(std::string(1, '\0') + vector("a.example", 2), 2) + "x");
    for (const std::string& extensions :
         {serverName("a.example") + serverName("b.example"), alpn({"h2"}) + alpn({"h2"}), twoInOne,
          trailing, serverName(""), extension(0, ""), extension(0, vector("", 2)), alpn({}),
          alpn({""}), std::string("\0", 1), extension(5, "x").substr(0, 4)})
        EXPECT_EQ(parseClientHello(record(hello(extensions))).state, HelloState::Malformed);
}

TEST(ClientHello, BrokenFramesAreMalformed)
{
    const std::string good = hello(serverName("a.example"));
    for (const std::string& bytes :
         {record(""), std::string("\x16\x03\x01\x40\x01", 5), record("\x02" + good.substr(1)),
          record(good.substr(0, 20)) + "\x17\x03\x01", record(good.substr(0, 20)) + "\x16\x02",
          record(std::string("\x01\x01\x00\x01", 4)), record("\x01" + vector("\x02\x00", 3)),
          record("\x01" + vector(good.substr(4) + "x", 3))})
        EXPECT_EQ(parseClientHello(bytes).state, HelloState::Malformed);
}

TEST(ClientHello, NoMoreThanSixtyFourKibibytesAreLookedAt)
{
    const std::string message = "\x01" + number(60000, 3);
    std::string bytes;
    for (const char c : message + std::string(20000, 'x'))
        bytes += record(std::string(1, c));
    EXPECT_EQ(parseClientHello(std::string_view(bytes).substr(0, 65535)).state,
              HelloState::Incomplete);
    EXPECT_EQ(parseClientHello(bytes).state, HelloState::Malformed);
}

TEST(TlsAlert, IsOneFatalRecord)
{
    EXPECT_EQ(tlsAlert(49), std::string("\x15\x03\x03\x00\x02\x02\x31", 7));
    EXPECT_EQ(tlsAlert(112), std::string("\x15\x03\x03\x00\x02\x02\x70", 7));
}

} // namespace

} // namespace caisson::keeper
