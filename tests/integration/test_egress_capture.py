# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a program inside dials ends at the keeper, with nothing to set up inside."""

import json
import platform
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from caisson_testing.conditions import until
from caisson_testing.egress import DENY, EgressCase, rule
from caisson_testing.internet import places

PLAIN4, PLAIN6 = places.HOSTS["plain.example.org"]

POLICY = DENY + rule(id="streams", host="plain.example.org",
                     ports=[places.STREAM_PORT, places.BANNER_PORT]) \
    + rule(id="by-number", cidr="203.0.113.0/24", ports=[places.STREAM_PORT, 80]) \
    + rule(id="by-number-6", cidr="2001:db8::/64", ports=[places.STREAM_PORT, 80]) \
    + rule(id="any-port", cidr="198.51.100.200/32", ports=[1, 25, 6667, 65535]) \
    + rule(id="web", host="plain.example.org", ports=[80, places.SPARE_PORT])

ECHO = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2])), 10) as s:
    s.sendall(sys.argv[3].encode())
    s.shutdown(socket.SHUT_WR)
    got = b""
    while piece := s.recv(65536):
        got += piece
print(got.decode())
"""

MANY = """
import asyncio, sys
async def one(number):
    reader, writer = await asyncio.open_connection(sys.argv[1], int(sys.argv[2]))
    said = b"number %d " % number * 50
    writer.write(said)
    writer.write_eof()
    assert await reader.read() == said
    writer.close()
async def main():
    await asyncio.gather(*(one(number) for number in range(int(sys.argv[3]))))
    print("all")
asyncio.run(main())
"""

# connect(2), write(2) and read(2) by number, in a program without any library.
STATIC = r"""
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int count, char** words)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(7777)};
    char text[100];
    long socket = syscall(SYS_socket, AF_INET, SOCK_STREAM, 0), got;
    if (count < 2 || inet_pton(AF_INET, words[1], &to.sin_addr) != 1)
        return 2;
    if (syscall(SYS_connect, socket, &to, sizeof to) != 0)
        return 3;
    syscall(SYS_write, socket, "by hand\n", 8);
    got = syscall(SYS_read, socket, text, sizeof text);
    return got == 8 && syscall(SYS_write, 1, text, got) == got ? 0 : 4;
}
"""


class Streams(EgressCase):
    policy = POLICY

    def echo(self, host, text="to and fro", port=places.STREAM_PORT, **how):
        return self.inside(ECHO, host, port, text, **how)

    def test_nothing_is_set_up_inside(self):
        names = [line.split("=")[0] for line in self.box.shell("env").splitlines()]
        self.assertEqual([name for name in names if name.lower().endswith("_proxy")], [])

    def test_by_name_and_by_number(self):
        for host in ("plain.example.org", PLAIN4, PLAIN6, "PLAIN.Example.ORG",
                     "plain.example.org."):
            with self.subTest(host=host):
                self.internet.clear()
                self.assertEqual(self.echo(host), "to and fro")
                self.assertEqual([seen["raw"] for seen in self.internet.connections()],
                                 ["to and fro"])
                self.assertEqual(self.internet.strays(), [])

    def test_any_port(self):
        for port in (1, 25, 6667, 65535):
            self.box.exec("python3", "-c", ECHO, "198.51.100.200", str(port), "hello sink\r\n\r\n")
        said = {(seen["port"], seen["data"]) for seen in self.internet.records("stray")}
        self.assertEqual(said, {(port, "hello sink\r\n\r\n") for port in (1, 25, 6667, 65535)})

    def test_a_server_that_speaks_first(self):
        script = ("import socket; s = socket.create_connection(('plain.example.org', %d), 10); "
                  "print(s.recv(100).decode()); s.sendall(b'HELO x\\r\\n'); "
                  "print(s.recv(100).decode())")
        said = self.inside(script % places.BANNER_PORT)
        self.assertIn("220 mail.example.org ready", said)
        self.assertIn("250 HELO x", said)
        row = self.untilLogged(rule="streams", port=places.BANNER_PORT)[0]
        self.assertEqual((row["verdict"], row["host"], row["method"]),
                         ("allow", "plain.example.org", ""))

    def test_the_end_of_one_direction(self):
        text = "half " * 20000
        self.assertEqual(self.echo("plain.example.org", text), text.strip())

    def test_many_at_once(self):
        self.assertEqual(self.inside(MANY, "plain.example.org", places.STREAM_PORT, 300), "all")
        self.assertEqual(len(self.internet.connections(origin="stream")), 300)

    def test_a_static_program_that_calls_the_kernel_by_number(self):
        compiler = next((word for word in ("gcc-14", "gcc", "cc") if shutil.which(word)), None)
        if not compiler:
            self.skipTest("there is no C compiler here")
        with tempfile.TemporaryDirectory() as folder:
            source, program = Path(folder, "static.c"), Path(folder, "static")
            source.write_text(STATIC)
            subprocess.run([compiler, "-static", "-O1", "-o", program, source], check=True)
            self.assertEqual(self.box.put("/root/static", program.read_bytes()).status, 200)
        self.box.must("chmod", "+x", "/root/static")
        self.assertEqual(self.box.must("/root/static", PLAIN4), b"by hand\n")
        # No connection, or one that is reset as soon as something is said.
        self.assertIn(self.box.exec("/root/static", "198.51.100.66").code, (3, 4))
        self.assertEqual([seen["raw"] for seen in self.internet.connections()], ["by hand\n"])
        self.assertEqual(self.internet.strays(), [])

    def test_busybox(self):
        if not shutil.which("busybox"):
            self.skipTest("there is no busybox here")
        got = self.box.must("busybox", "wget", "-q", "-O", "-", "http://plain.example.org/hello")
        self.assertEqual(got, b"hello from plain\n")

    @unittest.skipUnless(platform.machine() in ("x86_64", "aarch64"), "the numbers are of others")
    def test_io_uring_is_no_way_round(self):
        said = self.inside("import ctypes; c = ctypes.CDLL(None, use_errno=True); "
                           "print(c.syscall(425, 8, 0), ctypes.get_errno())")
        self.assertTrue(said.startswith("-1 "), said)

    def test_other_users_and_what_outlives_its_exec(self):
        self.assertEqual(self.echo("plain.example.org", options=("--user", "dev")), "to and fro")
        self.box.shell("(sleep 0.3; curl -s http://plain.example.org/later) >/dev/null 2>&1 &")
        until(lambda: self.internet.requests(target="/later"), "the request of the one left behind")

    def test_its_own_loopback_is_its_own(self):
        script = ("import socket, threading\n"
                  "for family, here in ((socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1'),"
                  " (socket.AF_INET, '127.5.6.7')):\n"
                  "    l = socket.create_server((here, 0), family=family)\n"
                  "    c = socket.create_connection(l.getsockname()[:2], 5)\n"
                  "    a, _ = l.accept(); a.sendall(b'own'); print(c.recv(9).decode())\n"
                  "    c.close(); a.close(); l.close()\n"
                  "l = socket.create_server(('0.0.0.0', 3000))\n"
                  "c = socket.create_connection(('localhost', 3000), 5); print('own')\n")
        self.assertEqual(self.inside(script).split(), ["own"] * 4)
        self.assertNothingLeft()

    def test_datagrams_to_itself(self):
        script = ("import socket\n"
                  "a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); a.bind(('127.0.0.1', 0))\n"
                  "b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                  "b.sendto(b'own', a.getsockname()); a.settimeout(5); print(a.recv(9).decode())\n")
        self.assertEqual(self.inside(script), "own")


DNS = """
import json, socket, struct, sys
def ask(name, kind, tcp, server):
    query = struct.pack("!HHHHHH", 77, 0x0100, 1, 0, 0, 0)
    query += b"".join(bytes([len(l)]) + l.encode() for l in name.split(".") if l) + b"\\0"
    query += struct.pack("!HH", kind, 1)
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as s:
        s.settimeout(5)
        s.connect((server, 53))
        s.send(struct.pack("!H", len(query)) + query if tcp else query)
        reply = s.recv(4096)
        while tcp and len(reply) < 2 + struct.unpack("!H", reply[:2])[0]:
            reply += s.recv(4096)
    reply = reply[2:] if tcp else reply
    number, flags, _, answers, authority, _ = struct.unpack("!HHHHHH", reply[:12])
    assert number == 77
    return [flags & 15, answers, authority]
print(json.dumps([ask(name, int(kind), tcp == "tcp", server)
                  for name, kind, tcp, server in (w.split("/") for w in sys.argv[1:])]))
"""


class Names(EgressCase):
    policy = POLICY

    def ask(self, *questions):
        return json.loads(self.inside(DNS, *questions))

    def test_answers_are_the_keeper_s(self):
        server = self.box.shell("awk '/^nameserver/ { print $2; exit }' /etc/resolv.conf").strip()
        got = self.ask(*[f"some.name.example.org/{kind}/{way}/{server}"
                         for kind in (1, 28, 16, 15, 65, 64, 33, 255, 4711) for way in ("udp",
                                                                                        "tcp")])
        for reply, kind in zip(got, (kind for kind in (1, 28, 16, 15, 65, 64, 33, 255, 4711)
                                     for _ in range(2))):
            with self.subTest(kind=kind):
                self.assertEqual(reply[0], 0)
                if kind in (1, 28):
                    self.assertEqual(reply[1], 1)
                elif kind != 255:
                    self.assertEqual(reply[1], 0)
        self.assertNothingLeft()

    def test_whichever_server_is_asked(self):
        for server in ("8.8.8.8", "203.0.113.53", "2001:db8::53"):
            with self.subTest(server=server):
                self.assertEqual(self.ask(f"a.example.org/1/udp/{server}",
                                          f"a.example.org/28/tcp/{server}"), [[0, 1, 0], [0, 1, 0]])
        self.assertNothingLeft()

    def test_addresses_are_the_sandbox_s_own_and_lead_back_to_names(self):
        script = ("import json, socket\n"
                  "name = 'back.example.org'\n"
                  "found = sorted({a[4][0] for a in socket.getaddrinfo(name, 443)})\n"
                  "again = sorted({a[4][0] for a in socket.getaddrinfo(name, 443)})\n"
                  "print(json.dumps([found, again, [socket.gethostbyaddr(a)[0] for a in found]]))")
        found, again, names = json.loads(self.inside(script))
        self.assertEqual(found, again)
        self.assertTrue(any(address.startswith(("198.18.", "198.19.")) for address in found), found)
        self.assertTrue(any(address.startswith("fd") for address in found), found)
        self.assertEqual(set(names), {"back.example.org"})
        self.assertNothingLeft()

    def test_names_that_are_none(self):
        server = self.box.shell("awk '/^nameserver/ { print $2; exit }' /etc/resolv.conf").strip()
        self.assertEqual([reply[0] for reply in self.ask(f"x.invalid/1/udp/{server}",
                                                         f"hidden.onion/1/udp/{server}")], [3, 3])
        self.assertIn("127.0.0.1", self.box.shell("getent ahosts localhost; "
                                                  "getent ahosts sub.localhost"))

    def test_ten_thousand_names(self):
        script = ("import socket\n"
                  "seen = {socket.gethostbyname(f'n{i}.example.org') for i in range(10000)}\n"
                  "print(len(seen))")
        self.assertEqual(self.inside(script), "10000")
        self.assertNothingLeft()

    def test_only_the_name_that_is_dialled_is_asked_for(self):
        self.assertEqual(self.curl("http://plain.example.org/hello").status, 200)
        self.assertEqual(self.internet.names(), ["plain.example.org"])
