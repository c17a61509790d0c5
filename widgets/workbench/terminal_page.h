// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/backend.h"

#include <QWidget>
#include <memory>

namespace caisson {

class NoticeStrip;
class TerminalView;

/// One terminal in a tab: a view, and its link to the sandbox. It attaches when it is first shown,
/// since only then it has a size, and shows everything from the beginning of the journal on.
class TerminalPage : public QWidget
{
    Q_OBJECT
public:
    /// `backend` outlives it.
    TerminalPage(desk::Backend& backend, QString sandbox, QString terminal,
                 QWidget* parent = nullptr);
    ~TerminalPage() override;

    const QString& terminal() const { return m_terminal; }
    TerminalView* view() const { return m_view; }
    /// Everything that was in the journal when it was attached is on the screen.
    bool isCaughtUp() const { return m_isCaughtUp; }
    /// How it ended, as a sentence without full stop; shown with what can be done.
    void showEnd(const QString& text);

signals:
    void ended(const caisson::api::ExitStatus& exit);
    void caughtUp();
    void titleChanged(const QString& title);
    void restartAsked();
    void closeAsked();

private:
    void attach(int columns, int lines);
    void feed(const QByteArray& bytes);
    void showState(desk::LinkState state);
    void showWaiting(const Error& why);
    void giveUp(const Error& error);

    desk::Backend& m_backend;
    QString m_sandbox;
    QString m_terminal;
    TerminalView* m_view;
    NoticeStrip* m_end;
    NoticeStrip* m_lost;
    NoticeStrip* m_truncated;
    NoticeStrip* m_waiting;
    std::unique_ptr<desk::TerminalLink> m_link;
    bool m_isCaughtUp = false;
};

} // namespace caisson
