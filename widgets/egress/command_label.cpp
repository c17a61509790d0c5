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
    : ElidedLabel({}, Qt::ElideMiddle, parent)
{
    QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Preferred);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
    auto* copy = new QAction(tr("&Copy"), this);
    copy->setObjectName(QStringLiteral("copyCommand"));
    addAction(copy);
    setContextMenuPolicy(Qt::ActionsContextMenu);
    connect(copy, &QAction::triggered, this,
            [this] { QGuiApplication::clipboard()->setText(text()); });
}

QStringList CommandLabel::linesIn(int width) const
{
    if (text().isEmpty() || width <= 0)
        return {text()};
    QTextOption option;
    option.setWrapMode(QTextOption::WrapAnywhere);
    QTextLayout layout(text(), font());
    layout.setTextOption(option);
    layout.beginLayout();
    QTextLine first = layout.createLine();
    first.setLineWidth(width);
    const int broken = first.textLength();
    layout.endLayout();
    if (broken >= text().size())
        return {text()};
    return {text().first(broken),
            fontMetrics().elidedText(text().sliced(broken), Qt::ElideMiddle, width)};
}

bool CommandLabel::isElided() const
{
    return linesIn(width()).join(QString()) != text();
}

QSize CommandLabel::sizeHint() const
{
    return {qMin(kHintWidth, fontMetrics().horizontalAdvance(text()) + 1),
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
    for (const QString& shown : linesIn(width())) {
        painter.drawText(
            line, Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine | Qt::TextForceLeftToRight,
            shown);
        line.translate(0, line.height());
    }
}

} // namespace caisson
