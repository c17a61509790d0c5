// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/terminal/csi_rules.h"

#include <QList>

#include "widgets/terminal/sgr.h"

namespace caisson {

namespace {

/// Modes a program in a sandbox has no business with: 2 makes the emulator a VT52, whose sequences
/// this filter does not read; 3 and 40 give it 132 columns behind the window's back.
bool hasRefusedMode(QByteArrayView modes)
{
    for (const QByteArray& mode : modes.toByteArray().split(';')) {
        if (mode == "2" || mode == "3" || mode == "40")
            return true;
    }
    return false;
}

} // namespace

QByteArray acceptableCsi(const QByteArray& parameters, char final, SgrTranslator& sgr)
{
    const QByteArray whole = "\x1B[" + parameters + final;

    qsizetype intermediates = 0;
    while (intermediates < parameters.size() &&
           static_cast<unsigned char>(parameters[parameters.size() - 1 - intermediates]) < 0x30) {
        ++intermediates;
    }
    if (intermediates > 0) {
        // Cursor shape (DECSCUSR) and soft reset (DECSTR) are read; of others the tail would be
        // printed.
        const bool isCursorShape = final == 'q' && parameters.endsWith(' ');
        const bool isSoftReset = final == 'p' && parameters == "!";
        return isCursorShape || isSoftReset ? whole : QByteArray();
    }

    const char prefix = parameters.isEmpty() ? '\0' : parameters[0];
    switch (prefix) {
    case '<':
    case '=':
        return {};
    case '>':
        return final == 'c' ? whole : QByteArray(); // secondary device attributes
    case '?':
        if ((final == 'h' || final == 'l') && hasRefusedMode(QByteArrayView(parameters).sliced(1)))
            return {};
        return parameters.contains(':') ? QByteArray() : whole;
    default:
        break;
    }
    if (final == 'm')
        return sgr.translate(parameters);
    if (final == 't')
        return {}; // window operations: the size is the person's
    return parameters.contains(':') ? QByteArray() : whole;
}

} // namespace caisson
