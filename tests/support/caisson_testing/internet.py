# SPDX-License-Identifier: GPL-3.0-or-later
"""The small internet as a test asks it: what it saw, and what it is to do next.

run.py --internet makes it, and runs the tests in the house at the end of its cable."""

import json
import os
import socket
from pathlib import Path

from small_internet import pattern, places

from .conditions import until

VARIABLE = "CAISSON_TEST_INTERNET"  # its folder, from run.py to the tests


class Internet:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.authority = str(self.folder / "ca.crt")
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(str(self.folder / "control"))
        self.file = self.socket.makefile("rw")

    @classmethod
    def here(cls):
        """None where there is none: it takes root to make it."""
        folder = os.environ.get(VARIABLE)
        return cls(folder) if folder else None

    def ask(self, do, **fields):
        self.file.write(json.dumps({"do": do, **fields}) + "\n")
        self.file.flush()
        return json.loads(self.file.readline())

    def close(self):
        self.file.close()
        self.socket.close()

    # ---- what it saw since clear() ----

    def clear(self):
        self.ask("clear")

    def records(self, kind=None, **fields):
        answer = self.ask("records")
        if answer["lost"]:
            raise AssertionError(f"{answer['lost']} records too many to keep")
        return [record for record in answer["records"]
                if kind in (None, record["kind"])
                and all(record.get(name) == value for name, value in fields.items())]

    def requests(self, **fields):
        return self.records("request", **fields)

    def connections(self, **fields):
        return self.records("connection", **fields)

    def names(self):
        """That the name server was asked for."""
        return sorted({record["name"] for record in self.records("query")})

    def strays(self):
        """What reached an address or port where nobody serves: packets, and what was said."""
        return self.records("packet") + self.records("stray")

    def everything(self):
        """As words, for the message of a failed assertion."""
        return [tuple(record.values()) for record in self.records()]

    def raw(self):
        """All that was said to anybody, one string."""
        said = [record.get("raw", "") + record.get("data",
                                                   "") + json.dumps(record.get("headers", ""))
                + record.get("target", "") + record.get("body", "") + record.get("name", "")
                for record in self.records()]
        return "\n".join(said)

    def nothing(self):
        """Whether nobody out there has seen anything."""
        return not self.records()

    # ---- what it does ----

    def setName(self, name, *answers):
        """Each answer is a list of addresses, for one look-up; the last one stays."""
        self.ask("name", name=name, answers=[list(answer) for answer in answers])

    def silenceName(self, name):
        self.ask("silent", name=name)

    def held(self, **fields):
        """The records of answers that wait for release()."""
        return self.records(held=True, **fields)

    def release(self, record):
        name = record.get("id") or f"h2/{record['stream']}"
        if not self.ask("release", connection=name):
            raise AssertionError(f"{name} does not wait")

    def untilHeld(self, **fields):
        return until(lambda: self.held(**fields), "an answer that waits")[0]


digest = pattern.digest
__all__ = ["Internet", "digest", "places"]
