# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of the cable at which Caisson runs: a network and a mount namespace, whose only way out
leads to the small internet, and whose names are its name server's."""

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from . import namespaces, places

FILES = {
    "/etc/resolv.conf": f"nameserver {places.NAME_SERVER}\noptions timeout:1 attempts:2\n",
    "/etc/hosts": f"127.0.0.1 localhost\n::1 localhost\n{places.HOUSE4} house\n",
}


def ownNames(folder):
    """This machine's own files of that kind must not lead anywhere else."""
    switch = [line for line in Path("/etc/nsswitch.conf").read_text().splitlines()
              if not line.startswith("hosts:")] if Path("/etc/nsswitch.conf").exists() else []
    files = FILES | {"/etc/nsswitch.conf": "\n".join([*switch, "hosts: files dns", ""])}
    for number, (path, text) in enumerate(files.items()):
        own = folder / f"etc-{number}"
        own.write_text(text)
        own.chmod(0o644)
        if os.path.exists(path):
            namespaces.bind(own, os.path.realpath(path))


def wire(server):
    namespaces.ip("link", "add", "uplink", "type", "veth", "peer", "name", "street",
                  "netns", str(server))
    namespaces.ip("link", "set", "lo", "up")
    namespaces.address("uplink", places.HOUSE4, places.HOUSE6)
    namespaces.ip("link", "set", "uplink", "up")


def routes():
    namespaces.ip("route", "add", "default", "via", places.STREET4)
    namespaces.ip("-6", "route", "add", "default", "via", places.STREET6)


@contextlib.contextmanager
def moveIn():
    """Takes this process, and all that it starts, into the house; yields the internet's folder.
    There is no way back: the namespaces end with the last process in them."""
    with tempfile.TemporaryDirectory(prefix="caisson-internet-", dir="/var/tmp") as path:
        folder = Path(path)
        folder.chmod(0o755)
        script = Path(__file__).with_name("server.py")
        server = subprocess.Popen([sys.executable, "-B", script, folder], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
        try:
            expect(server, "namespace")
            namespaces.ownMounts()
            namespaces.unshare(namespaces.NEWNET)
            ownNames(folder)
            wire(server.pid)
            server.stdin.write("wired\n")
            server.stdin.flush()
            expect(server, "ready")
            routes()
            namespaces.untilCarried("uplink")
            yield folder
        finally:
            server.stdin.close()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def expect(server, word):
    line = server.stdout.readline()
    if line.strip() != word:
        raise RuntimeError(f"the small internet did not start: {line!r}, not {word!r}")
