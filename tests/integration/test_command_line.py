# SPDX-License-Identifier: GPL-3.0-or-later
"""caissonctl as the contract has it: what it prints, where, and how it exits."""

import json
import os
import socket
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

from caisson_testing.cases import HomeCase, ROOT, SandboxCase
from caisson_testing.conditions import until
from caisson_testing.home import CTL

LATER = ["sleep box", "wake box", "restart box", "stats box -f", "run box -- true", "ps box",
         "logs box id -f --since 5", "kill box id -s TERM", "wait box id --exit", "ports box",
         "expose box 80", "unexpose box 80", "snapshot box --name s", "snapshots",
         "restore box s", "fork box -n 4", "rm-snapshot s", "images", "pull debian:13",
         "build box . -f Containerfile", "code box --lang python 1+1", "host add h u@h", "host ls",
         "completion bash"]
LATER_OPTIONS = ["--from s", "--sleep-after 10m", "--disk 4g",
                 "--image debian:13", "--runtime runsc"]
WRONG = ["", "nonsense", "ls extra", "ls --colour", "show", "rm", "exec box", "exec box --",
         "exec -- true", "create a b", "create x --memory lots", "create x --cpus -1",
         "create x --pids no", "create x --env NOVALUE", "create x --env =v", "create x --mount /tmp",
         "create x --mount /tmp:relative", "create x --mount /tmp:/x:RO", "create x --mount /tmp:/x:zz", "cp a b", "cp box:/a box:/b", "exec box --timeout x -- true",
         "ls -- x", "exec box ls", "create x --cpus 0", "create x --cpus abc", "create x --pids 0",
         "create x --pids 1.5", "create x --pids 1", "create x --memory 1k", "create Bad_Name",
         "create ..",
         "attach box", "watch box", "ls-files box", "--host", "egress", "egress show", "egress box",
         "egress set box", "egress set box x --default deny", "egress set box --default no",
         "egress add box --host x", "egress add box --action allow",
         "egress add box --host x --cidr 1.0.0.0/8 --action deny",
         "egress add box --host x --action no", "egress add box --host x --action deny --for soon",
         "egress add box --host x --action deny --ports x",
         "egress add box --host x --action allow --inject-header Authorization:token",
         "egress add box --host x --action allow --inject-basic user",
         "egress rm box", "egress explain box GET", "egress log box --verdict maybe",
         "egress log box --limit 0", "egress answer box p1", "egress answer box p1 maybe",
         "egress answer box p1 allow --for ever", "egress answer box p1 allow --scope all",
         "secret", "secret set", "secret set a b", "secret rm", "secret show x"]


class ClosedStreams(SandboxCase):
    """A stream that is closed was the number of the next descriptor, and that was read and written."""

    def runShell(self, command):
        return subprocess.run(["sh", "-c", f'"$0" {command}', CTL], env=self.home.environment,
                              capture_output=True, timeout=30)

    def test_input(self):
        done = self.runShell("exec box -- cat <&-")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))

    def test_output(self):
        for command in ("exec box -- printf 12345678 >&-", "ls >&-"):
            done = self.runShell(command)
            self.assertEqual(done.returncode, 125)
            self.assertIn(b"Bad file descriptor", done.stderr)


class Uses(SandboxCase):
    def assertOneLine(self, done):
        self.assertEqual(done.out, b"")
        self.assertEqual((done.err.count(b"\n"), done.err[:12]), (1, b"caissonctl: "), done.err)

    def test_wrong_use(self):
        for line in WRONG:
            with self.subTest(line=line):
                done = self.home.ctl(*line.split())
                self.assertEqual(done.code, 2, done)
                self.assertOneLine(done)

    def test_what_to_do_is_said(self):
        for line, remedy in (("", "a verb such as"), ("exec box ls", "exec NAME -- ls"),
                             ("show none", "caissonctl ls"), ("rm none", "caissonctl ls"),
                             ("attach box t1-99", "caissonctl terminals"),
                             ("create x --mount /none:/x", "make the folder first"),
                             ("create x --image debian:13", "leave it out"),
                             ("exec box --cwd relative -- true", "begin it with /"),
                             ("create x --cpus 0", "such as 1.5"),
                             ("create x --memory 0", "such as 512m"),
                             ("create x --mount /etc/passwd:/workspace", "mount a folder"),
                             ("cp box:/no/such .", "caissonctl ls-files box /"),
                             ("create box", "choose another name")):
            with self.subTest(line=line):
                done = self.home.ctl(*line.split())
                self.assertNotEqual(done.code, 0)
                self.assertOneLine(done)
                self.assertIn(remedy, done.err.decode())

    def test_an_empty_name(self):
        done = self.home.ctl("create", "--no-start", "--", "")
        self.assertEqual(done.code, 2)
        self.assertOneLine(done)

    @unittest.skipIf(ROOT, "every folder is open to root")
    def test_mounting_what_may_not_be_read(self):
        with tempfile.TemporaryDirectory(dir="/var/tmp") as closed:
            os.chmod(closed, 0o300)
            done = self.home.ctl("create", "x", "--mount", f"{closed}:/workspace")
            os.chmod(closed, 0o700)
        self.assertEqual(done.code, 125)
        self.assertOneLine(done)
        self.assertIn(b"may not read it", done.err)

    def test_version_of_this_program(self):
        self.assertRegex(self.home.must("--version").text, r"^caissonctl \d")

    def test_two_dashes_are_the_command_s(self):
        self.assertEqual(self.box.must("echo", "--", "--json"), b"-- --json\n")
        self.assertIn("no sandbox", self.home.ctl("rm", "--", "-x").err.decode())

    def test_an_argument_list_that_is_too_long(self):
        for size in (300_000, 1_300_000):
            done = self.box.exec("true", *["x" * 100_000] * (size // 100_000))
            self.assertEqual(done.code, 125)
            self.assertOneLine(done)
            self.assertIn("larger than", done.err.decode())

    def test_what_is_not_built_yet(self):
        for line in LATER:
            with self.subTest(line=line):
                done = self.home.ctl(*line.split())
                self.assertEqual(done.code, 125, done)
                self.assertOneLine(done)
                self.assertIn(b"not built yet", done.err)
        for options in LATER_OPTIONS:
            with self.subTest(options=options):
                done = self.home.ctl("create", "later", *options.split())
                self.assertEqual(done.code, 125, done)
                self.assertOneLine(done)
        self.assertEqual([one["name"] for one in self.home.json("ls")], ["box"])

    def test_other_hosts(self):
        done = self.home.ctl("--host", "far", "ls")
        self.assertEqual(done.code, 125)
        self.assertOneLine(done)
        self.assertEqual(self.home.ctl("--host", "local", "ls").code, 0)

    def test_help(self):
        done = self.home.ctl("--help")
        self.assertEqual((done.code, done.err), (0, b""))
        for verb in ("create", "ls", "show", "rm", "start", "stop", "exec", "sh", "attach",
                     "terminals", "cp", "ls-files", "watch", "egress", "secret", "version"):
            self.assertIn(f"  {verb} ", done.text)
            self.assertEqual(self.home.ctl(verb, "--help").code, 0)
        self.assertNotIn("snapshot", done.text)
        # A setting that no help names is none.
        self.assertIn("CAISSON_PROMPT_SECONDS",
                      self.home.must("egress", "prompts", "--help").text)

    def test_what_is_not_there(self):
        for line in ("show none", "start none", "stop none", "rm none", "exec none -- true",
                     "sh none", "terminals none", "attach none t1-1", "ls-files none /",
                     "watch none /", "cp none:/a /var/tmp/a", "ls-files box /none",
                     "cp box:/none /var/tmp/a", "watch box /none"):
            with self.subTest(line=line):
                done = self.home.ctl(*line.split())
                self.assertEqual(done.code, 125)
                self.assertOneLine(done)

    def test_a_full_disk(self):
        with open("/dev/full", "w") as full:
            for line in (["ls"], ["--json", "ls"], ["exec", "box", "--", "echo", "x"]):
                done = subprocess.run([CTL, *line], env=self.home.environment, stdout=full,
                                      stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
                self.assertEqual((done.returncode, done.stderr.count(b"\n")), (125, 1), line)

    def test_a_closed_output(self):
        """Like any filter's: quietly."""
        script = '"$0" "$@" | true; echo ${PIPESTATUS[0]}'
        for line in (["ls-files", "box", "/usr/bin"], ["--json", "ls-files", "box", "/usr/bin"],
                     ["exec", "box", "--", "cat", "/usr/bin/python3"],
                     ["cp", "box:/usr/bin/python3", "-"]):
            done = subprocess.run(["bash", "-c", script, CTL, *line], env=self.home.environment,
                                  stdin=subprocess.DEVNULL, capture_output=True)
            self.assertEqual(done.stderr, b"")
            self.assertIn(done.stdout, (b"141\n", b"0\n"))

    def test_without_standard_streams(self):
        done = subprocess.run(["bash", "-c", '"$0" exec box -- true <&- >&- 2>&-', CTL],
                              env=self.home.environment)
        self.assertEqual(done.returncode, 0)

    def test_for_people(self):
        lines = self.home.must("ls").text.splitlines()
        self.assertEqual(lines[0].split()[:3], ["NAME", "STATE", "AGE"])
        self.assertEqual(lines[1].split()[:2], ["box", "running"])
        shown = self.home.must("show", "box").text
        self.assertRegex(shown, r"(?m)^state +running$")
        self.assertRegex(self.home.must("version").text, r"^caissonctl \d")

    def test_for_programs(self):
        shown = self.box.show()
        self.assertLessEqual({"id", "name", "state", "why", "image", "runtime", "incarnation",
                              "parent", "limits", "sleep_after", "created", "started", "labels",
                              "keeper_pid", "workspace", "workspace_host"}, set(shown))
        self.assertEqual(self.home.json("show", shown["id"]), shown)
        self.assertEqual(self.home.json("ls"), [shown])
        made = self.home.json("create", "made", "--no-start")
        self.assertEqual((made["name"], made["state"]), ("made", "stopped"))
        self.assertEqual(json.loads(self.home.must("ls", "--json").out)[1], made)
        self.home.must("rm", "made")
        self.assertEqual(self.home.json("terminals", "box"), [])
        self.assertIn("daemon", self.home.json("version"))

    def test_files_for_people_and_programs(self):
        self.box.must("sh", "-c", "mkdir -p dir; printf '%2000s' x >dir/f; ln -s f dir/l; "
                                  "touch 'dir/\x1b[31mred'; chmod 4755 dir/f")
        text = self.home.must("ls-files", "box", "/workspace/dir").text
        self.assertIn("-rwsr-xr-x  0:0    2.0K", text)
        self.assertIn("l -> f", text)
        self.assertIn("\\x1b[31mred", text)
        listed = self.home.json("ls-files", "box", "dir")
        self.assertEqual([one["name"] for one in listed], ["\x1b[31mred", "f", "l"])
        self.assertEqual(self.home.json("ls-files", "box", "/workspace/dir/f")[0]["size"], 2000)


class Copying(SandboxCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(dir="/var/tmp")
        self.addCleanup(self.folder.cleanup)
        self.here = Path(self.folder.name)
        self.box.must("sh", "-c", "rm -rf /workspace/*", options=["--cwd", "/"])

    def cp(self, source, target, **how):
        return self.home.must("cp", str(source), str(target), **how)

    def test_a_file_in_and_out(self):
        data = os.urandom(3000000)
        (self.here / "in").write_bytes(data)
        (self.here / "in").chmod(0o751)
        self.cp(self.here / "in", "box:/workspace/")
        self.assertEqual(self.box.must("stat", "-c", "%a", "in"), b"751\n")
        self.cp("box:/workspace/in", self.here / "out")
        self.assertEqual((self.here / "out").read_bytes(), data)
        self.assertEqual(stat.S_IMODE((self.here / "out").stat().st_mode), 0o751)
        self.cp("box:/workspace/in", self.here)
        self.cp(self.here / "in", "box:/workspace/named")
        self.assertEqual(self.box.read("/workspace/named").body, data)

    def tree(self):
        root = self.here / "tree"
        (root / "below" / "empty").mkdir(parents=True)
        (root / "below" / "f").write_bytes(b"one")
        (root / "script").write_bytes(b"#!/bin/sh\n")
        (root / "script").chmod(0o755)
        (root / "closed").mkdir(mode=0o700)
        (root / "link").symlink_to("below/f")
        (root / "dangling").symlink_to("/none")
        Path(os.fsdecode(bytes(root) + b"/\xff \n'")).write_bytes(b"odd")
        return root

    @staticmethod
    def look(root):
        found = {}
        for folder, folders, files in os.walk(os.fsencode(root)):
            for name in folders + files:
                path = os.path.join(folder, name)
                status = os.lstat(path)
                key = os.path.relpath(path, os.fsencode(root))
                if stat.S_ISLNK(status.st_mode):
                    found[key] = os.readlink(path)
                elif stat.S_ISDIR(status.st_mode):
                    found[key] = ("folder", stat.S_IMODE(status.st_mode))
                else:
                    found[key] = (Path(os.fsdecode(path)).read_bytes(),
                                  stat.S_IMODE(status.st_mode))
        return found

    def test_a_folder_in_and_out(self):
        root = self.tree()
        self.cp(root, "box:/workspace/copy")
        self.cp("box:/workspace/copy", self.here / "back")
        self.assertEqual(self.look(self.here / "back"), self.look(root))
        # Into one that is there, under its name; with /. what is in it.
        self.cp(root, "box:/workspace")
        self.assertEqual(self.box.must("cat", "tree/below/f"), b"one")
        (self.here / "there").mkdir()
        self.cp("box:/workspace/tree", self.here / "there")
        self.cp("box:/workspace/tree/.", self.here / "there")
        self.assertEqual(self.look(self.here / "there" / "tree"), self.look(root))
        self.assertTrue((self.here / "there" / "script").exists())

    def test_standard_streams(self):
        self.cp("-", "box:/workspace/in", input=b"from standard input")
        self.assertEqual(self.cp("box:/workspace/in", "-").out, b"from standard input")

    def test_symlinks_inside_do_not_lead_out_here(self):
        """A sandbox makes a folder that, copied out, would write through a symlink of its own."""
        outside = self.here / "outside"
        outside.mkdir()
        self.box.must("sh", "-c", f"mkdir first second; ln -s {outside} first/x; "
                                  "mkdir second/x; echo bad >second/x/file")
        (self.here / "to").mkdir()
        self.cp("box:/workspace/first/.", self.here / "to")
        done = self.home.ctl("cp", "box:/workspace/second/.", str(self.here / "to"))
        self.assertEqual(done.code, 125)
        self.assertEqual(list(outside.iterdir()), [])
        # A file of the symlink's name replaces the symlink.
        self.box.must("sh", "-c", f"rm -r first; mkdir first; touch {outside.name}; "
                                  "echo good >first/x")
        (outside / "file").write_text("untouched")
        (self.here / "to" / "y").symlink_to(outside / "file")
        self.box.must("sh", "-c", "echo bad >first/y")
        self.cp("box:/workspace/first/.", self.here / "to")
        self.assertEqual((outside / "file").read_text(), "untouched")

    def test_set_id_bits_stay_inside(self):
        self.box.must("sh", "-c", "cp /usr/bin/id .; chmod 6755 id")
        self.cp("box:/workspace/id", self.here)
        self.assertEqual(stat.S_IMODE((self.here / "id").stat().st_mode), 0o755)

    def test_what_cannot_be_copied_is_named(self):
        root = self.here / "tree"
        root.mkdir()
        (root / "a").write_bytes(b"a")
        os.mkfifo(root / "pipe")
        (root / "z").write_bytes(b"z")
        done = self.home.ctl("cp", str(root), "box:/workspace")
        self.assertEqual((done.code, done.err.count(b"\n")), (125, 1))
        self.assertIn(b"pipe", done.err)
        self.assertEqual(self.box.must("cat", "tree/a", "tree/z"), b"az")

    def test_a_large_file_to_where_none_can_be(self):
        """The refusal comes while the file is still on its way."""
        (self.here / "large").write_bytes(bytes(60_000_000))
        for _ in range(15):
            done = self.home.ctl("cp", str(self.here / "large"), "box:/proc/f", limit=30)
            self.assertEqual((done.code, done.err.count(b"\n")), (125, 1))
            self.assertIn(b"cannot write /proc/f", done.err)

    def test_a_missing_folder_is_named_with_what_makes_it(self):
        (self.here / "small").write_bytes(b"x")
        for path, folder in (("/none/f", "/none"), ("/none/dir/", "/none/dir/"),
                             ("/tmp/none/f", "/tmp/none")):
            done = self.home.ctl("cp", str(self.here / "small"), "box:" + path)
            self.assertEqual(done.code, 125)
            self.assertIn(f"caissonctl exec box -- mkdir -p {folder}\n".encode(), done.err)

    def test_nothing_is_left_of_a_copy_that_is_broken_off(self):
        self.box.must("sh", "-c", "truncate -s 8G /workspace/large")
        client = self.home.start("cp", "box:/workspace/large", str(self.here / "large"))

        def written():  # by descriptor: a file without a name is in no folder
            for link in Path(f"/proc/{client.pid}/fd").iterdir():
                try:
                    if str(self.here) in os.readlink(link) and link.stat().st_size > 1_000_000:
                        return True
                except FileNotFoundError:
                    pass  # closed meanwhile
            return False

        until(written, "the first bytes of a copy")
        client.kill()
        client.wait()
        self.assertEqual(os.listdir(self.here), [])

    def test_a_socket(self):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(self.here / "socket"))
            done = self.home.ctl("cp", str(self.here / "socket"), "box:/workspace")
        self.assertEqual(done.code, 125)
        self.assertIn(b"is a socket", done.err)

    def test_a_folder_to_standard_output(self):
        self.assertEqual(self.home.ctl("cp", "box:/etc", "-").code, 125)

    def test_from_one_that_does_not_run(self):
        self.box.must("sh", "-c", "echo kept >file")
        self.home.must("stop", "box")
        done = self.cp("box:/workspace/file", "-")
        self.assertEqual(done.out, b"kept\n")
        self.assertIn(b"starting", done.err)

    def test_names_that_look_like_options_or_places(self):
        (self.here / "a:b").write_bytes(b"colon")
        self.cp(self.here / "a:b", "box:/workspace/a:b")
        self.cp("box:/workspace/a:b", self.here / "c:d")
        self.assertEqual((self.here / "c:d").read_bytes(), b"colon")


class Quiet(HomeCase):
    def test_an_empty_list(self):
        self.assertEqual(self.home.json("ls"), [])
        self.assertEqual(len(self.home.must("ls").text.splitlines()), 1)

    def test_names_are_made_up(self):
        made = [self.home.must("create", "--no-start").text.strip() for _ in range(3)]
        self.assertEqual(len(set(made)), 3)
        self.home.must("rm", *made)

    def test_removing_several(self):
        for name in ("one", "two"):
            self.home.must("create", name, "--no-start")
        done = self.home.ctl("rm", "one", "none", "two")
        self.assertEqual((done.code, done.err.count(b"\n")), (125, 1))
        self.assertEqual(self.home.json("ls"), [])


if __name__ == "__main__":
    unittest.main()
