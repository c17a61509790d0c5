# SPDX-License-Identifier: GPL-3.0-or-later
"""Who lives where, in the blocks for documentation (RFC 5737, RFC 3849)."""

# The cable between the house, where Caisson runs, and the street, where everybody else lives.
HOUSE4, STREET4 = "192.0.2.2", "192.0.2.1"
HOUSE6, STREET6 = "2001:db8:ffff::2", "2001:db8:ffff::1"

NAME_SERVER = "203.0.113.53"

# name: (IPv4, IPv6)
HOSTS = {
    "plain.example.org": ("203.0.113.10", "2001:db8::10"),    # HTTP/1.1 in clear, and streams
    "secure.example.org": ("203.0.113.11", "2001:db8::11"),   # nginx
    "echo.example.org": ("203.0.113.12", "2001:db8::12"),     # HTTP/1.1 in clear and in TLS
    "h2.example.org": ("203.0.113.13", "2001:db8::13"),       # HTTP/2
    "expired.example.org": ("203.0.113.21", "2001:db8::21"),  # bad certificates
    "selfsigned.example.org": ("203.0.113.22", "2001:db8::22"),
    "wrongname.example.org": ("203.0.113.23", "2001:db8::23"),
    "unknownca.example.org": ("203.0.113.24", "2001:db8::24"),
    "notls.example.org": ("203.0.113.25", "2001:db8::25"),    # no TLS at all on port 443
    "other.example.net": ("198.51.100.30", "2001:db8:1::30"),  # like echo, of somebody else
    "evil.example.net": ("198.51.100.66", "2001:db8:1::66"),   # likewise
    "only4.example.org": ("203.0.113.12", None),
    "only6.example.org": (None, "2001:db8::12"),
    "dead.example.org": ("203.0.113.90", None),               # nobody listens: a reset
    "*.wild.example.org": ("203.0.113.12", "2001:db8::12"),
    # Names that rebinding would use: they belong to nobody's outside.
    "to-loopback.example.net": ("127.0.0.1", "::1"),
    "to-house.example.net": (HOUSE4, HOUSE6),
    "to-lan.example.net": ("10.77.0.5", "fd00:77::5"),
    "to-metadata.example.net": ("169.254.169.254", "fe80::a9fe:a9fe"),
    "to-mapped.example.net": (None, "::ffff:10.77.0.5"),
    "to-nat64.example.net": (None, "64:ff9b::a4d:5"),
    "to-zero.example.net": ("0.0.0.0", "::"),
}

STREAM_PORT = 7777  # of plain: what comes goes back
BANNER_PORT = 2525  # of plain: it speaks first, as SMTP does
SPARE_PORT = 8080   # of plain: HTTP as on 80
DEAD = "203.0.113.90"


def addressesOf(name):
    return [address for address in HOSTS[name] if address]


def certified():
    """What the good certificates are for: the origins' names and addresses."""
    names = [name for name in HOSTS if not name.startswith("to-")]
    addresses = {address for name in names for address in addressesOf(name)}
    return names, sorted(addresses)
