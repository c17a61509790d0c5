# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one module of these tests, as root or as an ordinary user.

    run.py --as root|user [--canaries] [--internet] --bin FOLDER MODULE [name]

`root` needs to be started by root. `user` is whoever started it or, when that is root, the user
`caisson-test` (see test_user.py). With --canaries the module's tests find what canaries.py plants,
as root if root started this: an ordinary user's sandbox must not see root's files either. With
--internet all runs in a network of its own, whose only way out leads to a small internet made for
the module; that takes root, and without it such tests are skipped.
"""

import argparse
import contextlib
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SUPPORT = HERE.parent / "support"
sys.path[:0] = [str(HERE), str(SUPPORT)]

import canaries
import test_user
from caisson_testing import internet
from small_internet import house

SKIPPED = 77  # as CMakeLists.txt tells ctest
PROGRAMS = ("caissonctl", "caissond", "caisson-keeper", "caisson-init")


def asTestUser(command):
    """The command as the test user."""
    name = test_user.NAME
    return ["setpriv", f"--reuid={name}", f"--regid={name}", "--init-groups", "--", "env",
            f"HOME={test_user.home()}", f"USER={name}", f"LOGNAME={name}", *command]


def reachable(path, kind):
    return subprocess.run(asTestUser(["test", kind, str(path)])).returncode == 0


def copyForAll(binaries, folder):
    """Copies programs and tests to where everybody may read: a checkout may lie in root's home."""
    (folder / "bin").mkdir()
    (folder / "tests").mkdir()
    for program in PROGRAMS:
        shutil.copy(binaries / program, folder / "bin")
    for tests in (HERE, SUPPORT):
        shutil.copytree(tests, folder / "tests" / tests.name)
    subprocess.run(["chmod", "-R", "a+rX", folder], check=True)


def runAsTestUser(options):
    with tempfile.TemporaryDirectory(prefix="caisson-copy-", dir="/var/tmp") as copy:
        os.chmod(copy, 0o755)
        binaries, script = options.bin, Path(__file__).resolve()
        if not reachable(binaries / "caissonctl", "-x") or not reachable(script, "-r"):
            copyForAll(binaries, Path(copy))
            binaries, script = Path(copy, "bin"), Path(copy, "tests/integration/run.py")
        # A Python of root's own may lie where nobody else gets.
        python = sys.executable if reachable(sys.executable, "-x") else "/usr/bin/python3"
        names = [options.module] + ([options.name] if options.name else [])
        return subprocess.run(asTestUser([python, "-B", str(script), "--as", "user",
                                          "--bin", str(binaries), *names])).returncode


def runHere(options):
    os.environ["CAISSON_TEST_BIN"] = str(options.bin)
    from caisson_testing import runner
    return runner.run(importlib.import_module(options.module), options.name)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--as", dest="who", choices=["root", "user"], required=True)
    parser.add_argument("--bin", type=Path, required=True)
    parser.add_argument("--canaries", action="store_true")
    parser.add_argument("--internet", action="store_true")
    parser.add_argument("module")
    parser.add_argument("name", nargs="?")
    options = parser.parse_args()
    isRoot = os.geteuid() == 0
    if options.who == "root" and not isRoot:
        print("this half of the tests needs root: run ./dev test as root, too")
        return SKIPPED
    if options.internet and not isRoot and internet.VARIABLE not in os.environ:
        print("making a small internet needs root: run ./dev test as root, too")
        return SKIPPED
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to end"))
    if options.internet:
        with house.moveIn() as folder:
            os.environ[internet.VARIABLE] = str(folder)
            return runWith(options, isRoot)
    return runWith(options, isRoot)


def runWith(options, isRoot):
    planted = canaries.plant() if options.canaries else []
    os.environ[canaries.VARIABLE] = json.dumps([canary.toJson() for canary in planted]
                                               or json.loads(os.environ.get(canaries.VARIABLE, "[]")))
    try:
        with canaries.listening() if options.canaries else contextlib.nullcontext() as path:
            if path:
                os.environ[canaries.SOCKET] = path
            if options.who == "user" and isRoot:
                return runAsTestUser(options)
            return runHere(options)
    finally:
        canaries.remove(planted)


if __name__ == "__main__":
    sys.exit(main())
