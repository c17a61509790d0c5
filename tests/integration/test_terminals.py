# SPDX-License-Identifier: GPL-3.0-or-later
"""Terminals are real, also from this side of the command line."""

import signal
import subprocess
import threading
import time
import unittest

from caisson_testing.attachment import Attachment
from caisson_testing.cases import ROOT, HomeCase, SandboxCase
from caisson_testing.conditions import until
from caisson_testing.pty_client import PtyClient

SHELL = ("bash", "--norc", "--noprofile")
PROMPT = b"ready$ "


class TerminalCase(SandboxCase):
    def open(self, *argv, **request):
        terminal = self.box.openTerminal(*argv, **request)
        self.addCleanup(self.home.api.call, "DELETE", f"{self.box.url}/terminals/{terminal['id']}")
        return terminal["id"]

    def shell(self, **request):
        """A shell at its prompt."""
        attached = self.attach(self.open(*SHELL, env={"PS1": "ready$ "}, **request))
        attached.expect(PROMPT)
        return attached

    def attach(self, terminal, since=0):
        attached = Attachment(self.box, terminal, since)
        attached.terminal = terminal
        self.addCleanup(attached.close)
        return attached

    def info(self, terminal):
        listed = self.home.json("terminals", "box")
        return next(one for one in listed if one["id"] == terminal)


class Shells(TerminalCase):
    def test_a_login_shell_without_asking(self):
        attached = self.attach(self.open())
        attached.type(b"shopt -q login_shell && echo log''in; tty\n")
        attached.expect(b"login\r\n")
        attached.expect(b"/dev/pts/")

    def untilInFront(self, name):
        """Until the terminal's keys are the program's: the shell echoes a command before that."""
        question = f'[ $(ps -o tpgid= -C {name}) -eq $(ps -o pgid= -C {name}) ]'
        until(lambda: self.box.run("sh", "-c", question).exit["code"] == 0, f"{name} in front")

    def test_job_control(self):
        shell = self.shell()
        shell.type(b"sleep 1000\n")
        shell.expect(b"sleep 1000\r\n")
        self.untilInFront("sleep")
        shell.type(b"\x1a")
        shell.expect(b"Stopped")
        shell.expect(PROMPT)
        shell.type(b"bg\n")
        shell.expect(b"sleep 1000 &")
        shell.expect(PROMPT)
        shell.type(b"jobs\n")
        shell.expect(b"Running")
        shell.type(b"fg\n")
        shell.expect(b"sleep 1000\r\n")
        self.untilInFront("sleep")
        shell.type(b"\x03")
        shell.expect(PROMPT)
        shell.type(b"echo code $?\n")
        shell.expect(b"code 130\r\n")

    def test_interrupting(self):
        shell = self.shell()
        shell.type(b"cat\n")
        shell.expect(b"cat\r\n")
        self.untilInFront("cat")
        shell.type(b"\x03")
        shell.expect(b"^C")
        shell.expect(PROMPT)

    def test_quitting_and_end_of_input(self):
        shell = self.shell()
        shell.type(b"exit 5\n")
        self.assertEqual(shell.readToEnd()["code"], 5)
        shell = self.shell()
        shell.type(b"\x04")
        self.assertEqual(shell.readToEnd()["code"], 0)

    def test_size(self):
        shell = self.shell(cols=91, rows=17)
        shell.type(b"stty size\n")
        shell.expect(b"17 91\r\n")
        shell.resize(132, 43)
        until(lambda: self.info(shell.terminal)["cols"] == 132, "the new size")
        shell.type(b"stty size\n")
        shell.expect(b"43 132\r\n")

    def test_resizing_is_told_to_the_program(self):
        shell = self.shell()
        shell.type(b"trap 'echo win''ch' WINCH; echo set''up\n")
        shell.expect(b"setup\r\n")
        shell.resize(100, 30)
        shell.type(b"\n")
        shell.expect(b"winch\r\n")

    def test_impossible_sizes(self):
        for cols, rows in ((0, 24), (80, 0), (-1, 5), (5000, 5)):
            answer = self.home.api.post(f"{self.box.url}/terminals", {"cols": cols, "rows": rows})
            self.assertEqual(answer.status, 400)
        shell = self.shell()
        answer = self.home.api.call("PATCH", f"{self.box.url}/terminals/{shell.terminal}",
                                    {"cols": 0, "rows": 5})
        self.assertEqual(answer.status, 400)

    def test_title(self):
        terminal = self.open("cat", title="a cat")
        self.assertEqual(self.info(terminal)["title"], "a cat")
        self.home.api.call("PATCH", f"{self.box.url}/terminals/{terminal}", {"title": "my cat"})
        self.assertEqual(self.info(terminal)["title"], "my cat")

    def test_a_program_that_is_not_there(self):
        answer = self.home.api.post(f"{self.box.url}/terminals", {"argv": ["no-such-program"]})
        self.assertEqual((answer.status, answer.code), (422, "command_not_found"))

    def test_removing_hangs_up(self):
        attached = self.shell()
        answer = self.home.api.call("DELETE", f"{self.box.url}/terminals/{attached.terminal}")
        self.assertEqual(answer.status, 204)
        until(lambda: self.box.run("pgrep", "-x", "bash").exit["code"] == 1, "the end of the shell")
        answer = self.home.api.call("DELETE", f"{self.box.url}/terminals/{attached.terminal}")
        self.assertEqual((answer.status, answer.code), (404, "not_found"))


class FullScreen(TerminalCase):
    def test_less(self):
        self.box.shell("seq 1 5000 >/workspace/numbers")
        shell = self.attach(self.open("less", "/workspace/numbers", env={"TERM": "xterm-256color"}))
        shell.expect(b"\x1b[?1049h")
        shell.expect(b"23")
        shell.type(b"G")
        shell.expect(b"5000")
        shell.type(b"q")
        self.assertEqual(shell.readToEnd()["code"], 0)
        self.assertIn(b"\x1b[?1049l", shell.bytes)

    def test_vi(self):
        if self.box.run("sh", "-c", "command -v vi").exit["code"] != 0:
            self.skipTest("this machine has no vi: apt-get install vim-tiny")
        vi = self.attach(self.open("vi", "/workspace/poem"))
        vi.expect(b"poem")
        vi.type(b"ia line from vi\x1b:wq\r")
        self.assertEqual(vi.readToEnd()["code"], 0)
        self.assertEqual(self.box.read("/workspace/poem").body, b"a line from vi\n")


class Bytes(TerminalCase):
    def test_characters_in_pieces(self):
        """UTF-8 typed byte by byte, and written byte by byte."""
        text = "\u00e9\u4e2d\U0001f600"
        attached = self.attach(self.open("python3", "-c", """
import sys, time
word = input()
for byte in (word + "!\\n").encode():
    sys.stdout.buffer.write(bytes([byte]))
    sys.stdout.flush()
    time.sleep(0.005)
print(len(word))
"""))
        for byte in text.encode() + b"\n":
            attached.type(bytes([byte]))
        attached.expect(text.encode() + b"!\r\n")
        attached.expect(b"3\r\n")

    def test_bytes_that_are_no_text(self):
        attached = self.attach(self.open("sh", "-c", r"stty raw; printf '\377\376\200done'"))
        attached.expect(b"\xff\xfe\x80done")

    def test_a_large_paste(self):
        """More than a pty holds, at once."""
        attached = self.attach(self.open("sh", "-c", "stty raw -echo; echo ready; "
                                                     "head -c 1000000 | sha256sum"))
        attached.expect(b"ready")
        data = bytes(range(1, 251)) * 4000
        for start in range(0, len(data), 200000):
            attached.type(data[start:start + 200000])
        import hashlib
        attached.expect(hashlib.sha256(data).hexdigest().encode())

    def test_each_byte_once(self):
        """A known stream, read by clients that come at different offsets."""
        terminal = self.open("sh", "-c", "stty -opost; seq 1 200000")
        whole = b"".join(b"%d\n" % number for number in range(1, 200001))
        first = self.attach(terminal)
        first.readToEnd()
        self.assertEqual(first.bytes, whole)
        for since in (1, 4095, 65536, len(whole) - 1, len(whole)):
            again = self.attach(terminal, since)
            again.readToEnd()
            self.assertEqual(again.bytes, whole[since:])

    def test_an_offset_that_is_not_there_yet(self):
        terminal = self.open("cat")
        answer = self.refusal(terminal, "1000")
        self.assertEqual(answer.code, "bad_request")
        for since in ("-1", "x", "1x", "99999999999999999999"):
            self.assertEqual(self.refusal(terminal, since).status, 400)

    def refusal(self, terminal, since):
        from caisson_testing.http import Refused
        with self.assertRaises(Refused) as refused:
            self.box.attach(terminal, since)
        return refused.exception

    def test_a_journal_has_an_end(self):
        """64 MiB a terminal, and a segment: an older offset is told what is left, and gets that."""
        terminal = self.open("sh", "-c", "stty -opost; head -c 90000000 /dev/zero; printf end")
        until(lambda: "exit" in self.info(terminal), "the end of the writing", 120)
        info = self.info(terminal)
        self.assertEqual(info["offset"], 90000003)
        self.assertGreater(info["first"], 0)
        kept = info["offset"] - info["first"]
        self.assertTrue(64 << 20 <= kept <= 72 << 20, kept)
        attached = self.attach(terminal, 0)
        attached.readToEnd()
        self.assertEqual(attached.start, info["first"])
        self.assertEqual(attached.offset, 90000003)
        self.assertEqual(attached.bytes[-4:], b"\0end")


class Several(TerminalCase):
    def test_several_at_once(self):
        results = {}

        def one(number):
            attached = self.attach(self.open(*SHELL, env={"PS1": "ready$ "}))
            attached.type(b"echo number $((%d + 1000))\n" % number)
            results[number] = b"number %d" % (number + 1000) in attached.expect(
                b"number %d\r\n" % (number + 1000))
            attached.close()

        threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, {number: True for number in range(8)})
        ids = [terminal["id"] for terminal in self.home.json("terminals", "box")]
        self.assertEqual(len(ids), len(set(ids)))

    def test_several_clients_on_one(self):
        first = self.shell()
        second = self.attach(first.terminal)
        second.expect(PROMPT)
        self.assertEqual(self.info(first.terminal)["clients"], 2)
        second.type(b"echo from the sec''ond\n")
        first.expect(b"from the second\r\n")
        first.type(b"echo from the fi''rst\n")
        second.expect(b"from the first\r\n")
        self.assertEqual(first.bytes[:second.offset], second.bytes[:first.offset])

    def test_the_size_is_that_of_who_typed_last(self):
        first = self.shell()
        second = self.attach(first.terminal)
        first.resize(90, 30)
        first.type(b"stty size\n")
        first.expect(b"30 90\r\n")
        second.resize(70, 20)
        second.catchUp()
        first.type(b"stty size\n")
        first.expect(b"30 90\r\n")
        second.type(b"stty size\n")
        second.expect(b"20 70\r\n")
        until(lambda: self.info(first.terminal)["cols"] == 70, "the second's size")

    def test_one_that_does_not_read_holds_nobody_up(self):
        first = self.shell()
        sleeper = self.attach(first.terminal)
        first.type(b"head -c 20000000 /dev/zero | tr '\\0' z; echo; echo at the e''nd\n")
        first.expect(b"at the end\r\n")
        self.assertLess(sleeper.offset, first.offset)
        sleeper.readUntil(first.offset)
        self.assertEqual(sleeper.bytes[:first.offset], first.bytes)

    def test_a_flood_is_held_to_who_follows(self):
        """Else Ctrl-C would be seen only when all that had been written before was shown."""
        viewer = self.shell()
        viewer.type(b"yes abcdefghijklmnopqrstuvwxyz\n")
        while viewer.offset < 20_000_000:
            viewer.step()
            time.sleep(0.002)  # as slow as a window
        self.assertLess(self.info(viewer.terminal)["offset"] - viewer.offset, 5_000_000)
        # One that reads no more holds nobody up, and none is left behind for good.
        until(lambda: self.info(viewer.terminal)["offset"] > viewer.offset + 10_000_000, "going on")
        viewer.type(b"\x03")
        viewer.expect(PROMPT)


class CommandLine(TerminalCase):
    def client(self, *arguments, **size):
        client = PtyClient(self.home, *arguments, **size)
        self.addCleanup(client.close)
        return client

    def test_exec_with_a_terminal(self):
        client = self.client("exec", "-t", "box", "--", "sh", "-c", "stty size; tty; exit 3",
                             cols=101, rows=33)
        client.expect(b"33 101\r\n/dev/pts/")
        self.assertEqual(client.wait(), 3)
        self.assertEqual(client.settings(), client.before)

    def test_sh(self):
        client = self.client("sh", "box")
        client.type(b"shopt -q login_shell && echo a log''in shell in $PWD\n")
        client.expect(b"a login shell in /workspace\r\n")
        self.assertTrue(client.isRaw())
        client.expect(b"# ")
        client.type(b"half a")
        client.expect(b"half a")  # only now the shell reads, and takes an interrupt for one of a line
        client.type(b"\x03")
        client.expect(b"# ")
        client.type(b"exit 4\n")
        self.assertEqual(client.wait(), 4)
        self.assertEqual(client.settings(), client.before)

    def test_sh_is_a_terminal_like_others(self):
        """It outlives its client, and can be gone on with."""
        client = self.client("sh", "box", cols=101, rows=33)
        client.type(b"MINE=kept; stty si''ze\n")
        client.expect(b"33 101\r\n")
        listed = self.home.json("terminals", "box")
        terminal = max(listed, key=lambda one: one["created"])["id"]
        client.process.kill()
        client.wait()
        again = self.client("attach", "box", terminal)
        again.expect(b"\x1b[5n")
        again.type(b"\x1b[0n")
        again.type(b"echo still $MINE\n")
        again.expect(b"still kept\r\n")
        again.type(b"\x1d")
        self.assertEqual(again.wait(), 0)
        again = self.client("attach", "box", terminal)
        again.expect(b"\x1b[5n")
        again.type(b"\x1b[0nexit 5\n")
        self.assertEqual(again.wait(), 5)

    def test_sh_leaves_nothing_when_its_shell_has_ended(self):
        before = [one["id"] for one in self.home.json("terminals", "box")]
        client = self.client("sh", "box")
        client.type(b"exit 4\n")
        self.assertEqual(client.wait(), 4)
        self.assertEqual([one["id"] for one in self.home.json("terminals", "box")], before)

    def test_sh_may_be_left(self):
        client = self.client("sh", "box")
        client.expect(b"# ")
        client.type(b"\x1d")
        client.expect(b"goes on")
        self.assertEqual(client.wait(), 0)

    def test_sh_of_another_user(self):
        client = self.client("sh", "box", "--user", "dev")
        client.type(b"id -un\n")
        client.expect(b"dev\r\n")  # where a terminal can, paste marks come before it
        client.type(b"exit\n")
        self.assertEqual(client.wait(), 0)

    def test_sh_reads_a_script(self):
        done = self.home.ctl("sh", "box", input=b"echo from a script\nexit 6\n")
        self.assertEqual((done.code, done.out), (6, b"from a script\n"))

    def test_resizing(self):
        client = self.client("exec", "-t", "box", "--", *SHELL)
        client.type(b"stty size\n")
        client.expect(b"24 80\r\n")
        client.resize(120, 50)
        client.type(b"until stty size | grep 120; do :; done\n")
        client.expect(b"50 120\r\n")
        client.type(b"exit\n")
        self.assertEqual(client.wait(), 0)

    def test_settings_come_back_whatever_ends_it(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT,
                       signal.SIGABRT, signal.SIGUSR1, signal.SIGALRM, signal.SIGSEGV,
                       signal.SIGPIPE):
            with self.subTest(signal=number.name):
                # Not a shell: one that starts a program misses signals of that moment.
                client = self.client("exec", "-t", "box", "--", "cat")
                until(client.isRaw, "raw mode")
                client.type(b"here\n")
                client.expect(b"here\r\nhere\r\n")
                client.process.send_signal(number)
                self.assertNotEqual(client.wait(), 0)
                self.assertEqual(client.settings(), client.before)

    def test_settings_come_back_when_the_sandbox_goes(self):
        self.home.create("short-lived")
        client = self.client("exec", "-t", "short-lived", "--", "sh", "-c", "echo here; sleep 1000")
        client.expect(b"here")
        self.home.must("rm", "short-lived")
        self.assertIn(client.wait(), (125, 129, 137))
        self.assertEqual(client.settings(), client.before)

    def test_stopping_and_going_on(self):
        client = self.client("exec", "-t", "box", "--", *SHELL)
        client.type(b"echo ready fo''r it\n")
        client.expect(b"ready for it\r\n")
        pid = client.process.pid
        client.process.send_signal(signal.SIGTSTP)
        until(lambda: state(pid) == "T", "the stop")
        self.assertEqual(client.settings(), client.before)
        client.process.send_signal(signal.SIGCONT)
        until(client.isRaw, "raw mode again")
        client.type(b"exit 2\n")
        self.assertEqual(client.wait(), 2)

    def test_attaching_and_leaving(self):
        shell = self.shell()
        shell.type(b"MINE=kept; echo some hist''ory\n")
        shell.expect(b"some history\r\n")
        client = self.client("attach", "box", shell.terminal)
        client.expect(b"some history\r\n")
        client.expect(b"\x1b[5n")  # the question that ends the replay: answered as a terminal does
        client.type(b"\x1b[0n")
        client.type(b"echo still $MINE\n")
        client.expect(b"still kept\r\n")
        client.type(b"\x1d")
        self.assertEqual(client.wait(), 0)
        self.assertEqual(client.settings(), client.before)
        self.assertNotIn("exit", self.info(shell.terminal))

    def test_answers_to_old_questions_are_not_typed(self):
        """A replayed query is answered again by the terminal at this end."""
        shell = self.shell()
        shell.type(b"printf 'ask\\033[c\\n'\n")
        shell.expect(b"ask\x1b[c")
        shell.expect(PROMPT)
        client = self.client("attach", "box", shell.terminal)
        client.expect(b"ask\x1b[c")
        client.type(b"\x1b[?62;4c")  # as the terminal answers
        client.expect(b"\x1b[5n")
        client.type(b"\x1b[0n")
        client.type(b"echo cle''an\n")
        client.expect(b"clean\r\n")
        client.type(b"\x1d")
        client.wait()
        shell.expect(b"clean\r\n")
        self.assertNotIn(b"62;4c", shell.bytes)

    def test_attaching_where_the_program_ends(self):
        terminal = self.open("sh", "-c", "read line; exit 8")
        client = self.client("attach", "box", terminal)
        until(client.isRaw, "raw mode")
        client.type(b"\n")
        self.assertEqual(client.wait(), 8)

    def test_keys_typed_at_once_are_not_lost(self):
        terminal = self.open("sh", "-c", "echo up; read line; exit 8")
        client = self.client("attach", "box", terminal)
        client.expect(b"up")
        client.type(b"\n")
        self.assertEqual(client.wait(), 8)

    def test_attaching_to_nothing(self):
        done = self.home.ctl("attach", "box", "t9-9")
        self.assertEqual((done.code, done.err.count(b"\n")), (125, 1))

    def test_list(self):
        terminal = self.open("sleep", "1000", title="a title")
        lines = self.home.must("terminals", "box").text.splitlines()
        self.assertTrue(lines[0].startswith("TERMINAL"))
        line = next(line for line in lines if line.startswith(terminal))
        self.assertIn("sleep 1000", line)
        self.assertIn("a title", line)


@unittest.skipUnless(ROOT, "only root may mount a disk that is small enough to fill")
class FullDisk(HomeCase):
    def test_no_byte_is_lost(self):
        """The program waits until there is room, and whoever looks on is told why."""
        box = self.home.create("box")
        self.addCleanup(self.home.must, "rm", "box")
        self.home.api.call("DELETE", f"{box.url}/terminals/{box.openTerminal('true')['id']}")
        journal = self.home.path / "sandboxes" / box.show()["id"] / "journal"
        # In the keeper's mount namespace, which goes with it.
        mount = ["nsenter", f"--mount=/proc/{box.keeperPid()}/ns/mnt", "mount"]
        subprocess.run([*mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", journal], check=True)
        lines = 400_000
        terminal = box.openTerminal("sh", "-c", f"stty -opost; seq -f %07g {lines}; exit 3")["id"]
        with Attachment(box, terminal) as attached:
            while not any(control["type"] == "waiting" for control in attached.controls):
                attached.step()
            told = next(one for one in attached.controls if one["type"] == "waiting")
            self.assertEqual(told["code"], "no_space")
            self.assertIn("make room", told["error"])
            subprocess.run([*mount, "-o", "remount,size=64m", journal], check=True)
            self.assertEqual(attached.readToEnd()["code"], 3)
            self.assertEqual(attached.bytes, b"".join(b"%07d\n" % n for n in range(1, lines + 1)))


def state(pid):
    with open(f"/proc/{pid}/stat") as status:
        return status.read().rpartition(")")[2].split()[0]


if __name__ == "__main__":
    unittest.main()
