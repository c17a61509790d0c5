// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/policy/policy_file.h"
#include "backend/policy/rule_check.h"

#include <gtest/gtest.h>

namespace caisson::policy {
namespace {

constexpr std::string_view kWhole = R"(
default = "ask"                       # allow | deny | ask
[[rule]]                              # first match wins, from the top
id      = "github-read"
host    = "*.GitHub.com"
ports   = [443]
methods = ["GET", "head"]
path    = "/repos/%7Ea/**"
process = "/usr/bin/git"
action  = "allow"
private = false
expires = 2026-12-01T12:00:00Z
inject  = { header = "Authorization", value = "Bearer ${secret:github}" }
note    = "read-only clone"

[[rule]]
cidr    = "203.0.113.0/24"
ports   = [22, 8022]
action  = "deny"

[[rule]]
enabled = false
host    = "**.example.com"
action  = "tunnel"
private = true

[[rule]]
id      = "basic"
host    = "git.example.com"
action  = "allow"
inject  = { basic = { user = "x-access-token", password = "${secret:github}" } }

[[rule]]
host    = "git.example.org"
action  = "allow"
basic   = { user = "${secret:user}", password = "${secret:pass}-${secret:user}" }

[[rule]]
host    = "[2001:DB8::7]"
action  = "ask"
lasts   = "process"
pid     = 17

[[rule]]
host    = "münchen.example"
action  = "ask"
lasts   = "session"
expires = 2026-12-01T14:00:00.25+02:00
)";

TEST(PolicyFile, hasEveryKeyOfTheContract)
{
    const auto policy = parsePolicy(kWhole);
    ASSERT_TRUE(policy) << policy.error().message;
    EXPECT_EQ(policy->defaultAction, Action::Ask);
    ASSERT_EQ(policy->rules.size(), 7u);

    const Rule& read = policy->rules[0];
    EXPECT_EQ(read.id, "github-read");
    EXPECT_TRUE(read.enabled);
    EXPECT_EQ(read.host, "*.github.com");
    EXPECT_EQ(read.ports, std::vector<std::uint16_t>{443});
    EXPECT_EQ(read.methods, (std::vector<std::string>{"GET", "HEAD"}));
    EXPECT_EQ(read.path, "/repos/~a/**");
    EXPECT_EQ(read.process, "/usr/bin/git");
    EXPECT_EQ(read.action, Action::Allow);
    EXPECT_FALSE(read.isPrivate);
    EXPECT_EQ(toRfc3339(read.expires.value()), "2026-12-01T12:00:00.000Z");
    EXPECT_EQ(read.inject.value().header, "Authorization");
    EXPECT_EQ(read.inject->value, "Bearer ${secret:github}");
    EXPECT_EQ(read.inject->secrets(), std::vector<std::string>{"github"});
    EXPECT_EQ(read.note, "read-only clone");

    EXPECT_EQ(policy->rules[1].id, "r1");
    EXPECT_EQ(policy->rules[1].cidr, Cidr::parse("203.0.113.0/24"));
    EXPECT_EQ(policy->rules[1].ports, (std::vector<std::uint16_t>{22, 8022}));
    EXPECT_FALSE(policy->rules[2].enabled);
    EXPECT_TRUE(policy->rules[2].isPrivate);
    EXPECT_EQ(policy->rules[2].action, Action::Tunnel);
    EXPECT_EQ(policy->rules[3].inject.value().user, "x-access-token");
    EXPECT_EQ(policy->rules[3].inject->password, "${secret:github}");
    EXPECT_EQ(policy->rules[4].inject.value().secrets(),
              (std::vector<std::string>{"user", "pass"}));
    EXPECT_EQ(policy->rules[5].host, "2001:db8::7");
    EXPECT_EQ(policy->rules[5].lasts, Lasts::Process);
    EXPECT_EQ(policy->rules[5].pid, 17);
    EXPECT_EQ(policy->rules[6].host, "xn--mnchen-3ya.example");
    EXPECT_EQ(policy->rules[6].lasts, Lasts::Session);
    EXPECT_EQ(toRfc3339(policy->rules[6].expires.value()), "2026-12-01T12:00:00.250Z");

    EXPECT_EQ(secretsOf(*policy), (std::vector<std::string>{"github", "pass", "user"}));
}

TEST(PolicyFile, missingIdsMayBeLeftToWhoKnowsThemAll)
{
    auto policy = parsePolicy("[[rule]]\nhost = \"a.example\"\naction = \"deny\"\n"
                              "[[rule]]\nid = \"r8\"\nhost = \"b.example\"\naction = \"deny\"\n",
                              MissingIds::Left);
    ASSERT_TRUE(policy);
    EXPECT_EQ(policy->rules[0].id, "");
    makeMissingIds(*policy, 7);
    EXPECT_EQ(policy->rules[0].id, "r9") << "r8 is taken";
    EXPECT_EQ(numberOfId("r9"), 9);
    for (const char* id : {"", "r", "r-9", "r9x", "x9", "r9999999999999999"})
        EXPECT_EQ(numberOfId(id), 0) << id;
}

TEST(PolicyFile, isNotEmptyAndAsksByDefault)
{
    // A file in which nothing stands was most likely meant to be another.
    for (const char* nothing : {"", "\n", "# nothing\n", " \n# default = \"deny\"\n"}) {
        const auto refused = parsePolicy(nothing);
        ASSERT_FALSE(refused) << nothing;
        EXPECT_EQ(refused.error().detail.at("line"), "1");
        EXPECT_TRUE(refused.error().message.contains("empty")) << refused.error().message;
    }
    EXPECT_EQ(parsePolicy("default = \"deny\"")->defaultAction, Action::Deny);
    EXPECT_EQ(parsePolicy("rule = []").value(), Policy{});
}

TEST(PolicyFile, isWrittenAsItIsRead)
{
    const auto policy = parsePolicy(kWhole);
    ASSERT_TRUE(policy);
    const std::string written = writePolicy(*policy);
    const auto again = parsePolicy(written);
    ASSERT_TRUE(again) << again.error().message << written;
    EXPECT_EQ(*again, *policy) << written;
    EXPECT_EQ(writePolicy(*again), written);
    // Keys at their default are left out.
    EXPECT_EQ(writePolicy(Policy{Action::Deny, {Rule{.id = "a", .host = "b"}}}),
              "default = \"deny\"\n\n[[rule]]\nid = \"a\"\nhost = \"b\"\naction = \"deny\"\n");
    const Policy odd{Action::Allow,
                     {Rule{.id = "q",
                           .host = "b",
                           .path = "/a\\*",
                           .process = "/opt/a \"b\"\\c\tü",
                           .action = Action::Allow,
                           .note = "\"quoted\"\nsecond line ü \\ end"}}};
    EXPECT_EQ(parsePolicy(writePolicy(odd)).value(), odd) << writePolicy(odd);
}

struct Fault
{
    const char* toml;
    int line;
    int column;
    const char* says;
};

TEST(PolicyFile, isRefusedWholeWithThePlace)
{
    const Fault faults[] = {
        {"default = \"ask\n", 1, 15, ""},
        {"default = ask", 1, 11, ""},
        {"default = \"maybe\"", 1, 11, "\"maybe\" is no action"},
        {"default = \"tunnel\"", 1, 11, "allow, deny or ask"},
        {"default = 1", 1, 11, "text in quotes"},
        {"defualt = \"ask\"", 1, 1, "no key \"defualt\""},
        {"\n\n  rules = []", 3, 3, "no key \"rules\""},
        {"rule = 5", 1, 8, "[[rule]]"},
        {"[rule]\nhost = \"a\"", 1, 1, "[[rule]]"},
        {"rule = [5]", 1, 9, "[[rule]]"},
        {"[[rule]]\nhost = \"a\"", 1, 1, "no action"},
        {"[[rule]]\naction = \"deny\"", 1, 1, "a host or a cidr"},
        {"[[rule]]\nhost = \"a\"\ncidr = \"0.0.0.0/0\"\naction = \"deny\"", 3, 8, "not both"},
        {"[[rule]]\nhost = \"\"\naction = \"deny\"", 2, 8, "empty"},
        {"[[rule]]\nhost = \"a b\"\naction = \"deny\"", 2, 8, "no host name"},
        {"[[rule]]\nhost = \"a*.com\"\naction = \"deny\"", 2, 8, "whole label"},
        {"[[rule]]\nhost = \"127.1\"\naction = \"deny\"", 2, 8, "unusual spelling"},
        {"[[rule]]\nhost = \"https://a.com/\"\naction = \"deny\"", 2, 8, "no host name"},
        {"[[rule]]\ncidr = \"203.0.113.1/24\"\naction = \"deny\"", 2, 8, "203.0.113.0/24"},
        {"[[rule]]\nhost = \"a\"\naction = \"drop\"", 3, 10, "\"drop\" is no action"},
        {"[[rule]]\nhost = \"a\"\naction = true", 3, 10, "text in quotes"},
        {"[[rule]]\nhost = \"a\"\naction = \"deny\"\n  colour = 3", 4, 3, "no key \"colour\""},
        {"[[rule]]\nhost = \"a\"\naction = \"deny\"\naction = \"allow\"", 4, 10, "redefine"},
        {"[[rule]]\nhost = \"a\"\naction = \"deny\"\nports = 443", 4, 9, "list"},
        {"[[rule]]\nhost = \"a\"\naction = \"deny\"\nports = []", 4, 9, "empty list"},
        {"[[rule]]\nhost = \"a\"\naction = \"deny\"\nports = [443, 0]", 4, 15, "1 to 65535"},
        {"[[rule]]\nhost = \"a\"\naction = \"deny\"\nports = [65536]", 4, 10, "1 to 65535"},
        {"[[rule]]\nhost = \"a\"\naction = \"deny\"\nports = [\"443\"]", 4, 10, "1 to 65535"},
        {"[[rule]]\nhost = \"a\"\naction = \"deny\"\nmethods = [\"GET\", 5]", 4, 19, "text"},
        {"[[rule]]\nhost = \"a\"\naction = \"deny\"\nmethods = [\"G T\"]", 4, 11, "no HTTP method"},
        {"[[rule]]\nhost = \"a\"\naction = \"deny\"\npath = \"repos\"", 4, 8, "begin with '/'"},
        {"[[rule]]\nhost = \"a\"\naction = \"deny\"\npath = \"/a**\"", 4, 8,
         "alone between slashes"},
        {"[[rule]]\nhost = \"a\"\naction = \"deny\"\npath = \"/ü\"", 4, 8, "beyond ASCII"},
        {"[[rule]]\nhost = \"a\"\naction = \"deny\"\npath = \"/%0a\"", 4, 8, "control"},
        {"[[rule]]\nhost = \"a\"\naction = \"deny\"\nprocess = \"git\"", 4, 11, "whole path"},
        // Taken without a word, each of these denied nothing.
        {"[[rule]]\naction = \"deny\"\nhost = \"203.0.113.*\"", 3, 8, "cidr = \"203.0.113.0/24\""},
        {"[[rule]]\nhost = \"**\"\naction = \"deny\"\nprocess = \"/usr/bin/*\"", 4, 11,
         "a rule for each"},
        {"[[rule]]\nhost = \"**\"\naction = \"deny\"\nprocess = \"/usr/bin/\"", 4, 11,
         "No executable"},
        {"[[rule]]\nhost = \"**\"\naction = \"deny\"\nprocess = \"/usr/../bin/a\"", 4, 11,
         "No executable"},
        {"[[rule]]\nhost = \"**\"\naction = \"deny\"\nprocess = \"//usr/bin/a\"", 4, 11,
         "No executable"},
        {"[[rule]]\nhost = \"**\"\naction = \"deny\"\nprocess = \"/\"", 4, 11, "No executable"},
        {"[[rule]]\nhost = \"a\"\naction = \"deny\"\nprivate = \"yes\"", 4, 11, "true or false"},
        {"[[rule]]\nhost = \"a\"\naction = \"deny\"\nenabled = 0", 4, 11, "true or false"},
        {"[[rule]]\nhost = \"a\"\naction = \"deny\"\nexpires = 2026-12-01T12:00:00", 4, 11,
         "offset"},
        {"[[rule]]\nhost = \"a\"\naction = \"deny\"\nexpires = \"tomorrow\"", 4, 11, "offset"},
        {"[[rule]]\nhost = \"a\"\naction = \"deny\"\nexpires = 9999-12-01T12:00:00Z", 4, 11,
         "year"},
        {"[[rule]]\nhost = \"a\"\naction = \"deny\"\nexpires = 2026-13-01T12:00:00Z", 4, 18, ""},
        {"[[rule]]\nhost = \"a\"\naction = \"deny\"\nlasts = \"long\"", 4, 9, "\"long\" is not"},
        {"[[rule]]\nhost = \"a\"\naction = \"deny\"\nlasts = \"process\"", 4, 9, "pid"},
        {"[[rule]]\nhost = \"a\"\naction = \"deny\"\npid = 5", 4, 7, "pid"},
        {"[[rule]]\nhost = \"a\"\naction = \"deny\"\npid = -5", 4, 7, "from 1"},
        {"[[rule]]\nid = \"a b\"\nhost = \"a\"\naction = \"deny\"", 2, 6, "letters"},
        {"[[rule]]\nid = \"default\"\nhost = \"a\"\naction = \"deny\"", 2, 6, "taken"},
        {"[[rule]]\nid = \"a\"\nhost = \"a\"\naction = \"deny\"\n[[rule]]\nhost = \"b\"\n"
         "action = \"deny\"\nid = \"a\"",
         8, 6, "line 2"},
        {"[[rule]]\nhost = \"a.b\"\naction = \"deny\"\n"
         "inject = { header = \"A\", value = \"${secret:s}\" }",
         4, 10, "\"allow\""},
        {"[[rule]]\ncidr = \"0.0.0.0/0\"\naction = \"allow\"\n"
         "inject = { header = \"A\", value = \"${secret:s}\" }",
         4, 10, "names its host"},
        {"[[rule]]\nhost = \"*.com\"\naction = \"allow\"\n"
         "inject = { header = \"A\", value = \"${secret:s}\" }",
         4, 10, "last two labels"},
        {"[[rule]]\nhost = \"*.co.uk\"\naction = \"allow\"\n"
         "inject = { header = \"A\", value = \"${secret:s}\" }",
         4, 10, "Anybody may have a name below co.uk"},
        {"[[rule]]\nhost = \"**.github.io\"\naction = \"allow\"\n"
         "inject = { header = \"A\", value = \"${secret:s}\" }",
         4, 10, "Anybody may have a name below github.io"},
        {"[[rule]]\nhost = \"**\"\naction = \"allow\"\n"
         "basic = { user = \"A\", password = \"${secret:s}\" }",
         4, 9, "last two labels"},
        {"[[rule]]\nhost = \"a.b\"\naction = \"allow\"\n"
         "inject = { header = \"A\", value = \"plain\" }",
         4, 10, "No secret is named"},
        {"[[rule]]\nhost = \"a.b\"\naction = \"allow\"\n"
         "inject = { header = \"A\", value = \"${secret:s\" }",
         4, 10, "${secret:NAME}"},
        {"[[rule]]\nhost = \"a.b\"\naction = \"allow\"\n"
         "inject = { header = \"A\", value = \"${secret:s}\\r\\nX: y\" }",
         4, 10, "visible"},
        {"[[rule]]\nhost = \"a.b\"\naction = \"allow\"\n"
         "inject = { header = \"Host\", value = \"${secret:s}\" }",
         4, 10, "frames"},
        {"[[rule]]\nhost = \"a.b\"\naction = \"allow\"\n"
         "inject = { header = \"A:\", value = \"${secret:s}\" }",
         4, 10, "no name of a header"},
        {"[[rule]]\nhost = \"a.b\"\naction = \"allow\"\ninject = { value = \"${secret:s}\" }", 4,
         10, "header and value"},
        {"[[rule]]\nhost = \"a.b\"\naction = \"allow\"\ninject = {}", 4, 10, "header and value"},
        {"[[rule]]\nhost = \"a.b\"\naction = \"allow\"\ninject = \"x\"", 4, 10, "header"},
        {"[[rule]]\nhost = \"a.b\"\naction = \"allow\"\n"
         "inject = { header = \"A\", valeu = \"${secret:s}\" }",
         4, 26, "no key \"valeu\""},
        {"[[rule]]\nhost = \"a.b\"\naction = \"allow\"\n"
         "inject = { header = \"A\", value = \"${secret:s}\", basic = { user = \"u\", password = "
         "\"${secret:s}\" } }",
         4, 10, "not as both"},
        {"[[rule]]\nhost = \"a.b\"\naction = \"allow\"\n"
         "basic = { user = \"a:b\", password = \"${secret:s}\" }",
         4, 9, "no ':'"},
        {"[[rule]]\nhost = \"a.b\"\naction = \"tunnel\"\nmethods = [\"GET\"]", 4, 11, "tunnel"},
        {"[[rule]]\nhost = \"a.b\"\naction = \"tunnel\"\npath = \"/\"", 4, 8, "tunnel"},
        {"[[rule]]\nhost = \"a.b\"\naction = \"tunnel\"\n"
         "inject = { header = \"A\", value = \"${secret:s}\" }",
         4, 10, "tunnel"},
        // A debug build of the parser once ended here.
        {"a = [}", 1, 6, ""},
        {"default = \"\xff\"", 1, 11, "utf-8"},
    };
    for (const Fault& fault : faults) {
        const auto policy = parsePolicy(fault.toml);
        ASSERT_FALSE(policy) << fault.toml;
        const Error& error = policy.error();
        EXPECT_EQ(error.code, ErrorCode::BadRequest);
        EXPECT_EQ(error.detail.at("line"), std::to_string(fault.line)) << fault.toml << "\n"
                                                                       << error.message;
        EXPECT_EQ(error.detail.at("column"), std::to_string(fault.column)) << fault.toml << "\n"
                                                                           << error.message;
        const std::string place =
            "line " + error.detail.at("line") + ", column " + error.detail.at("column") + ": ";
        EXPECT_TRUE(error.message.starts_with(place)) << error.message;
        EXPECT_TRUE(error.message.contains(fault.says)) << error.message;
    }
}

TEST(PolicyFile, isBounded)
{
    EXPECT_FALSE(parsePolicy(std::string(1024 * 1024 + 1, '#')));
    const std::string some = "default = \"ask\"\n";
    EXPECT_TRUE(parsePolicy(some + std::string(1024 * 1024 - some.size(), '#')));
    std::string many;
    for (int rule = 0; rule < 10'000; ++rule)
        many += "[[rule]]\nhost=\"a.b\"\naction=\"deny\"\n";
    const auto policy = parsePolicy(many);
    ASSERT_TRUE(policy) << policy.error().message;
    EXPECT_EQ(policy->rules.back().id, "r10000");
    EXPECT_FALSE(parsePolicy(many + "[[rule]]\nhost=\"a.b\"\naction=\"deny\"\n"));
    EXPECT_FALSE(parsePolicy("rule = " + std::string(100'000, '[')));
    std::string parts = "a";
    for (int part = 0; part < 200'000; ++part)
        parts += ".a";
    EXPECT_FALSE(parsePolicy(parts + " = 1"));
    EXPECT_FALSE(parsePolicy("a = { " + parts + " = 1 }"));
    EXPECT_FALSE(parsePolicy("a = \"\"\"\n\"\"\"\"\n" + parts + " = 1"));
    EXPECT_FALSE(parsePolicy("a = '''\\'''\n" + parts + " = 1"));
    const auto table = parsePolicy("default = \"ask\"\n[" + parts + "]\n");
    ASSERT_FALSE(table);
    EXPECT_EQ(table.error().detail.at("line"), "2");
    EXPECT_TRUE(parsePolicy("default = \"ask\"\n# " + parts));
    const auto dotty = parsePolicy(R"toml(
        [[rule]]
        host = "a.b.c.d.e.f.g.h.i.j.k"
        action = 'deny'
        note = """it's \"a.b.c.d.e.f.g.h.i.j
"a.b.c.d.e.f.g.h.i.j.k" """"
        path = '/a.b.c.d"e.f.g.h.i.j.k.l'
    )toml");
    EXPECT_TRUE(dotty) << dotty.error().message;
}

TEST(CheckPolicy, putsValuesOfElsewhereInTheSameForm)
{
    Policy policy{Action::Ask,
                  {Rule{.id = "b", .host = "EXAMPLE.com.", .methods = {"get"}, .path = "/%61"},
                   Rule{.host = "example.org"}}};
    ASSERT_TRUE(checkPolicy(policy));
    EXPECT_EQ(policy.rules[0].host, "example.com");
    EXPECT_EQ(policy.rules[0].methods, std::vector<std::string>{"GET"});
    EXPECT_EQ(policy.rules[0].path, "/a");
    EXPECT_EQ(policy.rules[1].id, "r1");

    Policy twice{Action::Ask, {Rule{.id = "a", .host = "b"}, Rule{.id = "a", .host = "c"}}};
    const auto checked = checkPolicy(twice);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().detail.at("rule"), "a");
    EXPECT_EQ(checked.error().detail.at("key"), "id");
    Policy nameless{Action::Ask, {Rule{.host = "b", .ports = {0}}}};
    EXPECT_EQ(checkPolicy(nameless).error().detail.at("rule"), "1");
    Policy tunnel{Action::Tunnel, {}};
    EXPECT_FALSE(checkPolicy(tunnel));
}

} // namespace
} // namespace caisson::policy
