# SPDX-License-Identifier: GPL-3.0-or-later
"""A refusal is said, in the words of whoever asked, and at once: it is never a silence."""

import json

from caisson_testing.egress import DENY, EgressCase, rule

# No time-out is as short. The promise is 50 ms, and `./dev bench egress` measures it.
AT_ONCE = 4

# Prints (word, seconds) of each way to reach somebody who is not allowed.
WAYS = """
import errno, json, socket, ssl, sys, time
def tcp(host, port, family=socket.AF_INET, data=b""):
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.settimeout(5)
        s.connect((host, port))
        if data: s.sendall(data)
        return s.recv(4096) or b"end"
def udp(host, port, family=socket.AF_INET):
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.settimeout(5)
        s.connect((host, port))
        s.send(b"x")
        return s.recv(100)
def tls(host):
    c = ssl.create_default_context()
    with socket.create_connection((host, 443), 5) as s:
        c.wrap_socket(s, server_hostname=host)
def lookUp(name):
    return socket.getaddrinfo(name, 80) and b"found"
ways = {
    "tcp4": lambda: tcp("198.51.100.66", 22),
    "tcp6": lambda: tcp("2001:db8:1::66", 22, socket.AF_INET6),
    "tcp by name": lambda: tcp("evil.example.net", 22),
    "tcp by no name": lambda: tcp("198.18.77.77", 22),
    "udp4": lambda: udp("198.51.100.66", 4433),
    "udp6": lambda: udp("2001:db8:1::66", 4433, socket.AF_INET6),
    "quic": lambda: udp("echo.example.org", 443), "dns": lambda: lookUp("never.example.net"),
    "link-local": lambda: tcp("169.254.169.254", 80,
                              data=b"GET / HTTP/1.1\\r\\nHost: 169.254.169.254\\r\\n\\r\\n"),
    "garbage on 80": lambda: tcp("evil.example.net", 80, data=b"\\x00\\x01garbage\\r\\n\\r\\n"),
}
seen = {}
for name in sys.argv[1:] or ways:
    begin = time.monotonic()
    try: word = ways[name]().decode("latin-1")
    except ssl.SSLError as e: word = "TLS " + e.reason
    except TimeoutError: word = "silence"
    except OSError as e: word = errno.errorcode.get(e.errno, str(e))
    seen[name] = (word, time.monotonic() - begin)
print(json.dumps(seen))
"""


class Refusals(EgressCase):
    policy = DENY

    def test_http(self):
        for url in ("http://plain.example.org/x", "https://echo.example.org/x",
                    "http://203.0.113.10/x", "https://[2001:db8::12]/x"):
            with self.subTest(url=url):
                self.curl(url)  # leaves and look-ups are made once
                got = self.curl("-D", "/dev/stderr", url)
                self.assertRefused(got)
                self.assertIn("application/json", got.err.lower())
                self.assertLess(got.seconds, AT_ONCE)
        got = self.curl("-I", "http://plain.example.org/x")
        self.assertEqual(got.status, 403)
        self.assertNothingLeft()

    def test_http_2(self):
        got = self.curl("--http2", "https://secure.example.org/x")
        self.assertRefused(got)
        self.assertNothingLeft()

    def test_a_long_upload_is_told_before_its_end(self):
        done = self.box.exec("sh", "-c", "head -c 300000000 /dev/zero | curl -sS -w '%{http_code}' "
                                         "-T - "
                             "http://plain.example.org/x")
        self.assertIn(b"403", done.out)
        self.assertNothingLeft()

    def test_the_connection_goes_on_after_a_refusal(self):
        self.setPolicy(DENY + rule(host="plain.example.org", path="/yes"))
        got = self.curl("http://plain.example.org/no", "-o", "/dev/null", "--next", "-sS",
                        "http://plain.example.org/yes", "-w",
                        "\n%{http_code} %{http_version} %{num_connects} 0")
        self.assertEqual((got.status, got.connects), (200, 0))

    def test_everything_else(self):
        seen = json.loads(self.inside(WAYS))
        for name, (word, seconds) in seen.items():
            with self.subTest(way=name):
                self.assertNotEqual(word, "silence")
                self.assertLess(seconds, AT_ONCE)
        for name in ("tcp4", "tcp6", "tcp by name", "tcp by no name"):
            self.assertIn(seen[name][0], ("ECONNRESET", "ECONNREFUSED"))
        for name in ("udp4", "udp6", "quic"):
            self.assertIn(seen[name][0], ("ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EPERM",
                                          "EACCES"))
        self.assertNothingLeft()
        row = self.untilLogged(host="198.51.100.66", port=22)[-1]
        self.assertEqual((row["verdict"], row["scheme"]), ("deny", "tcp"))

    def test_what_is_allowed_and_comes_to_nothing_is_no_denial(self):
        self.setPolicy(DENY + rule(id="open", host="nowhere.example.org", ports=[7]))
        self.inside("import socket\n"
                    "s = socket.create_connection(('nowhere.example.org', 7), 5)\n"
                    "s.settimeout(5)\n"
                    "try: s.sendall(b'x\\n'); s.recv(9)\n"
                    "except ConnectionResetError: pass")
        row = self.untilLogged(host="nowhere.example.org", port=7)[-1]
        self.assertEqual((row["verdict"], row["rule"]), ("allow", "open"))
        self.assertIn("But ", row["why"])

    def test_tls_that_is_not_to_be_opened(self):
        """A hello that hides its name, and one with another name than was dialled, get an alert."""
        script = ("import socket, ssl, sys\n"
                  "c = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = "
                  "ssl.CERT_NONE\n"
                  "try:\n"
                  "    c.wrap_socket(socket.create_connection(('echo.example.org', 443), 5),"
                  " server_hostname='evil.example.net'); print('opened')\n"
                  "except ssl.SSLError as e: print(e.reason)\n")
        self.assertRegex(self.inside(script), "ALERT|UNRECOGNIZED_NAME")
        self.assertNothingLeft()

    def test_the_why_is_a_sentence_that_names_the_rule(self):
        self.setPolicy(DENY + rule("deny", id="no-evil", host="evil.example.net",
                                   note="we know them"))
        said = self.curl("http://evil.example.net/").json()
        self.assertEqual((said["verdict"], said["rule"]), ("deny", "no-evil"))
        self.assertIn("evil.example.net", json.dumps(said))
