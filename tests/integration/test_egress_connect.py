# SPDX-License-Identifier: GPL-3.0-or-later
"""CONNECT, the request of those who take whoever they dial for a proxy: the table decides on its
target as if that had been dialled, and on everything that is said inside. Who was dialled is never
reached."""

import json

from caisson_testing.egress import DENY, EgressCase, rule
from caisson_testing.internet import places

from test_egress_http2 import CLIENT

# Everybody is dialled through: the table has a rule for it, so that only what is inside is decided.
POLICY = DENY + rule(id="plain", host="plain.example.org", path="/open/**") \
    + rule(id="echo", host="echo.example.org", methods=["GET"]) \
    + rule(id="h2", host="h2.example.org") \
    + rule(id="stream", host="plain.example.org", ports=[places.STREAM_PORT]) \
    + rule(id="loop", host="to-loopback.example.net", ports=[80, 22]) \
    + rule(id="tunnel", host="other.example.net", action="tunnel")

# argv: whom to dial, then JSON of steps: ["connect", target], ["tls", name], ["say", text]. Prints
# what came of each: a status, "tls", the bytes of an answer or the name of an error.
STEPS = """
import json, socket, ssl, sys
s = socket.create_connection((sys.argv[1], 80), 10)
s.settimeout(10)
said = []
def head():
    got = b""
    while b"\\r\\n\\r\\n" not in got:
        piece = s.recv(1)
        if not piece: return got
        got += piece
    return got
def answer():
    got = head()
    for line in got.split(b"\\r\\n"):
        if line.lower().startswith(b"content-length:"):
            size = int(line.split(b":")[1])
            while size:
                piece = s.recv(size)
                if not piece: break
                got += piece; size -= len(piece)
    return got.decode("latin-1")
for kind, word in json.loads(sys.argv[2]):
    try:
        if kind == "connect":
            s.sendall(f"CONNECT {word} HTTP/1.1\\r\\nHost: {word}\\r\\n\\r\\n".encode())
            said.append(answer().split(" ")[1])
        elif kind == "tls":
            c = ssl.create_default_context()
            c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
            s = c.wrap_socket(s, server_hostname=word); said.append("tls")
        elif kind == "get":
            host, path = word
            s.sendall(f"GET {path} HTTP/1.1\\r\\nHost: {host}\\r\\n\\r\\n".encode())
            said.append(answer().split(" ")[1])
        elif kind == "say":
            s.sendall(word.encode("latin-1"))
            said.append(s.recv(1000).decode("latin-1"))
    except (OSError, IndexError) as error:
        said.append(type(error).__name__)
        break
print(json.dumps(said))
"""


class Connect(EgressCase):
    policy = POLICY

    def steps(self, *steps, dialled="plain.example.org"):
        return json.loads(self.inside(STEPS, dialled, json.dumps(steps)))

    def origins(self):
        return {seen["origin"] for seen in self.internet.connections()}

    def test_its_target_is_decided_and_reached_not_who_was_dialled(self):
        for dialled in ("plain.example.org", "evil.example.net"):
            with self.subTest(dialled=dialled):
                self.internet.clear()
                said = self.steps(("connect", "plain.example.org:80"),
                                  ("get", ("plain.example.org", "/open/a")), dialled=dialled)
                self.assertEqual(said, ["200", "200"])
                self.assertEqual([seen["target"] for seen in self.internet.requests()],
                                 ["/open/a"])
                self.assertEqual(self.origins(), {"plain"})

    def test_each_request_inside_is_decided(self):
        said = self.steps(("connect", "plain.example.org:80"),
                          ("get", ("plain.example.org", "/open/a")),
                          ("get", ("plain.example.org", "/closed")),
                          ("get", ("plain.example.org", "/open/../closed")),
                          ("get", ("plain.example.org", "/open/b")))
        self.assertEqual(said, ["200", "200", "403", "403", "200"])
        self.assertEqual([seen["target"] for seen in self.internet.requests()],
                         ["/open/a", "/open/b"])

    def test_names_inside_are_of_its_target(self):
        for inside in ("evil.example.net", "echo.example.org"):
            with self.subTest(inside=inside):
                self.internet.clear()
                said = self.steps(("connect", "plain.example.org:80"), ("get", (inside, "/open/a")))
                self.assertEqual(said, ["200", "421"])
                self.assertNothingLeft()

    def test_tls_inside_is_opened_and_decided(self):
        said = self.steps(("connect", "echo.example.org:443"), ("tls", "echo.example.org"),
                          ("get", ("echo.example.org", "/x")),
                          ("say", "POST /y HTTP/1.1\r\nHost: echo.example.org\r\n"
                                  "Content-Length: 0\r\n\r\n"))
        self.assertEqual(said[:3], ["200", "tls", "200"])
        self.assertTrue(said[3].startswith("HTTP/1.1 403"), said)
        self.assertEqual([seen["target"] for seen in self.internet.requests()], ["/x"])

    def test_tls_inside_for_another_name_is_refused(self):
        for target, name in (("echo.example.org:443", "evil.example.net"),
                             ("echo.example.org:443", "h2.example.org"),
                             ("evil.example.net:443", "echo.example.org"),
                             ("198.51.100.66:443", "echo.example.org"),
                             ("other.example.net:443", "evil.example.net")):
            with self.subTest(target=target, name=name):
                self.internet.clear()
                said = self.steps(("connect", target), ("tls", name), ("get", (name, "/x")))
                self.assertNotIn("200", said[1:])
                self.assertNothingLeft()

    def test_targets_that_no_rule_allows(self):
        for target in ("evil.example.net:80", "198.51.100.66:80", "[2001:db8:1::66]:80",
                       "203.0.113.10:80", "plain.example.org:8080"):
            with self.subTest(target=target):
                self.internet.clear()
                host = target.rpartition(":")[0] if target.endswith(":80") else target
                self.assertIn(self.steps(("connect", target), ("get", (host, "/open/x")))[-1],
                              ("403", "421"))
                self.assertNothingLeft()
        for target in ("evil.example.net:22", "198.51.100.66:4444", "plain.example.org:2525",
                       "127.0.0.1:22", "[::1]:22", "169.254.169.254:22", "0.0.0.0:22"):
            with self.subTest(target=target):
                self.internet.clear()
                said = self.steps(("connect", target), ("say", "tell the world\r\n"))
                self.assertIn(said[-1], ("", "ConnectionResetError", "BrokenPipeError"))
                self.assertNothingLeft()

    def test_a_target_that_turns_out_to_be_private(self):
        said = self.steps(("connect", "to-loopback.example.net:80"),
                          ("get", ("to-loopback.example.net", "/")))
        self.assertIn(said[-1], ("403", "502"))
        said = self.steps(("connect", "to-loopback.example.net:22"), ("say", "SSH-2.0-x\r\n"))
        self.assertIn(said[-1], ("", "ConnectionResetError"))
        self.assertEqual(self.internet.strays(), [])
        self.assertEqual(self.internet.connections(), [])

    def test_a_stream_inside_is_a_stream(self):
        said = self.steps(("connect", f"plain.example.org:{places.STREAM_PORT}"),
                          ("say", "to and fro\n"))
        self.assertEqual(said, ["200", "to and fro\n"])
        row = self.untilLogged(rule="stream")[-1]
        self.assertEqual((row["host"], row["port"]), ("plain.example.org", places.STREAM_PORT))

    def test_one_inside_another(self):
        said = self.steps(("connect", "evil.example.net:80"), ("connect", "other.example.net:80"),
                          ("connect", "plain.example.org:80"),
                          ("get", ("plain.example.org", "/open/n")),
                          ("connect", "evil.example.net:80"),
                          ("get", ("evil.example.net", "/open/n")))
        self.assertEqual(said, ["200", "200", "200", "200", "200", "403"])
        self.assertEqual(self.origins(), {"plain"})

    def test_what_comes_with_it_is_inside(self):
        """Pipelined behind it: no reader may take that for a request to who was dialled."""
        said = self.raw("CONNECT evil.example.net:80 HTTP/1.1\r\nHost: evil.example.net:80\r\n\r\n"
                        "GET /open/pipelined HTTP/1.1\r\nHost: plain.example.org\r\n\r\n",
                        "plain.example.org", patience=1)
        self.assertIn(b" 421 ", said)
        self.assertNothingLeft()

    def test_targets_that_are_none(self):
        for target in ("plain.example.org", "http://plain.example.org/open/", "/open/x", "*", ":80",
                       "plain.example.org:0", "plain.example.org:65616", "plain.example.org:80x",
                       "plain.example.org:+80", "u@plain.example.org:80", "[::1:80",
                       "plain.example.org:80:80", "plain.example.org@evil.example.net:80",
                       "plain.example.org%2eevil.example.net:80"):
            with self.subTest(target=target):
                self.internet.clear()
                said = self.steps(("connect", target), ("get", ("plain.example.org", "/open/x")))
                self.assertEqual(said[0], "400")
                # Either the connection has ended, or what follows is for who was dialled.
                self.assertEqual(self.origins() - {"plain"}, set())
                self.assertNotIn("CONNECT", self.internet.raw())

    def test_a_body_is_not_its_to_have(self):
        said = self.raw("CONNECT plain.example.org:80 HTTP/1.1\r\nHost: plain.example.org:80\r\n"
                        "Content-Length: 50\r\n\r\n"
                        "GET /open/body HTTP/1.1\r\nHost: evil.example.net\r\n\r\n",
                        "plain.example.org", patience=1)
        self.assertNotIn(b"hello", said)
        self.assertNothingLeft()

    def test_not_in_tls_and_not_in_http_2(self):
        """Whoever has opened TLS knows whom it speaks to; RFC 8441's kind would be a way round."""
        said = self.steps(("connect", "echo.example.org:443"), ("tls", "echo.example.org"),
                          ("connect", "evil.example.net:80"))
        self.assertEqual(said, ["200", "tls", "400"])
        for headers in ("(':method', 'CONNECT'), (':authority', 'evil.example.net:80')",
                        "(':method', 'CONNECT'), (':authority', 'h2.example.org:443')",
                        "(':method', 'CONNECT'), (':protocol', 'websocket'), (':scheme', 'https'),"
                        " (':path', '/socket'), (':authority', 'h2.example.org')"):
            with self.subTest(headers=headers):
                script = ("h.config.validate_outbound_headers = False\n"
                          "n = h.get_next_available_stream_id()\n"
                          f"h.send_headers(n, [{headers}]); s.sendall(h.data_to_send())\n"
                          "got[n] = dict(status=0, body=bytearray(), trailers=[], ended=False,"
                          " reset=None)\n"
                          "try: finish(n)\n"
                          "except EOFError: pass\n"
                          "show(got[n]['status'], got[n]['reset'])\n")
                status, reset = json.loads(self.inside(CLIENT + script, "h2.example.org"))
                self.assertTrue(status in (400, 403, 421, 501) or reset, (status, reset))
                self.assertEqual(self.internet.requests(), [])
                self.assertEqual(self.internet.connections(origin="evil"), [])

    def test_a_client_that_is_told_of_a_proxy(self):
        """curl with a proxy: whoever it names, its requests are decided as any other."""
        for proxy in ("http://plain.example.org", "http://198.51.100.66:80"):
            with self.subTest(proxy=proxy):
                self.internet.clear()
                got = self.curl("--proxy", proxy, "https://echo.example.org/hello")
                self.assertEqual((got.status, got.body), (200, b"hello from echo\n"), got)
                self.assertRefused(self.curl("--proxy", proxy, "https://evil.example.net/hello"))
                self.assertEqual(self.origins(), {"echo"})
                self.assertEqual(set(self.internet.names()) - {"echo.example.org"}, set())
