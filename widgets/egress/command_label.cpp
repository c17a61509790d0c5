// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/command_label.h"

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QPainter>
#include <QTextLayout>

namespace caisson {

namespace {

constexpr int kHintWidth = 320;
constexpr int kNarrowest = 120;
constexpr int kLines = 2;

} // namespace

CommandLabel::CommandLabel(QWidget* parent)
    : QWidget(parent)
{
    QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Preferred);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    auto* copy = new QAction(tr("&Copy"), this);
    copy->setObjectName(QStringLiteral("copyCommand"));
    addAction(copy);
    setContextMenuPolicy(Qt::ActionsContextMenu);
    connect(copy, &QAction::triggered, this,
            [this] { QGuiApplication::clipboard()->setText(m_text); });
}

void CommandLabel::setText(const QString& text)
{
    if (text == m_text)
        return;
    m_text = text;
    setAccessibleName(text);
    updateToolTip();
    updateGeometry();
    update();
}

QStringList CommandLabel::linesIn(int width) const
{
    if (m_text.isEmpty() || width <= 0)
        return {m_text};
    QTextOption option;
    option.setWrapMode(QTextOption::WrapAnywhere);
    QTextLayout layout(m_text, font());
    layout.setTextOption(option);
    layout.beginLayout();
    QTextLine first = layout.createLine();
    first.setLineWidth(width);
    const int broken = first.textLength();
    layout.endLayout();
    if (broken >= m_text.size())
        return {m_text};
    return {m_text.first(broken),
            fontMetrics().elidedText(m_text.sliced(broken), Qt::ElideMiddle, width)};
}

bool CommandLabel::isElided() const
{
    return linesIn(width()).join(QString()) != m_text;
}

QSize CommandLabel::sizeHint() const
{
    return {qMin(kHintWidth, fontMetrics().horizontalAdvance(m_text) + 1),
            heightForWidth(kHintWidth)};
}

QSize CommandLabel::minimumSizeHint() const
{
    return {kNarrowest, fontMetrics().height()};
}

int CommandLabel::heightForWidth(int) const
{
    return kLines * fontMetrics().height();
}

void CommandLabel::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setPen(palette().color(foregroundRole()));
    QRect line(0, 0, width(), fontMetrics().height());
    for (const QString& text : linesIn(width())) {
        painter.drawText(line, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine, text);
        line.translate(0, line.height());
    }
}

void CommandLabel::resizeEvent(QResizeEvent*)
{
    updateToolTip();
}

void CommandLabel::updateToolTip()
{
    setToolTip(isElided() ? m_text : QString());
}

} // namespace caisson
