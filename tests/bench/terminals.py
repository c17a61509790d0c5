# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast a program's output comes through a terminal."""

import os
import pty
import select
import subprocess
import time
from dataclasses import dataclass

from caisson_testing.attachment import Attachment

LOG_SIZE = 50_000_000
END = b"-- the end of the log --"


def logText():
    """Lines as a build prints them, some coloured."""
    lines, size, number = [], 0, 0
    while size < LOG_SIZE:
        number += 1
        line = (f"[{number:7}/999999] \x1b[32mBuilding\x1b[0m CXX object backend/keeper/CMakeFiles/"
                f"caisson_keeper.dir/part_{number % 97}.cpp.o\n").encode()
        lines.append(line)
        size += len(line)
    return b"".join(lines)


@dataclass
class Passage:
    seconds: float
    longestStall: float
    received: int


class Clock:
    """Of one passage: the time to the end, and the longest time without a byte."""

    def __init__(self):
        self.start = self.last = time.perf_counter()
        self.stall = 0.0
        self.received = 0

    def took(self, size):
        now = time.perf_counter()
        # The first byte waits for the program to start, which is no stall of the terminal.
        if self.received:
            self.stall = max(self.stall, now - self.last)
        self.last = now
        self.received += size

    def passage(self):
        return Passage(self.last - self.start, self.stall, self.received)


def throughCaisson(box, path):
    clock = Clock()
    terminal = box.openTerminal("sh", "-c", f"cat {path}; echo '{END.decode()}'")["id"]
    tail = b""
    with Attachment(box, terminal) as attached:
        while END not in tail:
            message = attached.socket.receive()
            if isinstance(message, bytes):
                clock.took(len(message))
                tail = (tail + message)[-200:]
    box.home.api.call("DELETE", f"{box.url}/terminals/{terminal}")
    return clock.passage()


def readPty(leader, clock):
    tail = b""
    while END not in tail:
        select.select([leader], [], [])
        piece = os.read(leader, 1 << 16)
        clock.took(len(piece))
        tail = (tail + piece)[-2000:]


def throughTmux(path):
    """A new session of a server of our own, with one client that reads all it is sent."""
    leader, follower = pty.openpty()
    socket = f"caisson-bench-{os.getpid()}"
    # An echo in pieces, so that the command's own line in tmux's status is not taken for the end.
    script = f"cat {path}; printf '%s%s\\n' '{END[:9].decode()}' '{END[9:].decode()}'; sleep 0.2"
    clock = Clock()
    client = subprocess.Popen(["tmux", "-f", "/dev/null", "-L", socket, "new-session", script],
                              stdin=follower, stdout=follower, stderr=follower,
                              env=dict(os.environ, TERM="xterm-256color"), start_new_session=True,
                              preexec_fn=takeTerminal)
    readPty(leader, clock)
    subprocess.run(["tmux", "-L", socket, "kill-server"], stderr=subprocess.DEVNULL)
    client.wait()
    os.close(leader)
    os.close(follower)
    return clock.passage()


def takeTerminal():
    import fcntl
    import termios
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def throughBarePty(path):
    leader, follower = pty.openpty()
    clock = Clock()
    program = subprocess.Popen(["sh", "-c", f"cat {path}; echo '{END.decode()}'"], stdin=follower,
                               stdout=follower, stderr=follower)
    readPty(leader, clock)
    program.wait()
    os.close(leader)
    os.close(follower)
    return clock.passage()
