// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/sandboxes/sandbox_delegate.h"

#include <QApplication>
#include <QPainter>

#include "widgets/common/colors.h"
#include "widgets/common/fonts.h"
#include "widgets/common/icons.h"
#include "widgets/common/name_edit.h"
#include "widgets/common/relative_time.h"
#include "widgets/common/style_painting.h"
#include "widgets/models/sandbox_model.h"
#include "widgets/models/sandbox_name.h"
#include "widgets/sandboxes/sandbox_state_icon.h"

namespace caisson {

namespace {

constexpr int kLeft = 12;
constexpr int kRight = 12;
constexpr int kGap = 8;

QRect nameRect(const QRect& row)
{
    return row.adjusted(kLeft + metrics::kIconSize + kGap, 0, -kRight, 0);
}

api::SandboxState stateOf(const QModelIndex& index)
{
    return static_cast<api::SandboxState>(index.data(SandboxModel::StateRole).toInt());
}

QString sideText(const QModelIndex& index)
{
    if (index.data(SandboxModel::BusyRole).toBool())
        return index.data(SandboxModel::StateTextRole).toString();
    const QString state = stateText(stateOf(index)); // that it is stale, the icon shows
    const QDateTime created = index.data(SandboxModel::CreatedRole).toDateTime();
    const QDateTime now = QDateTime::currentDateTimeUtc();
    const QString age = shortAge(created, now);
    if (stateOf(index) == api::SandboxState::Running)
        return age;
    constexpr qint64 kJustMade = 60;
    if (created.secsTo(now) < kJustMade)
        return state; // "now" would be taken for the state's age
    // The age first, as in the other rows: it is the sandbox's, not the state's.
    return SandboxDelegate::tr("%1 · %2").arg(age, state);
}

} // namespace

void SandboxDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                            const QModelIndex& index) const
{
    QStyleOptionViewItem row = option;
    initStyleOption(&row, index);
    const Colors& colors = colorsOf(row.palette);
    QStyle* style = row.widget ? row.widget->style() : QApplication::style();
    style->drawPrimitive(QStyle::PE_PanelItemViewItem, &row, painter, row.widget);

    painter->save();
    const QRect icon(row.rect.left() + kLeft, row.rect.top(), metrics::kIconSize,
                     row.rect.height());
    paintSandboxState(*painter, icon, stateOf(index), index.data(SandboxModel::BusyRole).toBool(),
                      index.data(SandboxModel::StaleRole).toBool(), colors);

    const QRect rest = nameRect(row.rect);
    const QString side = sideText(index);
    const QFontMetrics sideMetrics(secondaryFont());
    const int sideWidth = sideMetrics.horizontalAdvance(side);
    painter->setFont(secondaryFont());
    const bool isStale = index.data(SandboxModel::StaleRole).toBool();
    painter->setPen(stateOf(index) == api::SandboxState::Failed && !isStale ? colors.failed
                                                                            : colors.secondary);
    painter->drawText(rest, Qt::AlignRight | Qt::AlignVCenter, side);

    int taken = sideWidth + kGap;
    if (index.data(SandboxModel::WaitingRole).toInt() > 0) {
        taken += metrics::kIconSize + kGap;
        painter->drawPixmap(rest.right() + 1 - taken + kGap,
                            row.rect.top() + (row.rect.height() - metrics::kIconSize) / 2,
                            iconPixmap(Icon::Flag, metrics::kIconSize, colors.waiting,
                                       painter->device()->devicePixelRatioF()));
    }
    QFont font = uiFont();
    if (row.state & QStyle::State_Selected)
        font.setWeight(QFont::Medium);
    painter->setFont(font);
    painter->setPen(colors.text);
    const QRect name = rest.adjusted(0, 0, -taken, 0);
    painter->drawText(name, Qt::AlignLeft | Qt::AlignVCenter,
                      QFontMetrics(font).elidedText(row.text, Qt::ElideMiddle, name.width()));
    painter->restore();

    if (wantsFocusRing(row) && (row.state & QStyle::State_HasFocus))
        drawFocusRing(*painter, QRectF(row.rect).adjusted(4, 1, -4, -1), metrics::kSmallRadius,
                      colors);
}

QSize SandboxDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const
{
    return {120, metrics::kRowHeight};
}

QWidget* SandboxDelegate::createEditor(QWidget* parent, const QStyleOptionViewItem&,
                                       const QModelIndex& index) const
{
    const QString now = index.data(Qt::EditRole).toString();
    const auto* model = qobject_cast<const SandboxModel*>(index.model());
    auto* edit = new NameEdit(
        QStringLiteral("sandboxes.rename"),
        [model, now](const QString& name) {
            if (model && name != now && model->hasName(name))
                return tr("There is a sandbox of this name already.");
            return sandboxNameProblem(name);
        },
        parent);
    edit->setAccessibleName(tr("Name of the sandbox"));
    return edit;
}

void SandboxDelegate::updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option,
                                           const QModelIndex&) const
{
    editor->setGeometry(nameRect(option.rect).adjusted(-6, 1, 4, -1));
}

} // namespace caisson
