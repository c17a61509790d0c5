# SPDX-License-Identifier: GPL-3.0-or-later
"""Sandboxes come, change, stop, start and go."""

import json
import os
import shutil
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from caisson_testing import processes
from caisson_testing.cases import HomeCase
from caisson_testing.conditions import until
from caisson_testing.home import CTL, Home, removeHome


class States(HomeCase):
    def tearDown(self):
        names = [one["name"] for one in self.home.json("ls")]
        if names:
            self.home.must("rm", *names)

    def test_created_running(self):
        box = self.home.create("box")
        shown = box.show()
        self.assertEqual((shown["state"], shown["why"], shown["incarnation"]), ("running", "", 1))
        self.assertEqual((shown["image"], shown["runtime"], shown["workspace"]),
                         ("host", "crun", "/workspace"))
        self.assertTrue(processes.isAlive(shown["keeper_pid"]))
        self.assertRegex(shown["id"], "^[0-9a-f]{12}$")

    def test_created_without_start(self):
        box = self.home.create("box", "--no-start")
        shown = box.show()
        self.assertEqual((shown["state"], shown["incarnation"], shown["keeper_pid"],
                          shown["started"]), ("stopped", 0, 0, ""))

    def test_stopping_and_starting(self):
        box = self.home.create("box")
        box.shell("echo kept >/workspace/file; echo kept >/etc/file; rm -f /tmp/x; "
                  "mkdir -p /new/top/level; setsid sleep 1000 & true")
        keeper = box.keeperPid()
        tree = processes.descendantsOf(keeper)
        self.home.must("stop", "box")
        shown = box.show()
        self.assertEqual((shown["state"], shown["keeper_pid"]), ("stopped", 0))
        self.assertTrue(shown["why"])
        until(lambda: not [pid for pid in [keeper, *tree] if processes.isAlive(pid)],
              "the end of its processes", 5)
        self.home.must("stop", "box")  # is stopped, stays stopped
        self.home.must("start", "box")
        self.assertEqual(box.show()["incarnation"], 2)
        self.home.must("start", "box")  # runs, goes on
        self.assertEqual(box.show()["incarnation"], 2)
        self.assertEqual(box.shell("cat /workspace/file /etc/file; ls -d /new/top/level"),
                         "kept\nkept\n/new/top/level\n")

    def test_acting_starts_it_and_looking_does_not(self):
        box = self.home.create("box", "--no-start")
        for line in (["show", "box"], ["ls"], ["terminals", "box"]):
            self.assertEqual(self.home.must(*line).err, b"")
        for line in (["ls-files", "box", "/"], ["watch", "box", "/"]):
            done = self.home.ctl(*line)
            self.assertEqual((done.code, done.err.count(b"\n")), (125, 1))
            self.assertIn(b"not running", done.err)
        self.assertEqual(box.show()["state"], "stopped")
        done = box.exec("echo", "hello")
        self.assertEqual((done.code, done.out), (0, b"hello\n"))
        self.assertEqual(done.err.count(b"\n"), 1)
        self.assertIn(b"box is stopped; starting it", done.err)
        self.assertEqual(box.show()["state"], "running")
        self.assertEqual(box.exec("echo", "again").err, b"")

    def test_many_that_act_start_it_once(self):
        box = self.home.create("box", "--no-start")
        self.home.ensureDaemon()
        codes = []
        threads = [threading.Thread(target=lambda: codes.append(box.run("true").exit["code"]))
                   for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((codes, box.show()["incarnation"]), ([0] * 20, 1))

    def test_renaming(self):
        box = self.home.create("old")
        answer = self.home.api.call("PATCH", box.url, {"name": "new", "labels": {"a": "b"}})
        self.assertEqual((answer.status, answer.json()["name"]), (200, "new"))
        self.assertEqual(self.home.ctl("show", "old").code, 125)
        self.assertEqual(self.home.json("show", "new")["labels"], {"a": "b"})
        self.home.killDaemon()
        self.assertEqual(self.home.json("ls")[0]["name"], "new")

    def test_removing_a_running_one(self):
        box = self.home.create("box")
        shown = box.show()
        folder = next(self.home.path.glob(f"sandboxes/{shown['id']}"))
        self.home.must("rm", "box")
        self.assertEqual(self.home.json("ls"), [])
        until(lambda: not processes.isAlive(shown["keeper_pid"]), "the end of the keeper", 5)
        until(lambda: not folder.exists(), "the removal of its files", 5)

    def test_removing_while_used(self):
        box = self.home.create("box")
        client = self.home.start("exec", "box", "--", "sh", "-c", "echo ready; sleep 1000",
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        client.stdout.readline()
        self.home.must("rm", "box")
        _, err = client.communicate(timeout=30)
        self.assertIn(client.returncode, (125, 129, 137))
        self.assertLessEqual(err.count(b"\n"), 1)

    def test_starting_while_it_is_removed(self):
        """One of the two is told that the other was faster; nothing stays half there."""
        for _ in range(5):
            box = self.home.create("box", "--no-start")
            clients = [self.home.start(verb, "box", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                       for verb in ("start", "rm", "start")]
            said = [client.communicate(timeout=60)[1].decode() for client in clients]
            codes = [client.returncode for client in clients]
            self.assertEqual(codes[1], 0, said)
            for code, text in zip(codes, said):
                self.assertTrue(code == 0 or "removed" in text or "no sandbox" in text, said)
            self.assertEqual(self.home.json("ls"), [])
            self.assertEqual(list((self.home.path / "run").glob("keeper-*")), [])

    def test_a_name_can_be_used_again(self):
        self.home.create("box").must("touch", "/workspace/of-the-first")
        self.home.must("rm", "box")
        self.assertEqual(self.home.create("box").shell("ls /workspace"), "")

    def test_ten_at_once(self):
        creators = [self.home.start("create", f"box-{number}", stdout=subprocess.PIPE)
                    for number in range(10)]
        for creator in creators:
            creator.communicate(timeout=120)
            self.assertEqual(creator.returncode, 0)
        listed = self.home.json("ls")
        self.assertEqual({one["state"] for one in listed}, {"running"})
        self.assertEqual(len({one["keeper_pid"] for one in listed}), 10)

    def test_files_of_one_are_not_of_another(self):
        one, two = self.home.create("one"), self.home.create("two")
        one.shell("echo secret >/workspace/file; echo secret >/tmp/file; echo x >/usr/mine || true")
        self.assertNotIn("file", two.shell("ls /workspace /tmp"))
        self.assertNotIn("mine", two.shell("ls /usr"))

    def test_workspace_is_seen_here(self):
        box = self.home.create("box")
        box.must("sh", "-c", "echo from inside >file")
        host = Path(box.show()["workspace_host"])
        self.assertEqual((host / "file").read_text(), "from inside\n")
        self.home.must("stop", "box")
        self.assertEqual(box.show()["workspace_host"], "")

    def test_installing_a_package_s_files(self):
        """As root `/usr` can be written inside; without, it says so and stays readable."""
        box = self.home.create("box")
        ran = box.run("touch", "/usr/made-inside")
        if os.geteuid() == 0 and not box.show()["limits"]["applied"]["notes"]:
            self.assertEqual(ran.exit["code"], 0, ran.err)
        self.assertFalse(os.path.exists("/usr/made-inside"))


class Mounts(HomeCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(dir="/var/tmp")
        self.addCleanup(self.folder.cleanup)
        self.here = Path(self.folder.name)
        (self.here / "file").write_text("from outside\n")

    def tearDown(self):
        self.home.must("rm", "box")

    def test_read_and_write(self):
        box = self.home.create("box", "--mount", f"{self.here}:/project")
        self.assertEqual(box.must("cat", "/project/file"), b"from outside\n")
        box.must("sh", "-c", "echo inside >/project/new; mkdir /project/folder")
        for name in ("new", "folder"):
            status = (self.here / name).stat()
            self.assertEqual((status.st_uid, status.st_gid), (os.getuid(), os.getgid()))
        (self.here / "later").write_text("x")
        self.assertEqual(box.must("cat", "/project/later"), b"x")

    def test_files_belong_to_root_inside(self):
        box = self.home.create("box", "--mount", f"{self.here}:/project")
        self.assertEqual(box.must("stat", "-c", "%u", "/project/file"), b"0\n")

    def test_read_only(self):
        box = self.home.create("box", "--mount", f"{self.here}:/project:ro")
        self.assertEqual(box.must("cat", "/project/file"), b"from outside\n")
        ran = box.run("sh", "-c", "echo x >/project/file || rm /project/file || touch /project/new")
        self.assertNotEqual(ran.exit["code"], 0)
        self.assertEqual((self.here / "file").read_text(), "from outside\n")
        refused = json.loads(box.put("/project/file", b"x").body)
        self.assertEqual((refused["code"], refused["detail"]),
                         ("permission_denied", {"mount": "read-only"}))

    def test_over_the_workspace(self):
        box = self.home.create("box", "--mount", f"{self.here}:/workspace")
        self.assertEqual(box.must("cat", "file"), b"from outside\n")

    def test_relative_and_again_after_a_restart(self):
        done = self.home.ctl("create", "box", "--mount", ".:/project", cwd=self.here)
        self.assertEqual(done.code, 0, done.err)
        self.home.must("stop", "box")
        done = self.home.must("exec", "box", "--", "cat", "/project/file")
        self.assertEqual(done.out, b"from outside\n")

    def test_no_devices_and_no_set_id(self):
        box = self.home.create("box", "--mount", f"{self.here}:/project")
        mounted = [line for line in box.must("cat", "/proc/self/mountinfo").decode().splitlines()
                   if line.split()[4] == "/project"]
        options = mounted[0].split()[5].split(",")
        self.assertLessEqual({"nosuid", "nodev"}, set(options))

    def test_what_is_caisson_s_own(self):
        """Its socket could be connected to inside, through a read-only mount as well."""
        self.home.create("box", "--mount", f"{self.here}:/project")
        home = Path(self.home.path)
        (self.here / "link").symlink_to(home)
        for source in (home, home.parent, home / "run", home / "sandboxes", self.here / "link"):
            done = self.home.ctl("create", "other", "--mount", f"{source}:/x:ro")
            self.assertEqual(done.code, 2, source)
            self.assertIn(b"Caisson's own files", done.err)
        self.assertEqual([one["name"] for one in self.home.json("ls")], ["box"])

    def test_a_link_put_into_its_path_leads_nowhere(self):
        """A sandbox that may write where another mount's path goes through led it elsewhere."""
        secret = Path(tempfile.mkdtemp(dir="/var/tmp"))
        self.addCleanup(shutil.rmtree, secret)
        (secret / "secret").write_text("of the host")
        (self.here / "data").mkdir()
        box = self.home.create("box", "--mount", f"{self.here}:/project",
                               "--mount", f"{self.here}/data:/data")
        box.must("sh", "-c", f"mv /project/data /project/old; ln -s {secret} /project/data")
        self.home.must("stop", "box")
        done = self.home.ctl("start", "box")
        self.assertEqual(done.code, 125, done)
        self.assertIn(b"a symbolic link has taken the place", done.err)
        (self.here / "data").unlink()
        (self.here / "old").rename(self.here / "data")
        self.home.must("start", "box")
        self.assertEqual(box.must("ls", "/data"), b"")

    def test_a_link_that_was_there_is_followed(self):
        (self.here / "link").symlink_to(".")
        box = self.home.create("box", "--mount", f"{self.here}/link:/project")
        self.assertEqual(box.must("cat", "/project/file"), b"from outside\n")
        self.assertEqual(box.show()["mounts"][0]["source"], str(self.here))

    def test_a_symlink_in_it_does_not_lead_out(self):
        (self.here / "out").symlink_to("/var/tmp")
        box = self.home.create("box", "--mount", f"{self.here}:/project")
        marker = Path(tempfile.mkdtemp(dir="/var/tmp"))
        self.addCleanup(marker.rmdir)
        self.assertNotIn(marker.name, box.shell("ls /project/out/"))


class Events(HomeCase):
    def test_every_change_of_state(self):
        api = self.home.ensureDaemon()
        with api.stream("/v1/events") as stream:
            box = self.home.create("box")
            terminal = box.openTerminal("cat")["id"]
            self.home.must("stop", "box")
            self.home.must("rm", "box")
            told, last = [], None
            while not told or told[-1][0] != "sandbox.removed":
                last, kind, data = next(stream)
                event = json.loads(data)
                told.append((kind, event.get("state", {}).get("state"),
                             event.get("terminal", {}).get("id")))
        kinds = [kind for kind, _, _ in told]
        self.assertEqual(kinds[0], "sandbox.created")
        self.assertIn(("terminal.created", None, terminal), told)
        states = [state for kind, state, _ in told if kind.startswith("sandbox.") and state]
        for state in ("running", "stopped"):
            self.assertIn(state, states)
        self.assertLess(states.index("running"), len(states) - states[::-1].index("stopped"))

    def test_resuming_without_loss(self):
        api = self.home.ensureDaemon()
        with api.stream("/v1/events") as stream:
            self.home.must("create", "one", "--no-start")
            cursor, _, data = next(stream)
        self.home.must("create", "two", "--no-start")
        self.home.must("rm", "one", "two")
        for way in ("query", "header"):
            target = f"/v1/events?since={cursor}" if way == "query" else "/v1/events"
            headers = {"Last-Event-ID": cursor} if way == "header" else {}
            with api.stream(target, headers) as stream:
                kinds = [next(stream)[1] for _ in range(3)]
            self.assertEqual(kinds, ["sandbox.created", "sandbox.removed", "sandbox.removed"], way)

    def test_a_cursor_nobody_knows(self):
        api = self.home.ensureDaemon()
        for cursor in ("nonsense", "99999999", "1-99999"):
            with api.stream(f"/v1/events?since={cursor}") as stream:
                self.assertEqual(next(stream)[1], "reset")


class Service(unittest.TestCase):
    def test_long_paths(self):
        """A socket's path has room for 107 bytes; longer ones are reached all the same."""
        home = Home()
        longer = home.path / ("x" * 100) / ("y" * 100)
        longer.mkdir(parents=True)
        outer, home.path = home.path, longer
        home.environment["CAISSON_HOME"] = str(longer)
        try:
            self.assertEqual(home.must("create", "box").out, b"box\n")
            self.assertEqual(home.must("exec", "box", "--", "echo", "fine").out, b"fine\n")
            home.must("rm", "box")
            os.kill(home.json("version")["daemon"]["pid"], 15)
            until(lambda: not home.programs(), "the end of caissond")
        finally:
            removeHome(outer)

    def test_two_homes(self):
        with Home() as one, Home() as two:
            one.must("create", "box", "--no-start")
            self.assertEqual(two.json("ls"), [])

    def test_a_home_of_somebody_else_s(self):
        if os.geteuid() == 0:
            self.skipTest("every folder is open to root")
        done = subprocess.run([CTL, "ls"], capture_output=True,
                              env=dict(os.environ, CAISSON_HOME="/etc"))
        self.assertEqual((done.returncode, done.stderr.count(b"\n")), (125, 1))

    def test_memory_of_an_idle_sandbox(self):
        """At most 20 MB, keeper and init together."""
        if "ASAN_OPTIONS" in os.environ:
            self.skipTest("a sanitizer keeps memory of its own; the preset dev measures this")
        with Home() as home:
            box = home.create("box")
            box.must("true")
            keeper = box.keeperPid()
            pids = [keeper, *processes.descendantsOf(keeper)]
            try:
                total = sum(processes.proportionalMemory(pid) for pid in pids)
            except PermissionError:
                self.skipTest("smaps_rollup of a sandbox's root is closed to an ordinary user")
            self.assertLess(total, 20 << 20)


if __name__ == "__main__":
    unittest.main()
