# SPDX-License-Identifier: GPL-3.0-or-later
"""What installers/setup.sh does to a machine beside installing packages: nothing that stays."""

import os
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

SETUP = Path(__file__).resolve().parents[2] / "installers/setup.sh"

# As ./dev sources it, but all of it as whoever runs the test, with a policy in a folder of the test's.
PRELUDE = f"""
set -euo pipefail
source {SETUP}
servicePolicy=$1/policy-rc.d
asRoot() {{ "$@"; }}
"""

# What a package's scripts would be told while it installs (invoke-rc.d(8): 101 is "do not").
ASK = """
ask() { "$servicePolicy" "$@" && echo "$1: 0" || echo "$1: $?"; }
install() { ask nginx start; ask nginx.service start; ask ssh restart; ask nginxen start; }
"""


class ServicePolicy(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = Path(made.name)
        self.policy = self.folder / "policy-rc.d"

    def command(self, script):
        return ["bash", "-c", PRELUDE + ASK + script, "setup", str(self.folder)]

    def run_(self, script):
        return subprocess.run(self.command(script), capture_output=True, text=True, timeout=60)

    def test_the_one_service_is_not_started_and_others_are(self):
        done = self.run_("withoutService nginx install")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.split("\n"),
                         ["nginx: 101", "nginx.service: 101", "ssh: 0", "nginxen: 0", ""])
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_a_failed_installation_leaves_nothing_either(self):
        done = self.run_("withoutService nginx sh -c 'exit 100'; echo goes on")
        self.assertEqual((done.returncode, done.stdout), (100, ""))
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_nor_one_that_is_told_to_end(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(signal=number):
                started = subprocess.Popen(self.command("withoutService nginx sh -c 'echo up; read x'"),
                                           stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                           start_new_session=True)
                self.assertEqual(started.stdout.readline(), b"up\n")
                self.assertTrue(self.policy.exists())
                os.killpg(started.pid, number)  # as a terminal does
                started.communicate()
                self.assertNotEqual(started.returncode, 0)
                self.assertEqual(list(self.folder.iterdir()), [])

    def test_one_that_could_not_take_it_away_has_left_it_without_effect(self):
        started = subprocess.Popen(self.command("withoutService nginx sh -c 'echo up; read x'"),
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   start_new_session=True)
        self.assertEqual(started.stdout.readline(), b"up\n")
        self.assertEqual(subprocess.run([self.policy, "nginx", "start"]).returncode, 101)
        os.killpg(started.pid, signal.SIGKILL)
        started.communicate()
        self.assertEqual(subprocess.run([self.policy, "nginx", "start"]).returncode, 0)

    def test_one_that_is_there_is_its_owner_s(self):
        self.policy.write_text("#!/bin/sh\nexit 104\n")
        self.policy.chmod(0o755)
        done = self.run_("withoutService nginx install")
        self.assertEqual(done.stdout.split("\n")[0], "nginx: 104")
        self.assertEqual(self.policy.read_text(), "#!/bin/sh\nexit 104\n")
        self.assertEqual(list(self.folder.iterdir()), [self.policy])

    def test_so_is_one_that_leads_nowhere(self):
        self.policy.symlink_to(self.folder / "nowhere")
        self.assertEqual(self.run_("withoutService nginx true").returncode, 0)
        self.assertTrue(self.policy.is_symlink())
        self.assertEqual(list(self.folder.iterdir()), [self.policy])


if __name__ == "__main__":
    unittest.main()
