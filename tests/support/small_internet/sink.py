# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever reaches an address or a port that no origin serves. Every packet that is not part of a
TCP connection under way is recorded; TCP to nobody is taken up by a catch-all, so that what would
be said to anybody in the world is recorded, too."""

import asyncio
import ctypes
import ipaddress
import socket
import struct

from . import places, namespaces

CATCH_ALL = 9
ETH_IPV4, ETH_IPV6 = 0x0800, 0x86DD
TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
PROTOCOLS = {TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMPV6: "icmpv6"}
SO_ATTACH_FILTER = 26
SO_ORIGINAL_DST, IP6T_SO_ORIGINAL_DST = 80, 80
PACKET_OUTGOING = 4
# What a kernel says of its own accord: errors about packets that it got (RFC 792, RFC 4443), and
# neighbour discovery (RFC 4861).
OF_THE_KERNEL = {ICMP: {3, 4, 5, 11, 12}, ICMPV6: {1, 2, 3, 4, *range(133, 138)}}
KEPT = 16384

# IPv4 and IPv6, but of TCP only a SYN without ACK (bpf(4); offsets of Ethernet).
FILTER = [
    (0x28, 0, 0, 12),           # 0  ldh [12]
    (0x15, 0, 7, ETH_IPV4),     # 1  jeq IPv4 else 9
    (0x30, 0, 0, 23),           # 2  ldb [23]: protocol
    (0x15, 0, 10, TCP),         # 3  jeq TCP else 14
    (0xB1, 0, 0, 14),           # 4  ldxb 4*([14]&0xf)
    (0x50, 0, 0, 27),           # 5  ldb [x+27]: flags
    (0x54, 0, 0, 0x12),         # 6  and SYN|ACK
    (0x15, 6, 0, 0x02),         # 7  jeq SYN: 14
    (0x06, 0, 0, 0),            # 8  drop
    (0x15, 0, 5, ETH_IPV6),     # 9  jeq IPv6 else 15
    (0x30, 0, 0, 20),           # 10 ldb [20]: next header
    (0x15, 0, 2, TCP),          # 11 jeq TCP else 14
    (0x30, 0, 0, 67),           # 12 ldb [67]: flags
    (0x45, 0, 1, 0x02),         # 13 jset SYN else 15
    (0x06, 0, 0, 0x40000),      # 14 take
    (0x06, 0, 0, 0),            # 15 drop
]


def packetSocket(device):
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in FILTER))
    opened.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                      struct.pack("HL", len(FILTER), ctypes.addressof(code)))
    opened.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE
    opened.bind((device, 3))
    opened.setblocking(False)
    return opened


class Sink:
    def __init__(self, records):
        self.records = records
        self.served = set()  # (address, port) of the origins, TCP

    def serve(self, address, port):
        """From now on not the sink's."""
        self.served.add((address, port))

    async def start(self, device):
        def pairs(version):
            found = [f"{address} . {port}" for address, port in sorted(self.served)
                     if ipaddress.ip_address(address).version == version]
            return ", ".join(found)

        namespaces.nft(f"""
table inet sink {{
  set served4 {{ type ipv4_addr . inet_service; elements = {{ {pairs(4)} }}; }}
  set served6 {{ type ipv6_addr . inet_service; elements = {{ {pairs(6)} }}; }}
  chain arrive {{
    type nat hook prerouting priority -100;
    iifname != "{device}" accept
    ip daddr . tcp dport @served4 accept
    ip6 daddr . tcp dport @served6 accept
    ip daddr {places.DEAD} accept
    meta l4proto tcp redirect to :{CATCH_ALL}
  }}
}}
""")
        self.packets = packetSocket(device)
        asyncio.get_running_loop().add_reader(self.packets, self.drain)
        await asyncio.start_server(self.take, ["0.0.0.0", "::"], CATCH_ALL)

    def drain(self):
        """Reads what has come; also called before a test is told what was seen."""
        while True:
            try:
                frame, (_, _, direction, *_) = self.packets.recvfrom(65536)
            except BlockingIOError:
                return
            if direction != PACKET_OUTGOING:
                self.packet(frame)

    def packet(self, frame):
        kind, = struct.unpack_from("!H", frame, 12)
        if kind == ETH_IPV4:
            protocol, target = frame[23], ipaddress.ip_address(frame[30:34])
            at = 14 + 4 * (frame[14] & 15)
        else:
            protocol, target = frame[20], ipaddress.ip_address(frame[38:54])
            at = 54
        if target.is_multicast or frame[at] in OF_THE_KERNEL.get(protocol, ()):
            return
        port = struct.unpack_from("!H", frame, at + 2)[0] if protocol in (TCP, UDP) else 0
        if protocol == UDP and (str(target), port) == (places.NAME_SERVER, 53):
            return
        if protocol == TCP and (str(target), port) in self.served:
            return
        self.records.add("packet", protocol=PROTOCOLS.get(protocol, str(protocol)),
                         address=str(target), port=port, data=frame[at:at + 512].decode("latin-1"))

    async def take(self, reader, writer):
        connection = writer.get_extra_info("socket")
        if connection.family == socket.AF_INET:
            raw = connection.getsockopt(socket.SOL_IP, SO_ORIGINAL_DST, 16)
            address, port = socket.inet_ntop(socket.AF_INET, raw[4:8]), raw[2:4]
        else:
            raw = connection.getsockopt(socket.IPPROTO_IPV6, IP6T_SO_ORIGINAL_DST, 28)
            address, port = socket.inet_ntop(socket.AF_INET6, raw[8:24]), raw[2:4]
        record = self.records.add("stray", address=address, port=int.from_bytes(port, "big"),
                                  data="")
        try:
            while len(record["data"]) < KEPT:
                piece = await reader.read(4096)
                if not piece:
                    break
                record["data"] += piece.decode("latin-1")
                if record["data"].endswith("\r\n\r\n"):
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nreached\n")
        except ConnectionError:
            pass
        finally:
            writer.close()
