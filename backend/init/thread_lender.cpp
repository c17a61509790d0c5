// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/thread_lender.h"

#include <cerrno>
#include <pthread.h>
#include <semaphore.h>

namespace caisson::init {

namespace {

// The memory that is lent and as much again for the thread itself; only what is touched costs.
constexpr std::size_t kStackSize = 2 * 1024 * 1024;
static_assert(sizeof(LentMemory) < kStackSize / 2);

// Of libc: while it waits, the thread does nothing in this program's own code, that a sanitizer
// would follow on the stack that is lent.
class Signal
{
public:
    Signal() { ::sem_init(&m_semaphore, 0, 0); }
    ~Signal() { ::sem_destroy(&m_semaphore); }
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    void give() { ::sem_post(&m_semaphore); }
    void wait()
    {
        while (::sem_wait(&m_semaphore) != 0) {
        }
    }

private:
    sem_t m_semaphore;
};

} // namespace

struct ThreadLender::State
{
    Signal sleeps;
    Signal returned;
    void* threadPointer = nullptr;
    LentMemory* memory = nullptr;
};

std::unique_ptr<ThreadLender> ThreadLender::create()
{
    auto state = std::make_shared<State>();
    auto forThread = std::make_unique<std::shared_ptr<State>>(state);
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    ::pthread_attr_setstacksize(&attributes, kStackSize);
    ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    const int failed = ::pthread_create(&thread, &attributes, run, forThread.get());
    ::pthread_attr_destroy(&attributes);
    if (failed != 0) {
        errno = failed;
        return nullptr;
    }
    std::ignore = forThread.release(); // the thread's now
    state->sleeps.wait();
    return std::unique_ptr<ThreadLender>(new ThreadLender(std::move(state)));
}

void* ThreadLender::run(void* argument)
{
    const std::unique_ptr<std::shared_ptr<State>> state(
        static_cast<std::shared_ptr<State>*>(argument));
    LentMemory memory; // not initialised: its pages are to stay untouched
    (*state)->memory = &memory;
    (*state)->threadPointer = __builtin_thread_pointer();
    (*state)->sleeps.give();
    // All signals are blocked in every thread (main.cpp), so that nothing wakes it in between.
    (*state)->returned.wait();
    return nullptr;
}

ThreadLender::ThreadLender(std::shared_ptr<State> state)
    : m_state(std::move(state))
{
}

ThreadLender::~ThreadLender()
{
    m_state->returned.give();
}

void* ThreadLender::threadPointer() const
{
    return m_state->threadPointer;
}

LentMemory& ThreadLender::memory() const
{
    return *m_state->memory;
}

} // namespace caisson::init
