// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/init/init_process.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::init::test {

namespace fs = std::filesystem;

namespace {

class InitWrite : public testing::Test
{
protected:
    std::uint32_t open(const api::WriteRequest& request, std::optional<Error>* error = nullptr)
    {
        const std::uint32_t channel = m_init.newChannel();
        const auto reply = m_init.call("write", api::toJson(request), channel);
        if (error != nullptr)
            *error = reply.error;
        else
            EXPECT_FALSE(reply.error) << reply.error->message;
        return channel;
    }
    Result<api::FileEntry> finish(std::uint32_t channel)
    {
        std::optional<Result<api::FileEntry>> result;
        m_init.sendEnd(channel);
        m_init.readUntil([&] {
            if (const auto written = m_init.waitEvent("written", channel, 0ms))
                result = api::fromJson<api::FileEntry>(written->body);
            else if (const auto failed = m_init.waitEvent("failed", channel, 0ms))
                result = std::unexpected(*failed->error);
            return result.has_value();
        });
        return result.value_or(fail(ErrorCode::Timeout, "neither written nor failed"));
    }
    Result<api::FileEntry> write(const api::WriteRequest& request, std::string_view content)
    {
        std::optional<Error> error;
        const std::uint32_t channel = open(request, &error);
        if (error)
            return std::unexpected(*error);
        m_init.sendAll(channel, content);
        return finish(channel);
    }
    std::string etag(const std::string& path)
    {
        return m_init.ask<api::FileEntry>("stat", api::PathRequest{.path = {path}})->etag;
    }
    std::size_t filesInFolder() const
    {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(m_folder.path()), fs::directory_iterator()));
    }

    InitProcess m_init;
    TemporaryFolder m_folder;
};

TEST_F(InitWrite, ANewFile)
{
    const auto written = write({.path = {m_folder / "new"}}, "content");
    ASSERT_TRUE(written) << written.error().message;
    EXPECT_EQ(written->name.bytes, "new");
    EXPECT_EQ(written->size, 7);
    EXPECT_EQ(written->mode, 0644);
    EXPECT_EQ(written->etag, etag(m_folder / "new"));
    EXPECT_EQ(readText(m_folder / "new"), "content");
    EXPECT_EQ(write({.path = {m_folder / "mode"}, .mode = 0751}, "")->mode, 0751);
    EXPECT_TRUE(write({.path = {m_folder / "\xff odd\nname"}}, "x"));
    EXPECT_EQ(filesInFolder(), 3u);
}

TEST_F(InitWrite, KeepsModeAndOwnerOfWhatItReplaces)
{
    const std::string path = m_folder / "file";
    writeText(path, "old");
    const bool root = ::geteuid() == 0;
    if (root) {
        ASSERT_EQ(::chown(path.c_str(), 4242, 4343), 0);
    }
    ::chmod(path.c_str(), 04710);
    const auto written = write({.path = {path}, .mode = 0644}, "new");
    ASSERT_TRUE(written);
    EXPECT_EQ(written->mode, 04710);
    EXPECT_EQ(written->uid, root ? 4242 : ::geteuid());
    EXPECT_EQ(written->gid, root ? 4343 : ::getegid());
    EXPECT_EQ(readText(path), "new");
}

TEST_F(InitWrite, IsAllOrNothing)
{
    const std::string path = m_folder / "file";
    writeText(path, "old");
    const std::uint32_t channel = open({.path = {path}});
    m_init.sendData(channel, "half of the n");
    // Whoever reads now reads the old one.
    EXPECT_EQ(m_init.shell("cat " + path).out, "old");
    ASSERT_TRUE(m_init.ask<api::Empty>("close", api::ChannelRef{channel}));
    EXPECT_TRUE(becomesTrue([&] { return filesInFolder() == 1; }));
    EXPECT_EQ(readText(path), "old");
    EXPECT_FALSE(m_init.waitEvent("written", channel, 100ms));
}

TEST_F(InitWrite, NothingRemainsWhenTheKeeperGoes)
{
    const std::uint32_t channel = open({.path = {m_folder / "file"}});
    m_init.sendData(channel, "half");
    m_init.closeLink();
    m_init.waitExit();
    EXPECT_EQ(filesInFolder(), 0u);
}

TEST_F(InitWrite, FollowsLinks)
{
    fs::create_directories(m_folder / "sub");
    writeText(m_folder / "sub/target", "old");
    fs::create_symlink("sub/target", m_folder / "link");
    fs::create_symlink("link", m_folder / "link2");
    fs::create_symlink("sub/unborn", m_folder / "dangling");
    fs::create_symlink("loop", m_folder / "loop");
    ASSERT_TRUE(write({.path = {m_folder / "link2"}}, "new"));
    EXPECT_TRUE(fs::is_symlink(m_folder / "link2"));
    EXPECT_TRUE(fs::is_symlink(m_folder / "link"));
    EXPECT_EQ(readText(m_folder / "sub/target"), "new");
    ASSERT_TRUE(write({.path = {m_folder / "dangling"}}, "born"));
    EXPECT_EQ(readText(m_folder / "sub/unborn"), "born");
    EXPECT_EQ(write({.path = {m_folder / "loop"}}, "x").error().code, ErrorCode::BadRequest);
}

TEST_F(InitWrite, IfMatch)
{
    const std::string path = m_folder / "file";
    writeText(path, "one");
    const std::string first = etag(path);
    ASSERT_TRUE(write({.path = {path}, .ifMatch = first}, "two"));
    const auto stale = write({.path = {path}, .ifMatch = first}, "three");
    EXPECT_EQ(stale.error().code, ErrorCode::PreconditionFailed);
    EXPECT_EQ(readText(path), "two");
    EXPECT_TRUE(write({.path = {path}, .ifMatch = "*"}, "four"));
    EXPECT_EQ(write({.path = {m_folder / "none"}, .ifMatch = "*"}, "x").error().code,
              ErrorCode::PreconditionFailed);
    EXPECT_EQ(write({.path = {m_folder / "none"}, .ifMatch = first}, "x").error().code,
              ErrorCode::PreconditionFailed);
    EXPECT_EQ(filesInFolder(), 1u);
}

TEST_F(InitWrite, IfMatchSeesAChangeMidway)
{
    const std::string path = m_folder / "file";
    writeText(path, "one");
    const std::uint32_t channel = open({.path = {path}, .ifMatch = etag(path)});
    m_init.sendData(channel, "mine");
    writeText(path, "theirs");
    EXPECT_EQ(finish(channel).error().code, ErrorCode::PreconditionFailed);
    EXPECT_EQ(readText(path), "theirs");
    EXPECT_EQ(filesInFolder(), 1u);
}

TEST_F(InitWrite, IfNoneMatch)
{
    const std::string path = m_folder / "file";
    const std::uint32_t channel = open({.path = {path}, .ifNoneMatchAny = true});
    m_init.sendData(channel, "mine");
    writeText(path, "theirs");
    EXPECT_EQ(finish(channel).error().code, ErrorCode::PreconditionFailed);
    EXPECT_EQ(readText(path), "theirs");
    EXPECT_EQ(write({.path = {path}, .ifNoneMatchAny = true}, "x").error().code,
              ErrorCode::PreconditionFailed);
    EXPECT_TRUE(write({.path = {m_folder / "new"}, .ifNoneMatchAny = true}, "x"));
    EXPECT_EQ(filesInFolder(), 2u);
}

TEST_F(InitWrite, WhatIsNoFileIsRefused)
{
    fs::create_directories(m_folder / "folder");
    ASSERT_EQ(::mkfifo((m_folder / "fifo").c_str(), 0600), 0);
    fs::create_symlink("folder", m_folder / "link");
    const auto code = [&](const std::string& path) {
        return write({.path = {path}}, "x").error().code;
    };
    EXPECT_EQ(code(m_folder / "folder"), ErrorCode::IsADirectory);
    EXPECT_EQ(code(m_folder / "link"), ErrorCode::IsADirectory);
    EXPECT_EQ(code(m_folder / "folder/"), ErrorCode::IsADirectory);
    EXPECT_EQ(code(m_folder / "fifo"), ErrorCode::BadRequest);
    EXPECT_EQ(code("/dev/null"), ErrorCode::BadRequest);
    EXPECT_EQ(code("relative"), ErrorCode::BadRequest);
    EXPECT_EQ(code(m_folder / "no/such/file"), ErrorCode::NotFound);
    EXPECT_EQ(code(m_folder / "fifo/file"), ErrorCode::NotADirectory);
}

TEST_F(InitWrite, ParentsAreMade)
{
    ASSERT_TRUE(write({.path = {m_folder / "a/b/c"}, .parents = true}, "x"));
    EXPECT_EQ(readText(m_folder / "a/b/c"), "x");
}

TEST_F(InitWrite, AHundredMegabytesInBoundedMemory)
{
    const std::string path = m_folder / "large";
    const std::uint32_t channel = open({.path = {path}});
    const std::string block(64 * 1024, 'x');
    std::size_t sent = 0;
    for (; sent < 100'000'000; sent += block.size())
        m_init.sendAll(channel, block);
    const auto written = finish(channel);
    ASSERT_TRUE(written) << written.error().message;
    EXPECT_EQ(static_cast<std::size_t>(written->size), sent);
#if !defined(__SANITIZE_ADDRESS__)
    EXPECT_LT(m_init.memoryPeakKb(), 24 * 1024);
#endif
}

TEST_F(InitWrite, AFullDiskIsSaid)
{
    fs::create_directories(m_folder / "small");
    if (::system(("mount -t tmpfs -o size=64k none " + (m_folder / "small")).c_str()) != 0)
        GTEST_SKIP() << "mounting needs root";
    writeText(m_folder / "small/file", "old");
    const auto written = write({.path = {m_folder / "small/file"}}, std::string(500'000, 'x'));
    EXPECT_EQ(readText(m_folder / "small/file"), "old");
    EXPECT_EQ(::system(("umount -l " + (m_folder / "small")).c_str()), 0);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, ErrorCode::NoSpace);
}

} // namespace

} // namespace caisson::init::test
