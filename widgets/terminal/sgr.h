// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace caisson {

/// Rewrites a Select Graphic Rendition (the parameters between ESC [ and m) for an emulator that
/// knows neither sub-parameters nor underline colours, and reads at most 15 parameters: colours in
/// ITU T.416's colon form become the semicolon form, underline styles become plain underline or
/// none, colour 58 is left out, long lists become several sequences. The result is whole sequences,
/// ready to write; empty when nothing is left.
QByteArray plainSgr(const QByteArray& parameters);

} // namespace caisson
