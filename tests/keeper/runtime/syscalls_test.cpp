// SPDX-License-Identifier: GPL-3.0-or-later
//
// The system call filters, by calls made inside (syscall_probe prints errno).

#include "tests/keeper/runtime/container_fixture.h"

#include <asm/ioctls.h>
#include <cerrno>
#include <format>
#include <linux/keyctl.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <sstream>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <vector>

namespace caisson::test {

class Syscalls : public ContainerTest
{
protected:
    void SetUp() override
    {
        ContainerTest::SetUp();
        if (!IsSkipped() && !HasFatalFailure())
            m_container = start({"--mount", syscallProbe() + ":/tools/call:ro"});
    }

    void TearDown() override
    {
        m_container.reset();
        ContainerTest::TearDown();
    }

    template<class... Arguments>
    int errorOf(Arguments... arguments)
    {
        std::ostringstream command;
        command << "/tools/call";
        ((command << ' ' << arguments), ...);
        const std::string said = m_container->run(command.str());
        return said.empty() || said.find_first_not_of("0123456789") != std::string::npos
                   ? -1
                   : std::stoi(said);
    }

    /// The same for each value of $n from 0 to below `count`, at once.
    std::vector<int> errorsOf(int count, const std::string& arguments)
    {
        std::istringstream said(
            m_container->run(std::format("n=0; while [ $n -lt {} ]; do /tools/call {}; "
                                         "n=$((n + 1)); done",
                                         count, arguments)));
        std::vector<int> errors;
        for (int error; said >> error;)
            errors.push_back(error);
        errors.resize(static_cast<std::size_t>(count), -1);
        return errors;
    }

    std::unique_ptr<RunningContainer> m_container;
};

INSTANTIATE_TEST_SUITE_P(As, Syscalls, testing::Values(As::Root, As::User), asName);

// Keyrings have no namespace: the host session's keys were readable by serial number (keyrings(7)).
TEST_P(Syscalls, KeyringsAreNotThere)
{
    EXPECT_EQ(errorOf(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0), ENOSYS);
    EXPECT_EQ(errorOf(SYS_keyctl, KEYCTL_READ, 1, "buffer", 4096), ENOSYS);
    EXPECT_EQ(errorOf(SYS_add_key, "buffer", "buffer", "buffer", 1, 0), ENOSYS);
    EXPECT_EQ(errorOf(SYS_request_key, "buffer", "buffer", 0, 0), ENOSYS);
}

TEST_P(Syscalls, IoUringIsNotThere)
{
    EXPECT_EQ(errorOf(SYS_io_uring_setup, 8, "buffer"), ENOSYS);
    EXPECT_EQ(errorOf(SYS_io_uring_enter, 0, 0, 0, 0, 0), ENOSYS);
    EXPECT_EQ(errorOf(SYS_io_uring_register, 0, 0, 0, 0), ENOSYS);
}

TEST_P(Syscalls, SocketFamiliesAreFour)
{
    const std::vector<int> errors =
        errorsOf(64, std::format("{} $n {} 0", SYS_socket, static_cast<int>(SOCK_DGRAM)));
    for (int family = 0; family < 64; ++family) {
        const bool allowed =
            family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK;
        EXPECT_EQ(errors[static_cast<std::size_t>(family)], allowed ? 0 : EAFNOSUPPORT) << family;
    }
    // The kernel reads 32 bits of the family.
    EXPECT_EQ(errorOf(SYS_socket, AF_VSOCK + (1ULL << 32), SOCK_STREAM, 0), EAFNOSUPPORT);
    EXPECT_EQ(errorOf(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, "buffer"), 0);
    EXPECT_EQ(errorOf(SYS_socketpair, AF_TIPC, SOCK_STREAM, 0, "buffer"), EAFNOSUPPORT);
    EXPECT_EQ(errorOf(SYS_socket, AF_INET, SOCK_RAW, 1), EPERM) << "there is no CAP_NET_RAW";
}

TEST_P(Syscalls, NetlinkIsForRoutes)
{
    const std::vector<int> errors = errorsOf(
        32, std::format("{} {} {} $n", SYS_socket, AF_NETLINK, static_cast<int>(SOCK_RAW)));
    for (int protocol = 0; protocol < 32; ++protocol) {
        const int expected = protocol == NETLINK_ROUTE   ? 0
                             : protocol == NETLINK_AUDIT ? EINVAL
                                                         : EAFNOSUPPORT;
        EXPECT_EQ(errors[static_cast<std::size_t>(protocol)], expected) << protocol;
    }
}

TEST_P(Syscalls, NamespacesAndMountsAreRefused)
{
    for (const unsigned long flag :
         {static_cast<unsigned long>(CLONE_NEWNS), static_cast<unsigned long>(CLONE_NEWUSER),
          static_cast<unsigned long>(CLONE_NEWPID), static_cast<unsigned long>(CLONE_NEWNET),
          static_cast<unsigned long>(CLONE_NEWUTS), static_cast<unsigned long>(CLONE_NEWIPC),
          static_cast<unsigned long>(CLONE_NEWCGROUP), static_cast<unsigned long>(CLONE_NEWTIME)}) {
        EXPECT_EQ(errorOf(SYS_unshare, flag), EPERM) << flag;
        if (flag != CLONE_NEWTIME) {
            EXPECT_EQ(errorOf(SYS_clone, flag | 17, 0, 0, 0, 0), EPERM) << flag;
            EXPECT_EQ(errorOf(SYS_clone, flag | (1UL << 40) | 17, 0, 0, 0, 0), EPERM) << flag;
        }
    }
    EXPECT_EQ(errorOf(SYS_unshare, CLONE_FILES), 0);
    EXPECT_EQ(errorOf(SYS_clone3, "buffer", 88), ENOSYS);
    EXPECT_EQ(errorOf(SYS_setns, 0, 0), EPERM);
    EXPECT_EQ(errorOf(SYS_mount, "buffer", "buffer", "buffer", 0, 0), EPERM);
    EXPECT_EQ(errorOf(SYS_umount2, "buffer", 0), EPERM);
    EXPECT_EQ(errorOf(SYS_pivot_root, "buffer", "buffer"), EPERM);
    EXPECT_EQ(errorOf(SYS_fsopen, "buffer", 0), EPERM);
    EXPECT_EQ(errorOf(SYS_open_tree, 0, "buffer", 1), EPERM);
    EXPECT_EQ(errorOf(SYS_move_mount, 0, "buffer", 0, "buffer", 0), EPERM);
    EXPECT_NE(m_container->run("unshare -Ur true; nsenter -t 1 -m true; echo end"), "end");
}

TEST_P(Syscalls, TheKernelIsNotTouched)
{
    EXPECT_EQ(errorOf(SYS_bpf, 0, "buffer", 120), EPERM);
    EXPECT_EQ(errorOf(SYS_perf_event_open, "buffer", 0, -1, -1, 0), EPERM);
    EXPECT_EQ(errorOf(SYS_init_module, "buffer", 0, "buffer"), EPERM);
    EXPECT_EQ(errorOf(SYS_finit_module, 0, "buffer", 0), EPERM);
    EXPECT_EQ(errorOf(SYS_kexec_load, 0, 0, 0, 0), EPERM);
    EXPECT_EQ(errorOf(SYS_reboot, 0, 0, 0, 0), EPERM);
    EXPECT_EQ(errorOf(SYS_clock_settime, 0, "buffer"), EPERM);
    EXPECT_EQ(errorOf(SYS_open_by_handle_at, 0, "buffer", 0), EPERM);
    EXPECT_EQ(errorOf(SYS_syslog, 3, "buffer", 10), EPERM);
    EXPECT_EQ(errorOf(SYS_userfaultfd, 0), ENOSYS);
    EXPECT_EQ(errorOf(9999), ENOSYS);
}

TEST_P(Syscalls, NobodyTypesIntoATerminal)
{
    EXPECT_EQ(errorOf(SYS_ioctl, 0, TIOCSTI, "buffer"), EPERM);
    EXPECT_EQ(errorOf(SYS_ioctl, 0, TIOCLINUX, "buffer"), EPERM);
    // A filter that compares 64 bits lets this through, and the kernel reads 32.
    EXPECT_EQ(errorOf(SYS_ioctl, 0, TIOCSTI + (1ULL << 32), "buffer"), EPERM);
    EXPECT_EQ(errorOf(SYS_ioctl, 0, TIOCGWINSZ, "buffer"), ENOTTY);
}

TEST_P(Syscalls, ThirtyTwoBitCallsHaveTheSameBounds)
{
#if defined(__x86_64__)
    if (onHost(syscallProbe() + " 32 20 2>/dev/null") != "0")
        GTEST_SKIP() << "this kernel runs no 32-bit programs (CONFIG_IA32_EMULATION)";
    EXPECT_EQ(errorOf("32", 20), 0) << "getpid: 32-bit programs run";
    for (const int error : errorsOf(21, "32 102 $n buffer"))
        EXPECT_EQ(error, ENOSYS) << "socketcall";
    EXPECT_EQ(errorOf("32", 359, AF_ALG, SOCK_SEQPACKET, 0), EAFNOSUPPORT);
    EXPECT_EQ(errorOf("32", 359, AF_INET, SOCK_STREAM, 0), 0);
    EXPECT_EQ(errorOf("32", 359, AF_NETLINK, SOCK_RAW, NETLINK_AUDIT), EINVAL);
    EXPECT_EQ(errorOf("32", 54, 0, TIOCSTI, "buffer"), EPERM);
    EXPECT_EQ(errorOf("32", 288, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING), ENOSYS);
    EXPECT_EQ(errorOf("32", 310, CLONE_NEWUSER), EPERM) << "unshare";
    EXPECT_EQ(errorOf("32", 21, "buffer", "buffer", "buffer", 0, 0), EPERM) << "mount";
#else
    GTEST_SKIP() << "int 0x80 is of x86 only";
#endif
}

TEST_P(Syscalls, DebuggersWorkInside)
{
    EXPECT_EQ(errorOf(SYS_ptrace, 0, 0, 0, 0), 0) << "PTRACE_TRACEME";
    EXPECT_EQ(errorOf(SYS_personality, 0x0040000), 0) << "gdb switches randomisation off";
    EXPECT_EQ(errorOf(SYS_personality, 0xffffffff), 0);
    EXPECT_EQ(errorOf(SYS_personality, 0x0400000), ENOSYS) << "READ_IMPLIES_EXEC";
}

} // namespace caisson::test
