# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands: how they end, what flows through them, and what is left of them."""

import base64
import hashlib
import json
import os
import re
import secrets
import signal
import subprocess
import threading
import time
import unittest
from pathlib import Path

from caisson_testing import processes
from caisson_testing.cases import SandboxCase
from caisson_testing.conditions import until
from caisson_testing.home import collect

MEGABYTE = 1 << 20


def mark():
    """A number that no other process has among its arguments."""
    return str(100000 + secrets.randbelow(800000))


class ExecCase(SandboxCase):
    def waitForEnd(self, number, patience=10):
        until(lambda: not processes.pidsWithArgument(number), f"the end of sleep {number}", patience)

    def waitForStart(self, number):
        until(lambda: processes.pidsWithArgument(number), f"the start of sleep {number}")


class Endings(ExecCase):
    def test_every_exit_code(self):
        for code in range(256):
            ran = self.box.run("sh", "-c", f"exit {code}")
            self.assertEqual(ran.exit, {"code": code, "timed_out": False})

    def test_exit_codes_of_the_command_line(self):
        for code in (0, 1, 2, 42, 124, 125, 126, 127, 128, 137, 255):
            done = self.box.exec("sh", "-c", f"exit {code}")
            self.assertEqual((done.code, done.out, done.err), (code, b"", b""))

    def test_signals(self):
        for name, number in (("HUP", 1), ("INT", 2), ("ABRT", 6), ("KILL", 9), ("SEGV", 11),
                             ("TERM", 15)):
            with self.subTest(signal=name):
                ran = self.box.run("sh", "-c", f"kill -{name} $$")
                self.assertEqual(ran.exit, {"signal": number, "timed_out": False})
                self.assertEqual(self.box.exec("sh", "-c", f"kill -{name} $$").code, 128 + number)

    def test_not_found(self):
        for program in ("no-such-program", "/no/such/program", "./none"):
            done = self.box.exec(program)
            self.assertEqual((done.code, done.out), (127, b""))
            self.assertEqual(done.err.count(b"\n"), 1)
            self.assertEqual(self.box.run(program).error["code"], "command_not_found")

    def test_not_executable(self):
        self.box.must("sh", "-c", "echo text >/workspace/text; chmod 644 /workspace/text")
        for program in ("/workspace/text", "/workspace", "/etc/passwd"):
            done = self.box.exec(program)
            self.assertEqual((done.code, done.out), (126, b""), program)
            self.assertEqual(done.err.count(b"\n"), 1)
            self.assertEqual(self.box.run(program).error["code"], "command_not_executable")

    def test_a_script_without_interpreter(self):
        self.box.must("sh", "-c", "printf '#!/no/such\\n' >/workspace/s; chmod 755 /workspace/s")
        for program in ("/workspace/s", "./s"):
            done = self.box.exec(program)
            self.assertEqual(done.code, 127)
            self.assertIn(f'"{program}" is there, but not the program "/no/such"', done.err.decode())

    def test_missing_working_directory(self):
        done = self.box.exec("pwd", options=["--cwd", "/no/such/folder"])
        self.assertEqual(done.code, 125)
        self.assertIn(b"/no/such/folder", done.err)
        self.assertEqual(done.err.count(b"\n"), 1)

    def test_a_file_as_working_directory(self):
        done = self.box.exec("pwd", options=["--cwd", "/etc/passwd"])
        self.assertEqual(done.code, 125)

    def test_unknown_user(self):
        done = self.box.exec("id", options=["--user", "nobody-of-that-name"])
        self.assertEqual(done.code, 125)
        self.assertIn(b"nobody-of-that-name", done.err)

    def test_the_end_of_a_command_is_not_that_of_its_children(self):
        number = mark()
        started = time.monotonic()
        done = self.box.exec("sh", "-c", f"sleep {number} & echo mine")
        self.assertEqual((done.code, done.out), (0, b"mine\n"))
        self.assertLess(time.monotonic() - started, 5)
        self.box.must("pkill", "-f", f"sleep {number}")

    def test_zombies_are_reaped(self):
        self.box.must("sh", "-c", "for i in 1 2 3 4 5 6 7 8; do (true &) ; done")
        until(lambda: b"Z" not in self.box.must("ps", "-eo", "stat="), "the reaping of zombies")


class Options(ExecCase):
    create = ("--env", "OF_THE_BOX=one", "--env", "BOTH=box")

    def test_environment(self):
        done = self.box.exec("sh", "-c", "echo $OF_THE_BOX $BOTH $MINE",
                             options=["--env", "BOTH=exec", "--env", "MINE=a=b c"])
        self.assertEqual(done.out, b"one exec a=b c\n")

    def test_working_directory(self):
        self.assertEqual(self.box.exec("pwd", options=["--cwd", "/usr"]).out, b"/usr\n")

    def test_user(self):
        for user in ("dev", "1000"):
            done = self.box.exec("id", "-u", options=["--user", user])
            self.assertEqual(done.out, b"1000\n")

    def test_arguments_are_never_a_shell_s(self):
        odd = ["", " ", "$HOME", "a'b", 'c"d', "*", "--", "-x", "\n", "\u00e9", "`id`"]
        done = self.box.exec("python3", "-c", "import sys; print(sys.argv[1:])", *odd)
        self.assertEqual(done.out.decode(), f"{odd}\n")

    def test_bytes_that_are_no_text_in_arguments(self):
        """JSON carries text. What it cannot carry is refused, and never something else."""
        for line in (("printf", "%s", b"\xff\xfe"), (b"\xff",)):
            done = self.box.exec(*line)
            self.assertEqual((done.code, done.out, done.err.count(b"\n")), (125, b"", 1))


class Timeouts(ExecCase):
    def test_the_whole_tree_ends(self):
        """Also what has left the session and the process group, and what its parent has left."""
        numbers = [mark() for _ in range(4)]
        script = (f"sleep {numbers[0]} & setsid sleep {numbers[1]} & "
                  f"(setsid sh -c 'trap \"\" HUP TERM INT; sleep {numbers[2]} & wait' &) ; "
                  f"exec sleep {numbers[3]}")
        started = time.monotonic()
        done = self.box.exec("sh", "-c", script, options=["--timeout", "1"])
        self.assertEqual(done.code, 124)
        self.assertLess(time.monotonic() - started, 10)
        for number in numbers:
            self.waitForEnd(number)

    def test_it_is_said(self):
        ran = self.box.run("sleep", mark(), timeout_ms=200)
        self.assertTrue(ran.exit["timed_out"])

    def test_what_was_said_before_arrives(self):
        done = self.box.exec("sh", "-c", "echo before; sleep 1000", options=["--timeout", "0.5"])
        self.assertEqual((done.code, done.out), (124, b"before\n"))

    def test_in_time(self):
        done = self.box.exec("echo", "quick", options=["--timeout", "60"])
        self.assertEqual((done.code, done.out), (0, b"quick\n"))

    def test_a_command_that_reads_for_ever(self):
        ran = self.box.run("sh", "-c", "while :; do :; done", timeout_ms=300)
        self.assertTrue(ran.exit["timed_out"])


class Streams(ExecCase):
    def test_the_two_outputs_stay_apart(self):
        done = self.box.exec("sh", "-c", "echo out; echo err >&2")
        self.assertEqual((done.out, done.err), (b"out\n", b"err\n"))

    def test_end_of_input(self):
        self.assertEqual(self.box.exec("wc", "-c", input=b"12345").out, b"5\n")
        self.assertEqual(self.box.exec("cat", input=b"").out, b"")

    def test_every_byte(self):
        data = bytes(range(256)) * 300
        done = self.box.exec("cat", input=data)
        self.assertEqual(done.out, data)

    def test_input_nobody_reads(self):
        done = self.box.exec("true", input=b"x" * 5 * MEGABYTE)
        self.assertEqual((done.code, done.err), (0, b""))

    def test_no_input_at_all(self):
        done = subprocess.run([*self.box_command(), "cat"], env=self.home.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (0, b""))

    def box_command(self):
        from caisson_testing.home import CTL
        return [CTL, "exec", "box", "--"]

    def test_a_hundred_megabytes_both_ways(self):
        """In bounded memory: of the client, of the keeper and of init."""
        keeper = self.box.keeperPid()
        inits = processes.descendantsOf(keeper)
        before = {pid: processes.peakMemory(pid) for pid in [keeper, *inits]}
        block = os.urandom(MEGABYTE)
        client = self.home.start("exec", "box", "--", "cat", stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE)
        sent, received = hashlib.sha256(), hashlib.sha256()

        def feed():
            for i in range(100):
                piece = i.to_bytes(8, "big") + block[8:]
                sent.update(piece)
                client.stdin.write(piece)
            client.stdin.close()

        feeder = threading.Thread(target=feed)
        feeder.start()
        size = 0
        while piece := client.stdout.read(MEGABYTE):
            received.update(piece)
            size += len(piece)
        feeder.join()
        client.stdout.close()
        _, status, usage = os.wait4(client.pid, 0)
        client.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(client.returncode, 0)
        self.assertEqual(size, 100 * MEGABYTE)
        self.assertEqual(sent.digest(), received.digest())
        for pid, peak in before.items():
            self.assertLess(processes.peakMemory(pid) - peak, 24 * MEGABYTE, f"memory of {pid}")
        if not sanitized():
            self.assertLess(usage.ru_maxrss * 1024, 64 * MEGABYTE)

    def test_output_nobody_reads_waits_inside(self):
        """A client that reads nothing holds the command up, and nothing piles up anywhere."""
        keeper = self.box.keeperPid()
        before = processes.peakMemory(keeper)
        with self.box.openExec("sh", "-c", "head -c 200000000 /dev/zero; echo >/workspace/through"):
            time.sleep(1)  # time in which it would run away, were nothing in its way
            self.assertLess(processes.peakMemory(keeper) - before, 24 * MEGABYTE)
            self.assertEqual(self.box.read("/workspace/through").status, 404)

    def test_a_reader_that_leaves(self):
        script = '"$0" exec box -- yes | head -n 1'
        from caisson_testing.home import CTL
        done = subprocess.run(["bash", "-c", script, CTL], env=self.home.environment,
                              capture_output=True, timeout=60)
        self.assertEqual((done.stdout, done.stderr), (b"y\n", b""))
        until(lambda: self.box.run("pgrep", "-x", "yes").exit["code"] == 1, "the end of yes")

    def test_as_events(self):
        with self.home.api.postStream(f"{self.box.url}/exec", {
                "argv": ["sh", "-c", "echo one; sleep 0.1; echo two; echo three >&2; exit 7"]
        }) as events:
            self.assertEqual(events.status, 200)
            told = list(events)
        self.assertEqual(told[0][1], "start")
        self.assertEqual((told[-1][1], json.loads(told[-1][2])),
                         ("exit", {"code": 7, "timed_out": False}))
        for kind, expected in (("stdout", b"one\ntwo\n"), ("stderr", b"three\n")):
            chunks = [json.loads(data) for _, event, data in told if event == kind]
            whole = b""
            for chunk in chunks:
                self.assertEqual(chunk["offset"], len(whole))
                whole += base64.b64decode(chunk["data"])
            self.assertEqual(whole, expected)

    def test_events_of_what_cannot_start(self):
        answer = self.home.api.post(f"{self.box.url}/exec", {"argv": ["no-such-program"]})
        self.assertEqual((answer.status, answer.code), (422, "command_not_found"))


def sanitized():
    return "libasan" in Path("/proc/self/maps").read_text() or "ASAN_OPTIONS" in os.environ


class Many(ExecCase):
    def test_fifty_at_once(self):
        results = {}

        def one(number):
            ran = self.box.run("sh", "-c", f"head -c 100000 /dev/zero | tr '\\0' x; exit {number}")
            results[number] = (ran.exit.get("code"), len(ran.out))

        threads = [threading.Thread(target=one, args=(number,)) for number in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, {number: (number, 100000) for number in range(50)})

    def test_fifty_that_stay(self):
        running = [self.box.openExec("cat") for _ in range(50)]
        for number, exec in enumerate(running):
            self.assertEqual(exec.receive()["type"], "start")
            exec.sendBinary(b"\0" + str(number).encode())
        for number, exec in enumerate(running):
            self.assertEqual(exec.receive(), b"\1" + str(number).encode())
            exec.sendText({"type": "eof"})
            self.assertEqual(collect(exec).exit["code"], 0)
            exec.close()


class Leaving(ExecCase):
    """A client that goes away: its command's tree gets HUP, two seconds later KILL."""

    def test_a_killed_client(self):
        obedient, stubborn, daemonised = mark(), mark(), mark()
        script = (f"(trap '' HUP; sleep {stubborn}) & setsid sleep {daemonised} & "
                  f"exec sleep {obedient}")
        client = self.home.start("exec", "box", "--", "sh", "-c", script, stdin=subprocess.PIPE)
        for number in (obedient, stubborn, daemonised):
            self.waitForStart(number)
        client.kill()
        client.wait()
        client.stdin.close()
        self.waitForEnd(obedient)
        self.waitForEnd(stubborn)
        self.waitForEnd(daemonised)

    def test_hangup_comes_first(self):
        script = "trap 'echo hup >/workspace/hup; exit' HUP; echo ready; while :; do sleep 0.05; done"
        with self.box.openExec("sh", "-c", script) as running:
            while running.receive() != b"\1ready\n":
                pass
        until(lambda: self.box.read("/workspace/hup").body == b"hup\n", "the command's HUP")

    def test_in_the_middle_of_a_stream(self):
        with self.box.openExec("cat", "/dev/zero") as running:
            size = 0
            while size < 10 * MEGABYTE:
                message = running.receive()
                size += len(message) if isinstance(message, bytes) else 0
        until(lambda: self.box.run("pgrep", "-x", "cat").exit["code"] == 1, "the end of cat")

    def test_in_the_middle_of_its_input(self):
        number = mark()
        running = self.box.openExec("sh", "-c", f"sleep {number}; cat")
        self.assertEqual(running.receive()["type"], "start")
        running.sendBinary(b"\0" + b"x" * 300000)
        running.close()
        self.waitForEnd(number)

    def test_events_nobody_reads(self):
        number = mark()
        events = self.home.api.postStream(f"{self.box.url}/exec", {"argv": ["sleep", number]})
        self.waitForStart(number)
        events.close()
        self.waitForEnd(number)


class Forwarding(ExecCase):
    def start(self, script):
        client = self.home.start("exec", "box", "--", "sh", "-c", script, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(client.stdout.readline(), b"ready\n")
        return client

    def test_signals_go_to_the_command(self):
        for name, number in (("INT", signal.SIGINT), ("TERM", signal.SIGTERM),
                             ("HUP", signal.SIGHUP), ("QUIT", signal.SIGQUIT)):
            with self.subTest(signal=name):
                client = self.start(f"trap 'echo got {name}; exit 9' {name}; echo ready; "
                                    "while :; do sleep 0.05; done")
                client.send_signal(number)
                out, _ = client.communicate(timeout=30)  # dash tells what became of sleep, too
                self.assertEqual((client.returncode, out), (9, f"got {name}\n".encode()))

    def test_a_command_that_dies_of_it(self):
        client = self.start("echo ready; exec sleep 1000")
        client.send_signal(signal.SIGTERM)
        client.communicate(timeout=30)
        self.assertEqual(client.returncode, 128 + signal.SIGTERM)

    def test_who_insists_gets_away(self):
        """Three at once are meant for the client: the command need not answer."""
        number = mark()
        client = self.start(f"sleep {number} & trap 'echo got' INT; echo ready; "
                            "while :; do sleep 0.05; done")
        for _ in range(2):
            client.send_signal(signal.SIGINT)
            self.assertEqual(client.stdout.readline(), b"got\n")
        client.send_signal(signal.SIGINT)
        _, err = client.communicate(timeout=30)
        self.assertEqual(client.returncode, 128 + signal.SIGINT)
        self.assertIn(b"left", err)
        self.waitForEnd(number)

    def test_who_is_hung_up_on_leaves(self):
        """The command has its time; one that takes no notice is hung up on like any other's."""
        number = mark()
        client = self.start(f"trap '' HUP; sleep {number} & echo ready; while :; do sleep 0.05; done")
        client.send_signal(signal.SIGHUP)
        client.communicate(timeout=30)
        self.assertEqual(client.returncode, 128 + signal.SIGHUP)
        self.waitForEnd(number)

    def test_a_sandbox_that_does_not_answer(self):
        keeper = self.box.show()["keeper_pid"]
        os.kill(keeper, signal.SIGSTOP)
        try:
            client = self.home.start("exec", "box", "--", "true", stdin=subprocess.DEVNULL,
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            said = client.stderr.readline()
        finally:
            os.kill(keeper, signal.SIGCONT)
        self.assertIn(b"box does not answer yet", said)
        self.assertIn(b"caissonctl stop box", said)
        client.communicate(timeout=30)
        self.assertEqual(client.returncode, 0)

    def test_signals_through_the_api(self):
        with self.box.openExec("sh", "-c", "trap 'exit 3' USR1; echo ready; "
                                           "while :; do sleep 0.05; done") as running:
            while running.receive() != b"\1ready\n":
                pass
            running.sendText({"type": "signal", "signal": "USR1"})
            self.assertEqual(collect(running).exit["code"], 3)



class KilledFromInside(SandboxCase):
    """Whoever is root inside may kill everything there but its first process."""

    def threads(self):
        status = self.box.must("cat", "/proc/1/status").decode()
        return int(re.search(r"Threads:\s+(\d+)", status).group(1))

    def test_everything_at_once_while_others_start(self):
        """Whatever a command was doing then, it ends, and init keeps nothing for it."""
        done = threading.Event()
        odd = []

        def startOthers():
            while not done.is_set():
                try:
                    ran = self.box.run("true", user="dev")
                except Exception as error:  # above all one that never ends
                    odd.append(error)
                    return
                if ran.exit is None and "supervisor was killed" not in ran.error["error"]:
                    odd.append(ran)

        others = [threading.Thread(target=startOthers) for _ in range(3)]
        for thread in others:
            thread.start()
        for _ in range(100):
            self.box.run("sh", "-c", "kill -9 -1")
        done.set()
        for thread in others:
            thread.join()
        self.assertEqual(odd, [])
        self.assertLess(self.threads(), 20)


if __name__ == "__main__":
    unittest.main()
