// SPDX-License-Identifier: GPL-3.0-or-later
// One DNS message: what is read of it, and what is said to it.
#include "backend/keeper/egress/capture/dns_answers.h"
#include "backend/keeper/egress/capture/dns_message.h"

#include <format>
#include <gtest/gtest.h>
#include <string>

namespace caisson::test {
namespace {

using namespace keeper;
using namespace std::string_literals;

std::string number(std::uint32_t value)
{
    return {static_cast<char>(value >> 8), static_cast<char>(value)};
}

struct Head
{
    std::uint32_t flags = 0x0100; // recursion desired
    std::uint32_t questions = 1;
    std::uint32_t answers = 0;
    std::uint32_t authorities = 0;
    std::uint32_t additional = 0;
};

std::string head(const Head& head)
{
    return number(0xbeef) + number(head.flags) + number(head.questions) + number(head.answers) +
           number(head.authorities) + number(head.additional);
}

std::string question(std::string_view name, std::uint32_t type, std::uint32_t dnsClass = 1)
{
    return encodeDnsName(name) + number(type) + number(dnsClass);
}

std::string query(std::string_view name, std::uint32_t type)
{
    return head({}) + question(name, type);
}

std::string opt(std::uint32_t size, std::uint8_t version = 0)
{
    return "\0"s + number(dns::kOpt) + number(size) + '\0' + static_cast<char>(version) +
           number(0) + number(0);
}

int field(std::string_view message, std::size_t at)
{
    return static_cast<unsigned char>(message.at(at)) << 8 |
           static_cast<unsigned char>(message.at(at + 1));
}

int codeOf(std::string_view answer)
{
    return field(answer, 2) & 0xf;
}

class Dns : public testing::Test
{
protected:
    std::string ask(const std::string& message, DnsTransport transport = DnsTransport::Udp)
    {
        return answerDns(message, names, transport, HasV6::Yes).value_or("nothing");
    }

    /// The answer in words: its code, and the data of its records.
    std::string say(const std::string& message)
    {
        const std::string answer = ask(message);
        if (answer == "nothing")
            return answer;
        std::string text = std::to_string(codeOf(answer));
        std::size_t at = 12;
        if (field(answer, 4) == 1)
            at += answer.find('\0', 12) - 12 + 5;
        for (int i = field(answer, 6); i > 0; --i) {
            const int type = field(answer, at + 2);
            const int size = field(answer, at + 10);
            const std::string data = answer.substr(at + 12, static_cast<std::size_t>(size));
            at += 12 + static_cast<std::size_t>(size);
            std::array<std::uint8_t, 16> bytes{};
            for (std::size_t k = 0; k < std::min<std::size_t>(data.size(), 16); ++k)
                bytes[k] = static_cast<std::uint8_t>(data[k]);
            if (type == dns::kA)
                text +=
                    " " + policy::Address::v4({bytes[0], bytes[1], bytes[2], bytes[3]}).toString();
            else if (type == dns::kAaaa)
                text += " " + policy::Address::v6(bytes).toString();
            else
                text += " " + data;
        }
        return text;
    }

    Names names;
};

TEST_F(Dns, NamesGetAnAddressOfEachFamily)
{
    EXPECT_EQ(say(query("example.com", dns::kA)), "0 198.18.1.0");
    EXPECT_EQ(say(query("example.com", dns::kAaaa)), "0 fd6b:4a1c:90d3::100");
    EXPECT_EQ(say(query("EXAMPLE.com", dns::kA)), "0 198.18.1.0");
    EXPECT_EQ(say(query("other.example.com", dns::kA)), "0 198.18.1.1");
    EXPECT_EQ(say(query("example.com", dns::kAny)), "0 198.18.1.0 fd6b:4a1c:90d3::100");
    EXPECT_EQ(say(query("_srv.example.com", dns::kA)), "0 198.18.1.2");
    EXPECT_EQ(names.nameOf(*policy::Address::parse("198.18.1.0")), "example.com");
}

TEST_F(Dns, NoAaaaWithoutIpv6)
{
    const auto answer =
        answerDns(query("example.com", dns::kAaaa), names, DnsTransport::Udp, HasV6::No);
    ASSERT_TRUE(answer);
    EXPECT_EQ(codeOf(*answer), 0);
    EXPECT_EQ(field(*answer, 6), 0);
}

TEST_F(Dns, OtherTypesHaveNoDataAndMakeNoNameKnown)
{
    for (const std::uint32_t type : {2u, 5u, 6u, 12u, 15u, 16u, 33u, 43u, 64u, 65u, 257u, 65280u}) {
        const std::string answer = ask(query("example.com", type));
        EXPECT_EQ(codeOf(answer), 0) << type;
        EXPECT_EQ(field(answer, 6), 0) << type;
        // The SOA that says for how long.
        EXPECT_EQ(field(answer, 8), 1) << type;
        EXPECT_EQ(answer.substr(answer.size() - 4), "\0\0\0<"s) << type;
    }
    EXPECT_EQ(names.size(), 0u);
}

TEST_F(Dns, SpecialNames)
{
    EXPECT_EQ(say(query("localhost", dns::kA)), "0 127.0.0.1");
    EXPECT_EQ(say(query("app.localhost", dns::kAaaa)), "0 ::1");
    EXPECT_EQ(say(query("mylocalhost", dns::kA)), "0 198.18.1.0");
    EXPECT_EQ(say(query("no.invalid", dns::kA)), "3");
    EXPECT_EQ(say(query("abc.onion", dns::kA)), "3");
    EXPECT_EQ(say(query("use-application-dns.net", dns::kA)), "3");
    EXPECT_EQ(say(query("", dns::kA)), "0");
    EXPECT_EQ(names.size(), 1u);
}

TEST_F(Dns, AddressesAndWhatIsNoHostAreNoNames)
{
    for (const std::string_view name :
         {"127.0.0.1", "1.2.3.4", "127.1", "2130706433", "0x7f000001", "a.1"})
        EXPECT_EQ(say(query(name, dns::kA)), "3") << name;
    EXPECT_EQ(say(query("sp ace.com", dns::kA)), "3");
    EXPECT_EQ(say(query("*.com", dns::kA)), "3");
    EXPECT_EQ(say(query("\xc3\xa4.com", dns::kA)), "3");
    EXPECT_EQ(say(query("a\0.com"s, dns::kA)), "3");
    // One label with a dot in it.
    EXPECT_EQ(say(head({}) + "\3a.b\3com\0"s + number(dns::kA) + number(1)), "3");
    EXPECT_EQ(names.size(), 0u);
}

TEST_F(Dns, PointersLeadBackToNames)
{
    EXPECT_EQ(say(query("example.com", dns::kA)), "0 198.18.1.0");
    const std::string name = encodeDnsName("example.com");
    EXPECT_EQ(say(query("0.1.18.198.in-addr.arpa", dns::kPtr)), "0 " + name);
    EXPECT_EQ(say(query("0.0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.3.d.0.9.c.1.a.4.b.6.d.f.ip6.arpa",
                        dns::kPtr)),
              "0 " + name);
    EXPECT_EQ(say(query("1.0.0.127.in-addr.arpa", dns::kPtr)), "0 " + encodeDnsName("localhost"));
    for (const std::string_view other :
         {"1.1.18.198.in-addr.arpa", "8.8.8.8.in-addr.arpa", "256.1.18.198.in-addr.arpa",
          "1.18.198.in-addr.arpa", "0.0.1.18.198.in-addr.arpa", "in-addr.arpa", "0.ip6.arpa",
          "zz.ip6.arpa", "x.arpa"})
        EXPECT_EQ(say(query(other, dns::kPtr)), "3") << other;
    EXPECT_EQ(names.size(), 1u);
}

TEST_F(Dns, AnAnswerRepeatsTheQuestionAsItWas)
{
    const std::string asked = query("ExAmPlE.cOm", dns::kA);
    const std::string answer = ask(asked);
    EXPECT_EQ(answer.substr(0, 2), asked.substr(0, 2));
    EXPECT_EQ(field(answer, 2), 0x8180); // a response, recursion desired and to be had
    EXPECT_EQ(answer.substr(12, asked.size() - 12), asked.substr(12));
    EXPECT_EQ(answer.substr(asked.size()), "\xc0\x0c\0\1\0\1\0\0\0<\0\4\xc6\x12\1\0"s);
}

TEST_F(Dns, ResponsesAndScrapsAreNotAnswered)
{
    EXPECT_EQ(say(""), "nothing");
    EXPECT_EQ(say(std::string(11, '\0')), "nothing");
    EXPECT_EQ(say(head({.flags = 0x8180}) + question("example.com", dns::kA)), "nothing");
}

TEST_F(Dns, OtherOperationsAreNotImplemented)
{
    for (const std::uint32_t opcode : {1u, 2u, 4u, 5u, 6u, 15u}) {
        const std::string answer =
            ask(head({.flags = opcode << 11}) + question("example.com", dns::kA));
        EXPECT_EQ(codeOf(answer), 4) << opcode;
        EXPECT_EQ(field(answer, 2) >> 11 & 0xf, static_cast<int>(opcode));
        EXPECT_EQ(answer.size(), 12u);
    }
}

TEST_F(Dns, TransfersAndOtherClassesAreRefused)
{
    EXPECT_EQ(say(query("example.com", dns::kAxfr)), "5");
    EXPECT_EQ(say(query("example.com", dns::kIxfr)), "5");
    EXPECT_EQ(say(head({}) + question("version.bind", 16, 3)), "5");
    EXPECT_EQ(say(head({}) + question("example.com", dns::kA, 255)), "5");
}

TEST_F(Dns, WhatCannotBeReadIsAFormatError)
{
    const std::string one = question("example.com", dns::kA);
    EXPECT_EQ(say(head({})), "1");
    EXPECT_EQ(say(head({.questions = 0})), "1");
    EXPECT_EQ(say(head({.questions = 2}) + one + one), "1");
    EXPECT_EQ(say(head({.questions = 65535}) + one), "1");
    EXPECT_EQ(say(head({.answers = 1}) + one), "1");
    EXPECT_EQ(say(head({.authorities = 1}) + one), "1");
    EXPECT_EQ(say(head({.additional = 1}) + one), "1");
    EXPECT_EQ(say(head({.additional = 65535}) + one + opt(1232)), "1");
    EXPECT_EQ(say(head({}) + one + "x"), "1");
    for (std::size_t size = 12; size < 12 + one.size(); ++size)
        EXPECT_EQ(say((head({}) + one).substr(0, size)), "1") << size;
    // A name that points at itself, at the head, ahead; a label of a reserved kind.
    for (const std::string& name :
         {"\xc0\x0c"s, "\xc0\x00"s, "\3www\xc0\x0c"s, "\xff\xff"s, "\x40x"s, "\x80x"s})
        EXPECT_EQ(say(head({}) + name + number(dns::kA) + number(1)), "1");
}

TEST_F(Dns, LongNames)
{
    const std::string label(63, 'a');
    // 255 bytes with lengths and root are the most (RFC 1035).
    const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'b');
    EXPECT_EQ(say(query(longest, dns::kA)), "0 198.18.1.0");
    EXPECT_EQ(say(query(longest + "b", dns::kA)), "1");
    EXPECT_EQ(say(query(longest + ".b", dns::kA)), "1");
    std::string deep;
    for (int i = 0; i < 127; ++i)
        deep += i ? ".a" : "a";
    EXPECT_EQ(say(query(deep, dns::kA)), "0 198.18.1.1");
    EXPECT_EQ(say(query(deep + ".a", dns::kA)), "1");
    EXPECT_EQ(say(head({}) + "\x40"s + std::string(64, 'a') + '\0' + number(1) + number(1)), "1");
}

TEST_F(Dns, ExtensionIsAnsweredWithOne)
{
    const std::string answer =
        ask(head({.additional = 1}) + question("example.com", dns::kA) + opt(4096));
    EXPECT_EQ(codeOf(answer), 0);
    EXPECT_EQ(field(answer, 10), 1);
    EXPECT_EQ(answer.substr(answer.size() - 11), "\0\0\x29\4\xd0\0\0\0\0\0\0"s);

    // An unknown version: code 16, whose upper bits are in the record.
    const std::string version =
        ask(head({.additional = 1}) + question("example.com", dns::kA) + opt(4096, 1));
    EXPECT_EQ(codeOf(version), 0);
    EXPECT_EQ(version.substr(version.size() - 11), "\0\0\x29\4\xd0\1\0\0\0\0\0"s);
    EXPECT_EQ(field(version, 6), 0);

    EXPECT_EQ(say(head({.additional = 2}) + question("a.com", dns::kA) + opt(512) + opt(512)), "1");
    // Other records are passed over, also when their name is a pointer to nowhere.
    const std::string other =
        "\xc0\xff"s + number(250) + number(1) + number(0) + number(0) + number(3) + "abc";
    EXPECT_EQ(say(head({.additional = 2}) + question("a.com", dns::kA) + other + opt(512)),
              "0 198.18.1.1");
    EXPECT_EQ(say(head({.additional = 1}) + question("a.com", dns::kA) + other.substr(0, 12)), "1");
}

TEST_F(Dns, WhatDoesNotFitIsCut)
{
    const auto asked = readDnsQuery(query("example.com", 16));
    ASSERT_TRUE(asked);
    const DnsAnswer large{DnsCode::NoError, {{16, std::string(600, 'x')}}};
    const std::string cut = writeDnsAnswer(*asked, large, dns::kPlainSize);
    EXPECT_LE(cut.size(), dns::kPlainSize);
    EXPECT_EQ(field(cut, 2) & 0x0200, 0x0200);
    EXPECT_EQ(field(cut, 6), 0);
    const std::string whole = writeDnsAnswer(*asked, large, dns::kExtendedSize);
    EXPECT_EQ(field(whole, 2) & 0x0200, 0);
    EXPECT_EQ(field(whole, 6), 1);
}

TEST_F(Dns, SaysSoWhenThereIsNoRoomForNames)
{
    for (int i = 0; i < 65536; ++i)
        ASSERT_TRUE(names.addressesOf(std::format("{}.example", i)));
    EXPECT_EQ(say(query("one.too.many", dns::kA)), "2");
    EXPECT_EQ(say(query("7.example", dns::kA)), "0 198.18.1.7");
}

} // namespace
} // namespace caisson::test
