// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPushButton>
#include <QTimer>

namespace caisson {

class KeyHold;
class PlaceBefore;

/// Where the keys go while a request waits.
///
/// Who goes to the strip by keyboard comes back to where they were, by Escape or by the last answer.
/// What ends while the keyboard is in it, by nobody's doing here, does not let go of it, nor hand it
/// to what comes next: the sandbox decides when that is, and the rest of "Down, Return" ran what
/// stood unsent in the terminal, or, half a second after it had made another request, allowed that.
///
/// The keyboard is parked then. It is in the strip and in nothing of it, every key falls, and the
/// strip says so with a ring and a button, until the person leaves: by Escape, by the button or by
/// any click in the window; or goes to the request that is shown now. Not by Tab: that, too, is how
/// the panel is gone through.
class PromptKeyboard : public QObject
{
    Q_OBJECT
public:
    /// `strip` owns it.
    explicit PromptKeyboard(QWidget* strip);

    /// For how long Escape and a click in the strip, too, were meant for what was there before.
    void setGuard(std::chrono::milliseconds time) { m_guard.setInterval(time); }
    bool isGuarded() const { return m_guard.isActive(); }
    /// What is being handled comes of a key that was down before.
    bool isHeld() const;

    /// The keys go to the strip, or to a list of it that is open.
    bool isHere() const;
    bool isParked() const;
    void park();
    void goBack();
    void closeList();

    /// To be put into the strip; it is seen while the keyboard is parked.
    QPushButton* backButton() const { return m_back; }

signals:
    void changed(); ///< whether it is parked
    /// Of the place where the person was before nothing is left.
    void placeLost();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    enum class State {
        Free,
        Parked,
        /// The mouse alone opened a list, which then had the keys: those on their way to it fall.
        Passing,
    };

    QWidget* list() const;
    void press(const QWidget& target);
    void leave();
    void tellLeft();

    QWidget* m_strip;
    PlaceBefore* m_before;
    KeyHold* m_hold; ///< one press gives one answer
    QPushButton* m_back;
    QTimer m_guard;
    State m_state = State::Free;
    bool m_isByMouse = false; ///< what the person did last
    bool m_isDown = false;    ///< a button of the mouse
    bool m_isLeaving = false; ///< with the mouse; told when its button is up
};

} // namespace caisson
