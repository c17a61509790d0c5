# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP/1.1 through the keeper, in clear and in TLS, is what it would be without."""

import functools
import hashlib
import json
import subprocess

from caisson_testing import processes
from caisson_testing.conditions import until
from caisson_testing.egress import DENY, EgressCase, rule
from caisson_testing.internet import digest, places

POLICY = DENY + rule(id="plain", host="plain.example.org", ports=[80, places.SPARE_PORT]) \
    + rule(id="echo", host="echo.example.org") + rule(id="nginx", host="secure.example.org")
BASES = ("http://plain.example.org", "https://echo.example.org")
MEGABYTE = 1 << 20

WEB_SOCKET = """
import base64, os, socket, ssl, struct, sys
host, port, tls = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "tls"
s = socket.create_connection((host, port), 10)
if tls: s = ssl.create_default_context().wrap_socket(s, server_hostname=host)
s.sendall((f"GET /socket HTTP/1.1\\r\\nHost: {host}\\r\\n"
           "Upgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
           f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\\r\\n"
           "Sec-WebSocket-Version: 13\\r\\n\\r\\n").encode())
f = s.makefile("rb")
print(f.readline().decode().split()[1], flush=True)
while f.readline() != b"\\r\\n": pass
def say(data):
    n = len(data)
    size = struct.pack("!B", 0x80 | n) if n < 126 else struct.pack("!BH", 0xFE, n) if n < 65536 \\
        else struct.pack("!BQ", 0xFF, n)
    s.sendall(b"\\x82" + size + bytes(4) + data)
def hear():
    n = f.read(2)[1]
    n = struct.unpack("!H", f.read(2))[0] if n == 126 else struct.unpack("!Q", f.read(8))[0] \\
        if n == 127 else n
    return f.read(n)
"""


def inClearAndInTls(test):
    """Calls test(self, base) for each."""
    @functools.wraps(test)
    def both(self):
        for base in BASES:
            with self.subTest(base=base):
                self.internet.clear()
                test(self, base)
    return both


class Http1(EgressCase):
    policy = POLICY

    @inClearAndInTls
    def test_what_arrives_is_what_was_sent(self, base):
        got = self.curl("-X", "POST", "-H", "X-Two: one", "-H", "X-Two: two", "-H", "Cookie: a=b",
                        "-d", "body text", f"{base}/echo?q=1&r=%20x").json()
        self.assertEqual((got["method"], got["target"], got["body"]),
                         ("POST", "/echo?q=1&r=%20x", "body text"))
        sent = [(name.lower(), value) for name, value in got["headers"]]
        self.assertIn(("cookie", "a=b"), sent)
        self.assertIn(("host", base.split("/")[2]), sent)
        self.assertEqual([value for name, value in sent if name == "x-two"], ["one", "two"])
        names = {name for name, _ in sent}
        # The origin is told nothing about who stands between.
        self.assertFalse(names & {"via", "forwarded", "x-forwarded-for", "x-forwarded-host",
                                  "proxy-connection", "x-real-ip"}, names)

    @inClearAndInTls
    def test_methods(self, base):
        for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "M-SEARCH"):
            self.assertEqual(self.curl("-X", method, f"{base}/echo").json()["method"], method)

    @inClearAndInTls
    def test_keep_alive_on_both_sides(self, base):
        done = self.curl(f"{base}/one", "-o", "/dev/null", "--next", "-sS", f"{base}/two", "-o",
                         "/dev/null", "-w", "\n%{http_code} %{http_version} %{num_connects} 0")
        self.assertEqual((done.status, done.connects), (200, 0), done)
        requests = self.internet.requests()
        self.assertEqual([seen["target"] for seen in requests], ["/one", "/two"])
        self.assertEqual(len({seen["connection"] for seen in requests}), 1)

    def test_pipelined_requests_are_answered_in_order(self):
        said = self.raw("GET /echo?1 HTTP/1.1\r\nHost: plain.example.org\r\n\r\n"
                        "GET /echo?2 HTTP/1.1\r\nHost: plain.example.org\r\nConnection: "
                        "close\r\n\r\n",
                        "plain.example.org")
        self.assertEqual(said.count(b"HTTP/1.1 200"), 2, said)
        self.assertLess(said.index(b"/echo?1"), said.index(b"/echo?2"))

    @inClearAndInTls
    def test_chunks_and_trailers_down(self, base):
        got = self.curl("-D", "-", "--raw", f"{base}/chunked")
        self.assertIn(b"chunk 4\n", got.body)
        self.assertIn(b"x-sum: five", got.body.lower())

    def test_chunks_and_trailers_up(self):
        said = self.raw("POST /upload HTTP/1.1\r\nHost: plain.example.org\r\nTransfer-Encoding: "
                        "chunked\r\n"
                        "Trailer: X-End\r\nConnection: close\r\n\r\n"
                        "3\r\nabc\r\n4\r\ndefg\r\n0\r\nX-End: yes\r\n\r\n", "plain.example.org")
        answer = json.loads(said.partition(b"\r\n\r\n")[2])
        self.assertEqual((answer["length"], answer["digest"]),
                         (7, hashlib.sha256(b"abcdefg").hexdigest()))
        self.assertEqual([name.lower() for name, _ in answer["trailers"]], ["x-end"])

    @inClearAndInTls
    def test_expect_continue(self, base):
        got = self.curl("-v", "-H", "Expect: 100-continue", "-d", "x" * 5000, f"{base}/upload")
        self.assertEqual(got.json()["length"], 5000)
        self.assertRegex(got.err, "< HTTP/(1.1|2) 100")

    def test_expect_continue_that_is_refused_sends_no_body(self):
        # The origin says no at once: after a 100 the half-closed sender would owe a body.
        said = self.raw("POST /refuse?nocontinue HTTP/1.1\r\nHost: plain.example.org\r\n"
                        "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n", "plain.example.org")
        self.assertRegex(said, rb"^HTTP/1.1 417 ")

    @inClearAndInTls
    def test_head_and_bodiless_answers(self, base):
        got = self.curl("-I", f"{base}/hello")
        self.assertEqual(got.status, 200)
        self.assertRegex(got.body.lower(), rb"content-length: \d\d")
        for status in (204, 304):
            self.assertEqual(self.curl(f"{base}/status/{status}").status, status)
        self.assertEqual(self.curl(f"{base}/close").body, b"until the end\n")
        self.assertEqual(self.curl(f"{base}/status/503").status, 503)

    def test_interim_answers(self):
        got = self.curl("-D", "-", f"{BASES[0]}/early")
        self.assertEqual((got.status, got.body.endswith(b"after the hints\n")), (200, True))

    @inClearAndInTls
    def test_events_come_at_once(self, base):
        with self.box.openExec("curl", "-sSN", f"{base}/events") as stream:
            came = b""
            while b"event 0" not in came:
                message = stream.receive()
                came += message[1:] if isinstance(message, bytes) else b""
            # The origin still holds the rest: what has come was not waited with.
            self.internet.release(self.internet.untilHeld())
            while b"event 1" not in came:
                message = stream.receive()
                came += message[1:] if isinstance(message, bytes) else b""

    def test_web_socket(self):
        script = WEB_SOCKET + ("import hashlib\n"
                               "for n in (1, 125, 126, 65535, 65536, 3000000):\n"
                               "    data = os.urandom(n); say(data); assert hear() == data, n\n"
                               "print('all')\n")
        for host, port, tls in (("plain.example.org", 80, "no"), ("echo.example.org", 443, "tls")):
            with self.subTest(host=host):
                self.assertEqual(self.inside(script, host, port, tls).split(), ["101", "all"])
        row = self.untilLogged(host="echo.example.org", path="/socket")[0]
        self.assertEqual((row["verdict"], row["status"]), ("allow", 101))
        self.assertGreater(row["bytes_in"], 3_000_000)

    @inClearAndInTls
    def test_much_down_and_up_is_whole(self, base):
        size = 64 * MEGABYTE + 12345
        for how in ("", "?chunked"):
            done = self.box.shell(f"curl -sS '{base}/bytes/{size}{how}' | sha256sum").split()
            self.assertEqual(done[0], digest(size), how)
        got = self.box.shell(f"head -c 20000000 /dev/zero | tr '\\0' 'z' | "
                             f"curl -sS -T - -X POST '{base}/upload'")
        self.assertEqual(json.loads(got)["digest"], hashlib.sha256(b"z" * 20_000_000).hexdigest())

    def test_a_slow_reader_holds_the_origin_up(self):
        size = 1 << 30
        script = ("import socket, sys\n"
                  "s = socket.create_connection(('plain.example.org', 80))\n"
                  f"s.sendall(b'GET /bytes/{size} HTTP/1.1\\r\\nHost: "
                  f"plain.example.org\\r\\n\\r\\n')\n"
                  "print(len(s.recv(10)), flush=True)\n"
                  "sys.stdin.read()\n")
        with self.box.openExec("python3", "-c", script) as running:
            until(lambda: self.internet.requests(), "the request")
            sent = 0

            def stands():
                nonlocal sent
                before, sent = sent, self.internet.connections()[0]["sent"]
                return 0 < before == sent
            until(lambda: stands(), "that the origin is held up")
            # What the sockets' buffers on the way hold, and nothing near the whole.
            self.assertLess(sent, 64 * MEGABYTE)
            self.assertLess(processes.proportionalMemory(self.box.keeperPid()), 60 * MEGABYTE)
            running.sendText({"type": "eof"})

    def test_a_sender_is_held_up_by_an_origin_that_does_not_read(self):
        script = ("import socket\n"
                  "s = socket.create_connection(('plain.example.org', 80))\n"
                  "s.sendall(b'POST /refuse?nocontinue HTTP/1.1\\r\\nHost: plain.example.org\\r\\n'"
                  "b'Content-Length: 500000000\\r\\n\\r\\n')\n"
                  "s.settimeout(3)\n"
                  "try:\n"
                  "    for _ in range(5000): s.sendall(bytes(100000))\n"
                  "except OSError: pass\n"
                  "print('held')\n")
        self.assertEqual(self.inside(script), "held")
        self.assertLess(processes.proportionalMemory(self.box.keeperPid()), 60 * MEGABYTE)

    @inClearAndInTls
    def test_an_answer_that_breaks_off_does_not_look_whole(self, base):
        for kind in ("cut", "cut-chunk"):
            self.assertNotEqual(self.curl(f"{base}/bad/{kind}").code, 0)

    def test_bad_answers_are_not_passed_on(self):
        for kind in ("two-lengths", "length-and-chunked", "bare-lf", "folded", "no-http",
                     "huge-head",
                     "space"):
            with self.subTest(kind=kind):
                got = self.curl("-D", "-", f"{BASES[0]}/bad/{kind}")
                self.assertEqual(got.status, 502, got.body[:300])
                self.assertNotIn(b"split", got.body)

    def test_an_origin_that_is_not_there(self):
        self.setPolicy(POLICY + rule(host="dead.example.org") + rule(host="no-such-name.example.org")
                       + rule(cidr="203.0.113.90/32"))
        for url in ("http://dead.example.org/", "http://no-such-name.example.org/",
                    "https://dead.example.org/", f"http://{places.DEAD}/"):
            with self.subTest(url=url):
                got = self.curl(url)
                self.assertEqual(got.status, 502, got)
                self.assertGreater(len(got.json()["why"]), 10)

    def test_another_port(self):
        self.assertEqual(self.curl(f"http://plain.example.org:{places.SPARE_PORT}/hello").status,
                         200)
        got = self.curl("http://plain.example.org:81/hello")
        self.assertNotEqual(got.status, 200)
        self.assertEqual(self.internet.strays(), [])

    def test_a_connection_of_the_pool_that_the_origin_has_closed(self):
        for _ in range(3):
            self.assertEqual(self.curl(f"{BASES[0]}/close").status, 200)
            self.assertEqual(self.curl(f"{BASES[0]}/hello").status, 200)

    def test_requests_of_http_1_0(self):
        said = self.raw("GET /hello HTTP/1.0\r\nHost: plain.example.org\r\n\r\n",
                        "plain.example.org")
        self.assertIn(b"hello from plain", said)

    def test_the_log_has_a_row_for_each(self):
        self.curl("-d", "12345", f"{BASES[1]}/upload?x=1")
        row = self.untilLogged(host="echo.example.org", path="/upload")[-1]
        self.assertEqual((row["verdict"], row["rule"], row["method"], row["scheme"], row["port"],
                          row["status"], row["bytes_out"]),
                         ("allow", "echo", "POST", "https", 443, 200, 5))
        self.assertGreater(row["bytes_in"], 20)
        self.assertGreater(row["ms"], 0)
        self.assertEqual(row["process"]["exe"], "/usr/bin/curl")
        har = json.loads(self.home.must("egress", "har", self.box.name).out)["log"]
        self.assertEqual(har["version"], "1.2")
        entry = [one for one in har["entries"] if "/upload?x=1" in one["request"]["url"]][-1]
        self.assertEqual((entry["request"]["method"], entry["response"]["status"]), ("POST", 200))

    def test_what_lasts_is_in_the_log_meanwhile(self):
        """A WebSocket was in the log when it had ended, so nobody saw one that was open."""
        script = WEB_SOCKET + "print('up', flush=True)\nsys.stdin.read()\ns.close()\n"
        follower = self.home.start("--json", "egress", "log", "-f", self.box.name, "--host",
                                   "echo.example.org", stdout=subprocess.PIPE)
        self.addCleanup(self.endProcess, follower)
        with self.box.openExec("python3", "-c", script, "echo.example.org", "443", "tls") as held:
            self.untilSaid(held, b"up")
            row = self.untilLogged(host="echo.example.org", path="/socket", flag="open")[-1]
            self.assertEqual((row["verdict"], row["status"], row["protocol"]),
                             ("allow", 101, "websocket"))
            until(lambda: json.loads(follower.stdout.readline())["id"] == row["id"], "its row")
            held.sendText({"type": "eof"})
        told = json.loads(follower.stdout.readline())
        self.assertEqual((told["id"], "flag" in told), (row["id"], False))
        self.assertGreater(told["ms"], row["ms"])
        rows = [one for one in self.log(path="/socket") if one["time"] == row["time"]]
        self.assertEqual([(one["id"], "flag" in one) for one in rows], [(row["id"], False)])
