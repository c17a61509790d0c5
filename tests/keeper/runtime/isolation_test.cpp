// SPDX-License-Identifier: GPL-3.0-or-later
//
// What of the host a sandbox must not have: each test tries to get it.

#include "backend/base/id.h"
#include "tests/keeper/runtime/container_fixture.h"

#include <arpa/inet.h>
#include <filesystem>
#include <format>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace caisson::test {

class Isolation : public ContainerTest
{
};

INSTANTIATE_TEST_SUITE_P(As, Isolation, testing::Values(As::Root, As::User), asName);

namespace {

/// Files with a content that is nowhere else, in places of the host that are none of a sandbox's
/// business. Needs root.
class Canaries
{
public:
    Canaries()
    {
        for (const char* folder :
             {"/root", "/home", "/srv", "/opt", "/var", "/var/lib", "/var/tmp", "/var/cache",
              "/run", "/tmp", "/mnt", "/boot", "/etc", "/etc/ssh", "/etc/ssl/private", "/"}) {
            if (!std::filesystem::is_directory(folder))
                continue;
            m_paths.push_back(std::filesystem::path(folder) / ("canary-" + m_token));
            writeFile(m_paths.back(), m_token);
        }
        m_folder = "/canary-folder-" + m_token;
        writeFile(m_folder + "/file", m_token);
        m_paths.push_back(m_folder + "/file");
    }
    ~Canaries()
    {
        for (const std::string& path : m_paths)
            std::filesystem::remove(path);
        std::filesystem::remove(m_folder);
    }

    const std::vector<std::string>& paths() const { return m_paths; }
    const std::string& token() const { return m_token; }

private:
    std::string m_token = randomId();
    std::string m_folder;
    std::vector<std::string> m_paths;
};

UniqueFd listeningUnix(const std::string& name)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, sizeof address.sun_path);
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(fd.get(), 8), 0);
    if (name.starts_with('/'))
        std::filesystem::permissions(name, std::filesystem::perms::all);
    return fd;
}

/// Says "connected" or why not.
std::string connectUnix(const std::string& perlName)
{
    return std::format("perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); "
                       "print connect(S, sockaddr_un(\"{}\")) ? \"connected\" : $!'",
                       perlName);
}

std::string connectTcp(const std::string& address, int port)
{
    return std::format("perl -MSocket -e 'socket(S, AF_INET, SOCK_STREAM, 0); print connect(S, "
                       "sockaddr_in({}, inet_aton(\"{}\"))) ? \"connected\" : $!'",
                       port, address);
}

} // namespace

TEST_P(Isolation, NoFileOfTheHostIsSeen)
{
    if (::geteuid() != 0)
        GTEST_SKIP() << "only root can plant files all over the host: run the tests as root";
    const Canaries canaries;
    const auto container = start();
    std::string script = std::format("find / -xdev -name '*{}*'\n", canaries.token());
    for (const std::string& path : canaries.paths())
        script += std::format("cat '{}' 2>/dev/null\n", path);
    script += std::format("grep -rsl {} /etc /home /root /run /tmp /mnt /media /srv /opt /boot "
                          "--exclude-dir=proc\n",
                          canaries.token());
    EXPECT_EQ(container->run(script), "");
}

TEST_P(Isolation, TopLevelIsTheSandboxsOwn)
{
    const auto container = start();
    const std::string known = " .caisson bin boot dev etc home lib lib32 lib64 libo32 libx32 media "
                              "mnt opt proc root run sbin srv sys tmp usr var workspace ";
    std::istringstream names(container->run("ls -A /"));
    for (std::string name; names >> name;)
        EXPECT_TRUE(known.contains(" " + name + " ")) << name;
    EXPECT_EQ(container->run("ls -A /home /media /mnt /opt /srv /tmp /workspace"),
              "/home:\ndev\n\n/media:\n\n/mnt:\n\n/opt:\n\n/srv:\n\n/tmp:\n\n/workspace:");
}

TEST_P(Isolation, AccountsAreNotTheHosts)
{
    const auto container = start();
    EXPECT_EQ(container->run("grep -c caisson-test /etc/passwd"), "0");
    EXPECT_EQ(container->run("cut -d: -f2 /etc/shadow | sort -u"), "*");
    EXPECT_EQ(container->run("ls /etc/ssh /etc/ssl/private 2>&1 | grep -c 'No such file'"), "2");
    EXPECT_EQ(container->run("getent passwd dev"), "dev:x:1000:1000:dev:/home/dev:/bin/bash");
}

TEST_P(Isolation, NoSocketOfTheHostIsReached)
{
    const std::string id = randomId();
    const std::string abstractName = "caisson-test-" + id;
    const std::string inTmp = "/tmp/caisson-test-" + id + ".sock";
    std::vector<UniqueFd> listeners;
    listeners.push_back(listeningUnix(std::string(1, '\0') + abstractName));
    listeners.push_back(listeningUnix(inTmp));
    std::vector<std::string> paths{inTmp};
    if (::geteuid() == 0) {
        paths.push_back("/run/caisson-test-" + id + ".sock");
        listeners.push_back(listeningUnix(paths.back()));
    }
    UniqueFd tcp(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(tcp.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(tcp.get(), 8), 0);
    socklen_t size = sizeof address;
    ::getsockname(tcp.get(), reinterpret_cast<sockaddr*>(&address), &size);

    const auto container = start();
    EXPECT_EQ(container->run(connectUnix("\\0" + abstractName)), "Connection refused");
    for (const std::string& path : paths)
        EXPECT_EQ(container->run(connectUnix(path)), "No such file or directory");
    EXPECT_EQ(container->run(connectTcp("127.0.0.1", ntohs(address.sin_port))),
              "Connection refused");
    EXPECT_EQ(onHost(connectTcp("127.0.0.1", ntohs(address.sin_port))), "connected")
        << "the test itself";
    for (const std::string& path : paths)
        std::filesystem::remove(path);
}

TEST_P(Isolation, NetworkIsItsOwnLoopback)
{
    const auto container = start();
    EXPECT_EQ(container->run("ls /sys/class/net"), "lo");
    EXPECT_EQ(container->run("cat /proc/net/route | wc -l"), "1");
    EXPECT_EQ(container->run(connectTcp("192.0.2.1", 80)), "Network is unreachable");
    EXPECT_EQ(container->run("perl -MSocket -e 'socket(L, AF_INET, SOCK_STREAM, 0); "
                             "bind(L, sockaddr_in(4242, inet_aton(\"127.0.0.1\"))) or die; "
                             "listen(L, 1); socket(S, AF_INET, SOCK_STREAM, 0); "
                             "print connect(S, sockaddr_in(4242, inet_aton(\"127.0.0.1\"))) "
                             "? \"connected\" : $!'"),
              "connected");
}

TEST_P(Isolation, EnvironmentIsWhatWasAskedFor)
{
    const auto container =
        start({"--env", "GREETING=good morning", "--env", "LANG=de_DE.UTF-8"},
              {"env", "SECRET_TOKEN=hunter2", "SSH_AUTH_SOCK=/run/agent", "LC_ALL=C"});
    EXPECT_EQ(container->run("tr '\\0' '\\n' < /proc/1/environ | sort"),
              "CAISSON=1\nGREETING=good morning\nHOME=/root\nLANG=de_DE.UTF-8\n"
              "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
              "TERM=xterm-256color\nUSER=root");
}

// Whatever the keeper has open: seen from outside, on an init that opens nothing itself.
TEST_P(Isolation, InitHasThreeDescriptors)
{
    const auto container = start({"--init", "/bin/cat"});
    const std::string list =
        std::format("cd /proc/{}/fd && for f in *; do echo $f $(readlink $f | cut -d: -f1); done",
                    container->initPid());
    // For a moment after the exec, cat's loader has the libraries it maps open.
    std::string open;
    for (int i = 0; i < 100 && open != "0 socket\n1 socket\n2 pipe"; ++i)
        open = onHost(list);
    EXPECT_EQ(open, "0 socket\n1 socket\n2 pipe");
}

TEST_P(Isolation, RootInsideIsNotRootOutside)
{
    const auto container = start();
    EXPECT_EQ(container->run("id -u"), "0");
    const std::string owner = onHost(std::format("stat -c %u /proc/{}", container->initPid()));
    EXPECT_EQ(owner, std::to_string(asRoot() ? kIdBase : starter()));
    EXPECT_NE(owner, "0");
    container->run("touch /root/mine; install -o dev /dev/null /home/dev/theirs");
    const std::string layer = sandboxFolder() + "/layers/0001/root";
    const std::string mine = onHost("stat -c %u " + layer + "/root/mine");
    if (asRoot()) {
        EXPECT_EQ(mine, std::to_string(kIdBase));
        EXPECT_EQ(onHost("stat -c %u " + layer + "/home/dev/theirs"),
                  std::to_string(kIdBase + 1000));
    }
    EXPECT_NE(mine, "0");
}

TEST_P(Isolation, OtherProcessesAreNotSeen)
{
    const auto container = start();
    EXPECT_EQ(container->run("ls /proc | grep -c '^[0-9]'").size(), 1U) << "fewer than ten";
    EXPECT_EQ(container->run("cat /proc/1/cmdline | tr '\\0' ' '"), "/.caisson/init ");
    EXPECT_NE(container->run("kill -9 1; echo $?; kill -0 " + std::to_string(container->initPid())),
              "");
    EXPECT_EQ(container->run("echo alive"), "alive");
}

TEST_P(Isolation, PrivilegesAreThoseOfAContainer)
{
    const auto container = start();
    // CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE SYS_CHROOT
    // SETFCAP
    EXPECT_EQ(container->run("grep -E '^(Cap|NoNew|Seccomp:)' /proc/self/status"),
              "CapInh:\t0000000000000000\nCapPrm:\t00000000800405fb\nCapEff:\t00000000800405fb\n"
              "CapBnd:\t00000000800405fb\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2");
    EXPECT_EQ(container->run("ulimit -c; ulimit -Hc"), "0\n0");
}

TEST_P(Isolation, ProcAndSysAreMaskedAndReadOnly)
{
    const auto container = start();
    EXPECT_EQ(container->run("cat /proc/keys /proc/key-users /proc/timer_list /proc/interrupts; "
                             "ls -A /sys/firmware; head -c 1 /proc/kcore 2>/dev/null"),
              "");
    for (const char* path : {"/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern",
                             "/proc/sys/vm/drop_caches", "/proc/irq/x", "/sys/power/state",
                             "/sys/kernel/uevent_helper", "/proc/1/oom_score_adj_not_there"}) {
        EXPECT_EQ(container->run(std::format("(echo 1 > {}) 2>/dev/null; echo $?", path)), "2")
            << path;
    }
    EXPECT_TRUE(container->run("mount -o remount,rw /proc/sys").contains("permission denied"));
}

TEST_P(Isolation, MountsDoNotTellWhereTheHostKeepsThem)
{
    const auto container = start();
    EXPECT_FALSE(container->run("cat /proc/self/mounts").contains(home()));
}

TEST_P(Isolation, DevicesAreTheHarmlessOnes)
{
    const auto container = start();
    EXPECT_EQ(container->run("ls /dev"),
              "core\nfd\nfull\nmqueue\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\n"
              "urandom\nzero");
    EXPECT_EQ(container->run("mknod /tmp/disk b 254 0 2>/dev/null; echo $?"), "1");
    EXPECT_EQ(container->run("echo x > /dev/null; head -c 3 /dev/zero | wc -c; touch /dev/shm/a"),
              "3");
}

} // namespace caisson::test
