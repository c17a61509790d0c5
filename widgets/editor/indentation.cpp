// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/editor/indentation.h"

#include <array>

namespace caisson {

namespace {
constexpr int kLinesLookedAt = 500;
constexpr int kWidestStep = 8;
} // namespace

QString leadingBlanks(QStringView line)
{
    qsizetype count = 0;
    while (count < line.size() && (line[count] == u' ' || line[count] == u'\t'))
        ++count;
    return line.first(count).toString();
}

Indentation detectIndentation(QStringView text, const Indentation& fallback)
{
    int tabs = 0;
    int spaces = 0;
    std::array<int, kWidestStep + 1> steps{};
    qsizetype previous = 0;
    qsizetype start = 0;
    for (int seen = 0; seen < kLinesLookedAt && start < text.size(); ++seen) {
        qsizetype end = text.indexOf(u'\n', start);
        if (end < 0)
            end = text.size();
        const QStringView line = text.sliced(start, end - start);
        start = end + 1;
        const QString blanks = leadingBlanks(line);
        if (blanks.size() == line.size())
            continue; // nothing but blanks tells nothing
        if (blanks.startsWith(u'\t')) {
            ++tabs;
            continue;
        }
        const qsizetype step = blanks.size() - previous;
        if (step >= 2 && step <= kWidestStep)
            ++steps[static_cast<std::size_t>(step)];
        if (!blanks.isEmpty())
            ++spaces;
        previous = blanks.size();
    }
    if (tabs > spaces)
        return {true, fallback.width};
    const auto most = std::max_element(steps.begin(), steps.end());
    if (*most == 0)
        return fallback;
    return {false, static_cast<int>(most - steps.begin())};
}

QString indentAfter(QStringView line, const Indentation& indentation)
{
    QString blanks = leadingBlanks(line);
    const QStringView trimmed = line.trimmed();
    if (!trimmed.isEmpty() && QStringView(u"{[(:").contains(trimmed.last()))
        blanks += indentation.step();
    return blanks;
}

QString outdented(const QString& line, const Indentation& indentation)
{
    if (line.startsWith(u'\t'))
        return line.sliced(1);
    qsizetype count = 0;
    while (count < qMin<qsizetype>(indentation.width, line.size()) && line[count] == u' ')
        ++count;
    return line.sliced(count);
}

} // namespace caisson
