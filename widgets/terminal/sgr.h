// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace caisson {

/// Rewrites Select Graphic Rendition for an emulator that knows neither sub-parameters nor underline
/// colours nor faint text, and reads at most 15 parameters: colours in ITU T.416's colon form become
/// the semicolon form, underline styles become plain underline or none, colour 58 is left out, long
/// lists become several sequences, and faint text (2) in the default colour is shown in bright black
/// (90), the palette's dimmed text. Faint text in a colour of its own keeps that colour.
///
/// One for a stream: whether text is faint, and coloured, is remembered from sequence to sequence.
class SgrTranslator
{
public:
    /// `parameters` stand between ESC [ and m. The result is whole sequences, ready to write; empty
    /// when nothing is left.
    QByteArray translate(const QByteArray& parameters);

private:
    QByteArray noteAndReplace(const QByteArray& parameter);

    bool m_isFaint = false;
    bool m_isColoured = false;
};

} // namespace caisson
