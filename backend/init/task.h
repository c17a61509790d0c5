// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <vector>

namespace caisson::init {

namespace asio = boost::asio;

template<class T>
using Task = asio::awaitable<T>;

/// Lets coroutines of one thread wait until a state changed. A waiter looks at the state first and
/// waits only if there is nothing for it; so nothing is missed.
class Notifier
{
public:
    /// Wakes all that wait at this moment, in the order in which they began to.
    void notifyAll();
    Task<void> wait();

private:
    struct Waiter
    {
        asio::any_io_executor executor;
        asio::any_completion_handler<void()> resume;
    };
    std::vector<Waiter> m_waiting;
};

/// Runs `task` on its own. What it throws ends the program's loop: in pid 1 that is memory run out.
void spawnDetached(const asio::any_io_executor& executor, Task<void> task);

} // namespace caisson::init
