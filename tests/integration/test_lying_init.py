# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper takes nothing on trust that its init says: a lie costs at most the liar's sandbox."""

import os
import shutil
import socket
import tempfile
import unittest
from pathlib import Path

from caisson_testing import processes
from caisson_testing.cases import HomeCase
from caisson_testing.conditions import until
from caisson_testing.http import Closed
from lying_init import LIES

MEGABYTE = 1 << 20
BEFORE_HELLO = ("gone", "garbage", "zeros", "huge-frame", "unknown-kind", "no-json", "deep-json",
                "other-version", "other-event")
NEVER_HELLO = ("silent", "half-a-frame")
AFTER_HELLO = [lie for lie in LIES if lie not in BEFORE_HELLO + NEVER_HELLO]


class LyingInit(HomeCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(dir="/var/tmp")
        cls.addClassCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        program = Path(folder.name, "init")
        shutil.copy(Path(__file__).parent / "lying_init.py", program)
        program.chmod(0o755)
        cls.variables = {"CAISSON_INIT": str(program)}
        super().setUpClass()
        cls.daemon = cls.home.daemonPid()

    def assertUnharmed(self, name):
        self.assertEqual(self.home.daemonPid(), self.daemon)
        self.assertLess(processes.peakMemory(self.daemon), 64 * MEGABYTE)
        self.home.must("rm", name)
        self.assertEqual(self.home.json("ls"), [])
        until(lambda: len(self.home.programs()) == 1, "the end of the keeper", 10)

    def assertRefused(self, lie):
        done = self.home.ctl("create", lie, limit=60)
        self.assertEqual((done.code, done.err.count(b"\n")), (125, 1), done)
        names = [one["name"] for one in self.home.json("ls")]
        if lie in names:
            shown = self.home.json("show", lie)
            self.assertEqual(shown["state"], "failed")
            self.assertTrue(shown["why"])
        else:
            self.home.must("create", "--no-start", lie)
        self.assertUnharmed(lie)

    def test_instead_of_hello(self):
        for lie in BEFORE_HELLO:
            with self.subTest(lie=lie):
                self.assertRefused(lie)

    def test_no_hello(self):
        """It has ten seconds."""
        for lie in NEVER_HELLO:
            with self.subTest(lie=lie):
                self.assertRefused(lie)

    def test_after_hello(self):
        for lie in AFTER_HELLO:
            with self.subTest(lie=lie):
                box = self.home.create(lie)
                keeper = box.keeperPid()
                peak = processes.peakMemory(keeper)
                self.askForACommand(box)
                self.askForAListing(box)
                # A listing is held as a whole, up to 64 MB, and twice for a moment as it grows.
                self.assertLess(processes.peakMemory(keeper) - peak, 128 * MEGABYTE)
                self.assertIn(box.show()["state"], ("running", "failed", "stopped"))
                self.assertUnharmed(lie)

    def askForACommand(self, box):
        """An exit, an error or the end of the connection; a command may be said to run for ever."""
        with box.openExec("true") as running:
            running.socket.settimeout(2)
            try:
                while True:
                    message = running.receive()
                    if isinstance(message, dict) and message["type"] in ("exit", "error"):
                        return
            except (Closed, TimeoutError, ConnectionResetError):
                pass

    def askForAListing(self, box):
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1)
                connection.connect(str(self.home.api.socketPath))
                connection.sendall(f"GET {box.treeUrl('/')} HTTP/1.1\r\nHost: x\r\n"
                                   "Connection: close\r\n\r\n".encode())
                while connection.recv(65536):
                    pass
        except (TimeoutError, ConnectionResetError):
            pass


if __name__ == "__main__":
    unittest.main()
