// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include "widgets/editor/file_text.h"
#include "widgets/editor/page_index.h"

namespace caisson {

/// What a page needs to know of a file before it shows it, and how the file is shown. It is found
/// out apart from the page, since for a large file it takes longer than the window may wait.
struct PreparedFile
{
    static constexpr qsizetype kLargestColoured = 2'000'000;
    static constexpr qsizetype kLargestEdited = 20'000'000;
    static constexpr qsizetype kLongestEditedLine = 64 * 1024;

    FileText file;
    std::optional<FileText>
        mine; ///< what was typed and not saved, where it is text and another than the file's
    bool showsMine =
        false;            ///< in place of the file's text; else `mine` is put over it, to be undone
    TextPieces pieces;    ///< of the text that is shown
    bool isLarge = false; ///< no colours
    bool isInParts =
        false; ///< too large for an editor, or with a line that is: `index` and no text
    PageIndex index;
};

/// For any thread.
PreparedFile prepareFile(const QByteArray& bytes, const std::optional<QByteArray>& unsaved);

} // namespace caisson
