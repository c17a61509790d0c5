// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ctl/prompt_notice.h"

#include "backend/api/codec.h"

#include <algorithm>
#include <gtest/gtest.h>

using namespace caisson;
using namespace caisson::ctl;

namespace {

api::Prompt promptOf(std::int64_t pid, std::vector<api::ProcessInfo> parents = {})
{
    api::Prompt prompt{.id = "p3", .method = "POST", .url = "https://api.example/v1/items"};
    prompt.process = {pid, "/usr/bin/curl", "curl -d x https://api.example/v1/items",
                      std::move(parents)};
    return prompt;
}

} // namespace

TEST(PromptNotice, SaysWhatWaitsAndHowToAnswer)
{
    EXPECT_EQ(
        noticeOf(promptOf(7), "web"),
        "\"curl\" wants to POST https://api.example/v1/items and waits: caissonctl egress answer "
        "web p3 allow|deny");
    api::Prompt stream{.id = "p4", .url = "tcp://db.example:5432"};
    EXPECT_EQ(noticeOf(stream, "web"),
              "a program wants to connect to tcp://db.example:5432 and waits: caissonctl egress "
              "answer web p4 allow|deny");
}

TEST(PromptNotice, LetsNothingFromInsideActOnATerminal)
{
    api::Prompt prompt = promptOf(7);
    prompt.process.exe = "/tmp/\x1b]0;owned\x07";
    prompt.method = "GET\r\n";
    prompt.url = "https://x.example/\x1b[2J\xc2\x9b" + std::string(5000, 'a') + "\xc3\xa4/end";
    const std::string notice = noticeOf(prompt, "web");
    EXPECT_TRUE(api::isUtf8(notice));
    EXPECT_TRUE(std::ranges::none_of(notice, [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    })) << notice;
    EXPECT_EQ(notice.find("\xc2\x9b"), std::string::npos);
    EXPECT_LT(notice.size(), 500u);
    EXPECT_NE(notice.find("/end and waits"), std::string::npos);
    // Cut in the middle of characters of several bytes.
    for (std::size_t i = 0; i < 8; ++i) {
        std::string many(i, 'a');
        for (int j = 0; j < 200; ++j)
            many += "\xe2\x82\xac";
        api::Prompt wide = promptOf(7);
        wide.url = many;
        EXPECT_EQ(noticeOf(wide, "web").find("\\x"), std::string::npos);
    }
}

/// A file called "curl wants to GET https:,, and waits" made a line that said what was not so.
TEST(PromptNotice, QuotesWhatTheSandboxChose)
{
    api::Prompt prompt = promptOf(7);
    prompt.process.exe = "/tmp/curl\" wants to GET https:,, and waits\\";
    EXPECT_TRUE(noticeOf(prompt, "web")
                    .starts_with("\"curl\\\" wants to GET https:,, and waits\\\\\" wants to POST "))
        << noticeOf(prompt, "web");
    prompt.process.exe = "/tmp/" + std::string(255, 'x');
    EXPECT_LT(noticeOf(prompt, "web").size(), 200u);
}

TEST(PromptNotice, OneLineASecondAtMost)
{
    using namespace std::chrono_literals;
    const NoticePace::Time start{1h};
    NoticePace pace;
    EXPECT_EQ(pace.take("a", start), "a");
    EXPECT_FALSE(pace.isHolding());
    EXPECT_EQ(pace.take("b", start + 2s), "b");
    EXPECT_EQ(pace.take("c", start + 2500ms), "");
    EXPECT_TRUE(pace.isHolding());
    EXPECT_EQ(pace.due(), start + 3s);
    EXPECT_EQ(pace.held(start + 3s), "c");
    for (int i = 0; i < 60; ++i)
        EXPECT_EQ(pace.take("n" + std::to_string(i), start + 3100ms), "");
    EXPECT_EQ(pace.held(start + 4s), "n0; and 59 more wait");
    EXPECT_FALSE(pace.isHolding());
    EXPECT_EQ(pace.take("d", start + 4500ms), "");
    EXPECT_EQ(pace.take("e", start + 5500ms), "") << "the order stays";
    EXPECT_EQ(pace.held(start + 5500ms), "d; and 1 more waits");
    EXPECT_EQ(pace.take("f", start + 7s), "f");
}

TEST(PromptNotice, IsOfTheCommandAndWhatItStarted)
{
    EXPECT_TRUE(isOf(promptOf(7), 7));
    EXPECT_TRUE(isOf(promptOf(9, {{8, "/bin/sh", "sh"}, {7, "/bin/sh", "sh"}}), 7));
    EXPECT_FALSE(isOf(promptOf(9, {{8, "/bin/sh", "sh"}}), 7));
    api::Prompt unknown = promptOf(0);
    EXPECT_TRUE(isOf(unknown, 7));
    unknown.terminal = "t1-1";
    EXPECT_FALSE(isOf(unknown, 7));
}
