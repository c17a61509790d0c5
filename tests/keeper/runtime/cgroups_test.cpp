// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/runtime/cgroup_hierarchies.h"

#include <gtest/gtest.h>

namespace caisson::keeper {

namespace {

std::string text(const std::vector<CgroupHierarchy>& hierarchies)
{
    std::string all;
    for (const CgroupHierarchy& hierarchy : hierarchies) {
        all += hierarchy.version == CgroupHierarchy::Version::One ? "1" : "2";
        for (const std::string& controller : hierarchy.controllers)
            all += " " + controller;
        all += " " + hierarchy.mountPoint + " [" + hierarchy.ownPath + "]\n";
    }
    return all;
}

} // namespace

TEST(CgroupHierarchies, UnifiedHost)
{
    EXPECT_EQ(
        text(parseCgroupHierarchies(
            "24 1 0:22 / /sys rw shared:2 - sysfs sysfs rw\n"
            "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
            "0::/user.slice/user-1000.slice/session-3.scope\n")),
        "2 /sys/fs/cgroup [/user.slice/user-1000.slice/session-3.scope]\n");
}

TEST(CgroupHierarchies, HybridHost)
{
    EXPECT_EQ(text(parseCgroupHierarchies(
                  "31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
                  "32 30 0:28 / /sys/fs/cgroup/pids rw shared:9 master:1 - cgroup cgroup rw,pids\n"
                  "33 30 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"
                  "34 30 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
                  "4:name=systemd:/x\n3:pids:/\n2:cpu,cpuacct:/a/b\n0::/\n")),
              "1 cpu cpuacct /sys/fs/cgroup/cpu,cpuacct [/a/b]\n1 pids /sys/fs/cgroup/pids []\n"
              "1 name=systemd /sys/fs/cgroup/systemd [/x]\n2 /sys/fs/cgroup/unified []\n");
}

// In a container, the mount shows only the part that is the container's.
TEST(CgroupHierarchies, PartOfAHierarchy)
{
    EXPECT_EQ(text(parseCgroupHierarchies(
                  "9 8 0:26 /docker/abc /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids\n"
                  "9 8 0:27 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n",
                  "3:pids:/docker/abc/inner\n4:cpu:/elsewhere\n")),
              "1 pids /sys/fs/cgroup/pids [/inner]\n");
}

TEST(CgroupHierarchies, Nonsense)
{
    EXPECT_EQ(text(parseCgroupHierarchies("", "")), "");
    EXPECT_EQ(
        text(parseCgroupHierarchies("a b - cgroup2\n1 2 3 4 5 6 - cgroup x\n\n", "x\n:\n::\n")),
        "");
}

} // namespace caisson::keeper
