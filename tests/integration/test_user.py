# SPDX-License-Identifier: GPL-3.0-or-later
"""The ordinary user as whom root runs the tests a second time.

    test_user.py create|remove      does nothing when not root
"""

import os
import pwd
import subprocess
import sys

NAME = "caisson-test"


def home():
    return pwd.getpwnam(NAME).pw_dir


def exists():
    try:
        return bool(home())
    except KeyError:
        return False


def create():
    if not exists():
        # useradd(8) gives an ordinary user subordinate ids, too: newuidmap(1) needs them.
        subprocess.run(["useradd", "--create-home", "--shell", "/bin/sh", NAME], check=True)


def remove():
    if exists():
        subprocess.run(["userdel", "--remove", NAME], check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    if os.geteuid() == 0:
        {"create": create, "remove": remove}[sys.argv[1]]()
