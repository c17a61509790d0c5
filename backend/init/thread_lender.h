// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/init/process_tree.h"

#include <array>
#include <cstddef>
#include <memory>

namespace caisson::init {

/// What a process that shares init's memory has for its own, on the stack of the thread that lends.
struct LentMemory
{
    alignas(16) std::array<char, 64 * 1024> stack;
    ProcessTable table;
};

/// A thread of init that sleeps, so that a process made with clone(2) and CLONE_VM may use what is
/// this thread's: its stack, and through CLONE_SETTLS its libc state, errno above all. Nothing is
/// copied at such a start and no page is faulted in anew, which is more than half of what a short
/// command takes from request to exit when its supervisor is forked.
///
/// The thread leaves when the lender is destroyed: not before the process has ended.
class ThreadLender
{
public:
    /// Returns once the thread sleeps. Null: no thread can be had, errno says why.
    static std::unique_ptr<ThreadLender> create();
    ~ThreadLender();
    ThreadLender(const ThreadLender&) = delete;
    ThreadLender& operator=(const ThreadLender&) = delete;

    void* threadPointer() const;
    LentMemory& memory() const;

private:
    struct State;
    explicit ThreadLender(std::shared_ptr<State> state);
    static void* run(void* state);

    std::shared_ptr<State> m_state;
};

} // namespace caisson::init
