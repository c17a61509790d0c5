# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's keyrings (keyrings(7)), as far as tests need them."""

import ctypes
import os
import platform

ADD_KEY, KEYCTL = {"x86_64": (248, 250), "aarch64": (217, 219)}.get(platform.machine(), (None, None))
PROCESS_KEYRING, USER_KEYRING = -2, -4
CLEAR, LINK, UNLINK, SEARCH = 7, 8, 9, 10

libc = ctypes.CDLL(None, use_errno=True)


def call(number, *arguments):
    result = libc.syscall(number, *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def areAvailable():
    """Whether this user may have any: containers often refuse."""
    if ADD_KEY is None:
        return False
    try:
        ring = call(ADD_KEY, b"keyring", b"caisson-probe", None, ctypes.c_size_t(0),
                    ctypes.c_int(USER_KEYRING))
        call(KEYCTL, UNLINK, ctypes.c_long(ring), ctypes.c_long(USER_KEYRING))
        return True
    except OSError:
        return False


def forget(home):
    """As a reboot: what the kernel keeps for this home is gone."""
    try:
        # What is not linked to this process in some way can be seen and not changed.
        call(KEYCTL, LINK, ctypes.c_long(USER_KEYRING), ctypes.c_long(PROCESS_KEYRING))
        ring = call(KEYCTL, SEARCH, ctypes.c_long(USER_KEYRING), b"keyring",
                    b"caisson:" + os.fsencode(home), 0)
    except OSError:
        return
    call(KEYCTL, CLEAR, ctypes.c_long(ring))
    call(KEYCTL, UNLINK, ctypes.c_long(ring), ctypes.c_long(USER_KEYRING))
