// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/daemon/key_ring.h"

#include "backend/base/files.h"
#include "backend/base/id.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace caisson;
using namespace caisson::daemon;

namespace {

class KeyRingTest : public testing::Test
{
protected:
    void SetUp() override
    {
        if (!ring.isAvailable())
            GTEST_SKIP() << "this kernel lets this user have no keyring (keyrings(7)); containers "
                            "allow add_key and keyctl in their seccomp profile";
    }
    ~KeyRingTest() override { ring.clear(); }

    std::string read(KeyRing& from, const std::string& name) const
    {
        const std::optional<SecretText> value = from.find(name);
        return value ? std::string(value->view()) : "none";
    }

    const std::string home = "/tmp/home-" + randomId();
    KeyRing ring{home};
};

} // namespace

TEST_F(KeyRingTest, GivesBackWhatItWasGiven)
{
    ASSERT_TRUE(ring.store("a", "one"));
    ASSERT_TRUE(ring.store("b", std::string("\xff\x00 two", 6)));
    EXPECT_EQ(read(ring, "a"), "one");
    EXPECT_EQ(read(ring, "b"), std::string("\xff\x00 two", 6));
    EXPECT_EQ(read(ring, "c"), "none");
    ASSERT_TRUE(ring.store("a", "another, longer one"));
    EXPECT_EQ(read(ring, "a"), "another, longer one");
    ring.erase("a");
    EXPECT_EQ(read(ring, "a"), "none");
    EXPECT_EQ(read(ring, "b").size(), 6u);
}

TEST_F(KeyRingTest, IsFoundAgainByAnotherProcessOfThatHome)
{
    ASSERT_TRUE(ring.store("a", "one"));
    const pid_t child = ::fork();
    if (child == 0) {
        // As a service manager starts programs: in a session of their own, linked to nothing.
        KeyRing again(home);
        KeyRing other(home + "-other");
        const bool found = read(again, "a") == "one" && read(other, "a") == "none";
        other.clear();
        ::_exit(found ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

TEST_F(KeyRingTest, SaysWhatIsTooLargeAndKeepsNothingOlder)
{
    ASSERT_TRUE(ring.store("a", "one"));
    const std::string large(64 * 1024, 'x');
    if (const Result<void> stored = ring.store("a", large)) {
        EXPECT_EQ(read(ring, "a"), large); // a kernel with big_key
    } else {
        EXPECT_EQ(stored.error().code, ErrorCode::NoSpace);
        EXPECT_EQ(read(ring, "a"), "none");
    }
    ASSERT_TRUE(ring.store("a", "small"));
    EXPECT_EQ(read(ring, "a"), "small");
}

TEST_F(KeyRingTest, IsClosedToOthers)
{
    ASSERT_TRUE(ring.store("caisson-test-key", "one"));
    const Result<std::string> keys = readFile("/proc/keys");
    ASSERT_TRUE(keys);
    const std::size_t name = keys->find("caisson-test-key");
    ASSERT_NE(name, std::string::npos);
    const std::size_t line = keys->rfind('\n', name) + 1;
    EXPECT_NE(keys->substr(line, name - line).find(" 3f010000 "), std::string::npos)
        << keys->substr(line, name - line);
}

TEST(KeyRing, CanBeMissing)
{
    KeyRing none(std::nullopt);
    EXPECT_FALSE(none.isAvailable());
    EXPECT_FALSE(none.store("a", "one"));
    EXPECT_FALSE(none.find("a"));
    none.erase("a");
    none.clear();
}
