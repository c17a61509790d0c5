// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/backend.h"
#include "widgets/models/terminal_model.h"

#include <QTimer>
#include <QWidget>

class QAction;
class QStackedWidget;

namespace caisson {

class EmptyState;
class NoticeStrip;
class TabBar;
class TerminalPage;

/// The terminals of one sandbox, in tabs.
class TerminalArea : public QWidget
{
    Q_OBJECT
public:
    /// `backend` outlives it.
    TerminalArea(desk::Backend& backend, QString sandbox, QAction* newTerminal,
                 QWidget* parent = nullptr);

    /// What to do when the sandbox turns out to have no terminal: a new one is opened where the
    /// person has just made or started the sandbox.
    enum class WhenNone { Leave, Open };

    /// The sandbox runs: its terminals are read.
    void start(WhenNone whenNone);
    /// The sandbox does not run: its terminals are gone. `sentence` says so.
    void stop(const QString& sentence);
    void put(const api::Terminal& terminal);
    void remove(const QString& terminal);

    void openNew();
    /// A program that pages through a file.
    void openPager(const QByteArray& path);
    void closeCurrent();
    void showNext(int step);
    void focusCurrent();
    /// False when there is none of that id.
    bool showTerminal(const QString& terminal);
    /// What its tab says; empty when there is none.
    QString titleOf(const QString& terminal) const;
    TerminalPage* current() const;

    QStringList order() const { return m_isRead ? m_model.order() : m_wantedOrder; }
    QString active() const;
    /// Closed, and not ended yet.
    QStringList closed() const;
    /// How they were left, for when they are read.
    void restore(const QStringList& order, const QString& active, const QStringList& closed);
    /// What was closed is ended now: it cannot be had back any more.
    void commitClose();

signals:
    void startAsked();
    void changed(); ///< what order() and active() tell
    void failed(const QString& what, const caisson::Error& error);

private:
    void listed(const Result<api::TerminalList>& result, WhenNone whenNone);
    void create(const api::CreateTerminal& request, const QString& inPlaceOf);
    void restart(TerminalPage* page);
    void close(int index);
    void closeNow(const QString& terminal);
    void undoClose();

    void insertTabs(int first, int last);
    void removeTabs(int first, int last);
    void updateTab(int row);
    void updatePage();
    void keepFocus();
    TerminalPage* at(int row) const;
    int rowOf(const TerminalPage* page) const;

    desk::Backend& m_backend;
    QString m_sandbox;
    TerminalModel m_model;
    QWidget* m_tabRow;
    TabBar* m_tabs;
    QStackedWidget* m_pages;
    QWidget* m_reading;
    EmptyState* m_none;
    EmptyState* m_stopped;
    NoticeStrip* m_closed;
    QTimer m_closeTimer;
    QString m_closing;               ///< closed, but not yet ended: it can be had back
    QList<TerminalPage*> m_tabPages; ///< in the order of the tabs
    QStringList m_wantedOrder;
    QStringList m_wantedClosed;
    QString m_wantedActive;
    bool m_isRunning = false;
    bool m_isRead = false;
    bool m_wantsFocus = false; ///< had it, or was given it, when there was no terminal
};

} // namespace caisson
