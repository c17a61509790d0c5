// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractItemModel>
#include <QString>

namespace caisson::test {

/// A model as text, for comparing: a row a line, children indented by two spaces, `roles` after the
/// name with a "|" between.
inline QString modelText(const QAbstractItemModel& model, const QList<int>& roles = {},
                         const QModelIndex& parent = {}, int depth = 0)
{
    QString text;
    for (int row = 0; row < model.rowCount(parent); ++row) {
        const QModelIndex index = model.index(row, 0, parent);
        text += QString(2 * depth, QLatin1Char(' ')) + index.data().toString();
        for (const int role : roles)
            text += QLatin1Char('|') + index.data(role).toString();
        text += QLatin1Char('\n') + modelText(model, roles, index, depth + 1);
    }
    return text;
}

} // namespace caisson::test
