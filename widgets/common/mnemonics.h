// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace caisson {

/// In the text of an action, a button, a menu or a tab "&" marks a key. For words that the window did
/// not choose, such as a URL or a file's name: each stays a character, and is seen.
QString escapeMnemonics(QString text);

/// Such a text as it is read: without its marks, and with the characters that are none.
QString stripMnemonics(const QString& text);

} // namespace caisson
