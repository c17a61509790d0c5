# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP/2 through the keeper: whole, side by side, with trailers and both ways as gRPC has it."""

import json

from caisson_testing.conditions import until
from caisson_testing.egress import DENY, EgressCase, rule
from caisson_testing.internet import digest

POLICY = DENY + rule(id="h2", host="h2.example.org") + rule(id="nginx", host="secure.example.org") \
    + rule(id="echo", host="echo.example.org")

# A client of the h2 library: run(host, script) with streams by number.
CLIENT = """
import json, socket, ssl, sys
import h2.connection, h2.config, h2.events, h2.settings
host, usual = [*sys.argv[1:], "https"][:2]
s = socket.create_connection((host, 443 if usual == "https" else 80), 10)
if usual == "https":
    c = ssl.create_default_context(); c.set_alpn_protocols(["h2"])
    s = c.wrap_socket(s, server_hostname=host)
    assert s.selected_alpn_protocol() == "h2", s.selected_alpn_protocol()
h = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
h.initiate_connection(); s.sendall(h.data_to_send())
got = {}
def ask(path, method="GET", headers=(), end=True, authority=host, scheme=usual):
    n = h.get_next_available_stream_id()
    h.send_headers(n, [(":method", method), (":path", path), (":authority", authority),
                       (":scheme", scheme), *headers], end_stream=end)
    s.sendall(h.data_to_send())
    got[n] = dict(status=0, body=bytearray(), trailers=[], ended=False, reset=None)
    return n
def step():
    data = s.recv(65536)
    if not data: raise EOFError
    for e in h.receive_data(data):
        if isinstance(e, h2.events.ConnectionTerminated): raise EOFError
        g = got.get(getattr(e, "stream_id", None))
        if g is None: continue
        if isinstance(e, h2.events.ResponseReceived): g["status"] = int(dict(e.headers)[":status"])
        elif isinstance(e, h2.events.DataReceived):
            g["body"] += e.data
            h.acknowledge_received_data(e.flow_controlled_length, e.stream_id)
        elif isinstance(e, h2.events.TrailersReceived): g["trailers"] = e.headers
        elif isinstance(e, h2.events.StreamEnded): g["ended"] = True
        elif isinstance(e, h2.events.StreamReset): g["ended"], g["reset"] = True, int(e.error_code)
    s.sendall(h.data_to_send())
def finish(*numbers):
    while not all(got[n]["ended"] for n in numbers): step()
def send(n, data, end=False):
    h.send_data(n, data, end_stream=end); s.sendall(h.data_to_send())
def show(*values): print(json.dumps(values), flush=True)
"""


class Http2(EgressCase):
    policy = POLICY

    def client(self, script, host="h2.example.org", scheme="https"):
        return json.loads(self.inside(CLIENT + script, host, scheme))

    def test_curl(self):
        if "HTTP2" not in self.box.shell("curl --version"):
            self.skipTest("this curl knows no HTTP/2")
        for host, text in (("secure", b"hello from nginx\n"), ("h2", b"hello from h2\n")):
            got = self.curl("--http2", f"https://{host}.example.org/hello")
            self.assertEqual((got.body, got.version), (text, "2"))
        self.assertEqual([seen["version"] for seen in self.internet.requests(origin="nginx")],
                         ["HTTP/2.0"])

    def test_either_side_may_speak_the_older_one(self):
        got = self.curl("--http1.1", "https://h2.example.org/hello")
        self.assertEqual((got.body, got.version), (b"hello from h2\n", "1.1"))
        if "HTTP2" in self.box.shell("curl --version"):
            got = self.curl("--http2", "https://echo.example.org/hello")
            self.assertEqual(got.body, b"hello from echo\n")
        statuses = self.client("n = ask('/hello'); finish(n); show(got[n]['status'],"
                               " got[n]['body'].decode())", "echo.example.org")
        self.assertEqual(statuses, [200, "hello from echo\n"])

    def test_side_by_side(self):
        script = ("held = ask('/wait')\n"
                  "others = [ask('/bytes/%d' % (i * 1000)) for i in range(50)]\n"
                  "finish(*others)\n"
                  "show(got[held]['ended'], [len(got[n]['body']) for n in others],"
                  " len({got[n]['status'] for n in others}))\n")
        ended, sizes, kinds = self.client(script)
        self.assertEqual((ended, sizes, kinds), (False, [i * 1000 for i in range(50)], 1))
        # The client has gone: the origin is told so.
        until(lambda: self.internet.requests(target="/wait")[0]["reset"]
              or not self.internet.connections(origin="h2", open=True), "the end of /wait")

    def test_trailers(self):
        status, trailers = self.client("n = ask('/trailers'); finish(n);"
                                       "show(got[n]['status'], got[n]['trailers'])")
        self.assertEqual((status, trailers), (200, [["x-sum", "two"]]))

    def test_both_ways_as_grpc_has_it(self):
        script = ("n = ask('/grpc.Service/Chat', 'POST', [('content-type', 'application/grpc'),"
                  " ('te', 'trailers')], end=False)\n"
                  "rounds = []\n"
                  "for i in range(5):\n"
                  "    word = b'message %d' % i; send(n, word)\n"
                  "    while not got[n]['body'].endswith(word): step()\n"
                  "    rounds.append(got[n]['ended'])\n"
                  "h.send_headers(n, [('x-client-end', 'yes')], end_stream=True);"
                  " s.sendall(h.data_to_send())\n"
                  "finish(n)\n"
                  "show(rounds, got[n]['status'], dict(got[n]['trailers']))\n")
        # In clear it is by prior knowledge on both sides.
        for scheme in ("https", "http"):
            with self.subTest(scheme=scheme):
                self.internet.clear()
                rounds, status, trailers = self.client(script, scheme=scheme)
                self.assertEqual((rounds, status), ([False] * 5, 200))
                self.assertEqual(trailers, {"grpc-status": "0", "grpc-message": "fine"})
                seen = self.internet.requests(origin="h2")[0]
                self.assertIn(["te", "trailers"], seen["headers"])
                self.assertIn([":scheme", scheme], seen["headers"])
        self.assertEqual(seen["trailers"], [["x-client-end", "yes"]])

    def test_much_is_whole(self):
        size = 8_000_000
        script = (f"import hashlib\nn = ask('/bytes/{size}'); finish(n)\n"
                  "show(len(got[n]['body']), hashlib.sha256(got[n]['body']).hexdigest())\n")
        self.assertEqual(self.client(script), [size, digest(size)])

    def test_each_request_is_decided(self):
        self.setPolicy(DENY + rule(id="some", host="h2.example.org", path="/yes/**",
                                   methods=["GET"]))
        script = ("ns = [ask('/yes/1'), ask('/no'), ask('/yes/2', 'POST'), ask('/yes/3')]\n"
                  "finish(*ns); show(*[got[n]['status'] for n in ns])\n")
        self.assertEqual(self.client(script), [200, 403, 403, 200])
        self.assertEqual([seen["target"] for seen in self.internet.requests()],
                         ["/yes/1", "/yes/3"])

    def test_authorities_that_lie(self):
        for change in ("authority='evil.example.net'", "authority='h2.example.org:444'",
                       "authority='user@h2.example.org'",
                       "authority='h2.example.org.evil.example.net'"):
            with self.subTest(change=change):
                self.internet.clear()
                script = (f"n = ask('/hello', {change})\n"
                          "try: finish(n)\n"
                          "except EOFError: pass\n"
                          "show(got[n]['status'], got[n]['reset'])\n")
                status, reset = self.client(script)
                self.assertTrue(status in (400, 403, 421) or reset, (status, reset))
                self.assertEqual(self.internet.requests(), [])

    def test_a_host_field_that_differs(self):
        self.internet.clear()
        script = ("h.config.validate_outbound_headers = False\n"
                  "n = ask('/hello', headers=[('host', 'evil.example.net')])\n"
                  "try: finish(n)\n"
                  "except EOFError: pass\n"
                  "show(got[n]['status'], got[n]['reset'])\n")
        status, reset = self.client(script)
        self.assertTrue(status in (400, 421) or reset, (status, reset))
        self.assertEqual(self.internet.requests(), [])

    def test_fields_that_would_split_a_request_of_http_1(self):
        for name, value in (("x", "a\\r\\nX-Smuggled: yes"), ("x", "a\\nGET /smuggled HTTP/1.1"),
                            ("x:y", "smuggled"), ("transfer-encoding", "chunked"),
                            ("connection", "keep-alive"), ("x\\r\\ny", "smuggled"),
                            ("X-Upper", "smuggled")):
            with self.subTest(name=name, value=value):
                self.internet.clear()
                script = ("h.config.validate_outbound_headers = False;"
                          " h.config.normalize_outbound_headers = False\n"
                          f"n = ask('/smuggle-test', headers=[('{name}', '{value}')])\n"
                          "try: finish(n)\n"
                          "except EOFError: pass\n"
                          "show(got[n]['status'], got[n]['reset'])\n")
                status, reset = self.client(script, "echo.example.org")
                self.assertTrue(status == 400 or reset, (status, reset))
                self.assertEqual(self.internet.requests(), [])

    def test_paths_that_would_split_a_request_of_http_1(self):
        for path in ("/a HTTP/1.1\\r\\nX: y", "/a b", "*", "hello", "//evil.example.net/", ""):
            with self.subTest(path=path):
                self.internet.clear()
                script = ("h.config.validate_outbound_headers = False\n"
                          f"n = ask('{path}')\n"
                          "try: finish(n)\n"
                          "except EOFError: pass\n"
                          "show(got[n]['status'], got[n]['reset'])\n")
                status, reset = self.client(script, "echo.example.org")
                if path == "//evil.example.net/":  # a path like any other: it goes to nobody else
                    self.assertEqual(self.internet.requests(origin="evil"), [])
                    continue
                self.assertTrue(status in (400, 404) or reset, (status, reset))
                self.assertEqual(self.internet.requests(), [])

    def test_a_length_that_lies(self):
        self.internet.clear()
        script = ("h.config.validate_outbound_headers = False\n"
                  "n = ask('/upload', 'POST', [('content-length', '3')], end=False)\n"
                  "try:\n"
                  "    send(n, b'abcGET /smuggled HTTP/1.1', True); finish(n)\n"
                  "except EOFError: pass\n"
                  "show(got[n]['status'], got[n]['reset'])\n")
        status, reset = self.client(script, "echo.example.org")
        self.assertTrue(status == 400 or reset, (status, reset))
        self.assertNotIn("smuggled", self.internet.raw())

    def test_the_log_says_so(self):
        self.client("n = ask('/logged'); finish(n); show(0)")
        row = self.untilLogged(host="h2.example.org", path="/logged")[0]
        self.assertEqual((row["verdict"], row["status"], row.get("protocol")), ("allow", 200, "h2"))
