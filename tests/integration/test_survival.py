# SPDX-License-Identifier: GPL-3.0-or-later
"""What is killed, and what goes on."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import threading
import time
import unittest
from pathlib import Path

from caisson_testing import processes
from caisson_testing.attachment import Attachment
from caisson_testing.cases import HomeCase, SandboxCase
from caisson_testing.conditions import until
from caisson_testing.http import Closed
from caisson_testing.home import Home, collect, deleteTree

MEGABYTE = 1 << 20

# A stream whose every byte tells its own offset: lines of eight digits and a newline.
COUNTING = """
import sys, time
for line in range(int(sys.argv[1])):
    sys.stdout.write("%08d\\n" % line)
    if line % 1000 == 0:
        sys.stdout.flush()
        time.sleep(0.002)
"""


BOOT = Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def counted(lines):
    return b"".join(b"%08d\n" % line for line in range(lines))


class Clients(SandboxCase):
    def test_a_killed_client_of_a_terminal(self):
        """Its terminal goes on; who comes back gets every byte after what it had, once."""
        lines = 60000
        terminal = self.box.openTerminal("sh", "-c", f"stty -opost; exec python3 -c '{COUNTING}' "
                                                     f"{lines}")["id"]
        whole, had = counted(lines), b""
        while len(had) < len(whole):
            with Attachment(self.box, terminal, len(had)) as attached:
                stop = min(len(had) + 100000 + secrets.randbelow(50000), len(whole))
                attached.readUntil(stop)
                had += attached.bytes
            # The connection breaks here, wherever the stream is.
        self.assertEqual(had, whole)

    def test_a_killed_caissonctl(self):
        terminal = self.box.openTerminal("bash", "--norc", env={"PS1": "> "})["id"]
        with Attachment(self.box, terminal) as attached:
            attached.expect(b"> ")
            client = self.home.start("attach", "box", terminal, stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE)
            client.stdin.write(b"KEPT=yes\n")
            client.stdin.flush()
            attached.expect(b"KEPT=yes\r\n")
            client.kill()
            client.communicate()
            attached.type(b"echo $KEPT\n")
            attached.expect(b"yes\r\n")


class Daemon(HomeCase):
    """caissond is not in the way of what runs: its death is not even noticed."""

    def setUp(self):
        self.box = self.home.create("box")
        self.addCleanup(self.home.must, "rm", "box")

    def test_an_open_terminal_goes_on(self):
        lines = 60000
        terminal = self.box.openTerminal("sh", "-c", f"stty -opost; exec python3 -c '{COUNTING}' "
                                                     f"{lines}")["id"]
        with Attachment(self.box, terminal) as attached:
            attached.readUntil(50000)
            self.home.killDaemon()
            attached.readToEnd()
            self.assertEqual(attached.bytes, counted(lines))
        with Attachment(self.box.home.create("box2") and self.box, terminal, 1234) as again:
            again.readToEnd()
            self.assertEqual(again.bytes, counted(lines)[1234:])
        self.home.must("rm", "box2")

    def test_typing_goes_on(self):
        terminal = self.box.openTerminal("bash", "--norc", env={"PS1": "> "})["id"]
        with Attachment(self.box, terminal) as attached:
            attached.expect(b"> ")
            self.home.killDaemon()
            attached.type(b"echo still $((40 + 2))\n")
            attached.expect(b"still 42\r\n")

    def test_an_exec_goes_on(self):
        with self.box.openExec("cat") as running:
            running.receive()
            running.sendBinary(b"\0before ")
            self.home.killDaemon()
            running.sendBinary(b"\0after")
            running.sendText({"type": "eof"})
            ran = collect(running)
        self.assertEqual((ran.out, ran.exit["code"]), (b"before after", 0))

    def test_an_upload_goes_on(self):
        started, goOn = threading.Event(), threading.Event()
        # More than the socket holds: once it is sent, the keeper has the connection and reads.
        large = bytes(4 * MEGABYTE)

        def pieces():
            yield large
            yield b"first "
            started.set()
            goOn.wait(30)
            yield b"second"

        answers = []
        upload = threading.Thread(target=lambda: answers.append(
            self.box.put("/workspace/file", pieces())))
        upload.start()
        self.assertTrue(started.wait(30))
        self.home.killDaemon()
        goOn.set()
        upload.join()
        self.assertEqual(answers[0].status, 200)
        self.assertEqual(self.box.read("/workspace/file").body, large + b"first second")

    def test_a_watch_goes_on(self):
        with self.home.api.stream(f"{self.box.url}/watch?path=/workspace") as events:
            self.assertEqual(next(events)[1], "watching")
            keeper = self.box.keeperPid()
            self.home.killDaemon()
            self.assertTrue(processes.isAlive(keeper))
            self.box.shell("touch /workspace/new")
            self.assertEqual(next(events)[1], "created")

    def test_the_next_one_knows_everything(self):
        before = self.box.show()
        terminal = self.box.openTerminal("cat")
        self.home.killDaemon()
        self.assertEqual(self.box.show(), before)
        self.assertEqual([one["id"] for one in self.home.json("terminals", "box")],
                         [terminal["id"]])
        self.assertEqual(self.box.must("echo", "fine"), b"fine\n")

    def test_two_at_once_become_one(self):
        self.home.killDaemon()
        clients = [self.home.start("--json", "version", stdout=subprocess.PIPE) for _ in range(10)]
        told = {client.communicate(timeout=60)[0] for client in clients}
        self.assertEqual(len(told), 1, told)
        # Those that found the lock taken are on their way out.
        until(lambda: len([word for pid in self.home.programs()
                           for word in processes.commandLine(pid)[:1]
                           if word.endswith(b"caissond")]) == 1, "one caissond")

    def test_it_is_nobody_s(self):
        pid = self.home.daemonPid()
        self.assertNotEqual(os.getsid(pid), os.getsid(0))
        for number in (0, 1, 2):
            self.assertEqual(os.readlink(f"/proc/{pid}/fd/{number}"), "/dev/null")
        self.assertIn(b"serves", (self.home.path / "caissond.log").read_bytes())

    def test_a_lost_home_ends_it(self):
        other = Home()
        pid = other.daemonPid()
        deleteTree(other.path)
        until(lambda: not processes.isAlive(pid), "the end of caissond without a home", 90)


class Keeper(HomeCase):
    def test_a_lost_home_ends_it(self):
        other = Home()
        keeper = other.create("box").keeperPid()
        tree = [keeper, *processes.descendantsOf(keeper)]
        groups = cgroupsOf(tree)
        deleteTree(other.path)
        for pid in tree:
            until(lambda: not processes.isAlive(pid), f"the end of {pid} without a home", 90)
        # The list of them went with the sandbox's folder.
        self.assertEqual([group for group in groups if group.exists()], [])

    def test_one_that_hangs_is_ended_by_stop(self):
        """As a debugger or a dead disk may make it: it takes no request, nor its end."""
        box = self.home.create("box")
        self.addCleanup(self.home.must, "rm", "box")
        box.shell("echo kept >/workspace/file")
        keeper = box.keeperPid()
        tree = [keeper, *processes.descendantsOf(keeper)]
        os.kill(keeper, signal.SIGSTOP)
        self.home.must("stop", "box")
        self.assertNothingLeft(tree)
        shown = box.show()
        self.assertEqual(shown["state"], "stopped")
        self.assertIn("did not answer", shown["why"])
        self.assertEqual(box.shell("cat /workspace/file"), "kept\n")

    def test_one_that_hangs_is_ended_by_a_daemon_that_did_not_start_it(self):
        box = self.home.create("box")
        keeper = box.keeperPid()
        self.home.killDaemon()
        os.kill(keeper, signal.SIGSTOP)
        self.home.must("rm", "box")
        self.assertFalse(processes.isAlive(keeper))
        self.assertEqual(self.home.json("ls"), [])

    def kill(self, box):
        """Ends the keeper as the kernel does when memory runs out; returns what was its."""
        keeper = box.keeperPid()
        tree = [keeper, *processes.descendantsOf(keeper)]
        processes.killAndWait(keeper)
        return tree

    def assertNothingLeft(self, tree):
        """Within a second of the next call; on a busy machine it may be more."""
        until(lambda: not [pid for pid in tree if processes.isAlive(pid)], f"the end of {tree}", 10)
        until(lambda: not keepers(self.home), "the end of all that names the home", 10)
        until(lambda: not processes.mountsBelow(self.home.path), "unmounting", 10)
        until(lambda: not list((self.home.path / "run").glob("keeper-*")), "the keeper's socket", 10)
        until(lambda: not cgroupsOf(tree), "the removal of cgroups", 10)

    def test_its_sandbox_ends_and_comes_back(self):
        box = self.home.create("box")
        self.addCleanup(self.home.must, "rm", "box")
        box.shell("echo kept >/workspace/file; echo kept >/root/file; "
                  "setsid sleep 1000 & setsid sleep 1001 & true")
        terminal = box.openTerminal("cat")["id"]
        tree = self.kill(box)
        self.home.must("ls")
        self.assertNothingLeft(tree)
        shown = box.show()
        self.assertEqual((shown["state"], shown["keeper_pid"]), ("failed", 0))
        self.assertIn("keeper", shown["why"])
        self.assertEqual(self.home.json("terminals", "box"), [])
        self.home.must("start", "box")
        self.assertEqual(box.shell("cat /workspace/file /root/file"), "kept\nkept\n")
        self.assertEqual(box.run("pgrep", "sleep").exit["code"], 1)
        again = box.show()
        self.assertEqual((again["state"], again["why"]), ("running", ""))
        self.assertEqual(again["incarnation"], shown["incarnation"] + 1)
        refused = self.home.ctl("attach", "box", terminal)
        self.assertEqual(refused.code, 125)

    def test_its_clients_are_told(self):
        box = self.home.create("box")
        self.addCleanup(self.home.must, "rm", "box")
        client = self.home.start("exec", "box", "--", "sh", "-c", "echo ready; sleep 1000",
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 stdin=subprocess.DEVNULL)
        self.assertEqual(client.stdout.readline(), b"ready\n")
        self.kill(box)
        _, err = client.communicate(timeout=30)
        self.assertEqual((client.returncode, err.count(b"\n")), (125, 1))

    def test_together_with_the_daemon(self):
        box = self.home.create("box")
        self.addCleanup(self.home.must, "rm", "box")
        box.shell("echo kept >/workspace/file")
        self.home.killDaemon()
        keeper = [pid for pid in keepers(self.home)][0]
        tree = [keeper, *processes.descendantsOf(keeper)]
        processes.killAndWait(keeper)
        self.home.must("ls")
        self.assertNothingLeft(tree)
        self.assertEqual(box.show()["state"], "failed")
        # Acting on it starts it, and says so.
        done = box.exec("cat", "/workspace/file")
        self.assertEqual((done.code, done.out), (0, b"kept\n"))
        self.assertIn(b"starting", done.err)

    def test_its_init(self):
        box = self.home.create("box")
        self.addCleanup(self.home.must, "rm", "box")
        keeper = box.keeperPid()
        inits = [pid for pid in processes.descendantsOf(keeper)]
        self.assertTrue(inits)
        for pid in inits:
            try:
                os.kill(pid, 9)
            except (ProcessLookupError, PermissionError):
                pass
        if box.show()["state"] == "running" and any(map(processes.isAlive, inits)):
            self.skipTest("an ordinary user may not signal its sandbox's root")
        until(lambda: box.show()["state"] in ("failed", "stopped"), "the end of the sandbox")
        self.assertTrue(box.show()["why"])
        until(lambda: not processes.isAlive(keeper), "the end of the keeper")
        self.home.must("start", "box")
        self.assertEqual(box.must("echo", "fine"), b"fine\n")


def keepers(home):
    return [pid for pid in home.programs()
            if processes.commandLine(pid)[0].endswith(b"caisson-keeper")]


def cgroupsOf(pids):
    """Folders of cgroups that are named after a keeper's sandbox."""
    found = []
    for root in Path("/sys/fs/cgroup").glob("*"):
        found += [path for path in root.glob("**/*caisson*") if path.is_dir()
                  and any(str(pid) in readProcs(path) for pid in pids)]
    return found


def readProcs(path):
    try:
        return (path / "cgroup.procs").read_text().split()
    except OSError:
        return []


class Reboot(HomeCase):
    """By simulation: all processes end at once, what lives in memory is gone, and the kernel's boot
    id is another one than that in the records."""

    def reboot(self):
        for _ in range(3):  # one may be starting another
            for pid in self.home.programs():
                tree = [pid, *processes.descendantsOf(pid)]
                for one in tree:
                    try:
                        os.kill(one, 9)
                    except (ProcessLookupError, PermissionError):
                        pass
        until(lambda: not self.home.programs(), "the end of all programs")
        for point in reversed(processes.mountsBelow(self.home.path)):
            subprocess.run(["umount", "--lazy", point], check=True)
        shutil.rmtree(self.home.path / "run")
        for record in self.home.path.glob("sandboxes/*/sandbox.json"):
            fields = json.loads(record.read_text())
            self.assertEqual(fields["boot"] or BOOT, BOOT)
            record.write_text(json.dumps(dict(fields, boot="of-another-boot")))

    def test_everything_is_there(self):
        first, second = self.home.create("first"), self.home.create("second", "--no-start")
        third = self.home.create("third")
        first.shell("echo kept >/workspace/file; mkdir -p /opt/deep/er; echo too >/opt/deep/er/f; "
                    "ln -s /opt/deep /workspace/link; sync")
        third.must("true")
        self.home.must("stop", "third")
        before = {one["name"]: one for one in self.home.json("ls")}
        self.reboot()
        after = {one["name"]: one for one in self.home.json("ls")}
        self.assertEqual(set(after), {"first", "second", "third"})
        for name, sandbox in after.items():
            self.assertEqual((sandbox["state"], sandbox["keeper_pid"]), ("stopped", 0), sandbox)
            self.assertEqual(sandbox["id"], before[name]["id"])
            self.assertEqual(sandbox["created"], before[name]["created"])
        self.home.must("start", "first")
        self.assertEqual(first.shell("cat file link/er/f"), "kept\ntoo\n")
        self.assertEqual(second.must("echo", "fine"), b"fine\n")
        self.home.must("rm", "first", "second", "third")

    def test_in_the_middle_of_work(self):
        """What was written before is old or new, never half."""
        box = self.home.create("box")
        self.addCleanup(self.home.must, "rm", "box")
        old, new = b"o" * 1000000, b"n" * 1000000
        self.box_put(box, old)

        rebooting = threading.Event()

        def keepWriting():
            for turn in range(1000):
                if rebooting.is_set():
                    return  # its call would start the service anew, in the middle of the reboot
                try:
                    if self.box_put(box, new if turn % 2 == 0 else old) is None:
                        return
                except (OSError, Closed, ValueError):
                    return

        import http.client
        writer = threading.Thread(target=lambda: ignoring(keepWriting, http.client.HTTPException))
        writer.start()
        time.sleep(0.3)  # somewhere in the middle
        rebooting.set()
        self.reboot()
        writer.join()
        self.home.must("start", "box")
        self.assertIn(box.read("/workspace/file").body, (old, new))

    def box_put(self, box, data):
        answer = box.put("/workspace/file", data)
        return answer if answer.status == 200 else None


def ignoring(function, *errors):
    try:
        function()
    except errors:
        pass


if __name__ == "__main__":
    unittest.main()
