// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/rules_page.h"

#include <QCoreApplication>
#include <QKeyEvent>
#include <QTableView>

#include "widgets/egress/rule_delegate.h"

/// RulesPage: the field in the table that is typed in.
namespace caisson {

/// The field in the table that is open, and whose rule is there.
QWidget* RulesPage::openField() const
{
    QWidget* field = m_table->indexWidget(m_table->currentIndex());
    return field && !RuleDelegate::isDisowned(*field) ? field : nullptr;
}

/// The field of a new rule was left. What was typed in it is kept, unless it was given up.
void RulesPage::endFresh(QAbstractItemDelegate::EndEditHint hint)
{
    const QModelIndex host = m_model.draft();
    if (host.isValid() && !m_table->indexWidget(host) &&
        (hint == QAbstractItemDelegate::RevertModelCache ||
         m_model.draftText().trimmed().isEmpty()))
        m_model.dropDraft();
}

/// The rule whose field is being typed in goes: removed elsewhere, say. The rest of the word went
/// into the next field that there was, which was the choice of what happens to everything else.
void RulesPage::loseEdited(int first, int last)
{
    QWidget* field = openField();
    const int row = currentRow();
    if (row < first || row > last || !field)
        return;
    m_isLost = !m_isTakingAway;
    RuleDelegate::disown(*field);
    if (m_table->isAncestorOf(window()->focusWidget()))
        m_table->setFocus(Qt::OtherFocusReason);
    if (m_isTakingAway)
        return;
    emit noted(tr("The rule about %1 is gone: it was removed elsewhere, or its time was over. What "
                  "was typed in it counts for no rule.")
                   .arg(m_model.index(row, RuleModel::Host).data().toString()));
}

/// Whether a key is the rest of what was being typed. The first that is not ends it.
bool RulesPage::isTypedOn(const QKeyEvent& key)
{
    if (!m_isLost)
        return false;
    const bool isText = !key.text().isEmpty() && key.text().front().isPrint();
    const bool isMending = key.key() == Qt::Key_Backspace || key.key() == Qt::Key_Delete ||
                           key.key() == Qt::Key_Left || key.key() == Qt::Key_Right;
    const bool isModifier = key.key() == Qt::Key_Shift || key.key() == Qt::Key_AltGr;
    const bool isEnd =
        key.key() == Qt::Key_Return || key.key() == Qt::Key_Enter || key.key() == Qt::Key_Escape;
    m_isLost = isText || isMending || isModifier;
    return m_isLost || isEnd;
}

/// The space bar switches the rule on and off, in whichever of its columns one is. A field that was
/// left open has the keys, for as long as it is.
bool RulesPage::eventFilter(QObject* watched, QEvent* event)
{
    QWidget* field = watched == m_table ? openField() : nullptr;
    if (field && !field->hasFocus() &&
        (event->type() == QEvent::KeyPress ||
         (event->type() == QEvent::FocusIn &&
          static_cast<QFocusEvent*>(event)->reason() != Qt::MouseFocusReason))) {
        field->setFocus(Qt::OtherFocusReason);
        if (event->type() == QEvent::KeyPress)
            return QCoreApplication::sendEvent(field, event);
    }
    if (watched == m_table && event->type() == QEvent::FocusOut &&
        static_cast<QFocusEvent*>(event)->reason() != Qt::ActiveWindowFocusReason)
        m_isLost = false;
    if (watched == m_table->viewport() && event->type() == QEvent::MouseButtonPress)
        m_isLost = false;
    if (watched == m_table && event->type() == QEvent::KeyPress) {
        const auto* key = static_cast<QKeyEvent*>(event);
        if (isTypedOn(*key))
            return true;
        if (const int row = currentRow();
            row >= 0 && key->key() == Qt::Key_Space && key->modifiers() == Qt::NoModifier) {
            m_model.setEnabled(row, !m_model.at(row).enabled);
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace caisson
