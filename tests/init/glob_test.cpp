// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/glob.h"
#include "backend/init/temporary_name.h"

#include <chrono>
#include <gtest/gtest.h>

namespace caisson::init {

namespace {

TEST(Glob, Table)
{
    struct Row
    {
        const char* glob;
        const char* path;
        bool matches;
    };
    constexpr Row rows[] = {
        {"*.cpp", "a.cpp", true},
        {"*.cpp", "deep/er/a.cpp", true},
        {"*.cpp", "a.h", false},
        {"*.cpp", "a.cpp/b", false},
        {"src/*.cpp", "src/a.cpp", true},
        {"src/*.cpp", "src/deep/a.cpp", false},
        {"src/*.cpp", "a/src/a.cpp", false},
        {"src/**/*.cpp", "src/a.cpp", true},
        {"src/**/*.cpp", "src/a/b/c.cpp", true},
        {"**/build", "build", true},
        {"**/build", "a/b/build", true},
        {"**/build", "a/build/b", false},
        {"**/build/**", "a/build/b", true},
        {"a/**", "a", true},
        {"a/**", "a/b/c", true},
        {"a/**", "b", false},
        {"**", "anything/at/all", true},
        {"**/a/**/b", "x/a/y/a/z/b", true},
        {"?.[ch]", "a.c", true},
        {"?.[ch]", "ab.c", false},
        {"*", ".hidden", true},
        {"/src/a", "src/a", true},
        {"", "a", false},
        {"*", "", false},
    };
    for (const Row& row : rows)
        EXPECT_EQ(globMatches(row.glob, row.path), row.matches) << row.glob << " on " << row.path;
}

TEST(Glob, ManyStarsTakeNoTime)
{
    std::string glob;
    std::string path;
    for (int i = 0; i < 200; ++i) {
        glob += "**/a/";
        path += "a/";
    }
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_FALSE(globMatches(glob + "b", path + "c"));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

TEST(PathFilter, ExcludeWinsAndKeepsOutOfFolders)
{
    const PathFilter filter({"*.js"}, {"node_modules"});
    EXPECT_TRUE(filter.reports("a.js"));
    EXPECT_FALSE(filter.reports("a.ts"));
    EXPECT_TRUE(filter.entersFolder("src")); // not included itself, but what is in it may be
    EXPECT_FALSE(filter.entersFolder("a/node_modules"));
    const PathFilter everything({}, {});
    EXPECT_TRUE(everything.reports("any/thing"));
}

TEST(TemporaryName, IsKnownAgain)
{
    EXPECT_EQ(temporaryKind(temporaryName(TemporaryKind::New)), TemporaryKind::New);
    EXPECT_EQ(temporaryKind(temporaryName(TemporaryKind::Replaces)), TemporaryKind::Replaces);
    for (const char* const name :
         {".caisson-", ".caisson-0123456789ab", ".caisson-0123456789ab.neu",
          ".caisson-0123456789aX.new", "caisson-0123456789ab.new", "file"})
        EXPECT_FALSE(temporaryKind(name)) << name;
}

} // namespace

} // namespace caisson::init
