// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/policy/address.h"

#include <gtest/gtest.h>

namespace caisson::policy {
namespace {

TEST(Address, readsAndWritesTheOneSpelling)
{
    const std::pair<const char*, const char*> rows[] = {
        {"203.0.113.7", "203.0.113.7"},
        {"0.0.0.0", "0.0.0.0"},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"2001:db8::0:1", "2001:db8::1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"::", "::"},
        {"::ffff:203.0.113.7", "::ffff:203.0.113.7"},
        {"::FFFF:CB00:7107", "::ffff:203.0.113.7"},
    };
    for (const auto& [text, written] : rows) {
        const auto address = Address::parse(text);
        ASSERT_TRUE(address) << text;
        EXPECT_EQ(address->toString(), written);
        EXPECT_EQ(Address::parse(written), address);
    }
}

TEST(Address, refusesOddSpellings)
{
    const std::string_view rows[] = {"",
                                     "127.1",
                                     "127.0.1",
                                     "0x7f000001",
                                     "0x7f.0.0.1",
                                     "2130706433",
                                     "0177.0.0.1",
                                     "127.0.0.01",
                                     "127.0.0.1.",
                                     "127.0.0.256",
                                     " 127.0.0.1",
                                     "127.0.0.1 ",
                                     "127.0.0.1/8",
                                     "+127.0.0.1",
                                     "127.0.0.-1",
                                     "1.2.3",
                                     "1.2.3.4.5",
                                     "[::1]",
                                     "::1%lo",
                                     "::1%1",
                                     "1::2::3",
                                     ":::",
                                     "12345::",
                                     "::g",
                                     "1:2:3:4:5:6:7",
                                     "1:2:3:4:5:6:7:8:9",
                                     "::127.1",
                                     "::ffff:0x7f.0.0.1",
                                     "::ffff:127.0.0.01",
                                     std::string_view("127.0.0.1\0", 10),
                                     std::string_view("::1\0x", 5),
                                     "1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1111:2222"};
    for (const std::string_view text : rows)
        EXPECT_FALSE(Address::parse(text)) << text;
}

TEST(Address, tellsWhatIsEmbedded)
{
    const std::pair<const char*, const char*> rows[] = {
        {"::ffff:10.1.2.3", "10.1.2.3"},   {"::10.1.2.3", "10.1.2.3"},
        {"64:ff9b::10.1.2.3", "10.1.2.3"}, {"64:ff9b:1::10.1.2.3", "10.1.2.3"},
        {"2002:a01:203::1", "10.1.2.3"},   {"64:ff9b:1:fffe::a01:203", "10.1.2.3"},
    };
    for (const auto& [outer, inner] : rows)
        EXPECT_EQ(Address::parse(outer)->embedded(), Address::parse(inner)) << outer;
    for (const char* none : {"203.0.113.7", "2001:db8::1", "::", "::1", "fe80::1", "64:ff9b:2::1"})
        EXPECT_FALSE(Address::parse(none)->embedded()) << none;
}

TEST(Cidr, readsBlocksOnly)
{
    for (const char* text : {"203.0.113.0/24", "0.0.0.0/0", "203.0.113.7/32", "2001:db8::/32",
                             "::/0", "2001:db8::1/128", "10.128.0.0/9"}) {
        const auto cidr = Cidr::parse(text);
        ASSERT_TRUE(cidr) << text;
        EXPECT_EQ(cidr->toString(), text);
    }
    for (const char* text :
         {"203.0.113.0", "203.0.113.1/24", "203.0.113.0/33", "203.0.113.0/024", "203.0.113.0/-1",
          "203.0.113.0/", "/24", "203.0.113/24", "2001:db8::/129", "2001:db8::1/32", "10.64.0.0/9",
          "10.0.0.0/8/8", "10.0.0.0/999999999999"})
        EXPECT_FALSE(Cidr::parse(text)) << text;
}

TEST(Cidr, containsItsOwn)
{
    struct Row
    {
        const char* cidr;
        const char* address;
        bool contains;
    };
    const Row rows[] = {
        {"203.0.113.0/24", "203.0.113.0", true},
        {"203.0.113.0/24", "203.0.113.255", true},
        {"203.0.113.0/24", "203.0.114.0", false},
        {"203.0.113.128/25", "203.0.113.127", false},
        {"203.0.113.128/25", "203.0.113.129", true},
        {"0.0.0.0/0", "255.255.255.255", true},
        {"0.0.0.0/0", "::1", false},
        {"::/0", "127.0.0.1", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
    };
    for (const Row& row : rows)
        EXPECT_EQ(Cidr::parse(row.cidr)->contains(*Address::parse(row.address)), row.contains)
            << row.cidr << " " << row.address;
}

TEST(IsPrivate, knowsEachRangeAndItsEdges)
{
    for (const char* text : {"0.1.2.3",
                             "10.0.0.1",
                             "10.255.255.255",
                             "100.64.0.1",
                             "100.127.255.255",
                             "127.0.0.1",
                             "127.255.255.254",
                             "169.254.169.254",
                             "172.16.0.1",
                             "172.31.255.255",
                             "192.168.1.1",
                             "192.0.0.8",
                             "198.18.0.1",
                             "198.19.255.255",
                             "224.0.0.1",
                             "239.255.255.255",
                             "240.0.0.1",
                             "255.255.255.255",
                             "::",
                             "::1",
                             "fe80::1",
                             "febf::1",
                             "fec0::1",
                             "fc00::1",
                             "fd00::1",
                             "ff02::1",
                             "::ffff:127.0.0.1",
                             "::127.0.0.1",
                             "64:ff9b::10.0.0.1",
                             "64:ff9b:1::8.8.8.8",
                             "64:ff9b:1:a00::1",
                             "2002:7f00:1::",
                             "2002:c0a8:101::1",
                             "::ffff:169.254.169.254"})
        EXPECT_TRUE(isPrivate(*Address::parse(text))) << text;
    for (const char* text :
         {"1.1.1.1",         "9.255.255.255",   "11.0.0.0",         "100.63.255.255",
          "100.128.0.0",     "126.255.255.255", "128.0.0.0",        "169.253.255.255",
          "169.255.0.0",     "172.15.255.255",  "172.32.0.0",       "192.167.255.255",
          "192.169.0.0",     "198.17.255.255",  "198.20.0.0",       "223.255.255.255",
          "192.0.2.1",       "198.51.100.1",    "203.0.113.1",      "2001:db8::1",
          "2606:4700::1111", "::ffff:1.1.1.1",  "64:ff9b::1.1.1.1", "2002:101:101::1",
          "fbff::1",         "2001:4860::1"})
        EXPECT_FALSE(isPrivate(*Address::parse(text))) << text;
}

} // namespace
} // namespace caisson::policy
