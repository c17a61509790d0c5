// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/sandboxes/state_label.h"

#include <QPainter>

#include "widgets/common/colors.h"
#include "widgets/common/fonts.h"
#include "widgets/common/style_painting.h"
#include "widgets/models/sandbox_model.h"
#include "widgets/sandboxes/sandbox_state_icon.h"

namespace caisson {

namespace {

constexpr int kGap = 4;

} // namespace

StateLabel::StateLabel(QWidget* parent)
    : QWidget(parent)
{
    setFont(secondaryFont());
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

void StateLabel::setState(const QModelIndex& sandbox)
{
    m_state = static_cast<api::SandboxState>(sandbox.data(SandboxModel::StateRole).toInt());
    m_isBusy = sandbox.data(SandboxModel::BusyRole).toBool();
    m_isStale = sandbox.data(SandboxModel::StaleRole).toBool();
    m_text = sandbox.data(SandboxModel::StateTextRole).toString();
    setToolTip(sandbox.data(SandboxModel::WhyRole).toString());
    setAccessibleName(m_text);
    updateGeometry();
    update();
}

QSize StateLabel::sizeHint() const
{
    const QFontMetrics metrics(font());
    return {metrics::kIconSize + kGap + metrics.horizontalAdvance(m_text) + 1,
            metrics::kIconSize + 4};
}

void StateLabel::paintEvent(QPaintEvent*)
{
    const Colors& colors = colorsOf(palette());
    QPainter painter(this);
    paintSandboxState(painter, QRectF(0, 0, metrics::kIconSize, height()), m_state, m_isBusy,
                      m_isStale, colors);
    painter.setPen(colors.secondary);
    painter.drawText(rect().adjusted(metrics::kIconSize + kGap, 0, 0, 0),
                     Qt::AlignLeft | Qt::AlignVCenter, m_text);
}

} // namespace caisson
