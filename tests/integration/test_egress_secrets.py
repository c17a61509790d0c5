# SPDX-License-Identifier: GPL-3.0-or-later
"""A secret is put in where its rule says, and is to be found nowhere else: not inside, not in a
file, not in what comes back."""

import base64
import json
import os
import subprocess
from pathlib import Path

from caisson_testing import processes
from caisson_testing.conditions import until
from caisson_testing.egress import ASK, DENY, EgressCase, rule

TOKEN = "s3cr3t-Token-0123456789abcdef"
PASSWORD = "pa55-w0rd-fedcba9876543210"
POLICY = DENY \
    + rule(id="bearer", host="echo.example.org", path="/api/**", methods=["GET", "POST"],
           inject={"header": "Authorization", "value": "Bearer ${secret:token}"}) \
    + rule(id="reflect", host="echo.example.org", path="/reflect",
           inject={"header": "Authorization", "value": "Bearer ${secret:token}"}) \
    + rule(id="socket", host="echo.example.org", path="/socket",
           inject={"header": "Authorization", "value": "Bearer ${secret:token}"}) \
    + rule(id="moved", host="echo.example.org", path="/redirect",
           inject={"header": "Authorization", "value": "Bearer ${secret:token}"}) \
    + rule(id="basic", host="other.example.net",
           inject={"basic": {"user": "x-access-token", "password": "${secret:password}"}}) \
    + rule(id="key", host="h2.example.org",
           inject={"header": "x-api-key", "value": "${secret:token}"}) \
    + rule(id="open", host="plain.example.org") + rule(id="rest", host="echo.example.org")


def headersOf(request, name):
    return [value for key, value in request["headers"] if key.lower() == name]


class Secrets(EgressCase):
    policy = DENY

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name, value in (("token", TOKEN), ("password", PASSWORD)):
            cls.home.must("secret", "set", name, input=value.encode())

    def setUp(self):
        super().setUp()
        self.setPolicy(POLICY)

    def authorization(self, origin, **fields):
        return [headersOf(seen, "authorization") for seen in
                self.internet.requests(origin=origin, **fields)]

    def test_a_header_is_put_in(self):
        self.assertEqual(self.curl("https://echo.example.org/api/x").status, 200)
        self.assertEqual(self.authorization("echo"), [[f"Bearer {TOKEN}"]])
        row = self.untilLogged(path="/api/x")[-1]
        self.assertEqual((row["rule"], row["secret"]), ("bearer", "token"))

    def test_a_secret_in_clear_is_told_of(self):
        """A rule without ports fits port 80 as well, where everybody on the way can read it."""
        said = self.setPolicyAndListen(POLICY)
        self.assertEqual(said.count(b"\n"), 1, said)
        self.assertIn(b"rules bearer, reflect, socket, moved, basic, key put their secrets", said)
        injecting = ("egress", "add", self.box.name, "--host", "w.example.org", "--action", "allow",
                     "--inject-header", "X-Key: ${secret:token}")
        done = self.home.must(*injecting, "--id", "clear")
        self.assertEqual((done.out, done.err.count(b"\n")), (b"clear\n", 1), done)
        self.assertIn(b"rule clear puts its secret into http:// requests", done.err)
        self.assertEqual(self.home.must(*injecting, "--ports", "443").err, b"")
        self.assertIn("everybody on the way can read", self.home.json(
            "egress", "explain", self.box.name, "GET", "http://other.example.net/")["why"])
        self.assertNotIn("everybody on the way", self.home.json(
            "egress", "explain", self.box.name, "GET", "https://other.example.net/")["why"])

    def setPolicyAndListen(self, policy):
        done = self.putPolicy(policy)
        self.assertEqual(done.code, 0, done)
        return done.err

    def test_a_secret_that_is_removed_while_rules_name_it(self):
        self.setSecret("brief", TOKEN)
        self.addRule("--host", "brief.example.org", "--action", "allow", "--ports", "443", "--id",
                     "brief-rule", "--inject-basic", "me:brief")
        done = self.home.must("secret", "rm", "brief")
        self.assertEqual(done.err.count(b"\n"), 1, done)
        self.assertIn(f"brief-rule of {self.box.name}", done.err.decode())
        self.setPolicy(POLICY)
        self.setSecret("brief", TOKEN)
        self.assertEqual(self.home.must("secret", "rm", "brief").err, b"")

    def test_also_in_http_2(self):
        got = self.curl("https://h2.example.org/hello", "-H", "x-api-key: mine")
        self.assertEqual(got.status, 200)
        self.assertEqual(headersOf(self.internet.requests(origin="h2")[0], "x-api-key"), [TOKEN])

    def test_basic_is_put_in(self):
        self.assertEqual(self.curl("https://other.example.net/x").status, 200)
        expected = base64.b64encode(f"x-access-token:{PASSWORD}".encode()).decode()
        self.assertEqual(self.authorization("other"), [[f"Basic {expected}"]])

    def test_what_was_sent_under_that_name_is_dropped(self):
        self.curl("https://echo.example.org/api/x", "-H", "Authorization: Bearer mine",
                  "-H", "AUTHORIZATION: Basic bWluZQ==", "-H", "authorization: x ${secret:token}")
        self.curl("-u", "me:mine", "https://other.example.net/x")
        seen = self.authorization("echo") + self.authorization("other")
        self.assertEqual([len(values) for values in seen], [1, 1])
        self.assertNotIn("mine", json.dumps(seen))

    def test_only_where_the_rule_says(self):
        for words in (("https://echo.example.org/other",), ("https://echo.example.org/api",
                      "-X", "DELETE"), ("http://plain.example.org/api/x",),
                      ("--path-as-is", "https://echo.example.org/api/../other")):
            self.curl(*words)
        self.assertGreaterEqual(len(self.internet.requests()), 3)
        self.assertNotIn(TOKEN, self.internet.raw())

    def test_not_over_a_redirect(self):
        got = self.curl("-L", "https://echo.example.org/redirect?to=http%3A%2F%2Fplain.example.org%2Fx")
        self.assertEqual(got.body, b"hello from plain\n")
        self.assertEqual(self.authorization("echo"), [[f"Bearer {TOKEN}"]])
        self.assertEqual(self.authorization("plain"), [[]])
        # The same with a client that would take its own header along.
        self.curl("--location-trusted", "-H", "Authorization: Bearer ${secret:token}",
                  "https://echo.example.org/redirect?to=http%3A%2F%2Fplain.example.org%2Fx")
        self.assertNotIn(TOKEN, json.dumps(self.internet.requests(origin="plain")))

    def test_a_placeholder_elsewhere_is_blocked_and_flagged(self):
        placeholder = "${secret:token}"
        for words in (("-H", f"X-Mine: {placeholder}", "http://plain.example.org/p-header"),
                      ("-H", f"Authorization: Bearer {placeholder}",
                       "http://plain.example.org/p-auth"),
                      ("-u", f"me:{placeholder}", "http://plain.example.org/p-basic"),
                      ("-G", "--data-urlencode", f"q={placeholder}",
                       "http://plain.example.org/p-query"),
                      ("-g", f"http://plain.example.org/p-path/{placeholder}"),
                      ("-d", f"text {placeholder} text", "http://plain.example.org/p-body")):
            with self.subTest(words=words):
                self.internet.clear()
                got = self.curl(*words)
                self.assertNotEqual(got.status, 200)
                self.assertEqual([seen for seen in self.internet.requests()
                                  if seen.get("digest")], [])
                row = self.untilLogged(host="plain.example.org", flag="placeholder")[-1]
                self.assertEqual(row["verdict"], "deny")
                self.assertNotIn("secret", row, "none was put in")

    def test_what_comes_back_is_masked(self):
        for how in ("text", "json", "split", "event"):
            with self.subTest(how=how):
                got = self.curl("-D", "-", f"https://echo.example.org/reflect?how={how}")
                self.assertEqual(got.status, 200, got)
                self.assertNotIn(TOKEN.encode(), got.body)
                self.assertIn(b":end" if how != "json" else b"seen", got.body)
        row = self.untilLogged(path="/reflect")[-1]
        self.assertEqual(row.get("flag"), "masked")

    def test_what_comes_back_in_a_web_socket_is_masked(self):
        script = ("import socket, ssl\n"
                  "s = ssl.create_default_context().wrap_socket(socket.create_connection(("
                  "'echo.example.org', 443), 10), server_hostname='echo.example.org')\n"
                  "s.sendall(b'GET /socket?show=authorization HTTP/1.1\\r\\nHost: '\n"
                  "          b'echo.example.org\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket'\n"
                  "          b'\\r\\nSec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: '\n"
                  "          b'MDEyMzQ1Njc4OWFiY2RlZg==\\r\\n\\r\\n')\n"
                  "f = s.makefile('rb'); print(f.readline().split()[1].decode())\n"
                  "while f.readline() != b'\\r\\n': pass\n"
                  "kind, size = f.read(2); print(kind, f.read(size).decode())\n")
        self.assertEqual(self.inside(script), f"101\n129 Bearer {'*' * len(TOKEN)}")
        self.assertIn([f"Bearer {TOKEN}"], self.authorization("echo"))
        self.assertEqual(self.untilLogged(path="/socket")[-1].get("flag"), "masked")

    def test_what_comes_back_packed_is_not_passed_on(self):
        """The origin was asked not to pack its answer; this one does it all the same."""
        got = self.curl("-D", "-", "--compressed", "https://echo.example.org/reflect?how=gzip")
        self.assertEqual(got.status, 502)
        self.assertNotIn(TOKEN.encode(), got.body)

    def test_basic_credentials_that_come_back_are_masked(self):
        encoded = base64.b64encode(f"x-access-token:{PASSWORD}".encode())
        for how in ("text", "split", "json"):
            got = self.curl("-D", "-", f"https://other.example.net/reflect?how={how}")
            self.assertEqual(got.status, 200)
            self.assertNotIn(PASSWORD.encode(), got.body)
            self.assertNotIn(encoded, got.body)

    def test_a_range_does_not_get_round_the_mask(self):
        """Two halves of a value would not be seen to be one."""
        pieces = b"".join(self.curl("-r", f"{first}-{first + 9}",
                                    "https://echo.example.org/reflect")
                          .body for first in range(0, 60, 10))
        self.assertNotIn(TOKEN.encode(), pieces)

    def test_other_bodies_stay_whole(self):
        size = 3_000_000
        got = self.box.shell(f"curl -sS https://echo.example.org/bytes/{size} | wc -c")
        self.assertEqual(int(got), size)

    def test_a_policy_names_secrets_that_are_there(self):
        text = DENY + rule(id="none", host="echo.example.org",
                           inject={"header": "X-Key", "value": "${secret:none-such}"})
        before = self.home.api.get(f"{self.box.url}/egress/policy").json()
        done = self.home.ctl("egress", "set", self.box.name, "/dev/stdin", input=text.encode())
        self.assertEqual(done.code, 125)
        self.assertIn(b'line 5, column 39: there is no secret "none-such"', done.err)
        self.assertEqual(self.home.api.get(f"{self.box.url}/egress/policy").json(), before)
        done = self.home.ctl("create", "--policy", "/dev/stdin", input=text.encode())
        self.assertEqual(done.code, 125)
        self.assertIn(b"caissonctl secret set none-such", done.err)

    def test_a_secret_that_has_gone_stops_the_request(self):
        self.setSecret("none-such", "for-a-while")
        self.setPolicy(DENY + rule(id="none", host="echo.example.org",
                                   inject={"header": "X-Key", "value": "${secret:none-such}"}))
        until(lambda: self.curl("https://echo.example.org/x").status == 200, "the secret", 5)
        self.home.must("secret", "rm", "none-such")
        until(lambda: self.curl("https://echo.example.org/x").status != 200, "its end", 5)
        seen = len(self.internet.requests())
        got = self.curl("https://echo.example.org/x", "-H", "X-Key: mine")
        self.assertNotEqual(got.status, 200)
        self.assertIn("none-such", got.body.decode())
        self.assertEqual(len(self.internet.requests()), seen)
        # As soon as it is set again, it works: the keeper is told.
        self.setSecret("none-such", "now-it-is-there")
        until(lambda: self.curl("https://echo.example.org/x").status == 200, "the secret", 5)
        self.assertEqual(headersOf(self.internet.requests()[-1], "x-key"), ["now-it-is-there"])
        self.home.must("secret", "rm", "none-such")

    def test_a_replaced_secret_is_the_new_one(self):
        self.setSecret("token", "another-value-of-it-4711")
        until(lambda: self.curl("https://echo.example.org/api/x").status == 200
              and self.authorization("echo")[-1] == ["Bearer another-value-of-it-4711"], "the new",
              5)
        self.setSecret("token", TOKEN)
        until(lambda: self.curl("https://echo.example.org/api/x").status == 200
              and self.authorization("echo")[-1] == [f"Bearer {TOKEN}"], "the old", 5)

    def test_a_value_that_is_none_is_refused(self):
        for value in (b"", b"two\nlines", b"a\x00b", b"x" * (1 << 20)):
            self.assertEqual(self.home.ctl("secret", "set", "bad", input=value).code, 125,
                             value[:20])
        listed = self.home.must("secret", "ls").text
        self.assertIn("token", listed)
        self.assertNotIn(TOKEN, listed)
        self.assertNotIn("bad", listed)

    def test_with_a_prompt_in_between(self):
        self.setPolicy(ASK.replace("ask", "deny") + rule("ask", id="q", host="echo.example.org",
                                                         path="/q")
                       + POLICY.replace(DENY, ""))
        started = self.startCurl("https://echo.example.org/q")
        self.answer(self.untilPrompt(), "allow")
        self.assertEqual(self.finish(started)[0], 200)
        self.assertNotIn(TOKEN, self.internet.raw())  # that answer puts nothing in

    # ---- where it must not be ----

    def use(self):
        self.curl("https://echo.example.org/api/x?y=z")
        self.curl("https://echo.example.org/reflect?how=json")
        self.curl("https://other.example.net/x")
        self.setPolicy(POLICY.replace("other.example.net", "expired.example.org"))
        got = self.curl("https://expired.example.org/x")  # an error page
        self.setPolicy(POLICY)
        return got

    def test_it_is_in_no_file_of_this_machine(self):
        page = self.use()
        self.assertEqual(page.status, 502)
        forms = [TOKEN, PASSWORD, base64.b64encode(f"x-access-token:{PASSWORD}".encode()).decode()]
        for form in forms:
            self.assertNotIn(form, page.body.decode())
        self.untilLogged(path="/api/x")
        text = self.home.must("egress", "har", self.box.name).text \
            + self.home.must("--json", "egress", "log", self.box.name).text \
            + self.home.must("egress", "show", self.box.name).text \
            + self.home.must("--json", "secret", "ls").text
        for form in forms:
            self.assertNotIn(form, text)
            found = subprocess.run(["grep", "-rlaF", form, self.home.path], capture_output=True,
                                   text=True).stdout
            self.assertEqual(found, "")

    def test_it_is_in_no_argument_list_or_environment(self):
        self.use()
        for pid in self.home.programs():
            for name in ("cmdline", "environ"):
                try:
                    text = Path(f"/proc/{pid}/{name}").read_bytes()
                except PermissionError:  # not dumpable: nobody reads it
                    continue
                self.assertNotIn(TOKEN.encode(), text)
                self.assertNotIn(PASSWORD.encode(), text)

    def test_the_keeper_leaves_no_core(self):
        self.use()
        limits = Path(f"/proc/{self.box.keeperPid()}/limits").read_text()
        core = next(line for line in limits.splitlines() if line.startswith("Max core"))
        status = os.stat(f"/proc/{self.box.keeperPid()}/mem")
        dumpable = status.st_uid != 0 or os.geteuid() == 0
        self.assertTrue(core.split()[4] == "0" or not dumpable, core)

    def test_it_is_nowhere_inside(self):
        self.use()
        script = ("cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'; "
                  "grep -rsaF -e \"$1\" -e \"$2\" /root /etc /run /tmp /var /workspace /home")
        said = self.box.exec("sh", "-c", script, "x", TOKEN[:-1], PASSWORD[:-1]).out.decode(
            errors="replace")
        said = "\n".join(line for line in said.splitlines() if line not in (TOKEN[:-1],
                                                                            PASSWORD[:-1]))
        self.assertNotIn(TOKEN, said)
        self.assertNotIn(PASSWORD, said)

    def test_it_lasts_beyond_caissond(self):
        self.home.killDaemon()
        self.assertIn("token", self.home.must("secret", "ls").text)
        fresh = self.newBox("fresh", POLICY)
        self.assertEqual(self.curl("https://echo.example.org/api/fresh", box=fresh).status, 200)
        self.assertEqual(self.authorization("echo", target="/api/fresh"), [[f"Bearer {TOKEN}"]])
        self.home.must("rm", "fresh")


class Lasting(EgressCase):
    """With a passphrase the secrets are in an encrypted file, and outlive even their keyring."""

    policy = DENY

    def test_a_file_with_a_passphrase(self):
        phrase = Path(self.home.path, "phrase")
        phrase.write_text("a passphrase of the test's\n")
        self.home.environment["CAISSON_PASSPHRASE_FILE"] = str(phrase)
        processes.killAndWait(self.home.daemonPid())
        self.home.must("secret", "set", "lasting", input=TOKEN.encode())
        listed = self.home.must("--json", "secret", "ls").text
        self.assertIn("lasting", listed)
        found = subprocess.run(["grep", "-rlaF", TOKEN, self.home.path], capture_output=True,
                               text=True)
        self.assertEqual(found.stdout, "")
