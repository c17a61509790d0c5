// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/policy/path.h"
#include "backend/policy/path_pattern.h"

#include <gtest/gtest.h>

namespace caisson::policy {
namespace {

TEST(NormalisedTarget, hasOneForm)
{
    const std::pair<const char*, const char*> rows[] = {
        {"/", "/"},
        {"/a/b", "/a/b"},
        {"/a/../b?x=1", "/b?x=1"},
        {"/a/./b", "/a/b"},
        {"/a/b/..", "/a/"},
        {"/a/b/.", "/a/b/"},
        {"/..", "/"},
        {"/../../etc/passwd", "/etc/passwd"},
        {"/a/%2e%2e/b", "/b"},
        {"/a/%2E/b", "/a/b"},
        {"/%7euser/%41", "/~user/A"},
        {"/%3a%c3%bc", "/%3A%C3%BC"},
        {"/...", "/..."},
        {"/.well-known/x", "/.well-known/x"},
        {"/a..b/..c/d..", "/a..b/..c/d.."},
        {"/a//b", "/a//b"},
        {"//a", "//a"},
        {"/a/b//", "/a/b//"},
        {"/a?", "/a?"},
        {"/a?x=/../%2e&y=%zz\\", "/a?x=/../%2e&y=%zz\\"},
        {"/a?b?c", "/a?b?c"},
        {"/@types%2fnode", "/@types%2Fnode"},
        {"/a;v=1/b", "/a;v=1/b"},
        {"/%252e%252e/x", "/%252e%252e/x"},
        {"/a*b!$&'()+,=:@", "/a*b!$&'()+,=:@"},
        // UTF-8 as it should be, and Latin-1.
        {"/%c2%80/%e0%a0%80/%f0%90%80%80", "/%C2%80/%E0%A0%80/%F0%90%80%80"},
        {"/caf%e9", "/caf%E9"},
        {"/%c0propos/%E0%20la/%f0x/%e0%e9", "/%C0propos/%E0%20la/%F0x/%E0%E9"},
        {"/%c0", "/%C0"},
        {"/a?%c0%af", "/a?%c0%af"},
    };
    for (const auto& [sent, normal] : rows) {
        const auto target = normalisedTarget(sent);
        ASSERT_TRUE(target) << sent << ": " << target.error().message;
        EXPECT_EQ(*target, normal);
        EXPECT_EQ(normalisedTarget(*target).value(), *target) << sent;
    }
}

TEST(NormalisedTarget, refusesWhatReadersTakeDifferently)
{
    const std::string_view rows[] = {"",
                                     "*",
                                     "a",
                                     "?x",
                                     "http://example.com/",
                                     "example.com:443",
                                     "/a%",
                                     "/a%2",
                                     "/a%2g",
                                     "/%",
                                     "/a%5cb",
                                     "/a%5Cb",
                                     "/a%00",
                                     "/a\\b",
                                     "/a#b",
                                     "/a?b#c",
                                     "/a b",
                                     "/a?b c",
                                     "/a\tb",
                                     "/a\r\nb",
                                     "/a?b\nc",
                                     "/\x7f",
                                     "/\xc3\xbc",
                                     "/a?\xc3\xbc",
                                     "/a//../b",
                                     "/a//%2e%2e/b",
                                     "/a//b/../../c",
                                     "//..",
                                     "/a/..;/b",
                                     "/a/..;x=1/b",
                                     "/a/.;/b",
                                     "/a/%2e%2e;/b",
                                     "/a/..%3b/b",
                                     "/..%2fb",
                                     "/a/..%2f..%2fb",
                                     "/a%2f..",
                                     "/a%2f%2e%2e%2fb",
                                     "/a%2F.",
                                     "/a%2f..;/b",
                                     "/a/..%c0%afb",
                                     "/a/..%C0%AFb",
                                     "/a/..%c1%9cb",
                                     "/a/%c0%ae%c0%ae/b",
                                     "/a/..%c0%2fb",
                                     "/a/..%c0/b",
                                     "/a/%c0.%c0./b",
                                     "/a/%c0%2e/b",
                                     "/a/..%e0%80%afb",
                                     "/a/..%e0%9f%bfb",
                                     "/a/..%f0%80%80%afb",
                                     "/a/..%f8%80%80%80%afb",
                                     "/a/..%fc%80%80%80%80%afb",
                                     "/a/..\xc0%afb",
                                     "/a/..%c0\xaf"
                                     "b",
                                     std::string_view("/a\0b", 4)};
    for (const std::string_view sent : rows) {
        const auto target = normalisedTarget(sent);
        ASSERT_FALSE(target) << sent << " became " << *target;
        EXPECT_EQ(target.error().code, ErrorCode::BadRequest);
    }
}

TEST(NormalisedTarget, splitsAtTheFirstQuestion)
{
    EXPECT_EQ(pathOf("/b?x=1"), "/b");
    EXPECT_EQ(pathOf("/b"), "/b");
    EXPECT_EQ(queryOf("/b?x=1?y"), "x=1?y");
    EXPECT_EQ(queryOf("/b"), "");
    EXPECT_EQ(queryOf("/b?"), "");
}

TEST(PathPattern, fitsBySegment)
{
    struct Row
    {
        const char* pattern;
        const char* target;
        bool fits;
    };
    const Row rows[] = {
        {"/", "/", true},
        {"/", "/a", false},
        {"/repos", "/repos", true},
        {"/repos", "/repos/", false},
        {"/repos", "/repos?x=1", true},
        {"/repos/**", "/repos", true},
        {"/repos/**", "/repos/", true},
        {"/repos/**", "/repos/a/b/c", true},
        {"/repos/**", "/reposx", false},
        {"/repos/**", "/Repos/a", false},
        {"/repos/*", "/repos/a", true},
        {"/repos/*", "/repos/a/b", false},
        {"/repos/*", "/repos", false},
        {"/repos/*/issues", "/repos/a/issues", true},
        {"/repos/*/issues", "/repos/a/b/issues", false},
        {"/repos/**/issues", "/repos/a/b/issues", true},
        {"/repos/**/issues", "/repos/issues", true},
        {"/**", "/", true},
        {"/**", "/a/b", true},
        {"/**/x", "/x", true},
        {"/**/x", "/a/x/b", false},
        {"/**/a/**/b", "/z/a/a/c/b/b", true},
        {"/a*b", "/ab", true},
        {"/a*b", "/axxb", true},
        {"/a*b", "/aba", false},
        {"/a*b*c", "/abbcbc", true},
        {"/ab*ba", "/aba", false},
        {"/*.json", "/x.json", true},
        {"/*.json", "/a/x.json", false},
        {"/a\\*b", "/a*b", true},
        {"/a\\*b", "/axb", false},
        {"/a?x=1", "/a?x=1", true},
        {"/a?x=1", "/a?x=12", false},
        {"/a?x=1", "/a", false},
        {"/a?", "/a", true},
        {"/a?", "/a?x", false},
        {"/a?*x=1*", "/a?y=2&x=1&z", true},
        {"/**/info/refs?service=git-upload-pack", "/o/r.git/info/refs?service=git-upload-pack",
         true},
        {"/**/info/refs?service=git-upload-pack", "/o/r.git/info/refs?service=git%2Dupload%2dpack",
         true},
        {"/**/info/refs?service=git-upload-pack", "/o/r.git/info/refs?service=git-receive-pack",
         false},
        {"/**/info/refs?service=git-upload-pack",
         "/o/r.git/info/refs?service=git-upload-pack&service=git-receive-pack", false},
        {"/@types%2Fnode", "/@types%2Fnode", true},
    };
    for (const Row& row : rows) {
        const auto pattern = normalisedPattern(row.pattern);
        ASSERT_TRUE(pattern) << row.pattern;
        const auto target = normalisedTarget(row.target);
        ASSERT_TRUE(target) << row.target;
        EXPECT_EQ(PathPattern(*pattern).fitsAll(PathReadings(*target)), row.fits)
            << row.pattern << " on " << row.target;
        EXPECT_EQ(PathPattern(*pattern).fitsAny(PathReadings(*target)), row.fits)
            << row.pattern << " on " << row.target;
    }
}

TEST(PathPattern, aQueryInAFormThatIsTooLongIsHeldAndNotLet)
{
    const PathPattern pattern(*normalisedPattern("/a?*name=*"));
    for (const char* target : {"/a?name=%C0%AE", "/a?n%C1%A1me=x", "/a?n%c1%a1me=x&name=y"}) {
        const PathReadings readings{std::string_view(target)};
        EXPECT_TRUE(pattern.fitsAny(readings)) << target;
        EXPECT_FALSE(pattern.fitsAll(readings)) << target;
    }
    // Who does not look at the query does not mind.
    const PathReadings readings{std::string_view("/a?%C0%AE")};
    EXPECT_TRUE(PathPattern("/a").fitsAll(readings));
    EXPECT_FALSE(normalisedPattern("/%c0%af"));
    EXPECT_FALSE(normalisedPattern("/a?x=%c0%af"));
}

TEST(PathPattern, whatReadsInTwoWaysIsHeldByEitherAndLetByBoth)
{
    const std::pair<const char*, const char*> rows[] = {
        {"/admin/**", "//admin/x"},
        {"/admin/**", "/%61dmin%2Fx"},
        {"/admin/**", "//admin%2Fx"},
        {"/a/*/c", "/a//c"},
        {"/@types/**", "/@types%2Fnode"},
        {"/@types/**", "/%40types/node"},
        {"/@types%2Fnode", "/@types/node"},
        {"/a:b", "/a%3Ab"},
        {"/*", "/a%2Fb"},
    };
    for (const auto& [pattern, sent] : rows) {
        const auto target = normalisedTarget(sent);
        ASSERT_TRUE(target) << sent;
        const PathReadings readings(*target);
        EXPECT_TRUE(PathPattern(*normalisedPattern(pattern)).fitsAny(readings)) << sent;
        EXPECT_FALSE(PathPattern(*normalisedPattern(pattern)).fitsAll(readings)) << sent;
    }
}

} // namespace
} // namespace caisson::policy
