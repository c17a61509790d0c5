# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that are measured beside Caisson, and how each is called."""

import ctypes
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

CLONE_NEWNS = 0x00020000
PROGRAMS = ("true", "sleep", "sh")


def installed(name):
    return shutil.which(name) is not None


class Peers:
    """A small root file system of this machine's own programs, and calls that run them in it. Smaller
    than what Caisson shows, which is to the peers' advantage."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="caisson-bench-", dir="/var/tmp")
        self.root = Path(self.folder.name, "root")
        self.silent = dict(os.environ, PODMAN_IGNORE_CGROUPSV1_WARNING="1")
        self._makeRoot()
        self._makeBundle()
        self.mounts = self._ownMounts()
        self.running = []

    def _makeRoot(self):
        for name in ("usr/bin", "proc", "dev", "sys", "tmp", "etc"):
            (self.root / name).mkdir(parents=True)
        (self.root / "bin").symlink_to("usr/bin")
        for program in PROGRAMS:
            path = shutil.which(program)
            shutil.copy(path, self.root / "usr/bin")
            needed = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
            for library in re.findall(r"(/\S+)", needed):
                target = self.root / library.lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                if not target.exists():
                    shutil.copy(library, target)

    def _makeBundle(self):
        """What `crun spec` writes, for a command without a terminal."""
        self.bundle = Path(self.folder.name, "bundle")
        self.bundle.mkdir()
        subprocess.run(["crun", "spec"], cwd=self.bundle, check=True)
        path = self.bundle / "config.json"
        spec = json.loads(path.read_text())
        spec["process"].update(terminal=False, args=["/bin/true"])
        spec["root"] = {"path": str(self.root), "readonly": True}
        path.write_text(json.dumps(spec))
        spec["process"]["args"] = ["/bin/sleep", "1000000"]
        self.idle = Path(self.folder.name, "idle")
        self.idle.mkdir()
        (self.idle / "config.json").write_text(json.dumps(spec))

    def _ownMounts(self):
        """crun, and podman through it, refuses a host where cgroup v1 and v2 are mixed. It gets mounts
        of its own, without the v2 part."""
        if os.geteuid() != 0 or not os.path.ismount("/sys/fs/cgroup/unified"):
            return None
        holder = subprocess.Popen(["unshare", "--mount", "sh", "-c",
                                   "umount /sys/fs/cgroup/unified && echo && exec sleep 1000000"],
                                  stdout=subprocess.PIPE)
        holder.stdout.readline()
        descriptor = os.open(f"/proc/{holder.pid}/ns/mnt", os.O_RDONLY)
        holder.kill()
        holder.communicate()
        return descriptor

    def _enter(self):
        if ctypes.CDLL(None).setns(self.mounts, CLONE_NEWNS) != 0:
            os._exit(99)

    def call(self, *command):
        # Into a file: the end of a pipe would wait for what goes on in the background.
        with tempfile.TemporaryFile() as errors:
            done = subprocess.run(command, env=self.silent, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=errors,
                                  preexec_fn=self._enter if self.mounts else None)
            if done.returncode != 0:
                errors.seek(0)
                raise RuntimeError(f"{' '.join(command)}: {done.returncode} "
                                   f"{errors.read().decode()}")

    @staticmethod
    def bareRun():
        """The same command without any sandbox: what this machine takes at the least."""
        subprocess.run(["/bin/true"], stdin=subprocess.DEVNULL, check=True)

    # ---- a sandbox from nothing, for one command ----

    def podmanRun(self):
        self.call("podman", "run", "--rm", "--network=none", "--rootfs", f"{self.root}:O",
                  "/bin/true")

    def crunRun(self):
        self.call("crun", "run", "--bundle", str(self.bundle), f"caisson-bench-{os.getpid()}")

    def bwrapRun(self):
        self.call("bwrap", "--unshare-all", "--ro-bind", str(self.root), "/", "--proc", "/proc",
                  "--dev", "/dev", "--tmpfs", "/tmp", "--die-with-parent", "/bin/true")

    # ---- a command in one that runs ----

    def startIdle(self):
        name = f"caisson-bench-idle-{os.getpid()}"
        if installed("podman"):
            self.call("podman", "run", "--detach", "--name", name, "--network=none", "--rootfs",
                      f"{self.root}:O", "/bin/sleep", "1000000")
            self.running.append(("podman", "rm", "--force", "--time", "0", name))
        self.call("crun", "run", "--detach", "--bundle", str(self.idle), name + "-crun")
        self.running.append(("crun", "delete", "--force", name + "-crun"))
        return name

    def podmanExec(self, name):
        self.call("podman", "exec", name, "/bin/true")

    def crunExec(self, name):
        self.call("crun", "exec", name + "-crun", "/bin/true")

    def close(self):
        for command in self.running:
            self.call(*command)
        if self.mounts:
            os.close(self.mounts)
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
