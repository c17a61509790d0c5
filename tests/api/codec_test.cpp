// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace caisson;
using namespace caisson::api;
using testing::HasSubstr;

namespace {

std::string refusal(std::string_view text)
{
    const Result<CreateSandbox> parsed = fromJson<CreateSandbox>(text);
    if (parsed)
        return "accepted";
    EXPECT_EQ(parsed.error().code, ErrorCode::BadRequest);
    return parsed.error().message;
}

} // namespace

TEST(Codec, BringsBackWhatItWrote)
{
    Sandbox sandbox;
    sandbox.id = "0123456789ab";
    sandbox.name = "web";
    sandbox.state = SandboxState::Running;
    sandbox.limits.asked.cpus = 1.5;
    sandbox.limits.applied.notes = {"memory: no cgroup", "\"quoted\"\n"};
    sandbox.labels = {{"a", "b"}, {"ä", "ö"}};
    sandbox.mounts = {{"/host", "/inside", true}};
    sandbox.incarnation = INT64_MAX;
    const Result<Sandbox> back = fromJson<Sandbox>(toJson(sandbox));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, sandbox);
}

TEST(Codec, KeepsNamesThatAreNotUtf8)
{
    FileEntry entry;
    entry.name.bytes = "a\xff\xfe b";
    entry.linkTarget = FileName{"\x80"};
    const std::string text = toJson(entry);
    EXPECT_TRUE(isUtf8(text));
    EXPECT_THAT(text, HasSubstr("name_b64"));
    const Result<FileEntry> back = fromJson<FileEntry>(text);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->name.bytes, entry.name.bytes);
    EXPECT_EQ(back->linkTarget, entry.linkTarget);

    FileEntry plain;
    plain.name.bytes = "grün.txt";
    EXPECT_THAT(toJson(plain), testing::Not(HasSubstr("name_b64")));
}

TEST(Codec, LeavesOutOptionalFieldsThatAreNotSet)
{
    ExitStatus status;
    status.code = 0;
    EXPECT_EQ(toJson(status), R"({"code":0,"timed_out":false})");
}

TEST(Codec, NamesTheFieldThatIsWrong)
{
    EXPECT_THAT(refusal(R"({"nam": "x"})"), HasSubstr("\"nam\" is not known"));
    EXPECT_THAT(refusal(R"({"name": 5})"), HasSubstr("\"name\" must be a string"));
    EXPECT_THAT(refusal(R"({"limits": {"memory": "2g"}})"), HasSubstr("\"limits.memory\""));
    EXPECT_THAT(refusal(R"({"limits": {"memory": 1.5}})"), HasSubstr("whole number"));
    EXPECT_THAT(refusal(R"({"limits": {"memory": 18446744073709551615}})"), HasSubstr("whole"));
    EXPECT_THAT(refusal(R"({"mounts": [{"source": "/a", "targt": "/b"}]})"), HasSubstr("targt"));
    EXPECT_THAT(refusal(R"({"start": "yes"})"), HasSubstr("true or false"));
    EXPECT_THAT(refusal(R"([])"), HasSubstr("object"));
    EXPECT_THAT(refusal(""), HasSubstr("not JSON"));
    EXPECT_THAT(refusal(R"({"name": "x"} trailing)"), HasSubstr("not JSON"));
    EXPECT_THAT(refusal("{\"name\": \"\xff\"}"), HasSubstr("not JSON"));
    EXPECT_THAT(refusal(R"({"limits": {"cpus": 1e999}})"), HasSubstr("not JSON"));
}

TEST(Codec, RefusesWhatTwoParsersMayReadAsTwoThings)
{
    EXPECT_THAT(refusal(R"({"name": null})"), HasSubstr("\"name\" must be a string"));
    EXPECT_THAT(refusal(R"({"name": "a", "name": "b"})"), HasSubstr("two fields of one name"));
    EXPECT_THAT(refusal(R"({"env": {"A": "1", "B": "2", "A": "3"}})"), HasSubstr("two fields"));
    EXPECT_THAT(refusal("\xef\xbb\xbf{}"), HasSubstr("byte order mark"));
    EXPECT_THAT(refusal(R"({"env": {"A": "1", "B": 2}})"), HasSubstr("\"env.B\" must be a string"));
}

TEST(Codec, RefusesDeepNestingWithoutFallingIntoIt)
{
    const std::string open(100'000, '[');
    const std::string close(100'000, ']');
    EXPECT_THAT(refusal(R"({"name": )" + open + close + "}"), HasSubstr("32 levels"));
    EXPECT_THAT(refusal(open), HasSubstr("32 levels"));
    std::string objects;
    for (int i = 0; i < 100'000; ++i)
        objects += R"({"name":)";
    EXPECT_THAT(refusal(objects), HasSubstr("32 levels"));
}

TEST(Codec, RefusesNulInPaths)
{
    EXPECT_FALSE(fromJson<FileAction>(R"({"action": "move", "to": "/a\u0000b"})"));
    EXPECT_FALSE(fromJson<FileAction>(R"({"action": "move", "to_b64": "AA=="})"));
}

TEST(Codec, ErrorsSurviveTheWire)
{
    const Error error{ErrorCode::PreconditionFailed, "changed", {{"etag", "\"1\""}}};
    const Error back = errorFromJson(errorToJson(error));
    EXPECT_EQ(back.code, error.code);
    EXPECT_EQ(back.message, error.message);
    EXPECT_EQ(back.detail, error.detail);
    EXPECT_EQ(errorFromJson("<html>").code, ErrorCode::Protocol);
}

TEST(Base64, AgreesWithRfc4648)
{
    const std::pair<const char*, const char*> rows[] = {{"", ""},
                                                        {"f", "Zg=="},
                                                        {"fo", "Zm8="},
                                                        {"foo", "Zm9v"},
                                                        {"foob", "Zm9vYg=="},
                                                        {"fooba", "Zm9vYmE="},
                                                        {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, text] : rows) {
        EXPECT_EQ(toBase64(bytes), text);
        EXPECT_EQ(fromBase64(text), bytes);
    }
    for (const char* wrong : {"Zg=", "Z===", "Zm 9", "Zm9v=Zg=", "===="})
        EXPECT_FALSE(fromBase64(wrong).has_value() && toBase64(*fromBase64(wrong)) == wrong)
            << wrong;
}

TEST(Utf8, KnowsWhatIsWellFormed)
{
    for (const char* good : {"", "abc", "ä", "€", "😀", "\xf4\x8f\xbf\xbf"})
        EXPECT_TRUE(isUtf8(good)) << good;
    for (const char* bad : {"\x80", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                            "\xc3", "a\xe2\x82", "\xff"})
        EXPECT_FALSE(isUtf8(bad));
}
