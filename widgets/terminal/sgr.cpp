// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/terminal/sgr.h"

#include <QList>

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

bool isForeground(int parameter)
{
    return (parameter >= 30 && parameter <= 38) || (parameter >= 90 && parameter <= 97);
}

/// Nearly every sequence is short and plain, and there are millions of them in a log: those that
/// neither need a rewrite nor touch the default colour while text is faint.
bool needsRewrite(const QByteArray& parameters)
{
    if (parameters.contains(':') || parameters.contains('8') || parameters.contains("59") ||
        parameters.count(';') >= kMaxParameters) {
        return true;
    }
    int value = 0;
    for (qsizetype at = 0; at <= parameters.size(); ++at) {
        if (at < parameters.size() && parameters[at] != ';') {
            value = qMin(value * 10 + (parameters[at] - '0'), 1000);
            continue;
        }
        if (value == 2 || value == 22)
            return true;
        value = 0;
    }
    return false;
}

} // namespace

/// One parameter that is no part of a longer colour; what stands for it, as several joined by `;`,
/// or nothing.
QByteArray SgrTranslator::noteAndReplace(const QByteArray& parameter)
{
    const int value = parameter.toInt(); // an empty one is 0 (ECMA-48, 5.4.2)
    const bool showedFaint = m_isFaint && !m_isColoured;
    switch (value) {
    case 0:
        m_isFaint = false;
        m_isColoured = false;
        return parameter;
    case 2:
        m_isFaint = true;
        return m_isColoured ? QByteArray() : QByteArrayLiteral("90");
    case 22:
        m_isFaint = false;
        return showedFaint ? QByteArrayLiteral("22;39") : parameter;
    case 39:
        m_isColoured = false;
        return m_isFaint ? QByteArrayLiteral("90") : parameter;
    default:
        if (isForeground(value))
            m_isColoured = true;
        return parameter;
    }
}

QByteArray SgrTranslator::translate(const QByteArray& parameters)
{
    if (!m_isFaint && !needsRewrite(parameters)) {
        for (qsizetype from = 0, to = 0; from <= parameters.size(); from = to + 1) {
            to = parameters.indexOf(';', from);
            if (to < 0)
                to = parameters.size();
            noteAndReplace(parameters.sliced(from, to - from));
        }
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

    const QList<QByteArray> all = parameters.split(';');
    for (qsizetype at = 0; at < all.size(); ++at) {
        const QByteArray& parameter = all[at];
        if (parameter.contains(':')) {
            const QList<QByteArray> group = withoutColons(parameter);
            if (!group.isEmpty() && group.first() == "38")
                m_isColoured = true;
            add(group);
        } else if (parameter == "38" || parameter == "48" || parameter == "58") {
            const qsizetype length = colourLength(all, at);
            if (length == 0)
                break; // what follows cannot be told from colour parts
            if (parameter == "38")
                m_isColoured = true;
            if (parameter != "58")
                add(all.sliced(at, length + 1));
            at += length;
        } else if (parameter != "59") {
            const QByteArray replaced = noteAndReplace(parameter);
            if (!replaced.isEmpty() || parameter.isEmpty())
                add(replaced.split(';'));
        }
    }
    flush();
    return out;
}

} // namespace caisson
