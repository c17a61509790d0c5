// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QString>

#include <optional>

#include "widgets/terminal/sgr.h"

namespace caisson {

/// Stands between a sandbox's output and the emulator. The bytes are untrusted, and QTermWidget
/// prints what it does not know: payloads of DCS, APC and PM strings as text, the tails of unknown
/// control sequences likewise, and colons in SGR as wrong colours. Let through are text, controls
/// and the sequences the emulator understands; a title is taken out and kept for the caller;
/// everything else is dropped: OSC 8 (links), 52 (clipboard), palette changes, window operations.
///
/// Works on any cut of the stream. What comes out is always whole: a sequence or a UTF-8 character
/// that a read has cut in two waits for its rest, so other bytes may be written to the emulator
/// between two calls. Sources: ECMA-48 (1991), xterm's ctlseqs, Paul Williams' parser for DEC's
/// terminals.
class StreamFilter
{
public:
    /// The longest title handed out, in UTF-16 units.
    static constexpr int kMaxTitle = 200;

    QByteArray filter(QByteArrayView bytes);

    /// Of the emulator's colour scheme, for what is shown from now on.
    void setReadableColours(const ReadableColours& colours) { m_sgr.setReadableColours(colours); }

    /// The last title set (OSC 0 or 2) since the last call.
    std::optional<QString> takeTitle();

    /// Forgets a cut sequence, for a stream that starts anew.
    void reset();

private:
    enum class State {
        Ground,
        C1Lead, ///< 0xC2 seen: a C1 control as UTF-8, or a character
        Escape,
        Intermediate, ///< ESC and one of 0x20 to 0x2F
        Csi,
        Osc,
        OpaqueString, ///< DCS, SOS, PM, APC, and screen's title
        StringEscape, ///< ESC inside a string
        StringC1,     ///< 0xC2 inside a string
    };

    qsizetype copyText(QByteArrayView bytes, qsizetype from, QByteArray& out);
    void consume(unsigned char byte, QByteArray& out);
    void consumeEscape(unsigned char byte, QByteArray& out);
    void consumeCsi(unsigned char byte, QByteArray& out);
    void consumeString(unsigned char byte);
    void startString(State state);
    void endString();
    void holdCutCharacter(QByteArray& out);

    State m_state = State::Ground;
    State m_stringState = State::Osc; ///< which string StringEscape and StringC1 are in
    QByteArray
        m_sequence; ///< the parameters of a CSI, the intermediate of an escape, the text of an OSC
    QByteArray m_cutCharacter;
    std::optional<QString> m_title;
    SgrTranslator m_sgr;
};

} // namespace caisson
