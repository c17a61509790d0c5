// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/models/reason.h"
#include "widgets/models/request_model.h"

#include <QTimer>
#include <QWidget>

class QComboBox;
class QLineEdit;
class QPushButton;
class QSplitter;
class QStackedLayout;
class QTableView;

namespace caisson {

class ActivityLine;
class EmptyState;
class Prompter;
class RequestDetail;

/// What a sandbox asked for, live: filtered, one in detail below. While somebody reads, nothing
/// moves; what came meanwhile is counted.
class RequestsPage : public QWidget
{
    Q_OBJECT
public:
    /// All three outlive it.
    RequestsPage(desk::Backend& backend, RequestModel& model, Prompter& prompter,
                 QWidget* parent = nullptr);

    void focusTable();
    QList<int> splitterSizes() const;
    void setSplitterSizes(const QList<int>& sizes);

    /// It runs now, and what could not be read may be there.
    void retry();

signals:
    void startAsked();
    void ruleAsked(const caisson::api::EgressRule& rule);
    void terminalAsked(const QString& terminal);
    void terminalsAsked(); ///< whichever is shown
    void failed(const caisson::Failure& failure);
    void settled(const QString& what); ///< of a failure before
    void noted(const QString& sentence);
    void changed(); ///< what splitterSizes() tells

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void fillTools();
    void layOut();
    void showMenu(const QPoint& position);
    void setFilter();
    void updatePage();
    void updateDetail();
    void keepPlace(int count);
    void updateFresh();
    void showNewest();
    void exportHar();
    void saveHar(const QString& file);
    bool isAtTop() const;

    desk::Backend& m_backend;
    RequestModel& m_model;
    Prompter& m_prompter;
    QLineEdit* m_filter;
    QComboBox* m_verdict;
    QTableView* m_table;
    RequestDetail* m_detail;
    QSplitter* m_splitter;
    QStackedLayout* m_pages;
    EmptyState* m_empty;
    EmptyState* m_noMatch;
    EmptyState* m_stopped;
    ActivityLine* m_activity;
    QWidget* m_tools;
    QPushButton* m_fresh; ///< over the table: how many came while it stood still
    QTimer m_typing;
    int m_freshCount = 0;
    QString m_harFailure; ///< as it was said, until the next try
    int m_saving = 0;
    bool m_isStopped = false;
};

} // namespace caisson
