# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain client of the API over its Unix socket, that can also say what no client should."""

import base64
import http.client
import json
import os
import socket
import struct
from urllib.parse import quote

TIMEOUT = 60


def connect(path, timeout=TIMEOUT):
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout)
    connection.connect(str(path))
    return connection


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, open, timeout=TIMEOUT):
        super().__init__("localhost", timeout=timeout)
        self.open = open

    def connect(self):
        self.sock = self.open(self.timeout)


class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.headers
        self.body = body

    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The machine's word of an error."""
        return self.json()["code"]

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Api:
    """Every call opens a connection of its own. `start` starts the service, which leaves when it has
    had no client for a minute."""

    def __init__(self, socketPath, start):
        self.socketPath = socketPath
        self.start = start

    def open(self, timeout=TIMEOUT):
        try:
            return connect(self.socketPath, timeout)
        except (FileNotFoundError, ConnectionRefusedError):
            self.start()
            return connect(self.socketPath, timeout)

    def call(self, method, target, body=None, headers=None):
        """`body`: bytes as they are, an iterable of bytes chunked, anything else as JSON."""
        connection = UnixConnection(self.open)
        headers = dict(headers or {})
        chunked = body is not None and hasattr(body, "__next__")
        if body is not None and not isinstance(body, bytes) and not chunked:
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, target, body, headers, encode_chunked=chunked)
            response = connection.getresponse()
            return Answer(response, response.read())
        finally:
            connection.close()

    def get(self, target, **headers):
        return self.call("GET", target, headers=headers)

    def post(self, target, body=None):
        return self.call("POST", target, body)

    def stream(self, target, headers=None):
        """An answer of Server-Sent Events."""
        connection = UnixConnection(self.open)
        connection.request("GET", target, headers=headers or {})
        return Events(connection, connection.getresponse())

    def postStream(self, target, body):
        connection = UnixConnection(self.open)
        connection.request("POST", target, json.dumps(body).encode())
        return Events(connection, connection.getresponse())

    def raw(self, data, patience=TIMEOUT):
        """Sends bytes as they are; all that comes back until the peer closes or falls silent."""
        with self.open(patience) as connection:
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused before the end, which is an answer
            return readAll(connection)

    def webSocket(self, target):
        return WebSocket(self.open(), target)


def readAll(connection):
    received = b""
    while True:
        try:
            piece = connection.recv(65536)
        except (ConnectionResetError, TimeoutError):
            return received
        if not piece:
            return received
        received += piece


class Events:
    def __init__(self, connection, response):
        self.connection, self.response = connection, response
        self.status = response.status

    def __iter__(self):
        return self

    def __next__(self):
        """(id, event, data) of the next one."""
        fields = {"id": "", "event": "", "data": []}
        while True:
            line = self.response.readline()
            if not line:
                raise StopIteration
            line = line.rstrip(b"\r\n").decode()
            if not line:
                if fields["data"]:
                    return fields["id"], fields["event"], "\n".join(fields["data"])
                continue
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data":
                fields["data"].append(value)
            elif name in fields:
                fields[name] = value

    def close(self):
        self.response.close()
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Refused(Exception):
    def __init__(self, status, body):
        super().__init__(f"{status} {body[:300]!r}")
        self.status, self.body = status, body

    @property
    def code(self):
        return json.loads(self.body)["code"]


class Closed(Exception):
    """The peer has closed the WebSocket."""


class WebSocket:
    """RFC 6455 from the client's side."""

    TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

    def __init__(self, connection, target):
        self.socket = connection
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET {target} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                             f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
                             "Sec-WebSocket-Version: 13\r\n\r\n").encode())
        self.buffer = b""
        self._answer(self._readHead())

    def _readHead(self):
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        return head.decode("latin-1")

    def _answer(self, head):
        status = int(head.split()[1])
        if status == 101:
            return
        length = 0
        for line in head.split("\r\n"):
            name, _, value = line.partition(":")
            if name.lower() == "content-length":
                length = int(value)
        body = self._take(length)
        self.socket.close()
        raise Refused(status, body)

    def _more(self):
        piece = self.socket.recv(1 << 18)
        if not piece:
            raise Closed
        self.buffer += piece

    def _take(self, size):
        if len(self.buffer) < size:
            pieces, have = [self.buffer], len(self.buffer)
            while have < size:
                piece = self.socket.recv(1 << 18)
                if not piece:
                    raise Closed
                pieces.append(piece)
                have += len(piece)
            self.buffer = b"".join(pieces)
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def send(self, opcode, payload):
        mask = os.urandom(4)
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
        elif size < 1 << 16:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
        # XOR by big numbers: byte by byte would take longer than what is tested.
        key = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
        masked = (int.from_bytes(payload, "big") ^ key).to_bytes(size, "big")
        self.socket.sendall(head + mask + masked)

    def sendText(self, message):
        text = message if isinstance(message, str) else json.dumps(message)
        self.send(self.TEXT, text.encode())

    def sendBinary(self, data):
        self.send(self.BINARY, data)

    def _frame(self):
        first, second = self._take(2)
        size = second & 0x7F
        if size == 126:
            size = struct.unpack("!H", self._take(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", self._take(8))[0]
        return first >> 7, first & 0x0F, self._take(size)

    def receive(self):
        """The next message: a parsed text or bytes. Closed at the end."""
        whole, kind = b"", None
        while True:
            final, opcode, payload = self._frame()
            if opcode == self.PING:
                self.send(self.PONG, payload)
                continue
            if opcode == self.PONG:
                continue
            if opcode == self.CLOSE:
                raise Closed
            kind = kind or opcode
            whole += payload
            if final:
                return json.loads(whole) if kind == self.TEXT else whole

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def quoted(path):
    """A path, str or bytes, for a URL: without its leading slash."""
    return quote(os.fsencode(path).lstrip(b"/"))
