// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/editor/prepared_file.h"

namespace caisson {

PreparedFile prepareFile(const QByteArray& bytes, const std::optional<QByteArray>& unsaved)
{
    PreparedFile prepared;
    prepared.isLarge = bytes.size() > PreparedFile::kLargestColoured ||
                       (unsaved && unsaved->size() > PreparedFile::kLargestColoured);
    prepared.isInParts =
        !looksBinary(bytes) && (bytes.size() > PreparedFile::kLargestEdited ||
                                longestLine(bytes) > PreparedFile::kLongestEditedLine);
    if (prepared.isInParts) {
        prepared.file.kind = FileKind::Unfaithful;
        prepared.index = PageIndex(bytes);
    } else {
        prepared.file = decodeText(bytes);
    }
    const bool isText = prepared.file.kind == FileKind::Text;
    if (unsaved) {
        FileText mine = decodeText(*unsaved);
        const bool isWords = mine.kind != FileKind::Binary && mine.kind != FileKind::ForeignText;
        if (isWords && !(isText && mine.text == prepared.file.text))
            prepared.mine = std::move(mine);
    }
    prepared.showsMine = prepared.mine && (!isText || prepared.isLarge);
    if (prepared.showsMine && isText)
        prepared.mine->format = prepared.file.format;
    prepared.pieces = TextPieces(prepared.showsMine ? prepared.mine->text : prepared.file.text);
    return prepared;
}

} // namespace caisson
