# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and sockets of this machine that no sandbox may read or reach.

Everybody may read the files: what keeps a sandbox from them must be that it does not see them."""

import contextlib
import glob
import json
import os
import pwd
import secrets
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "CAISSON_TEST_CANARIES"  # JSON, from run.py to the tests
SOCKET = "CAISSON_TEST_CANARY_SOCKET"  # a path, the same way


@dataclass
class Canary:
    path: str
    content: str
    folder: str = ""  # made for it, and removed with it

    def toJson(self):
        return asdict(self)


def places(token):
    """(folder, file) pairs; a folder that is not there yet is made for its canary."""
    homes = [entry.pw_dir for entry in pwd.getpwall()
             if entry.pw_dir.startswith("/home/") and os.path.isdir(entry.pw_dir)]
    runtime = f"/run/user/{os.getuid()}"
    folders = ["/root", str(Path.home()), *homes, "/srv", "/opt", "/var", "/var/lib", "/var/tmp",
               "/var/log", "/etc", "/etc/ssh", "/etc/ssl/private", "/etc/profile.d", "/run", runtime, "/tmp",
               "/mnt", "/media", "/boot"]
    for folder in dict.fromkeys(folders):
        if os.path.isdir(folder):
            yield folder, f"caisson-canary-{token}"
    yield f"/caisson-canary-{token}", "top-level"


def removeOld():
    """Those of a run that was killed."""
    for folder, name in places("*"):
        for path in glob.glob(os.path.join(folder, name)):
            with contextlib.suppress(OSError):
                os.unlink(path)
    for folder in glob.glob("/caisson-canary-*"):
        with contextlib.suppress(OSError):
            os.rmdir(folder)


def plant():
    """Plants a canary wherever this user may."""
    removeOld()
    planted = []
    for folder, name in places(secrets.token_hex(4)):
        path = os.path.join(folder, name)
        canary = Canary(path, f"canary {secrets.token_hex(16)} of {folder}\n")
        try:
            if not os.path.isdir(folder):
                os.mkdir(folder)
                canary.folder = folder
            Path(path).write_text(canary.content)
        except PermissionError:
            continue
        os.chmod(path, 0o644)
        planted.append(canary)
    return planted


@contextlib.contextmanager
def listening():
    """A socket among this machine's programs, where only root can make one; its path or ""."""
    if os.geteuid() != 0:
        yield ""
        return
    path = f"/usr/local/lib/caisson-canary-{secrets.token_hex(4)}.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        try:
            os.chmod(path, 0o777)
            listener.listen()
            yield path
        finally:
            os.unlink(path)


def remove(planted):
    for canary in planted:
        os.unlink(canary.path)
        if canary.folder:
            os.rmdir(canary.folder)


def fromEnvironment():
    return [Canary(**fields) for fields in json.loads(os.environ.get(VARIABLE, "[]"))]
