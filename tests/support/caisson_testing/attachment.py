# SPDX-License-Identifier: GPL-3.0-or-later
"""A terminal of a sandbox as one client of the API sees it."""

from .http import Closed


class Attachment:
    def __init__(self, sandbox, terminal, since=0):
        self.socket = sandbox.attach(terminal, since)
        self.start = since  # offset of the first byte of `bytes`
        self.bytes = bytearray()
        self.controls = []
        self.exit = None
        self._looked = 0

    @property
    def offset(self):
        """After the newest byte that came."""
        return self.start + len(self.bytes)

    def step(self):
        """Takes one message."""
        message = self.socket.receive()
        if isinstance(message, bytes):
            self.bytes += message
            return
        self.controls.append(message)
        if message["type"] == "truncated":
            assert not self.bytes
            self.start = message["first"]
        elif message["type"] == "exit":
            self.exit = message["exit"]

    def type(self, data):
        self.socket.sendBinary(data)

    def resize(self, cols, rows):
        self.socket.sendText({"type": "resize", "cols": cols, "rows": rows})

    def expect(self, text):
        """Reads until `text` has come after what was last expected."""
        searched = self._looked
        while True:
            at = self.bytes.find(text, searched)
            searched = max(self._looked, len(self.bytes) - len(text) + 1)
            if at >= 0:
                came = bytes(self.bytes[self._looked:at + len(text)])
                self._looked = at + len(text)
                return came
            try:
                self.step()
            except (Closed, TimeoutError) as error:
                raise AssertionError(f"{text!r} did not come before {error!r}; this did: "
                                     f"{self.bytes[-1000:]!r} {self.controls}") from None

    def catchUp(self):
        while not any(control["type"] == "caught_up" for control in self.controls):
            self.step()

    def readUntil(self, offset):
        while self.offset < offset:
            self.step()

    def readToEnd(self):
        while self.exit is None:
            self.step()
        return self.exit

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
