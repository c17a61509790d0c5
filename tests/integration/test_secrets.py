# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets as the service keeps them, and policies given to sandboxes that do not run yet."""

import json
import os
import secrets
import stat
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from caisson_testing import keyrings, processes
from caisson_testing.cases import HomeCase
from caisson_testing.conditions import until
from caisson_testing.pty_client import PtyClient

GOOD = """default = "deny"  # a comment that stays

[[rule]]
host = "example.com"
action = "allow"
"""
BAD = """default = "deny"

[[rule]]
host = "example.com"
action = "alow"
"""


def inFiles(folder, word):
    """Files below a folder that hold `word`; what may not be read holds nothing of ours."""
    found = []
    for path in Path(folder).rglob("*"):
        try:
            if path.is_file() and word in path.read_bytes():
                found.append(str(path))
        except OSError:
            pass
    return found


def inProcesses(word):
    """Processes whose arguments or environment hold `word`."""
    found = []
    for pid in processes.allPids():
        for name in ("cmdline", "environ"):
            try:
                if word in Path(f"/proc/{pid}/{name}").read_bytes():
                    found.append(f"/proc/{pid}/{name}")
            except OSError:
                pass
    return found


class SecretCase(HomeCase):
    def set(self, name, value, *options):
        return self.home.ctl("secret", "set", name, *options, input=value)

    def mustSet(self, name, value):
        done = self.set(name, value)
        self.assertEqual(done.code, 0, done)
        return done

    def known(self):
        return {one["name"]: one["known"] for one in self.home.json("secret", "ls")}

    def assertOneLine(self, done, *words):
        self.assertEqual((done.code, done.out), (125, b""), done)
        self.assertEqual((done.err.count(b"\n"), done.err[:12]), (1, b"caissonctl: "), done.err)
        for word in words:
            self.assertIn(word, done.err.decode())

    def tearDown(self):
        names = list(self.known())
        if names:
            self.home.must("secret", "rm", *names)

    def restart(self):
        self.home.killDaemon()

    def reboot(self):
        self.home.killDaemon()
        keyrings.forget(self.home.path)


class Keeping(SecretCase):
    def test_set_list_remove(self):
        done = self.mustSet("github", b"ghp_1\n")
        self.assertEqual(done.out, b"")
        self.assertEqual(done.err.count(b"\n"), 1)
        self.assertIn(b"gone when this machine restarts", done.err)
        listed = self.home.json("secret", "ls")
        self.assertEqual([(one["name"], one["lasts"], one["known"], one["uses"]) for one in listed],
                         [("github", "reboot", True, [])])
        self.assertIn("github", self.home.must("secret", "ls").text)
        self.home.must("secret", "rm", "github")
        self.assertEqual(self.home.json("secret", "ls"), [])
        self.assertOneLine(self.home.ctl("secret", "rm", "github"), "no secret", "github")

    def test_a_value_is_nowhere_but_in_memory(self):
        value = secrets.token_hex(24)
        self.mustSet("hidden", value.encode())
        self.mustSet("hidden", value.encode() + b"\n")
        self.assertOneLine(self.set("hidden", b"a\n" + value.encode()), "line break")
        self.restart()
        told = [self.home.must("secret", "ls").out, self.home.must("secret", "ls", "--json").out,
                self.home.api.get("/v1/secrets").body,
                self.home.api.get("/v1/secrets/hidden").body,
                self.home.api.call("PUT", "/v1/secrets/hidden", {"value": value}).body]
        for answer in told:
            self.assertNotIn(value.encode(), answer)
        self.assertEqual(inFiles(self.home.path, value.encode()), [])
        self.assertEqual(inProcesses(value.encode()), [])
        self.assertIn("hidden", (self.home.path / "secrets.json").read_text())

    def test_no_core_dump_holds_one(self):
        pid = self.home.daemonPid()
        limits = Path(f"/proc/{pid}/limits").read_text()
        line = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
        self.assertEqual(line.split()[4], "0")
        self.assertEqual(int(Path(f"/proc/{pid}/coredump_filter").read_text(), 16), 0)

    @unittest.skipUnless(keyrings.areAvailable(),
                         "this user may have no keyring (keyrings(7)); a container's seccomp "
                         "profile has to allow add_key and keyctl")
    def test_a_service_that_starts_again_has_them(self):
        self.mustSet("one", b"1")
        self.mustSet("two", b"2")
        self.restart()
        self.assertEqual(self.known(), {"one": True, "two": True})
        self.reboot()
        self.assertEqual(self.known(), {"one": False, "two": False})
        self.mustSet("one", b"1")
        self.assertEqual(self.known(), {"one": True, "two": False})

    def test_what_is_refused_says_why(self):
        for name in ("a b", "a/b", "", "x" * 65, "${x}", "\u00e9"):
            self.assertOneLine(self.set(name, b"x"), "1 to 64 letters")
        for value, word in ((b"", "empty"), (b"\n", "empty"), (b"a\nb", "line break at byte 2"),
                            (b"a\r\n", "carriage return"), (b"a\0b", "NUL"),
                            (b"x" * 65537, "64 KiB"), (b"x" * 10_000_000, "64 KiB"),
                            (b"\xff\xfe", "UTF-8"), (b"a\x1b[0m", "control character")):
            self.assertOneLine(self.set("refused", value), word)
        self.assertEqual(self.known(), {})
        self.mustSet("largest", b"\"" * 65536 + b"\n")
        answer = self.home.api.call("PUT", "/v1/secrets/x", {"value": "v", "lasts": "file"})
        self.assertEqual((answer.status, answer.code), (400, "bad_request"))
        answer = self.home.api.call("PUT", "/v1/secrets/x", {"value": 5})
        self.assertEqual(answer.status, 400)

    def test_clients_hear_of_changes(self):
        with self.home.api.stream("/v1/events") as stream:
            self.mustSet("heard", b"secret-value")
            self.assertEqual(next(stream)[1], "secrets.changed")
            self.home.must("secret", "rm", "heard")
            _, kind, data = next(stream)
            self.assertEqual(kind, "secrets.changed")
            self.assertNotIn("secret-value", data)

    def test_a_keychain_s_secret(self):
        answer = self.home.api.call("PUT", "/v1/secrets/k", {"value": "v", "lasts": "keychain"})
        self.assertEqual((answer.status, answer.json()["lasts"]), (200, "keychain"))

    def test_typed_at_a_terminal(self):
        client = PtyClient(self.home, "secret", "set", "typed")
        try:
            client.expect(b"Value of typed: ")
            client.type(b"typpex\x7f\x7f\x7fed-value\r")
            self.assertEqual(client.wait(), 0, client.seen)
            self.assertNotIn(b"value", client.seen)
            self.assertEqual(client.settings(), client.before)
        finally:
            client.close()
        self.assertEqual(self.known(), {"typed": True})
        client = PtyClient(self.home, "secret", "set", "interrupted")
        try:
            client.expect(b"Value of interrupted: ")
            client.type(b"half\x03")
            self.assertEqual(client.wait(), 125)
            self.assertEqual(client.settings(), client.before)
        finally:
            client.close()
        self.assertEqual(self.known(), {"typed": True})


class Lasting(SecretCase):
    def talk(self, *arguments, answers, code=0):
        client = PtyClient(self.home, *arguments)
        try:
            for question, answer in answers:
                client.expect(question)
                client.type(answer + b"\r")
            self.assertEqual(client.wait(), code, client.seen)
            for _, answer in answers:
                self.assertNotIn(answer, client.seen)
            return client.seen
        finally:
            client.close()

    def test_with_a_passphrase(self):
        phrase = secrets.token_hex(8).encode()
        value = secrets.token_hex(16).encode()
        seen = self.talk("secret", "set", "differs", "--keep",
                         answers=[(b"New passphrase", phrase), (b"again: ", b"another")], code=125)
        self.assertIn(b"differ", seen)
        self.talk("secret", "set", "kept", "--keep",
                  answers=[(b"New passphrase", phrase), (b"again: ", phrase),
                           (b"Value of kept: ", value)])
        sealed = self.home.path / "secrets.sealed"
        self.assertEqual(stat.S_IMODE(sealed.stat().st_mode), 0o600)
        for word in (phrase, value):
            self.assertEqual(inFiles(self.home.path, word), [])
            self.assertEqual(inProcesses(word), [])
        self.reboot()
        self.assertEqual(self.known(), {"kept": False})
        self.assertIn(b"secret unlock", self.home.must("secret", "ls").err)
        seen = self.talk("secret", "unlock", answers=[(b"Passphrase", b"wrong")], code=125)
        self.assertIn(b"not the passphrase", seen)
        self.talk("secret", "unlock", answers=[(b"Passphrase", phrase)])
        self.assertEqual(self.known(), {"kept": True})
        # Open, it takes what comes without a question.
        self.assertIn(b"encrypted file", self.mustSet("also", b"x").err)
        self.home.must("secret", "rm", "kept", "also")
        self.assertEqual(json.loads(sealed.read_text())["values"], {})
        sealed.unlink()

    def test_without_a_terminal(self):
        done = self.home.ctl("secret", "set", "x", "--keep", input=b"v", start_new_session=True)
        self.assertOneLine(done, "no terminal", "CAISSON_PASSPHRASE_FILE")


class PassphraseFile(SecretCase):
    @classmethod
    def setUpClass(cls):
        cls.file = tempfile.NamedTemporaryFile(dir="/var/tmp")
        cls.addClassCleanup(cls.file.close)
        cls.file.write(b"a passphrase\n")
        cls.file.flush()
        cls.variables = {"CAISSON_PASSPHRASE_FILE": cls.file.name}
        super().setUpClass()

    def test_they_are_there_after_a_reboot(self):
        self.assertIn(b"encrypted file", self.mustSet("one", b"1").err)
        self.reboot()
        until(lambda: self.known() == {"one": True}, "the file of secrets to be opened")
        self.assertFalse(self.home.api.get("/v1/secrets").json()["locked"])

    def test_kept_without_a_terminal(self):
        # With the variable both know the passphrase; without it in caissonctl the service does.
        for variables in ({}, {"CAISSON_PASSPHRASE_FILE": ""}):
            with mock.patch.dict(self.home.environment, variables):
                done = self.home.ctl("secret", "set", "two", "--keep", input=b"2",
                                     start_new_session=True)
            self.assertEqual(done.code, 0, done)
            self.assertIn(b"encrypted file", done.err)
        self.home.must("secret", "rm", "two")


class Policies(HomeCase):
    def file(self, text):
        file = tempfile.NamedTemporaryFile("w", dir="/var/tmp", suffix=".toml")
        self.addCleanup(file.close)
        file.write(text)
        file.flush()
        return file.name

    def written(self, name):
        shown = self.home.json("show", name)
        return (self.home.path / "sandboxes" / shown["id"] / "policy.toml").read_text()

    def test_a_sandbox_is_made_with_one(self):
        self.home.must("create", "one", "--no-start", "--policy", self.file(GOOD))
        self.assertEqual(self.written("one"), GOOD)
        self.home.must("create", "two", "--no-start", "--policy", "-", input=GOOD.encode())
        self.assertEqual(self.written("two"), GOOD)
        self.home.must("create", "three", "--no-start", "--policy", "deny-all")
        self.assertIn("deny", self.written("three"))
        answer = self.home.api.post("/v1/sandboxes", {"name": "four", "start": False,
                                                      "policy": GOOD})
        self.assertEqual(answer.status, 201)
        self.assertEqual(self.written("four"), GOOD)
        self.home.must("rm", "one", "two", "three", "four")

    def test_a_bad_one_refuses_the_whole(self):
        file = self.file(BAD)
        done = self.home.ctl("create", "bad", "--no-start", "--policy", file)
        self.assertEqual((done.code, done.out, done.err.count(b"\n")), (125, b"", 1), done)
        self.assertIn(file, done.err.decode())
        self.assertIn("line 5", done.err.decode())
        done = self.home.ctl("create", "bad", "--no-start", "--policy", "/none")
        self.assertEqual((done.code, done.err.count(b"\n")), (125, 1))
        self.assertIn(b"deny-all", done.err)
        answer = self.home.api.post("/v1/sandboxes", {"name": "bad", "policy": BAD})
        self.assertEqual((answer.status, answer.code), (400, "bad_request"))
        self.assertEqual(answer.json()["detail"]["line"], "5")
        self.assertIn("column", answer.json()["detail"])
        self.assertEqual(self.home.json("ls"), [])
        self.assertEqual([path.name for path in (self.home.path / "sandboxes").iterdir()
                          if not path.name.startswith(".")], [])

    def test_nothing_waits_in_a_stopped_one(self):
        self.home.must("create", "stopped", "--no-start")
        try:
            self.assertEqual(self.home.json("egress", "prompts", "stopped"), [])
            done = self.home.ctl("egress", "answer", "stopped", "p1", "allow")
            self.assertEqual((done.code, done.out, done.err.count(b"\n")), (125, b"", 1), done)
            self.assertEqual(self.home.json("show", "stopped")["state"], "stopped")
        finally:
            self.home.must("rm", "stopped")


if __name__ == "__main__":
    unittest.main()
