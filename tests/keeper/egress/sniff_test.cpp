// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/sniff.h"

#include <gtest/gtest.h>
#include <string>

namespace caisson::keeper {

void PrintTo(Speech speech, std::ostream* out)
{
    static const char* const kNames[] = {"Unsure", "Tls", "Http1", "Http2", "Other"};
    *out << kNames[static_cast<int>(speech)];
}

namespace {

struct Row
{
    const char* name;
    std::string bytes;
    Speech speech;
};

TEST(SniffTest, FirstBytesTell)
{
    const Row rows[] = {
        {"nothing", "", Speech::Unsure},
        {"a ClientHello", "\x16\x03\x01\x02", Speech::Tls},
        {"its first byte", "\x16", Speech::Unsure},
        {"no record of TLS", "\x16\x04\x01", Speech::Other},
        {"an alert before a ClientHello",
         std::string("\x15\x03\x01\x00\x02\x01\x5a\x16\x03\x01", 10), Speech::Tls},
        {"a hello in the form of SSL 2", "\x80\x2e\x01\x03\x01", Speech::Tls},
        {"something else with its high bit", "\x80\x2e\x02\x03\x01", Speech::Other},
        {"Telnet", "\xff\xfb\x01", Speech::Other},
        {"a request", "GET / HTTP/1.1\r\n", Speech::Http1},
        {"as soon as its version is there", "GET / HTTP/", Speech::Http1},
        {"before", "GET / HTT", Speech::Unsure},
        {"a word", "GET", Speech::Unsure},
        {"in lower case", "get / http/1.0\n", Speech::Http1},
        {"with tabs", "GET\t/\tHTTP/1.0\r\n", Speech::Http1},
        {"behind an empty line", "\r\nPOST / HTTP/1.1\r\n", Speech::Http1},
        {"behind many", std::string(500, '\n') + "POST / HTTP/1.1\r\n", Speech::Http1},
        {"an empty line", "\r\n", Speech::Unsure},
        {"behind a space", " POST / HTTP/1.1\r\n", Speech::Http1},
        {"of HTTP/0.9", "GET /secret\r\n", Speech::Http1},
        {"a method that is none", "P0ST / HTTP/1.1\r\n", Speech::Http1},
        {"a method of length", std::string(40, 'X') + " / HTTP/1.1\r\n", Speech::Http1},
        {"a long line", "GET /" + std::string(20'000, 'x'), Speech::Unsure},
        {"a version behind much else", "GET " + std::string(20'000, 'h') + "http/", Speech::Http1},
        {"a version begun twice", "GET / hthttttp/http/1.1", Speech::Http1},
        {"a version in two words", "POST / http /1.1\r\n", Speech::Other},
        {"a long word", std::string(5000, 'X'), Speech::Unsure},
        {"a method of greater length", std::string(5000, 'X') + " / HTTP/1.1\r\n", Speech::Http1},
        {"a method that begins oddly", "@GET / HTTP/1.1\r\n", Speech::Http1},
        {"a quoted one", "\"GET\" / HTTP/1.1\r\n", Speech::Http1},
        {"one that is no ASCII", "\xefGET / HTTP/1.1\r\n", Speech::Http1},
        {"what only begins like HTTP/0.9", "GETTER /secret\r\n", Speech::Other},
        {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Speech::Http2},
        {"the most of its preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r", Speech::Unsure},
        {"not quite its preface", "PRI * HTTP/2.0\r\n\r\nXX\r\n", Speech::Http1},
        {"SSH", "SSH-2.0-OpenSSH_9.9\r\n", Speech::Other},
        {"SMTP", "EHLO example.com\r\n", Speech::Other},
        {"IMAP", "a1 LOGIN me secret\r\n", Speech::Other},
        {"Redis", "*1\r\n$4\r\nPING\r\n", Speech::Other},
        {"Redis by hand", "GET key\r\n", Speech::Other},
        {"git", std::string("003agit-upload-pack /project.git\0host=x\0", 40), Speech::Other},
        {"PostgreSQL", std::string("\0\0\0\x08\x04\xd2\x16\x2f", 8), Speech::Other},
        {"AMQP", std::string("AMQP\0\0\x09\x01", 8), Speech::Other},
        {"BitTorrent",
         "\x13"
         "BitTorrent protocol",
         Speech::Other},
        {"MQTT", std::string("\x10\x0c\x00\x04MQTT", 8), Speech::Other},
    };
    for (const Row& row : rows)
        EXPECT_EQ(speechOf(row.bytes), row.speech) << row.name;
}

/// Whoever sends the half of a ClientHello or a request, and waits until it is taken for a stream,
/// must not go on unseen.
TEST(SniffTest, WhatMayStillBecomeTlsOrHttpIsTakenForIt)
{
    EXPECT_EQ(speechSoFar(""), Speech::Unsure);
    EXPECT_EQ(speechSoFar("\x16"), Speech::Tls);
    EXPECT_EQ(speechSoFar("\x80\x2e\x01"), Speech::Tls);
    EXPECT_EQ(speechSoFar("P"), Speech::Http1);
    EXPECT_EQ(speechSoFar("POST /"), Speech::Http1);
    EXPECT_EQ(speechSoFar("\r\n\r\n"), Speech::Http1);
    EXPECT_EQ(speechSoFar("PRI * HTTP/2.0\r\n\r\n"), Speech::Http1);
    EXPECT_EQ(speechSoFar("EHLO x\r\n"), Speech::Other);
}

TEST(SniffTest, OpenTextIsWhatIsNeitherTlsNorHttpSoFar)
{
    for (const char* text : {"P", "JDWP-Handshake", "GET /x HTT", "\r\n", "PRI * HTT"})
        EXPECT_TRUE(isOpenText(text)) << text;
    for (const char* text :
         {"", "\x16", "\x80\x2e\x01", "GET / HTTP/", "PRI * HTTP/2.0\r\n\r\n", "EHLO x\r\n",
          "\x13"
          "BitTorrent"})
        EXPECT_FALSE(isOpenText(text)) << text;
}

/// However it comes, once it is sure it stays so, but for Http1 of a preface that is not whole.
TEST(SniffTest, MoreBytesDoNotChangeWhatIsSure)
{
    for (const std::string& text :
         {std::string("GET /a HTTP/1.1\r\nHost: h\r\n\r\n"),
          std::string("\x16\x03\x01\x02\x00\x01"), std::string("\r\n\r\nDELETE /x HTTP/1.1\r\n"),
          std::string("EHLO x\r\nMAIL FROM:<x>\r\n"),
          std::string("SSH-2.0-x\r\nGET / HTTP/1.1\r\n")}) {
        Speech sure = Speech::Unsure;
        for (std::size_t size = 0; size <= text.size(); ++size) {
            const Speech speech = speechOf(std::string_view(text).substr(0, size));
            if (sure != Speech::Unsure) {
                EXPECT_EQ(speech, sure) << text.substr(0, size);
            }
            sure = speech;
        }
        EXPECT_NE(sure, Speech::Unsure);
    }
}

TEST(SniffTest, ALineInPiecesIsTheLine)
{
    for (const std::string& text :
         {std::string("GET /a HTTP/1.1\r\n"), std::string("\r\n \tDELETE /x hTTp/"),
          std::string("EHLO x\r\nGET / HTTP/1.1\r\n"), std::string("gEt \t /x\r\n"),
          std::string("get\r\n"), std::string("GET x/\n"), std::string("JDWP-Handshake")}) {
        FirstLine line;
        for (std::size_t size = 1; size <= text.size(); ++size) {
            const Speech speech = line.feed(std::string_view(text).substr(size - 1, 1));
            EXPECT_EQ(speech, speechOf(std::string_view(text).substr(0, size))) << text;
            EXPECT_EQ(speech, line.speech());
        }
    }
}

} // namespace
} // namespace caisson::keeper
