// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/journal/journal.h"

#include "backend/base/id.h"

#include <array>
#include <filesystem>
#include <gtest/gtest.h>

using namespace caisson;
using namespace caisson::keeper;

namespace {

class JournalTest : public testing::Test
{
protected:
    ~JournalTest() override { std::filesystem::remove_all(folder); }

    static std::string readFrom(const Journal& journal, std::int64_t offset)
    {
        std::string text;
        std::array<char, 7> room; // small, to cross segments in the middle
        for (;;) {
            const auto got = journal.read(offset + static_cast<std::int64_t>(text.size()), room);
            EXPECT_TRUE(got);
            if (!got || *got == 0)
                return text;
            text.append(room.data(), *got);
        }
    }

    std::string folder = "/tmp/caisson-journal-" + randomId();
};

std::string numbers(int from, int to)
{
    std::string text;
    for (int i = from; i < to; ++i)
        text += std::to_string(i) + "\n";
    return text;
}

} // namespace

TEST_F(JournalTest, GivesBackEveryByteFromAnyOffset)
{
    auto journal = Journal::create(folder, 10'000, 100);
    ASSERT_TRUE(journal) << journal.error().message;
    const std::string text = numbers(0, 500);
    for (std::size_t i = 0; i < text.size(); i += 33)
        ASSERT_TRUE(journal->append(std::string_view(text).substr(i, 33)));
    EXPECT_EQ(journal->first(), 0);
    EXPECT_EQ(journal->end(), static_cast<std::int64_t>(text.size()));
    for (const std::size_t offset : {std::size_t(0), std::size_t(1), std::size_t(99),
                                     std::size_t(100), std::size_t(101), text.size()})
        EXPECT_EQ(readFrom(*journal, static_cast<std::int64_t>(offset)), text.substr(offset));
}

TEST_F(JournalTest, KeepsTheNewestAndSaysWhereItBegins)
{
    auto journal = Journal::create(folder, 1000, 100);
    ASSERT_TRUE(journal);
    const std::string text = numbers(0, 2000);
    ASSERT_TRUE(journal->append(text));
    const std::int64_t kept = journal->end() - journal->first();
    EXPECT_GE(kept, 1000);
    EXPECT_LE(kept, 1100);
    EXPECT_EQ(readFrom(*journal, journal->first()),
              text.substr(static_cast<std::size_t>(journal->first())));
    std::array<char, 8> room;
    EXPECT_FALSE(journal->read(journal->first() - 1, room));
    EXPECT_FALSE(journal->read(journal->end() + 1, room));
    std::uintmax_t onDisk = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        onDisk += entry.file_size();
    EXPECT_EQ(onDisk, static_cast<std::uintmax_t>(kept));
}

TEST_F(JournalTest, LeavesNothingBehind)
{
    auto journal = Journal::create(folder, 1000, 100);
    ASSERT_TRUE(journal);
    ASSERT_TRUE(journal->append(numbers(0, 1000)));
    journal->remove();
    EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST_F(JournalTest, DoesNotGoOnInAnothersFolder)
{
    ASSERT_TRUE(Journal::create(folder));
    EXPECT_FALSE(Journal::create(folder));
}
