// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/http/http1_reader.h"

#include "tests/keeper/egress/http/http1_fixture.h"
#include "tests/keeper/egress/http/reference_http1.h"

#include <format>
#include <gtest/gtest.h>

namespace caisson::keeper::http::testing {
namespace {

using Side = Http1Reader::Side;
using Answers = Http1Reader::Answers;

std::string requests(std::string text)
{
    return readAll({std::move(text)}, Side::Requests);
}

std::string responses(std::string text, Answers answers = Answers::Ordinary)
{
    return readAll({std::move(text)}, Side::Responses, answers);
}

TEST(Http1ReaderTest, RequestsComeOneAfterAnother)
{
    EXPECT_EQ(
        requests("GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
                 "POST /b?x HTTP/1.1\r\nHOST:h\r\nContent-Length: 3\r\n\r\nabc"
                 "PUT /c HTTP/1.1\r\nhost: h\r\nTransfer-Encoding: Chunked\r\n\r\n"
                 "3;a=b\r\nxyz\r\n0A\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n"
                 "HEAD /d HTTP/1.0\r\n\r\n"),
        "GET /a HTTP/1.1\nhost: h\nkeeps \n"
        "POST /b?x HTTP/1.1\nhost: h\ncontent-length: 3\nkeeps length=3 [abc]\n"
        "PUT /c HTTP/1.1\nhost: h\ntransfer-encoding: Chunked\nkeeps chunked [xyz0123456789]\n"
        "trailer x-sum: 1\n"
        "HEAD /d HTTP/1.0\ncloses \n"
        "end\n");
}

TEST(Http1ReaderTest, AnswersEndAsTheirStatusAndRequestSay)
{
    const std::string next = "HTTP/1.1 204 \r\n\r\n";
    EXPECT_EQ(responses("HTTP/1.1 304 \r\ncontent-length: 10\r\n\r\n" + next),
              "HTTP/1.1 304\ncontent-length: 10\nkeeps length=10 \nHTTP/1.1 204\nkeeps \nend\n");
    EXPECT_EQ(
        responses("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + next, Answers::Head),
        "HTTP/1.1 200\ntransfer-encoding: chunked\nkeeps chunked \nHTTP/1.1 204\nkeeps \n"
        "end\n");
    EXPECT_EQ(responses("HTTP/1.1 200 OK\r\n\r\nto the end"),
              "HTTP/1.1 200\ncloses until-end [to the end]\nend\n");
    EXPECT_EQ(
        responses("HTTP/1.1 103 \r\nlink: x\r\n\r\nHTTP/1.1 200 \r\ncontent-length: 0\r\n\r\n"),
        "HTTP/1.1 103\nlink: x\nkeeps \nHTTP/1.1 200\ncontent-length: 0\nkeeps length=0 \n"
        "end\n");
    EXPECT_EQ(responses("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\nx"),
              "HTTP/1.0 200\nconnection: keep-alive\ncontent-length: 1\nkeeps length=1 [x]\nend\n");
}

TEST(Http1ReaderTest, WhatBreaksOffIsAnError)
{
    EXPECT_EQ(requests(""), "end\n");
    EXPECT_EQ(requests("GET / HTTP/1.1\r\nHost: h\r\n"), "error unavailable\n");
    EXPECT_EQ(requests("POST / HTTP/1.1\r\ncontent-length: 4\r\n\r\nabc"),
              "POST / HTTP/1.1\ncontent-length: 4\nkeeps length=4 [abc] error unavailable\n");
    for (const std::string_view end :
         {"", "3", "3\r\n", "3\r\nabc", "3\r\nabc\r\n", "0", "0\r\n", "0\r\nx: y\r\n"}) {
        const std::string read =
            responses("HTTP/1.1 200 \r\ntransfer-encoding: chunked\r\n\r\n" + std::string(end));
        EXPECT_TRUE(read.ends_with("] error unavailable\n")) << end << "\n" << read;
    }
}

struct Row
{
    const char* name;
    std::string bytes;
};

/// Whatever of the head two readers could understand differently. None may come out as a message.
const Row kRefusedHeads[] = {
    {"a length beside chunked", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n"
                                "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"chunked beside a length", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
                                "Content-Length: 4\r\n\r\n0\r\n\r\n"},
    {"two lengths", "POST / HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde"},
    {"the same length twice",
     "POST / HTTP/1.1\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nabcd"},
    {"a list of lengths", "POST / HTTP/1.1\r\nContent-Length: 4, 4\r\n\r\nabcd"},
    {"a plus", "POST / HTTP/1.1\r\nContent-Length: +4\r\n\r\nabcd"},
    {"a minus", "POST / HTTP/1.1\r\nContent-Length: -4\r\n\r\nabcd"},
    {"a minus zero", "POST / HTTP/1.1\r\nContent-Length: -0\r\n\r\n"},
    {"a hexadecimal length", "POST / HTTP/1.1\r\nContent-Length: 0x4\r\n\r\nabcd"},
    {"a space in the length", "POST / HTTP/1.1\r\nContent-Length: 1 0\r\n\r\na"},
    {"an underscore in the length", "POST / HTTP/1.1\r\nContent-Length: 1_0\r\n\r\na"},
    {"a point in the length", "POST / HTTP/1.1\r\nContent-Length: 4.0\r\n\r\nabcd"},
    {"an empty length", "POST / HTTP/1.1\r\nContent-Length:\r\n\r\n"},
    {"a length over 64 bits", "POST / HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n\r\n"},
    {"a length far over", "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999999\r\n\r\n"},
    {"a vertical tab before the length", "POST / HTTP/1.1\r\nContent-Length: \v4\r\n\r\nabcd"},
    {"a form feed after the length", "POST / HTTP/1.1\r\nContent-Length: 4\f\r\n\r\nabcd"},
    {"chunked twice", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
                      "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"chunked, chunked", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"},
    {"chunked, identity",
     "POST / HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"},
    {"identity", "POST / HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\n"},
    {"gzip, chunked", "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
    {"xchunked", "POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"},
    {"chunked in quotes", "POST / HTTP/1.1\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"},
    {"chunked with a parameter",
     "POST / HTTP/1.1\r\nTransfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n"},
    {"chunked behind a vertical tab",
     "POST / HTTP/1.1\r\nTransfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n"},
    {"chunked before a byte over 127",
     "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\xff\r\n\r\n0\r\n\r\n"},
    {"chunked before a space", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked \r\n\r\n0\r\n\r\n"},
    {"chunked before a tab", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n"},
    {"chunked before white space and a length",
     "POST / HTTP/1.1\r\nTransfer-Encoding: chunked \t\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"},
    {"chunked before a form feed",
     "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\f\r\n\r\n0\r\n\r\n"},
    {"chunked before a comma", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked,\r\n\r\n0\r\n\r\n"},
    {"chunked behind a comma", "POST / HTTP/1.1\r\nTransfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n"},
    {"chunkedchunked", "POST / HTTP/1.1\r\nTransfer-Encoding: chunkedchunked\r\n\r\n0\r\n\r\n"},
    {"a comma before the length", "POST / HTTP/1.1\r\nContent-Length: ,5\r\n\r\nabcde"},
    {"a comma behind the length", "POST / HTTP/1.1\r\nContent-Length: 5,\r\n\r\nabcde"},
    {"a list of lengths with a space", "POST / HTTP/1.1\r\nContent-Length: 5 ,5\r\n\r\nabcde"},
    {"an empty coding", "POST / HTTP/1.1\r\nTransfer-Encoding:\r\n\r\n"},
    {"chunked of HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"a space before the colon", "POST / HTTP/1.1\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n"},
    {"a tab before the colon", "POST / HTTP/1.1\r\nContent-Length\t: 4\r\n\r\nabcd"},
    {"a space before the name", "GET / HTTP/1.1\r\n Host: h\r\n\r\n"},
    {"a folded line", "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n"},
    {"a folded coding", "POST / HTTP/1.1\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"},
    {"a line folded by a tab", "GET / HTTP/1.1\r\nX: a\r\n\tTransfer-Encoding: chunked\r\n\r\n"},
    {"a bare LF", "GET / HTTP/1.1\nHost: h\r\n\r\n"},
    {"a bare LF behind a field", "GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n"},
    {"bare LFs all over", "GET / HTTP/1.1\nHost: h\n\n"},
    {"a bare LF before the end", "GET / HTTP/1.1\r\nHost: h\n\r\n"},
    {"a bare CR in a value", "GET / HTTP/1.1\r\nX: a\rTransfer-Encoding: chunked\r\n\r\n"},
    {"a bare CR before a name", "POST / HTTP/1.1\r\n\rContent-Length: 1\r\n\r\na"},
    {"a bare CR as the end of a line", "GET / HTTP/1.1\rHost: h\r\n\r\n"},
    {"CR CR LF", "GET / HTTP/1.1\r\nHost: h\r\r\n\r\n"},
    {"a NUL in a name", std::string("POST / HTTP/1.1\r\nContent-Length\0: 4\r\n\r\nabcd", 44)},
    {"a NUL in a value", std::string("GET / HTTP/1.1\r\nX: a\0b\r\n\r\n", 26)},
    {"a NUL in the target", std::string("GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n", 29)},
    {"a line without a colon", "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding\r\n\r\n"},
    {"an empty name", "GET / HTTP/1.1\r\n: chunked\r\n\r\n"},
    {"a bracket in a name", "POST / HTTP/1.1\r\nContent-Length(: 4\r\n\r\nabcd"},
    {"a byte over 127 in a name", "POST / HTTP/1.1\r\nContent-Length\xa0: 4\r\n\r\nabcd"},
    {"a quote in a name", "POST / HTTP/1.1\r\n\"Content-Length\": 4\r\n\r\nabcd"},
    {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
    {"the same Host twice", "GET / HTTP/1.1\r\nHost: a\r\nhOST: a\r\n\r\n"},
    {"HTTP/0.9", "GET /\r\n\r\n"},
    {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: h\r\n\r\n"},
    {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: h\r\n\r\n"},
    {"HTTP/0.9 by name", "GET / HTTP/0.9\r\n\r\n"},
    {"HTTP/1.10", "GET / HTTP/1.10\r\nHost: h\r\n\r\n"},
    {"HTTP/01.1", "GET / HTTP/01.1\r\nHost: h\r\n\r\n"},
    {"HTTP/1", "GET / HTTP/1\r\nHost: h\r\n\r\n"},
    {"http in lower case", "GET / http/1.1\r\nHost: h\r\n\r\n"},
    {"ICE/1.0", "SOURCE / ICE/1.0\r\nHost: h\r\n\r\n"},
    {"RTSP/1.0", "PLAY rtsp://h/ RTSP/1.0\r\n\r\n"},
    {"a word behind the version", "GET / HTTP/1.1 x\r\nHost: h\r\n\r\n"},
    {"a space behind the version", "GET / HTTP/1.1 \r\nHost: h\r\n\r\n"},
    {"a second target", "GET / /x HTTP/1.1\r\nHost: h\r\n\r\n"},
    {"two spaces before the target", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n"},
    {"two spaces behind the target", "GET /  HTTP/1.1\r\nHost: h\r\n\r\n"},
    {"a tab before the target", "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n"},
    {"a tab behind the target", "GET /\tHTTP/1.1\r\nHost: h\r\n\r\n"},
    {"a form feed in the target", "GET /\fx HTTP/1.1\r\nHost: h\r\n\r\n"},
    {"a method that is none", "G@T / HTTP/1.1\r\nHost: h\r\n\r\n"},
    {"a method in lower case", "get / HTTP/1.1\r\nHost: h\r\n\r\n"},
    {"no method", " / HTTP/1.1\r\nHost: h\r\n\r\n"},
    {"an empty line before it", "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"},
    {"a space before it", " GET / HTTP/1.1\r\nHost: h\r\n\r\n"},
    {"the answer of a server", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"},
    {"a TLS ClientHello", std::string("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03\r\n\r\n", 14)},
};

TEST(Http1ReaderTest, RefusesHeadsThatCanBeReadInTwoWays)
{
    for (const Row& row : kRefusedHeads) {
        EXPECT_EQ(requests(row.bytes), "error bad_request\n") << row.name;
        EXPECT_EQ(requests(row.bytes + "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"),
                  "error bad_request\n")
            << row.name << ", and a request behind it";
        std::vector<std::string> bytes;
        for (const char c : row.bytes)
            bytes.emplace_back(1, c);
        EXPECT_EQ(readAll(bytes, Side::Requests), "error bad_request\n")
            << row.name << ", in bytes";
    }
}

const Row kRefusedAnswers[] = {
    {"a length beside chunked", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n"
                                "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"},
    {"gzip", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx"},
    {"a bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"},
    {"a bare CR in the reason", "HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n"},
    {"a status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"},
    {"a status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"},
    {"a status of letters", "HTTP/1.1 2OO OK\r\nContent-Length: 0\r\n\r\n"},
    {"a status of zeros", "HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n"},
    {"a status below all others", "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n"},
    {"HTTP/1.2", "HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n"},
    {"HTTP/2", "HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n"},
    {"a request", "GET / HTTP/1.1\r\nHost: h\r\n\r\n"},
    {"a space before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\na"},
    {"a folded line", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 1\r\n\r\na"},
};

TEST(Http1ReaderTest, RefusesSuchAnswers)
{
    for (const Row& row : kRefusedAnswers)
        EXPECT_EQ(responses(row.bytes), "error bad_request\n") << row.name;
}

const Row kRefusedChunks[] = {
    {"a size over 64 bits", "10000000000000000\r\nx\r\n0\r\n\r\n"},
    {"a size that overflows to 1", "fffffffffffffffff1\r\nx\r\n0\r\n\r\n"},
    {"a negative size", "-1\r\nx\r\n0\r\n\r\n"},
    {"a size with a plus", "+1\r\nx\r\n0\r\n\r\n"},
    {"a size with 0x", "0x1\r\nx\r\n0\r\n\r\n"},
    {"an underscore in a size", "1_0\r\n0123456789abcdef\r\n0\r\n\r\n"},
    {"no size", "\r\nx\r\n0\r\n\r\n"},
    {"an empty size with an extension", ";a\r\nx\r\n0\r\n\r\n"},
    {"a space before a size", " 1\r\nx\r\n0\r\n\r\n"},
    {"a size that ends in a bare LF", "1\nx\r\n0\r\n\r\n"},
    {"a size that ends in a bare CR", "1\rx\r\n0\r\n\r\n"},
    {"a chunk that ends in a bare LF", "1\r\nx\n0\r\n\r\n"},
    {"a chunk that ends in two other bytes", "1\r\nxXX0\r\n\r\n"},
    {"a chunk that is longer than it says", "1\r\nxy\r\n0\r\n\r\n"},
    {"a chunk without its end", "1\r\nx0\r\n\r\n"},
    {"an extension with a bare LF", "1;a\nb\r\nx\r\n0\r\n\r\n"},
    {"an extension with a bare CR", "1;a\rb\r\nx\r\n0\r\n\r\n"},
    {"an extension with a NUL", std::string("1;a\0b\r\nx\r\n0\r\n\r\n", 15)},
    {"a last chunk that ends in a bare LF", "1\r\nx\r\n0\n\r\n"},
    {"trailers that end in a bare LF", "1\r\nx\r\n0\r\nA: b\n\r\n"},
    {"a trailer with a space before its colon", "1\r\nx\r\n0\r\nA : b\r\n\r\n"},
    {"a trailer with a bare CR", "1\r\nx\r\n0\r\nA: b\rc\r\n\r\n"},
    {"a folded trailer", "1\r\nx\r\n0\r\nA: b\r\n c\r\n\r\n"},
    {"a trailer with a NUL", std::string("1\r\nx\r\n0\r\nA: b\0c\r\n\r\n", 20)},
    {"a length in the trailers", "1\r\nx\r\n0\r\nContent-Length: 5\r\n\r\n"},
    {"an end that is a bare LF", "1\r\nx\r\n0\r\n\n"},
};

TEST(Http1ReaderTest, RefusesChunksThatCanBeReadInTwoWays)
{
    const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::string behind = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
    for (const Row& row : kRefusedChunks) {
        const std::string read = requests(head + row.bytes + behind);
        EXPECT_TRUE(read.ends_with("error bad_request\n")) << row.name << "\n" << read;
        EXPECT_FALSE(read.contains("smuggled")) << row.name << "\n" << read;
    }
}

TEST(Http1ReaderTest, TakesWhatIsOddButMeansOneThing)
{
    EXPECT_EQ(requests("POST / HTTP/1.1\r\ncontent-length:\t 004\r\n\r\nabcd"),
              "POST / HTTP/1.1\ncontent-length: 004\nkeeps length=4 [abcd]\nend\n");
    EXPECT_EQ(requests("GET http://h/ HTTP/1.1\r\nHost: h\r\nX:\r\nConnection: x, Close\r\n\r\n"),
              "GET http://h/ HTTP/1.1\nhost: h\nx: \nconnection: x, Close\ncloses \nend\n");
    EXPECT_EQ(requests("OPTIONS * HTTP/1.1\r\nHost: h\r\nX: \xc3\xa9\r\n\r\n"),
              "OPTIONS * HTTP/1.1\nhost: h\nx: \xc3\xa9\nkeeps \nend\n");
    EXPECT_EQ(requests("GET /chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\n"
                       "Upgrade: WebSocket\r\n\r\n\x81\x05hello"),
              "GET /chat HTTP/1.1\nhost: h\nconnection: Upgrade\nupgrade: WebSocket\n"
              "keeps upgrade=websocket \nerror unavailable\n");
}

TEST(Http1ReaderTest, HeadsAreBounded)
{
    const auto withFields = [](int count, std::size_t size) {
        std::string text = "GET / HTTP/1.1\r\n";
        for (int i = 0; i < count; ++i)
            text += std::format("x{}: {}\r\n", i, std::string(size, 'v'));
        return text + "\r\n";
    };
    EXPECT_TRUE(requests(withFields(256, 200)).ends_with("end\n"));
    EXPECT_EQ(requests(withFields(257, 1)), "error bad_request\n");
    EXPECT_EQ(requests(withFields(70, 1000)), "error head_too_large\n");
    EXPECT_EQ(requests("GET /" + std::string(1'000'000, 'x')), "error head_too_large\n");
    EXPECT_TRUE(
        requests("GET /" + std::string(60'000, 'x') + " HTTP/1.1\r\n\r\n").ends_with("end\n"));
    const std::string chunked = "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n";
    EXPECT_TRUE(
        requests(chunked + "a: " + std::string(10'000, 'x') + "\r\n\r\n").ends_with("end\n"));
    EXPECT_TRUE(requests(chunked + "a: " + std::string(20'000, 'x') + "\r\n\r\n")
                    .ends_with("error bad_request\n"));
    std::string many = chunked;
    for (int i = 0; i < 300; ++i)
        many += "a:\r\n";
    EXPECT_TRUE(requests(many + "\r\n").ends_with("error bad_request\n"));
}

/// Messages for the tests that cut and change them.
const std::string kSamples[] = {
    "GET /a?b=c HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n"
    "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
    "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5\r\nhello\r\n1;x=y\r\n!\r\n0\r\nSum: 1\r\nTo: 2\r\n\r\n"
    "HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "PUT /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    "GET /w HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    "GET /x HTTP/1.1\r\nHost: h\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nUpgrade: h2c\r\nConnection: upgrade\r\nContent-Length: "
    "2\r\n\r\nab"
    "GET /x HTTP/1.1\r\nHost: h\r\n\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n",
};
const std::string kAnswerSamples[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    "HTTP/1.1 100 Continue\r\n\r\n"
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nSum: 1\r\n\r\n"
    "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    "HTTP/1.1 200 OK\r\n\r\neverything else",
    "HTTP/1.1 304 \r\nContent-Length: 7\r\n\r\nHTTP/1.0 200 OK\r\n\r\nrest",
};

TEST(Http1ReaderTest, WhereTheBytesAreCutMakesNoDifference)
{
    const auto compare = [](const std::string& sample, Side side) {
        const std::string whole = readAll({sample}, side);
        for (std::size_t at = 1; at < sample.size(); ++at)
            EXPECT_EQ(readAll({sample.substr(0, at), sample.substr(at)}, side), whole)
                << "cut at " << at << " of\n"
                << sample;
        std::mt19937 random(7);
        for (int round = 0; round < 100; ++round)
            EXPECT_EQ(readAll(cutAtRandom(sample, random), side), whole) << sample;
    };
    for (const std::string& sample : kSamples)
        compare(sample, Side::Requests);
    for (const std::string& sample : kAnswerSamples)
        compare(sample, Side::Responses);
}

/// What the reference makes of a text, as readMessages() has it.
std::vector<std::string> referenceMessages(std::string_view text, ReferenceKind kind)
{
    std::vector<std::string> messages;
    while (!text.empty()) {
        const Reference found = parseReference(text, kind, true);
        if (found.state != ReferenceState::Whole)
            break;
        messages.push_back(found.message.print());
        text.remove_prefix(found.size);
    }
    return messages;
}

std::string mutated(std::string text, std::mt19937& random)
{
    static const std::string kInserted[] = {"\r",
                                            "\n",
                                            "\r\n",
                                            " ",
                                            "\t",
                                            std::string(1, '\0'),
                                            ":",
                                            ",",
                                            ";",
                                            "0",
                                            "1",
                                            "-",
                                            "+",
                                            "\v",
                                            "\x7f",
                                            "\xff",
                                            "\r\n ",
                                            "\r\n\r\n",
                                            "Transfer-Encoding: chunked\r\n",
                                            "Content-Length: 3\r\n",
                                            "Host: x\r\n",
                                            "GET /y HTTP/1.1\r\n\r\n",
                                            "0\r\n\r\n",
                                            "Connection: close\r\n",
                                            "HTTP/1.1"};
    const auto count = 1 + random() % 3;
    for (unsigned i = 0; i < count && !text.empty(); ++i) {
        const std::size_t at = random() % text.size();
        switch (random() % 5) {
        case 0:
            text[at] = static_cast<char>(random());
            break;
        case 1:
            text.erase(at, 1 + random() % 4);
            break;
        case 2:
            text.insert(at, text.substr(random() % text.size(), random() % 30));
            break;
        default:
            text.insert(at, kInserted[random() % std::size(kInserted)]);
        }
    }
    return text;
}

TEST(Http1ReaderTest, SeesNoMessageThatTheGrammarDoesNotHave)
{
    std::mt19937 random(20260101);
    std::size_t seen = 0;
    const auto compare = [&](const std::string& sample, Side side) {
        const std::string text = mutated(sample, random);
        const auto read = readMessages(cutAtRandom(text, random), side);
        const auto reference = referenceMessages(
            text, side == Side::Requests ? ReferenceKind::Request : ReferenceKind::Response);
        seen += read.size();
        ASSERT_LE(read.size(), reference.size()) << text;
        for (std::size_t i = 0; i < read.size(); ++i)
            ASSERT_EQ(read[i], reference[i]) << text;
    };
    for (int round = 0; round < 4000; ++round) {
        for (const std::string& sample : kSamples)
            compare(sample, Side::Requests);
        for (const std::string& sample : kAnswerSamples)
            compare(sample, Side::Responses);
        if (HasFatalFailure())
            return;
    }
    EXPECT_GT(seen, 10'000u);
}

/// A request is held while its connection is watched; then it goes on.
TEST(Http1ReaderTest, ReadingAheadMayBeBrokenOffAndGoneOnWith)
{
    ScriptedStream ended({"POST / HTTP/1.1\r\ncontent-length: 4\r\n\r\n", "abcd"});
    Http1Reader reader(ended, Side::Requests);
    api::asio::io_context context;
    const auto body = runToEnd(context, [&]() -> api::Task<std::string> {
        auto head = co_await reader.readHead();
        EXPECT_TRUE(head && *head);
        co_await reader.readAhead();
        EXPECT_FALSE(reader.hasFailed());
        const auto bytes = co_await reader.nextBody();
        co_return bytes ? std::string(bytes->data(), bytes->size()) : bytes.error().message;
    }());
    EXPECT_EQ(body, "abcd");
}

/// Whoever carries a body sends on what it has before it waits for more: the end of a chunk, which
/// is all that is left of a message that has not ended, is not more.
TEST(Http1ReaderTest, IsReadyOnlyWhenSomethingComesOfIt)
{
    ScriptedStream stream({"HTTP/1.1 200 \r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n2",
                           "\r\nho\r\n0\r\n\r\n"});
    Http1Reader reader(stream, Side::Responses);
    api::asio::io_context context;
    const auto seen = runToEnd(context, [&]() -> api::Task<std::string> {
        std::string text;
        const auto next = [&]() -> api::Task<void> {
            text += reader.isReady() ? "ready " : "waits ";
            const auto bytes = co_await reader.nextBody();
            text += bytes ? std::string(bytes->data(), bytes->size()) + "|" : bytes.error().message;
        };
        const auto head = co_await reader.readHead();
        EXPECT_TRUE(head && *head);
        for (int piece = 0; piece < 3; ++piece)
            co_await next();
        co_return text;
    }());
    EXPECT_EQ(seen, "ready hello|waits ho|ready |");
}

/// Looking whether a body is ready may come upon what is wrong with it; it is said when it is read.
TEST(Http1ReaderTest, LookingDoesNotSwallowAnError)
{
    ScriptedStream stream(
        {"HTTP/1.1 200 \r\ntransfer-encoding: chunked\r\n\r\n2\r\nho\r\nnonsense\r\n"});
    Http1Reader reader(stream, Side::Responses);
    api::asio::io_context context;
    const auto failed = runToEnd(context, [&]() -> api::Task<bool> {
        std::ignore = co_await reader.readHead();
        EXPECT_TRUE(co_await reader.nextBody());
        EXPECT_TRUE(reader.isReady());
        EXPECT_TRUE(reader.isReady());
        co_return !co_await reader.nextBody();
    }());
    EXPECT_TRUE(failed);
    EXPECT_FALSE(reader.isBodyRead());
}

} // namespace
} // namespace caisson::keeper::http::testing
