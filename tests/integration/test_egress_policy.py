# SPDX-License-Identifier: GPL-3.0-or-later
"""The table decides, first match from the top; it changes under what runs, at once."""

import datetime
import os
import subprocess
import time

from caisson_testing import processes
from caisson_testing.conditions import until
from caisson_testing.egress import ALLOW, DENY, EgressCase, rule
from caisson_testing.home import CTL, collect
from caisson_testing.internet import places

from test_egress_http import WEB_SOCKET

HOSTS = ("plain.example.org", "echo.example.org")
OPEN = DENY + "".join(rule(id=host.split(".")[0], host=host) for host in HOSTS) \
    + rule(id="stream", host="plain.example.org", ports=[places.STREAM_PORT]) \
    + rule(id="tunnel", host="other.example.net", action="tunnel")
CUT = 1.0  # seconds: the promise


class Decisions(EgressCase):
    policy = DENY

    def statuses(self, *requests):
        return [self.curl("-X", method, url).status for method, url in requests]

    def test_nothing_is_allowed_that_is_not_said(self):
        self.assertRefused(self.curl("http://plain.example.org/hello"))
        self.assertRefused(self.curl("https://echo.example.org/hello"))
        self.assertNothingLeft()

    def test_first_match_wins(self):
        self.setPolicy(ALLOW + rule("deny", id="top", host="plain.example.org", path="/no/**")
                       + rule(id="next", host="plain.example.org")
                       + rule("deny", id="never", host="plain.example.org"))
        self.assertRefused(self.curl("http://plain.example.org/no/way"), "top")
        self.assertEqual(self.curl("http://plain.example.org/yes").status, 200)
        self.assertEqual(self.untilLogged(path="/yes")[-1]["rule"], "next")

    def test_methods_paths_ports_and_processes(self):
        self.setPolicy(DENY + rule(id="a", host="plain.example.org", methods=["GET", "HEAD"],
                                   path="/repos/*/issues/**")
                       + rule(id="b", host="echo.example.org", process="/usr/bin/curl"))
        base = "http://plain.example.org"
        got = self.statuses(("GET", f"{base}/repos/x/issues"),
                            ("GET", f"{base}/repos/x/issues/1/2"),
                            ("POST", f"{base}/repos/x/issues"), ("GET", f"{base}/repos/x/y/issues"),
                            ("GET", f"{base}/repos/x"), ("GET", f"{base}/other"))
        self.assertEqual(got, [200, 200, 403, 403, 403, 403])
        self.assertEqual(self.curl("https://echo.example.org/").status, 200)
        script = ("import urllib.request, urllib.error\n"
                  "try: print(urllib.request.urlopen('https://echo.example.org/').status)\n"
                  "except urllib.error.HTTPError as e: print(e.code)")
        self.assertEqual(self.inside(script), "403")

    def test_a_program_has_more_than_one_name(self):
        link = self.inside("import os, sys; print(os.path.realpath('/usr/bin/python3'), "
                           "os.path.realpath(sys.executable))").split()
        self.assertEqual(link[0], link[1])
        self.assertNotEqual(link[0], "/usr/bin/python3")
        script = ("import urllib.request, urllib.error\n"
                  "try: print(urllib.request.urlopen('http://plain.example.org/').status)\n"
                  "except urllib.error.HTTPError as e: print(e.code)")
        # As it is called, as it is, and by a link of one's own that came later.
        for name in ("/usr/bin/python3", link[0], "/opt/mine"):
            self.setPolicy(ALLOW + rule("deny", host="plain.example.org", process=name))
            self.box.shell("rm -f /opt/mine")
            self.assertEqual(self.inside(script), "200" if name == "/opt/mine" else "403", name)
            self.box.shell("ln -s ../usr/bin/python3 /opt/mine")
            # It may be known for a second that it was not there.
            until(lambda: self.inside(script) == "403", f"{name} is denied", 10)
            self.assertEqual(self.curl("http://plain.example.org/").status, 200, name)
            explained = self.home.json("egress", "explain", self.box.name, "--process", link[0],
                                       "GET", "http://plain.example.org/")
            self.assertEqual(explained["verdict"], "deny", name)

    def test_a_helper_is_of_the_program_that_it_belongs_to(self):
        self.setPolicy(DENY + rule(host="echo.example.org", process="/usr/bin/git"))
        self.box.shell("cd /root && rm -rf clone && "
                       "git clone -q https://echo.example.org/git/project.git clone && "
                       "cat clone/readme")
        # What it starts besides is not git.
        alias = "alias.other=!curl -s -o /dev/null -w '%{http_code}' https://echo.example.org/"
        self.assertEqual(self.box.exec("git", "-c", alias, "other").text.strip(), "403")

    def test_labels(self):
        self.setPolicy(DENY + rule(id="one", host="*.wild.example.org"))
        for host, status in (("a.wild.example.org", 200), ("A.WILD.Example.Org", 200),
                             ("a.b.wild.example.org", 403), ("wild.example.org", 403),
                             ("awild.example.org", 403),
                             ("a.wild.example.org.evil.example.net", 403)):
            with self.subTest(host=host):
                self.assertEqual(self.curl(f"http://{host}/hello").status, status)
        self.setPolicy(DENY + rule(id="any", host="**.wild.example.org"))
        for host, status in (("a.wild.example.org", 200),
                             ("a.b.wild.example.org", 502),  # allowed, and there is none
                             ("awild.example.org", 403)):
            with self.subTest(host=host):
                self.assertEqual(self.curl(f"http://{host}/hello").status, status)

    def test_explain_agrees_with_what_happens(self):
        self.setPolicy(DENY + rule(id="read", host="plain.example.org", methods=["GET"],
                                   path="/a/**")
                       + rule("deny", id="never", host="plain.example.org", path="/a/b")
                       + rule(id="any", host="*.wild.example.org"))
        for method, url in (("GET", "http://plain.example.org/a/b"),
                            ("GET", "http://plain.example.org/a/../b"),
                            ("POST", "http://plain.example.org/a/b"),
                            ("GET", "http://plain.example.org/%61/x"),
                            ("GET", "http://x.wild.example.org/"),
                            ("GET", "https://x.wild.example.org/"),
                            ("GET", "http://x.y.wild.example.org/"),
                            ("GET", "http://other.example.net/")):
            with self.subTest(url=url, method=method):
                said = self.home.json("egress", "explain", self.box.name, method, url)
                got = self.curl("--path-as-is", "-X", method, url)
                self.assertEqual(said["verdict"], "allow" if got.status == 200 else "deny", said)
                row = self.untilLogged(method=method)[-1]
                self.assertEqual((row["verdict"], row["rule"]), (said["verdict"], said["rule"]))

    def test_a_refused_file_keeps_the_old_policy(self):
        self.setPolicy(DENY + rule(id="kept", host="plain.example.org"))
        before = self.generation()
        for text, line in (("default = \n", 1), ("default = \"perhaps\"\n", 1),
                           (DENY + "\n[[rule]]\nhost = \"a..b\"\naction = \"allow\"\n", 4),
                           (DENY + "[[rule]]\nhost = \"a.b\"\naction = \"allow\"\ncolour = 1\n", 5),
                           (DENY + "[[rule]]\naction = \"allow\"\n", 2)):
            with self.subTest(text=text):
                done = self.putPolicy(text)
                self.assertEqual(done.code, 125, done)
                self.assertRegex(done.err.decode(), rf"(?i)\bline {line}\b")
        self.assertEqual(self.generation(), before)
        self.assertEqual(self.curl("http://plain.example.org/hello").status, 200)

    def test_a_large_file_says_what_to_do(self):
        for text, says in (("# " + 20 * 2 ** 20 * "x", b"fewer rules"),
                           (20_000 * '[[rule]]\nhost="a.b"\naction="deny"\n', b"10,000 rules")):
            done = self.putPolicy(text)
            self.assertEqual((done.code, done.err.count(b"\n")), (125, 1), done.err[:300])
            self.assertIn(says, done.err)
        # As JSON it is larger than any other request may be.
        large = DENY + 9_000 * ('[[rule]]\nhost="a.b"\naction="deny"\nnote="' + 70 * "n" + '"\n')
        self.setPolicy(large)
        self.newBox("large", large, "--no-start")
        self.home.must("rm", "large")

    def test_by_the_api(self):
        url = f"{self.box.url}/egress/policy"
        self.setPolicy(DENY)
        before = self.generation()
        answer = self.home.api.call("PATCH", url, {"add": [{"host": "a.b"}]})
        self.assertEqual((answer.status, answer.code), (400, "bad_request"))
        self.assertIn("action", answer.json()["error"])
        self.assertEqual(self.home.api.call("PATCH", url, {}).status, 200)
        self.assertEqual(self.generation(), before)
        self.assertRefused(self.curl("http://plain.example.org/rows"))
        self.untilLogged(path="/rows")
        log = self.home.api.get(f"{self.box.url}/egress/log?limit=0").json()
        self.assertEqual(log["entries"], [])
        self.assertGreaterEqual(log["total"], 1)
        self.assertEqual(self.home.api.get(f"{self.box.url}/egress/log?host=203.*").status, 400)

    def test_the_log_is_found_by_what_it_shows(self):
        self.assertRefused(self.curl("http://plain.example.org/found?x=1"))
        self.untilLogged(path="/found")
        for words in (("--text", "example.org/found?x"), ("--method", "get"),
                      ("--host", "*.example.org"), ("--host", "**.org")):
            with self.subTest(words=words):
                shown = self.home.must("egress", "log", self.box.name, *words).text
                self.assertIn("http://plain.example.org/found?x=1", shown)
        self.assertNotIn("/found", self.home.must("egress", "log", self.box.name, "--host",
                                                  "*.*.example.org").text)

    def test_generations_count_up_and_are_logged(self):
        self.setPolicy(DENY)
        first = self.generation()
        self.assertRefused(self.curl("http://plain.example.org/generation"))
        self.addRule("--host", "plain.example.org", "--action", "allow")
        self.assertEqual(self.generation(), first + 1)
        self.assertEqual(self.curl("http://plain.example.org/generation").status, 200)
        rows = self.untilLogged(2, path="/generation")
        self.assertEqual([row["generation"] for row in rows[-2:]], [first, first + 1])

    def test_show_is_a_file_that_can_be_set(self):
        self.setPolicy(OPEN)
        shown = self.home.must("egress", "show", self.box.name).text
        self.setPolicy(shown)
        self.assertEqual(self.home.must("egress", "show", self.box.name).text, shown)

    def test_a_timed_rule_ends(self):
        soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=3)
        self.setPolicy(DENY + f'[[rule]]\nid = "soon"\nhost = "plain.example.org"\naction = '
                              f'"allow"\n'
                       f"expires = {soon.strftime('%Y-%m-%dT%H:%M:%SZ')}\n")
        started = self.startCurl("http://plain.example.org/drip")
        held = self.internet.untilHeld()
        self.assertEqual(self.curl("http://plain.example.org/hello").status, 200)
        until(lambda: self.curl("http://plain.example.org/hello").status == 403,
              "the end of the rule", 8)
        until(lambda: not self.internet.connections(id=held["id"])[0]["open"], "the cut", CUT)
        self.finish(started)

    def test_a_rule_for_a_while(self):
        self.addRule("--host", "plain.example.org", "--action", "allow", "--for", "15m")
        self.assertEqual(self.curl("http://plain.example.org/hello").status, 200)
        rules = self.home.api.get(f"{self.box.url}/egress/policy").json()["rules"]
        left = datetime.datetime.fromisoformat(rules[0]["expires"].replace("Z", "+00:00")) \
            - datetime.datetime.now(datetime.timezone.utc)
        self.assertTrue(800 < left.total_seconds() <= 901, left)


class Changes(EgressCase):
    policy = OPEN

    def cut(self, isOpen, policy=DENY):
        """How long after the change the origin saw the end."""
        self.assertTrue(isOpen())
        self.setPolicy(policy)
        begin = time.monotonic()
        until(lambda: not isOpen(), "the cut", CUT + 3)
        self.assertLess(time.monotonic() - begin, CUT)

    def originSees(self, **fields):
        return lambda: any(one["open"] for one in self.internet.connections(**fields))

    def test_a_long_answer_is_cut(self):
        for base, origin in (("http://plain.example.org", "plain"),
                             ("https://echo.example.org", "echo")):
            for path in ("/drip", "/events", "/wait"):
                with self.subTest(base=base, path=path):
                    self.setPolicy(OPEN)
                    self.internet.clear()
                    started = self.startCurl(base + path)
                    self.internet.untilHeld()
                    self.cut(self.originSees(origin=origin))
                    _, body = self.finish(started, 5)
                    self.assertNotIn(b"abcdefghij", body)

    def test_a_download_at_full_speed_is_cut(self):
        started = self.startCurl("https://echo.example.org/bytes/100000000000", "-o", "/dev/null")
        until(lambda: any(one["sent"] > 1 << 20 for one in self.internet.connections()),
              "some bytes")
        self.cut(self.originSees(origin="echo"))
        self.finish(started, 5)
        self.assertNotEqual(self.untilLogged(host="echo.example.org")[-1]["bytes_in"], 0)

    def test_an_idle_stream_is_cut(self):
        script = ("import socket; s = socket.create_connection(('plain.example.org', %d)); "
                  "s.sendall(b'hi'); print(s.recv(9), flush=True)\n"
                  "try: print(s.recv(9))\n"
                  "except OSError as e: print(type(e).__name__)") % places.STREAM_PORT
        with self.box.openExec("python3", "-c", script) as running:
            until(lambda: self.internet.connections(origin="stream"), "the stream")
            self.cut(self.originSees(origin="stream"))
            words = b""
            while b"Reset" not in words and b"b''" not in words:
                message = running.receive()
                words += message[1:] if isinstance(message, bytes) else b""

    def test_an_idle_tunnel_is_cut(self):
        script = ("import socket, ssl\n"
                  "c = ssl.create_default_context(cafile='/root/ca.pem')\n"
                  "s = c.wrap_socket(socket.create_connection(('other.example.net', 443)),"
                  " server_hostname='other.example.net')\n"
                  "print('open', flush=True); print(s.recv(9))\n")
        self.box.put("/root/ca.pem", (self.internet.folder / "ca.crt").read_bytes())
        with self.box.openExec("python3", "-c", script):
            until(self.originSees(origin="other"), "the tunnel")
            self.cut(self.originSees(origin="other"))

    def test_an_open_web_socket_is_cut(self):
        for host, port, tls in (("plain.example.org", 80, "no"), ("echo.example.org", 443, "tls")):
            with self.subTest(host=host):
                self.setPolicy(OPEN)
                self.internet.clear()
                with self.box.openExec("python3", "-c", WEB_SOCKET + "say(b'x'); hear(); hear()",
                                       host, str(port), tls):
                    origin = host.split(".")[0]
                    until(lambda: self.internet.connections(origin=origin, webSocket=True), "it")
                    self.cut(self.originSees(origin=origin))

    def test_a_kept_connection_is_decided_anew(self):
        """No new connection is made for the second request, yet the new policy decides it."""
        script = ("import http.client, sys\n"
                  "c = http.client.HTTPConnection('plain.example.org')\n"
                  "c.request('GET', '/one'); r = c.getresponse(); r.read(); print(r.status, "
                  "flush=True)\n"
                  "sys.stdin.readline()\n"
                  "try: c.request('GET', '/two'); print(c.getresponse().status)\n"
                  "except Exception as e: print(type(e).__name__)\n")
        with self.box.openExec("python3", "-c", script) as running:
            until(lambda: self.internet.requests(target="/one"), "the first")
            self.setPolicy(DENY)
            running.sendBinary(b"\0\n")
            second = collect(running).out.split()[-1]
        self.assertIn(second, (b"403", b"RemoteDisconnected", b"ConnectionResetError"))
        self.assertEqual(self.internet.requests(target="/two"), [])

    def test_what_is_still_allowed_is_not_cut(self):
        started = self.startCurl("http://plain.example.org/drip")
        held = self.internet.untilHeld()
        self.setPolicy(DENY + rule(id="another-name", host="plain.example.org", path="/drip"))
        self.setPolicy(OPEN)
        self.internet.release(held)
        self.assertEqual(self.finish(started), (200, b"0123456789abcdefghij"))

    def test_a_method_or_path_that_is_no_longer_allowed_is_cut(self):
        started = self.startCurl("http://plain.example.org/drip")
        self.internet.untilHeld()
        self.cut(self.originSees(origin="plain"),
                 DENY + rule(host="plain.example.org", path="/other/**"))
        self.finish(started, 5)


class Lasting(EgressCase):
    policy = DENY + rule(id="mine", host="plain.example.org")

    def test_a_stopped_sandbox_keeps_its_policy(self):
        generation = self.generation()
        self.home.must("stop", self.box.name)
        self.assertIn('id = "mine"', self.home.must("egress", "show", self.box.name).text)
        self.assertEqual(self.generation(), generation)
        # And it may be changed while it does not run.
        self.setPolicy(self.policy + rule(id="more", host="echo.example.org"))
        self.assertEqual(self.home.json("show", self.box.name)["state"], "stopped")
        # By the same rules: there is no such secret.
        injected = rule(id="more", host="echo.example.org",
                        inject={"header": "Authorization", "value": "${secret:none-such}"})
        done = self.putPolicy(self.policy + injected)
        self.assertEqual(done.code, 125, done)
        self.assertIn(b'there is no secret "none-such"', done.err)
        self.home.must("start", self.box.name)
        self.assertEqual(self.curl("http://plain.example.org/hello").status, 200)
        self.assertEqual(self.curl("https://echo.example.org/hello").status, 200)
        self.assertRefused(self.curl("http://evil.example.net/hello"))
        self.assertGreater(self.generation(), generation)

    def test_a_timed_rule_ends_while_the_machine_sleeps(self):
        """Seen from a keeper whose clock has gone on by 20 minutes, of which the day's knows nothing."""
        if os.geteuid() != 0:
            self.skipTest("an offset of CLOCK_BOOTTIME (time_namespaces(7)) takes root")
        type(self).changed = True
        box = self.newBox("sleeper", DENY)
        for name, time in (("slept", "15m"), ("awake", "1h")):
            self.home.must("egress", "add", box.name, "--host", f"{name}.wild.example.org",
                           "--action", "allow", "--for", time)
        self.home.must("stop", box.name)
        self.home.killDaemon()
        subprocess.run(["unshare", "--time", "--fork", "--boottime", "1200",
                        CTL, "start", box.name],
                       env=self.home.environment, check=True, capture_output=True)
        try:
            self.assertRefused(self.curl("http://slept.wild.example.org/", box=box))
            self.assertEqual(self.curl("http://awake.wild.example.org/", box=box).status, 200)
        finally:
            self.home.must("rm", box.name)
            self.home.killDaemon()

    def test_a_policy_that_cannot_be_read(self):
        """It lets nothing start, and says what to do; a file that is gone is no new sandbox's."""
        box = self.newBox("unreadable", DENY)
        self.home.must("stop", box.name)
        file = self.home.path / "sandboxes" / box.show()["id"] / "policy.toml"
        for spoil in (file.unlink, lambda: file.write_text("default = ")):
            spoil()
            for words in (("start", box.name), ("egress", "show", box.name),
                          ("egress", "set", box.name, "--default", "allow")):
                with self.subTest(words=words):
                    done = self.home.ctl(*words)
                    self.assertEqual((done.code, done.err.count(b"\n")), (125, 1), done)
                    self.assertIn(b"egress set NAME FILE", done.err)
            self.home.must("egress", "set", box.name, "deny-all")
            self.home.must("start", box.name)
            self.assertRefused(self.curl("http://plain.example.org/x", box=box))
            self.home.must("stop", box.name)
        self.home.must("rm", box.name)

    def test_a_rule_for_the_session_is_for_one_that_runs(self):
        self.home.must("stop", self.box.name)
        words = ("egress", "add", self.box.name, "--host", "a.b", "--action", "allow", "--for")
        done = self.home.ctl(*words, "session")
        self.assertEqual((done.code, done.err.count(b"\n")), (125, 1), done)
        self.assertIn(b"does not run", done.err)
        type(self).changed = True
        self.home.must(*words, "always")
        self.home.must("start", self.box.name)
        self.home.must(*words, "session")

    def test_a_killed_keeper_s_sandbox_keeps_its_policy_and_log(self):
        self.assertEqual(self.curl("http://plain.example.org/before").status, 200)
        self.untilLogged(path="/before")
        processes.killAndWait(self.box.keeperPid())
        self.assertEqual(self.curl("http://plain.example.org/after").status, 200)
        self.assertRefused(self.curl("http://evil.example.net/hello"))
        self.assertEqual(len(self.untilLogged(path="/before")), 1)

    def test_new_sandboxes_ask(self):
        box = self.home.create("fresh")
        shown = self.home.api.get(f"{box.url}/egress/policy").json()
        self.assertEqual((shown["default"], shown["rules"]), ("ask", []))
        self.home.must("rm", "fresh")
