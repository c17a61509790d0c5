# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways out that are none: other protocols, raw sockets, this machine's own services and neighbours,
sockets that are no network, the network's settings, and a keeper that is dead."""

import json
import os
import secrets
import socket
import threading

from caisson_testing import processes
from caisson_testing.conditions import until
from caisson_testing.egress import ALLOW, DENY, EgressCase, rule
from caisson_testing.internet import places


class Listeners:
    """Services of the machine that Caisson runs on; whoever comes is kept."""

    def __init__(self):
        self.came = []
        self.sockets = []
        self.ports = {}

    def listen(self, family, address, kind=socket.SOCK_STREAM):
        opened = socket.socket(family, kind)
        opened.bind((address, 0))
        if kind == socket.SOCK_STREAM:
            opened.listen()
        self.sockets.append(opened)
        threading.Thread(target=self.wait, args=(opened, address, kind), daemon=True).start()
        return opened.getsockname()[1]

    def wait(self, opened, address, kind):
        while True:
            try:
                if kind == socket.SOCK_STREAM:
                    opened.accept()[0].close()
                else:
                    opened.recvfrom(100)
            except OSError:
                return
            self.came.append((address, kind))

    def close(self):
        for opened in self.sockets:
            try:
                opened.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            opened.close()


DATAGRAMS = """
import socket, sys
# A QUIC long header as a client begins with (RFC 9000, 17.2.2), padded as it has to be.
initial = b"\\xc3\\x00\\x00\\x00\\x01\\x08" + b"12345678" + b"\\x00\\x00" + bytes(1180)
kept = []
for host in sys.argv[1:]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in (443, 80, 123, 53413, 3478, 51820, 1, 65535):
        for connected in (False, True):
            s = socket.socket(family, socket.SOCK_DGRAM)
            s.setblocking(False)
            kept.append((s, host, port))
            try:
                if connected: s.connect((host, port)); s.send(initial)
                else: s.sendto(initial, (host, port))
            except OSError: pass
for group in ("224.0.0.251", "239.1.2.3", "255.255.255.255"):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        try: s.sendto(b"x", (group, 5353))
        except OSError: pass
with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
    try: s.sendto(b"x", ("ff02::fb", 5353))
    except OSError: pass
# The cable is one hop long: an answer would have come by now, or comes while all are asked again.
for s, host, port in 3 * kept:
    try: s.recv(10); print("answer", host, port)
    except OSError: pass
"""

OTHER_SOCKETS = """
import errno, socket
V4, V6, STREAM, DATAGRAM, RAW, ORDERED = 2, 10, 1, 2, 3, 5
kinds = [("raw icmp", V4, RAW, 1), ("raw tcp", V4, RAW, 6), ("raw any", V4, RAW, 255),
         ("ping", V4, DATAGRAM, 1), ("raw icmp6", V6, RAW, 58), ("ping6", V6, DATAGRAM, 58),
         ("sctp", V4, STREAM, 132), ("dccp", V4, 6, 33), ("udplite", V4, DATAGRAM, 136),
         ("mptcp", V4, STREAM, 262), ("packet", 17, RAW, 3), ("packet dgram", 17, DATAGRAM, 3),
         ("vsock", 40, STREAM, 0), ("bluetooth", 31, RAW, 1), ("can", 29, RAW, 1),
         ("alg", 38, ORDERED, 0), ("xdp", 44, RAW, 0), ("tipc", 30, ORDERED, 0)]
for name, family, kind, protocol in kinds:
    try: s = socket.socket(family, kind, protocol)
    except OSError as e: continue
    opened = name
    s.settimeout(0.3)
    try:
        if name.startswith(("raw", "ping", "udplite")):
            host = "2001:db8:1::66" if family == V6 else "198.51.100.66"
            s.sendto(b"\\x08\\0\\xf7\\xff\\0\\0\\0\\0tell", (host, 4242))
        elif name.startswith("packet"): s.bind(("lo", 0x0800)); s.send(bytes(64))
        elif name == "vsock": s.connect((2, 22)); print("vsock connected")
        else: s.connect(("198.51.100.66", 4242)); s.send(b"tell the world"); print(name, s.recv(10))
    except OSError: pass
    print("opened", name)
"""


# `nft flush ruleset`, by the library that Caisson needs anyway.
FLUSH = ("python3 -c \"import ctypes; n = ctypes.CDLL('libnftables.so.1'); "
         "n.nft_ctx_new.restype = ctypes.c_void_p; "
         "n.nft_run_cmd_from_buffer(ctypes.c_void_p(n.nft_ctx_new(0)), b'flush ruleset')\"")


class WaysOut(EgressCase):
    policy = ALLOW

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.listeners = Listeners()
        cls.addClassCleanup(cls.listeners.close)

    def assertNobodyCame(self):
        self.assertEqual(self.listeners.came, [])
        self.assertEqual(self.internet.strays(), [])

    def test_datagrams(self):
        said = self.inside(DATAGRAMS, "198.51.100.66", "2001:db8:1::66", "203.0.113.10",
                           places.NAME_SERVER,
                           places.HOUSE4, "10.77.0.5", "169.254.169.254")
        self.assertNotIn("answer", said)
        self.assertNothingLeft()

    def test_quic_is_refused_so_that_clients_fall_back(self):
        script = ("import errno, socket\n"
                  "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                  "s.connect((socket.gethostbyname('echo.example.org'), 443)); s.settimeout(5)\n"
                  "try: s.send(b'\\xc3' + bytes(1199)); s.recv(10); print('answered')\n"
                  "except TimeoutError: print('silence')\n"
                  "except OSError as e: print(errno.errorcode[e.errno])\n")
        self.assertIn(self.inside(script), ("ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EPERM",
                                            "EACCES"))
        self.assertNothingLeft()

    def test_sockets_of_other_kinds(self):
        said = self.inside(OTHER_SOCKETS).splitlines()
        for name in ("packet", "packet dgram", "vsock", "bluetooth", "can", "alg", "xdp", "tipc"):
            self.assertNotIn(f"opened {name}", said)
        self.assertNotIn("vsock connected", said)
        packets = [one for one in self.internet.records("packet") if one["protocol"] != "tcp"]
        self.assertEqual(packets, [])
        # Multipath TCP is TCP: what it says goes through the keeper as any other.
        self.assertEqual([one for one in self.internet.records("stray")
                          if one["port"] != 4242 or one["address"] != "198.51.100.66"], [])

    def test_ping(self):
        self.box.shell("for host in 198.51.100.66 2001:db8:1::66 127.0.0.1; do "
                       "timeout 2 ping -c 1 -W 1 $host; timeout 2 busybox ping -c 1 -W 1 $host; "
                       "done "
                       ">/dev/null 2>&1; true")
        self.assertNothingLeft()

    def test_this_machine_s_own_services(self):
        ports = {}
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"),
                                (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"),
                                (socket.AF_INET, places.HOUSE4), (socket.AF_INET6, places.HOUSE6)):
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                ports[f"{address}/{kind}"] = self.listeners.listen(family, address, kind)
        # All at once: a stream to who is no sandbox's to reach is held for a moment, as its client may
        # be waiting for the server to speak.
        script = ("import concurrent.futures, json, socket, sys\n"
                  "ports, hosts = json.loads(sys.argv[1]), json.loads(sys.argv[2])\n"
                  "def knock(host, port, kind):\n"
                  "    family = socket.AF_INET6 if ':' in host else socket.AF_INET\n"
                  "    with socket.socket(family, kind) as s:\n"
                  "        s.settimeout(10)\n"
                  "        try: s.connect((host, port)); s.send(b'x' * 10); s.recv(1)\n"
                  "        except TimeoutError: return 'silence'\n"
                  "        except OSError: pass\n"
                  "        return 'refused'\n"
                  "with concurrent.futures.ThreadPoolExecutor(64) as pool:\n"
                  "    tried = [pool.submit(knock, *words) for words in ((h, p, k) for h in hosts\n"
                  "        for p in ports for k in (socket.SOCK_STREAM, socket.SOCK_DGRAM))]\n"
                  "    print(len(tried), {one.result() for one in tried})\n")
        hosts = ["127.0.0.1", "::1", "0.0.0.0", "::", places.HOUSE4, places.HOUSE6,
                 "::ffff:127.0.0.1", f"::ffff:{places.HOUSE4}", "127.1.2.3", "localhost", "house",
                 "host.docker.internal", "gateway.docker.internal"]
        said = self.inside(script, json.dumps(sorted(ports.values())), json.dumps(hosts))
        self.assertEqual(said, f"{2 * len(hosts) * len(ports)} {{'refused'}}")
        self.assertNobodyCame()

    def test_a_scan_of_the_neighbourhood(self):
        script = ("import asyncio, ipaddress\n"
                  "hosts = [str(h) for net in ('10.77.0.0/28', '192.168.0.0/28', '172.17.0.0/28', "
                  "'192.0.2.0/28',"
                  " '100.64.0.0/29', '169.254.169.248/29', 'fd00:77::/124', 'fe80::/125') "
                  "for h in ipaddress.ip_network(net)]\n"
                  "async def one(h, p):\n"
                  "    try:\n"
                  "        r, w = await asyncio.wait_for(asyncio.open_connection(h, p), 5)\n"
                  "        w.write(b'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'); await "
                  "asyncio.wait_for(r.read(100), 5)\n"
                  "    except (OSError, TimeoutError): pass\n"
                  "async def main():\n"
                  "    await asyncio.gather(*(one(h, p) for h in hosts for p in (22, 80, 443)))\n"
                  "    print(len(hosts))\n"
                  "asyncio.run(main())\n")
        # 192.0.2.0/24 is documentation's, and ordinary but for this machine's own address in it.
        self.setPolicy(ALLOW + rule("deny", cidr="192.0.2.0/24", ports=[22, 80, 443]))
        self.assertGreater(int(self.inside(script)), 100)
        self.assertNobodyCame()

    def test_sockets_with_a_path_or_an_abstract_name(self):
        name = f"caisson-test-{secrets.token_hex(6)}"
        path = f"/tmp/{name}.sock"
        came = []
        for address in (f"\0{name}", path):
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(address)
            self.addCleanup(listener.close)
            listener.listen()
            listener.setblocking(False)
            came.append(listener)
        self.addCleanup(os.unlink, path)
        os.chmod(path, 0o777)
        script = ("import os, socket, sys\n"
                  "for address in ('\\0' + sys.argv[1], f'/tmp/{sys.argv[1]}.sock',"
                  " f'/proc/1/root/tmp/{sys.argv[1]}.sock', "
                  "f'/proc/1/cwd/../tmp/{sys.argv[1]}.sock'):\n"
                  "    try: socket.socket(socket.AF_UNIX).connect(address); print('connected', "
                  "address)\n"
                  "    except OSError: pass\n"
                  "print(*[l.split()[-1] for l in open('/proc/net/unix').readlines()[1:] if '@' in "
                  "l])\n")
        said = self.inside(script, name)
        self.assertNotIn("connected", said)
        self.assertNotIn("@", said)
        for listener in came:
            with self.assertRaises(BlockingIOError):
                listener.accept()

    def test_the_sockets_of_caisson_are_not_to_be_had(self):
        home = str(self.home.path)
        script = ("import os, socket, sys\n"
                  "found = [os.path.join(d, f) for top in ('/run', '/tmp', '/var/tmp', sys.argv[1])"
                  " for d, _, fs in os.walk(top) for f in fs if f.endswith('.sock')]\n"
                  "print(found)\n"
                  "fds = [os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd')"
                  " if os.path.exists(f'/proc/self/fd/{n}')]\n"
                  "print([f for f in fds if 'socket:' in f and not f.startswith('pipe')])\n")
        said = self.inside(script, home)
        self.assertIn("[]", said.splitlines()[0])

    def test_the_network_cannot_be_changed_from_inside(self):
        before = self.box.exec("ip", "route", "show", "table", "all").out
        attempts = ("ip link add dummy0 type dummy", "ip addr add 192.0.2.9/24 dev lo",
                    "ip route del local default dev lo",
                    "ip route add default via 198.51.100.1 dev lo",
                    "ip -6 route del local default dev lo", "ip link set lo down",
                    "ip rule add pref 1 table 99",
                    "ip netns add x", FLUSH, "iptables -t nat -F",
                    "ip link add v type veth",
                    "ip tuntap add mode tun name t0", "sysctl -w net.ipv4.ip_forward=1",
                    "echo 1 > /proc/sys/net/ipv4/ip_forward",
                    "echo 1 > /proc/sys/net/ipv4/conf/all/accept_local",
                    "mount -t sysfs s /mnt", "nsenter -t 1 -n true && ip route flush table all")
        for attempt in attempts:
            self.box.exec("sh", "-c", attempt)
            with self.subTest(attempt=attempt):
                self.assertEqual(self.box.exec("ip", "route", "show", "table", "all").out, before)
        self.setPolicy(DENY)
        self.assertRefused(self.curl("http://plain.example.org/hello"))
        self.assertNothingLeft()

    def test_a_namespace_of_one_s_own_leads_nowhere(self):
        self.setPolicy(DENY)
        for words in ("unshare -rn", "unshare -n", "unshare -rnm"):
            self.box.exec("sh", "-c", f"{words} sh -c 'ip link set lo up; ip route add local "
                                      f"default dev lo; "
                          "curl -sS -m 3 http://plain.example.org/x; curl -sS -m 3 "
                          "http://198.51.100.66/x; "
                          "echo x | busybox nc -w 2 198.51.100.66 4444'")
        self.assertNothingLeft()

    def test_the_listeners_of_the_keeper_are_not_dialled_directly(self):
        """Whatever port the keeper listens at in here: a stream straight to it is nothing."""
        script = ("import socket\n"
                  "ports = set()\n"
                  "for name in ('tcp', 'tcp6'):\n"
                  "    for line in open(f'/proc/net/{name}').readlines()[1:]:\n"
                  "        words = line.split()\n"
                  "        if words[3] == '0A': ports.add(int(words[1].split(':')[1], 16))\n"
                  "for port in sorted(ports):\n"
                  "    for host in ('127.0.0.1', '::1'):\n"
                  "        try:\n"
                  "            s = socket.create_connection((host, port), 3); s.settimeout(2)\n"
                  "            s.sendall(b'GET /direct HTTP/1.1\\r\\nHost: "
                  "plain.example.org\\r\\n\\r\\n')\n"
                  "            print(port, s.recv(100))\n"
                  "        except OSError as e: print(port, type(e).__name__)\n")
        self.inside(script)
        self.assertEqual(self.internet.requests(target="/direct"), [])
        self.assertEqual(self.curl("http://plain.example.org/hello").status, 200)

    def test_many_streams_to_nobody_harm_nothing(self):
        """SYNs, half-open hellos and streams that say nothing: others go on beside them."""
        script = ("import socket\n"
                  "kept = []\n"
                  "for n in range(400):\n"
                  "    s = socket.socket(); s.settimeout(5)\n"
                  "    try:\n"
                  "        s.connect(('198.51.100.66', 443 if n % 2 else 80))\n"
                  "        s.send((b'\\x16\\x03\\x01\\x02\\x00\\x01', b'GET / HT')[n % 2 == 0]); "
                  "kept.append(s)\n"
                  "    except OSError: pass\n"
                  "import subprocess\n"
                  "print(subprocess.run(['curl', '-sS', '-m', '10', "
                  "'http://plain.example.org/hello'],"
                  " capture_output=True).stdout.decode())\n")
        self.assertIn("hello from plain", self.inside(script))
        until(lambda: not self.internet.connections(origin="evil", open=True), "the end of them")


class KilledKeeper(EgressCase):
    policy = ALLOW

    def test_nothing_passes(self):
        """With its keeper the sandbox ends; until its last process is gone nothing goes out."""
        script = ("import socket, time\n"
                  "print('up', flush=True)\n"
                  "while True:\n"
                  "    for port in (80, 4444):\n"
                  "        try:\n"
                  "            with socket.create_connection(('198.51.100.99', port), 1) as s:\n"
                  "                s.sendall(b'GET /tick HTTP/1.1\\r\\nHost: "
                  "198.51.100.99\\r\\n\\r\\n')\n"
                  "        except OSError: pass\n"
                  "    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:\n"
                  "        try: s.sendto(b'x', ('198.51.100.99', 53))\n"
                  "        except OSError: pass\n")
        with self.box.openExec("python3", "-c", script):
            until(lambda: self.internet.records("stray"), "that it gets out")
            keeper = self.box.keeperPid()
            inside = processes.descendantsOf(keeper)
            processes.killAndWait(keeper)
            self.internet.clear()
            until(lambda: not [pid for pid in inside if processes.isAlive(pid)], "the end of them",
                  5)
        # A stream that had been let go before may have had its last bytes under way.
        self.assertEqual(self.internet.records("packet"), [])
        self.assertEqual(self.internet.names(), [])

    def test_a_stream_under_way_ends_with_it(self):
        started = self.startCurl("http://plain.example.org/drip")
        self.internet.untilHeld()
        processes.killAndWait(self.box.keeperPid())
        until(lambda: not any(one["open"] for one in self.internet.connections(origin="plain")),
              "the end of the stream", 5)
        self.endProcess(started)
