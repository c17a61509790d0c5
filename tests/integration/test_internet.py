# SPDX-License-Identifier: GPL-3.0-or-later
"""The small internet by itself: the tests of egress are worth no more than what it sees."""

import json
import os
import socket
import ssl
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from caisson_testing.conditions import until
from caisson_testing.internet import Internet, digest, places


class SmallInternet(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.internet = Internet.here()
        cls.addClassCleanup(cls.internet.close)

    def setUp(self):
        self.internet.clear()

    def open(self, url, **request):
        trusted = ssl.create_default_context(cafile=self.internet.authority)
        return urllib.request.urlopen(urllib.request.Request(url, **request), timeout=20,
                                      context=trusted)

    def curl(self, *words):
        return subprocess.run(["curl", "-sS", "--max-time", "20", "--cacert",
                               self.internet.authority, *words], capture_output=True)

    def test_names_lead_to_origins_and_are_seen(self):
        self.assertEqual(self.open("http://plain.example.org/hello").read(), b"hello from plain\n")
        self.assertEqual(self.open("https://echo.example.org/hello").read(), b"hello from echo\n")
        self.assertEqual(self.internet.names(), ["echo.example.org", "plain.example.org"])
        targets = [(seen["origin"], seen["method"],
                    seen["sni"]) for seen in self.internet.requests()]
        self.assertEqual(targets, [("plain", "GET", ""), ("echo", "GET", "echo.example.org")])
        self.assertEqual(self.internet.strays(), [])

    def test_both_families(self):
        for address in places.addressesOf("plain.example.org"):
            host = f"[{address}]" if ":" in address else address
            with self.subTest(address=address):
                self.assertEqual(self.open(f"http://{host}/hello").status, 200)

    def test_answers_may_change_from_one_look_up_to_the_next(self):
        self.internet.setName("turning.example.net", ["203.0.113.10"], ["127.0.0.1"])
        found = [socket.gethostbyname("turning.example.net") for _ in range(3)]
        self.assertEqual(found, ["203.0.113.10", "127.0.0.1", "127.0.0.1"])

    def test_bad_certificates_are_bad(self):
        for word, why in (("expired", "expired"), ("selfsigned", "self-signed"),
                          ("wrongname", "not valid for"), ("unknownca", "self-signed"),
                          ("notls", "WRONG_VERSION")):
            with self.subTest(origin=word):
                with self.assertRaises(urllib.error.URLError) as raised:
                    self.open(f"https://{word}.example.org/")
                text = str(raised.exception).replace("record layer failure", "WRONG_VERSION")
                self.assertRegex(text, f"{why}|unable to get local issuer")

    def test_http_2(self):
        if "HTTP2" not in self.curl("--version").stdout.decode():
            self.skipTest("this curl knows no HTTP/2")
        for host, text in (("secure", b"hello from nginx\n"), ("h2", b"hello from h2\n")):
            done = self.curl("--http2", "-w", "%{http_version}",
                             f"https://{host}.example.org/hello")
            self.assertEqual(done.stdout, text + b"2", done.stderr)
        done = self.curl("-d", "question", "-H", "content-type: application/grpc",
                         "-D", "-", "https://h2.example.org/grpc")
        self.assertIn(b"question", done.stdout)
        self.assertIn(b"grpc-status: 0", done.stdout)
        self.assertEqual([seen["target"] for seen in self.internet.requests(origin="nginx")],
                         ["/hello"])

    def test_much_each_way(self):
        size = 3_000_001
        self.assertEqual(len(self.open(f"https://echo.example.org/bytes/{size}").read()), size)
        self.assertEqual(len(self.curl("https://h2.example.org/bytes/3000001").stdout), size)
        body = self.open(f"http://plain.example.org/bytes/{size}?chunked").read()
        answer = json.load(self.open("https://echo.example.org/upload", data=body))
        self.assertEqual((answer["length"], answer["digest"]), (size, digest(size)))

    def test_held_answers_go_on_when_told(self):
        stream = self.open("http://plain.example.org/events")
        self.assertEqual(stream.readline(), b"id: 0\n")
        self.internet.release(self.internet.untilHeld())
        self.assertIn(b"event 1", stream.read())
        stream = self.open("http://plain.example.org/drip")
        held = self.internet.untilHeld()
        stream.close()
        until(lambda: not self.internet.connections(id=held["id"])[0]["open"],
              "that it sees the end")

    def test_streams(self):
        with socket.create_connection(("203.0.113.10", places.STREAM_PORT), 5) as stream:
            stream.sendall(b"to and fro")
            self.assertEqual(stream.recv(100), b"to and fro")
        with socket.create_connection(("2001:db8::10", places.BANNER_PORT), 5) as stream:
            self.assertTrue(stream.recv(100).startswith(b"220 "))

    def test_the_sink_sees_what_reaches_nobody(self):
        with socket.create_connection(("198.51.100.99", 4444), 5) as stream:
            stream.sendall(b"tell the world")
        with socket.create_connection(("fd00:77::9", 80), 5) as stream:
            stream.sendall(b"GET / HTTP/1.1\r\n\r\n")
            self.assertIn(b"reached", stream.recv(1000))
        for address, family in (("198.51.100.98", socket.AF_INET),
                                ("2001:db8:2::1", socket.AF_INET6)):
            with socket.socket(family, socket.SOCK_DGRAM) as datagrams:
                datagrams.sendto(b"by datagram", (address, 443))
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
            raw.sendto(b"\x08\x00\xf7\xff\x00\x00\x00\x00", ("198.51.100.97", 0))
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection((places.DEAD, 80), 5)
        seen = until(lambda: (found := self.internet.strays()) and len(found) >= 8 and found,
                     "eight records")
        packets = {(one["protocol"], one["address"], one["port"]) for one in seen
                   if one["kind"] == "packet"}
        self.assertEqual(packets, {("tcp", "198.51.100.99", 4444), ("tcp", "fd00:77::9", 80),
                                   ("udp", "198.51.100.98", 443), ("udp", "2001:db8:2::1", 443),
                                   ("icmp", "198.51.100.97", 0), ("tcp", places.DEAD, 80)})
        said = until(lambda: (self.internet.raw().count("tell the world") and self.internet.raw()),
                     "what was said")
        self.assertIn("GET / HTTP/1.1", said)

    def test_git_clones_and_pushes(self):
        folder = tempfile.TemporaryDirectory(dir="/var/tmp")
        self.addCleanup(folder.cleanup)
        clone = Path(folder.name, "clone")
        environment = dict(os.environ, GIT_SSL_CAINFO=self.internet.authority)

        def git(*words):
            subprocess.run(["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *words],
                           check=True, env=environment)
        git("clone", "-q", "https://echo.example.org/git/project.git", clone)
        self.assertIn("small internet", (clone / "readme").read_text())
        git("-C", clone, "commit", "-q", "--allow-empty", "-m", "More")
        git("-C", clone, "push", "-q", "origin", "HEAD:refs/heads/more")
