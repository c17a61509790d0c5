// SPDX-License-Identifier: GPL-3.0-or-later
//
// Makes one system call and prints errno, 0 for success: syscall_probe [32] NUMBER ARGUMENT…
// "buffer" stands for the address of 4 KiB of zeros, below 4 GiB so that it also serves for 32-bit
// calls. With "32" the call is made as by a 32-bit program (int 0x80).

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

namespace {

#if defined(__x86_64__)
long call32(const long* a)
{
    long result;
    asm volatile("int $0x80"
                 : "=a"(result)
                 : "a"(a[0]), "b"(a[1]), "c"(a[2]), "d"(a[3]), "S"(a[4]), "D"(a[5])
                 : "memory", "r8", "r9", "r10", "r11");
    return result;
}
#endif

} // namespace

int main(int argc, char** argv)
{
    void* buffer = mmap(nullptr, 4096, PROT_READ | PROT_WRITE,
#if defined(__x86_64__)
                        MAP_32BIT |
#endif
                            MAP_PRIVATE | MAP_ANONYMOUS,
                        -1, 0);
    bool as32 = argc > 1 && strcmp(argv[1], "32") == 0;
    long a[7] = {};
    for (int i = as32 ? 2 : 1, n = 0; i < argc && n < 7; ++i, ++n)
        a[n] = strcmp(argv[i], "buffer") == 0 ? reinterpret_cast<long>(buffer)
                                              : static_cast<long>(strtoull(argv[i], nullptr, 0));
    long failed = 0;
    if (as32) {
#if defined(__x86_64__)
        const long result = call32(a);
        failed = static_cast<int>(result) < 0 ? -static_cast<int>(result) : 0;
#else
        failed = ENOSYS;
#endif
    } else if (syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]) < 0) {
        failed = errno;
    }
    printf("%ld\n", failed);
    return 0;
}
