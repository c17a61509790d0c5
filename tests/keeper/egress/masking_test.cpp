// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/masking.h"

#include <gtest/gtest.h>
#include <random>

namespace caisson::keeper {
namespace {

std::string fed(Masker& masker, std::string_view text, const std::vector<std::size_t>& cuts)
{
    std::string masked;
    std::size_t at = 0;
    for (const std::size_t cut : cuts) {
        masked += masker.feed(text.substr(at, cut - at));
        at = cut;
    }
    masked += masker.feed(text.substr(at));
    return masked + std::string(masker.finish());
}

TEST(MaskingTest, ValuesBecomeStarsWhereverTheyStand)
{
    Masker masker({"s3cret", "", "other"});
    EXPECT_EQ(masker.mask("no value"), "no value");
    EXPECT_FALSE(masker.hasMasked());
    EXPECT_EQ(masker.mask("s3cret=s3crets3cre,other"), "******=******s3cre,*****");
    EXPECT_TRUE(masker.hasMasked());
}

TEST(MaskingTest, ValuesAreSeenAsTextFormatsHaveThem)
{
    const Masker masker({"a\"b/c+d", "plain"});
    EXPECT_EQ(masker.mask(R"({"k":"a\"b/c+d"})"), R"({"k":"********"})");
    EXPECT_EQ(masker.mask(R"({"k":"a\"b\/c+d"})"), R"({"k":"*********"})");
    EXPECT_EQ(masker.mask("/x?k=a%22b%2Fc%2Bd&p=plain"), "/x?k=*************&p=*****");
}

TEST(MaskingTest, WithoutValuesNothingIsHeldBack)
{
    Masker masker({""});
    EXPECT_EQ(masker.feed(std::string_view("abc")), "abc");
    EXPECT_EQ(masker.finish(), "");
}

TEST(MaskingTest, OnlyWhatMayBeginAValueIsHeldBack)
{
    Masker masker({"token"});
    EXPECT_EQ(masker.feed(std::string_view("a tok")), "a ");
    EXPECT_EQ(masker.feed(std::string_view("yo to")), "tokyo ");
    EXPECT_EQ(masker.feed(std::string_view("ken.")), "*****.");
    EXPECT_EQ(masker.feed(std::string_view("t")), "");
    EXPECT_EQ(masker.finish(), "t");
}

/// A value that holds another, or begins as another ends, was once seen as the other only when a
/// border between two pieces fell into it: what was left of it went through.
TEST(MaskingTest, ValuesThatOverlapAreMaskedWhereverTheBytesAreCut)
{
    const std::vector<std::string> values{"xay", "a", "abc", "cd", "aab", "bab", "aa"};
    const std::string text = "xay abcd xabcdy aaab babab xa y aaaa";
    Masker whole(values);
    const std::string expected = whole.mask(text);
    EXPECT_EQ(expected, "*** **** x****y **** ***** x* y ****");
    for (std::size_t first = 0; first <= text.size(); ++first) {
        for (std::size_t second = first; second <= text.size(); ++second) {
            Masker masker(values);
            ASSERT_EQ(fed(masker, text, {first, second}), expected) << first << " " << second;
        }
    }
}

TEST(MaskingTest, CutsMakeNoDifference)
{
    std::mt19937 random(3);
    for (int round = 0; round < 3000; ++round) {
        std::vector<std::string> values;
        for (auto count = 1 + random() % 3; count > 0; --count) {
            std::string value(1 + random() % 6, ' ');
            for (char& c : value)
                c = "ab"[random() % 2];
            values.push_back(value);
        }
        std::string text(random() % 60, ' ');
        for (char& c : text)
            c = "aabbc"[random() % 5];
        std::string expected = text;
        for (const std::string& value : values) {
            for (std::size_t at = 0; at + value.size() <= text.size(); ++at) {
                if (text.compare(at, value.size(), value) == 0)
                    std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(at), value.size(),
                                '*');
            }
        }
        std::vector<std::size_t> cuts;
        for (std::size_t at = 0; at < text.size(); at += 1 + random() % 5)
            cuts.push_back(at);
        Masker masker(values);
        ASSERT_EQ(fed(masker, text, cuts), expected) << text;
        ASSERT_EQ(masker.hasMasked(), expected != text);
    }
}

} // namespace
} // namespace caisson::keeper
