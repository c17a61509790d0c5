// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/base/unique_fd.h"

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>

namespace caisson::keeper {

/// A terminal's output on disk: append-only, with absolute offsets, the newest 64 MiB kept. It is
/// cut into segment files named by the offset they begin at, of which the oldest goes when there
/// is too much. Appending and reading are calls into the page cache, so they do not wait.
class Journal
{
public:
    static constexpr std::int64_t kCapacity = 64 * 1024 * 1024;
    static constexpr std::int64_t kSegment = 8 * 1024 * 1024;

    /// Makes the folder, which must not exist yet.
    static Result<Journal> create(const std::string& folder, std::int64_t capacity = kCapacity,
                                  std::int64_t segment = kSegment);

    Result<void> append(std::string_view bytes);

    /// Bytes from `offset` on, as many as there are and fit; 0 at the end. `offset` lies within
    /// first() and end().
    Result<std::size_t> read(std::int64_t offset, std::span<char> room) const;

    std::int64_t first() const { return m_segments.front().begin; }
    std::int64_t end() const { return m_end; }

    /// Removes the files.
    void remove();

private:
    struct Segment
    {
        std::int64_t begin = 0;
        UniqueFd fd;
    };

    Journal(std::string folder, std::int64_t capacity, std::int64_t segment);
    Result<void> addSegment();
    std::string pathOf(std::int64_t begin) const;

    std::string m_folder;
    std::int64_t m_capacity;
    std::int64_t m_segmentSize;
    std::deque<Segment> m_segments;
    std::int64_t m_end = 0;
};

} // namespace caisson::keeper
