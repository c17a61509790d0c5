// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/rule_delegate.h"

#include <QApplication>
#include <QComboBox>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPersistentModelIndex>
#include <QStyleOptionButton>

#include "widgets/common/colors.h"
#include "widgets/common/fonts.h"
#include "widgets/common/icons.h"
#include "widgets/common/leaving.h"
#include "widgets/common/name_edit.h"
#include "widgets/common/style_painting.h"
#include "widgets/egress/rule_row.h"
#include "widgets/egress/url_label.h"
#include "widgets/models/request_text.h"
#include "widgets/models/rule_model.h"

namespace caisson {

namespace {

using ruleRow::kGap;
using ruleRow::kSign;

constexpr int kBox = 16;
constexpr int kLeft = 12;

QRect boxRect(const QRect& cell)
{
    return {cell.left() + kLeft, cell.top() + (cell.height() - kBox) / 2, kBox, kBox};
}

/// With the end emphasised that somebody had to register. Path and methods are its where they have no
/// columns of their own.
RuleRow rowOf(const QModelIndex& index, bool isNarrow)
{
    const auto textOf = [&](int column) {
        return shownText(index.siblingAtColumn(column).data(Qt::EditRole).toString(), 200);
    };
    const QString host = shownText(index.data().toString());
    const int domain =
        qMin<int>(index.data(RuleModel::DomainRole).toInt(), static_cast<int>(host.size()));
    RuleRow row{.url = {.before = host.chopped(domain),
                        .domain = host.last(domain),
                        .after = {},
                        .path = {}},
                .methods = {},
                .isAddress = index.data(RuleModel::AddressRole).toBool()};
    if (const QString ports = textOf(RuleModel::Ports); !ports.isEmpty())
        row.url.after = QLatin1Char(':') + ports;
    if (isNarrow) {
        row.url.path = textOf(RuleModel::Path);
        row.methods = textOf(RuleModel::Methods).split(QStringLiteral(", "), Qt::SkipEmptyParts);
    }
    return row;
}

/// In less, whose requests a rule is for is a sign alone; it is in the tooltip.
constexpr int kRoomy = 240;
constexpr int kIcon = metrics::kIconSize + 4;

void drawIcon(QPainter& painter, QRect& room, Icon name, const QColor& color)
{
    painter.drawPixmap(
        room.right() - metrics::kIconSize + 1,
        room.top() + (room.height() - metrics::kIconSize) / 2,
        iconPixmap(name, metrics::kIconSize, color, painter.device()->devicePixelRatioF()));
    room.setRight(room.right() - kIcon);
}

/// In the middle of the line at the right.
QRectF signRect(const QRect& room)
{
    return {room.right() - kSign + 1.0, room.center().y() - kSign / 2.0 + 1, kSign, kSign};
}

} // namespace

/// At the right: that a rule is not for ever, that it puts a secret in, whose requests it is for and
/// that it leads inside; as signs alone where there would not be fair room for `row`. Where not even
/// its domain would be whole, one sign stands for all that the tooltip tells, but for the secret, and
/// `row` is the host alone. Returns what is left.
QRect RuleDelegate::paintSigns(QPainter& painter, QRect room, RuleRow& row,
                               const QModelIndex& index, const Colors& colors) const
{
    const QString life = index.data(RuleModel::LifeRole).toString();
    const QString program = index.siblingAtColumn(RuleModel::Process).data(Qt::EditRole).toString();
    const bool isPrivate =
        !index.siblingAtColumn(RuleModel::Private).data(Qt::EditRole).toString().isEmpty();
    const bool hasSecret = index.data(RuleModel::SecretRole).toBool();
    const int others = (life.isEmpty() ? 0 : kSign + kGap) + (isPrivate ? kSign + 4 : 0) +
                       (program.isEmpty() ? 0 : kIcon);
    const int signs = others + (hasSecret ? kIcon : 0);
    const int wanted = fairRowWidth(row, uiFont(), secondaryFont());
    const bool isFolded = room.width() - signs < leastRowWidth(row, uiFont()) &&
                          others + (row.isLimited() ? kSign + kGap : 0) > kIcon;
    const QFontMetrics metrics(secondaryFont());
    const auto drawText = [&](const QString& text) {
        if (text.isEmpty())
            return;
        painter.setFont(secondaryFont());
        painter.setPen(colors.secondary);
        painter.drawText(room, Qt::AlignRight | Qt::AlignVCenter, text);
        room.setRight(room.right() - metrics.horizontalAdvance(text) - 3);
    };
    if (isFolded) {
        row = {.url = {row.url.before, row.url.domain, {}, {}},
               .methods = {},
               .isAddress = row.isAddress};
        drawIcon(painter, room, Icon::More, colors.secondary);
    } else if (index.data(RuleModel::DraftRole).toBool()) {
        drawText(tr("draft"));
    } else if (!life.isEmpty()) {
        const QString text = metrics.elidedText(life, Qt::ElideRight, room.width() / 3);
        if (room.width() - signs - metrics.horizontalAdvance(text) - 3 >= wanted)
            drawText(text);
        paintClock(painter, signRect(room), colors.secondary);
        room.setRight(room.right() - kSign - kGap);
    }
    if (hasSecret) {
        const bool isMissing = !index.data(RuleModel::MissingRole).toString().isEmpty();
        drawIcon(painter, room, isMissing ? Icon::Warning : Icon::Key,
                 isMissing ? colors.failed : colors.secondary);
    }
    if (isFolded)
        return room;
    if (!program.isEmpty()) {
        const QString name = metrics.elidedText(shownName(program.section(QLatin1Char('/'), -1)),
                                                Qt::ElideRight, room.width() / 4);
        const int left = room.width() - kIcon - (isPrivate ? kSign + 4 : 0);
        if (room.width() >= kRoomy && left - metrics.horizontalAdvance(name) - 3 >= wanted)
            drawText(name);
        drawIcon(painter, room, Icon::Terminal, colors.secondary);
    }
    if (isPrivate) {
        paintHouse(painter, signRect(room), colors.secondary);
        room.setRight(room.right() - kSign - 4);
    }
    return room;
}

void RuleDelegate::paintCell(QPainter& painter, const QRect& cell,
                             const QStyleOptionViewItem& option, const QModelIndex& index,
                             const Colors& colors) const
{
    const bool isActive = index.data(RuleModel::ActiveRole).toBool();
    // On the colour of a chosen row the quietest grey cannot be read.
    const QColor quiet = option.state & QStyle::State_Selected ? colors.secondary : colors.disabled;
    if (index.column() == RuleModel::Action) {
        QStyleOptionButton box;
        box.initFrom(option.widget ? option.widget : QApplication::activeWindow());
        box.palette = option.palette;
        box.rect = boxRect(option.rect);
        box.state = QStyle::State_Enabled;
        box.state |= index.data(Qt::CheckStateRole).toInt() == Qt::Checked ? QStyle::State_On
                                                                           : QStyle::State_Off;
        QStyle* style = option.widget ? option.widget->style() : QApplication::style();
        style->drawPrimitive(QStyle::PE_IndicatorCheckBox, &box, &painter, option.widget);
        const QString action = index.data(RuleModel::ActionRole).toString();
        const QColor color = isActive ? actionColor(action, colors) : quiet;
        int left = box.rect.right() + 1 + kGap;
        painter.drawPixmap(left, cell.top() + (cell.height() - metrics::kIconSize) / 2,
                           iconPixmap(actionIcon(action), metrics::kIconSize, color,
                                      painter.device()->devicePixelRatioF()));
        left += metrics::kIconSize + 4;
        painter.setFont(uiFont());
        painter.setPen(isActive ? colors.text : quiet);
        painter.drawText(QRect(left, cell.top(), option.rect.right() - left, cell.height()),
                         Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine,
                         index.data().toString());
        return;
    }
    Colors used = colors;
    if (!isActive)
        used.text = used.secondary = quiet;
    if (index.column() == RuleModel::Host) {
        paintHost(painter, cell, option, index, used);
        return;
    }
    TableDelegate::paintCell(painter, cell, option, index, used);
}

/// Where there is no room for columns of their own, path and methods stand beside the host.
void RuleDelegate::paintHost(QPainter& painter, const QRect& cell,
                             const QStyleOptionViewItem& option, const QModelIndex& index,
                             const Colors& colors) const
{
    const auto* table = qobject_cast<const QTableView*>(option.widget);
    RuleRow row = rowOf(index, table && table->isColumnHidden(RuleModel::Path));
    QRect room = paintSigns(painter, cell, row, index, colors);
    const FittedRow shown = fittedRow(row, room.width(), uiFont(), secondaryFont());
    if (shown.hasSign) {
        paintFunnel(painter, signRect(room), colors.secondary);
        room.setRight(room.right() - kSign - kGap);
    }
    if (!shown.methods.isEmpty()) {
        painter.setFont(secondaryFont());
        painter.setPen(colors.secondary);
        painter.drawText(room, Qt::AlignRight | Qt::AlignVCenter, shown.methods);
        room.setRight(room.right() - kGap -
                      QFontMetrics(secondaryFont()).horizontalAdvance(shown.methods));
    }
    paintUrl(painter, room, shown.url, uiFont(), colors);
}

bool RuleDelegate::editorEvent(QEvent* event, QAbstractItemModel* model,
                               const QStyleOptionViewItem& option, const QModelIndex& index)
{
    const auto toggle = [&] {
        const bool isOn = index.data(Qt::CheckStateRole).toInt() == Qt::Checked;
        return model->setData(index, isOn ? Qt::Unchecked : Qt::Checked, Qt::CheckStateRole);
    };
    if (index.column() == RuleModel::Action) {
        if (event->type() == QEvent::MouseButtonRelease ||
            event->type() == QEvent::MouseButtonPress ||
            event->type() == QEvent::MouseButtonDblClick) {
            const auto* mouse = static_cast<QMouseEvent*>(event);
            if (!boxRect(option.rect)
                     .adjusted(-kGap, -kGap, 2, kGap)
                     .contains(mouse->position().toPoint()))
                return false;
            return event->type() == QEvent::MouseButtonRelease ? toggle() : true;
        }
        if (event->type() == QEvent::KeyPress &&
            static_cast<QKeyEvent*>(event)->key() == Qt::Key_Space)
            return toggle();
    }
    return false;
}

QWidget* RuleDelegate::createActionEditor(QWidget* parent, const QModelIndex& index) const
{
    auto* choice = new QComboBox(parent);
    choice->setObjectName(QStringLiteral("rules.action"));
    choice->setAccessibleName(tr("What the rule does"));
    for (const char* action : {"allow", "deny", "ask", "tunnel"})
        choice->addItem(actionText(action), QString::fromLatin1(action));
    // What cannot be is not offered.
    if (const auto* model = qobject_cast<const RuleModel*>(index.model())) {
        for (int at = choice->count() - 1; at >= 0; --at) {
            if (!model->problem(index.row(), index.column(), choice->itemData(at).toString())
                     .isEmpty())
                choice->removeItem(at);
        }
    }
    connect(choice, &QComboBox::activated, this, [this, choice] {
        auto* self = const_cast<RuleDelegate*>(this);
        emit self->commitData(choice);
        emit self->closeEditor(choice);
    });
    return choice;
}

QWidget* RuleDelegate::createEditor(QWidget* parent, const QStyleOptionViewItem&,
                                    const QModelIndex& index) const
{
    if (index.column() == RuleModel::Action)
        return createActionEditor(parent, index);
    const auto* model = qobject_cast<const RuleModel*>(index.model());
    const QPersistentModelIndex place(index);
    auto* edit = new NameEdit(
        QStringLiteral("rules.edit"),
        [model, place](const QString& text) {
            return model && place.isValid() ? model->problem(place.row(), place.column(), text)
                                            : QString();
        },
        parent);
    edit->setAccessibleName(index.model()->headerData(index.column(), Qt::Horizontal).toString());
    if (model && model->isDraft(index.row())) {
        edit->setPlaceholderText(tr("e.g. api.example.com"));
        edit->setProperty(kFresh, true);
        connect(edit, &QLineEdit::textEdited, this, &RuleDelegate::draftTyped);
    }
    return edit;
}

/// Once: a row that changes while somebody types in it leaves the text alone.
void RuleDelegate::setEditorData(QWidget* editor, const QModelIndex& index) const
{
    if (editor->property("isFilled").toBool())
        return;
    editor->setProperty("isFilled", true);
    if (auto* choice = qobject_cast<QComboBox*>(editor))
        choice->setCurrentIndex(choice->findData(index.data(Qt::EditRole)));
    else if (auto* edit = qobject_cast<QLineEdit*>(editor)) {
        edit->setText(index.data(Qt::EditRole).toString());
        edit->selectAll();
    }
}

void RuleDelegate::setModelData(QWidget* editor, QAbstractItemModel* model,
                                const QModelIndex& index) const
{
    if (isDisowned(*editor))
        return;
    if (editor->property(kLeft).toBool() && !editor->hasFocus()) {
        if (!editor->property(kFresh).toBool()) // whose text is kept in its row
            emit givenUp(index);
        return;
    }
    if (const auto* choice = qobject_cast<QComboBox*>(editor))
        model->setData(index, choice->currentData());
    else if (const auto* edit = qobject_cast<NameEdit*>(editor); edit && edit->isAcceptable())
        model->setData(index, edit->text());
}

void RuleDelegate::updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option,
                                        const QModelIndex&) const
{
    editor->setGeometry(option.rect.adjusted(0, 0, 0, 0));
}

bool RuleDelegate::eventFilter(QObject* editor, QEvent* event)
{
    auto* edit = qobject_cast<NameEdit*>(editor);
    if (edit && !edit->isAcceptable() && event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if (key == Qt::Key_Return || key == Qt::Key_Enter || key == Qt::Key_Tab ||
            key == Qt::Key_Backtab) {
            edit->check();
            return true;
        }
    }
    if (!edit)
        return TableDelegate::eventFilter(editor, event);
    const bool isFresh = edit->property(kFresh).toBool();
    // What was typed before is gone on with, and not replaced by the next key. The view has chosen
    // it all by now.
    if (isFresh && event->type() == QEvent::Show)
        edit->end(false);
    if (event->type() == QEvent::FocusIn && (isFresh || edit->isModified()) &&
        static_cast<QFocusEvent*>(event)->reason() != Qt::ActiveWindowFocusReason) {
        QFocusEvent plain(QEvent::FocusIn, Qt::OtherFocusReason);
        return editor->event(&plain);
    }
    if (event->type() == QEvent::FocusOut) {
        const Leaving leaving = leavingOf(*edit, *static_cast<QFocusEvent*>(event));
        // A new rule that nobody named is none; all else is left as it is.
        const bool isNone = isFresh && edit->text().trimmed().isEmpty();
        const bool stays = isNone ? leaving == Leaving::Interrupted
                                  : leaving != Leaving::OnPurpose || !edit->isAcceptable();
        edit->setProperty(kLeft, stays);
        if (stays)
            return false;
    }
    return TableDelegate::eventFilter(editor, event);
}

} // namespace caisson
