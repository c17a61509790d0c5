// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QJsonObject>

#include <optional>

namespace caisson {

/// What a page was like, to be as it was after a restart of the window.
struct EditorState
{
    int anchor = 0; ///< characters from the start of the text
    int position = 0;
    int topLine = 0; ///< the first line on the screen, from 0
    qint64 page = 0; ///< of a paged view
    QString etag;    ///< of the file the text was made from
    std::optional<QByteArray>
        unsaved; ///< the file's bytes as they would have been saved; kept apart, see DraftStore

    /// Without `unsaved`.
    QJsonObject toJson() const;
    /// Fields that are missing or of another type keep their defaults.
    static EditorState fromJson(const QJsonObject& json);
};

} // namespace caisson
