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
#include "widgets/common/name_edit.h"
#include "widgets/common/style_painting.h"
#include "widgets/egress/url_label.h"
#include "widgets/models/request_text.h"
#include "widgets/models/rule_model.h"

namespace caisson {

namespace {

constexpr int kBox = 16;
constexpr int kGap = 6;
constexpr int kLeft = 12;

QRect boxRect(const QRect& cell)
{
    return {cell.left() + kLeft, cell.top() + (cell.height() - kBox) / 2, kBox, kBox};
}

/// A pattern with the end that somebody had to register emphasised.
UrlParts hostParts(const QModelIndex& index)
{
    const QString host = shownText(index.data().toString());
    const int domain =
        qMin<int>(index.data(RuleModel::DomainRole).toInt(), static_cast<int>(host.size()));
    return {.before = host.chopped(domain), .domain = host.last(domain), .after = {}, .path = {}};
}

constexpr int kSign = 12;
/// In less, whose requests a rule is for is a sign alone; it is in the tooltip.
constexpr int kRoomy = 240;
/// Fewer pixels of the methods say nothing; they are in the tooltip.
constexpr int kLeastMethods = 28;

/// A clock whose hands say that time runs out.
void paintClock(QPainter& painter, const QRectF& rect, const QColor& color)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(color, 1.25, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.drawEllipse(rect.adjusted(1, 1, -1, -1));
    const QPointF centre = rect.center();
    const QPointF hands[] = {centre - QPointF(0, rect.height() / 4), centre,
                             centre + QPointF(rect.width() / 5, rect.height() / 8)};
    painter.drawPolyline(hands, 3);
    painter.restore();
}

/// A house: what is inside this network.
void paintHouse(QPainter& painter, const QRectF& rect, const QColor& color)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(color, 1.25, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    const QRectF in = rect.adjusted(1, 1, -1, -1);
    const double eaves = in.top() + in.height() * 0.45;
    const QPointF roof[] = {{in.left(), eaves}, {in.center().x(), in.top()}, {in.right(), eaves}};
    const double wall = in.width() * 0.15;
    const QPointF walls[] = {{in.left() + wall, eaves},
                             {in.left() + wall, in.bottom()},
                             {in.right() - wall, in.bottom()},
                             {in.right() - wall, eaves}};
    painter.drawPolyline(roof, 3);
    painter.drawPolyline(walls, 4);
    painter.restore();
}

} // namespace

/// At the right: that a rule is not for ever, that it puts a secret in, whose requests it is for and
/// that it leads inside; as signs alone where `wanted` pixels would not be left. Returns what is left.
QRect RuleDelegate::paintSigns(QPainter& painter, QRect room, int wanted, const QModelIndex& index,
                               const Colors& colors) const
{
    const QString life = index.data(RuleModel::LifeRole).toString();
    const QString program = index.siblingAtColumn(RuleModel::Process).data(Qt::EditRole).toString();
    const bool isPrivate =
        !index.siblingAtColumn(RuleModel::Private).data(Qt::EditRole).toString().isEmpty();
    const bool hasSecret = index.data(RuleModel::SecretRole).toBool();
    const int signs = (life.isEmpty() ? 0 : kSign + kGap) + (isPrivate ? kSign + 4 : 0) +
                      (int(hasSecret) + int(!program.isEmpty())) * (metrics::kIconSize + 4);
    const QFontMetrics metrics(secondaryFont());
    if (!life.isEmpty()) {
        QString text = metrics.elidedText(life, Qt::ElideRight, room.width() / 3);
        if (room.width() - signs - metrics.horizontalAdvance(text) - 3 < wanted)
            text.clear();
        painter.setFont(secondaryFont());
        painter.setPen(colors.secondary);
        painter.drawText(room, Qt::AlignRight | Qt::AlignVCenter, text);
        if (!text.isEmpty())
            room.setRight(room.right() - metrics.horizontalAdvance(text) - 3);
        paintClock(
            painter,
            QRectF(room.right() - kSign + 1, room.center().y() - kSign / 2.0 + 1, kSign, kSign),
            colors.secondary);
        room.setRight(room.right() - kSign - kGap);
    }
    if (hasSecret) {
        const bool isMissing = !index.data(RuleModel::MissingRole).toString().isEmpty();
        painter.drawPixmap(room.right() - metrics::kIconSize + 1,
                           room.top() + (room.height() - metrics::kIconSize) / 2,
                           iconPixmap(isMissing ? Icon::Warning : Icon::Key, metrics::kIconSize,
                                      isMissing ? colors.failed : colors.secondary,
                                      painter.device()->devicePixelRatioF()));
        room.setRight(room.right() - metrics::kIconSize - 4);
    }
    if (!program.isEmpty()) {
        const QString name =
            room.width() < kRoomy
                ? QString()
                : metrics.elidedText(shownName(program.section(QLatin1Char('/'), -1)),
                                     Qt::ElideRight, room.width() / 4);
        painter.setFont(secondaryFont());
        painter.setPen(colors.secondary);
        painter.drawText(room, Qt::AlignRight | Qt::AlignVCenter, name);
        if (!name.isEmpty())
            room.setRight(room.right() - metrics.horizontalAdvance(name) - 3);
        painter.drawPixmap(room.right() - metrics::kIconSize + 1,
                           room.top() + (room.height() - metrics::kIconSize) / 2,
                           iconPixmap(Icon::Terminal, metrics::kIconSize, colors.secondary,
                                      painter.device()->devicePixelRatioF()));
        room.setRight(room.right() - metrics::kIconSize - 4);
    }
    if (isPrivate) {
        paintHouse(
            painter,
            QRectF(room.right() - kSign + 1, room.center().y() - kSign / 2.0 + 1, kSign, kSign),
            colors.secondary);
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
    UrlParts parts = hostParts(index);
    QRect room = paintSigns(painter, cell, urlWidth(parts, uiFont()), index, colors);
    const auto* table = qobject_cast<const QTableView*>(option.widget);
    const auto textOf = [&](int column) {
        return shownText(index.siblingAtColumn(column).data(Qt::EditRole).toString(), 200);
    };
    if (const QString ports = textOf(RuleModel::Ports); !ports.isEmpty())
        parts.after = QLatin1Char(':') + ports;
    if (table && table->isColumnHidden(RuleModel::Path)) {
        parts.path = textOf(RuleModel::Path);
        // The host comes first: "registry.npmjs.org" is not "npmjs.org".
        UrlParts host = parts;
        if (!host.path.isEmpty())
            host.path = QStringLiteral("/…"); // the least that paintUrl() shows of one
        const int left = qMin(room.width() / 3, room.width() - kGap - urlWidth(host, uiFont()));
        const QString methods = left < kLeastMethods ? QString()
                                                     : QFontMetrics(secondaryFont())
                                                           .elidedText(textOf(RuleModel::Methods),
                                                                       Qt::ElideRight, left);
        painter.setFont(secondaryFont());
        painter.setPen(colors.secondary);
        painter.drawText(room, Qt::AlignRight | Qt::AlignVCenter, methods);
        if (!methods.isEmpty())
            room.setRight(room.right() - QFontMetrics(secondaryFont()).horizontalAdvance(methods) -
                          kGap);
    }
    paintUrl(painter, room, parts, uiFont(), colors);
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
    if (editor->property(kDisowned).toBool())
        return;
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
    if (edit && !edit->isAcceptable() && event->type() == QEvent::FocusOut)
        return false;
    return TableDelegate::eventFilter(editor, event);
}

} // namespace caisson
