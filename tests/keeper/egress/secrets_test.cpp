// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/secrets.h"

#include <chrono>
#include <format>
#include <gtest/gtest.h>
#include <iostream>

namespace caisson::keeper {
namespace {

Secrets made()
{
    Secrets secrets;
    secrets.replace({{"github", "ghp_1"}, {"user", "me"}, {"lined", "abc\n"}});
    return secrets;
}

TEST(SecretsTest, AHeaderIsPutInInThePlaceOfWhatWasThere)
{
    const Secrets secrets = made();
    const auto injected =
        secrets.inject({"Authorization", "Bearer ${secret:github}/${secret:user}", "", ""});
    ASSERT_TRUE(injected);
    EXPECT_EQ(injected->secret, "github,user");
    EXPECT_EQ(injected->values, (std::vector<std::string>{"ghp_1", "me"}));
    http::Fields fields{{"authorization", "mine"}, {"x", "y"}, {"authorization", "again"}};
    putIn(*injected, fields);
    EXPECT_EQ(fields, (http::Fields{{"x", "y"}, {"authorization", "Bearer ghp_1/me"}}));
}

TEST(SecretsTest, BasicIsMaskedInBothItsForms)
{
    const Secrets secrets = made();
    const auto injected = secrets.inject({"", "", "x-access-token", "${secret:github}"});
    ASSERT_TRUE(injected);
    EXPECT_EQ(injected->name, "authorization");
    EXPECT_EQ(injected->value, "Basic eC1hY2Nlc3MtdG9rZW46Z2hwXzE=");
    EXPECT_EQ(injected->values,
              (std::vector<std::string>{"ghp_1", "eC1hY2Nlc3MtdG9rZW46Z2hwXzE="}));
}

TEST(SecretsTest, WithoutItsValueNothingIsPutIn)
{
    Secrets secrets = made();
    const auto unknown = secrets.inject({"X-Key", "${secret:none}", "", ""});
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, ErrorCode::NotFound);
    EXPECT_EQ(unknown.error().detail.at("secret"), "none");
    secrets.replace({{"user", "me"}});
    EXPECT_FALSE(secrets.inject({"X-Key", "${secret:github}", "", ""}));
    EXPECT_TRUE(secrets.inject({"X-Key", "${secret:user}", "", ""}));
}

/// `echo token | caissonctl secret set` stores a line's end; as a field it would end the line, and a
/// value made for it would add fields or requests.
TEST(SecretsTest, AValueThatIsNoFieldsValueIsNotPutIn)
{
    Secrets secrets = made();
    const auto lined = secrets.inject({"X-Key", "${secret:lined}", "", ""});
    ASSERT_FALSE(lined);
    EXPECT_EQ(lined.error().code, ErrorCode::BadRequest);
    EXPECT_FALSE(lined.error().message.contains("abc")) << "the value is said to nobody";
    EXPECT_TRUE(secrets.inject({"", "", "u", "${secret:lined}"})) << "base64 has no lines";
}

TEST(PlaceholderTest, IsFoundAsItStandsAndEscaped)
{
    struct Row
    {
        const char* text;
        const char* name; ///< none: null
    };
    const Row rows[] = {
        {"", nullptr},
        {"no placeholder $ { % \\", nullptr},
        {"${secret:github}", "github"},
        {"a=${secret:github}&b", "github"},
        {"${secret:unended", nullptr},
        {"$${secret:a}", "a"},
        {"${secret:${secret:a}", "${secret:a"},
        {"%24%7Bsecret%3Agithub%7D", "github"},
        {"%24{secret:github}", "github"},
        {"$%7bsecret:github}", "github"},
        {"${%73ecret:git%68ub}", "github"},
        {"%zz%2%24%7bsecret:a}%", "a"},
        {"%2524%257Bsecret:a%257D", "a"},
        {"%252524{secret:a}", "a"},
        {"{\"k\":\"\\u0024{secret:a}\"}", "a"},
        {"\\u0024\\u007bsecret\\u003aa\\u007D", "a"},
        {"\\u00zz${secret:a}", "a"},
    };
    for (const Row& row : rows) {
        const auto found = placeholderIn(row.text);
        EXPECT_EQ(found.has_value(), row.name != nullptr) << row.text;
        EXPECT_EQ(found.value_or(""), row.name ? row.name : "") << row.text;
    }
    // One that is none hid the one behind it.
    EXPECT_EQ(placeholderIn("${secret:" + std::string(200, 'x') + "${secret:real}"), "real");
}

TEST(PlaceholderTest, IsFoundInTheTargetInFieldsAndUnderBasic)
{
    EXPECT_EQ(placeholderIn("/a?k=%24%7Bsecret:x%7D", {}), "x");
    EXPECT_EQ(placeholderIn("/", {{"x-key", "${secret:x}"}}), "x");
    // me:${secret:x}
    for (const std::string_view basic :
         {"Basic bWU6JHtzZWNyZXQ6eH0=", "basic   bWU6JHtzZWNyZXQ6eH0",
          "BASIC bWU6JHtzZWNyZXQ6eH0=="})
        EXPECT_EQ(placeholderIn("/", {{"authorization", std::string(basic)}}), "x") << basic;
    EXPECT_FALSE(placeholderIn("/", {{"authorization", "Basic eHh4"}, {"cookie", "a=$b"}}));
}

TEST(PlaceholderTest, IsFoundInABodyWhereverItIsCut)
{
    for (const std::string_view spelled :
         {"${secret:github}", "%24%7Bsecret%3Agithub%7D", "%24{secret:github}",
          "\\u0024\\u007bsecret:github}", "%2524%257bsecret:github%257d"}) {
        const std::string text = "before$ " + std::string(spelled) + " and after";
        for (std::size_t first = 0; first <= text.size(); ++first) {
            for (std::size_t second = first; second <= text.size(); ++second) {
                PlaceholderScan scan;
                std::optional<std::string> found;
                for (const std::string& piece :
                     {text.substr(0, first), text.substr(first, second - first),
                      text.substr(second)}) {
                    if (!found)
                        found = scan.feed(piece);
                }
                ASSERT_EQ(found.value_or("none"), "github")
                    << spelled << " cut at " << first << " and " << second;
            }
        }
        PlaceholderScan byBytes;
        std::optional<std::string> found;
        for (const char c : text) {
            if (!found)
                found = byBytes.feed(std::span(&c, 1));
        }
        EXPECT_EQ(found.value_or("none"), "github") << spelled;
        PlaceholderScan behind;
        EXPECT_FALSE(behind.feed(std::string(100'000, '$')));
        EXPECT_EQ(behind.feed(text), "github");
    }
}

/// Undoing escapes until none were left took a stack frame and a copy a level: 64 KiB of %2525…
/// held the keeper up for seconds, or ended it.
TEST(PlaceholderTest, TakesTimeInProportionOnly)
{
    std::string text = "%";
    while (text.size() < 64 * 1024)
        text += "25";
    std::string opened;
    while (opened.size() < 64 * 1024)
        opened += "${secret:";
    std::string percent(64 * 1024, '%');
    const auto before = std::chrono::steady_clock::now();
    EXPECT_FALSE(placeholderIn(text));
    EXPECT_FALSE(placeholderIn(opened));
    EXPECT_FALSE(placeholderIn(percent));
    PlaceholderScan scan;
    for (int i = 0; i < 20; ++i)
        EXPECT_FALSE(scan.feed(text));
    const std::chrono::duration<double, std::milli> took =
        std::chrono::steady_clock::now() - before;
    std::cout << std::format("opened over and over: {:.1f} ms\n", took.count());
}

} // namespace
} // namespace caisson::keeper
