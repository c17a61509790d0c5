// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/journal/journal.h"

#include "backend/base/log.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <format>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::keeper {

Journal::Journal(std::string folder, std::int64_t capacity, std::int64_t segment)
    : m_folder(std::move(folder))
    , m_capacity(capacity)
    , m_segmentSize(segment)
{
}

Result<Journal> Journal::create(const std::string& folder, std::int64_t capacity,
                                std::int64_t segment)
{
    if (::mkdir(folder.c_str(), 0700) != 0)
        return failErrno("cannot make the journal " + folder);
    Journal journal(folder, capacity, segment);
    if (Result<void> added = journal.addSegment(); !added)
        return std::unexpected(added.error());
    return journal;
}

std::string Journal::pathOf(std::int64_t begin) const
{
    return m_folder + std::format("/{:016x}", begin);
}

Result<void> Journal::addSegment()
{
    const std::string path = pathOf(m_end);
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600));
    if (!fd)
        return failErrno("cannot make the journal's segment " + path);
    m_segments.push_back({m_end, std::move(fd)});
    while (m_segments.size() > 1 && m_end - m_segments[1].begin >= m_capacity) {
        ::unlink(pathOf(m_segments.front().begin).c_str());
        m_segments.pop_front();
    }
    return {};
}

Result<void> Journal::append(std::string_view bytes)
{
    while (!bytes.empty()) {
        const std::int64_t used = m_end - m_segments.back().begin;
        if (used >= m_segmentSize) {
            if (Result<void> added = addSegment(); !added)
                return added;
            continue;
        }
        const std::size_t size =
            std::min(bytes.size(), static_cast<std::size_t>(m_segmentSize - used));
        const ssize_t written = ::write(m_segments.back().fd.get(), bytes.data(), size);
        if (written < 0) {
            if (errno == EINTR)
                continue;
            return failErrno("cannot write to the journal");
        }
        m_end += written;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Result<std::size_t> Journal::read(std::int64_t offset, std::span<char> room) const
{
    if (offset < first() || offset > m_end)
        return fail(ErrorCode::BadRequest, "the journal does not hold that offset");
    // The last segment that begins at or before the offset.
    auto segment = std::ranges::upper_bound(m_segments, offset, {}, &Segment::begin);
    --segment;
    const ssize_t got =
        ::pread(segment->fd.get(), room.data(), room.size(), offset - segment->begin);
    if (got < 0)
        return failErrno("cannot read the journal");
    return static_cast<std::size_t>(got);
}

void Journal::remove()
{
    for (const Segment& segment : m_segments)
        ::unlink(pathOf(segment.begin).c_str());
    if (::rmdir(m_folder.c_str()) != 0)
        logWarning("the journal's folder {} stays behind", m_folder);
}

} // namespace caisson::keeper
