// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/notice_strip.h"

#include <QAction>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QToolButton>

#include "widgets/common/colors.h"
#include "widgets/common/fade.h"
#include "widgets/common/fonts.h"
#include "widgets/common/icons.h"
#include "widgets/common/pane.h"
#include "widgets/common/style_painting.h"

namespace caisson {

namespace {

QColor toneColor(NoticeStrip::Tone tone, const Colors& colors)
{
    switch (tone) {
    case NoticeStrip::Tone::Note:
        return colors.secondary;
    case NoticeStrip::Tone::Decision:
        return colors.waiting;
    case NoticeStrip::Tone::Error:
        return colors.failed;
    }
    Q_UNREACHABLE_RETURN(colors.secondary);
}

Icon toneIcon(NoticeStrip::Tone tone)
{
    switch (tone) {
    case NoticeStrip::Tone::Note:
        return Icon::Info;
    case NoticeStrip::Tone::Decision:
        return Icon::Warning;
    case NoticeStrip::Tone::Error:
        return Icon::Error;
    }
    Q_UNREACHABLE_RETURN(Icon::Info);
}

QLabel* makeLabel(const QString& name)
{
    auto* label = new QLabel;
    label->setObjectName(name);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

} // namespace

NoticeStrip::NoticeStrip(const QString& name, Tone tone, QWidget* parent)
    : QWidget(parent)
    , m_tone(tone)
    , m_row(new QHBoxLayout)
    , m_icon(new QLabel)
    , m_what(makeLabel(name + QStringLiteral(".what")))
    , m_detail(makeLabel(name + QStringLiteral(".detail")))
    , m_dismiss(nullptr)
{
    setObjectName(name);
    m_icon->setObjectName(name + QStringLiteral(".icon"));
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    m_detail->setFont(secondaryFont());
    m_detail->setForegroundRole(QPalette::PlaceholderText);

    auto* texts = new QVBoxLayout;
    texts->setSpacing(2);
    texts->addWidget(m_what);
    texts->addWidget(m_detail);

    m_row->setContentsMargins(12, 6, 8, 6);
    m_row->setSpacing(8);
    m_row->addWidget(m_icon);
    m_row->addLayout(texts, 1);
    setLayout(m_row);
    setMinimumHeight(metrics::kControlHeight + 12);

    auto* dismissAction = new QAction(icon(Icon::Close), tr("Dismiss"), this);
    connect(dismissAction, &QAction::triggered, this, &NoticeStrip::dismiss);
    m_dismiss = makeToolButton(dismissAction, this);
    m_dismiss->setObjectName(name + QStringLiteral(".dismiss"));
    m_row->addWidget(m_dismiss);
    m_dismiss->hide();
    m_detail->hide();
    updateIcon();
    hide();
}

void NoticeStrip::setText(const QString& what, const QString& detail)
{
    m_what->setText(what);
    m_detail->setText(detail);
    m_detail->setVisible(!detail.isEmpty());
    setAccessibleName(what);
    setAccessibleDescription(detail);
}

QString NoticeStrip::what() const
{
    return m_what->text();
}

QString NoticeStrip::detail() const
{
    return m_detail->text();
}

QPushButton* NoticeStrip::addButton(const QString& id, const QString& text, ButtonKind kind)
{
    auto* button = new QPushButton(text, this);
    button->setObjectName(objectName() + u'.' + id);
    button->setAutoDefault(true); // Enter presses it, as in a dialog
    setButtonKind(button, kind);
    m_row->insertWidget(m_row->indexOf(m_dismiss), button);
    return button;
}

void NoticeStrip::setDismissible(bool isDismissible)
{
    m_dismiss->setVisible(isDismissible);
}

void NoticeStrip::paintEvent(QPaintEvent*)
{
    const Colors& colors = colorsOf(palette());
    QPainter painter(this);
    painter.fillRect(rect(), colors.raised);
    painter.fillRect(QRect(0, 0, width(), 1), colors.hairline);
    painter.fillRect(QRect(0, height() - 1, width(), 1), colors.hairline);
    painter.fillRect(QRect(0, 0, 3, height()), toneColor(m_tone, colors));
}

void NoticeStrip::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    if (!event->spontaneous())
        fadeIn(this);
}

void NoticeStrip::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::DevicePixelRatioChange)
        updateIcon();
    QWidget::changeEvent(event);
}

void NoticeStrip::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape && !m_dismiss->isHidden())
        dismiss();
    else
        QWidget::keyPressEvent(event);
}

void NoticeStrip::updateIcon()
{
    m_icon->setPixmap(iconPixmap(toneIcon(m_tone), metrics::kIconSize,
                                 toneColor(m_tone, colorsOf(palette())), devicePixelRatioF()));
}

void NoticeStrip::dismiss()
{
    hide();
    emit dismissed();
}

} // namespace caisson
