// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/egress/table.h"

namespace caisson {

struct RuleRow;

/// A row of the rules, edited in place. What is no host, path or method stays in its field, with the
/// reason beside it, until it is mended or given up with Escape. So does what is typed where the
/// keyboard goes elsewhere by anything but Return, Tab or a click: it may be half of a host.
class RuleDelegate : public TableDelegate
{
    Q_OBJECT
public:
    using TableDelegate::TableDelegate;

    /// What is typed in this editor counts no more: its rule goes. Taken on leaving, as what is typed
    /// is, it would change the table while a row of it is being removed.
    static void disown(QWidget& editor) { editor.setProperty(kDisowned, true); }
    static bool isDisowned(const QWidget& editor) { return editor.property(kDisowned).toBool(); }

    QWidget* createEditor(QWidget* parent, const QStyleOptionViewItem& option,
                          const QModelIndex& index) const override;
    void setEditorData(QWidget* editor, const QModelIndex& index) const override;
    void setModelData(QWidget* editor, QAbstractItemModel* model,
                      const QModelIndex& index) const override;
    void updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option,
                              const QModelIndex& index) const override;

signals:
    /// In the host of a rule that is none yet.
    void draftTyped(const QString& text);
    /// What was typed in the field of a rule, which the keyboard was taken from, is not set: the table
    /// goes on to another row, and nobody said that it was whole.
    void givenUp(const QModelIndex& place) const;

protected:
    bool eventFilter(QObject* editor, QEvent* event) override;
    bool editorEvent(QEvent* event, QAbstractItemModel* model, const QStyleOptionViewItem& option,
                     const QModelIndex& index) override;
    void paintCell(QPainter& painter, const QRect& cell, const QStyleOptionViewItem& option,
                   const QModelIndex& index, const Colors& colors) const override;

private:
    static constexpr const char* kDisowned = "isDisowned";
    static constexpr const char* kFresh = "isFresh";
    static constexpr const char* kLeft = "isLeft"; ///< the keyboard was taken from it

    void paintHost(QPainter& painter, const QRect& cell, const QStyleOptionViewItem& option,
                   const QModelIndex& index, const Colors& colors) const;
    QRect paintSigns(QPainter& painter, QRect room, RuleRow& row, const QModelIndex& index,
                     const Colors& colors) const;
    QWidget* createActionEditor(QWidget* parent, const QModelIndex& index) const;
};

} // namespace caisson
