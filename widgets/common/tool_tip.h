// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace caisson {

/// A text as a tooltip: lines that would not fit into a narrow window are broken, between words where
/// there are any, so that all of it is to be read. Qt breaks none unless they are wider than the
/// screen, and then cuts long words off.
QString foldedTip(const QString& text);

} // namespace caisson
