# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates: of an authority that Caisson is told to trust, and bad ones."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import places

NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass
class Pair:
    certificate: Path
    key: Path

    def context(self, alpn=()):
        """Of a server; the name that a client asked for is kept at the connection."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        context.sni_callback = _keepName
        return context


def _keepName(connection, name, _):
    connection.askedFor = name or ""


class Authority:
    def __init__(self, folder, name="caisson test authority"):
        self.folder = folder
        self.root = self._make(name, "-x509", "-days", "3", "-addext",
                               "basicConstraints=critical,CA:TRUE", "-addext",
                               "keyUsage=critical,keyCertSign")

    def _make(self, name, *options):
        stem = self.folder / name.replace(" ", "-")
        pair = Pair(stem.with_suffix(".crt"), stem.with_suffix(".key"))
        subprocess.run(["openssl", "req", *NEW_KEY, "-keyout", pair.key, "-out", pair.certificate,
                        "-subj", f"/CN={name}", *options], check=True, stderr=subprocess.DEVNULL)
        return pair

    def leaf(self, name, names, addresses=(), dates=("-days", "3"), selfSigned=False):
        alternatives = ",".join([f"DNS:{text}" for text in names]
                                + [f"IP:{text}" for text in addresses])
        signer = [] if selfSigned else ["-CA", self.root.certificate, "-CAkey", self.root.key]
        return self._make(name, "-x509", *signer, *dates, "-addext",
                          f"subjectAltName={alternatives}", "-addext",
                          "basicConstraints=critical,CA:FALSE")

    def good(self):
        return self.leaf("good", *places.certified())


def expired(authority):
    return authority.leaf("expired", ["expired.example.org"],
                          dates=("-not_before", "20200101000000Z", "-not_after", "20200201000000Z"))
