# SPDX-License-Identifier: GPL-3.0-or-later
"""The name server (RFC 1035), over UDP and TCP. It records every question, also those it has no
answer for: what a sandbox could tell the world by asking for a name would be seen here."""

import asyncio
import ipaddress
import struct

from . import places

A, AAAA = 1, 28
NXDOMAIN = 3


class Names:
    def __init__(self, records):
        self.records = records
        self.table = {name: [list(filter(None, pair))] for name, pair in places.HOSTS.items()}
        self.silent = set()  # names that get no answer at all

    def set(self, name, answers):
        """`answers`: lists of addresses, one for each time the name is asked for; the last one
        stays."""
        self.table[name.lower()] = [list(answer) for answer in answers]

    def addresses(self, name, kind):
        answers = self.table.get(name)
        if answers is None:
            _, _, parent = name.partition(".")
            answers = self.table.get(f"*.{parent}")
        if answers is None:
            return None
        current = answers[0]
        # A question for A and one for AAAA are one look-up.
        if kind == A and len(answers) > 1:
            answers.pop(0)
        version = 4 if kind == A else 6
        parsed = [ipaddress.ip_address(text) for text in current]
        return [address.packed for address in parsed if address.version == version]

    def answer(self, query, way):
        if len(query) < 17 or query[2] & 0x80:
            return None
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]])
            at += 1 + query[at]
        kind, _ = struct.unpack_from("!HH", query, at + 1)
        name = b".".join(labels).decode("latin-1").lower()
        self.records.add("query", name=name, type=kind, way=way)
        if name in self.silent:
            return None
        found = self.addresses(name, kind)
        question = query[12:at + 5]
        answers = b""
        if found and kind in (A, AAAA):
            for packed in found:
                answers += b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 0, len(packed)) + packed
        count = len(found) if answers else 0
        flags = 0x8580 | (NXDOMAIN if found is None else 0)
        return query[:2] + struct.pack("!HHHHH", flags, 1, count, 0, 0) + question + answers

    async def start(self):
        loop = asyncio.get_running_loop()
        names = self

        class Datagrams(asyncio.DatagramProtocol):
            def connection_made(self, transport):
                self.transport = transport

            def datagram_received(self, data, peer):
                reply = names.answer(data, "udp")
                if reply:
                    self.transport.sendto(reply, peer)

        await loop.create_datagram_endpoint(Datagrams, local_addr=(places.NAME_SERVER, 53))
        await asyncio.start_server(self.serve, places.NAME_SERVER, 53)

    async def serve(self, reader, writer):
        try:
            while True:
                size, = struct.unpack("!H", await reader.readexactly(2))
                reply = self.answer(await reader.readexactly(size), "tcp")
                if reply:
                    writer.write(struct.pack("!H", len(reply)) + reply)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
