# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's side of RFC 6455: it sends back what it gets, after the header that ?show= names."""

import base64
import hashlib
import struct

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CLOSE, PING, PONG = 8, 9, 10


async def echo(connection, request):
    key = request.header("sec-websocket-key", "")
    accept = base64.b64encode(hashlib.sha1(key.encode() + MAGIC).digest()).decode()
    await connection.send(connection.head(101, [("Upgrade", "websocket"), ("Connection", "Upgrade"),
                                                ("Sec-WebSocket-Accept", accept)]))
    connection.record["webSocket"] = True
    if shown := request.header(request.query.get("show", ""), "").encode():
        await connection.send(b"\x81" + bytes([len(shown)]) + shown)
    while True:
        first, second = await connection.take(2)
        size = second & 0x7F
        if size == 126:
            size, = struct.unpack("!H", await connection.take(2))
        elif size == 127:
            size, = struct.unpack("!Q", await connection.take(8))
        mask = await connection.take(4) if second & 0x80 else bytes(4)
        masked = await connection.take(size)
        key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
        payload = (int.from_bytes(masked, "big") ^ key).to_bytes(size, "big")
        opcode = PONG if first & 15 == PING else first & 15
        length = (bytes([size]) if size < 126 else b"\x7e" + struct.pack("!H", size)
                  if size < 65536 else b"\x7f" + struct.pack("!Q", size))
        await connection.send(bytes([first & 0xF0 | opcode]) + length + payload)
        if opcode == CLOSE:
            return
