// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/capture/names.h"

#include <format>
#include <gtest/gtest.h>
#include <map>
#include <set>

namespace caisson::test {
namespace {

using keeper::Names;
using policy::Address;
using namespace std::chrono_literals;

class NamesTest : public testing::Test
{
protected:
    std::chrono::steady_clock::time_point now;
    Names names{[this] { return now; }};

    std::string v4Of(const std::string& name)
    {
        const auto addresses = names.addressesOf(name);
        return addresses ? addresses->v4.toString() : "none";
    }
    std::string nameOf(std::string_view address)
    {
        return names.nameOf(*Address::parse(address)).value_or("none");
    }
};

TEST_F(NamesTest, EachNameHasAnAddressOfItsOwnInEachFamily)
{
    const auto one = names.addressesOf("one.example");
    const auto two = names.addressesOf("two.example");
    ASSERT_TRUE(one && two);
    EXPECT_NE(one->v4, two->v4);
    EXPECT_NE(one->v6, two->v6);
    EXPECT_TRUE(Names::isSynthetic(one->v4));
    EXPECT_TRUE(Names::isSynthetic(one->v6));
    EXPECT_EQ(names.addressesOf("one.example")->v4, one->v4);
    EXPECT_EQ(names.nameOf(one->v4), "one.example");
    EXPECT_EQ(names.nameOf(one->v6), "one.example");
    EXPECT_EQ(names.nameOf(two->v6), "two.example");
}

TEST_F(NamesTest, OtherAddressesAreNobodys)
{
    v4Of("one.example");
    for (const std::string_view address :
         {"198.18.1.1", "198.18.0.0", "198.18.0.1", "198.18.0.2", "198.19.255.255", "198.20.1.0",
          "203.0.113.1", "fd6b:4a1c:90d3::101", "fd6b:4a1c:90d3::1:0:0:100",
          "fd6b:4a1c:90d3:1::100", "::100", "::ffff:198.18.1.0"})
        EXPECT_EQ(nameOf(address), "none") << address;
    for (const std::string_view address :
         {"198.18.0.0", "198.19.255.255", "fd6b:4a1c:90d3::1:0:0:100"})
        EXPECT_TRUE(Names::isSynthetic(*Address::parse(address))) << address;
    for (const std::string_view address : {"198.17.255.255", "198.20.0.0", "fd6b:4a1c:90d3:1::1",
                                           "203.0.113.1", "::ffff:198.18.1.0"})
        EXPECT_FALSE(Names::isSynthetic(*Address::parse(address))) << address;
}

TEST_F(NamesTest, NamesUsedLatelyAreKept)
{
    const std::string first = v4Of("first.example");
    for (int i = 1; i < 65536; ++i)
        ASSERT_NE(v4Of(std::format("{}.example", i)), "none");
    // All are in use: a new one would take an address that somebody may still hold.
    EXPECT_EQ(v4Of("new.example"), "none");
    now += 119s;
    EXPECT_EQ(v4Of("new.example"), "none");
    EXPECT_EQ(nameOf(first), "first.example"); // dialled, and so in use
    now += 1s;
    const std::string fresh = v4Of("new.example");
    EXPECT_NE(fresh, "none");
    EXPECT_EQ(nameOf(fresh), "new.example");
    // The one that was not used for the longest time made room.
    EXPECT_EQ(nameOf(first), "first.example");
    EXPECT_EQ(nameOf("198.18.1.1"), "none");
    EXPECT_EQ(names.size(), 65536u);
}

TEST_F(NamesTest, AnAddressIsGivenAgainAsLateAsPossible)
{
    std::map<std::string, int> lastGiven;
    int soonest = 1 << 30;
    for (int i = 0; i < 300000; ++i) {
        now += 10ms;
        const std::string address = v4Of(std::format("{}.example", i));
        ASSERT_NE(address, "none") << i;
        const auto [at, isNew] = lastGiven.try_emplace(address, i);
        if (!isNew)
            soonest = std::min(soonest, i - at->second);
        at->second = i;
    }
    EXPECT_EQ(soonest, (1 << 17) - 256);
    EXPECT_EQ(names.size(), 65536u);
    EXPECT_FALSE(lastGiven.contains("198.18.0.1"));
}

TEST_F(NamesTest, LongNamesAreBoundedByTheirBytes)
{
    int given = 0;
    for (int i = 0; i < 65536; ++i)
        given += v4Of(std::format("{:0>250}", i)) != "none";
    EXPECT_EQ(given, (4 << 20) / 250);
    now += 2min;
    EXPECT_NE(v4Of("short"), "none");
}

} // namespace
} // namespace caisson::test
