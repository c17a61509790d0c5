// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"
#include "backend/base/error.h"

#include <boost/asio/thread_pool.hpp>
#include <span>
#include <string_view>

namespace caisson::ctl {

/// Reads and writes descriptors that may be anything: pipe, terminal, file. They stay blocking,
/// since O_NONBLOCK belongs to the open file, which the shell and other programs share; a thread
/// waits instead. One reader and one writer for each descriptor at a time.
/// A read under way cannot be ended: the program leaves with _Exit() instead.
class StandardStreams
{
public:
    StandardStreams();

    /// The next bytes; 0 at the end.
    api::Task<Result<std::size_t>> read(int fd, std::span<char> room);
    api::Task<Result<void>> write(int fd, std::string_view bytes);

private:
    api::asio::thread_pool& m_threads; ///< never joined, see above
};

/// Lets one coroutine at a time through, for the one writer that a socket may have.
class Turn
{
public:
    explicit Turn(const api::asio::any_io_executor& executor);

    class Held
    {
    public:
        explicit Held(Turn& turn)
            : m_turn(turn)
        {
        }
        Held(const Held&) = delete;
        Held& operator=(const Held&) = delete;
        ~Held();

    private:
        Turn& m_turn;
    };

    /// Returns once it is the caller's turn, until the result is destroyed.
    api::Task<std::unique_ptr<Held>> take();

private:
    api::Notifier m_changed;
    bool m_taken = false;
};

} // namespace caisson::ctl
