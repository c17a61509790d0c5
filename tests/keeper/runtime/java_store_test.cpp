// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/java_store.h"

#include "tests/keeper/runtime/temporary_folder.h"

#include <gtest/gtest.h>

namespace caisson::keeper {

using namespace caisson::test;
using namespace std::literals;

namespace {

/// One without entries: the digest is that of keytool(1)'s own making.
constexpr std::string_view kEmpty =
    "\xfe\xed\xfe\xed\x00\x00\x00\x02\x00\x00\x00\x00"
    "\xe2\x68\x6e\x45\xfb\x43\xdf\xa4\xd9\x92\xdd\x41\xce\xb6\xb2\x1c\x63\x30\xd7\x92"sv;

std::size_t countOf(std::string_view text, std::string_view part)
{
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1))
        ++count;
    return count;
}

} // namespace

TEST(JavaStore, GainsACertificateAndLosesTheOneBefore)
{
    const auto first = javaStoreWith(kEmpty, "first certificate");
    ASSERT_TRUE(first);
    EXPECT_EQ(first->substr(8, 4), "\0\0\0\1"s);
    const auto second = javaStoreWith(*first, "second certificate");
    ASSERT_TRUE(second);
    EXPECT_EQ(second->substr(8, 4), "\0\0\0\1"s);
    EXPECT_EQ(countOf(*second, "second certificate"), 1u);
    EXPECT_EQ(countOf(*second, "first certificate"), 0u);
}

TEST(JavaStore, WhatIsNoStoreOrSealedOtherwiseIsLeft)
{
    const std::string good(kEmpty);
    EXPECT_FALSE(javaStoreWith("", "x"));
    EXPECT_FALSE(javaStoreWith(good.substr(0, 31), "x"));
    EXPECT_FALSE(javaStoreWith("\x30\x82" + good, "x"));
    std::string sealed = good;
    sealed.back() ^= 1;
    EXPECT_FALSE(javaStoreWith(sealed, "x"));
}

} // namespace caisson::keeper
