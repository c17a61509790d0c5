// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/empty_state.h"

#include <QEvent>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "widgets/common/colors.h"
#include "widgets/common/room_scroll.h"

namespace caisson {

namespace {
constexpr int kIconSide = 32;
constexpr int kSentenceWidth = 280;
constexpr int kNarrowestSentence = 140;
constexpr int kMargin = 16;
constexpr int kGap = 12;
constexpr int kTight = 8; ///< either of them, in little height
} // namespace

EmptyState::EmptyState(const QString& name, Icon iconName, const QString& sentence,
                       const QString& action, QWidget* parent)
    : QWidget(parent)
    , m_iconName(iconName)
    , m_content(new QWidget)
    , m_scroll(new RoomScroll(name + QStringLiteral(".scroll"), m_content))
    , m_icon(new QLabel)
    , m_sentence(new QLabel)
    , m_button(new QPushButton)
{
    setObjectName(name);
    m_icon->setObjectName(name + QStringLiteral(".icon"));
    m_icon->setAlignment(Qt::AlignCenter);
    m_sentence->setObjectName(name + QStringLiteral(".sentence"));
    m_sentence->setAlignment(Qt::AlignHCenter | Qt::AlignTop);
    m_sentence->setForegroundRole(QPalette::PlaceholderText);
    m_sentence->setWordWrap(true);
    m_sentence->setMaximumWidth(kSentenceWidth);
    m_sentence->setTextFormat(Qt::PlainText);
    m_button->setObjectName(name + QStringLiteral(".action"));
    m_button->setAutoDefault(true); // Enter presses it, as in a dialog
    connect(m_button, &QPushButton::clicked, this, &EmptyState::activated);

    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(m_scroll);
    m_content->setObjectName(name + QStringLiteral(".content"));
    auto* layout = new QVBoxLayout(m_content);
    // A little above the middle: where the eye takes the middle to be.
    layout->addStretch(2);
    layout->addWidget(m_icon);
    auto* row = new QHBoxLayout;
    row->addStretch();
    row->addWidget(m_sentence, 1);
    row->addStretch();
    layout->addLayout(row);
    layout->addWidget(m_button, 0, Qt::AlignHCenter);
    layout->addStretch(3);

    setTight(false);
    setSentence(sentence);
    setAction(action);
    updateIcon();
}

void EmptyState::setIcon(Icon iconName)
{
    m_iconName = iconName;
    updateIcon();
}

void EmptyState::setSentence(const QString& sentence)
{
    m_sentence->setText(sentence);
    setAccessibleName(sentence);
    m_sentence->setMinimumWidth(
        qMin(kNarrowestSentence, m_sentence->fontMetrics().horizontalAdvance(sentence) + 8));
    fit();
}

void EmptyState::setAction(const QString& action)
{
    m_button->setText(action);
    m_button->setVisible(!action.isEmpty());
    fit();
}

void EmptyState::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::DevicePixelRatioChange)
        updateIcon();
    QWidget::changeEvent(event);
}

void EmptyState::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    fit();
}

void EmptyState::fit()
{
    setTight(false);
    setTight(leastHeight(*m_content, width()) > height());
    m_scroll->fit();
}

void EmptyState::setTight(bool isTight)
{
    m_icon->setVisible(!isTight);
    const int margin = isTight ? kTight : kMargin;
    m_content->layout()->setContentsMargins(margin, margin, margin, margin);
    m_content->layout()->setSpacing(isTight ? kTight : kGap);
}

void EmptyState::updateIcon()
{
    m_icon->setPixmap(
        iconPixmap(m_iconName, kIconSide, colorsOf(palette()).disabled, devicePixelRatioF()));
}

} // namespace caisson
