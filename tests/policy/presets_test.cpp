// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/policy/decide.h"
#include "backend/policy/path.h"
#include "backend/policy/policy_file.h"
#include "backend/policy/presets.h"

#include <gtest/gtest.h>

namespace caisson::policy {
namespace {

TEST(Presets, areWholeAndParse)
{
    ASSERT_EQ(presets().size(), 5u);
    for (const Preset& preset : presets()) {
        EXPECT_FALSE(preset.title.empty());
        EXPECT_TRUE(preset.description.ends_with('.')) << preset.description;
        const auto policy = parsePolicy(preset.toml);
        ASSERT_TRUE(policy) << preset.name << ": " << policy.error().message;
        EXPECT_TRUE(preset.toml.starts_with("# " + std::string(preset.title) + "\n"));
        EXPECT_EQ(presetByName(preset.name), &preset);
        for (const Rule& rule : policy->rules)
            EXPECT_FALSE(rule.isPrivate) << rule.id;
        EXPECT_EQ(parsePolicy(writePolicy(*policy)).value(), *policy);
    }
    EXPECT_EQ(presetByName("allow-all"), nullptr);
}

std::string decision(std::string_view preset, std::string_view method, std::string_view host,
                     std::string_view sent, Protocol protocol = Protocol::Https)
{
    const Matcher matcher(parsePolicy(presetByName(preset)->toml).value(), {});
    const std::string target = normalisedTarget(sent).value();
    const std::uint16_t port = protocol == Protocol::Http ? 80 : 443;
    const Request request{
        .protocol = protocol, .host = host, .port = port, .method = method, .target = target};
    return std::string(actionName(matcher.decide(request, Moment(0)).action));
}

TEST(Presets, decideAsTheySay)
{
    EXPECT_EQ(decision("deny-all", "GET", "example.com", "/"), "deny");
    EXPECT_EQ(decision("ask", "GET", "example.com", "/"), "ask");

    const auto packages = [](std::string_view method, std::string_view host, std::string_view path,
                             Protocol protocol = Protocol::Https) {
        return decision("package-registries", method, host, path, protocol);
    };
    EXPECT_EQ(packages("GET", "registry.npmjs.org", "/@types%2fnode"), "allow");
    EXPECT_EQ(packages("GET", "registry.npmjs.org", "/left-pad/-/left-pad-1.3.0.tgz"), "allow");
    EXPECT_EQ(packages("PUT", "registry.npmjs.org", "/left-pad"), "ask");
    EXPECT_EQ(packages("POST", "registry.npmjs.org", "/-/npm/v1/security/advisories/bulk"), "deny");
    EXPECT_EQ(packages("GET", "pypi.org", "/simple/requests/"), "allow");
    EXPECT_EQ(packages("POST", "upload.pypi.org", "/legacy/"), "ask");
    EXPECT_EQ(packages("GET", "index.crates.io", "/se/rd/serde"), "allow");
    EXPECT_EQ(packages("GET", "deb.debian.org", "/debian/dists/trixie/InRelease", Protocol::Http),
              "allow");
    EXPECT_EQ(packages("GET", "ftp.de.debian.org", "/debian/", Protocol::Http), "allow");
    EXPECT_EQ(packages("GET", "de.archive.ubuntu.com", "/ubuntu/", Protocol::Http), "allow");
    EXPECT_EQ(packages("GET", "proxy.golang.org", "/golang.org/x/net/@v/list"), "allow");
    EXPECT_EQ(packages("GET", "repo.maven.apache.org", "/maven2/junit/junit/"), "allow");
    EXPECT_EQ(packages("GET", "rubygems.org", "/gems/rake-13.0.0.gem"), "allow");
    EXPECT_EQ(packages("GET", "example.com", "/"), "ask");
}

TEST(Presets, gitIsFetchedAndNeverPushed)
{
    const auto git = [](std::string_view method, std::string_view host, std::string_view path) {
        return decision("git-read", method, host, path);
    };
    for (const char* host : {"github.com", "gitlab.com", "codeberg.org", "go.googlesource.com"}) {
        EXPECT_EQ(git("GET", host, "/o/r.git/info/refs?service=git-upload-pack"), "allow");
        EXPECT_EQ(git("POST", host, "/o/group/r/git-upload-pack"), "allow");
        EXPECT_EQ(git("GET", host, "/o/r.git/info/refs?service=git-receive-pack"), "deny");
        EXPECT_EQ(git("GET", host, "/o/r.git/info/refs?service=git%2Dreceive-pack"), "deny");
        EXPECT_EQ(
            git("GET", host, "/o/r.git/info/refs?service=git-upload-pack&service=git-receive-pack"),
            "deny");
        EXPECT_EQ(git("GET", host, "/o//r.git/info/refs?service=git-receive-pack"), "deny");
        EXPECT_EQ(git("POST", host, "/o/r.git/git-receive-pack"), "deny");
        EXPECT_EQ(git("POST", host, "/o/r.git/git%2Dreceive%2Dpack"), "deny");
        EXPECT_EQ(git("POST", host, "/o/r.git%2Fgit-receive-pack"), "deny");
        EXPECT_EQ(git("GET", host, "/o/r.git/info/refs"), "ask");
        EXPECT_EQ(git("POST", host, "/o/r.git/info/lfs/objects/batch"), "ask");
        EXPECT_EQ(git("GET", host, "/o/r"), "ask");
    }
    EXPECT_EQ(git("POST", "example.com", "/r.git/git-receive-pack"), "deny");
    EXPECT_EQ(git("POST", "203.0.113.7", "/r.git/git-receive-pack"), "deny");
    EXPECT_EQ(git("POST", "example.com", "/r.git/git-upload-pack"), "ask");
}

TEST(Presets, modelsAreReached)
{
    const auto model = [](std::string_view host, std::string_view path) {
        return decision("model-apis", "POST", host, path);
    };
    EXPECT_EQ(model("api.anthropic.com", "/v1/messages"), "allow");
    EXPECT_EQ(model("api.openai.com", "/v1/responses"), "allow");
    EXPECT_EQ(model("team.openai.azure.com", "/openai/deployments/x/chat/completions"), "allow");
    EXPECT_EQ(model("generativelanguage.googleapis.com", "/v1beta/models/x:generateContent"),
              "allow");
    EXPECT_EQ(model("europe-west4-aiplatform.googleapis.com",
                    "/v1/projects/p/locations/europe-west4/publishers/google/models/x:predict"),
              "allow");
    EXPECT_EQ(model("storage.googleapis.com", "/bucket/object"), "ask");
    EXPECT_EQ(model("bedrock-runtime.eu-west-1.amazonaws.com", "/model/x/invoke"), "allow");
    EXPECT_EQ(model("s3.eu-west-1.amazonaws.com", "/"), "ask");
    EXPECT_EQ(model("api.anthropic.com.example.net", "/v1/messages"), "ask");
}

} // namespace
} // namespace caisson::policy
