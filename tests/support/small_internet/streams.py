# SPDX-License-Identifier: GPL-3.0-or-later
"""Services that speak no HTTP."""

import asyncio


def _record(records, name, reader, writer):
    return records.add("connection", origin=name, open=True, raw="")


def echo(records, name="stream"):
    """Sends back what comes; ends its half when the peer has ended its own."""
    async def serve(reader, writer):
        record = _record(records, name, reader, writer)
        try:
            while piece := await reader.read(65536):
                if len(record["raw"]) < 65536:
                    record["raw"] += piece.decode("latin-1")
                writer.write(piece)
                await writer.drain()
        except ConnectionError:
            pass
        record["open"] = False
        writer.close()
    return serve


def banner(records, name="banner"):
    """Speaks first, as mail does; then one line for each line."""
    async def serve(reader, writer):
        record = _record(records, name, reader, writer)
        try:
            writer.write(b"220 mail.example.org ready\r\n")
            while line := await reader.readline():
                record["raw"] += line.decode("latin-1")
                writer.write(b"250 " + line)
                await writer.drain()
        except ConnectionError:
            pass
        record["open"] = False
        writer.close()
    return serve


async def start(serve, addresses, port):
    for address in addresses:
        await asyncio.start_server(serve, address, port)
