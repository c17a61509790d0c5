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

TEST(Codec, WritesALogRowAsTheContractHasIt)
{
    EgressEntry entry;
    entry.id = 7;
    entry.time = "2026-11-25T07:02:21.042Z";
    entry.verdict = "allow";
    entry.rule = "r1";
    entry.why = "rule r1 allows it";
    entry.method = "GET";
    entry.scheme = "https";
    entry.host = "example.com";
    entry.port = 443;
    entry.path = "/a";
    entry.status = 200;
    entry.bytesOut = 1;
    entry.bytesIn = 2;
    entry.ms = 1.5;
    entry.generation = 3;
    entry.process = {12, "/usr/bin/curl", "curl https://example.com/a", {}};
    EXPECT_EQ(
        toJson(entry),
        R"({"bytes_in":2,"bytes_out":1,"generation":3,"host":"example.com","id":7,)"
        R"("method":"GET","ms":1.5,"path":"/a","port":443,)"
        R"("process":{"cmdline":"curl https://example.com/a","exe":"/usr/bin/curl","pid":12},)"
        R"("rule":"r1","scheme":"https","status":200,"time":"2026-11-25T07:02:21.042Z",)"
        R"("verdict":"allow","why":"rule r1 allows it"})");
    entry.terminal = "t1-1";
    entry.secret = "github";
    entry.flag = "masked";
    entry.process.parents = {{1, "/bin/sh", "sh"}};
    const std::string text = toJson(entry);
    EXPECT_THAT(text, HasSubstr(R"("terminal":"t1-1")"));
    EXPECT_THAT(text, HasSubstr(R"("secret":"github")"));
    const Result<EgressEntry> back = fromJson<EgressEntry>(text);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(*back, entry);
}

TEST(Codec, NamesRulesAsThePolicyFileDoes)
{
    EgressRule rule;
    rule.id = "git";
    rule.host = "github.com";
    rule.ports = {443, 8443};
    rule.isPrivate = true;
    rule.action = "allow";
    rule.inject = EgressInjection{.user = "x-access-token", .password = "${secret:github}"};
    PatchPolicy patch;
    patch.add = {rule};
    patch.defaultAction = "deny";
    EXPECT_EQ(toJson(patch),
              R"({"add":[{"action":"allow","enabled":true,"hits":0,"host":"github.com","id":"git",)"
              R"("inject":{"password":"${secret:github}","user":"x-access-token"},)"
              R"("ports":[443,8443],"private":true}],"default":"deny"})");
    const Result<PatchPolicy> back = fromJson<PatchPolicy>(toJson(patch));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->add, patch.add);

    const auto answer =
        fromJson<AnswerPrompt>(R"({"verdict":"allow","for":"15m","methods":["GET"]})");
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->duration, "15m");
    EXPECT_EQ(answer->scope, "host");
    EXPECT_FALSE(fromJson<AnswerPrompt>(R"({"verdict":"allow","duration":"15m"})"));
}

TEST(Codec, EventsCarryPromptsAndUses)
{
    Event event;
    event.type = "prompt.created";
    event.prompt = Prompt{.id = "p3", .method = "POST", .url = "https://example.com/"};
    event.use = SecretUse{.sandbox = "0123456789ab", .rule = "r1", .host = "example.com"};
    event.generation = 4;
    const Result<Event> back = fromJson<Event>(toJson(event));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->prompt, event.prompt);
    EXPECT_EQ(back->use, event.use);
    EXPECT_EQ(back->generation, 4);
    EXPECT_EQ(toJson(Event{.type = "reset"}), R"({"sandbox":"","time":"","type":"reset"})");
}

TEST(Codec, SchemasDoNotRequireWhatMayBeLeftOut)
{
    const std::string schema = schemaOf<EgressEntry>();
    const std::size_t required = schema.find("\"required\":");
    ASSERT_NE(required, std::string::npos);
    EXPECT_THAT(schema.substr(0, required), HasSubstr("\"flag\":{"));
    EXPECT_THAT(schema.substr(required), HasSubstr("\"verdict\""));
    EXPECT_THAT(schema.substr(required), testing::Not(HasSubstr("\"flag\"")));
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

/// A rule without its action was taken for one that denies.
TEST(Codec, DemandsARulesAction)
{
    EXPECT_TRUE(fromJson<PatchPolicy>(R"({"add": [{"host": "a.example", "action": "ask"}]})"));
    for (const char* key : {"add", "update"}) {
        const auto patch =
            fromJson<PatchPolicy>("{\"" + std::string(key) + "\": [{\"host\": \"a.example\"}]}");
        ASSERT_FALSE(patch);
        EXPECT_EQ(patch.error().code, ErrorCode::BadRequest);
        EXPECT_TRUE(patch.error().message.contains("action\" is missing")) << patch.error().message;
    }
    const std::string schema = schemaOf<EgressRule>();
    EXPECT_THAT(schema.substr(schema.find("\"required\":")), HasSubstr("\"action\""));
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
