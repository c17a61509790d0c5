// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/models/reason.h"
#include "widgets/models/rule_model.h"

#include <QAbstractItemDelegate>
#include <QTimer>
#include <QWidget>

class QAction;
class QComboBox;
class QMenu;
class QSplitter;
class QStackedLayout;
class QTableView;

namespace caisson {

class ActivityLine;
class EmptyState;
class Prompter;
class RuleDetail;
class RuleQuestion;

/// What a sandbox may reach: the table that decides, edited in place, and a field that says what it
/// would decide.
class RulesPage : public QWidget
{
    Q_OBJECT
public:
    /// All three outlive it.
    RulesPage(desk::Backend& backend, RuleModel& model, Prompter& prompter,
              QWidget* parent = nullptr);

    RuleModel& model() { return m_model; }
    void focusTable();
    /// At the top, where it decides, and selected.
    void addRule(const api::EgressRule& rule);
    QList<int> splitterSizes() const;
    void setSplitterSizes(const QList<int>& sizes);

signals:
    void startAsked();
    void secretAsked(const QString& name); ///< to be added
    void failed(const caisson::Failure& failure);
    void settled(const QString& what);
    void noted(const QString& sentence);
    void changed(); ///< what splitterSizes() tells

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QAction* makeAction(const QString& name, const QString& text);
    void fillTools();
    QWidget* makeDefaultRow();
    void layOut();
    void connectModel();
    void updatePage();
    void updateActions();
    void updateDefault();
    void updateDetail();
    void addNew();
    void endFresh(QAbstractItemDelegate::EndEditHint hint);
    QWidget* openField() const;
    void refused(const QString& what, const Error& error);
    void forgetRefusals();
    void loseEdited(int first, int last);
    bool isTypedOn(const QKeyEvent& key);
    void removeCurrent();
    void moveCurrent(int step);
    void choose(int row);
    void select(int row);
    int currentRow() const;
    void showMenu(const QPoint& position);
    void importFile();
    void exportFile();
    void takeFile(const QString& file);
    void writeFile(const QString& file);

    RuleModel& m_model;
    Prompter& m_prompter;
    QTableView* m_table;
    RuleDetail* m_detail;
    QSplitter* m_splitter;
    QStackedLayout* m_pages;
    EmptyState* m_empty;
    EmptyState* m_stopped;
    ActivityLine* m_activity;
    QWidget* m_tools;
    QComboBox* m_default;
    RuleQuestion* m_question;
    QAction* m_add;
    QAction* m_remove;
    QAction* m_up;
    QAction* m_down;
    QAction* m_undo;
    QAction* m_redo;
    QAction* m_import;
    QAction* m_export;
    QMenu* m_presets;
    QTimer m_counts; ///< how often rules matched is nobody's event
    bool m_isStopped = false;
    bool m_isTakingAway = false; ///< a rule, by this page
    bool m_isLost = false; ///< the rule that was being typed in has gone, and the typing may go on
    QString m_importFailure; ///< as it was said, until the next try
    QString m_exportFailure;
    QStringList m_refusals;   ///< of changes, as they were said
    bool m_hasGoneOn = false; ///< something was done since then
};

} // namespace caisson
