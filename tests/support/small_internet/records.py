# SPDX-License-Identifier: GPL-3.0-or-later
"""What the small internet saw, in the order in which it saw it."""

LIMIT = 200_000  # records; a test that makes more has gone astray


class Records:
    def __init__(self):
        self.all = []
        self.lost = 0

    def add(self, kind, **fields):
        record = {"kind": kind, **fields}
        if len(self.all) < LIMIT:
            self.all.append(record)
        else:
            self.lost += 1
        return record  # whoever adds it may fill it further

    def clear(self):
        self.all = []
        self.lost = 0
