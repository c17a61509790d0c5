// SPDX-License-Identifier: GPL-3.0-or-later
// Replaces the C++ heap of the program it is linked into ([new.delete]): memory is overwritten when
// it is given back. A secret on its way passes through buffers, JSON trees and strings that know
// nothing of it; SecretText cleanses what is kept, this what it was copied through.
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <new>

// The sanitizers bring a heap of their own, which also overwrites what is freed.
#if !defined(__SANITIZE_ADDRESS__)

void* operator new(std::size_t size)
{
    for (;;) {
        if (void* memory = std::malloc(size == 0 ? 1 : size))
            return memory;
        const std::new_handler handler = std::get_new_handler();
        if (!handler)
            throw std::bad_alloc();
        handler();
    }
}

void operator delete(void* memory) noexcept
{
    if (!memory)
        return;
    ::explicit_bzero(memory, ::malloc_usable_size(memory));
    std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept
{
    operator delete(memory);
}

#endif
