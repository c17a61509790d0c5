# SPDX-License-Identifier: GPL-3.0-or-later
"""Namespaces and what is wired in them. Needs root."""

import ctypes
import os
import signal
import subprocess

from caisson_testing.conditions import until

NEWNS, NEWNET = 0x00020000, 0x40000000
MS_BIND, MS_REC, MS_SLAVE = 4096, 16384, 1 << 19
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def unshare(flags):
    _check(_libc.unshare(flags), "unshare")


def enter(descriptor):
    _check(_libc.setns(descriptor, NEWNET), "setns")


def ownMounts():
    """What is mounted from here on is seen here alone."""
    unshare(NEWNS)
    _check(_libc.mount(None, b"/", None, MS_REC | MS_SLAVE, None), "mount")


def bind(source, target):
    _check(_libc.mount(os.fsencode(source), os.fsencode(target), None, MS_BIND, None),
           f"bind {target}")


def endWithParent():
    """For a child before it becomes its program."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def address(device, v4, v6):
    ip("address", "add", f"{v4}/24", "dev", device)
    ip("address", "add", f"{v6}/64", "dev", device, "nodad")


def untilCarried(device):
    """The kernel says so late (linkwatch, up to a second), and drops what is sent before."""
    until(lambda: "state UP" in subprocess.run(["ip", "link", "show", device], check=True,
                                               capture_output=True, text=True).stdout,
          f"the link {device}")


def nft(commands):
    """By the library, which Caisson needs anyway."""
    library = ctypes.CDLL("libnftables.so.1")
    library.nft_ctx_new.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.nft_ctx_new(0))
    try:
        if library.nft_run_cmd_from_buffer(context, commands.encode()) != 0:
            raise OSError("nftables refused its rules")
    finally:
        library.nft_ctx_free(context)
