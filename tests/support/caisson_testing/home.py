# SPDX-License-Identifier: GPL-3.0-or-later
"""A CAISSON_HOME of a test's own, with the service and the sandboxes in it."""

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from . import keyrings, processes
from .conditions import until
from .http import Api, Closed, quoted

BIN = Path(os.environ.get("CAISSON_TEST_BIN", Path(__file__).parents[3] / "build/bin"))
CTL = str(BIN / "caissonctl")
COMMAND_LIMIT = 120


@dataclass
class Done:
    """How a command ended."""
    code: int
    out: bytes
    err: bytes

    @property
    def text(self):
        return self.out.decode()


# Not /tmp: where that is in memory, a sandbox's layers would be no test of a disk.
PLACE = Path("/var/tmp")
PREFIX = "caisson-test-"  # and the pid of the test


def removeOld():
    """What tests left that were killed."""
    for path in PLACE.glob(PREFIX + "*"):
        owner = path.name.split("-")[2]
        if (owner.isdigit() and not processes.isAlive(int(owner))
                and path.stat().st_uid == os.getuid()):
            removeHome(path)


def deleteTree(path):
    """What an ordinary user's sandboxes left belongs to the user's subordinate ids, too."""
    wide = [] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--map-auto"]
    subprocess.run([*wide, "rm", "-rf", path], check=True)


def removeHome(path):
    for pid in processes.pidsWithArgument(str(path)):
        os.kill(pid, 9)
    until(lambda: not processes.pidsWithArgument(str(path)), f"the end of what {path} runs")
    for point in reversed(processes.mountsBelow(path)):
        subprocess.run(["umount", "--lazy", point], check=True)
    deleteTree(path)
    keyrings.forget(path)


class Home:
    def __init__(self, **variables):
        removeOld()
        self.path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=PLACE))
        self.environment = dict(os.environ, CAISSON_HOME=str(self.path), **variables)
        self.api = Api(self.path / "run/caissond.sock", lambda: self.must("version"))

    # ---- the command line ----

    def start(self, *arguments, **options):
        """A caissonctl that goes on; the caller ends it."""
        return subprocess.Popen([CTL, *arguments], env=self.environment, **options)

    def ctl(self, *arguments, input=b"", limit=COMMAND_LIMIT, **options):
        done = subprocess.run([CTL, *arguments], env=self.environment, input=input,
                              capture_output=True, timeout=limit, **options)
        return Done(done.returncode, done.stdout, done.stderr)

    def must(self, *arguments, **options):
        """A caissonctl that has to succeed."""
        done = self.ctl(*arguments, **options)
        if done.code != 0:
            raise AssertionError(f"caissonctl {' '.join(arguments)}: {done.code} {done.err!r}")
        return done

    def json(self, *arguments):
        return json.loads(self.must("--json", *arguments).out)

    def create(self, *arguments):
        return Sandbox(self, self.must("create", *arguments).text.strip())

    # ---- the service ----

    def ensureDaemon(self):
        self.must("version")
        return self.api

    def daemonPid(self):
        return self.ensureDaemon().get("/health").json()["pid"]

    def killDaemon(self):
        processes.killAndWait(self.daemonPid())

    def programs(self):
        """The pids of all of this home's programs: they name it among their arguments."""
        return processes.pidsWithArgument(str(self.path))

    def close(self):
        """Ends and removes everything; what is left over is a failure."""
        try:
            names = [sandbox["name"] for sandbox in self.json("ls")]
            if names:
                self.must("rm", *names)
            kept = [secret["name"] for secret in self.json("secret", "ls")]
            if kept: # the kernel holds them, and not for the home's sake
                self.must("secret", "rm", *kept)
            pid = self.daemonPid()
            os.kill(pid, 15)
            until(lambda: not processes.isAlive(pid), "the end of caissond")
            until(lambda: not self.programs(), f"the end of {self.programs()}", 5)
            left = processes.mountsBelow(self.path)
            if left:
                raise AssertionError(f"still mounted: {left}")
        finally:
            removeHome(self.path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Sandbox:
    def __init__(self, home, name):
        self.home, self.name = home, name
        self.url = f"/v1/sandboxes/{name}"

    def show(self):
        return self.home.json("show", self.name)

    def keeperPid(self):
        return self.show()["keeper_pid"]

    def exec(self, *argv, options=(), **how):
        """Through the command line."""
        return self.home.ctl("exec", self.name, *options, "--", *argv, **how)

    def must(self, *argv, **how):
        done = self.exec(*argv, **how)
        if done.code != 0:
            raise AssertionError(f"{argv}: {done.code} {done.out!r} {done.err!r}")
        return done.out

    def shell(self, script, **how):
        return self.must("sh", "-c", script, **how).decode()

    def python(self, script, *arguments, **how):
        return self.must("python3", "-c", script, *arguments, **how).decode()

    # ---- through the API ----

    def run(self, *argv, **request):
        """A command by WebSocket, without input: its exit as the API says it, out and err."""
        with self.openExec(*argv, **request) as running:
            running.sendText({"type": "eof"})
            return collect(running)

    def openExec(self, *argv, **request):
        opened = self.home.api.webSocket(f"{self.url}/exec")
        opened.sendText({"argv": list(argv), **request})
        return opened

    def fileUrl(self, path):
        return f"{self.url}/files/{quoted(path)}"

    def treeUrl(self, path):
        return f"{self.url}/tree/{quoted(path)}"

    def put(self, path, data, **headers):
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.home.api.call("PUT", self.fileUrl(path), data, names)

    def read(self, path):
        return self.home.api.get(self.fileUrl(path))

    def list(self, path):
        return self.home.api.get(self.treeUrl(path))

    def act(self, path, **action):
        return self.home.api.post(self.fileUrl(path), action)

    def openTerminal(self, *argv, **request):
        answer = self.home.api.post(f"{self.url}/terminals", {"argv": list(argv), **request})
        if answer.status != 201:
            raise AssertionError(answer)
        return answer.json()

    def attach(self, terminal, since=0):
        return self.home.api.webSocket(f"{self.url}/terminals/{terminal}?since={since}")


@dataclass
class Ran:
    exit: dict
    out: bytes
    err: bytes
    error: dict = None


def collect(running):
    """Reads an exec's WebSocket to the exit."""
    streams = {1: [], 2: []}
    while True:
        try:
            message = running.receive()
        except Closed:
            raise AssertionError("the exec was closed without an exit") from None
        if isinstance(message, bytes):
            streams[message[0]].append(message[1:])
        elif message["type"] in ("exit", "error"):
            out, err = b"".join(streams[1]), b"".join(streams[2])
            if message["type"] == "error":
                return Ran(None, out, err, message)
            return Ran(message["exit"], out, err)
