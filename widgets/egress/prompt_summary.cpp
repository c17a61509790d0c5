// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/prompt_summary.h"

#include <algorithm>

#include <QEvent>
#include <QLabel>
#include <QLocale>

#include "widgets/common/elided_label.h"
#include "widgets/common/fonts.h"
#include "widgets/egress/url_label.h"
#include "widgets/models/request_text.h"

namespace caisson {

namespace {

constexpr int kGap = 8;
constexpr int kHintWidth = 480;
/// A chain of which less is left tells nothing.
constexpr int kLeastChain = 120;
/// Of the URL, beyond whose it is, before the words give way.
constexpr int kSomeUrl = 60;
/// The panel has them whole.
constexpr qsizetype kLongName = 28;
constexpr qsizetype kShortName = 9;

/// So many of the choices begin with the sandbox and name the program.
constexpr int kWithProgram = 4;

/// "web-preview: curl wants to POST", "web-preview, curl: POST" and so on: only the method is in all.
QStringList asksOf(const api::Prompt& prompt, const QString& sandbox)
{
    using Summary = PromptSummary;
    const auto sentence = [&](qsizetype longest) {
        const QString program = programName(prompt.process, longest);
        return prompt.method.empty()
                   ? Summary::tr("%1 wants to reach").arg(program)
                   : Summary::tr("%1 wants to %2").arg(program, shownText(prompt.method, 20));
    };
    const auto words = [&](qsizetype longest) {
        const QString program = programName(prompt.process, longest);
        return prompt.method.empty()
                   ? program
                   : Summary::tr("%1: %2").arg(program, shownText(prompt.method, 20));
    };
    const QString method = shownText(prompt.method, 20);
    if (sandbox.isEmpty())
        return {sentence(kLongName), words(kLongName), words(kShortName), method};
    const QString few = shownText(sandbox, kShortName);
    return {Summary::tr("%1: %2").arg(shownText(sandbox, kLongName), sentence(kLongName)),
            Summary::tr("%1, %2").arg(shownText(sandbox, kLongName), words(kLongName)),
            Summary::tr("%1, %2").arg(few, words(kShortName)),
            method.isEmpty() ? few : Summary::tr("%1: %2").arg(few, method), method};
}

int textWidth(const QWidget& widget, const QString& text)
{
    return text.isEmpty() ? 0 : widget.fontMetrics().horizontalAdvance(text) + 1;
}

} // namespace

PromptSummary::PromptSummary(QWidget* parent)
    : QWidget(parent)
    , m_who(new QLabel(this))
    , m_url(new UrlLabel(this))
    , m_count(new QLabel(this))
    , m_inner(new QLabel(this))
    , m_chain(new ElidedLabel({}, Qt::ElideLeft, this))
{
    setObjectName(QStringLiteral("prompt.summary"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    setCursor(Qt::PointingHandCursor);
    const auto name = [](QLabel* label, const char* id) {
        label->setObjectName(QStringLiteral("prompt.") + QLatin1String(id));
        label->setTextFormat(Qt::PlainText);
    };
    name(m_who, "who");
    name(m_count, "count");
    name(m_inner, "lineInner");
    m_url->setObjectName(QStringLiteral("prompt.lineUrl"));
    m_chain->setObjectName(QStringLiteral("prompt.chain"));
    m_chain->setForegroundRole(QPalette::PlaceholderText);
    m_chain->setFont(secondaryFont());
    m_count->setFont(secondaryFont());
    m_inner->setFont(headingFont());
    m_inner->setToolTip(tr("It leads to this machine or its network, not to the internet"));
}

void PromptSummary::setPrompt(const api::Prompt& prompt, const QString& sandboxName)
{
    m_asks = asksOf(prompt, sandboxName);
    m_inside = prompt.isPrivate ? QStringList{tr("this machine or its network"),
                                              tr("not the internet"), tr("private")}
                                : QStringList();
    m_url->setUrl(urlParts(prompt));
    m_count->setText(prompt.count > 1
                         ? tr("× %1").arg(QLocale().toString(static_cast<qlonglong>(prompt.count)))
                         : QString());
    const QString chain = processChain(prompt.process);
    m_chain->setText(chain.contains(QStringLiteral(" › ")) ? chain : QString());
    fit();
}

void PromptSummary::fit()
{
    if (m_asks.isEmpty())
        return;
    const int count = textWidth(*m_count, m_count->text());
    const auto widthOf = [&](const QString& ask, const QString& inside) {
        int width = 0;
        for (const int part : {textWidth(*m_who, ask), count, textWidth(*m_inner, inside)})
            width += part > 0 ? part + kGap : 0;
        return width; // the URL goes on
    };
    const QString inside = m_inside.value(0);
    const QString littleInside = m_inside.value(1);
    QList<std::pair<QString, QString>> choices{{m_asks.first(), inside}};
    for (const QString& ask : std::as_const(m_asks))
        choices.emplace_back(ask, littleInside);
    if (!m_inside.isEmpty()) // before the sandbox's name, or the program's, goes too
        choices.emplace(choices.size() - 1, m_asks[m_asks.size() - 2], m_inside.last());
    const UrlParts url = m_url->url();
    const int full = urlWidth(url, m_url->font()) + 1;
    const int least = leastUrlWidth(url, m_url->font());
    const auto fitting = [&](auto end, int room) {
        const auto found = std::find_if(choices.begin(), end, [&](const auto& choice) {
            return widthOf(choice.first, choice.second) + room <= width();
        });
        return found == end ? choices.end() : found;
    };
    // Who asks is not left out for more of a path.
    auto chosen = fitting(choices.begin() + kWithProgram, qMin(full, least + kSomeUrl));
    if (chosen == choices.end())
        chosen = fitting(choices.end(), least);
    if (chosen == choices.end())
        --chosen;
    m_who->setText(chosen->first);
    m_who->setToolTip(chosen->first == m_asks.first() ? QString() : m_asks.first());
    m_inner->setText(chosen->second);
    const int others = widthOf(chosen->first, chosen->second);
    const int urlRoom = qBound(0, width() - others, full);
    const int chainRoom = width() - others - urlRoom - kGap;
    const int chain = m_chain->text().isEmpty() ? 0 : m_chain->sizeHint().width();
    int left = 0;
    place(*m_who, left, textWidth(*m_who, m_who->text()));
    place(*m_url, left, urlRoom);
    place(*m_count, left, count);
    place(*m_inner, left, textWidth(*m_inner, m_inner->text()));
    place(*m_chain, left, chainRoom < qMin(chain, kLeastChain) ? 0 : qMin(chain, chainRoom));
}

/// On one base line, whatever the size of its letters.
void PromptSummary::place(QWidget& part, int& left, int width)
{
    part.setVisible(width > 0);
    if (width <= 0)
        return;
    const QFontMetrics metrics(font());
    const int base = (height() - metrics.height()) / 2 + metrics.ascent();
    part.setGeometry(left, base - part.fontMetrics().ascent(), width, part.fontMetrics().height());
    left += width + kGap;
}

QSize PromptSummary::sizeHint() const
{
    return {kHintWidth, fontMetrics().height()};
}

QSize PromptSummary::minimumSizeHint() const
{
    return {0, fontMetrics().height()};
}

void PromptSummary::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    fit();
}

void PromptSummary::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::FontChange)
        fit();
}

} // namespace caisson
