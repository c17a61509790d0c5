// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/runtime/argument_filter.h"

#include <asm/ioctls.h>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <initializer_list>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace caisson::keeper {

namespace {

using Code = std::vector<sock_filter>;

/// No call has this number.
constexpr std::uint32_t kNone = 0xffffffff;

/// The numbers of the calls on one architecture.
struct Abi
{
    std::uint32_t architecture;
    std::uint32_t socket;
    std::uint32_t socketpair;
    std::uint32_t ioctl;
    std::uint32_t socketcall = kNone;
    // Those that newer architectures have only with a folder's descriptor.
    std::uint32_t open = kNone;
    std::uint32_t creat = kNone;
    std::uint32_t mknod = kNone;
    std::uint32_t chmod = kNone;
    std::uint32_t openat = SYS_openat;
    std::uint32_t mknodat = SYS_mknodat;
    std::uint32_t fchmod = SYS_fchmod;
    std::uint32_t fchmodat = SYS_fchmodat;
};

// New calls have one number on all architectures (asm-generic/unistd.h, Linux 5.1 and later).
constexpr std::uint32_t kOpenat2 = 437;
constexpr std::uint32_t kFchmodat2 = 452;

#if defined(__x86_64__)
constexpr std::initializer_list<Abi> kAbis{
    {.architecture = AUDIT_ARCH_X86_64,
     .socket = SYS_socket,
     .socketpair = SYS_socketpair,
     .ioctl = SYS_ioctl,
     .open = SYS_open,
     .creat = SYS_creat,
     .mknod = SYS_mknod,
     .chmod = SYS_chmod},
    {.architecture = AUDIT_ARCH_I386, // asm/unistd_32.h
     .socket = 359,
     .socketpair = 360,
     .ioctl = 54,
     .socketcall = 102,
     .open = 5,
     .creat = 8,
     .mknod = 14,
     .chmod = 15,
     .openat = 295,
     .mknodat = 297,
     .fchmod = 94,
     .fchmodat = 306},
};
#elif defined(__aarch64__)
constexpr std::initializer_list<Abi> kAbis{
    {.architecture = AUDIT_ARCH_AARCH64,
     .socket = SYS_socket,
     .socketpair = SYS_socketpair,
     .ioctl = SYS_ioctl},
    {.architecture = AUDIT_ARCH_ARM, // asm/unistd-common.h of arm
     .socket = 281,
     .socketpair = 288,
     .ioctl = 54,
     .socketcall = 102,
     .open = 5,
     .creat = 8,
     .mknod = 14,
     .chmod = 15,
     .openat = 322,
     .mknodat = 324,
     .fchmod = 94,
     .fchmodat = 333},
};
#elif defined(__riscv)
constexpr std::initializer_list<Abi> kAbis{
    {.architecture = AUDIT_ARCH_RISCV64,
     .socket = SYS_socket,
     .socketpair = SYS_socketpair,
     .ioctl = SYS_ioctl},
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

/// Runs `body`, which ends in a return, when what was loaded last stands the test; else goes on
/// after it. A jump skips at most 255 instructions.
Code whenTrue(std::uint16_t test, std::uint32_t value, const Code& body)
{
    Code code{BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | test | BPF_K), value, 0,
                       static_cast<std::uint8_t>(body.size()))};
    code.insert(code.end(), body.begin(), body.end());
    return code;
}

Code when(std::uint32_t value, const Code& body)
{
    return whenTrue(BPF_JEQ, value, body);
}

Code whenAny(std::uint32_t bits, const Code& body)
{
    return whenTrue(BPF_JSET, bits, body);
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

/// A call whose number is loaded and whose argument `mode` is one of a file's.
Code modeRule(std::uint32_t call, int mode)
{
    if (call == kNone)
        return {};
    return when(
        call, sequence({load(argument(mode)), whenAny(S_ISUID | S_ISGID, refuse(EPERM)), allow()}));
}

/// open(2) and openat(2) take a mode only with the flags that make a file; without them the
/// argument is whatever was left in a register.
Code openRule(std::uint32_t call, int flags)
{
    if (call == kNone)
        return {};
    constexpr std::uint32_t kTemporary = O_TMPFILE & ~O_DIRECTORY;
    const Code mode =
        sequence({load(argument(flags + 1)), whenAny(S_ISUID | S_ISGID, refuse(EPERM)), allow()});
    return when(call,
                sequence({load(argument(flags)), whenAny(O_CREAT | kTemporary, mode), allow()}));
}

/// mkdir(2) drops these bits itself. openat2(2) has its mode in memory, where no filter looks;
/// programs fall back to openat(2), as on a kernel without it.
Code specialModeRules(const Abi& abi)
{
    return sequence({modeRule(abi.chmod, 1), modeRule(abi.fchmod, 1), modeRule(abi.fchmodat, 2),
                     modeRule(kFchmodat2, 2), openRule(abi.open, 1), openRule(abi.openat, 2),
                     modeRule(abi.creat, 1), modeRule(abi.mknod, 1), modeRule(abi.mknodat, 2),
                     when(kOpenat2, refuse(ENOSYS))});
}

Code rulesOf(const Abi& abi, SpecialModes modes)
{
    const Code pairs = sequence({load(argument(0)), when(AF_UNIX, allow()), refuse(EAFNOSUPPORT)});
    const Code ioctls = sequence(
        {load(argument(1)), when(TIOCSTI, refuse(EPERM)), when(TIOCLINUX, refuse(EPERM)), allow()});
    return sequence({load(kNumber), when(abi.socket, socketRules()), when(abi.socketpair, pairs),
                     when(abi.ioctl, ioctls),
                     abi.socketcall != kNone ? when(abi.socketcall, refuse(ENOSYS)) : Code(),
                     modes == SpecialModes::Refuse ? specialModeRules(abi) : Code(), allow()});
}

} // namespace

std::vector<sock_filter> argumentFilter(SpecialModes modes)
{
    Code code = load(kArchitecture);
    for (const Abi& abi : kAbis) {
        const Code rules = when(abi.architecture, rulesOf(abi, modes));
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
