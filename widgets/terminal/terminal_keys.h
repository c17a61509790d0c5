// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

class QKeyEvent;

namespace caisson {

enum class TerminalKey {
    Program, ///< goes to the program in the terminal, whatever shortcut the window has for it
    Window,  ///< left to the window's shortcuts
    Copy,
    Paste,
};

/// A terminal takes Ctrl-C, Ctrl-W, F6 and the like for its program. The window keeps what programs
/// hardly use: everything with Ctrl+Shift or Ctrl+Alt, and Ctrl with Tab or the page keys. So there
/// is always a way out by keyboard.
TerminalKey terminalKey(const QKeyEvent& event);

/// The bytes of a key for which QTermWidget's table is wrong; empty for all others. Its Backspace
/// is ^H, but the terminal of a fresh PTY erases by ^? (DEL), and so says terminfo for xterm: a
/// program that reads lines plainly would get ^H as text.
QByteArray ownKeyBytes(const QKeyEvent& event);

} // namespace caisson
