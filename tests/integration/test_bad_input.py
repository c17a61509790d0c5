# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input of any kind gets the contract's error, and costs neither memory nor the service."""

import contextlib
import json
import os
import socket
import unittest

from caisson_testing import processes
from caisson_testing.cases import SandboxCase
from caisson_testing.conditions import until
from caisson_testing.http import Closed, Refused

MEGABYTE = 1 << 20
# What one request may cost for a while: a body of at most 1 MiB, as a tree of small JSON values.
PASSING = 64 * MEGABYTE


class BadInputCase(SandboxCase):
    def setUp(self):
        self.api = self.home.api
        self.daemon = self.home.daemonPid()
        self.keeper = self.box.keeperPid()
        self.before = {pid: processes.peakMemory(pid) for pid in (self.daemon, self.keeper)}

    def tearDown(self):
        super().tearDown()
        self.assertEqual(self.api.get("/health").json()["pid"], self.daemon)
        self.assertEqual(self.box.keeperPid(), self.keeper)
        for pid, peak in self.before.items():
            self.assertLess(processes.peakMemory(pid) - peak, 24 * MEGABYTE, f"memory of {pid}")

    def assertError(self, answer, status, code):
        self.assertEqual((answer.status, answer.code), (status, code), answer)
        body = answer.json()
        self.assertEqual(set(body), {"error", "code", "detail"})
        self.assertTrue(body["error"])

    def rawStatus(self, data):
        answer = self.api.raw(data, 15)
        if not answer:
            return None
        head, _, body = answer.partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 "), answer[:200])
        return int(head.split()[1])


class Bodies(BadInputCase):
    def postTo(self):
        """Routes of the daemon and of the keeper that take JSON."""
        return ("/v1/sandboxes", f"{self.box.url}/exec", f"{self.box.url}/terminals",
                f"{self.box.url}/files/workspace/x")

    def test_no_json(self):
        for body in (b"", b"{", b"nonsense", b"\xff\xfe", b"{} {}", b"[1,]", b'{"a":}', b"\0",
                     b'{"argv":["true"]', b"NaN", b"'{}'"):
            for target in self.postTo():
                if body == b"" and target.endswith(("terminals", "sandboxes")):
                    continue  # everything about these may be left out
                with self.subTest(body=body, target=target):
                    self.assertError(self.api.post(target, body), 400, "bad_request")

    def test_json_of_another_shape(self):
        for body in ([], "text", 5, None, True):
            for target in self.postTo():
                with self.subTest(body=body, target=target):
                    self.assertError(self.api.post(target, json.dumps(body).encode()), 400,
                                     "bad_request")

    def test_unknown_fields(self):
        for target, body in (("/v1/sandboxes", {"name": "x", "colour": "red"}),
                             (f"{self.box.url}/exec", {"argv": ["true"], "colour": "red"}),
                             (f"{self.box.url}/terminals", {"colour": "red"}),
                             (f"{self.box.url}/files/x", {"action": "mkdir", "colour": "red"}),
                             ("/v1/sandboxes", {"name": "x", "limits": {"colour": "red"}})):
            answer = self.api.post(target, body)
            self.assertError(answer, 400, "bad_request")
            self.assertIn("colour", answer.json()["error"])

    def test_wrong_types(self):
        for body in ({"argv": "true"}, {"argv": [1]}, {"argv": ["true"], "timeout_ms": "5"},
                     {"argv": ["true"], "timeout_ms": 1e300}, {"argv": ["true"], "env": []},
                     {"argv": ["true"], "timeout_ms": -5}, {"argv": []}, {"argv": [""]},
                     {"argv": ["true"], "tty": "yes"}, {"argv": ["a\0b"]},
                     {"argv": ["true"], "env": {"A=B": "c"}}, {"argv": ["true"], "env": {"": "c"}}):
            with self.subTest(body=body):
                self.assertError(self.api.post(f"{self.box.url}/exec", body), 400, "bad_request")

    def test_depth(self):
        for deep in (b"[" * 100000 + b"]" * 100000, b'{"a":' * 100000 + b"1" + b"}" * 100000,
                     b"[" * 100000, b'{"env":' * 100000, b'{"argv":' + b"[" * 100000):
            for target in self.postTo():
                self.assertError(self.api.post(target, deep), 400, "bad_request")

    def test_size(self):
        for target in self.postTo():
            answer = self.api.post(target, b'{"name":"' + b"x" * 20 * MEGABYTE + b'"}')
            self.assertIn(answer.status, (413, 400))

    def test_size_in_pieces(self):
        """A body whose length is not said ends at the limit, not in memory."""
        for target in ("/v1/sandboxes", f"{self.box.url}/exec"):
            with self.api.open() as connection:
                connection.sendall(f"POST {target} HTTP/1.1\r\nHost: x\r\n"
                                   "Transfer-Encoding: chunked\r\n\r\n".encode())
                piece = b"100000\r\n" + b"x" * MEGABYTE + b"\r\n"
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    for _ in range(100):
                        connection.sendall(piece)
                with contextlib.suppress(ConnectionResetError):
                    self.assertIn(connection.recv(100)[:12], (b"HTTP/1.1 413", b""))

    def test_many_small_values(self):
        body = json.dumps({"argv": ["x"] * 200000}).encode()
        self.assertIn(self.api.post(f"{self.box.url}/exec", body).status, (200, 400, 413, 422))

    def test_not_built(self):
        for field, value in (("from", "snapshot"), ("policy", "x"), ("sleep_after", "10m"),
                             ("disk", "4g"), ("image", "debian:13"), ("runtime", "runsc")):
            answer = self.api.post("/v1/sandboxes", {"name": "x", field: value})
            with self.subTest(field=field):
                self.assertIn(answer.status, (501, 400))


class Names(BadInputCase):
    def test_names_of_sandboxes(self):
        for name in ("a/b", "..", ".", "a b", "UPPER", "\u00e9", "-a", "a-", "x" * 64, "a\0b", "a\n",
                     "a.b", "a_b", "012345abcdef", "../../etc"):
            with self.subTest(name=name):
                self.assertError(self.api.post("/v1/sandboxes", {"name": name}), 400,
                                 "invalid_name")
                self.assertError(self.api.call("PATCH", self.box.url, {"name": name}), 400,
                                 "invalid_name")
        self.assertEqual([one["name"] for one in self.home.json("ls")], ["box"])

    def test_names_in_paths(self):
        for name in ("..", "%2e%2e", "a%2fb", "..%2f..", "none", "%00", "%zz", "box%20"):
            for method, below in (("GET", ""), ("DELETE", ""), ("POST", "/start"), ("POST", "/stop"),
                                  ("GET", "/files/etc/hostname")):
                answer = self.api.call(method, f"/v1/sandboxes/{name}{below}")
                with self.subTest(name=name, method=method, below=below):
                    self.assertIn(answer.status, (400, 404), answer)

    def test_taken(self):
        self.assertError(self.api.post("/v1/sandboxes", {"name": "box"}), 409, "exists")

    def test_names_of_terminals(self):
        for name in ("t0-1", "t1-", "t1-99", "x", "..%2f", "t1-1%00", "t99999999999999999999-1"):
            answer = self.api.call("PATCH", f"{self.box.url}/terminals/{name}", {"title": "x"})
            self.assertIn(answer.status, (400, 404, 410))

    def test_titles_of_terminals(self):
        for title in ("x" * 257, "two\nlines", "nul\0"):
            self.assertError(self.api.post(f"{self.box.url}/terminals", {"title": title}), 400,
                             "bad_request")
        terminal = self.box.openTerminal("sleep", "1000")["id"]
        answer = self.api.call("PATCH", f"{self.box.url}/terminals/{terminal}", {"title": "\x1b]"})
        self.assertError(answer, 400, "bad_request")

    def test_mounts(self):
        for mount in ({"source": "relative", "target": "/x"}, {"source": "/none", "target": "/x"},
                      {"source": "/tmp", "target": "relative"}, {"source": "/tmp", "target": "/"},
                      {"source": "/tmp", "target": "/a/../../x"}, {"source": "/tmp"},
                      {"source": "/tmp", "target": "/proc"}, {"source": "/tmp", "target": "/x\0y"}):
            answer = self.api.post("/v1/sandboxes", {"name": "mounted", "mounts": [mount]})
            with self.subTest(mount=mount):
                self.assertIn(answer.status, (400, 403, 404, 409), answer)
        self.assertEqual([one["name"] for one in self.home.json("ls")], ["box"])

    def test_limits(self):
        for limits in ({"memory": -1}, {"pids": -1}, {"cpus": -1}, {"cpus": "many"},
                       {"memory": 10**30}, {"pids": 1.5}):
            answer = self.api.post("/v1/sandboxes", {"name": "limited", "limits": limits})
            with self.subTest(limits=limits):
                self.assertError(answer, 400, "bad_request")


class Requests(BadInputCase):
    def test_unknown_routes(self):
        for target in ("/", "/v1", "/v2/sandboxes", "/v1/sandboxes/", f"{self.box.url}/none", "/v1//",
                       f"{self.box.url}/terminals/t1-1/more", "/v1/sandboxes/../../health"):
            self.assertError(self.api.get(target), 404, "not_found")

    def test_methods(self):
        answer = self.api.call("DELETE", "/v1/sandboxes")
        self.assertError(answer, 405, "method_not_allowed")
        self.assertIn("GET", answer.json()["detail"]["allow"])
        self.assertError(self.api.call("PUT", f"{self.box.url}/exec", b""), 405,
                         "method_not_allowed")

    def test_unknown_parameters(self):
        self.assertError(self.api.get("/v1/sandboxes?colour=red"), 400, "bad_request")
        self.assertError(self.api.get(f"{self.box.url}/tree/?colour=red"), 400, "bad_request")

    def test_flags(self):
        for value in ("zz", "2", "yes", ""):
            self.assertError(self.api.get(f"{self.box.url}/tree/?stat={value}"), 400, "bad_request")
        for value in ("?stat", "?stat=1", "?stat=true"):
            self.assertEqual(len(self.api.get(f"{self.box.url}/tree/{value}").json()["entries"]), 1)

    def test_a_body_where_none_is_taken(self):
        for verb in ("start", "stop"):
            for body in (b"{bad", b'{"x": 1}', b"[]", b"null", b"x"):
                self.assertError(self.api.call("POST", f"{self.box.url}/{verb}", body), 400,
                                 "bad_request")
        for body in (b"", b"{}", b" { }\n"):
            self.assertEqual(self.api.call("POST", f"{self.box.url}/start", body).status, 200)

    def test_large_heads(self):
        filler = b"x" * 10 * MEGABYTE
        for data in (b"GET /" + filler + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                     b"GET /health HTTP/1.1\r\nHost: x\r\nX: " + filler + b"\r\n\r\n",
                     filler, b"GET /health HTTP/1.1\r\n" + b"A: b\r\n" * (MEGABYTE) + b"\r\n",
                     f"GET {self.box.url}/files/".encode() + filler + b" HTTP/1.1\r\n\r\n"):
            self.assertIn(self.rawStatus(data), (431, 400, 414, None))

    def test_a_head_just_too_large(self):
        self.assertEqual(self.rawStatus(b"GET /health HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 40000
                                        + b"\r\n\r\n"), 431)

    def test_what_is_no_http(self):
        for data in (b"\0" * 100, b"GET\r\n\r\n", b"GET /health\r\n\r\n", b"\r\n\r\n\r\n",
                     b"GET /health HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
                     b"GET /health HTTP/1.1\r\nno colon\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n",
                     b"POST /v1/sandboxes HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                     b"POST /v1/sandboxes HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
                     b"POST /v1/sandboxes HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
                     b"POST /v1/sandboxes HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
            with self.subTest(data=data):
                self.assertIn(self.rawStatus(data), (400, 404, 405, 413, 431, 505, None))

    def test_half_open_connections(self):
        """Two hundred clients that begin and say no more hold up nobody."""
        halves = []
        for number in range(200):
            half = self.api.open()
            self.addCleanup(half.close)
            half.sendall((b"", b"GET /health HT", b"GET /health HTTP/1.1\r\nHost: x\r\n",
                          b"POST /v1/sandboxes HTTP/1.1\r\nContent-Length: 5\r\n\r\n{")[number % 4])
            halves.append(half)
        self.assertEqual(self.api.get("/health").status, 200)
        self.assertEqual(self.box.run("true").exit["code"], 0)
        # A head that is not whole after 10 s is answered, or its connection ended.
        halves[1].settimeout(20)
        said = halves[1].recv(1000)
        self.assertTrue(said == b"" or said.startswith(b"HTTP/1.1 408"), said)

    def test_half_open_connections_of_the_keeper(self):
        target = self.box.fileUrl("/workspace/never")
        for _ in range(100):
            half = self.api.open()
            self.addCleanup(half.close)
            half.sendall(f"PUT {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx".encode())
        self.assertEqual(self.box.run("true").exit["code"], 0)

    def test_requests_one_after_the_other(self):
        one = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
        last = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        answer = self.api.raw(one * 99 + last)
        self.assertEqual(answer.count(b"HTTP/1.1 200"), 100)

    def test_a_request_behind_one_for_the_keeper(self):
        """The connection is the keeper's then: it must not take the second for the daemon's."""
        first = f"GET {self.box.url}/terminals HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        second = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        answer = self.api.raw(first + second, 5)
        self.assertIn(answer.count(b"HTTP/1.1 200"), (1, 2))

    def test_a_thousand_that_come_and_go(self):
        before = len(os.listdir(f"/proc/{self.daemon}/fd")) if os.access(
            f"/proc/{self.daemon}/fd", os.R_OK) else None
        for number in range(1000):
            connection = self.api.open()
            if number % 3 == 0:
                connection.sendall(b"GET /health HTTP/1.1\r\n\r\n")
            connection.close()
        if before is not None:
            until(lambda: len(os.listdir(f"/proc/{self.daemon}/fd")) <= before + 2,
                  "the closing of descriptors")


class StrictJson(BadInputCase):
    """What two parsers may read as two things is refused."""

    def refusal(self, body, path="/v1/sandboxes", method="POST"):
        answer = self.api.call(method, path, body, {"Content-Type": "application/json"})
        self.assertEqual((answer.status, answer.code), (400, "bad_request"), body)
        return answer.json()["error"]

    def test_two_fields_of_one_name(self):
        for body in (b'{"name":"one","name":"two"}', b'{"limits":{"pids":10,"pids":20}}',
                     b'{"env":{"A":"1","A":"2"}}'):
            self.assertIn("two fields", self.refusal(body))

    def test_a_byte_order_mark(self):
        self.assertIn("byte order mark", self.refusal(b'\xef\xbb\xbf{"name":"bom"}'))

    def test_null_is_no_value(self):
        self.assertIn('"name"', self.refusal(b'{"name":null}', self.box.url, "PATCH"))
        self.assertIn('"argv"', self.refusal(b'{"argv":null}', f"{self.box.url}/exec"))

    def test_the_wrong_field_is_named(self):
        self.assertIn('"env.PORT"', self.refusal(b'{"env":{"HOST":"x","PORT":80}}'))
        self.assertIn('"limits.pids"', self.refusal(b'{"limits":{"pids":"many"}}'))


class WebSockets(BadInputCase):
    def open(self):
        socket = self.api.webSocket(f"{self.box.url}/exec")
        self.addCleanup(socket.close)
        return socket

    def assertEnded(self, socket):
        """An error message or nothing, then the end."""
        while True:
            try:
                message = socket.receive()
            except (Closed, ConnectionResetError):
                return
            if isinstance(message, dict):
                self.assertIn(message["type"], ("error", "start", "exit"))

    def assertToldAndEnded(self, socket):
        """The contract's error, then the end."""
        message = socket.receive()
        self.assertEqual((message["type"], message["code"]), ("error", "bad_request"))
        self.assertTrue(message["error"])
        with self.assertRaises(Closed):
            socket.receive()

    def test_first_frames(self):
        for first in ("", "nonsense", "{", "[]", '{"argv":[]}', '{"argv":["true"],"colour":1}',
                      "[" * 100000):
            socket = self.open()
            socket.sendText(first)
            self.assertToldAndEnded(socket)

    def test_first_frame_of_bytes(self):
        for first in (b"\xff" * 100, b'{"argv":["true"]}'):
            socket = self.open()
            socket.sendBinary(first)
            self.assertToldAndEnded(socket)

    def test_a_terminal_s_frames(self):
        terminal = self.box.openTerminal("sleep", "1000")["id"]
        for frame in ("nonsense", {"type": "fly"}, {"type": "resize", "cols": 0, "rows": 5},
                      {"type": "resize"}, '{"type":' * 100000):
            socket = self.box.attach(terminal)
            self.addCleanup(socket.close)
            while socket.receive()["type"] != "caught_up":
                pass
            socket.sendText(frame)
            self.assertToldAndEnded(socket)

    def test_later_frames(self):
        for send in (lambda s: s.sendText("nonsense"), lambda s: s.sendText({"type": "fly"}),
                     lambda s: s.sendBinary(b""), lambda s: s.sendBinary(b"\7stream"),
                     lambda s: s.sendText({"type": "signal", "signal": "NONE"}),
                     lambda s: s.sendText({"type": "resize", "cols": 0, "rows": -5}),
                     lambda s: s.sendText('{"type":' * 100000),
                     lambda s: (s.sendText({"type": "eof"}), s.sendBinary(b"\0late"))):
            socket = self.open()
            socket.sendText({"argv": ["sh", "-c", "cat; exec tail -f /dev/null"]})
            self.assertEqual(socket.receive()["type"], "start")
            send(socket)
            self.assertToldAndEnded(socket)
        until(lambda: self.box.run("pgrep", "-x", "cat|tail").exit["code"] == 1,
              "the end of every command")

    def test_frames_that_break_the_protocol(self):
        for data in (b"\x81\xff" + b"\xff" * 8, b"\x8f\x80\0\0\0\0", b"\x81\x05hello",
                     b"\xf1\x80\0\0\0\0", b"\x00\x80\0\0\0\0", b"\x89\xfe\x10\0\0\0\0\0",
                     b"\x82\xff\0\0\0\x10\0\0\0\0\0\0\0\0"):
            socket = self.open()
            socket.sendText({"argv": ["cat"]})
            socket.receive()
            try:
                socket.socket.sendall(data + b"x" * 1000)
            except (BrokenPipeError, ConnectionResetError):
                pass
            self.assertEnded(socket)

    def test_a_message_that_grows(self):
        """Fragments without an end stop at the limit."""
        import struct
        socket = self.open()
        socket.sendText({"argv": ["cat"]})
        socket.receive()
        fragment = struct.pack("!BBQI", 0x00, 0x80 | 127, 100000, 0) + b"x" * 100000
        try:
            socket.socket.sendall(struct.pack("!BBI", 0x02, 0x80, 0))
            for _ in range(500):
                socket.socket.sendall(fragment)
        except (BrokenPipeError, ConnectionResetError):
            return
        self.assertEnded(socket)

    def test_upgrades_that_are_none(self):
        target = f"{self.box.url}/exec"
        for head in (f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n",
                     f"GET {target} HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
                     f"GET {target} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\n\r\n",
                     f"GET {target} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 99\r\n\r\n"):
            answer = self.api.raw(head.encode(), 15)
            self.assertTrue(answer.startswith(b"HTTP/1.1 400"), answer)
            self.assertEqual(json.loads(answer.partition(b"\r\n\r\n")[2])["code"], "bad_request")

    def test_upgrading_what_is_not_there(self):
        with self.assertRaises(Refused) as refused:
            self.api.webSocket("/v1/sandboxes/none/exec")
        self.assertEqual((refused.exception.status, refused.exception.code), (404, "not_found"))


class KeeperSocket(BadInputCase):
    """The socket between caissond and a keeper belongs to the user; nonsense on it ends nothing."""

    def test_nonsense(self):
        path = str(next((self.home.path / "run").glob("keeper-*")))
        for packet in (b"", b"x", b"c", b"c" + b"x" * 1000, b"s{", b"s" + b"[" * 60000, b"u[]",
                       b"S{}", b"\0" * 100):
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self.addCleanup(connection.close)
            connection.connect(path)
            try:
                connection.send(packet)
            except BrokenPipeError:
                pass
        self.assertEqual(self.box.run("true").exit["code"], 0)

    def test_only_this_user_gets_in(self):
        for path in (self.home.path, self.home.path / "run", self.home.path / "sandboxes"):
            self.assertEqual(path.stat().st_mode & 0o077, 0)


if __name__ == "__main__":
    unittest.main()
