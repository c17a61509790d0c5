// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/terminal/sgr.h"

#include <QVarLengthArray>
#include <algorithm>

namespace caisson {

namespace {

/// QTermWidget reads 15; a colour, which may not be torn apart, takes up to 5.
constexpr qsizetype kMaxParameters = 15;

/// How many parameters a colour of the semicolon form takes after its introducer; 0 when it is
/// malformed.
qsizetype colourLength(const QList<QByteArray>& parameters, qsizetype introducer)
{
    const QByteArray kind = parameters.value(introducer + 1);
    const qsizetype length = kind == "2" ? 4 : kind == "5" ? 2 : 0;
    return introducer + length < parameters.size() ? length : 0;
}

/// One parameter with colons, in the emulator's terms; empty when it has none.
QList<QByteArray> withoutColons(const QByteArray& parameter)
{
    const QList<QByteArray> parts = parameter.split(':');
    const QByteArray& head = parts.first();
    if (head == "4")
        return {parts.value(1) == "0" ? "24" : "4"};
    if (head != "38" && head != "48")
        return {};
    if (parts.value(1) == "5" && parts.size() >= 3)
        return {head, "5", parts[2]};
    if (parts.value(1) == "2") {
        // 38:2:SPACE:R:G:B, or 38:2:R:G:B as many programs write it.
        const qsizetype red = parts.size() >= 6 ? 3 : 2;
        if (red + 2 < parts.size())
            return {head, "2", parts[red], parts[red + 1], parts[red + 2]};
    }
    return {};
}

/// The index of one of the sixteen in `parameter`, given the first of the eight and of the bright.
std::optional<int> sixteen(int parameter, int plain, int bright)
{
    constexpr int kColours = 8;
    if (parameter >= plain && parameter < plain + kColours)
        return parameter - plain;
    if (parameter >= bright && parameter < bright + kColours)
        return parameter - bright + kColours;
    return std::nullopt;
}

std::optional<int> sixteenOfBackground(int parameter)
{
    return sixteen(parameter, 40, 100);
}

QByteArray foregroundParameter(int index)
{
    constexpr int kColours = 8;
    return QByteArray::number(index < kColours ? 30 + index : 90 + index - kColours);
}

/// An empty parameter is 0 (ECMA-48, 5.4.2).
QVarLengthArray<int, kMaxParameters> valuesOf(const QByteArray& parameters)
{
    constexpr int kLargest = 1000;
    QVarLengthArray<int, kMaxParameters> values;
    values.append(0);
    for (const char byte : parameters) {
        if (byte == ';')
            values.append(0);
        else
            values.last() = qMin(values.last() * 10 + (byte - '0'), kLargest);
    }
    return values;
}

constexpr int kBrightBlack = 8;

} // namespace

void SgrTranslator::reset()
{
    m_foreground = kDefault;
    m_background = kDefault;
    m_otherForeground.clear();
    m_isFaint = false;
}

/// Nearly every sequence is short and plain, and there are millions of them in a log: those that the
/// emulator reads as they are, while text is neither faint nor on a coloured ground.
bool SgrTranslator::isPlain(const QByteArray& parameters) const
{
    if (m_isFaint || m_background != kDefault || parameters.contains(':') ||
        parameters.contains('8') || parameters.contains("59") ||
        parameters.count(';') >= kMaxParameters) {
        return false;
    }
    const auto values = valuesOf(parameters);
    return std::ranges::none_of(values, [](int value) {
        return value == 2 || value == 22 || sixteenOfBackground(value).has_value();
    });
}

/// False for what the emulator does not have to be told: the foreground, which comes last.
bool SgrTranslator::note(int parameter)
{
    if (const auto index = sixteen(parameter, 30, 90)) {
        m_foreground = *index;
        return false;
    }
    if (const auto index = sixteenOfBackground(parameter)) {
        m_background = *index;
        return true;
    }
    switch (parameter) {
    case 0:
        reset();
        return true;
    case 2:
        m_isFaint = true;
        return false;
    case 22:
        m_isFaint = false;
        return true;
    case 39:
        m_foreground = kDefault;
        return false;
    case 49:
        m_background = kDefault;
        return true;
    default:
        return true;
    }
}

/// The parameters of the colour that text has now.
QByteArray SgrTranslator::foreground() const
{
    if (m_foreground == kOther)
        return m_otherForeground;
    const int shown = m_foreground == kDefault && m_isFaint ? int(kBrightBlack) : m_foreground;
    const bool isConcealed = m_foreground == m_background;
    if (m_readable && m_background >= 0 && !isConcealed) {
        const int index = shown == kDefault ? int(ReadableColours::kDefaultText) : shown;
        if (const std::optional<QRgb> instead = m_readable->instead[m_background][index])
            return "38;2;" + QByteArray::number(qRed(*instead)) + ';' +
                   QByteArray::number(qGreen(*instead)) + ';' + QByteArray::number(qBlue(*instead));
    }
    return shown == kDefault ? QByteArrayLiteral("39") : foregroundParameter(shown);
}

QByteArray SgrTranslator::translate(const QByteArray& parameters)
{
    if (isPlain(parameters)) {
        for (const int value : valuesOf(parameters))
            note(value);
        return "\x1B[" + parameters + 'm';
    }
    QByteArray out;
    QList<QByteArray> line;
    const auto flush = [&] {
        if (!line.isEmpty())
            out += "\x1B[" + line.join(';') + 'm';
        line.clear();
    };
    const auto add = [&](const QList<QByteArray>& group) {
        if (line.size() + group.size() > kMaxParameters)
            flush();
        line += group;
    };
    QByteArray before = foreground();
    const auto addColour = [&](const QList<QByteArray>& group) {
        if (group.value(0) == "38") {
            m_foreground = kOther;
            m_otherForeground = group.join(';');
        } else {
            if (group.value(0) == "48")
                m_background = kOther;
            add(group);
        }
    };

    const QList<QByteArray> all = parameters.split(';');
    for (qsizetype at = 0; at < all.size(); ++at) {
        const QByteArray& parameter = all[at];
        if (parameter.contains(':')) {
            addColour(withoutColons(parameter));
        } else if (parameter == "38" || parameter == "48" || parameter == "58") {
            const qsizetype length = colourLength(all, at);
            if (length == 0)
                break; // what follows cannot be told from colour parts
            if (parameter != "58")
                addColour(all.sliced(at, length + 1));
            at += length;
        } else if (parameter != "59" && note(parameter.toInt())) {
            add({parameter});
            if (parameter.toInt() == 0)
                before = foreground();
        }
    }
    if (const QByteArray after = foreground(); after != before)
        add(after.split(';'));
    flush();
    return out;
}

} // namespace caisson
