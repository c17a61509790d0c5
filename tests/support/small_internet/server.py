# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the small internet in a network namespace of its own, until its standard input ends.

    server.py FOLDER

Says "namespace" when there is one to wire, waits for a line, says "ready" when all serve. Then
FOLDER/control is a socket that takes a line of JSON and answers with one, and FOLDER/ca.crt is the
authority to trust."""

import asyncio
import json
import shutil
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from small_internet import authority, namespaces, places, routes, services, streams
from small_internet.http1 import Http1
from small_internet.http2 import Http2
from small_internet.names import Names
from small_internet.nginx import Nginx
from small_internet.records import Records
from small_internet.sink import Sink

DEVICE = "street"


def wire():
    namespaces.ip("link", "set", "lo", "up")
    namespaces.address(DEVICE, places.STREET4, places.STREET6)
    namespaces.ip("link", "set", DEVICE, "up")
    # Every address that nobody else has is here (AnyIP), so that whatever is dialled is seen.
    namespaces.ip("route", "add", "local", "default", "dev", "lo", "table", "main")
    namespaces.ip("-6", "route", "add", "local", "default", "dev", "lo", "table", "main")
    # Of IPv6 that is enough to be reached, but not to bind a socket to.
    for address in places.certified()[1]:
        if ":" in address:
            namespaces.ip("address", "add", f"{address}/128", "dev", "lo", "nodad")


class World:
    def __init__(self, folder):
        self.folder = folder
        self.records = Records()
        self.sink = Sink(self.records)
        self.names = Names(self.records)
        self.origins = {}
        self.nginx = Nginx(folder, self.records) if shutil.which("nginx") else None
        trusted = authority.Authority(folder)
        (folder / "ca.crt").write_bytes(trusted.root.certificate.read_bytes())
        self.good = trusted.good()
        self.bad = {
            "expired": authority.expired(trusted),
            "selfsigned": trusted.leaf("selfsigned", ["selfsigned.example.org"], selfSigned=True),
            "wrongname": trusted.leaf("wrongname", ["another.example.org"]),
            "unknownca": authority.Authority(folder, "another authority").leaf(
                "unknownca", ["unknownca.example.org"])}

    async def serve(self, name, port, start):
        addresses = places.addressesOf(name)
        for address in addresses:
            self.sink.serve(address, port)
        await start(addresses, port)

    async def origin(self, name, ports, tlsPorts=(), tls=None, extra=None):
        word = name.split(".")[0]
        made = self.origins[word] = Http1(word, self.records, routes.common() | (extra or {}))
        for port in ports:
            await self.serve(name, port, made.start)
        for port in tlsPorts:
            await self.serve(name, port, lambda addresses, port: made.start(addresses, port, tls))

    async def start(self):
        await self.names.start()
        self.sink.serve(places.NAME_SERVER, 53)
        tls = self.good.context(["http/1.1"])
        await self.origin("plain.example.org", [80, places.SPARE_PORT])
        await self.origin("echo.example.org", [80], [443, 8443], tls,
                          {"git": services.Git(self.folder),
                           "npm": services.Npm("https://echo.example.org")})
        for name in ("other.example.net", "evil.example.net"):
            await self.origin(name, [80], [443], tls)
        for word, pair in self.bad.items():
            await self.origin(f"{word}.example.org", [], [443], pair.context())
        await self.origin("notls.example.org", [443])
        self.origins["h2"] = http2 = Http2(self.records)
        await self.serve("h2.example.org", 443, lambda addresses, port: http2.start(
            addresses, port, self.good.context(["h2"])))
        await self.serve("h2.example.org", 80, http2.start)
        for serve, port in ((streams.echo(self.records), places.STREAM_PORT),
                            (streams.banner(self.records), places.BANNER_PORT)):
            await self.serve("plain.example.org", port,
                             lambda addresses, port: streams.start(serve, addresses, port))
        if self.nginx:
            for address in places.addressesOf("secure.example.org"):
                self.sink.serve(address, 443)
            self.nginx.start(self.good)
        await self.sink.start(DEVICE)
        namespaces.untilCarried(DEVICE)
        await asyncio.start_unix_server(self.control, self.folder / "control", limit=1 << 24)
        (self.folder / "control").chmod(0o666)

    async def control(self, reader, writer):
        while line := await reader.readline():
            order = json.loads(line)
            answer = getattr(self, "do_" + order.pop("do"))(**order)
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        writer.close()

    # ---- what a test may ask for ----

    def drain(self):
        self.sink.drain()
        if self.nginx:
            self.nginx.drain()

    def do_records(self):
        self.drain()
        return {"records": self.records.all, "lost": self.records.lost}

    def do_clear(self):
        self.drain()
        self.records.clear()

    def do_name(self, name, answers):
        self.names.set(name, answers)

    def do_silent(self, name):
        self.names.silent.add(name)

    def do_release(self, connection):
        """Lets a held answer go on; says whether there was one."""
        for origin in self.origins.values():
            event = origin.held.pop(connection, None)
            if event:
                event.set()
                return True
        return False


async def main(folder):
    namespaces.unshare(namespaces.NEWNET)
    loop = asyncio.get_running_loop()
    world = World(folder)
    print("namespace", flush=True)
    sys.stdin.readline()
    wire()
    await world.start()
    print("ready", flush=True)
    # The end of standard input: whoever started this has gone, however it ended.
    await loop.run_in_executor(None, sys.stdin.read)
    if world.nginx:
        world.nginx.stop()


if __name__ == "__main__":
    namespaces.endWithParent()
    asyncio.run(main(Path(sys.argv[1])))
