# SPDX-License-Identifier: GPL-3.0-or-later
"""An origin that speaks HTTP/1.1 in clear or in TLS. It is lenient on purpose and keeps each
connection's bytes as they came: what a proxy should have refused is seen here if it was not."""

import asyncio
import hashlib
import json
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

KEPT = 65536  # bytes of a connection, and of a body, that are recorded


@dataclass
class Request:
    method: str
    target: str
    version: str
    headers: list
    body: bytes = b""     # the first KEPT bytes
    length: int = 0
    digest: str = ""
    trailers: list = field(default_factory=list)

    def header(self, name, default=None):
        return next((value for key, value in self.headers if key.lower() == name), default)

    @property
    def path(self):
        return urlsplit(self.target).path

    @property
    def query(self):
        return {key: values[-1] for key, values
                in parse_qs(urlsplit(self.target).query, keep_blank_values=True).items()}


class Ended(Exception):
    """The connection is of no more use."""


class Connection:
    """One connection: reads requests, and has what routes answer with."""

    def __init__(self, origin, number, reader, writer):
        self.origin, self.number, self.reader, self.writer = origin, number, reader, writer
        tls = writer.get_extra_info("ssl_object")
        self.record = origin.records.add(
            "connection", origin=origin.name, id=number, open=True, raw="", sent=0,
            sni=getattr(tls, "askedFor", ""), alpn=tls.selected_alpn_protocol() if tls else None)

    async def take(self, size=-1, until=None):
        """Bytes of the connection, kept as they came."""
        try:
            data = (await self.reader.readuntil(until) if until
                    else await self.reader.readexactly(size) if size >= 0
                    else await self.reader.read(65536))
        except asyncio.IncompleteReadError as error:
            self.keep(error.partial)
            raise Ended from None
        except (ConnectionError, asyncio.LimitOverrunError):
            raise Ended from None
        self.keep(data)
        return data

    def keep(self, data):
        if data:
            self.origin.records.touch(self.record)
        room = KEPT - len(self.record["raw"])
        if room > 0:
            self.record["raw"] += data[:room].decode("latin-1")

    async def send(self, data):
        try:
            self.writer.write(data)
            await self.writer.drain()
        except ConnectionError:
            raise Ended from None
        self.origin.records.touch(self.record)
        self.record["sent"] += len(data)

    # ---- requests ----

    async def readRequest(self):
        first = await self.take(1)
        if first == b"\x16":  # a TLS handshake, where there is no TLS
            await self.answer(b"no TLS here\n", status=400)
            raise Ended
        head = (first + await self.take(until=b"\r\n\r\n")).decode("latin-1")
        lines = head.rstrip("\r\n").split("\r\n")
        words = lines[0].split(" ")
        method, target, version = (words + ["", "", ""])[:3]
        headers = [[part.strip() for part in line.split(":",
                                                        1)] for line in lines[1:] if ":" in line]
        return Request(method, target, version, headers)

    async def readBody(self, request):
        summed, kept = hashlib.sha256(), bytearray()
        async for piece in self.bodyOf(request):
            summed.update(piece)
            request.length += len(piece)
            if len(kept) < KEPT:
                kept += piece[:KEPT - len(kept)]
        request.body, request.digest = bytes(kept), summed.hexdigest()

    async def bodyOf(self, request):
        if "chunked" in request.header("transfer-encoding", "").lower():
            while size := int((await self.take(until=b"\r\n")).split(b";")[0], 16):
                yield await self.take(size)
                await self.take(2)
            while (line := await self.take(until=b"\r\n")) != b"\r\n":
                request.trailers.append([part.strip() for part in line.decode("latin-1").split(":",
                                                                                               1)])
            return
        left = int(request.header("content-length", "0"))
        while left > 0:
            piece = await self.take(min(left, 65536))
            left -= len(piece)
            yield piece

    # ---- answers ----

    @staticmethod
    def head(status, headers):
        lines = [f"HTTP/1.1 {status} X"] + [f"{name}: {value}" for name, value in headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    async def answer(self, body=b"", status=200, kind="text/plain", headers=(), bodiless=False):
        if not isinstance(body, bytes):
            body, kind = json.dumps(body).encode(), "application/json"
        head = self.head(status, [("Content-Type", kind), ("Content-Length", len(body)), *headers])
        await self.send(head if bodiless else head + body)

    async def chunks(self, pieces, headers=(), trailers=()):
        await self.send(self.head(200, [("Transfer-Encoding", "chunked"), *headers]))
        async for piece in pieces:
            await self.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        ends = "".join(f"{name}: {value}\r\n" for name, value in trailers)
        await self.send(f"0\r\n{ends}\r\n".encode())


class Http1:
    """An origin. `routes`: first part of the path to a coroutine of (connection, request)."""

    def __init__(self, name, records, routes):
        self.name, self.records, self.routes = name, records, routes
        self.count = 0
        self.held = {}  # connection number: an event that lets it go on

    async def start(self, addresses, port, tls=None):
        for address in addresses:
            await asyncio.start_server(self.serve, address, port, ssl=tls, limit=1 << 20,
                                       backlog=1024)

    async def hold(self, connection):
        """Until the test lets it go on, or the peer has gone."""
        event = self.held[connection.number] = asyncio.Event()
        connection.record["held"] = True
        gone = asyncio.ensure_future(connection.take())
        released = asyncio.ensure_future(event.wait())
        done, _ = await asyncio.wait({gone, released}, return_when=asyncio.FIRST_COMPLETED)
        connection.record["held"] = False
        for task in (gone, released):
            task.cancel()
        # Until they have ended, nobody else may read.
        await asyncio.gather(gone, released, return_exceptions=True)
        if released not in done:
            raise Ended

    async def serve(self, reader, writer):
        self.count += 1
        connection = Connection(self, f"{self.name}/{self.count}", reader, writer)
        try:
            while True:
                request = await connection.readRequest()
                await self.serveOne(connection, request)
                if request.header("connection", "").lower() == "close":
                    break
        except (Ended, ConnectionError):
            pass
        except (ValueError, IndexError) as error:
            connection.record["broken"] = str(error)
        finally:
            connection.record["open"] = False
            writer.close()

    async def serveOne(self, connection, request):
        record = self.records.add("request", origin=self.name, connection=connection.number,
                                  method=request.method, target=request.target,
                                  headers=request.headers, sni=connection.record["sni"])
        expects = request.header("expect", "").lower() == "100-continue"
        if expects and "nocontinue" not in request.query:
            await connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        word = unquote(request.path).split("/")[1] if request.path.startswith("/") else ""
        route = self.routes.get(word, self.routes[""])
        if not getattr(route, "readsBody", False):
            await connection.readBody(request)
            record.update(body=request.body.decode("latin-1"), length=request.length,
                          digest=request.digest, trailers=request.trailers)
        await route(connection, request)
