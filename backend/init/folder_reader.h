// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>

namespace caisson::init {

/// Reads a folder by getdents64(2) into a buffer it is given. readdir(3) allocates 32 KiB a folder
/// and may not be called between fork and exec; this is async-signal-safe, and the same buffer
/// serves 10,000 folders.
class FolderReader
{
public:
    /// `folder` stays the caller's.
    FolderReader(int folder, char* buffer, std::size_t size);

    struct Entry
    {
        const char* name;   ///< valid until the next call
        unsigned char type; ///< DT_… of dirent.h; DT_UNKNOWN on some file systems
    };

    /// The next entry but "." and ".."; false at the end or on failure.
    bool next(Entry& entry);
    /// errno of what ended the reading; 0: the end of the folder.
    int failure() const { return m_failure; }

private:
    int m_folder;
    char* m_buffer;
    std::size_t m_size;
    std::size_t m_used = 0;
    std::size_t m_at = 0;
    int m_failure = 0;
};

} // namespace caisson::init
