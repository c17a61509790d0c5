# SPDX-License-Identifier: GPL-3.0-or-later
"""What changes below a folder, as it is told."""

import json
import signal
import subprocess
import unittest
from urllib.parse import quote

from caisson_testing.cases import SandboxCase


class Watching:
    """The events of one watch, in the order they come."""

    def __init__(self, sandbox, path="/workspace", **globs):
        query = f"path={quote(path)}"
        for name, patterns in globs.items():
            query += "".join(f"&{name}={quote(pattern)}" for pattern in patterns)
        self.stream = sandbox.home.api.stream(f"{sandbox.url}/watch?{query}")
        self.events = []
        self.next()
        assert self.events.pop()["type"] == "watching"

    def next(self):
        event = json.loads(next(self.stream)[2])
        self.events.append(event)
        return event

    def until(self, condition):
        """Takes events until one fits."""
        while True:
            event = self.next()
            if condition(event):
                return event

    def untilNamed(self, kind, path):
        return self.until(lambda event: event["type"] == kind and
                          path in (event.get("path"), event.get("to")))

    def kinds(self):
        return [(event["type"], event.get("path")) for event in self.events]

    def close(self):
        self.stream.close()


class WatchCase(SandboxCase):
    def setUp(self):
        self.box.must("sh", "-c", "rm -rf /workspace/* /workspace/.[!.]*", options=["--cwd", "/"])

    def watch(self, *arguments, **globs):
        watching = Watching(self.box, *arguments, **globs)
        self.addCleanup(watching.close)
        return watching


class Kinds(WatchCase):
    def test_created_modified_deleted(self):
        watching = self.watch()
        self.box.shell("echo 1 >/workspace/file")
        watching.untilNamed("created", "/workspace/file")
        self.box.shell("echo 2 >>/workspace/file")
        watching.untilNamed("modified", "/workspace/file")
        self.box.must("rm", "file")
        watching.untilNamed("deleted", "/workspace/file")

    def test_moved_with_both_names(self):
        self.box.shell("echo 1 >/workspace/old; mkdir /workspace/folder")
        watching = self.watch()
        self.box.must("mv", "old", "folder/new")
        event = watching.until(lambda event: event["type"] == "moved")
        self.assertEqual((event["from"], event["to"]), ("/workspace/old", "/workspace/folder/new"))

    def test_moved_in_and_out(self):
        self.box.shell("echo 1 >/root/outside")
        watching = self.watch()
        self.box.must("mv", "/root/outside", "/workspace/inside")
        watching.untilNamed("created", "/workspace/inside")
        self.box.must("mv", "/workspace/inside", "/root/outside")
        watching.untilNamed("deleted", "/workspace/inside")

    def test_replaced_by_renaming(self):
        """How editors and the API's own PUT save."""
        self.box.put("/workspace/file", b"1")
        watching = self.watch()
        self.box.put("/workspace/file", b"2")
        event = watching.next()
        self.assertEqual((event["type"], event.get("path")), ("modified", "/workspace/file"))

    def test_folders(self):
        watching = self.watch()
        self.box.must("mkdir", "folder")
        event = watching.untilNamed("created", "/workspace/folder")
        self.assertTrue(event["directory"])
        self.box.must("mv", "folder", "renamed")
        event = watching.until(lambda event: event["type"] == "moved")
        self.assertTrue(event["directory"])
        self.box.shell("echo x >/workspace/renamed/file")
        watching.untilNamed("created", "/workspace/renamed/file")
        self.box.must("rm", "-r", "renamed")
        watching.untilNamed("deleted", "/workspace/renamed")

    def test_made_faster_than_it_can_be_watched(self):
        """A file in a folder that was made a moment ago is told as well."""
        watching = self.watch()
        self.box.shell("mkdir -p /workspace/a/b/c/d/e && echo x >/workspace/a/b/c/d/e/file")
        watching.untilNamed("created", "/workspace/a/b/c/d/e/file")
        created = [path for kind, path in watching.kinds() if kind == "created"]
        self.assertEqual(len(created), len(set(created)), created)
        self.assertIn("/workspace/a", created)

    def test_permissions(self):
        self.box.shell("echo 1 >/workspace/file")
        watching = self.watch()
        self.box.must("chmod", "600", "file")
        watching.untilNamed("modified", "/workspace/file")

    def test_odd_names(self):
        watching = self.watch()
        self.box.put(b"/workspace/\xff\n", b"x")
        event = watching.until(lambda event: event["type"] == "created")
        import base64
        self.assertEqual(base64.b64decode(event["path_b64"]), b"/workspace/\xff\n")

    def test_the_watched_folder_goes(self):
        self.box.must("mkdir", "folder")
        watching = self.watch("/workspace/folder")
        self.box.must("rm", "-r", "folder")
        watching.until(lambda event: event["type"] == "stopped")

    def test_what_cannot_be_watched(self):
        for path, code in (("/none", "not_found"), ("/etc/hostname", "not_a_directory"),
                           ("relative", "bad_request")):
            answer = self.home.api.get(f"{self.box.url}/watch?path={quote(path)}")
            self.assertEqual(answer.code, code)


class Trees(WatchCase):
    def test_a_thousand_folders(self):
        self.box.shell("cd /workspace; for i in 0 1 2 3 4 5 6 7 8 9; do for j in 0 1 2 3 4 5 6 7 8 9;"
                       " do mkdir -p $i/$j/0 $i/$j/1 $i/$j/2 $i/$j/3 $i/$j/4 $i/$j/5 $i/$j/6 $i/$j/7"
                       " $i/$j/8; done; done; test $(find . -type d | wc -l) -gt 1000")
        watching = self.watch()
        expected = [f"/workspace/{i}/{j}/{k}/file" for i in (0, 4, 9) for j in (0, 5, 9)
                    for k in (0, 8)]
        for path in expected:
            self.box.put(path, b"x")
            watching.untilNamed("created", path)
        self.box.must("mv", "0", "moved")
        event = watching.until(lambda event: event["type"] == "moved")
        self.assertEqual((event["from"], event["to"]), ("/workspace/0", "/workspace/moved"))
        self.box.put("/workspace/moved/9/8/again", b"x")
        watching.untilNamed("created", "/workspace/moved/9/8/again")

    def test_a_flood_is_told_or_called_a_flood(self):
        """5,000 files: each is named, or `overflow` says to look again."""
        watching = self.watch()
        self.box.shell("cd /workspace; seq -f 'file-%g' 5000 | xargs touch; touch last")
        seen = set()
        overflow = False
        while "/workspace/last" not in seen and not overflow:
            event = watching.next()
            overflow = event["type"] == "overflow"
            seen.add(event.get("path"))
        if not overflow:
            self.assertEqual(len([path for path in seen if "/file-" in path]), 5000)

    def test_globs(self):
        self.box.must("mkdir", "-p", "src", "node_modules/x")
        only = self.watch(include=["*.py"])
        without = self.watch(exclude=["node_modules"])
        self.box.shell("cd /workspace; touch a.txt src/b.py node_modules/x/c.js last.py")
        only.untilNamed("created", "/workspace/last.py")
        self.assertTrue(all(path.endswith(".py") for _, path in only.kinds()), only.kinds())
        self.assertIn(("created", "/workspace/src/b.py"), only.kinds())
        without.untilNamed("created", "/workspace/last.py")
        self.assertFalse([path for _, path in without.kinds() if "node_modules" in path])
        self.assertIn(("created", "/workspace/a.txt"), without.kinds())

    def test_several_at_once(self):
        watches = [self.watch() for _ in range(5)]
        self.box.must("touch", "file")
        for watching in watches:
            watching.untilNamed("created", "/workspace/file")

    def test_one_that_does_not_read_holds_nobody_up(self):
        sleeper, awake = self.watch(), self.watch()
        self.box.shell("cd /workspace; for i in 1 2 3; do seq -f 'file-%g' 3000 | xargs touch; "
                       "rm file-*; done; touch last")
        awake.until(lambda event: event["type"] == "overflow"
                    or event.get("path") == "/workspace/last")
        sleeper.until(lambda event: event["type"] == "overflow"
                      or event.get("path") == "/workspace/last")


class CommandLine(WatchCase):
    def start(self, *arguments):
        client = self.home.start(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(client.communicate)
        self.addCleanup(client.kill)
        return client

    def test_for_people(self):
        client = self.start("watch", "box", "/workspace")
        self.assertEqual(client.stdout.readline(), b"watching\n")
        self.box.must("touch", "a\x1b[31mb")
        self.assertEqual(client.stdout.readline(), b"created /workspace/a\\x1b[31mb\n")
        self.box.must("sh", "-c", "mv a* c")
        lines = [client.stdout.readline() for _ in range(1)]
        while not lines[-1].startswith(b"moved"):
            lines.append(client.stdout.readline())
        self.assertEqual(lines[-1], b"moved /workspace/a\\x1b[31mb -> /workspace/c\n")
        client.send_signal(signal.SIGINT)
        self.assertEqual(client.wait(30), -signal.SIGINT)

    def test_for_programs(self):
        client = self.start("--json", "watch", "box", "/workspace", "--include", "*.py",
                            "--exclude", "x*")
        self.assertEqual(json.loads(client.stdout.readline())["type"], "watching")
        self.box.must("touch", "b.txt", "x.py", "a.py")
        event = json.loads(client.stdout.readline())
        self.assertEqual((event["type"], event["path"]), ("created", "/workspace/a.py"))

    def test_the_sandbox_stops(self):
        self.home.create("other")
        client = self.start("watch", "other", "/workspace")
        self.assertEqual(client.stdout.readline(), b"watching\n")
        self.home.must("stop", "other")
        out, _ = client.communicate(timeout=30)
        self.assertIn(client.returncode, (0, 125))
        self.home.must("rm", "other")


if __name__ == "__main__":
    unittest.main()
