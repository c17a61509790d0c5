#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A caisson-init that breaks what backend/api/initwire.h says, each sandbox in the way that its host
name tells. Runs as process 1 of a sandbox."""

import json
import os
import socket
import struct

CONTROL, DATA, END, CREDIT = range(4)
MEGABYTE = 1 << 20


def send(data):
    while data:
        data = data[os.write(1, data):]


def frame(kind, channel, payload):
    send(struct.pack("<IBI", len(payload), kind, channel) + payload)


def control(**fields):
    frame(CONTROL, 0, json.dumps(fields).encode())


def hello(**changes):
    control(op="hello", body={"version": 1, "pid": 1, **changes})


def take(size):
    data = b""
    while len(data) < size:
        piece = os.read(0, size - len(data))
        if not piece:
            os._exit(0)
        data += piece
    return data


def requests():
    """The keeper's requests as they come; all else is passed over."""
    while True:
        size, kind, _ = struct.unpack("<IBI", take(9))
        payload = take(size)
        if kind == CONTROL:
            yield json.loads(payload)


def waitForEver():
    for _ in requests():
        pass


def answering(answer):
    """A proper beginning, then a lie for each request."""
    def lie():
        hello()
        for request in requests():
            answer(request["id"], request.get("channel", 0), request["op"])
    return lie


def started(id, channel, op):
    control(id=id, body={"pid": 5} if op == "spawn" else {})


def flood(id, channel, op):
    """Far more than the credit that was given."""
    started(id, channel, op)
    for _ in range(1600):
        frame(DATA, channel, b"\1" + b"x" * (200 * 1024))


def manyChannels(id, channel, op):
    started(id, channel, op)
    for number in range(200000):
        frame(DATA, number + 1000, b"\1x")
    control(op="exit", channel=channel, body={"status": {"code": 0}})


def manyReplies(id, channel, op):
    for number in range(100000):
        control(id=number + 1000, body={})
    control(op="exit", channel=channel, body={"status": {"code": 0}})


def muchCredit(id, channel, op):
    started(id, channel, op)
    for _ in range(10000):
        frame(CREDIT, channel, struct.pack("<I", 0xFFFFFFFF))
    control(op="exit", channel=channel, body={"status": {"code": 0}})


def after(*steps):
    def answer(id, channel, op):
        started(id, channel, op)
        for step in steps:
            step(channel)
        control(op="exit", channel=channel, body={"status": {"code": 0}})
    return answering(answer)


LIES = {
    # Before hello, or in its place.
    "gone": lambda: os._exit(0),
    "silent": waitForEver,
    "garbage": lambda: (send(os.urandom(MEGABYTE)), waitForEver()),
    "zeros": lambda: (send(b"\0" * MEGABYTE), waitForEver()),
    "huge-frame": lambda: (send(struct.pack("<IBI", 0xFFFFFFFF, CONTROL, 0)), waitForEver()),
    "unknown-kind": lambda: (frame(77, 0, b"x"), waitForEver()),
    "no-json": lambda: (frame(CONTROL, 0, b"{{{"), waitForEver()),
    "deep-json": lambda: (frame(CONTROL, 0, b"[" * 200000), waitForEver()),
    "other-version": lambda: (hello(version=999), waitForEver()),
    "other-event": lambda: (control(op="exit", channel=1, body={"status": {"code": 0}}),
                            waitForEver()),
    "half-a-frame": lambda: (send(struct.pack("<IBI", 1000, CONTROL, 0) + b"x"), waitForEver()),
    # After a proper hello, to whatever is asked.
    "hello-twice": answering(lambda id, channel, op: hello()),
    "garbage-later": answering(lambda id, channel, op: send(os.urandom(MEGABYTE))),
    "other-body": answering(lambda id, channel, op: control(id=id, body={"colour": "red"})),
    "body-of-a-wrong-type": answering(lambda id, channel, op: control(id=id, body=[1, 2])),
    "no-body": answering(lambda id, channel, op: control(id=id)),
    "error-without-sense": answering(lambda id, channel, op: control(
        id=id, error={"error": "x\x1b[31m\r\n" * 1000, "code": "no_such_code", "detail": {}})),
    "reply-twice": answering(lambda id, channel, op: (started(id, channel, op),
                                                      started(id, channel, op),
                                                      os._exit(0))),
    "flood": answering(flood),
    "many-channels": answering(manyChannels),
    "many-replies": answering(manyReplies),
    "much-credit": answering(muchCredit),
    "no-such-stream": after(lambda channel: frame(DATA, channel, b"\x09text")),
    "no-stream-at-all": after(lambda channel: frame(DATA, channel, b"")),
    "data-after-its-end": after(lambda channel: frame(END, channel, b""),
                                lambda channel: frame(DATA, channel, b"\1late")),
    "exit-twice": after(lambda channel: control(op="exit", channel=channel,
                                                body={"status": {"code": 0}})),
    "exit-without-sense": after(lambda channel: control(op="exit", channel=channel,
                                                        body={"status": {"code": "x"}})),
    "exit-out-of-range": after(lambda channel: control(
        op="exit", channel=channel, body={"status": {"code": 1 << 62, "signal": -5}})),
    "credit-of-three-bytes": after(lambda channel: frame(CREDIT, channel, b"abc")),
    "watch-of-nothing": after(lambda channel: control(op="watch", channel=channel,
                                                      body={"events": [{"type": "x"}]})),
}

if __name__ == "__main__":
    LIES[socket.gethostname()]()
