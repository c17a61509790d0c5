// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/folder_reader.h"

#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace caisson::init {

FolderReader::FolderReader(int folder, char* buffer, std::size_t size)
    : m_folder(folder)
    , m_buffer(buffer)
    , m_size(size)
{
}

bool FolderReader::next(Entry& entry)
{
    for (;;) {
        if (m_at == m_used) {
            const long got = ::syscall(SYS_getdents64, m_folder, m_buffer, m_size);
            if (got <= 0) {
                m_failure = got < 0 ? errno : 0;
                return false;
            }
            m_used = static_cast<std::size_t>(got);
            m_at = 0;
        }
        // struct dirent64 is struct linux_dirent64 of getdents(2).
        const auto* const record = reinterpret_cast<const dirent64*>(m_buffer + m_at);
        m_at += record->d_reclen;
        const char* const name = record->d_name;
        if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0)
            continue;
        entry = {name, record->d_type};
        return true;
    }
}

} // namespace caisson::init
