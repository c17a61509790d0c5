// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace caisson {

/// Whether the UTF-8 text has a character that a terminal gives two cells, by the table that
/// QTermWidget, too, reads widths from (utf8proc; Unicode's East Asian Width, UAX #11). What is not
/// UTF-8 has none.
bool hasWideCharacter(QByteArrayView utf8);

} // namespace caisson
