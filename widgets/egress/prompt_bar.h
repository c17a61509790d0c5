// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/models/prompt_actions.h"

#include <QTimer>
#include <QWidget>
#include <functional>

class QLabel;
class QPushButton;
class QToolButton;

namespace caisson {

class PromptKeyboard;
class PromptPanel;
class PromptSummary;

/// The strip above the status line that says which request waits, and opens to a panel. It never
/// takes the focus, and for a moment after it came, or an answer would be to something else than
/// before, it takes no click and no key: they were meant for that.
///
/// What answers keeps its place, counted from the right edge, whatever else comes and goes in the
/// line: a second click on Deny must never find Allow.
///
/// Only the person's own answer, or own "Next", takes a keyboard that is in it on to the next
/// request; what else happens to the request parks it, see PromptKeyboard.
class PromptBar : public QWidget
{
    Q_OBJECT
public:
    static constexpr std::chrono::milliseconds kGuard{500};

    /// Both outlive it.
    PromptBar(PromptModel& model, PromptActions& actions, QWidget* parent = nullptr);

    /// How a sandbox is called where that has to be said; empty where it goes without saying.
    void setNaming(std::function<QString(const QString&)> nameOf);
    /// How a terminal of a sandbox is called.
    void setTerminalNaming(std::function<QString(const QString&, const QString&)> titleOf);
    /// Names may be others now.
    void refresh();

    /// How high it may be for nothing above it to be covered; asked whenever the window has laid
    /// out anew. Without it: half of the window.
    void setRoom(std::function<int()> room) { m_room = std::move(room); }

    /// How long it takes no click and no key.
    void setGuard(std::chrono::milliseconds time);

    QString sandbox() const { return m_sandbox; }
    QString prompt() const { return m_prompt; }
    bool isGuarded() const;
    bool isOpen() const;

    /// As chosen in the panel; where it is closed, once.
    void allow();
    void deny();
    /// All that wait in this sandbox, this once.
    void denyAll();
    void showNext();
    void showOldest();
    void setOpen(bool isOpen);
    /// Opens the panel and gives it the keyboard.
    void review();

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void terminalAsked(const QString& sandbox, const QString& terminal);
    /// The strip had the keyboard, and of the place where the person was before nothing is left.
    void focusLost();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void changeEvent(QEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool focusNextPrevChild(bool isNext) override;

private:
    /// Whose doing it is that another request is shown.
    enum class By { Person, Others };

    void layOut();
    int heightIn(int width) const;
    QPushButton* makeButton(const QString& name, const QString& text);
    void follow();
    void showRow(int row, By by);
    void showNothing(By by);
    void showOver();
    void guard();
    void updateLine(const api::Prompt& prompt, int row);
    void updateButtons();
    void updateWidths();
    void updateClock();
    void updateIcon();
    void answer(const std::string& verdict);
    bool takesInput() const;
    bool isAnswerable() const;
    int row() const { return m_model.rowOf(m_sandbox, m_prompt); }
    int bestRow() const;

    PromptModel& m_model;
    PromptActions& m_actions;
    std::function<QString(const QString&)> m_nameOf;
    std::function<QString(const QString&, const QString&)> m_titleOf;
    std::function<int()> m_room;
    QString m_sandbox;
    QString m_prompt;
    api::Prompt m_shown; ///< what an answer is about
    mutable int m_highest =
        0; ///< since it was opened: the panel does not jump from one to the next
    mutable int m_highestIn = 0; ///< in that width
    mutable int m_hinted = 0;    ///< the height last asked for
    PromptKeyboard* m_keyboard;
    QTimer m_guard;
    QTimer m_tick;
    QWidget* m_content; ///< slides in; the room for it is there at once
    QWidget* m_line;
    PromptPanel* m_panel;
    QLabel* m_icon;
    PromptSummary* m_summary;
    QLabel* m_clock;
    QPushButton* m_allow;
    QPushButton* m_deny;
    QPushButton* m_next;
    QToolButton* m_more;
};

} // namespace caisson
