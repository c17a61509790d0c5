# SPDX-License-Identifier: GPL-3.0-or-later
"""An origin that speaks HTTP/2, with trailers and streams both ways as gRPC has them."""

import asyncio
import json

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from . import pattern


class Stream:
    def __init__(self, headers, record):
        self.headers, self.record = dict(headers), record
        self.body = bytearray()
        self.room = asyncio.Event()

    @property
    def path(self):
        return self.headers[":path"]


class Connection(asyncio.Protocol):
    def __init__(self, origin):
        self.origin = origin
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.streams, self.tasks = {}, set()

    def connection_made(self, transport):
        self.transport = transport
        tls = transport.get_extra_info("ssl_object")
        self.record = self.origin.records.add(
            "connection", origin=self.origin.name, open=True, sni=tls.askedFor if tls else "",
            alpn=tls.selected_alpn_protocol() if tls else None)
        self.h2.initiate_connection()
        self.flush()

    def connection_lost(self, _):
        self.record["open"] = False
        for task in self.tasks:
            task.cancel()

    def flush(self):
        self.transport.write(self.h2.data_to_send())

    def data_received(self, data):
        self.origin.records.touch(self.record)
        try:
            events = self.h2.receive_data(data)
        except h2.exceptions.ProtocolError as error:
            self.record["broken"] = str(error)
            self.flush()
            self.transport.close()
            return
        for event in events:
            self.handle(event)
        self.flush()

    def handle(self, event):
        if isinstance(event, h2.events.RequestReceived):
            record = self.origin.records.add(
                "request", origin=self.origin.name, connection=id(self), headers=event.headers,
                method=dict(event.headers)[":method"], target=dict(event.headers)[":path"],
                authority=dict(event.headers).get(":authority"), stream=event.stream_id,
                length=0, trailers=[], reset=False)
            self.streams[event.stream_id] = Stream(event.headers, record)
            if self.streams[event.stream_id].path.startswith("/grpc"):
                self.h2.send_headers(event.stream_id, [(":status", "200"),
                                                       ("content-type", "application/grpc")])
        elif isinstance(event, h2.events.DataReceived):
            self.data(event)
        elif isinstance(event, h2.events.TrailersReceived):
            self.streams[event.stream_id].record["trailers"] = event.headers
        elif isinstance(event, h2.events.StreamEnded):
            self.run(self.answer(event.stream_id, self.streams[event.stream_id]))
        elif isinstance(event, h2.events.StreamReset):
            stream = self.streams.pop(event.stream_id, None)
            if stream:
                stream.record["reset"] = True
                stream.room.set()
        elif isinstance(event, h2.events.WindowUpdated):
            for stream in self.streams.values():
                stream.room.set()

    def data(self, event):
        stream = self.streams.get(event.stream_id)
        if stream is None:
            return
        stream.record["length"] += len(event.data)
        if len(stream.body) < 65536:
            stream.body += event.data
        self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        if stream.path.startswith("/grpc"):  # back at once, before the end
            self.run(self.send(event.stream_id, stream, bytes(event.data)))

    def run(self, coroutine):
        task = asyncio.ensure_future(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def send(self, number, stream, data):
        while data and number in self.streams:
            room = min(self.h2.local_flow_control_window(number), self.h2.max_outbound_frame_size)
            if room <= 0:
                stream.room.clear()
                await stream.room.wait()
                continue
            self.h2.send_data(number, data[:room])
            data = data[room:]
            self.flush()

    async def answer(self, number, stream):
        if stream.path.startswith("/grpc"):
            return self.end(number, [("grpc-status", "0"), ("grpc-message", "fine")])
        if stream.path.startswith("/bytes/"):
            pieces = pattern.pattern(int(stream.path.split("/")[2]))
        elif stream.path.startswith("/echo"):
            pieces = [json.dumps({"headers": stream.record["headers"],
                                  "body": stream.body.decode("latin-1")}).encode()]
        elif stream.path.startswith("/wait"):
            await self.origin.hold(stream.record)
            pieces = [b"waited\n"]
        else:
            pieces = [b"hello from h2\n"]
        self.h2.send_headers(number, [(":status", "200"), ("content-type", "text/plain")])
        for piece in pieces:
            await self.send(number, stream, piece)
        self.end(number, [("x-sum", "two")] if stream.path.startswith("/trailers") else None)

    def end(self, number, trailers):
        if number in self.streams:
            if trailers:
                self.h2.send_headers(number, trailers, end_stream=True)
            else:
                self.h2.end_stream(number)
            self.flush()


class Http2:
    name = "h2"

    def __init__(self, records):
        self.records = records
        self.held = {}

    async def hold(self, record):
        event = self.held[f"h2/{record['stream']}"] = asyncio.Event()
        record["held"] = True
        await event.wait()
        record["held"] = False

    async def start(self, addresses, port, tls=None):
        for address in addresses:
            await asyncio.get_running_loop().create_server(lambda: Connection(self), address, port,
                                                           ssl=tls)
