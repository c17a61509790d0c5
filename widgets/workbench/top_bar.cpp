// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/workbench/top_bar.h"

#include <QAction>
#include <QActionGroup>
#include <QFile>
#include <QHBoxLayout>
#include <QMenu>
#include <QPainter>
#include <QStyleOptionToolButton>

#include "widgets/common/colors.h"
#include "widgets/common/elided_label.h"
#include "widgets/common/fonts.h"
#include "widgets/common/icons.h"
#include "widgets/common/mnemonics.h"
#include "widgets/common/pane.h"
#include "widgets/common/style_painting.h"
#include "widgets/common/tool_button.h"
#include "widgets/sandboxes/state_label.h"

namespace caisson {

namespace {

constexpr int kHeight = 40;
constexpr int kPadding = 8;
constexpr int kGap = 8;

/// Icon, name, and a chevron that says there are others.
class Switcher : public ToolButton
{
public:
    using ToolButton::ToolButton;

    QSize sizeHint() const override
    {
        return {2 * kPadding + 2 * metrics::kIconSize + 2 * kGap +
                    fontMetrics().horizontalAdvance(text()),
                metrics::kControlHeight};
    }
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent*) override
    {
        const Colors& colors = colorsOf(palette());
        QStyleOptionToolButton option;
        initStyleOption(&option);
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        const bool isDown = option.state.testFlag(QStyle::State_Sunken) || menu()->isVisible();
        if (isDown || underMouse())
            fillRounded(painter, rect(), metrics::kRadius, isDown ? colors.pressed : colors.hover);
        const auto paintIcon = [&](Icon name, int left, const QColor& color) {
            painter.drawPixmap(left, (height() - metrics::kIconSize) / 2,
                               iconPixmap(name, metrics::kIconSize, color, devicePixelRatioF()));
        };
        paintIcon(Icon::Sandbox, kPadding, colors.secondary);
        painter.setPen(colors.text);
        painter.drawText(rect().adjusted(kPadding + metrics::kIconSize + kGap, 0, 0, 0),
                         Qt::AlignLeft | Qt::AlignVCenter, text());
        paintIcon(Icon::ChevronDown, width() - kPadding - metrics::kIconSize, colors.secondary);
        if (wantsFocusRing(option))
            drawFocusRing(painter, rect(), metrics::kRadius, colors);
    }
};

} // namespace

TopBar::TopBar(SandboxModel& model, QMenu* menu, QAction* menuAction, QWidget* parent)
    : QWidget(parent)
    , m_model(model)
    , m_row(new QHBoxLayout(this))
    , m_switcher(new Switcher)
    , m_sandboxes(new QMenu(this))
    , m_state(new StateLabel)
    , m_shared(new ElidedLabel({}, Qt::ElideMiddle))
{
    setObjectName(QStringLiteral("bar"));
    setFixedHeight(kHeight);
    m_switcher->setObjectName(QStringLiteral("bar.switcher"));
    m_switcher->setAccessibleName(tr("Sandbox"));
    m_switcher->setToolTip(tr("Show another sandbox"));
    m_switcher->setPopupMode(QToolButton::InstantPopup);
    m_switcher->setFocusPolicy(Qt::TabFocus);
    m_switcher->setFont(headingFont());
    m_switcher->setMenu(m_sandboxes);
    m_sandboxes->setObjectName(QStringLiteral("bar.sandboxes"));
    m_state->setObjectName(QStringLiteral("bar.state"));
    m_shared->setObjectName(QStringLiteral("bar.shared"));
    m_shared->setFont(secondaryFont());
    m_shared->setForegroundRole(QPalette::PlaceholderText);

    QToolButton* menuButton = makeToolButton(menuAction, this);
    menuButton->setObjectName(QStringLiteral("bar.menu"));
    connect(menuAction, &QAction::triggered, menu, [menu, menuButton] {
        menu->popup(menuButton->mapToGlobal(
            QPoint(menuButton->width() - menu->sizeHint().width(), menuButton->height() + 4)));
    });

    m_row->setContentsMargins(8, 0, 8, 1);
    m_row->setSpacing(8);
    m_row->addWidget(m_switcher);
    m_row->addWidget(m_state);
    m_row->addWidget(m_shared, 1);
    m_row->addWidget(menuButton);

    connect(m_sandboxes, &QMenu::aboutToShow, this, &TopBar::fillSwitcher);
    connect(&m_model, &SandboxModel::dataChanged, this, &TopBar::updateState);
    connect(&m_model, &SandboxModel::rowsInserted, this, &TopBar::updateState);
    connect(&m_model, &SandboxModel::rowsRemoved, this, &TopBar::updateState);
    updateState();
}

void TopBar::setSandbox(const QString& id)
{
    m_sandbox = id;
    updateState();
}

void TopBar::addTool(QWidget* button)
{
    m_row->insertWidget(m_row->count() - 1, button);
}

void TopBar::updateState()
{
    const int row = m_model.rowOf(m_sandbox);
    m_switcher->setVisible(row >= 0);
    m_state->setVisible(row >= 0);
    m_shared->setText({});
    if (row < 0)
        return;
    const QModelIndex index = m_model.index(row);
    m_switcher->setText(index.data().toString());
    m_switcher->updateGeometry();
    m_state->setState(index);
    updateShared(m_model.at(row));
}

/// That what happens inside happens to files of this machine, too, is to be seen all the time.
void TopBar::updateShared(const api::Sandbox& sandbox)
{
    QStringList folders;
    for (const api::Mount& mount : sandbox.mounts) {
        const QString source = QFile::decodeName(QByteArray::fromStdString(mount.source));
        folders += mount.readOnly ? tr("%1 (read-only)").arg(source) : source;
    }
    if (!folders.isEmpty())
        m_shared->setText(tr("shares %1").arg(folders.join(QStringLiteral(", "))));
}

void TopBar::fillSwitcher()
{
    m_sandboxes->clear();
    auto* group = new QActionGroup(m_sandboxes);
    for (int row = 0; row < m_model.rowCount(); ++row) {
        const QModelIndex index = m_model.index(row);
        const QString id = index.data(SandboxModel::IdRole).toString();
        QAction* action = m_sandboxes->addAction(escapeMnemonics(index.data().toString()), this,
                                                 [this, id] { emit chosen(id); });
        action->setCheckable(true);
        action->setChecked(id == m_sandbox);
        group->addAction(action);
    }
}

void TopBar::paintEvent(QPaintEvent*)
{
    const Colors& colors = colorsOf(palette());
    QPainter painter(this);
    painter.fillRect(rect(), colors.panel);
    painter.fillRect(QRect(0, height() - 1, width(), 1), colors.hairline);
}

} // namespace caisson
