// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/editor/page_index.h"

#include <algorithm>

namespace caisson {

namespace {

/// Where a page that starts at `start` ends.
qint64 endOfPage(QByteArrayView bytes, qint64 start, qint64 pageSize)
{
    const qint64 limit = start + pageSize;
    if (limit >= bytes.size())
        return bytes.size();
    const qsizetype lineFeed = bytes.sliced(start, pageSize).lastIndexOf('\n');
    // A page of less than half its size would come of one long line: cut that.
    if (lineFeed >= pageSize / 2)
        return start + lineFeed + 1;
    qint64 end = limit;
    for (int back = 0; back < 3 && (static_cast<unsigned char>(bytes[end]) & 0xC0) == 0x80; ++back)
        --end;
    return end;
}

} // namespace

PageIndex::PageIndex(QByteArrayView bytes, qint64 pageSize)
{
    qint64 line = 1;
    qint64 start = 0;
    do {
        const qint64 end = endOfPage(bytes, start, pageSize);
        m_pages.append({start, end - start, line});
        line += std::count(bytes.begin() + start, bytes.begin() + end, '\n');
        start = end;
    } while (start < bytes.size());
}

} // namespace caisson
