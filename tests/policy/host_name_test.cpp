// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/policy/host_name.h"
#include "backend/policy/host_pattern.h"

#include <gtest/gtest.h>

namespace caisson::policy {
namespace {

TEST(CanonicalHost, hasOneForm)
{
    const std::pair<std::string, std::string> rows[] = {
        {"example.com", "example.com"},
        {"EXAMPLE.Com.", "example.com"},
        {"_dmarc.example.com", "_dmarc.example.com"},
        {"r4---sn-x.example.com", "r4---sn-x.example.com"},
        {"localhost", "localhost"},
        {"127.example.com", "127.example.com"},
        {"münchen.example", "xn--mnchen-3ya.example"},
        {"MÜNCHEN.example", "xn--mnchen-3ya.example"},
        {"mu\xcc\x88nchen.example", "xn--mnchen-3ya.example"},
        {"xn--mnchen-3ya.example", "xn--mnchen-3ya.example"},
        {"XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example"},
        {"faß.example", "xn--fa-hia.example"},
        {"例え。テスト", "xn--r8jz45g.xn--zckzah"},
        {"ｅｘａｍｐｌｅ．com", "example.com"},
        {"203.0.113.7", "203.0.113.7"},
        {"[2001:DB8::0:1]", "2001:db8::1"},
        {"2001:DB8::1", "2001:db8::1"},
        {std::string(63, 'a') + ".com", std::string(63, 'a') + ".com"},
    };
    for (const auto& [text, canonical] : rows) {
        const auto host = canonicalHost(text);
        ASSERT_TRUE(host) << text << ": " << host.error().message;
        EXPECT_EQ(*host, canonical);
        EXPECT_EQ(canonicalHost(*host).value(), *host) << text;
    }
}

TEST(CanonicalHost, refusesWhatIsNoNameAndOddAddresses)
{
    std::string tooLong;
    for (int label = 0; label < 26; ++label)
        tooLong += "ninebytes.";
    const std::string rows[] = {
        "", ".", "..", "a..b", ".a", "a..", "a b", "a/b", "a:80", "a@b", "a%2eb", "a\tb", "a\nb",
        "*.example.com", "example.com:443", "user@example.com", "exa\xffmple.com",
        std::string("a\0b", 3), std::string(64, 'a') + ".com", tooLong + "example",
        // Each of these is 127.0.0.1 to some resolver.
        "127.1", "127.0.1", "0x7f000001", "0x7f.1", "0X7F.0.0.1", "2130706433", "017700000001",
        "0177.0.0.1", "127.0.0.01", "127.0.0.1.", "127.0.0.0x1", "0x", "1.2.3.4.5", "example.1",
        "１２７．０．０．１", "127。0。0。1", "①②⑦.0.0.1", "[127.0.0.1]", "[::1", "::1]", "[]",
        "[::1%lo]", "[::1].", "fe80::1%eth0"};
    for (const std::string& text : rows) {
        const auto host = canonicalHost(text);
        ASSERT_FALSE(host) << text << " became " << *host;
        EXPECT_EQ(host.error().code, ErrorCode::InvalidName);
        EXPECT_FALSE(host.error().message.empty());
    }
}

/// By its last labels alone "this domain" of one page at github.io was everybody's.
TEST(MainDomain, isTheRegisteredPart)
{
    const std::pair<const char*, const char*> rows[] = {
        {"api.github.com", "github.com"},
        {"github.com", "github.com"},
        {"localhost", "localhost"},
        {"a.b.example.co.uk", "example.co.uk"},
        {"example.co.uk", "example.co.uk"},
        {"co.uk", "co.uk"},
        {"a.b.com.au", "b.com.au"},
        {"www.example.de", "example.de"},
        {"x.bbc.uk", "bbc.uk"},
        {"203.0.113.7", "203.0.113.7"},
        {"2001:db8::1", "2001:db8::1"},
        {"a.b.c.d", "c.d"},
        {"me.github.io", "me.github.io"},
        {"www.me.github.io", "me.github.io"},
        {"github.io", "github.io"},
        {"bucket.s3.amazonaws.com", "bucket.s3.amazonaws.com"},
        {"s3.amazonaws.com", "s3.amazonaws.com"},
        {"www.x.govt.nz", "x.govt.nz"},
        {"a.b.city.kawasaki.jp", "city.kawasaki.jp"},
        {"www.example.xn--55qx5d.cn", "example.xn--55qx5d.cn"},
        {"db.internal", "db.internal"},
    };
    for (const auto& [host, domain] : rows)
        EXPECT_EQ(mainDomain(host), domain) << host;
}

TEST(HostPattern, isPutIntoTheSameForm)
{
    const std::pair<const char*, const char*> rows[] = {
        {"*.GitHub.com", "*.github.com"},
        {"**", "**"},
        {"*.", "*"},
        {"**.Example.COM.", "**.example.com"},
        {"*.münchen.example", "*.xn--mnchen-3ya.example"},
        {"api.*.example.com", "api.*.example.com"},
        {"api.**", "api.**"},
        {"10.*.example.com", "10.*.example.com"},
        {"[2001:DB8::1]", "2001:db8::1"},
        {"203.0.113.7", "203.0.113.7"},
    };
    for (const auto& [text, pattern] : rows) {
        const auto canonical = canonicalHostPattern(text);
        ASSERT_TRUE(canonical) << text << ": " << canonical.error().message;
        EXPECT_EQ(*canonical, pattern);
    }
    for (const char* text : {"", "a*.example.com", "***.com", "*..com", "*.1", "*.0x7f",
                             "127.*.0.1", "*.exa mple.com", "*:443", "[*::1]", "*.a/b", "*。com"})
        EXPECT_FALSE(canonicalHostPattern(text)) << text;
}

/// A rule that denied "203.0.113.*" was taken without a word and denied nothing.
TEST(HostPattern, meantForAddressesSaysHowTheseAreWritten)
{
    const std::pair<const char*, const char*> rows[] = {
        {"203.0.113.*", "cidr = \"203.0.113.0/24\""},
        {"203.0.113.*.", "cidr = \"203.0.113.0/24\""},
        {"10.1.*.*", "cidr = \"10.1.0.0/16\""},
        {"10.**", "cidr = \"10.0.0.0/8\""},
        {"10.*.3.*", "cidr = \"10.0.0.0/8\""},
        {"*.0.113.*", "cidr = "},
        {"999.0.*", "cidr = "},
        {"2001:db8:*", "cidr = \"2001:db8::/32\""},
        {"[2001:db8::*]", "cidr = \"2001:db8::/32\""},
        {"203.0.113.0/24", "cidr = \"203.0.113.0/24\""},
        {"2001:DB8::/32", "cidr = \"2001:db8::/32\""},
    };
    for (const auto& [text, instead] : rows) {
        const auto canonical = canonicalHostPattern(text);
        ASSERT_FALSE(canonical) << text << " became " << *canonical;
        EXPECT_TRUE(canonical.error().message.contains(instead)) << canonical.error().message;
    }
    // One of more labels than numbers may be a name's.
    for (const char* text : {"10.*.example.com", "*.*", "*", "**", "1.*.x"})
        EXPECT_TRUE(canonicalHostPattern(text)) << text;
}

TEST(HostPattern, fitsByLabel)
{
    struct Row
    {
        const char* pattern;
        const char* host;
        bool fits;
    };
    const Row rows[] = {
        {"github.com", "github.com", true},
        {"github.com", "api.github.com", false},
        {"github.com", "notgithub.com", false},
        {"*.github.com", "api.github.com", true},
        {"*.github.com", "github.com", false},
        {"*.github.com", "a.b.github.com", false},
        {"*.github.com", "evilgithub.com", false},
        {"*.github.com", "api.github.com.evil.example", false},
        {"**.github.com", "github.com", true},
        {"**.github.com", "a.b.c.github.com", true},
        {"**.github.com", "evilgithub.com", false},
        {"api.*.example.com", "api.eu.example.com", true},
        {"api.*.example.com", "api.example.com", false},
        {"api.*.example.com", "api.a.b.example.com", false},
        {"api.**.example.com", "api.example.com", true},
        {"api.**.example.com", "api.a.b.example.com", true},
        {"api.**.example.com", "xapi.a.b.example.com", false},
        {"**.a.**.b", "a.b", true},
        {"**.a.**.b", "x.a.y.a.z.b", true},
        {"**.a.**.b", "x.y.b", false},
        {"*.**.com", "com", false},
        {"*.**.com", "a.com", true},
        {"*.**.com", "a.b.c.com", true},
        {"api.*", "api.com", true},
        {"api.*", "api.example.com", false},
        {"api.**", "api.example.com", true},
        {"*", "localhost", true},
        {"*", "example.com", false},
        {"**", "example.com", true},
        {"**", "203.0.113.7", true},
        {"**", "2001:db8::7", true},
        {"*", "2001:db8::7", false},
        {"*.*.*.*", "203.0.113.7", false},
        {"203.**", "203.0.113.7", false},
        {"203.0.113.7", "203.0.113.7", true},
        {"203.0.113.7", "203.0.113.70", false},
        {"2001:db8::7", "2001:db8::7", true},
    };
    for (const Row& row : rows) {
        const bool isAddress = Address::parse(row.host).has_value();
        EXPECT_EQ(HostPattern(row.pattern).fits(row.host, isAddress), row.fits)
            << row.pattern << " on " << row.host;
    }
}

} // namespace
} // namespace caisson::policy
