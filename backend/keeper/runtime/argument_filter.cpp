// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/runtime/argument_filter.h"

#include <asm/ioctls.h>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace caisson::keeper {

namespace {

using Code = std::vector<sock_filter>;

/// The numbers of the calls on one architecture.
struct Abi
{
    std::uint32_t architecture;
    std::uint32_t socket;
    std::uint32_t socketpair;
    std::uint32_t ioctl;
    std::uint32_t socketcall; ///< 0: there is none
};

#if defined(__x86_64__)
constexpr std::initializer_list<Abi> kAbis{
    {AUDIT_ARCH_X86_64, SYS_socket, SYS_socketpair, SYS_ioctl, 0},
    {AUDIT_ARCH_I386, 359, 360, 54, 102}, // asm/unistd_32.h
};
#elif defined(__aarch64__)
constexpr std::initializer_list<Abi> kAbis{
    {AUDIT_ARCH_AARCH64, SYS_socket, SYS_socketpair, SYS_ioctl, 0},
    {AUDIT_ARCH_ARM, 281, 288, 54, 102}, // asm/unistd-common.h of arm
};
#elif defined(__riscv)
constexpr std::initializer_list<Abi> kAbis{
    {AUDIT_ARCH_RISCV64, SYS_socket, SYS_socketpair, SYS_ioctl, 0},
};
#endif

// The lower half of an argument comes first.
static_assert(std::endian::native == std::endian::little);

constexpr std::uint32_t kNumber = offsetof(seccomp_data, nr);
constexpr std::uint32_t kArchitecture = offsetof(seccomp_data, arch);

constexpr std::uint32_t argument(int index)
{
    return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + 8 * index);
}

Code load(std::uint32_t offset)
{
    return {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)};
}

Code allow()
{
    return {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
}

Code refuse(std::uint32_t number)
{
    return {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (number & SECCOMP_RET_DATA))};
}

/// Runs `body`, which ends in a return, when what was loaded last equals `value`; else goes on
/// after it. A jump skips at most 255 instructions.
Code when(std::uint32_t value, const Code& body)
{
    Code code{
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, static_cast<std::uint8_t>(body.size()))};
    code.insert(code.end(), body.begin(), body.end());
    return code;
}

Code sequence(std::initializer_list<Code> parts)
{
    Code code;
    for (const Code& part : parts)
        code.insert(code.end(), part.begin(), part.end());
    return code;
}

Code socketRules()
{
    const Code netlink = sequence({load(argument(2)), when(NETLINK_ROUTE, allow()),
                                   when(NETLINK_AUDIT, refuse(EINVAL)), refuse(EAFNOSUPPORT)});
    return sequence({load(argument(0)), when(AF_UNIX, allow()), when(AF_INET, allow()),
                     when(AF_INET6, allow()), when(AF_NETLINK, netlink), refuse(EAFNOSUPPORT)});
}

Code rulesOf(const Abi& abi)
{
    const Code pairs = sequence({load(argument(0)), when(AF_UNIX, allow()), refuse(EAFNOSUPPORT)});
    const Code ioctls = sequence(
        {load(argument(1)), when(TIOCSTI, refuse(EPERM)), when(TIOCLINUX, refuse(EPERM)), allow()});
    return sequence({load(kNumber), when(abi.socket, socketRules()), when(abi.socketpair, pairs),
                     when(abi.ioctl, ioctls),
                     abi.socketcall != 0 ? when(abi.socketcall, refuse(ENOSYS)) : Code(), allow()});
}

} // namespace

std::vector<sock_filter> argumentFilter()
{
    Code code = load(kArchitecture);
    for (const Abi& abi : kAbis) {
        const Code rules = when(abi.architecture, rulesOf(abi));
        code.insert(code.end(), rules.begin(), rules.end());
    }
    // An architecture without rules here is not in the profile either.
    const Code rest = refuse(ENOSYS);
    code.insert(code.end(), rest.begin(), rest.end());
    return code;
}

bool applyFilter(const std::vector<sock_filter>& filter)
{
    const sock_fprog program{static_cast<unsigned short>(filter.size()),
                             const_cast<sock_filter*>(filter.data())};
    return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

} // namespace caisson::keeper
