# SPDX-License-Identifier: GPL-3.0-or-later
"""What this machine's /proc says, seen from outside the sandboxes."""

import os
import signal
from pathlib import Path

from .conditions import until


def commandLine(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
    except OSError:
        return []


def allPids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def pidsWithArgument(text):
    """Processes, zombies left out, of which one argument is exactly `text`."""
    wanted = os.fsencode(text)
    return [pid for pid in allPids() if wanted in commandLine(pid)]


def isAlive(pid):
    """Whether the process runs: a zombie does not, but for one of whose threads some still end, and
    hold what it had open."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        threads = len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return False
    return state not in "ZX" or threads > 1


def killAndWait(pid, number=signal.SIGKILL):
    os.kill(pid, number)
    until(lambda: not isAlive(pid), f"the end of process {pid}")


def statusField(pid, field):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return value.strip()
    raise KeyError(field)


def peakMemory(pid):
    """The most memory the process ever had resident, in bytes (VmHWM); 0 when it has ended."""
    try:
        return int(statusField(pid, "VmHWM").split()[0]) * 1024
    except (FileNotFoundError, ProcessLookupError, KeyError):
        return 0


def proportionalMemory(pid):
    """The process's share of memory in bytes (PSS)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise KeyError("Pss")


def childrenOf(pid):
    children = []
    if not isAlive(pid):
        return children
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            children += [int(text) for text in (task / "children").read_text().split()]
        except OSError:
            pass
    return children


def descendantsOf(pid):
    """All below a process that run; not zombies."""
    found = []
    for child in childrenOf(pid):
        found += [child] * isAlive(child) + descendantsOf(child)
    return found


def mountsBelow(folder):
    """Mount points below a folder, as this process sees them."""
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [point for point in points if point.startswith(str(folder) + "/")]
