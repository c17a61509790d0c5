# SPDX-License-Identifier: GPL-3.0-or-later
"""The test case with a sandbox whose only way out leads to the small internet, and the clients that
run inside."""

import json
import subprocess
import tempfile
import unittest
from dataclasses import dataclass

from .cases import HomeCase
from .conditions import until
from .internet import Internet

DENY, ASK, ALLOW = ('default = "deny"\n', 'default = "ask"\n', 'default = "allow"\n')


def rule(action="allow", **keys):
    """One [[rule]] of a policy file."""
    def written(value):
        if isinstance(value, dict):
            return "{ " + ", ".join(f"{key} = {written(part)}" for key,
                                    part in value.items()) + " }"
        return json.dumps(value)  # strings, numbers, lists and booleans are the same in TOML

    lines = [f"{name} = {written(value)}" for name, value in {**keys, "action": action}.items()]
    return "\n".join(["[[rule]]", *lines, ""])


@dataclass
class Fetched:
    """How a curl inside ended."""
    code: int       # of curl: 0 is fine, 7 not connected, 35 and 60 TLS, 52 and 56 broken off
    status: int
    version: str
    connects: int
    seconds: float
    body: bytes
    err: str

    def json(self):
        return json.loads(self.body)


# Bytes as they are to a host: argv host, port, name for TLS or ""; prints what comes back until the
# peer closes, or nothing comes for a while. A connection that is kept after the first answer is ended on
# this side: whatever was said before that is read first, and nothing has to be waited for.
RAW = """
import socket, ssl, sys
host, port, name = sys.argv[1], int(sys.argv[2]), sys.argv[3]
patience = float(sys.argv[4]) if len(sys.argv) > 4 else 3
s = socket.create_connection((host, port), 20)
if name:
    c = ssl.create_default_context()
    if name == "-": c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    s = c.wrap_socket(s, server_hostname=None if name == "-" else name)
s.sendall(sys.stdin.buffer.read())
s.settimeout(patience)
try:
    hasAnswered = False
    while piece := s.recv(65536):
        sys.stdout.buffer.write(piece)
        if not hasAnswered:
            hasAnswered = True
            socket.socket.shutdown(s, socket.SHUT_WR)  # below TLS, which could not read on otherwise
except OSError as error:
    sys.stderr.write(type(error).__name__)
"""


class EgressCase(HomeCase):
    """`self.box` has the class's policy when a test begins, and `self.internet` has seen nothing."""

    policy = DENY
    create = ()

    @classmethod
    def setUpClass(cls):
        cls.internet = Internet.here()
        if cls.internet is None:
            raise unittest.SkipTest("there is no small internet: making one needs root, as "
                                    "./dev test run by root has it")
        cls.addClassCleanup(cls.internet.close)
        cls.variables = {"CAISSON_UPSTREAM_CA": cls.internet.authority, **cls.variables}
        super().setUpClass()
        cls.box = cls.newBox("box", cls.policy, *cls.create)
        cls.changed = False

    @classmethod
    def newBox(cls, name, policy, *options):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(policy)
            file.flush()
            return cls.home.create(name, "--policy", file.name, *options)

    def setUp(self):
        if type(self).changed:
            self.setPolicy(self.policy)
            type(self).changed = False
        self.internet.clear()

    # ---- the policy, by the command line ----

    def putPolicy(self, text, box=None):
        type(self).changed = True
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(text)
            file.flush()
            return self.home.ctl("egress", "set", (box or self.box).name, file.name)

    def setPolicy(self, text, box=None):
        done = self.putPolicy(text, box)
        self.assertEqual(done.code, 0, done.err)

    def addRule(self, *options, box=None):
        type(self).changed = True
        return self.home.must("egress", "add", (box or self.box).name, *options)

    def setSecret(self, name, value):
        self.home.must("secret", "set", name, input=value.encode())

    def generation(self, box=None):
        return self.home.api.get(f"{(box or self.box).url}/egress/policy").json()["generation"]

    def log(self, box=None, **fields):
        """Rows, the oldest first, whose fields are these."""
        lines = self.home.must("--json", "egress", "log", (box or self.box).name).out.splitlines()
        rows = [json.loads(line) for line in lines]
        rows.sort(key=lambda row: row.get("id", 0))
        return [row for row in rows if all(row.get(name) == value for name,
                                           value in fields.items())]

    def untilLogged(self, count=1, box=None, **fields):
        return until(lambda: (rows := self.log(box, **fields)) and len(rows) >= count and rows,
                     f"{count} rows with {fields}", 10)

    # ---- prompts ----

    def prompts(self, box=None):
        return self.home.api.get(f"{(box or self.box).url}/egress/prompts").json()["prompts"]

    def untilPrompt(self, condition=lambda prompt: True, box=None):
        return until(lambda: [prompt for prompt in self.prompts(box) if condition(prompt)],
                     "a prompt", 15)[0]

    def answer(self, prompt, verdict, *options, box=None):
        type(self).changed = True
        return self.home.ctl("egress", "answer", (box or self.box).name, prompt["id"], verdict,
                             *options)

    # ---- clients inside ----

    def curl(self, *words, box=None, options=(), input=b""):
        done = (box or self.box).exec(
            "curl", "-sS", "--max-time", "30", "-w",
            "\n%{http_code} %{http_version} %{num_connects} %{time_total}", *words,
            options=options, input=input)
        body, _, numbers = done.out.rpartition(b"\n")
        status, version, connects, seconds = (numbers.decode().split() + ["0"] * 4)[:4]
        return Fetched(done.code, int(status), version, int(connects), float(seconds), body,
                       done.err.decode(errors="replace"))

    def startCurl(self, *words, box=None):
        """In a process of this machine's that the caller waits for; see finish()."""
        started = self.home.start("exec", (box or self.box).name, "--", "curl", "-sS", "--max-time",
                                  "60", "-w", "\n%{http_code}", *words, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.endProcess, started)
        return started

    @staticmethod
    def endProcess(started):
        if started.poll() is None:
            started.kill()
        started.communicate()

    @staticmethod
    def finish(started, patience=30):
        """(status, body) of a startCurl(); status 0 when there was no answer."""
        out, _ = started.communicate(timeout=patience)
        body, _, status = out.rpartition(b"\n")
        return int(status or 0), body

    def raw(self, data, host, port=80, name="", patience=3, box=None):
        """All that came back for bytes as they are."""
        if isinstance(data, str):
            data = data.encode("latin-1")
        done = (box or self.box).exec("python3", "-c", RAW, host, str(port), name, str(patience),
                                      input=data)
        return done.out

    @staticmethod
    def untilSaid(running, word):
        """What a running exec has written, up to where it says `word`."""
        said = b""
        while word not in said:
            message = running.receive()
            if isinstance(message, bytes):
                said += message[1:]
            elif message["type"] in ("exit", "error"):
                raise AssertionError(f"{word!r} was not said before {message}: {said!r}")
        return said

    def inside(self, script, *arguments, box=None, **how):
        """What a Python script inside prints, as words evaluated by JSON where it is that."""
        done = (box or self.box).exec("python3", "-c", script, *map(str, arguments), **how)
        self.assertEqual(done.code, 0, done.err.decode(errors="replace"))
        return done.out.decode().strip()

    # ---- what has to be ----

    def assertRefused(self, fetched, rule="default"):
        """By a 403 that says what, by which rule and why."""
        self.assertEqual((fetched.code, fetched.status), (0, 403), fetched)
        said = fetched.json()
        self.assertEqual((said["verdict"], said["rule"]), ("deny", rule))
        self.assertGreater(len(said["why"]), 10)

    def assertNothingLeft(self):
        """Nobody outside has seen a thing: no packet, no name, no connection."""
        self.assertEqual(self.internet.everything(), [])
