# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to be allowed for one host and reach another: names that differ, proxies asked for inside,
spellings of addresses, paths that two readers read differently. What counts is what arrived."""

from caisson_testing.egress import ALLOW, DENY, EgressCase, rule
from caisson_testing.internet import places

POLICY = DENY + rule(id="plain", host="plain.example.org") \
    + rule(id="echo", host="echo.example.org") + rule(id="h2", host="h2.example.org") \
    + rule(id="other-tunnel", host="other.example.net", action="tunnel")


class Mismatch(EgressCase):
    policy = POLICY

    def assertOnlyAllowedWereReached(self):
        self.assertEqual({seen["origin"] for seen in self.internet.connections()}
                         - {"plain", "echo", "h2"}, set())
        self.assertEqual(self.internet.strays(), [])

    def statusOf(self, said):
        return int(said.split(b" ")[1]) if said.startswith(b"HTTP/1.1 ") else 0

    # ---- names that differ ----

    def test_host_differs_from_what_was_dialled(self):
        for name in ("evil.example.net", "plain.example.org.evil.example.net",
                     "plain.example.org:81",
                     "evil.example.net:80", "203.0.113.10", "", "plain.example.org/x",
                     "evil.example.net@plain.example.org", "plain.example.org@evil.example.net",
                     "plain.example.org evil.example.net", "plain.example.org, evil.example.net",
                     "plain.example.org#", "plain.example.org?", "[::1]", "plain.example.org\x00"):
            with self.subTest(host=name):
                self.internet.clear()
                said = self.raw(f"GET /mismatch HTTP/1.1\r\nHost: {name}\r\n\r\n",
                                "plain.example.org")
                self.assertIn(self.statusOf(said), (400, 421), said[:300])
                self.assertEqual(self.internet.requests(), [])
                self.assertOnlyAllowedWereReached()

    def test_host_in_another_spelling_of_the_same_name(self):
        for name in ("PLAIN.example.ORG", "plain.example.org.", "plain.example.org:80"):
            with self.subTest(host=name):
                said = self.raw(f"GET /same HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n",
                                "plain.example.org")
                self.assertEqual(self.statusOf(said), 200, said[:300])

    def test_host_twice_or_never(self):
        for lines in ("Host: plain.example.org\r\nHost: evil.example.net\r\n",
                      "Host: plain.example.org\r\nHost: plain.example.org\r\n", "",
                      "host: evil.example.net\r\nHOST: plain.example.org\r\n",
                      "Host : plain.example.org\r\n", " Host: plain.example.org\r\n",
                      "X-Forwarded-Host: evil.example.net\r\n"):
            with self.subTest(lines=lines):
                self.internet.clear()
                said = self.raw(f"GET /twice HTTP/1.1\r\n{lines}\r\n", "plain.example.org")
                self.assertEqual(self.statusOf(said), 400, said[:300])
                self.assertEqual(self.internet.requests(), [])

    def test_sni_differs_from_host(self):
        for sni, host in (("echo.example.org", "evil.example.net"),
                          ("echo.example.org", "plain.example.org"),
                          ("echo.example.org", "h2.example.org")):
            with self.subTest(host=host):
                self.internet.clear()
                said = self.raw(f"GET /fronted HTTP/1.1\r\nHost: {host}\r\n\r\n", sni, 443, sni)
                self.assertIn(self.statusOf(said), (400, 421), said[:300])
                self.assertEqual(self.internet.requests(), [])

    def test_sni_differs_from_what_was_dialled(self):
        script = ("import socket, ssl, sys\n"
                  "c = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = "
                  "ssl.CERT_NONE\n"
                  "try:\n"
                  "    s = c.wrap_socket(socket.create_connection((sys.argv[1], 443), 10),"
                  " server_hostname=sys.argv[2])\n"
                  "    s.sendall(f'GET /x HTTP/1.1\\r\\nHost: "
                  "{sys.argv[2]}\\r\\n\\r\\n'.encode())\n"
                  "    s.settimeout(5); print(s.recv(100).split()[1].decode())\n"
                  "except (OSError, IndexError) as e: print(type(e).__name__)\n")
        for dialled, sni in (("echo.example.org", "evil.example.net"),
                             ("evil.example.net", "echo.example.org"),
                             ("198.51.100.66", "echo.example.org"),   # by number
                             ("other.example.net", "echo.example.org")):
            with self.subTest(dialled=dialled, sni=sni):
                self.internet.clear()
                said = self.inside(script, dialled, sni)
                self.assertNotEqual(said, "200")
                self.assertEqual(self.internet.requests(), [])
                self.assertEqual(self.internet.connections(origin="evil"), [])
                self.assertEqual(self.internet.connections(origin="other"), [])

    def test_an_address_that_was_never_a_name_s(self):
        """curl --resolve: an address of one's own choice with an allowed name in the request."""
        for address in ("198.51.100.66", "10.77.0.5", "127.0.0.1", "[2001:db8:1::66]"):
            with self.subTest(address=address):
                self.internet.clear()
                got = self.curl("--resolve", f"plain.example.org:80:{address}",
                                "http://plain.example.org/x")
                self.assertNotEqual(got.status, 200)
                got = self.curl("-k", "--resolve", f"echo.example.org:443:{address}",
                                "https://echo.example.org/x")
                self.assertNotEqual(got.status, 200)
                self.assertEqual(self.internet.requests(), [])
                self.assertEqual(self.internet.strays(), [])

    # ---- a proxy asked for inside ----

    def test_connect(self):
        for target in ("evil.example.net:443", "plain.example.org:443", "127.0.0.1:22",
                       "evil.example.net:80", "[2001:db8:1::66]:443", "plain.example.org:80"):
            with self.subTest(target=target):
                self.internet.clear()
                said = self.raw(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n"
                                "GET /through HTTP/1.1\r\nHost: evil.example.net\r\n\r\n",
                                "plain.example.org")
                # If a tunnel is granted at all, what is said in it is decided as if it had been dialled.
                statuses = [int(line.split(b" ")[1]) for line in said.split(b"\r\n")
                            if line.startswith(b"HTTP/1.1 ")]
                self.assertIn(statuses[-1], (400, 403, 405, 421), said[:300])
                self.assertNotIn("through", self.internet.raw())
                self.assertOnlyAllowedWereReached()

    def test_as_a_proxy_variable_would_have_it(self):
        for scheme in ("http", "https"):
            self.internet.clear()
            got = self.curl("--proxy", "http://plain.example.org", "-k",
                            f"{scheme}://evil.example.net/x")
            self.assertNotEqual(got.status, 200)
            self.assertOnlyAllowedWereReached()

    def test_absolute_uris(self):
        for uri in ("http://evil.example.net/x", "https://plain.example.org/x",
                    "http://plain.example.org:81/x",
                    "http://user@plain.example.org/x", "ftp://plain.example.org/x", "http:///x",
                    "http:plain",
                    "//evil.example.net/x", "http://plain.example.org@evil.example.net/x",
                    "http://plain.example.org\\@evil.example.net/x", "evil.example.net:80"):
            with self.subTest(uri=uri):
                self.internet.clear()
                said = self.raw(f"GET {uri} HTTP/1.1\r\nHost: plain.example.org\r\n\r\n",
                                "plain.example.org")
                if uri.startswith("//"):  # a path: allowed or not, it goes to nobody else
                    self.assertOnlyAllowedWereReached()
                    continue
                self.assertIn(self.statusOf(said), (400, 403, 421), said[:300])
                self.assertEqual(self.internet.requests(), [])

    def test_an_absolute_uri_in_the_log_is_told_from_where_it_led(self):
        self.raw("GET http://evil.example.net/shown HTTP/1.1\r\nHost: plain.example.org\r\n\r\n",
                 "plain.example.org")
        self.untilLogged(path="http://evil.example.net/shown")
        self.assertIn("http://plain.example.org/, asked for http://evil.example.net/shown",
                      self.home.must("egress", "log", self.box.name).text)

    def test_an_absolute_uri_of_the_same_host_is_that_request(self):
        said = self.raw("GET http://plain.example.org/abs?q HTTP/1.1\r\nHost: plain.example.org\r\n"
                        "Connection: close\r\n\r\n", "plain.example.org")
        if self.statusOf(said) == 200:
            self.assertEqual(self.internet.requests()[0]["target"], "/abs?q")
        else:
            self.assertIn(self.statusOf(said), (400, 421))

    def test_the_second_request_on_a_connection(self):
        for second in ("GET /evil HTTP/1.1\r\nHost: evil.example.net\r\n\r\n",
                       "GET http://evil.example.net/evil HTTP/1.1\r\nHost: "
                       "plain.example.org\r\n\r\n",
                       "CONNECT evil.example.net:80 HTTP/1.1\r\nHost: evil.example.net:80\r\n\r\n"):
            with self.subTest(second=second):
                self.internet.clear()
                said = self.raw("GET /good HTTP/1.1\r\nHost: plain.example.org\r\n\r\n" + second,
                                "plain.example.org")
                self.assertEqual(self.statusOf(said), 200)
                self.assertEqual([seen["target"] for seen in self.internet.requests()], ["/good"])
                self.assertOnlyAllowedWereReached()

    # ---- addresses ----

    def test_numbers_are_decided_as_numbers(self):
        self.setPolicy(POLICY + rule("deny", cidr="198.51.100.66/32") + rule(cidr="198.51.100.0/24")
                       + rule("deny", cidr="2001:db8:1::66/128") + rule(cidr="2001:db8:1::/64"))
        spelled = ("198.51.100.66", "3325256770", "0xc6.0x33.0x64.0x42", "0xc6336442",
                   "0306.063.0144.0102",
                   "198.51.25666", "198.3368002", "[::ffff:198.51.100.66]", "[::ffff:c633:6442]",
                   "[64:ff9b::198.51.100.66]", "[2001:db8:1::66]",
                   "[2001:0db8:0001:0000:0000:0000:0000:0066]",
                   "[2001:DB8:1::66]", "[2002:c633:6442::1]", "[::198.51.100.66]", "198.51.100.66.",
                   "①⑨⑧.51.100.66")
        for host in spelled:
            with self.subTest(host=host):
                self.internet.clear()
                got = self.curl("-g", f"http://{host}/spelled")
                self.assertNotEqual(got.status, 200)
                self.assertEqual(self.internet.connections(origin="evil"), [])
                self.assertEqual(self.internet.strays(), [])
        self.assertEqual(self.curl("http://198.51.100.30/hello").status, 200)

    def test_a_name_s_rule_is_not_its_number_s(self):
        for address in places.addressesOf("plain.example.org"):
            host = f"[{address}]" if ":" in address else address
            self.assertRefused(self.curl(f"http://{host}/hello"))
        self.assertNothingLeft()

    def test_other_sandboxes_synthetic_addresses_lead_nowhere(self):
        for address in ("198.18.0.1", "198.19.255.254", "198.18.200.200"):
            got = self.curl(f"http://{address}/hello")
            self.assertNotEqual(got.status, 200)
        self.assertNothingLeft()

    # ---- names in other scripts ----

    def test_names_are_compared_in_punycode(self):
        self.setPolicy(POLICY + rule(id="idn", host="xn--bcher-kva.wild.example.org"))
        self.internet.setName("xn--bcher-kva.wild.example.org", ["203.0.113.12"])
        said = self.raw("GET /idn HTTP/1.1\r\nHost: xn--bcher-kva.wild.example.org\r\nConnection: "
                        "close\r\n\r\n",
                        "xn--bcher-kva.wild.example.org")
        self.assertEqual(self.statusOf(said), 200, said)
        for name in ("b\xc3\xbccher.wild.example.org", "pl\xd0\xb0in.example.org",
                     "plain.example.org%00",
                     "plain%2eexample.org", "plain。example。org"):
            said = self.raw(b"GET /x HTTP/1.1\r\nHost: " + name.encode("utf-8")
                            + b"\r\n\r\n", "plain.example.org")
            self.assertIn(self.statusOf(said), (400, 421), name)

    # ---- redirects ----

    def test_a_redirect_is_a_new_request(self):
        for status in (301, 302, 303, 307, 308):
            self.internet.clear()
            got = self.curl("-L", "-d", "body", "http://plain.example.org/redirect?status=%d&to="
                            "http%%3A%%2F%%2Fevil.example.net%%2Fx" % status)
            self.assertRefused(got)
            self.assertOnlyAllowedWereReached()
        got = self.curl("http://plain.example.org/redirect?to=http%3A%2F%2Fevil.example.net%2F")
        self.assertEqual(got.status, 302)  # the keeper itself follows nothing
        self.assertOnlyAllowedWereReached()


class NoRequestsToTheEye(EgressCase):
    """What some servers take for a request although its first line is none: rules that deny requests
    hold."""
    FIRST = ("A" * 65 + " /x HTTP/1.1", "A" * 5000 + " /x HTTP/1.1", "@GET /x HTTP/1.1",
             '"GET" /x HTTP/1.1', "\xefGET /x HTTP/1.1", "XYZZY")
    policies = {"a host denied": ALLOW + rule(
                    id="no", host="plain.example.org", action="deny"),
                "a path denied": ALLOW + rule(
                    id="no", host="plain.example.org", path="/secret/**", action="deny"),
                "a method denied": ALLOW + rule(
                    id="no", host="plain.example.org", methods=["PUT"], action="deny"),
                "streams allowed": DENY + rule(
                    id="no", host="plain.example.org", path="/secret/**", action="deny")
                + rule(id="yes", host="*.example.org", ports=[80, 443])}

    def test_rules_for_requests_hold(self):
        for name, policy in self.policies.items():
            self.setPolicy(policy)
            for first in self.FIRST:
                with self.subTest(name=name, first=first[:20]):
                    said = self.raw(f"{first}\r\nHost: plain.example.org\r\n\r\nGET /secret/x "
                                    f"HTTP/1.1\r\nHost: plain.example.org\r\n\r\n",
                                    "plain.example.org")
                    self.assertNotIn(b" 200 ", said)
        self.assertEqual(self.internet.connections(), [])

    def test_in_tls_too(self):
        self.setPolicy(DENY + rule(id="yes", host="*.example.org", ports=[80, 443]))
        for first in self.FIRST[:-1]:
            with self.subTest(first=first[:20]):
                self.raw(f"{first}\r\nHost: echo.example.org\r\n\r\nGET /secret HTTP/1.1\r\n"
                         "Host: evil.example.net\r\n\r\n", "echo.example.org", 443,
                         "echo.example.org")
        self.assertEqual(self.internet.requests(), [])


class Paths(EgressCase):
    """`/open/**` is allowed: whatever an origin would read as another path is not."""

    policy = DENY + rule(id="open", host="plain.example.org", path="/open/**") \
        + rule(id="h2", host="h2.example.org", path="/open/**")

    BAD = ("/open/../closed", "/open/%2e%2e/closed", "/open/%2E%2E/closed", "/open/.%2e/closed",
           "/open/..%2fclosed", "/open/%2e%2e%2fclosed", "/open/..\\closed", "/open/%5c..%5cclosed",
           "/open//../../closed", "/open/./../closed", "/open/x/../../closed", "/%2e%2e/closed",
           "/open%2f..%2f..%2fclosed", "/closed%2f..%2fopen/x", "/closed", "/open%00/../closed",
           "/open/..;/closed", "/OPEN/../closed", "/open/%252e%252e/closed", "/opened/x", "/open/%",
           "/open/%zz",
           "/open/..%c0%afclosed", "/open#/../closed", "open/x",
           "/open/\tx",
           "//plain.example.org/closed", "/.//closed", "/open/../open/../closed", "/closed?/open/",
           "/closed#/open/", "/open\\..\\closed", "/%6fpen/../closed", "\\open\\..\\closed")

    def test_tricks(self):
        for path in self.BAD:
            with self.subTest(path=path):
                self.internet.clear()
                said = self.raw(f"GET {path} HTTP/1.1\r\nHost: plain.example.org\r\nConnection: "
                                f"close\r\n\r\n",
                                "plain.example.org")
                status = int(said.split(b" ")[1])
                seen = [one["target"] for one in self.internet.requests()]
                if status == 200:
                    # It was let go: then it must be below /open, however it is read.
                    self.assertEqual(len(seen), 1)
                    self.assertTrue(seen[0].startswith("/open/"), seen)
                    for mark in ("..", "%2e", "%2f", "%5c", "\\", "%00"):
                        if mark == ".." and "..;" in seen[0]:
                            continue
                        self.assertNotIn(mark, seen[0].lower().split("?")[0].replace("%252e", ""))
                else:
                    self.assertIn(status, (400, 403), said[:200])
                    self.assertEqual(seen, [])

    def test_what_is_sent_is_what_was_decided(self):
        for path, sent in (("/open/a/../b", "/open/b"), ("/open/%7Eme", "/open/~me"),
                           ("/open/%c3%bc?x=/../y", "/open/%C3%BC?x=/../y"),
                           ("/%6fpen/x", "/open/x"),
                           # A wide slash (U+FF0F) is a character of a name: one segment, not two dots.
                           ("/open/..%ef%bc%8fname", "/open/..%EF%BC%8Fname"),
                           ("/open/a%3Fb", "/open/a%3Fb")):
            with self.subTest(path=path):
                self.internet.clear()
                got = self.curl("--path-as-is", f"http://plain.example.org{path}")
                self.assertEqual(got.status, 200, got)
                self.assertEqual([one["target"] for one in self.internet.requests()], [sent])

    def test_the_log_has_the_path_that_was_decided(self):
        self.curl("--path-as-is", "http://plain.example.org/open/a/../logged")
        self.assertEqual(self.untilLogged(path="/open/logged")[-1]["rule"], "open")
