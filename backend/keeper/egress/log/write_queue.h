// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/log/entry_writer.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace caisson::keeper {

/// Rows on their way to the disk, and the thread that brings them there. What it is given is
/// written within kLinger, together, since a transaction costs more than its rows.
class WriteQueue
{
public:
    static constexpr std::size_t kMostRows = 10'000;
    static constexpr std::size_t kMostBytes = 8 * 1024 * 1024;
    static constexpr std::size_t kBatch = 256; ///< more at once are felt by requests
    static constexpr std::chrono::milliseconds kLinger{50};

    explicit WriteQueue(EntryWriter writer);
    /// Writes what waits.
    ~WriteQueue();
    WriteQueue(const WriteQueue&) = delete;
    WriteQueue& operator=(const WriteQueue&) = delete;

    /// Gives the row its id.
    std::int64_t add(api::EgressEntry entry);
    /// In place of the row of the same id, which was added before.
    void end(api::EgressEntry entry);
    /// The latest id or cursor.
    std::int64_t last();
    /// Returns when everything that was added before has been written, or could not be.
    void flush();
    /// EntryWriter::drops().
    std::int64_t drops() const { return m_drops; }

private:
    void run();
    api::EgressEntry droppedRow();

    EntryWriter m_writer;
    std::atomic<std::int64_t> m_drops = 0;

    std::mutex m_mutex; ///< of what follows
    std::condition_variable m_work;
    std::condition_variable m_written;
    std::vector<api::EgressEntry> m_waiting;
    std::size_t m_waitingBytes = 0;
    std::vector<EndedEntry> m_ended; ///< kept for another try where they could not be written
    std::size_t m_endedBytes = 0;
    std::int64_t m_lastId;
    std::int64_t m_generation = 0; ///< of the policy, as the latest row has it
    std::int64_t m_dropped = 0;    ///< since the last row that says so
    std::string m_dropReason;
    bool m_isFailing = false; ///< the last batch could not be written
    std::uint64_t m_flushWanted = 0;
    std::uint64_t m_flushed = 0;
    bool m_isStopping = false;

    std::thread m_thread;
};

} // namespace caisson::keeper
