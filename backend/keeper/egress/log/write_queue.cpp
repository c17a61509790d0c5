// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/log/write_queue.h"

#include "backend/base/clock.h"
#include "backend/base/log.h"

#include <utility>

namespace caisson::keeper {

namespace {

std::size_t bytesOf(const api::EgressEntry& entry)
{
    std::size_t bytes = sizeof entry;
    for (const std::string* text : {&entry.why, &entry.host, &entry.path, &entry.query,
                                    &entry.process.exe, &entry.process.cmdline, &entry.contentType})
        bytes += text->size();
    for (const api::ProcessInfo& parent : entry.process.parents)
        bytes += sizeof parent + parent.exe.size() + parent.cmdline.size();
    return bytes;
}

} // namespace

WriteQueue::WriteQueue(EntryWriter writer)
    : m_writer(std::move(writer))
    , m_lastId(m_writer.lastId())
    , m_thread([this] { run(); })
{
}

WriteQueue::~WriteQueue()
{
    {
        const std::lock_guard lock(m_mutex);
        m_isStopping = true;
    }
    m_work.notify_one();
    m_thread.join();
}

std::int64_t WriteQueue::add(api::EgressEntry entry)
{
    bool wakes = false;
    std::int64_t id = 0;
    {
        const std::lock_guard lock(m_mutex);
        id = ++m_lastId;
        m_generation = entry.generation;
        const std::size_t bytes = bytesOf(entry);
        if (m_waiting.size() >= kMostRows || m_waitingBytes + bytes > kMostBytes) {
            ++m_dropped;
            m_dropReason = "more came than the disk takes.";
            return id;
        }
        entry.id = id;
        m_waitingBytes += bytes;
        m_waiting.push_back(std::move(entry));
        wakes = m_waiting.size() == 1 || m_waiting.size() == kBatch;
    }
    if (wakes)
        m_work.notify_one();
    return id;
}

void WriteQueue::end(api::EgressEntry entry)
{
    {
        const std::lock_guard lock(m_mutex);
        const std::int64_t cursor = ++m_lastId;
        const std::size_t bytes = bytesOf(entry);
        if (m_ended.size() >= kMostRows || m_endedBytes + bytes > kMostBytes) {
            ++m_dropped;
            m_dropReason = "more came than the disk takes.";
            return;
        }
        m_endedBytes += bytes;
        m_ended.push_back({cursor, std::move(entry)});
    }
    m_work.notify_one();
}

std::int64_t WriteQueue::last()
{
    const std::lock_guard lock(m_mutex);
    return m_lastId;
}

void WriteQueue::flush()
{
    std::unique_lock lock(m_mutex);
    const std::uint64_t ticket = ++m_flushWanted;
    m_work.notify_one();
    m_written.wait(lock, [&] { return m_flushed >= ticket; });
}

/// In place of the rows that are missing.
api::EgressEntry WriteQueue::droppedRow()
{
    api::EgressEntry row;
    row.id = ++m_lastId;
    row.time = nowRfc3339();
    // Some of them may have been.
    row.verdict = "allow";
    row.rule = "default";
    row.generation = m_generation;
    row.flag = "dropped";
    row.why =
        std::to_string(m_dropped) + " requests before this are not written down: " + m_dropReason;
    return row;
}

void WriteQueue::run()
{
    std::unique_lock lock(m_mutex);
    const auto isUrgent = [this] {
        return m_isStopping || m_flushWanted != m_flushed || m_waiting.size() >= kBatch;
    };
    std::vector<api::EgressEntry> batch; // its room is used again and again
    std::vector<EndedEntry> ended;
    for (;;) {
        // What a full disk did not take is told of together with the next row.
        m_work.wait(lock, [&] {
            return isUrgent() || !m_waiting.empty() ||
                   ((m_dropped > 0 || !m_ended.empty()) && !m_isFailing);
        });
        m_work.wait_for(lock, kLinger, isUrgent);
        const bool isStopping = m_isStopping;
        const std::uint64_t flush = m_flushWanted;
        const std::int64_t dropped = m_dropped;
        std::swap(batch, m_waiting);
        m_waitingBytes = 0;
        std::swap(ended, m_ended);
        const std::size_t endedBytes = std::exchange(m_endedBytes, 0);
        const auto rows = static_cast<std::int64_t>(batch.size());
        if (dropped > 0)
            batch.push_back(droppedRow());

        lock.unlock();
        const Result<void> written = m_writer.write(batch, ended);
        m_drops = m_writer.drops();
        lock.lock();

        if (written) {
            m_dropped -= dropped;
        } else {
            m_dropped += rows;
            m_dropReason = written.error().message;
            // A row that stays open for ever would be worse than one that is missing.
            for (EndedEntry& one : ended)
                m_ended.push_back({++m_lastId, std::move(one.entry)});
            m_endedBytes += endedBytes;
            if (!m_isFailing)
                logWarning("Rows are lost: {}", written.error().message);
        }
        m_isFailing = !written;
        m_flushed = flush;
        m_written.notify_all();
        if (batch.capacity() > 4 * kBatch)
            batch = {};
        batch.clear();
        ended.clear();
        if (isStopping)
            return;
    }
}

} // namespace caisson::keeper
