// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/terminal/terminal_keys.h"

#include <QKeyEvent>

namespace caisson {

TerminalKey terminalKey(const QKeyEvent& event)
{
    const Qt::KeyboardModifiers modifiers = event.modifiers() & ~Qt::KeypadModifier;
    const int key = event.key();
    if (modifiers == (Qt::ControlModifier | Qt::ShiftModifier)) {
        if (key == Qt::Key_C)
            return TerminalKey::Copy;
        if (key == Qt::Key_V)
            return TerminalKey::Paste;
        return TerminalKey::Window;
    }
    if (modifiers == Qt::ShiftModifier && key == Qt::Key_Insert)
        return TerminalKey::Paste;
    if (modifiers == Qt::ControlModifier && key == Qt::Key_Insert)
        return TerminalKey::Copy;
    if (modifiers.testFlags(Qt::ControlModifier | Qt::AltModifier) ||
        (modifiers & Qt::MetaModifier)) {
        return TerminalKey::Window;
    }
    if (modifiers == Qt::ControlModifier &&
        (key == Qt::Key_Tab || key == Qt::Key_PageUp || key == Qt::Key_PageDown)) {
        return TerminalKey::Window;
    }
    return TerminalKey::Program;
}

QByteArray ownKeyBytes(const QKeyEvent& event)
{
    if (event.key() == Qt::Key_Backtab)
        return "\x1B[Z"; // CBT, as xterm; the emulator would leave it to the focus
    if (event.key() != Qt::Key_Backspace)
        return {};
    const QByteArray erase = event.modifiers().testFlag(Qt::ControlModifier) ? "\b" : "\x7F";
    return event.modifiers().testFlag(Qt::AltModifier) ? "\x1B" + erase : erase;
}

} // namespace caisson
