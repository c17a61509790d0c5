// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/prompt_keyboard.h"

#include <QApplication>
#include <QEvent>

#include "widgets/common/key_hold.h"
#include "widgets/common/place_before.h"

namespace caisson {

PromptKeyboard::PromptKeyboard(QWidget* strip)
    : QObject(strip)
    , m_strip(strip)
    , m_before(new PlaceBefore(strip))
    , m_hold(new KeyHold(this))
    , m_back(new QPushButton(tr("Back (Esc)"), strip))
{
    m_back->setObjectName(QStringLiteral("prompt.back"));
    m_back->setFocusPolicy(Qt::NoFocus); // no key presses it
    m_back->setAccessibleName(tr("Back to where the keyboard was, by Escape"));
    m_back->setToolTip(
        tr("The keyboard goes back to where it was; until then no key does anything"));
    m_back->hide();
    m_guard.setSingleShot(true);
    connect(m_back, &QPushButton::clicked, this, [this] {
        if (!isGuarded())
            goBack();
    });
    connect(&m_guard, &QTimer::timeout, this, [this] {
        if (m_state == State::Passing)
            goBack();
    });
    // Menus and lists that pop up are windows of their own, and come back.
    connect(qApp, &QApplication::focusChanged, this, [this](QWidget*, const QWidget* now) {
        if (now && now != m_strip && now->window() == m_strip->window())
            leave();
    });
    qApp->installEventFilter(this);
}

bool PromptKeyboard::isHeld() const
{
    return m_hold->isHeld();
}

/// A list or menu of the strip that is open.
QWidget* PromptKeyboard::list() const
{
    QWidget* open = QApplication::activePopupWidget();
    for (const QWidget* place = open; place; place = place->parentWidget()) {
        if (place == m_strip)
            return open;
    }
    return nullptr;
}

/// The mouse opens a list without moving the focus, and then the keys go to the list.
bool PromptKeyboard::isHere() const
{
    return m_strip->isAncestorOf(m_strip->window()->focusWidget()) || list();
}

bool PromptKeyboard::isParked() const
{
    return m_state != State::Free && m_strip->window()->focusWidget() == m_strip;
}

/// What is open of the question before goes with it: a list that stayed chose for the next one.
void PromptKeyboard::closeList()
{
    if (QWidget* open = list())
        open->close();
}

/// Escape is kept off once, not by each request that comes meanwhile: who makes many keeps nobody.
void PromptKeyboard::park()
{
    if (isParked())
        return;
    const bool isOnlyInList =
        m_isByMouse && !m_strip->isAncestorOf(m_strip->window()->focusWidget());
    closeList();
    m_strip->setFocus();
    m_state = isOnlyInList ? State::Passing : State::Parked;
    m_isLeaving = false;
    m_guard.start();
    m_back->show();
    emit changed();
}

void PromptKeyboard::goBack()
{
    m_hold->drop(); // what brought the person back is not for where they come to
    if (!m_before->goBack())
        emit placeLost();
    leave(); // also where nothing takes it
}

void PromptKeyboard::leave()
{
    if (m_state == State::Free)
        return;
    m_state = State::Free;
    m_guard.stop();
    m_isLeaving = true;
    // What is pressed is still there when the button of the mouse comes up: what hides moves others.
    if (!m_isDown)
        tellLeft();
}

void PromptKeyboard::tellLeft()
{
    if (!std::exchange(m_isLeaving, false))
        return;
    m_back->hide();
    emit changed();
}

void PromptKeyboard::press(const QWidget& target)
{
    if (m_state == State::Free || target.window() != m_strip->window() || &target == m_back ||
        (isGuarded() && m_strip->isAncestorOf(&target)))
        return;
    goBack();
}

bool PromptKeyboard::eventFilter(QObject* watched, QEvent* event)
{
    switch (event->type()) {
    case QEvent::ShortcutOverride:
    case QEvent::KeyPress:
        m_isByMouse = false;
        m_isDown = false;              // its release may have gone to another program
        if (m_state == State::Passing) // more may come
            m_state = State::Parked;
        tellLeft();
        break;
    case QEvent::MouseButtonPress: // first to the window, then to what is in it
        m_isByMouse = true;
        m_isDown = true;
        if (watched->isWidgetType())
            press(*static_cast<const QWidget*>(watched));
        break;
    case QEvent::MouseButtonRelease:
        m_isDown = false;
        if (m_isLeaving) // when it has done what it does
            QMetaObject::invokeMethod(this, &PromptKeyboard::tellLeft, Qt::QueuedConnection);
        break;
    default:
        break;
    }
    return QObject::eventFilter(watched, event);
}

} // namespace caisson
