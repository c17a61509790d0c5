# SPDX-License-Identifier: GPL-3.0-or-later
"""A caissonctl at a terminal of this machine, as a person has it."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

from .conditions import PATIENCE
from .home import CTL


class PtyClient:
    def __init__(self, home, *arguments, cols=80, rows=24):
        self.leader, self.follower = pty.openpty()
        self.resize(cols, rows)
        self.before = self.settings()
        self.seen = b""
        self.process = subprocess.Popen([CTL, *arguments], env=home.environment,
                                        stdin=self.follower, stdout=self.follower,
                                        stderr=self.follower, start_new_session=True,
                                        preexec_fn=self._takeTerminal)

    def _takeTerminal(self):
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def settings(self):
        return termios.tcgetattr(self.follower)

    def isRaw(self):
        return not self.settings()[3] & (termios.ICANON | termios.ECHO)

    def resize(self, cols, rows):
        """The kernel tells the foreground process group (SIGWINCH)."""
        fcntl.ioctl(self.leader, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def type(self, data):
        os.write(self.leader, data)

    def readSome(self, patience):
        ready, _, _ = select.select([self.leader], [], [], patience)
        if not ready:
            return b""
        piece = os.read(self.leader, 65536)
        self.seen += piece
        return piece

    def expect(self, text, patience=PATIENCE):
        """Reads until `text` has come, and returns what came up to its end."""
        end = time.monotonic() + patience
        while text not in self.seen:
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError(f"{text!r} did not come; this did: {self.seen[-2000:]!r}")
            self.readSome(left)
        at = self.seen.index(text) + len(text)
        came, self.seen = self.seen[:at], self.seen[at:]
        return came

    def wait(self, patience=PATIENCE):
        """The exit code; what is written meanwhile is kept in `seen`."""
        end = time.monotonic() + patience
        while self.process.poll() is None:
            if time.monotonic() > end:
                raise AssertionError(f"caissonctl goes on; it said {self.seen[-2000:]!r}")
            self.readSome(0.02)
        while self.readSome(0):
            pass
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.leader)
        os.close(self.follower)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
