# SPDX-License-Identifier: GPL-3.0-or-later
"""A request that the table wants asked about waits for a person, and becomes what was answered."""

import json

from caisson_testing import processes
from caisson_testing.conditions import until
from caisson_testing.egress import ASK, DENY, EgressCase, rule
from caisson_testing.home import collect
from caisson_testing.internet import places
from caisson_testing.pty_client import PtyClient

PLAIN = "http://plain.example.org"


class Answers(EgressCase):
    policy = ASK

    def setUp(self):
        super().setUp()
        self.setPolicy(ASK)

    def rules(self):
        return self.home.api.get(f"{self.box.url}/egress/policy").json()["rules"]

    def ask(self, url, *words):
        started = self.startCurl(url, *words)
        return started, self.untilPrompt()

    def test_allowed_once(self):
        started, prompt = self.ask(f"{PLAIN}/once?q=1")
        self.assertEqual((prompt["method"], prompt["url"], prompt["count"]),
                         ("GET", f"{PLAIN}/once?q=1", 1))
        self.assertGreater(prompt["deadline"], prompt["since"])
        # Nothing has gone out while it waits, not even the name.
        self.assertNothingLeft()
        self.assertIsNone(started.poll())
        self.assertEqual(self.answer(prompt, "allow").code, 0)
        self.assertEqual(self.finish(started), (200, b"hello from plain\n"))
        self.assertEqual(self.rules(), [])
        self.assertEqual(self.prompts(), [])
        row = self.untilLogged(path="/once")[-1]
        self.assertEqual((row["verdict"], row["rule"]), ("allow", f"prompt:{prompt['id']}"))
        self.assertGreater(row["ms"], 1)
        # The next one asks again.
        again, prompt = self.ask(f"{PLAIN}/once?q=1")
        self.answer(prompt, "deny")
        self.finish(again)

    def test_an_address_of_this_host(self):
        """Who allows one was shown it; the rule that comes of it says private, and holds."""
        started, prompt = self.ask(f"http://{places.HOUSE4}/")
        self.assertTrue(prompt["private"])
        self.answer(prompt, "allow", "--for", "always")
        self.assertEqual(self.finish(started)[0], 502)  # it was dialled, and nobody listens
        self.assertEqual([rule["private"] for rule in self.rules()], [True])
        self.assertEqual(self.curl(f"http://{places.HOUSE4}/").status, 502)

    def test_denied_once(self):
        started, prompt = self.ask("https://echo.example.org/denied")
        self.assertEqual(self.answer(prompt, "deny").code, 0)
        status, body = self.finish(started)
        self.assertEqual(status, 403)
        self.assertEqual(json.loads(body)["rule"], f"prompt:{prompt['id']}")
        self.assertNothingLeft()
        self.assertEqual(self.rules(), [])

    def test_each_scope(self):
        for scope, allowed, asked in (
                ("request", ["/a/b"], ["/a", "/a/b?q", "/a/b/c", "/other"]),
                ("path", ["/a/b", "/a/b/c"], ["/a", "/other"]),
                ("host", ["/a/b", "/other"], []),
                ("domain", ["/a/b", "/other"], [])):
            with self.subTest(scope=scope):
                self.setPolicy(ASK)
                started, prompt = self.ask(f"{PLAIN}/a/b")
                self.answer(prompt, "allow", "--scope", scope, "--for", "always")
                self.assertEqual(self.finish(started)[0], 200)
                self.assertEqual(len(self.rules()), 1)
                # What it does not reach is asked about still: a table that denies shows it at once.
                self.home.api.call("PATCH", f"{self.box.url}/egress/policy", {"default": "deny"})
                self.assertEqual([self.curl(PLAIN + path).status for path in allowed],
                                 [200] * len(allowed))
                self.assertEqual([self.curl(PLAIN + path).status for path in asked],
                                 [403] * len(asked))
                self.assertEqual(self.curl("-X", "POST", f"{PLAIN}/a/b").status,
                                 403 if scope in ("request", "path") else 200)
                self.assertEqual(self.curl("http://echo.example.org/a/b").status,
                                 200 if scope == "domain" else 403)

    def test_denied_for_always_is_a_rule(self):
        started, prompt = self.ask(f"{PLAIN}/x")
        self.answer(prompt, "deny", "--scope", "host", "--for", "always")
        self.assertEqual(self.finish(started)[0], 403)
        made = self.rules()[0]
        self.assertEqual((made["action"], made["host"]), ("deny", "plain.example.org"))
        self.assertRefused(self.curl(f"{PLAIN}/y"), made["id"])

    def test_each_duration(self):
        for duration in ("process", "15m", "session", "always"):
            with self.subTest(duration=duration):
                self.setPolicy(ASK)
                started, prompt = self.ask(f"{PLAIN}/a")
                self.answer(prompt, "allow", "--scope", "host", "--for", duration)
                self.assertEqual(self.finish(started)[0], 200)
                if duration == "process":  # it has ended
                    until(lambda: self.rules() == [], "the end of the rule", 5)
                    continue
                self.assertEqual(len(self.rules()), 1)
                self.assertEqual(bool(self.rules()[0].get("expires")), duration == "15m")
                self.assertEqual(self.curl(f"{PLAIN}/b").status, 200)
        # What was to last until the sandbox stops does; what was for always stays.
        self.setPolicy(ASK)
        for path, scope, duration in (("/s", "path", "session"), ("/k", "path", "always")):
            started, prompt = self.ask(PLAIN + path)
            self.answer(prompt, "allow", "--scope", scope, "--for", duration)
            self.finish(started)
        self.home.must("stop", self.box.name)
        self.home.must("start", self.box.name)
        self.assertEqual([made["path"].split("/")[1] for made in self.rules()], ["k"])

    def test_for_the_process_means_that_process(self):
        script = ("import sys, urllib.request\n"
                  "for _ in range(3): print(urllib.request.urlopen('%s/mine').status, flush=True)\n"
                  "sys.stdin.read()\n") % PLAIN
        with self.box.openExec("python3", "-c", script) as running:
            prompt = self.untilPrompt()
            self.answer(prompt, "allow", "--scope", "host", "--for", "process")
            said = b""
            while said.count(b"200") < 3:
                message = running.receive()
                said += message[1:] if isinstance(message, bytes) else b""
            other, prompt = self.ask(f"{PLAIN}/mine")  # another process of another program
            self.answer(prompt, "deny")
            self.assertEqual(self.finish(other)[0], 403)
            self.assertEqual(len(self.rules()), 1)
            running.sendText({"type": "eof"})
        until(lambda: self.rules() == [], "the end of the rule with its process", 5)

    def test_the_same_from_many_processes_is_one_prompt(self):
        script = ("import subprocess\n"
                  "p = [subprocess.Popen(['curl', '-s', '-o', '/dev/null', '-w', '%{http_code} ',"
                  " 'http://plain.example.org/same']) for _ in range(20)]\n"
                  "for one in p: one.wait()\n")
        with self.box.openExec("python3", "-c", script) as running:
            prompt = self.untilPrompt(lambda prompt: prompt["count"] == 20)
            self.assertEqual(len(self.prompts()), 1)
            self.assertEqual(self.answer(prompt, "allow").code, 0)
            self.assertEqual(collect(running).out.split(), [b"200"] * 20)
        self.assertEqual(len(self.internet.requests(target="/same")), 20)

    def test_what_differs_is_another_prompt(self):
        for words in ((f"{PLAIN}/a",), (f"{PLAIN}/b",), ("-X", "POST", f"{PLAIN}/a"),
                      ("https://echo.example.org/a",)):
            self.startCurl(*words)
        until(lambda: len(self.prompts()) == 4, "four prompts", 10)
        for prompt in self.prompts():
            self.answer(prompt, "deny")

    def test_one_answer_may_settle_others(self):
        """A rule that an answer makes decides what else waits and fits it."""
        first = self.startCurl(f"{PLAIN}/a")
        second = self.startCurl(f"{PLAIN}/b")
        until(lambda: len(self.prompts()) == 2, "two prompts", 10)
        self.answer(self.prompts()[0], "allow", "--scope", "host", "--for", "always")
        self.assertEqual([self.finish(one)[0] for one in (first, second)], [200, 200])
        self.assertEqual(self.prompts(), [])

    def test_a_new_policy_settles_what_waits(self):
        started, prompt = self.ask(f"{PLAIN}/a")
        self.setPolicy(DENY)
        self.assertEqual(self.finish(started, 5)[0], 403)
        self.assertEqual(self.prompts(), [])
        # Nobody answered: who does so now is told what decided.
        late = self.answer(prompt, "allow")
        self.assertEqual(late.code, 125)
        self.assertIn(b"the policy was changed meanwhile", late.err)

    def test_the_prompt_goes_with_the_last_who_waits(self):
        """A killed process's prompt may stay, greyed, but nobody is asked to decide on it."""
        script = ("import subprocess, sys\n"
                  "p = [subprocess.Popen(['curl', '-s', 'http://plain.example.org/gone'])"
                  " for _ in range(2)]\n"
                  "print('up', flush=True)\n"
                  "for one in p:\n"
                  "    sys.stdin.readline(); one.kill(); one.wait()\n"
                  "sys.stdin.read()\n")
        with self.box.openExec("python3", "-c", script) as running:
            prompt = self.untilPrompt(lambda prompt: prompt["count"] == 2)
            running.sendBinary(b"\0\n")
            self.untilPrompt(lambda prompt: prompt["count"] == 1)
            running.sendBinary(b"\0\n")
            until(lambda: not [one for one in self.prompts() if one["count"] > 0], "nobody waiting",
                  5)
            done = self.answer(prompt, "allow")
            self.assertEqual(done.code, 125)
            self.assertGreater(len(done.err), 10)
            running.sendText({"type": "eof"})
        self.assertNothingLeft()

    def test_an_answer_undoes_no_rule_above_the_one_that_asked(self):
        self.setPolicy(ASK + rule(id="no", host="plain.example.org", path="/secret/**",
                                  action="deny")
                       + rule(id="asks", host="plain.example.org", path="/a/**", action="ask")
                       + rule(id="other", host="echo.example.org"))
        for path, expected in (("/a/x", "no new asks other"), ("/b", "no new asks other new")):
            waits = self.startCurl(f"{PLAIN}{path}")
            self.answer(self.untilPrompt(), "allow", "--scope", "path" if path == "/a/x" else "host",
                        "--for", "always")
            self.assertEqual(self.finish(waits)[0], 200)
            rules = self.home.api.get(f"{self.box.url}/egress/policy").json()["rules"]
            self.assertEqual([each["id"] if each["id"] in expected else "new" for each in rules],
                             expected.split())
        self.assertRefused(self.curl(f"{PLAIN}/secret/x"), "no")

    def test_who_has_said_all_waits_and_who_has_closed_does_not(self):
        """Both end their side of the connection, and both processes live on."""
        script = ("import socket, sys\n"
                  "s = socket.create_connection(('plain.example.org', 80))\n"
                  "s.sendall(b'GET /hello HTTP/1.1\\r\\nHost: plain.example.org\\r\\n'\n"
                  "          b'Connection: close\\r\\n\\r\\n')\n"
                  "if sys.argv[1] == 'close': s.close(); sys.stdin.read()\n"
                  "else: s.shutdown(socket.SHUT_WR); print(s.makefile('rb').readline().decode())\n")
        with self.box.openExec("python3", "-c", script, "finish") as finished:
            prompt = self.untilPrompt(lambda prompt: prompt["url"].endswith("/hello"))
            self.answer(prompt, "allow")
            self.untilSaid(finished, b"HTTP/1.1 200 OK")
        with self.box.openExec("python3", "-c", script, "close") as closed:
            until(lambda: [row for row in self.log() if "gave up" in row["why"]], "its row", 5)
            self.assertEqual([one for one in self.prompts() if one["count"] > 0], [])
            closed.sendText({"type": "eof"})

    def test_the_second_answer_is_told(self):
        started, prompt = self.ask(f"{PLAIN}/two")
        self.assertEqual(self.answer(prompt, "deny").code, 0)
        late = self.answer(prompt, "allow", "--for", "always")
        self.assertEqual(late.code, 125)
        self.assertRegex(late.err.decode(), "(?i)answer|denied|gone|no prompt|no longer")
        self.assertEqual(self.finish(started)[0], 403)
        self.assertEqual(self.rules(), [])
        self.assertNothingLeft()

    def test_wrong_answers_are_refused(self):
        started, prompt = self.ask(f"{PLAIN}/w")
        for words in (("perhaps",), ("allow", "--scope", "world"), ("allow", "--for", "3 days")):
            self.assertIn(self.answer(prompt, *words).code, (2, 125))
        # What lets a request go on is about that request, for once, too.
        for methods, says in (("POST", b"is GET"), ("B D", b"no HTTP method")):
            for duration in ("once", "always"):
                done = self.answer(prompt, "allow", "--methods", methods, "--for", duration)
                self.assertEqual(done.code, 125, done)
                self.assertIn(says, done.err)
        self.assertEqual([one["id"] for one in self.prompts()], [prompt["id"]])
        self.assertEqual(self.answer({"id": "none-such"}, "allow").code, 125)
        self.answer(prompt, "deny")
        self.finish(started)

    def test_streams_ask_too(self):
        script = ("import socket; s = socket.create_connection(('plain.example.org', %d), 20); "
                  "s.sendall(b'hi\\n'); s.settimeout(20); print(s.recv(9).decode().strip())") % places.STREAM_PORT
        with self.box.openExec("python3", "-c", script) as running:
            prompt = self.untilPrompt()
            self.assertEqual((prompt["method"], prompt["host"], prompt["port"]),
                             ("", "plain.example.org", places.STREAM_PORT))
            self.assertNothingLeft()
            self.answer(prompt, "allow", "--scope", "host")
            self.assertEqual(collect(running).out, b"hi\n")

    def test_a_body_waits_with_its_request(self):
        started, prompt = self.ask(f"{PLAIN}/upload", "-d", "much " * 20000)
        self.assertNothingLeft()
        self.answer(prompt, "allow")
        status, body = self.finish(started)
        self.assertEqual((status, json.loads(body)["length"]), (200, 100000))

    def test_a_terminal_is_told_that_a_request_waits(self):
        with PtyClient(self.home, "exec", self.box.name, "--", "curl", "-sS", f"{PLAIN}/told",
                       cols=200) as client:
            prompt = self.untilPrompt()
            said = client.expect(prompt["id"].encode())
            self.assertIn(b"plain.example.org", said + client.seen)
            client.expect(b"answer") if b"answer" not in said + client.seen else None
            self.answer(prompt, "allow")
            client.expect(b"hello from plain")
            self.assertEqual(client.wait(), 0)

    def test_who_leaves_a_terminal_is_told_what_waits_in_it(self):
        """While it is shown, a line would stand in the middle of what is drawn there."""
        with PtyClient(self.home, "sh", self.box.name, cols=200) as client:
            client.expect(b"# ")
            client.type(f"curl -s {PLAIN}/from-the-shell\n".encode())
            prompt = self.untilPrompt()
            self.assertNotIn(b"and waits", client.seen)
            client.type(b"\x1d")
            client.expect(b"goes on")
            self.assertEqual(client.wait(), 0)
            said = client.seen.decode()
            self.assertIn(f'"curl" wants to GET {PLAIN}/from-the-shell and waits', said)
            self.assertIn(f"egress answer {self.box.name} {prompt['id']} allow|deny", said)
        self.answer(prompt, "deny")

    def test_events_tell_of_prompts(self):
        with self.home.api.stream("/v1/events") as events:
            started, prompt = self.ask(f"{PLAIN}/events-of-prompts")
            seen = []
            while "prompt.created" not in seen:
                seen.append(next(events)[1])
            self.answer(prompt, "deny")
            while "prompt.removed" not in seen:
                seen.append(next(events)[1])
            self.finish(started)

    def test_a_killed_caissond_loses_no_prompt(self):
        with self.box.openExec("curl", "-sS", f"{PLAIN}/survives") as running:
            prompt = self.untilPrompt()
            self.home.killDaemon()
            self.home.must("ls")  # another one runs
            self.assertEqual([one["id"] for one in self.prompts()], [prompt["id"]])
            self.answer(prompt, "allow")
            self.assertEqual(collect(running).out, b"hello from plain\n")

    def test_who_has_gone_behind_a_large_body_is_gone(self):
        script = ("import socket\n"
                  "s = socket.create_connection(('plain.example.org', 80))\n"
                  "s.sendall(b'POST /large HTTP/1.1\\r\\nHost: plain.example.org\\r\\n'\n"
                  "          b'Content-Length: 10000000\\r\\n\\r\\n')\n"
                  "s.setblocking(False)\n"
                  "try:\n"
                  "    while True: s.send(b'a' * 65536)\n"
                  "except BlockingIOError: print('full', flush=True)\n"
                  "import sys; sys.stdin.read()\n")
        with self.box.openExec("python3", "-c", script) as running:
            self.untilSaid(running, b"full")
            prompt = self.untilPrompt(lambda one: "/large" in one["url"])
            running.sendText({"type": "eof"})
        until(lambda: not self.prompts(), "nobody waiting", 10)
        done = self.home.ctl("egress", "answer", self.box.name, prompt["id"], "allow")
        self.assertEqual(done.code, 125, done)
        self.assertNothingLeft()

    def test_with_no_client_it_waits(self):
        started, prompt = self.ask(f"{PLAIN}/unseen")
        started.kill()  # the caissonctl: the exec's tree goes with it, and so the prompt
        until(lambda: not [one for one in self.prompts() if one["count"] > 0], "nobody waiting", 10)
        self.box.shell(f"curl -s -o /root/came {PLAIN}/left-behind >/dev/null 2>&1 &")
        prompt = self.untilPrompt(lambda one: "left-behind" in one["url"])
        self.answer(prompt, "allow")
        until(lambda: self.box.exec("cat", "/root/came").out == b"hello from plain\n", "the answer")


class TimeLimit(EgressCase):
    policy = ASK
    variables = {"CAISSON_PROMPT_SECONDS": "2"}

    def test_nobody_answers(self):
        got = self.curl(f"{PLAIN}/late")
        self.assertEqual(got.status, 403, got)
        self.assertTrue(2 <= got.seconds < 6, got.seconds)
        self.assertRegex(got.json()["why"], "(?i)answer|time")
        self.assertNothingLeft()
        shown = self.home.api.get(f"{self.box.url}/egress/policy").json()
        self.assertEqual(shown["rules"], [])
        self.assertEqual(self.prompts(), [])
        # It was that once: the next one asks.
        started = self.startCurl(f"{PLAIN}/late")
        self.answer(self.untilPrompt(), "allow")
        self.assertEqual(self.finish(started)[0], 200)


class Flood(EgressCase):
    policy = ASK
    maxDiff = None
    HOSTS = 10000
    WAIT = 200  # prompts; what is asked beyond them is denied at once

    def test_one_that_holds_thousands_leaves_others_room(self):
        script = ("import resource, select, socket, sys\n"
                  "resource.setrlimit(resource.RLIMIT_NOFILE, (4400, 4400))\n"
                  "held, poll = {}, select.poll()\n"
                  "for n in range(4200):\n"
                  "    s = socket.socket()\n"
                  "    try: s.connect(('203.0.113.10', 80))\n"
                  "    except OSError: continue\n"
                  "    held[s.fileno()] = s; poll.register(s, select.POLLIN)\n"
                  "while len(held) > 4096:\n"
                  "    for fd, _ in poll.poll():\n"
                  "        try: assert held[fd].recv(9) == b'never'\n"
                  "        except ConnectionResetError: poll.unregister(fd); del held[fd]\n"
                  "print(len(held), flush=True)\n"
                  "sys.stdin.read()\n")
        with self.box.openExec("python3", "-c", script) as flood:
            self.assertEqual(self.untilSaid(flood, b"\n").strip(), b"4096")
            row = self.untilLogged(host="203.0.113.10", verdict="deny")[-1]
            self.assertEqual(row["why"], "Its process has 4096 connections open.")
            started = self.startCurl(f"{PLAIN}/beside")
            self.answer(self.untilPrompt(lambda one: "beside" in one["url"]), "allow")
            self.assertEqual(self.finish(started)[0], 200)
            flood.sendText({"type": "eof"})

    def test_thousands_of_hosts_are_bounded(self):
        script = ("import asyncio, os, resource, socket, sys\n"
                  "hosts, wait = int(sys.argv[1]), int(sys.argv[2])\n"
                  "async def one(n, room):\n"
                  "    async with room:\n"
                  "        while True:\n"
                  # With this much to do the keeper may name an address too late for a resolver.
                  "            try: r, w = await asyncio.open_connection(f'h{n}.example.org', 80,"
                  " family=socket.AF_INET); break\n"
                  "            except socket.gaierror as e: assert e.errno == socket.EAI_AGAIN, e\n"
                  "        w.write(f'GET / HTTP/1.1\\r\\nHost: h{n}.example.org\\r\\n'\n"
                  "                'Connection: close\\r\\n\\r\\n'.encode())\n"
                  "        said = await r.read(); w.close(); return said\n"
                  "async def main():\n"
                  "    room = asyncio.Semaphore(2000)\n"
                  "    tasks = [asyncio.ensure_future(one(n, room)) for n in range(hosts)]\n"
                  "    denied = 0\n"
                  "    for done in asyncio.as_completed(tasks):\n"
                  "        said = await done\n"
                  "        assert b' 403 ' in said and b'Too many' in said, said\n"
                  "        denied += 1\n"
                  "        if denied % 500 == 0: print(end='.', flush=True)\n"
                  "        if denied == hosts - wait: break\n"
                  "    print(denied, sum(not t.done() for t in tasks), flush=True)\n"
                  "    sys.stdin.read(); os._exit(0)\n"
                  "resource.setrlimit(resource.RLIMIT_NOFILE, (4000, 4000))\n"
                  "asyncio.run(main())\n")
        with self.box.openExec("python3", "-c", script, str(self.HOSTS), str(self.WAIT)) as flood:
            said = self.untilSaid(flood, b"\n")
            # Some wait for the person, what is too much was refused at once; nothing was let out.
            self.assertEqual(said.strip(b".\n").split(), [b"%d" % (self.HOSTS - self.WAIT), b"%d" % self.WAIT])
            listed = self.home.api.get(f"{self.box.url}/egress/prompts").json()
            self.assertEqual((len(listed["prompts"]), listed["dropped"]),
                             (self.WAIT, self.HOSTS - self.WAIT))
            self.assertNothingLeft()
            self.assertLess(processes.proportionalMemory(self.box.keeperPid()), 150 << 20)
            flood.sendText({"type": "eof"})
        until(lambda: not self.prompts(), "nobody waiting")
        # The keeper is fine, and so is the next to ask.
        started = self.startCurl(f"{PLAIN}/after")
        self.answer(self.untilPrompt(lambda one: "after" in one["url"]), "allow")
        self.assertEqual(self.finish(started)[0], 200)
