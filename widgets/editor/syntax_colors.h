// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTextCharFormat>

#include "widgets/common/colors.h"

namespace KSyntaxHighlighting {
class Format;
}

namespace caisson {

/// How a piece of code looks on Caisson's canvas. The colours a language's own file asks for are
/// left aside: they were chosen for another background. Nothing is amber: that colour is for
/// decisions.
QTextCharFormat syntaxFormat(const KSyntaxHighlighting::Format& format, bool isDark);

/// Every colour syntaxFormat() can give, for the test of their contrast.
QList<QColor> syntaxColors(bool isDark);

} // namespace caisson
