// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/pty.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace caisson::init {

Result<Pty> openPty(std::int64_t cols, std::int64_t rows, uid_t owner)
{
    Pty pty;
    pty.master.reset(::open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    if (!pty.master)
        return failErrno("cannot open a terminal (/dev/ptmx)");
    const int unlocked = 0;
    int number = 0;
    if (::ioctl(pty.master.get(), TIOCSPTLCK, &unlocked) != 0 ||
        ::ioctl(pty.master.get(), TIOCGPTN, &number) != 0)
        return failErrno("cannot set up a terminal");
    const std::string name = "/dev/pts/" + std::to_string(number);
    pty.slave.reset(::open(name.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!pty.slave)
        return failErrno("cannot open " + name);
    if (owner != ::geteuid() && ::fchown(pty.slave.get(), owner, static_cast<gid_t>(-1)) != 0)
        return failErrno("cannot give " + name + " to the user");
    termios modes;
    if (::tcgetattr(pty.slave.get(), &modes) != 0)
        return failErrno("cannot read the modes of " + name);
    // Erasing a character of several bytes erases all of them: everything here speaks UTF-8.
    modes.c_iflag |= IUTF8;
    if (::tcsetattr(pty.slave.get(), TCSANOW, &modes) != 0)
        return failErrno("cannot set the modes of " + name);
    if (Result<void> sized = resizePty(pty.master.get(), cols, rows); !sized)
        return std::unexpected(sized.error());
    return pty;
}

Result<void> resizePty(int master, std::int64_t cols, std::int64_t rows)
{
    constexpr std::int64_t most = UINT16_MAX;
    if (cols < 1 || cols > most || rows < 1 || rows > most) {
        return fail(ErrorCode::BadRequest,
                    "a terminal has between 1 and 65535 columns and rows, not " +
                        std::to_string(cols) + " by " + std::to_string(rows));
    }
    winsize size{};
    size.ws_col = static_cast<unsigned short>(cols);
    size.ws_row = static_cast<unsigned short>(rows);
    if (::ioctl(master, TIOCSWINSZ, &size) != 0)
        return failErrno("cannot resize the terminal");
    return {};
}

std::string endOfInput(int master, bool afterPartialLine)
{
    termios modes;
    // Asked through the master, the modes are the slave's (tty_ioctl(4)). On failure the terminal
    // is gone, and what is typed goes nowhere.
    if (::tcgetattr(master, &modes) != 0)
        return {};
    const char eof = static_cast<char>(modes.c_cc[VEOF]);
    return std::string((modes.c_lflag & ICANON) != 0 && afterPartialLine ? 2 : 1, eof);
}

} // namespace caisson::init
