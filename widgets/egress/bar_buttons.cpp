// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/bar_buttons.h"

#include <QActionGroup>
#include <QCursor>
#include <QEvent>
#include <QLocale>
#include <QMenu>
#include <QPainter>
#include <QStyleOptionToolButton>

#include "widgets/common/colors.h"
#include "widgets/common/fonts.h"
#include "widgets/common/icons.h"
#include "widgets/common/menu_place.h"
#include "widgets/common/style_painting.h"
#include "widgets/egress/presets_menu.h"
#include "widgets/models/prompt_model.h"
#include "widgets/models/rule_model.h"

namespace caisson {

namespace {

constexpr int kPadding = 8;
constexpr int kGap = 6;

void paintGround(QPainter& painter, const QRect& rect, bool isDown, bool isHovered,
                 const Colors& colors)
{
    painter.setRenderHint(QPainter::Antialiasing);
    if (isDown || isHovered)
        fillRounded(painter, rect, metrics::kRadius, isDown ? colors.pressed : colors.hover);
}

} // namespace

// ---- policy ------------------------------------------------------------------------------------

PolicyButton::PolicyButton(QWidget* parent)
    : ToolButton(parent)
    , m_menu(new QMenu(this))
{
    setObjectName(QStringLiteral("bar.policy"));
    setToolTip(tr("What happens to a request that no rule fits"));
    setPopupMode(QToolButton::InstantPopup);
    setFocusPolicy(Qt::TabFocus);
    setMenu(m_menu);
    m_menu->setObjectName(QStringLiteral("bar.policyMenu"));
    m_menu->installEventFilter(this);
    keepInWindow(*m_menu, *this);
    connect(m_menu, &QMenu::aboutToShow, this, &PolicyButton::fill);
    follow();
}

void PolicyButton::setModel(RuleModel* model)
{
    if (m_model)
        disconnect(m_model, nullptr, this, nullptr);
    m_model = model;
    if (model) {
        connect(model, &RuleModel::read, this, &PolicyButton::follow);
        connect(model, &RuleModel::defaultChanged, this, &PolicyButton::follow);
    }
    follow();
}

void PolicyButton::follow()
{
    setVisible(m_model && m_model->isRead());
    if (!m_model)
        return;
    setText(
        tr("everything else: %1").arg(actionText(m_model->table().defaultAction.toStdString())));
    setAccessibleName(text());
    updateGeometry();
    update();
}

/// The button is as before when its menu closes: where the pointer left it, it was not told.
bool PolicyButton::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == m_menu && event->type() == QEvent::Hide) {
        setAttribute(Qt::WA_UnderMouse, rect().contains(mapFromGlobal(QCursor::pos())));
        setDown(false);
        update();
    }
    return ToolButton::eventFilter(watched, event);
}

void PolicyButton::fill()
{
    m_menu->clear();
    if (!m_model)
        return;
    auto* group = new QActionGroup(m_menu);
    // The words of the rules' last line. "Allow everything" would not: rules come first.
    m_menu->addSection(tr("Everything else, where no rule fits"));
    for (const char* action : {"ask", "allow", "deny"}) {
        const QString name = QString::fromLatin1(action);
        QAction* choice = m_menu->addAction(actionText(action));
        choice->setObjectName(QStringLiteral("policy.") + name);
        choice->setCheckable(true);
        choice->setChecked(name == m_model->table().defaultAction);
        group->addAction(choice);
        connect(choice, &QAction::triggered, this, [this, name] {
            if (m_model)
                m_model->setDefaultAction(name);
        });
    }
    m_menu->addSeparator();
    QMenu* presets = m_menu->addMenu(tr("Add rules for"));
    presets->setObjectName(QStringLiteral("bar.presets"));
    keepInWindow(*presets, *this);
    addPresets(*presets, m_model);
    m_menu->addSeparator();
    connect(m_menu->addAction(tr("Show the rules")), &QAction::triggered, this,
            &PolicyButton::rulesAsked);
}

QSize PolicyButton::sizeHint() const
{
    return {2 * kPadding + metrics::kIconSize + kGap + fontMetrics().horizontalAdvance(text()),
            metrics::kControlHeight};
}

void PolicyButton::paintEvent(QPaintEvent*)
{
    const Colors& colors = colorsOf(palette());
    QStyleOptionToolButton option;
    initStyleOption(&option);
    QPainter painter(this);
    paintGround(painter, rect(), isDown() || m_menu->isVisible(), underMouse(), colors);
    painter.setPen(colors.secondary);
    painter.drawText(rect().adjusted(kPadding, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, text());
    painter.drawPixmap(
        width() - kPadding - metrics::kIconSize + 2, (height() - metrics::kIconSize) / 2,
        iconPixmap(Icon::ChevronDown, metrics::kIconSize, colors.secondary, devicePixelRatioF()));
    if (wantsFocusRing(option))
        drawFocusRing(painter, rect(), metrics::kRadius, colors);
}

// ---- waiting -----------------------------------------------------------------------------------

WaitingButton::WaitingButton(const PromptModel& model, QWidget* parent)
    : ToolButton(parent)
    , m_model(model)
{
    setObjectName(QStringLiteral("bar.waiting"));
    setFocusPolicy(Qt::TabFocus);
    setFont(headingFont());
    connect(&m_model, &PromptModel::waitingChanged, this, &WaitingButton::follow);
    follow();
}

void WaitingButton::follow()
{
    const int waiting = m_model.waiting();
    setVisible(waiting > 0);
    setText(QLocale().toString(waiting));
    setAccessibleName(waiting == 1 ? tr("1 request waits for you")
                                   : tr("%1 requests wait for you").arg(waiting));
    setToolTip(accessibleName());
    updateGeometry();
    update();
}

QSize WaitingButton::sizeHint() const
{
    return {2 * kPadding + metrics::kIconSize + kGap + fontMetrics().horizontalAdvance(text()),
            metrics::kControlHeight};
}

void WaitingButton::paintEvent(QPaintEvent*)
{
    const Colors& colors = colorsOf(palette());
    QStyleOptionToolButton option;
    initStyleOption(&option);
    QPainter painter(this);
    paintGround(painter, rect(), isDown(), underMouse(), colors);
    painter.drawPixmap(
        kPadding, (height() - metrics::kIconSize) / 2,
        iconPixmap(Icon::Flag, metrics::kIconSize, colors.waiting, devicePixelRatioF()));
    painter.setPen(colors.waiting);
    painter.drawText(rect().adjusted(kPadding + metrics::kIconSize + kGap, 0, 0, 0),
                     Qt::AlignLeft | Qt::AlignVCenter, text());
    if (wantsFocusRing(option))
        drawFocusRing(painter, rect(), metrics::kRadius, colors);
}

} // namespace caisson
