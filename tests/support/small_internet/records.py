# SPDX-License-Identifier: GPL-3.0-or-later
"""What the small internet saw, in the order in which it saw it."""

LIMIT = 200_000  # records; a test that makes more has gone astray


class Records:
    def __init__(self):
        self.clear()

    def add(self, kind, **fields):
        """Whoever adds it may fill it further."""
        record = {"kind": kind, **fields}
        self.touch(record)
        return record

    def touch(self, record):
        """Something was seen of it. A connection that is kept from one test to the next is a record
        of the next one's, too, from when it is used; what it said before is not."""
        if id(record) in self.listed:
            return
        if len(self.all) >= LIMIT:
            self.lost += 1
            return
        if "raw" in record:
            record["raw"] = ""
        if "sent" in record:
            record["sent"] = 0
        self.listed.add(id(record))
        self.all.append(record)

    def clear(self):
        self.all = []
        self.listed = set()
        self.lost = 0
