// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace caisson {

/// How a file indents.
struct Indentation
{
    bool usesTabs = false;
    int width = 4; ///< columns of one step, and of a tab
    QString step() const { return usesTabs ? QStringLiteral("\t") : QString(width, u' '); }
    bool operator==(const Indentation&) const = default;
};

/// From the first lines of a text; `fallback` where it does not show.
Indentation detectIndentation(QStringView text, const Indentation& fallback);

/// The blanks a line begins with.
QString leadingBlanks(QStringView line);

/// What a new line after `line`, broken at its end, begins with: its own blanks, a step deeper
/// after an opening bracket or a colon at the end.
QString indentAfter(QStringView line, const Indentation& indentation);

/// `line` with one step less.
QString outdented(const QString& line, const Indentation& indentation);

} // namespace caisson
