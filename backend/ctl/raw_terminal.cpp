// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ctl/raw_terminal.h"

#include <array>
#include <atomic>
#include <csignal>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace caisson::ctl {

namespace {

/// Signals that end a program by default. INT, TERM, HUP and QUIT belong to the verbs that read a
/// terminal: they forward them.
constexpr std::array kFatalSignals{SIGSEGV, SIGBUS,  SIGILL,    SIGFPE,  SIGABRT, SIGPIPE,
                                   SIGALRM, SIGUSR1, SIGUSR2,   SIGXCPU, SIGXFSZ, SIGSYS,
                                   SIGTRAP, SIGPROF, SIGVTALRM, SIGIO,   SIGPWR,  SIGSTKFLT};

// For the signal handler, which can be handed nothing.
termios savedSettings;
std::atomic<bool> settingsChanged = false;

void restoreSettings()
{
    if (settingsChanged.exchange(false))
        ::tcsetattr(STDIN_FILENO, TCSANOW, &savedSettings); // async-signal-safe, signal-safety(7)
}

void restoreAndEnd(int signal)
{
    restoreSettings();
    // SA_RESETHAND has put the default back: this ends the program as if nobody had looked.
    ::raise(signal);
}

void setFatalHandlers(void (*handler)(int))
{
    struct sigaction action = {};
    action.sa_handler = handler;
    action.sa_flags = handler == SIG_DFL ? 0 : static_cast<int>(SA_RESETHAND | SA_NODEFER);
    for (const int signal : kFatalSignals)
        ::sigaction(signal, &action, nullptr);
}

Result<void> makeRaw()
{
    termios raw = savedSettings;
    ::cfmakeraw(&raw);
    settingsChanged = true;
    if (::tcsetattr(STDIN_FILENO, TCSANOW, &raw) != 0) {
        settingsChanged = false;
        return failErrno("cannot set up the terminal");
    }
    return {};
}

} // namespace

Result<RawTerminal> RawTerminal::enter()
{
    if (::tcgetattr(STDIN_FILENO, &savedSettings) != 0)
        return failErrno("cannot read the terminal's settings");
    setFatalHandlers(restoreAndEnd);
    RawTerminal terminal;
    if (Result<void> done = makeRaw(); !done)
        return std::unexpected(done.error());
    return terminal;
}

RawTerminal::~RawTerminal()
{
    if (!m_active)
        return;
    restoreSettings();
    setFatalHandlers(SIG_DFL);
}

void RawTerminal::stopProgram()
{
    restoreSettings();
    ::raise(SIGSTOP);
    // A terminal that has gone meanwhile ends the reading of it, which says so.
    (void)makeRaw();
}

bool hasTerminal()
{
    return ::isatty(STDIN_FILENO) != 0;
}

WindowSize windowSize()
{
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) {
        winsize size = {};
        if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0)
            return {size.ws_col, size.ws_row};
    }
    return {};
}

} // namespace caisson::ctl
