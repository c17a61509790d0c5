// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/init/init_process.h"

#include <algorithm>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::init::test {

namespace fs = std::filesystem;

namespace {

class InitFiles : public testing::Test
{
protected:
    Result<api::FileEntry> stat(const std::string& path, bool follow = true)
    {
        return m_init.ask<api::FileEntry>("stat",
                                          api::PathRequest{.path = {path}, .follow = follow});
    }
    Result<api::Empty> remove(const std::string& path, bool recursive = false)
    {
        return m_init.ask<api::Empty>("remove",
                                      api::PathRequest{.path = {path}, .recursive = recursive});
    }
    Result<api::FileEntry> mkdir(const std::string& path, bool parents = false)
    {
        return m_init.ask<api::FileEntry>("mkdir",
                                          api::PathRequest{.path = {path}, .parents = parents});
    }
    Result<api::FileEntry> move(const std::string& from, const std::string& to,
                                bool overwrite = false)
    {
        return m_init.ask<api::FileEntry>("move", api::MoveRequest{{from}, {to}, overwrite});
    }
    Result<api::FileEntry> copy(const std::string& from, const std::string& to,
                                bool overwrite = false)
    {
        return m_init.ask<api::FileEntry>("copy", api::MoveRequest{{from}, {to}, overwrite});
    }
    Result<std::string> read(const std::string& path, std::int64_t offset = 0,
                             std::int64_t length = -1)
    {
        const std::uint32_t channel = m_init.newChannel();
        const auto opened =
            m_init.ask<api::FileEntry>("read", api::ReadRequest{{path}, offset, length}, channel);
        if (!opened)
            return std::unexpected(opened.error());
        if (!m_init.readUntil([&] { return m_init.channel(channel).ended; }))
            return fail(ErrorCode::Timeout, "no end");
        return m_init.channel(channel).data;
    }
    Result<api::FileList> list(const std::string& path)
    {
        const std::uint32_t channel = m_init.newChannel();
        const auto opened = m_init.ask<api::Empty>("list", api::ListRequest{{path}}, channel);
        if (!opened)
            return std::unexpected(opened.error());
        if (!m_init.readUntil([&] { return m_init.channel(channel).ended; }, 60s))
            return fail(ErrorCode::Timeout, "no end");
        return api::fromJson<api::FileList>(m_init.channel(channel).data);
    }
    std::vector<std::string> names(const std::string& path)
    {
        std::vector<std::string> found;
        const api::FileList listed = list(path).value();
        for (const auto& entry : listed.entries)
            found.push_back(entry.name.bytes);
        return found;
    }

    InitProcess m_init;
    TemporaryFolder m_folder;
};

// ---- stat ---------------------------------------------------------------------------------------

TEST_F(InitFiles, StatTellsWhatIsThere)
{
    const std::string path = m_folder / "file";
    writeText(path, "hello");
    ::chmod(path.c_str(), 0640);
    const auto entry = stat(path);
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->name.bytes, "file");
    EXPECT_EQ(entry->type, api::FileType::File);
    EXPECT_EQ(entry->size, 5);
    EXPECT_EQ(entry->mode, 0640);
    EXPECT_EQ(entry->uid, ::geteuid());
    EXPECT_GT(entry->mtimeMs, 1'600'000'000'000);
    EXPECT_TRUE(entry->etag.starts_with('"') && entry->etag.ends_with('"'));
    const std::string before = entry->etag;
    writeText(path, "world");
    EXPECT_NE(stat(path)->etag, before);
    EXPECT_EQ(stat(m_folder.path())->type, api::FileType::Directory);
    EXPECT_EQ(stat("/")->name.bytes, "/");
    EXPECT_EQ(stat("/dev/null")->type, api::FileType::Device);
}

TEST_F(InitFiles, StatOfLinks)
{
    writeText(m_folder / "file", "hello");
    fs::create_symlink("file", m_folder / "link");
    fs::create_symlink("nowhere", m_folder / "dangling");
    EXPECT_EQ(stat(m_folder / "link")->type, api::FileType::File);
    EXPECT_EQ(stat(m_folder / "link")->name.bytes, "link");
    const auto link = stat(m_folder / "link", false);
    EXPECT_EQ(link->type, api::FileType::Symlink);
    EXPECT_EQ(link->linkTarget->bytes, "file");
    EXPECT_EQ(link->targetType, api::FileType::File);
    EXPECT_EQ(stat(m_folder / "dangling").error().code, ErrorCode::NotFound);
    EXPECT_FALSE(stat(m_folder / "dangling", false)->targetType);
}

TEST_F(InitFiles, ImpossiblePathsAreRefused)
{
    using std::string_literals::operator""s;
    EXPECT_EQ(stat("relative").error().code, ErrorCode::BadRequest);
    EXPECT_EQ(stat("").error().code, ErrorCode::BadRequest);
    EXPECT_EQ(stat("/a\0b"s).error().code, ErrorCode::BadRequest);
    EXPECT_EQ(stat("/" + std::string(5000, 'x')).error().code, ErrorCode::BadRequest);
    EXPECT_EQ(stat("/etc/passwd/x").error().code, ErrorCode::NotADirectory);
    EXPECT_EQ(stat("/no/such").error().code, ErrorCode::NotFound);
}

// ---- read ---------------------------------------------------------------------------------------

TEST_F(InitFiles, Read)
{
    writeText(m_folder / "file", "0123456789");
    EXPECT_EQ(read(m_folder / "file"), "0123456789");
    EXPECT_EQ(read(m_folder / "file", 3), "3456789");
    EXPECT_EQ(read(m_folder / "file", 3, 4), "3456");
    EXPECT_EQ(read(m_folder / "file", 8, 100), "89");
    EXPECT_EQ(read(m_folder / "file", 100), "");
    EXPECT_EQ(read(m_folder / "file", 0, 0), "");
    EXPECT_EQ(read(m_folder / "file", -1).error().code, ErrorCode::BadRequest);
    writeText(m_folder / "empty", "");
    EXPECT_EQ(read(m_folder / "empty"), "");
    EXPECT_TRUE(read("/proc/self/status")->contains("caisson-init"));
}

TEST_F(InitFiles, ReadOfWhatIsNoFile)
{
    ASSERT_EQ(::mkfifo((m_folder / "fifo").c_str(), 0600), 0);
    EXPECT_EQ(read(m_folder / "fifo").error().code, ErrorCode::BadRequest);
    EXPECT_EQ(read("/dev/zero").error().code, ErrorCode::BadRequest);
    EXPECT_EQ(read(m_folder.path()).error().code, ErrorCode::IsADirectory);
    EXPECT_EQ(read(m_folder / "nothing").error().code, ErrorCode::NotFound);
}

TEST_F(InitFiles, ReadOfAHundredMegabytesInBoundedMemory)
{
    const std::string path = m_folder / "large";
    ASSERT_EQ(::truncate((writeText(path, "x"), path.c_str()), 100'000'000), 0);
    const std::uint32_t channel = m_init.newChannel();
    m_init.channel(channel).keepData = false;
    ASSERT_TRUE(m_init.ask<api::FileEntry>("read", api::ReadRequest{{path}}, channel));
    ASSERT_TRUE(m_init.readUntil([&] { return m_init.channel(channel).ended; }, 60s));
    EXPECT_EQ(m_init.channel(channel).received, 100'000'000u);
#if !defined(__SANITIZE_ADDRESS__)
    EXPECT_LT(m_init.memoryPeakKb(), 24 * 1024);
#endif
}

TEST_F(InitFiles, ReadWaitsForCreditAndCanBeClosed)
{
    const std::string path = m_folder / "large";
    ASSERT_EQ(::truncate((writeText(path, "x"), path.c_str()), 10'000'000), 0);
    const std::uint32_t channel = m_init.newChannel();
    m_init.channel(channel).grants = false;
    ASSERT_TRUE(m_init.ask<api::FileEntry>("read", api::ReadRequest{{path}}, channel));
    ASSERT_TRUE(
        m_init.readUntil([&] { return m_init.channel(channel).received == api::kInitialCredit; }));
    EXPECT_TRUE(m_init.ask<api::Empty>("close", api::ChannelRef{channel}));
    m_init.sendCredit(channel, 1'000'000);
    EXPECT_FALSE(m_init.readUntil(
        [&] { return m_init.channel(channel).received > api::kInitialCredit; }, 100ms));
}

TEST(InitFilesUnprivileged, PermissionDenied)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "a file somebody may not read is made by root";
    TemporaryFolder folder;
    ::chmod(folder.path().c_str(), 0755);
    writeText(folder / "secret", "x");
    ::chmod((folder / "secret").c_str(), 0600);
    InitProcess init({.uid = 65534});
    const auto code = [&](std::string_view op, const std::string& body) {
        return init.call(op, body, init.newChannel()).error.value_or(Error{}).code;
    };
    EXPECT_EQ(code("read", api::toJson(api::ReadRequest{{folder / "secret"}})),
              ErrorCode::PermissionDenied);
    EXPECT_EQ(code("write", api::toJson(api::WriteRequest{{folder / "new"}})),
              ErrorCode::PermissionDenied);
    EXPECT_EQ(code("mkdir", api::toJson(api::PathRequest{.path = {folder / "new"}})),
              ErrorCode::PermissionDenied);
    EXPECT_EQ(code("remove", api::toJson(api::PathRequest{.path = {folder / "secret"}})),
              ErrorCode::PermissionDenied);
}

// ---- list ---------------------------------------------------------------------------------------

TEST_F(InitFiles, ListIsSortedByBytesWithOddNames)
{
    for (const char* const name : {"b", "B", "a", ".hidden", "\xff\xfe", "new\nline",
                                   "\"entries\":[]", "\xc3\xa9", " ", "-rf"})
        writeText(m_folder / name, "");
    fs::create_symlink("/etc", m_folder / "link");
    fs::create_directory(m_folder / "folder");
    const auto listed = list(m_folder.path());
    ASSERT_TRUE(listed) << listed.error().message;
    EXPECT_EQ(listed->path.bytes, m_folder.path());
    EXPECT_EQ(names(m_folder.path()),
              (std::vector<std::string>{" ", "\"entries\":[]", "-rf", ".hidden", "B", "a", "b",
                                        "folder", "link", "new\nline", "\xc3\xa9", "\xff\xfe"}));
    const auto link = std::ranges::find_if(
        listed->entries, [](const auto& entry) { return entry.name.bytes == "link"; });
    EXPECT_EQ(link->linkTarget->bytes, "/etc");
    EXPECT_EQ(link->targetType, api::FileType::Directory);
    EXPECT_EQ(read(m_folder / "\xff\xfe"), "");
}

TEST_F(InitFiles, ListOfWhatIsNoFolder)
{
    writeText(m_folder / "file", "");
    EXPECT_EQ(list(m_folder / "file").error().code, ErrorCode::NotADirectory);
    EXPECT_EQ(list(m_folder / "nothing").error().code, ErrorCode::NotFound);
    fs::create_directory(m_folder / "\"entries\":[]");
    EXPECT_TRUE(list(m_folder / "\"entries\":[]")->entries.empty());
}

TEST_F(InitFiles, ListOfAHundredThousand)
{
#if defined(__SANITIZE_ADDRESS__)
    constexpr int kMany = 10'000; // the tenth takes as long
#else
    constexpr int kMany = 100'000;
#endif
    for (int i = 0; i < kMany; ++i) {
        const int file = ::open((m_folder / ("a-file-of-many-" + std::to_string(i))).c_str(),
                                O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
        ASSERT_GE(file, 0);
        ::close(file);
    }
    const std::uint32_t channel = m_init.newChannel();
    ASSERT_TRUE(m_init.ask<api::Empty>("list", api::ListRequest{{m_folder.path()}}, channel));
    // Others are served meanwhile.
    EXPECT_EQ(m_init.shell("echo meanwhile").out, "meanwhile\n");
    ASSERT_TRUE(m_init.readUntil([&] { return m_init.channel(channel).ended; }, 90s));
    const auto listed = api::fromJson<api::FileList>(m_init.channel(channel).data);
    ASSERT_TRUE(listed);
    EXPECT_EQ(listed->entries.size(), std::size_t{kMany});
    EXPECT_TRUE(std::ranges::is_sorted(listed->entries, {},
                                       [](const auto& entry) { return entry.name.bytes; }));
#if !defined(__SANITIZE_ADDRESS__)
    EXPECT_LT(m_init.memoryPeakKb(), 40 * 1024);
#endif
}

// ---- mkdir, remove ------------------------------------------------------------------------------

TEST_F(InitFiles, Mkdir)
{
    const auto made = mkdir(m_folder / "new");
    ASSERT_TRUE(made);
    EXPECT_EQ(made->type, api::FileType::Directory);
    EXPECT_EQ(made->mode, 0755);
    EXPECT_EQ(mkdir(m_folder / "new").error().code, ErrorCode::Exists);
    EXPECT_EQ(mkdir(m_folder / "a/b/c").error().code, ErrorCode::NotFound);
    EXPECT_TRUE(mkdir(m_folder / "a/b/c/", true));
    EXPECT_TRUE(fs::is_directory(m_folder / "a/b/c"));
    EXPECT_TRUE(mkdir(m_folder / "a/b/c", true));
    writeText(m_folder / "file", "");
    EXPECT_EQ(mkdir(m_folder / "file", true).error().code, ErrorCode::NotADirectory);
    EXPECT_EQ(mkdir(m_folder / "file/x", true).error().code, ErrorCode::NotADirectory);
}

TEST_F(InitFiles, Remove)
{
    fs::create_directories(m_folder / "outside");
    writeText(m_folder / "outside/kept", "");
    fs::create_directories(m_folder / "tree/a/b");
    writeText(m_folder / "tree/a/file", "");
    fs::create_symlink(m_folder / "outside", m_folder / "tree/link");
    EXPECT_EQ(remove(m_folder / "tree").error().code, ErrorCode::NotEmpty);
    EXPECT_TRUE(remove(m_folder / "tree", true));
    EXPECT_FALSE(fs::exists(m_folder / "tree"));
    EXPECT_TRUE(fs::exists(m_folder / "outside/kept")); // the link was removed, not followed
    EXPECT_TRUE(remove(m_folder / "outside/kept"));
    EXPECT_TRUE(remove(m_folder / "outside"));
    EXPECT_EQ(remove(m_folder / "outside").error().code, ErrorCode::NotFound);
    EXPECT_EQ(remove(m_folder / "outside", true).error().code, ErrorCode::NotFound);
    EXPECT_EQ(remove("/").error().code, ErrorCode::BadRequest);
    EXPECT_EQ(remove("//", true).error().code, ErrorCode::BadRequest);
}

TEST_F(InitFiles, AMountPointIsNotEmptiedInVain)
{
    fs::create_directories(m_folder / "mounted");
    if (::mount("none", (m_folder / "mounted").c_str(), "tmpfs", 0, nullptr) != 0)
        GTEST_SKIP() << "mounting needs root";
    writeText(m_folder / "mounted/kept", "");
    const auto removed = remove(m_folder / "mounted", true);
    EXPECT_TRUE(fs::exists(m_folder / "mounted/kept"));
    ::umount2((m_folder / "mounted").c_str(), MNT_DETACH);
    ASSERT_FALSE(removed);
    EXPECT_EQ(removed.error().code, ErrorCode::Conflict);
}

TEST_F(InitFiles, ALongRemovalHoldsUpNobody)
{
    for (int folder = 0; folder < 50; ++folder) {
        const std::string path = m_folder / ("tree/" + std::to_string(folder));
        fs::create_directories(path);
        for (int file = 0; file < 100; ++file)
            writeText(path + "/" + std::to_string(file), "");
    }
    const auto id = m_init.send(
        "remove", api::toJson(api::PathRequest{.path = {m_folder / "tree"}, .recursive = true}));
    EXPECT_EQ(m_init.shell("echo meanwhile").out, "meanwhile\n");
    EXPECT_FALSE(m_init.waitReply(id).error);
    EXPECT_FALSE(fs::exists(m_folder / "tree"));
}

// ---- move, copy ---------------------------------------------------------------------------------

TEST_F(InitFiles, Move)
{
    writeText(m_folder / "from", "content");
    writeText(m_folder / "other", "other");
    fs::create_directories(m_folder / "sub");
    const auto moved = move(m_folder / "from", m_folder / "sub/to");
    ASSERT_TRUE(moved);
    EXPECT_EQ(moved->name.bytes, "to");
    EXPECT_EQ(readText(m_folder / "sub/to"), "content");
    EXPECT_EQ(move(m_folder / "sub/to", m_folder / "other").error().code, ErrorCode::Exists);
    EXPECT_EQ(readText(m_folder / "other"), "other");
    EXPECT_TRUE(move(m_folder / "sub/to", m_folder / "other", true));
    EXPECT_EQ(readText(m_folder / "other"), "content");
    EXPECT_EQ(move(m_folder / "nothing", m_folder / "x").error().code, ErrorCode::NotFound);
    EXPECT_EQ(move(m_folder / "other", m_folder / "no/such/x").error().code, ErrorCode::NotFound);
    EXPECT_EQ(move(m_folder / "sub", m_folder / "sub/below").error().code, ErrorCode::BadRequest);
}

TEST_F(InitFiles, MoveReplacesFoldersWhole)
{
    fs::create_directories(m_folder / "old/deep");
    writeText(m_folder / "old/deep/file", "old");
    fs::create_directories(m_folder / "new");
    writeText(m_folder / "new/file", "new");
    EXPECT_EQ(move(m_folder / "new", m_folder / "old").error().code, ErrorCode::Exists);
    ASSERT_TRUE(move(m_folder / "new", m_folder / "old", true));
    EXPECT_EQ(names(m_folder.path()), std::vector<std::string>{"old"});
    EXPECT_EQ(names(m_folder / "old"), std::vector<std::string>{"file"});
    // A file in the place of a folder, and the other way round.
    writeText(m_folder / "file", "file");
    ASSERT_TRUE(move(m_folder / "file", m_folder / "old", true));
    EXPECT_EQ(readText(m_folder / "old"), "file");
    fs::create_directories(m_folder / "folder");
    ASSERT_TRUE(move(m_folder / "folder", m_folder / "old", true));
    EXPECT_EQ(stat(m_folder / "old")->type, api::FileType::Directory);
}

TEST_F(InitFiles, MoveToAnotherFileSystem)
{
    TemporaryFolder elsewhere;
    fs::create_directories(m_folder / "mounted");
    if (::mount("none", (m_folder / "mounted").c_str(), "tmpfs", 0, nullptr) != 0)
        GTEST_SKIP() << "mounting needs root";
    fs::create_directories(elsewhere / "tree/sub");
    writeText(elsewhere / "tree/sub/file", "content");
    const auto moved = move(elsewhere / "tree", m_folder / "mounted/tree");
    EXPECT_TRUE(moved) << moved.error().message;
    EXPECT_EQ(readText(m_folder / "mounted/tree/sub/file"), "content");
    EXPECT_FALSE(fs::exists(elsewhere / "tree"));
    EXPECT_EQ(names(m_folder / "mounted"), std::vector<std::string>{"tree"});
    ::umount2((m_folder / "mounted").c_str(), MNT_DETACH);
}

TEST_F(InitFiles, CopyKeepsModesOwnersAndLinks)
{
    fs::create_directories(m_folder / "tree/sub");
    writeText(m_folder / "tree/script", std::string(300'000, 'x'));
    ::chmod((m_folder / "tree/script").c_str(), 04755);
    ::chmod((m_folder / "tree/sub").c_str(), 0700);
    fs::create_symlink("script", m_folder / "tree/link");
    fs::create_symlink("/nowhere", m_folder / "tree/dangling");
    ASSERT_EQ(::mkfifo((m_folder / "tree/fifo").c_str(), 0600), 0);
    const bool root = ::geteuid() == 0;
    if (root) {
        ASSERT_EQ(::chown((m_folder / "tree/script").c_str(), 4242, 4343), 0);
        ::chmod((m_folder / "tree/script").c_str(), 04755);
    }
    const auto copied = copy(m_folder / "tree", m_folder / "copy");
    ASSERT_TRUE(copied) << copied.error().message;
    EXPECT_EQ(readText(m_folder / "copy/script"), std::string(300'000, 'x'));
    EXPECT_EQ(stat(m_folder / "copy/script")->mode, 04755);
    EXPECT_EQ(stat(m_folder / "copy/script")->uid, root ? 4242 : ::geteuid());
    EXPECT_EQ(stat(m_folder / "copy/sub")->mode, 0700);
    EXPECT_EQ(fs::read_symlink(m_folder / "copy/link"), "script");
    EXPECT_EQ(fs::read_symlink(m_folder / "copy/dangling"), "/nowhere");
    EXPECT_EQ(stat(m_folder / "copy/fifo")->type, api::FileType::Fifo);
    EXPECT_EQ(names(m_folder.path()), (std::vector<std::string>{"copy", "tree"}));
}

TEST_F(InitFiles, CopyRefusesAndReplaces)
{
    writeText(m_folder / "a", "a");
    writeText(m_folder / "b", "b");
    fs::create_directories(m_folder / "tree");
    EXPECT_EQ(copy(m_folder / "a", m_folder / "b").error().code, ErrorCode::Exists);
    ASSERT_TRUE(copy(m_folder / "a", m_folder / "b", true));
    EXPECT_EQ(readText(m_folder / "b"), "a");
    ASSERT_TRUE(copy(m_folder / "a", m_folder / "tree", true));
    EXPECT_EQ(readText(m_folder / "tree"), "a");
    fs::create_directories(m_folder / "folder/sub");
    EXPECT_EQ(copy(m_folder / "folder", m_folder / "folder/sub/x").error().code,
              ErrorCode::BadRequest);
    fs::create_symlink("folder", m_folder / "alias");
    EXPECT_EQ(copy(m_folder / "folder", m_folder / "alias/sub/x").error().code,
              ErrorCode::BadRequest);
    EXPECT_EQ(copy(m_folder / "nothing", m_folder / "x").error().code, ErrorCode::NotFound);
    EXPECT_EQ(names(m_folder.path()),
              (std::vector<std::string>{"a", "alias", "b", "folder", "tree"}));
}

} // namespace

} // namespace caisson::init::test
