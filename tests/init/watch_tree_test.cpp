// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/watch_tree.h"
#include "tests/support/temporary_folder.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <set>
#include <unistd.h>

using namespace caisson;
using namespace caisson::init;
namespace fs = std::filesystem;

namespace {

/// What is done before the tree reads comes to it as late as it ever can: each folder that it looks
/// at is one that events still to be read have made of it.
class WatchTreeTest : public testing::Test
{
protected:
    fs::path at(const char* name) const { return fs::path(m_folder.path()) / name; }
    void make(const char* name) const
    {
        fs::create_directories(at(name).parent_path());
        std::ofstream(at(name)).put('x');
    }

    void watch()
    {
        auto tree = WatchTree::create(m_folder.path(), PathFilter({}, {}));
        ASSERT_TRUE(tree);
        m_tree = std::move(*tree);
        m_replayed = listing();
    }

    std::set<std::string> listing() const
    {
        std::set<std::string> paths;
        for (const auto& entry : fs::recursive_directory_iterator(m_folder.path()))
            paths.insert(entry.path());
        return paths;
    }

    /// What a client knows who believes every event.
    std::set<std::string> replayed()
    {
        WatchLog log;
        m_tree->read(log);
        while (m_tree->wantsMoment())
            m_tree->endMoment(log);
        while (!log.empty()) {
            for (const api::WatchEvent& event : log.take(64 * 1024))
                replay(event);
        }
        return m_replayed;
    }

private:
    void replay(const api::WatchEvent& event)
    {
        if (event.type == "created") {
            m_replayed.insert(event.path->bytes);
        } else if (event.type == "deleted") {
            rename(event.path->bytes, {});
        } else if (event.type == "overflow") {
            m_replayed = listing();
        } else if (event.type == "moved") {
            rename(event.to->bytes, {});
            rename(event.from->bytes, event.to->bytes);
        }
    }
    void rename(const std::string& from, const std::string& to)
    {
        std::set<std::string> kept;
        for (const std::string& path : m_replayed) {
            const bool isWithin = path == from || path.starts_with(from + "/");
            if (!isWithin)
                kept.insert(path);
            else if (!to.empty())
                kept.insert(to + path.substr(from.size()));
        }
        m_replayed = std::move(kept);
    }

    test::TemporaryFolder m_folder;
    std::unique_ptr<WatchTree> m_tree;
    std::set<std::string> m_replayed;
};

/// While the folder was away another had its name, and was found to be it; with that one's end its
/// watch ended, and of thousands of files that were then deleted nobody heard.
TEST_F(WatchTreeTest, AFolderComesBackToANameThatWasAnothers)
{
    for (const char* name : {"p/a", "p/b", "p/c", "p/deep/d"})
        make(name);
    watch();
    fs::rename(at("p"), at("px"));
    make("p/ghost");
    fs::remove_all(at("p"));
    fs::rename(at("px"), at("p"));
    fs::remove(at("p/a"));
    fs::remove_all(at("p/deep"));
    EXPECT_EQ(replayed(), listing());
    fs::remove(at("p/b"));
    make("p/e");
    EXPECT_EQ(replayed(), listing());
}

TEST_F(WatchTreeTest, AFolderGoesAwayAndComesBack)
{
    make("p/a");
    make("p/deep/d");
    watch();
    fs::rename(at("p"), at("px"));
    fs::rename(at("px"), at("p"));
    fs::remove(at("p/a"));
    EXPECT_EQ(replayed(), listing());
    fs::remove(at("p/deep/d"));
    EXPECT_EQ(replayed(), listing());
}

TEST_F(WatchTreeTest, TwoFoldersChangePlaces)
{
    make("p/a");
    make("q/b");
    watch();
    fs::rename(at("p"), at("t"));
    fs::rename(at("q"), at("p"));
    fs::rename(at("t"), at("q"));
    fs::remove(at("q/a"));
    make("p/c");
    EXPECT_EQ(replayed(), listing());
    fs::remove(at("p/b"));
    make("q/d");
    EXPECT_EQ(replayed(), listing());
}

/// Anything at all, with a seed that is told where it fails.
TEST_F(WatchTreeTest, WhateverHappensIsFollowed)
{
    for (unsigned seed = 0; seed < 300; ++seed) {
        for (const char* top : {"a", "b", "c", "d"})
            fs::remove_all(at(top));
        std::srand(seed);
        const auto name = [] { return std::string(1, static_cast<char>('a' + std::rand() % 4)); };
        const auto folder = [&] {
            return at((name() + (std::rand() % 2 ? "/" + name() : "")).c_str());
        };
        for (int i = 0; i < 6; ++i) {
            std::error_code error;
            fs::create_directories(folder(), error);
        }
        watch();
        for (int round = 0; round < 3; ++round) {
            for (int i = 0; i < 12; ++i) {
                std::error_code error;
                switch (std::rand() % 5) {
                case 0:
                    fs::create_directories(folder(), error);
                    break;
                case 1:
                    fs::remove_all(folder(), error);
                    break;
                case 2:
                    std::ofstream(folder() / "file").put('x');
                    break;
                case 3:
                    fs::remove(folder() / "file", error);
                    break;
                default:
                    fs::rename(folder(), folder(), error);
                }
            }
            ASSERT_EQ(replayed(), listing()) << "seed " << seed << ", round " << round;
        }
    }
}

} // namespace
