// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QList>

#include "widgets/terminal/readable_colours.h"

namespace caisson {

/// Rewrites Select Graphic Rendition for an emulator that knows neither sub-parameters nor underline
/// colours nor faint text, and reads at most 15 parameters: colours in ITU T.416's colon form become
/// the semicolon form, underline styles become plain underline or none, colour 58 is left out, long
/// lists become several sequences, and faint text (2) in the default colour is shown in bright black
/// (90), the palette's dimmed text. Faint text in a colour of its own keeps that colour.
///
/// With readable colours, text in one of the sixteen colours, or the default one, on one of the sixteen can
/// be read. Programs choose such pairs for palettes in which black is black and white is white.
///
/// One for a stream: what is set is remembered from sequence to sequence.
class SgrTranslator
{
public:
    /// For what is translated from now on.
    void setReadableColours(const ReadableColours& colours) { m_readable = colours; }

    /// `parameters` stand between ESC [ and m. The result is whole sequences, ready to write; empty
    /// when nothing is left.
    QByteArray translate(const QByteArray& parameters);

    /// The terminal is reset; what can be read stays.
    void reset();

private:
    /// One of the sixteen by its index, or one of these.
    enum : int { kDefault = -1, kOther = -2 };

    bool isPlain(const QByteArray& parameters) const;
    bool note(int parameter);
    QByteArray foreground() const;

    std::optional<ReadableColours> m_readable;
    int m_foreground = kDefault;
    int m_background = kDefault;
    QByteArray m_otherForeground; ///< its parameters, where it is kOther
    bool m_isFaint = false;
};

} // namespace caisson
