# SPDX-License-Identifier: GPL-3.0-or-later
"""What the HTTP/1.1 origins answer to which path."""

import asyncio
import base64
import gzip
import json

from . import pattern, websocket
from .http1 import Ended


async def hello(connection, request):
    """/hello, and whatever has no route of its own."""
    await connection.answer(f"hello from {connection.origin.name}\n".encode(),
                            bodiless=request.method == "HEAD")


async def size(connection, request):
    """/bytes/N: that many bytes of the pattern; ?chunked"""
    count = int(request.path.split("/")[2])
    if "chunked" in request.query:
        async def pieces():
            for piece in pattern.pattern(count):
                yield piece
        return await connection.chunks(pieces())
    await connection.send(connection.head(200, [("Content-Length", count)]))
    for piece in pattern.pattern(count):
        await connection.send(piece)


async def upload(connection, request):
    """/upload: what came, by length and digest."""
    await connection.answer({"length": request.length, "digest": request.digest,
                             "trailers": request.trailers})


async def echo(connection, request):
    """/echo: the request as it came, in JSON."""
    await connection.answer({"method": request.method, "target": request.target,
                             "headers": request.headers, "body": request.body.decode("latin-1")})


async def chunked(connection, request):
    """/chunked: five chunks and a trailer."""
    async def pieces():
        for number in range(5):
            yield f"chunk {number}\n".encode()
    await connection.chunks(pieces(), [("Trailer", "X-Sum")], [("X-Sum", "five")])


async def events(connection, request):
    """/events: one event at once, the next when the test says so; then the end."""
    await connection.send(connection.head(200, [("Content-Type", "text/event-stream"),
                                                ("Transfer-Encoding", "chunked")]))
    for number in range(2):
        data = f"id: {number}\ndata: event {number}\n\n".encode()
        await connection.send(b"%x\r\n%s\r\n" % (len(data), data))
        if number == 0:
            await connection.origin.hold(connection)
    await connection.send(b"0\r\n\r\n")


async def drip(connection, request):
    """/drip: some bytes of a long answer, and the rest when the test says so."""
    await connection.send(connection.head(200, [("Content-Length", 20)]) + b"0123456789")
    await connection.origin.hold(connection)
    await connection.send(b"abcdefghij")


async def wait(connection, request):
    """/wait: nothing until the test says so."""
    await connection.origin.hold(connection)
    await connection.answer(b"waited\n")


async def redirect(connection, request):
    """/redirect?to=URL&status=302"""
    await connection.answer(status=int(request.query.get("status", "302")),
                            headers=[("Location", request.query["to"])])


async def status(connection, request):
    """/status/N"""
    code = int(request.path.split("/")[2])
    if code in (204, 304):
        return await connection.send(connection.head(code, []))
    await connection.answer(f"status {code}\n".encode(), status=code)


async def reflect(connection, request):
    """/reflect?how=text|json|split|gzip|binary|event: what Authorization and X-Api-Key brought comes
    back, in headers and in the body, also what is in the Basic credentials."""
    sent = [request.header(name, "") for name in ("authorization", "x-api-key")]
    for text in list(sent):
        if text.startswith("Basic "):
            sent.append(base64.b64decode(text[6:]).decode())
    text = "seen: " + " | ".join(filter(None, sent)) + " :end\n"
    headers = [("X-Seen", sent[0]), ("Set-Cookie", f"seen={sent[1]}")]
    how = request.query.get("how", "text")
    if how == "json":
        body = json.dumps({"seen": sent}).encode()
        return await connection.answer(body, kind="application/json", headers=headers)
    if how == "gzip":
        return await connection.answer(gzip.compress(text.encode()),
                                       headers=[("Content-Encoding", "gzip"), *headers])
    if how == "binary":
        return await connection.answer(text.encode(), kind="application/octet-stream",
                                       headers=headers)
    if how == "split":
        async def pieces():  # the value is in two chunks, and in two segments
            for piece in (text[:len(text) // 2], text[len(text) // 2:]):
                yield piece.encode()
                await asyncio.sleep(0.05)
        return await connection.chunks(pieces(), [("Content-Type", "text/plain"), *headers])
    if how == "event":
        return await connection.answer(f"data: {text}\n".encode(), kind="text/event-stream",
                                       headers=headers)
    if request.header("range", "").startswith("bytes="):
        first, last = request.header("range")[6:].split("-")
        return await connection.answer(text.encode()[int(first):int(last) + 1], status=206,
                                       headers=headers)
    await connection.answer(text.encode(), headers=headers)


async def untilClose(connection, request):
    """/close: a body that the end of the connection ends."""
    await connection.send(connection.head(200, [("Connection", "close")]) + b"until the end\n")
    raise Ended


async def early(connection, request):
    """/early: 103 before the answer (RFC 8297)."""
    await connection.send(connection.head(103, [("Link", "</style.css>; rel=preload")]))
    await connection.answer(b"after the hints\n")


async def refuseBody(connection, request):
    """/refuse: 417 before any body was sent."""
    await connection.answer(b"no\n", status=417, headers=[("Connection", "close")])
    raise Ended


refuseBody.readsBody = True

BAD_ANSWERS = {
    "two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nhello",
    "length-and-chunked": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: "
                          b"chunked\r\n\r\n"
                          b"0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nsplit",
    "bare-lf": b"HTTP/1.1 200 OK\nContent-Length: 5\nX-Split: yes\n\nhello",
    "folded": b"HTTP/1.1 200 OK\r\nX-Folded: one\r\n two\r\nContent-Length: 5\r\n\r\nhello",
    "no-http": b"SSH-2.0-OpenSSH_9.9\r\n",
    "cut": b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello",
    "cut-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "huge-head": b"HTTP/1.1 200 OK\r\nX-Huge: " + b"h" * (4 << 20) + b"\r\n\r\n",
    "space": b"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello",
}


async def bad(connection, request):
    """/bad/KIND: an answer that no proxy should pass on as it is."""
    await connection.send(BAD_ANSWERS[request.path.split("/")[2]])
    raise Ended


async def switch(connection, request):
    """/switch: 101 to whatever upgrade is asked for, asked for or not; then what comes goes back."""
    kind = request.header("upgrade", "h2c")
    await connection.send(connection.head(101, [("Upgrade", kind), ("Connection", "Upgrade")]))
    while piece := await connection.take():
        await connection.send(b"switched: " + piece)


async def webSocket(connection, request):
    """/socket: what comes goes back."""
    await websocket.echo(connection, request)


def common():
    return {"": hello, "bytes": size, "upload": upload, "echo": echo, "chunked": chunked,
            "events": events, "drip": drip, "wait": wait, "redirect": redirect, "status": status,
            "reflect": reflect, "close": untilClose, "early": early, "refuse": refuseBody,
            "bad": bad, "socket": webSocket,
            "switch": switch}
