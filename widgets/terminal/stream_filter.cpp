// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/terminal/stream_filter.h"

#include <cstring>

#include "widgets/terminal/csi_rules.h"

namespace caisson {

namespace {

constexpr unsigned char kEscape = 0x1B;
constexpr unsigned char kCancel = 0x18;
constexpr unsigned char kSubstitute = 0x1A;
constexpr unsigned char kBell = 0x07;
constexpr unsigned char kC1Lead = 0xC2; ///< UTF-8 writes U+0080 to U+009F as C2 80 to C2 9F
constexpr unsigned char kStringTerminator = 0x9C;

/// A control sequence longer than this is noise. Real ones stay under 100 bytes.
constexpr qsizetype kMaxSequence = 256;
/// Of an OSC only the beginning is kept; its end is still waited for.
constexpr qsizetype kMaxOsc = 2048;

bool isC1(unsigned char byte)
{
    return byte >= 0x80 && byte < 0xA0;
}

/// The escapes with an intermediate byte that QTermWidget reads to their end: character sets, line
/// size, UTF-8.
bool isKnownIntermediate(unsigned char byte)
{
    return std::strchr("()*+#%", byte) != nullptr;
}

/// The length that the first byte of a UTF-8 character announces; 1 for what is none.
int announcedLength(unsigned char lead)
{
    if (lead >= 0xC2 && lead < 0xE0)
        return 2;
    if (lead >= 0xE0 && lead < 0xF0)
        return 3;
    return lead >= 0xF0 && lead < 0xF5 ? 4 : 1;
}

QString cleanTitle(QByteArrayView text)
{
    QString title = QString::fromUtf8(text);
    title.removeIf([](QChar c) { return c.category() == QChar::Other_Control; });
    title.truncate(StreamFilter::kMaxTitle);
    return title;
}

} // namespace

QByteArray StreamFilter::filter(QByteArrayView bytes)
{
    QByteArray out;
    out.reserve(bytes.size() + m_cutCharacter.size());
    if (!m_cutCharacter.isEmpty()) {
        out.append(m_cutCharacter);
        m_cutCharacter.clear();
    }
    for (qsizetype at = 0; at < bytes.size();) {
        if (m_state == State::Ground)
            at = copyText(bytes, at, out);
        if (at < bytes.size())
            consume(static_cast<unsigned char>(bytes[at++]), out);
    }
    if (m_state == State::Ground)
        holdCutCharacter(out);
    return out;
}

std::optional<QString> StreamFilter::takeTitle()
{
    return std::exchange(m_title, std::nullopt);
}

void StreamFilter::reset()
{
    m_state = State::Ground;
    m_sequence.clear();
    m_cutCharacter.clear();
}

/// Copies what needs no look at each byte. Returns the place of the first byte that does.
qsizetype StreamFilter::copyText(QByteArrayView bytes, qsizetype from, QByteArray& out)
{
    const char* const begin = bytes.data() + from;
    const char* const end = bytes.data() + bytes.size();
    const void* const escape = std::memchr(begin, kEscape, end - begin);
    const char* const stop = escape ? static_cast<const char*>(escape) : end;
    // C2 also leads common characters (a no-break space, a degree sign): only with a C1 byte behind
    // it, or with nothing yet, is it worth a stop.
    const char* at = begin;
    while (at < stop) {
        const void* found = std::memchr(at, kC1Lead, stop - at);
        if (!found) {
            at = stop;
            break;
        }
        at = static_cast<const char*>(found);
        if (at + 1 >= end || isC1(static_cast<unsigned char>(at[1])))
            break;
        ++at;
    }
    out.append(begin, at - begin);
    return at - bytes.data();
}

void StreamFilter::consume(unsigned char byte, QByteArray& out)
{
    switch (m_state) {
    case State::Ground:
        if (byte == kEscape)
            m_state = State::Escape;
        else if (byte == kC1Lead)
            m_state = State::C1Lead;
        else
            out.append(static_cast<char>(byte));
        return;
    case State::C1Lead:
        m_state = State::Ground;
        if (isC1(byte)) {
            consumeEscape(byte - 0x40, out);
        } else {
            out.append(static_cast<char>(kC1Lead));
            consume(byte, out);
        }
        return;
    case State::Escape:
    case State::Intermediate:
        consumeEscape(byte, out);
        return;
    case State::Csi:
        consumeCsi(byte, out);
        return;
    case State::Osc:
    case State::OpaqueString:
        consumeString(byte);
        return;
    case State::StringC1:
        if (byte == kStringTerminator) {
            endString();
        } else {
            m_state = m_stringState;
            if (m_state == State::Osc && m_sequence.size() < kMaxOsc)
                m_sequence.append(static_cast<char>(kC1Lead));
            consumeString(byte);
        }
        return;
    case State::StringEscape:
        if (byte == '\\') {
            endString();
        } else {
            // Any other escape breaks the string off and begins anew.
            m_state = State::Escape;
            consumeEscape(byte, out);
        }
        return;
    }
}

void StreamFilter::consumeEscape(unsigned char byte, QByteArray& out)
{
    if (byte == kEscape) {
        m_state = State::Escape;
        m_sequence.clear();
        return;
    }
    if (byte == kCancel || byte == kSubstitute) {
        m_state = State::Ground;
        m_sequence.clear();
        return;
    }
    if (byte < 0x20) {
        out.append(static_cast<char>(byte)); // a control inside a sequence acts at once
        return;
    }
    if (m_state == State::Intermediate) {
        if (byte < 0x30) {
            m_sequence.append(static_cast<char>(byte));
        } else {
            if (byte < 0x7F && m_sequence.size() == 1 &&
                isKnownIntermediate(static_cast<unsigned char>(m_sequence[0]))) {
                out.append(kEscape).append(m_sequence).append(static_cast<char>(byte));
            }
            m_sequence.clear();
            m_state = State::Ground;
        }
        if (m_sequence.size() > kMaxSequence)
            reset();
        return;
    }
    m_sequence.clear();
    switch (byte) {
    case '[':
        m_state = State::Csi;
        return;
    case ']':
        startString(State::Osc);
        return;
    case 'P':
    case 'X':
    case '^':
    case '_':
    case 'k': // screen's way to set a title, which others print
        startString(State::OpaqueString);
        return;
    case '\\': // the end of a string that is not open
        m_state = State::Ground;
        return;
    default:
        break;
    }
    if (byte < 0x30) {
        m_sequence.append(static_cast<char>(byte));
        m_state = State::Intermediate;
        return;
    }
    m_state = State::Ground;
    if (byte == 'c')
        m_sgr.reset(); // RIS: the terminal as at power-up
    if (byte < 0x7F)
        out.append(kEscape).append(static_cast<char>(byte));
}

void StreamFilter::consumeCsi(unsigned char byte, QByteArray& out)
{
    if (byte == kEscape || byte == kCancel || byte == kSubstitute) {
        consumeEscape(byte, out);
    } else if (byte < 0x20) {
        out.append(static_cast<char>(byte));
    } else if (byte < 0x40) {
        if (m_sequence.size() <= kMaxSequence)
            m_sequence.append(static_cast<char>(byte));
    } else {
        if (byte < 0x7F && m_sequence.size() <= kMaxSequence)
            out.append(acceptableCsi(m_sequence, static_cast<char>(byte), m_sgr));
        m_sequence.clear();
        m_state = State::Ground;
    }
}

void StreamFilter::consumeString(unsigned char byte)
{
    if (byte == kEscape) {
        m_state = State::StringEscape;
    } else if (byte == kC1Lead) {
        m_state = State::StringC1;
    } else if (byte == kCancel || byte == kSubstitute) {
        m_sequence.clear();
        m_state = State::Ground;
    } else if (m_state == State::Osc) {
        if (byte == kBell)
            endString();
        else if (m_sequence.size() < kMaxOsc)
            m_sequence.append(static_cast<char>(byte));
    }
}

void StreamFilter::startString(State state)
{
    m_state = state;
    m_stringState = state;
}

void StreamFilter::endString()
{
    if (m_stringState == State::Osc &&
        (m_sequence.startsWith("0;") || m_sequence.startsWith("2;"))) {
        m_title = cleanTitle(QByteArrayView(m_sequence).sliced(2));
    }
    m_sequence.clear();
    m_state = State::Ground;
}

/// Takes the beginning of a character that is not all there off the end of the output.
void StreamFilter::holdCutCharacter(QByteArray& out)
{
    const qsizetype size = out.size();
    for (qsizetype back = 1; back <= qMin<qsizetype>(3, size); ++back) {
        const auto byte = static_cast<unsigned char>(out[size - back]);
        if ((byte & 0xC0) == 0x80)
            continue; // a byte from the middle: the lead is further back
        if (announcedLength(byte) > back) {
            m_cutCharacter = out.last(back);
            out.chop(back);
        }
        return;
    }
}

} // namespace caisson
