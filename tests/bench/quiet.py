# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits until what was measured last has tidied up after itself.

`podman run` and `podman exec` leave a process that clears away for tens of milliseconds after they
have returned: on a machine of two processors it is in the way of whoever is measured next."""

import time

WINDOW = 0.02   # seconds; /proc/stat counts in hundredths
IDLE = 0.9      # of the processors' time
PATIENCE = 1.0  # some machines are never quiet; then this is what they are


def _times():
    """Seconds idle and in all, of all processors (proc_stat(5))."""
    with open("/proc/stat") as stat:
        fields = [int(word) for word in stat.readline().split()[1:9]]
    return fields[3] + fields[4], sum(fields)


def untilQuiet():
    end = time.monotonic() + PATIENCE
    idle, total = _times()
    while time.monotonic() < end:
        time.sleep(WINDOW)
        nowIdle, nowTotal = _times()
        if nowTotal > total and (nowIdle - idle) >= IDLE * (nowTotal - total):
            return
        if nowTotal > total:
            idle, total = nowIdle, nowTotal
