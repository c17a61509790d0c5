// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/keeper/runtime/container_fixture.h"

#include <filesystem>
#include <format>
#include <fstream>
#include <sys/stat.h>

namespace caisson::test {

class Files : public ContainerTest
{
};

INSTANTIATE_TEST_SUITE_P(As, Files, testing::Values(As::Root, As::User), asName);

TEST_P(Files, TheHostsProgramsAreThere)
{
    const auto container = start();
    EXPECT_EQ(container->run("readlink -f /bin/sh"), onHost("readlink -f /bin/sh"));
    EXPECT_EQ(container->run("ls /usr/bin | wc -l"), onHost("ls /usr/bin | wc -l"));
    EXPECT_EQ(container->run("cmp /etc/ld.so.cache /etc/ld.so.cache && ldconfig -p | wc -l"),
              onHost("ldconfig -p | wc -l"));
    EXPECT_EQ(container->run("dpkg-query -W | wc -l"), onHost("dpkg-query -W | wc -l"));
}

TEST_P(Files, UsrIsCopiedOnWriteAndTheHostsStays)
{
    const auto container = start();
    const std::string before = onHost("stat -c '%i %s %Y %Z' /usr/bin/perl /usr/bin /usr/share");
    const std::string script = "echo x > /usr/bin/caisson-new && echo y >> /usr/bin/perl && "
                               "mv /usr/bin/env /usr/bin/env-renamed && rm /usr/bin/sed && "
                               "mkdir /usr/share/caisson && rm -r /usr/share/perl5 && echo done";
    if (!asRoot()) {
        EXPECT_TRUE(container->run(script).contains("Read-only file system"));
        bool noted = false;
        for (const std::string& note : container->notes())
            noted = noted || note.contains("read-only are /usr");
        EXPECT_TRUE(noted);
        return;
    }
    EXPECT_EQ(container->run(script), "done");
    EXPECT_EQ(
        container->run("ls /usr/bin/sed /usr/bin/env /usr/share/perl5 2>&1 | grep -c 'No such'"),
        "3");
    EXPECT_EQ(container->run("tail -c 2 /usr/bin/perl; ls -A /usr/share/caisson"), "y");
    EXPECT_EQ(onHost("stat -c '%i %s %Y %Z' /usr/bin/perl /usr/bin /usr/share"), before);
    EXPECT_FALSE(exists("/usr/bin/caisson-new"));
    EXPECT_TRUE(exists("/usr/bin/sed"));
    for (const std::string& note : container->notes())
        EXPECT_FALSE(note.contains("read-only")) << note;
}

// A package with a file, a script and an account: what `apt install` ends in.
TEST_P(Files, PackagesAreInstalled)
{
    if (!asRoot())
        GTEST_SKIP() << "without root the host's /usr is read-only inside (design, section 5)";
    if (!exists("/usr/bin/dpkg-deb"))
        GTEST_SKIP() << "this host has no dpkg";
    const auto container = start();
    const std::string said = container->run(R"(set -e
mkdir -p /tmp/p/DEBIAN /tmp/p/usr/bin /tmp/p/var/lib/caisson-package
printf 'Package: caisson-package\nVersion: 1\nArchitecture: all\nMaintainer: t <t@e>\nDescription: t\n' > /tmp/p/DEBIAN/control
printf '#!/bin/sh\nset -e\nuseradd --system --home-dir /nonexistent caisson-daemon\nchown caisson-daemon /var/lib/caisson-package\n' > /tmp/p/DEBIAN/postinst
chmod 755 /tmp/p/DEBIAN/postinst
printf '#!/bin/sh\necho installed\n' > /tmp/p/usr/bin/caisson-package
chmod 4755 /tmp/p/usr/bin/caisson-package
dpkg-deb --root-owner-group --build /tmp/p /tmp/p.deb > /dev/null
dpkg -i /tmp/p.deb > /tmp/log 2>&1 || cat /tmp/log
caisson-package
stat -c %U /var/lib/caisson-package)");
    EXPECT_EQ(said, "installed\ncaisson-daemon");
    EXPECT_EQ(onHost("dpkg-query -W caisson-package 2>&1 | grep -c 'no packages'"), "1");
}

// Inside a container, on a live system, on NFS or an older kernel. Here for another reason: what is
// id-mapped already cannot be id-mapped again.
TEST_P(Files, FileSystemsThatCannotBeMappedWorkToo)
{
    if (!asRoot())
        GTEST_SKIP() << "id-mapping is root's";
    const std::string again = "mount --bind -o X-mount.idmap=b:0:0:2147483647 ";
    const auto container =
        start({}, {"unshare", "-m", "sh", "-ec",
                   again + "/usr /usr; " + again + home() + " " + home() + "; exec \"$@\"", "sh"});
    ASSERT_TRUE(container->started());
    EXPECT_EQ(container->run("echo x > /etc/new && rm /etc/fstab && mkdir /top && echo done; "
                             "stat -c '%u %U' / /etc /etc/passwd /top /home/dev"),
              "done\n0 root\n0 root\n0 root\n0 root\n1000 dev");
    EXPECT_TRUE(container->run("touch /usr/x 2>&1").contains("Read-only file system"));
    EXPECT_EQ(container->run("su dev -c 'touch ~/y; stat -c %u ~/y'"), "1000");
    bool noted = false;
    for (const std::string& note : container->notes())
        noted = noted || note == "files: read-only are /usr, since their file system cannot be "
                                 "id-mapped";
    EXPECT_TRUE(noted);
}

TEST_P(Files, WhatIsWrittenStays)
{
    {
        const auto container = start();
        container->run("echo kept > /workspace/file; rm /etc/fstab; mkdir -p /opt/deep/er; "
                       "chown 1000 /opt/deep; ln -s /nowhere /srv/link");
    }
    const auto container = start();
    EXPECT_EQ(container->run("cat /workspace/file; ls /etc/fstab; stat -c %u /opt/deep; "
                             "readlink /srv/link"),
              "kept\nls: cannot access '/etc/fstab': No such file or directory\n1000\n/nowhere");
}

TEST_P(Files, NamesAreTheSandboxs)
{
    std::string machineId;
    {
        const auto container = start({"--name", "blue"});
        EXPECT_EQ(container->run("hostname; cat /etc/hostname; getent hosts blue | tr -s ' '"),
                  "blue\nblue\n127.0.1.1 blue");
        machineId = container->run("cat /etc/machine-id");
        EXPECT_EQ(machineId.size(), 32U);
        container->run("echo 10.0.0.1 mine >> /etc/hosts");
    }
    {
        const auto container = start({"--name", "blue"});
        EXPECT_EQ(container->run("grep -c mine /etc/hosts; cat /etc/machine-id"),
                  "1\n" + machineId);
    }
    const auto container = start({"--name", "green"});
    EXPECT_EQ(container->run("hostname; getent hosts green | tr -s ' '; cat /etc/machine-id"),
              "green\n127.0.1.1 green\n" + machineId);
}

TEST_P(Files, DevWorksInWorkspaceToo)
{
    const auto container = start();
    const std::string script =
        "su dev -c 'cd /workspace && echo hi > file && mkdir d && "
        "touch ~/x /tmp/y && stat -c %U file'; echo more >> /workspace/file; "
        "cat /workspace/file";
    EXPECT_EQ(container->run(script), "dev\nhi\nmore");
}

TEST_P(Files, AMessInsideIsNoDangerToTheHost)
{
    const std::string outside = makeFolder("outside");
    std::ofstream(outside + "/hosts") << "host's own\n";
    {
        const auto container = start();
        container->run(
            std::format("rm -rf /etc /workspace; ln -s {0} /etc; ln -s {0} /workspace", outside));
    }
    // Host name and hosts are written by the host into what is now a link to the host's folder.
    const auto container = start({"--name", "other"});
    EXPECT_EQ(contentOf(outside + "/hosts"), "host's own\n");
    EXPECT_EQ(onHost("ls " + outside), "hosts");
    EXPECT_EQ(container->run("hostname"), "other");
}

TEST_P(Files, InitCannotBeMovedAway)
{
    {
        const auto container = start();
        EXPECT_NE(container->run("rm -rf /.caisson 2>&1; echo x > /.caisson/init; "
                                 "mv /.caisson /other; umount /.caisson"),
                  "");
        EXPECT_EQ(container->run("ls -A /.caisson"), "init");
    }
    EXPECT_EQ(start()->run("ls -A /.caisson"), "init");
}

TEST_P(Files, WorkspaceIsSeenFromOutside)
{
    const auto container = start();
    const std::string workspace = container->fact("workspace");
    container->run("echo inside > /workspace/a");
    EXPECT_EQ(onHost("cat " + workspace + "/a"), "inside");
    EXPECT_EQ(onHost("echo outside > " + workspace + "/b && mkdir " + workspace + "/c"), "");
    EXPECT_EQ(container->run("cat /workspace/b; rm -r /workspace/b /workspace/c; ls /workspace"),
              "outside\na");
}

} // namespace caisson::test
