// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>

namespace caisson {

/// Cuts a large file into pages that can each be shown at once: at line ends where there are any
/// within reach, never inside a UTF-8 character.
class PageIndex
{
public:
    struct Page
    {
        qint64 offset = 0;
        qint64 size = 0;
        qint64 firstLine = 1; ///< the number of the line its first byte is in
    };

    static constexpr qint64 kPageSize = 256 * 1024;

    PageIndex()
        : PageIndex(QByteArrayView())
    {
    }
    /// Reads `bytes` once; keeps no reference.
    explicit PageIndex(QByteArrayView bytes, qint64 pageSize = kPageSize);

    qsizetype count() const { return m_pages.size(); }
    const Page& page(qsizetype index) const { return m_pages[index]; }

private:
    QList<Page> m_pages;
};

} // namespace caisson
