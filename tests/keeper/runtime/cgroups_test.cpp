// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/runtime/cgroup_hierarchies.h"

#include "backend/base/unique_fd.h"
#include "backend/keeper/runtime/cgroups.h"

#include <algorithm>
#include <fcntl.h>
#include <format>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

// As on a host whose groups are all of version 2, which this one need not be: a version 2 group without
// controllers will do.
TEST(Cgroups, AChildIsBornInsideAGroup)
{
    const std::vector<CgroupHierarchy> hierarchies = cgroupHierarchies();
    const auto unified =
        std::ranges::find(hierarchies, CgroupHierarchy::Version::Two, &CgroupHierarchy::version);
    if (unified == hierarchies.end())
        GTEST_SKIP() << "no cgroup2 is mounted";
    const std::string name = std::format("/caisson-test-{}", ::getpid());
    const std::string folder = unified->mountPoint + unified->ownPath + name;
    if (::mkdir(folder.c_str(), 0755) != 0)
        GTEST_SKIP() << "no group can be made in " << unified->mountPoint;
    {
        const UniqueFd group(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        ASSERT_TRUE(group);
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        const pid_t child = forkInto(group.get());
        if (child == 0) {
            char text[4096];
            const int own = ::open("/proc/self/cgroup", O_RDONLY);
            const ssize_t size = ::read(own, text, sizeof text);
            ::_exit(size > 0 && ::write(ends[1], text, static_cast<std::size_t>(size)) == size ? 0
                                                                                               : 1);
        }
        ASSERT_GT(child, 0) << std::generic_category().message(errno);
        int status = -1;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
        std::string said(4096, '\0');
        said.resize(static_cast<std::size_t>(
            std::max<ssize_t>(::read(ends[0], said.data(), said.size()), 0)));
        EXPECT_NE(said.find("0::" + unified->ownPath + name + "\n"), std::string::npos) << said;
        ::close(ends[0]);
        ::close(ends[1]);
    }
    EXPECT_EQ(::rmdir(folder.c_str()), 0);
}

} // namespace caisson::keeper
