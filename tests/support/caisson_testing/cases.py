# SPDX-License-Identifier: GPL-3.0-or-later
"""The test case with a home, and with a sandbox that its tests share."""

import os
import unittest

from .home import Home

ROOT = os.geteuid() == 0


class HomeCase(unittest.TestCase):
    """One home for all tests of the class; nothing of it may be left afterwards."""

    variables = {}  # of the environment that the service is started in

    @classmethod
    def setUpClass(cls):
        cls.home = Home(**cls.variables)
        cls.addClassCleanup(cls.home.close)


class SandboxCase(HomeCase):
    """`self.box` runs when a test begins. A test that breaks it makes its own."""

    create = ()  # further options of `caissonctl create`

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.box = cls.home.create("box", *cls.create)

    def tearDown(self):
        # Whatever a test did to it, the sandbox is fine afterwards.
        ran = self.box.run("echo", "fine")
        self.assertEqual((ran.exit, ran.out), ({"code": 0, "timed_out": False}, b"fine\n"))
