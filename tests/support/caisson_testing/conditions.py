# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a condition, never for a time."""

import time

# Long enough for a busy machine with sanitizers; a condition that holds is seen at once.
PATIENCE = 30.0


class NotInTime(AssertionError):
    pass


def until(condition, what, patience=PATIENCE):
    """The first true value of condition(); NotInTime when there is none."""
    end = time.monotonic() + patience
    pause = 0.001
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise NotInTime(f"{what}: not within {patience} s")
        time.sleep(pause)
        pause = min(pause * 2, 0.05)
