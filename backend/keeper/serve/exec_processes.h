// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <set>

namespace caisson::keeper {

/// The pids, as inside, of the commands that exec runs: who belongs to one is told with its
/// requests.
class ExecProcesses
{
public:
    bool contains(std::int64_t pid) const { return m_pids.contains(pid); }

    /// In the list as long as it lives.
    class Entry
    {
    public:
        Entry(ExecProcesses& list, std::int64_t pid)
            : m_list(list)
            , m_place(list.m_pids.insert(pid))
        {
        }
        ~Entry() { m_list.m_pids.erase(m_place); }
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;

    private:
        ExecProcesses& m_list;
        std::multiset<std::int64_t>::iterator m_place;
    };

private:
    std::multiset<std::int64_t> m_pids;
};

} // namespace caisson::keeper
