// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace caisson {

/// What of a clipboard's text may go to a terminal: every line end is a carriage return, as the
/// Return key sends it; all other controls but the tab are gone, so that a copied text can neither
/// leave bracketed paste nor press keys. A single line loses its line end: it is the person who
/// presses Return.
QString pasteable(const QString& clipboard);

/// Lines of a pasteable text. Above 1 a paste deserves a question.
int lineCount(const QString& pasteableText);

} // namespace caisson
