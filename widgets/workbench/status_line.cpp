// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/workbench/status_line.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>

#include "widgets/common/colors.h"
#include "widgets/common/fonts.h"

namespace caisson {

namespace {

constexpr int kHeight = 25; // 24 below a hairline

} // namespace

StatusLine::StatusLine(QWidget* parent)
    : QWidget(parent)
    , m_language(makeLabel(QStringLiteral("status.language"), tr("Language")))
    , m_position(makeLabel(QStringLiteral("status.position"), tr("Position")))
    , m_format(makeLabel(QStringLiteral("status.format"), tr("Encoding")))
    , m_link(makeLabel(QStringLiteral("status.link"), tr("Connection")))
{
    setObjectName(QStringLiteral("status"));
    setFixedHeight(kHeight);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(12, 1, 12, 0);
    layout->setSpacing(16);
    layout->addWidget(m_language);
    layout->addWidget(m_position);
    layout->addWidget(m_format);
    layout->addStretch();
    layout->addWidget(m_link);
    setFile({}, {}, {});
    setLink(desk::LinkState::Connecting);
}

QLabel* StatusLine::makeLabel(const QString& name, const QString& what)
{
    auto* label = new QLabel;
    label->setObjectName(name);
    label->setFont(secondaryFont());
    label->setForegroundRole(QPalette::PlaceholderText);
    label->setTextFormat(Qt::PlainText);
    label->setToolTip(what);
    return label;
}

void StatusLine::show(QLabel* label, const QString& text)
{
    label->setText(text);
    label->setAccessibleName(label->toolTip() + QStringLiteral(": ") + text);
    label->setVisible(!text.isEmpty());
}

void StatusLine::setFile(const QString& language, const QString& position, const QString& format)
{
    show(m_language, language);
    show(m_position, position);
    show(m_format, format);
}

void StatusLine::setLink(desk::LinkState state)
{
    switch (state) {
    case desk::LinkState::Connecting:
        show(m_link, tr("connecting…"));
        break;
    case desk::LinkState::Connected:
        show(m_link, tr("connected"));
        break;
    case desk::LinkState::Lost:
        show(m_link, tr("not connected"));
        break;
    }
}

void StatusLine::paintEvent(QPaintEvent*)
{
    const Colors& colors = colorsOf(palette());
    QPainter painter(this);
    painter.fillRect(rect(), colors.panel);
    painter.fillRect(QRect(0, 0, width(), 1), colors.hairline);
}

} // namespace caisson
