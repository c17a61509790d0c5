// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace caisson {

class SgrTranslator;

/// The control sequence ESC [ `parameters` `final` as QTermWidget may have it: whole and unchanged,
/// rewritten (SGR), or empty. `parameters` holds the bytes 0x20 to 0x3F, intermediates included.
QByteArray acceptableCsi(const QByteArray& parameters, char final, SgrTranslator& sgr);

} // namespace caisson
