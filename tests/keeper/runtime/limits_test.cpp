// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/keeper/runtime/container_fixture.h"

#include <algorithm>
#include <format>

namespace caisson::test {

class LimitsTest : public ContainerTest
{
protected:
    static bool hasNote(const RunningContainer& container, const std::string& start)
    {
        return std::ranges::any_of(
            container.notes(), [&](const std::string& note) { return note.starts_with(start); });
    }
};

INSTANTIATE_TEST_SUITE_P(As, LimitsTest, testing::Values(As::Root, As::User), asName);

TEST_P(LimitsTest, ProcessesAreBounded)
{
    const auto container = start({"--pids", "40"});
    EXPECT_EQ(container->fact("pids"), "40");
    const std::string said = container->run("perl -e 'my $n = 0; while ($n < 200) { my $p = fork; "
                                            "last unless defined $p; if (!$p) { sleep 60; exit } "
                                            "push @p, $p; $n++ } print $n; kill 9, @p; "
                                            "waitpid $_, 0 for @p'");
    const int forked = std::atoi(said.c_str());
    EXPECT_GT(forked, 20) << said;
    EXPECT_LT(forked, 40) << said;
    EXPECT_EQ(container->run("echo alive"), "alive");
}

TEST_P(LimitsTest, ProcessesAreBoundedWhenNobodyAsks)
{
    EXPECT_EQ(start()->fact("pids"), "1024");
}

// Other processes of the person who starts a sandbox do not count, and other ids inside do.
TEST_P(LimitsTest, TheBoundIsOnTheWholeSandbox)
{
    const auto container = start({"--pids", "40"});
    // The kernel enforces no RLIMIT_NPROC on namespaces that the host's root makes.
    if (asRoot() && hasNote(*container, "pids: "))
        GTEST_SKIP() << "this host has no pids cgroup";
    const std::string said = container->run(R"(cat > /tmp/forks <<'perl'
for (1..30) {
    my $process = fork;
    last unless defined $process;
    if (!$process) { close STDOUT; close STDERR; sleep 2; exit }
    $forked++;
}
print $forked;
perl
a=$(perl /tmp/forks)
b=$(su dev -c 'perl /tmp/forks')
echo $((a + b)))");
    EXPECT_LT(std::atoi(said.c_str()), 40) << said;
    EXPECT_GT(std::atoi(said.c_str()), 10) << said;
}

TEST_P(LimitsTest, MemoryIsBoundedOrSaidNotToBe)
{
    const auto container = start({"--memory", std::to_string(64 << 20)});
    if (container->fact("memory") == "0") {
        EXPECT_TRUE(hasNote(*container, "memory: "));
        return;
    }
    EXPECT_EQ(container->fact("memory"), std::to_string(64 << 20));
    EXPECT_EQ(
        container->run("perl -e '$x = \"a\" x (200 * 1024 * 1024); print length $x'; echo $?"),
        "Killed\n137");
    EXPECT_EQ(container->run("echo alive"), "alive");
}

TEST_P(LimitsTest, ProcessorsAreBoundedOrSaidNotToBe)
{
    const auto container = start({"--cpus", "0.25"});
    if (container->fact("cpus") == "0") {
        EXPECT_TRUE(hasNote(*container, "cpus: "));
        return;
    }
    // Half a second of wall time gives an eighth of a second of processor time.
    const std::string used =
        container->run("perl -e 'use Time::HiRes qw(time); my $e = time + 1; 1 while time < $e; "
                       "print int(100 * (times)[0])'");
    EXPECT_LT(std::atoi(used.c_str()), 50) << "hundredths of a second in one second";
}

} // namespace caisson::test
