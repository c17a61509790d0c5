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

} // namespace caisson::ctl
