// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/empty_state.h"

#include <QEvent>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "widgets/common/colors.h"

namespace caisson {

namespace {
constexpr int kIconSide = 32;
constexpr int kSentenceWidth = 280;
constexpr int kNarrowestSentence = 140;
} // namespace

EmptyState::EmptyState(const QString& name, Icon iconName, const QString& sentence,
                       const QString& action, QWidget* parent)
    : QWidget(parent)
    , m_iconName(iconName)
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

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 16, 16, 16);
    layout->setSpacing(12);
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
}

void EmptyState::setAction(const QString& action)
{
    m_button->setText(action);
    m_button->setVisible(!action.isEmpty());
}

void EmptyState::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::DevicePixelRatioChange)
        updateIcon();
    QWidget::changeEvent(event);
}

void EmptyState::updateIcon()
{
    m_icon->setPixmap(
        iconPixmap(m_iconName, kIconSide, colorsOf(palette()).disabled, devicePixelRatioF()));
}

} // namespace caisson
