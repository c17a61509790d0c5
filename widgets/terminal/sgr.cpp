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

} // namespace

QByteArray plainSgr(const QByteArray& parameters)
{
    // Nearly every one is short and plain, and there are millions of them in a log.
    if (!parameters.contains(':') && !parameters.contains('8') && !parameters.contains("59") &&
        parameters.count(';') < kMaxParameters) {
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
            add(withoutColons(parameter));
        } else if (parameter == "38" || parameter == "48" || parameter == "58") {
            const qsizetype length = colourLength(all, at);
            if (length == 0)
                break; // what follows cannot be told from colour parts
            if (parameter != "58")
                add(all.sliced(at, length + 1));
            at += length;
        } else if (parameter != "59") {
            add({parameter});
        }
    }
    flush();
    return out;
}

} // namespace caisson
