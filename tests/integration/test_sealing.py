# SPDX-License-Identifier: GPL-3.0-or-later
"""What a process inside may ask of the kernel. Each test tries."""

import errno
import os
import shutil
import tempfile
import unittest
from pathlib import Path

from caisson_testing.cases import HomeCase, SandboxCase
from caisson_testing.conditions import until

# A libc wrapper may not exist for a call, so that it is made by number.
CALL = """
import ctypes, errno, sys
libc = ctypes.CDLL(None, use_errno=True)
result = libc.syscall(*[int(word, 0) for word in sys.argv[1:]])
print(errno.errorcode[ctypes.get_errno()] if result < 0 else "done")
"""

SOCKET = """
import errno, socket, sys
try:
    socket.socket(*map(int, sys.argv[1:]))
    print("made")
except OSError as error:
    print(errno.errorcode[error.errno])
"""

# socketcall(2) of 32-bit programs takes what it does in memory, where seccomp cannot look.
SOCKETCALL_32 = """
import ctypes, mmap, struct
READ, WRITE, EXEC, PRIVATE, ANONYMOUS, LOW = 1, 2, 4, 2, 0x20, 0x40
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
page = libc.mmap(None, 4096, READ | WRITE | EXEC, PRIVATE | ANONYMOUS | LOW, -1, 0)
arguments = page + 2048
ctypes.memmove(arguments, struct.pack("<III", 40, 1, 0), 12)  # AF_VSOCK, SOCK_STREAM
code = (b"\\x53" b"\\xb8" + struct.pack("<I", 102) + b"\\xbb\\x01\\0\\0\\0"
        b"\\xb9" + struct.pack("<I", arguments) + b"\\xcd\\x80" b"\\x5b\\xc3")
ctypes.memmove(page, code, len(code))
print(ctypes.CFUNCTYPE(ctypes.c_int)(page)())
"""

# Numbers of x86-64.
ADD_KEY, REQUEST_KEY, KEYCTL = 248, 249, 250
IO_URING_SETUP, IO_URING_ENTER, IO_URING_REGISTER = 425, 426, 427
UNSHARE, SETNS, MOUNT, PIVOT_ROOT, BPF, PERF_EVENT_OPEN = 272, 308, 165, 155, 321, 298
INIT_MODULE, KEXEC_LOAD, REBOOT, SWAPON, USERFAULTFD = 175, 246, 169, 167, 323
OPEN_BY_HANDLE_AT, PROCESS_VM_WRITEV, SETTIMEOFDAY, ACCT, QUOTACTL = 304, 311, 164, 163, 179
CLONE_NEWUSER, CLONE_NEWNS = 0x10000000, 0x00020000

FORBIDDEN = {
    "add_key": (ADD_KEY, 0, 0, 0, 0, 0),
    "request_key": (REQUEST_KEY, 0, 0, 0, 0),
    "keyctl": (KEYCTL, 0, -3, 0, 0, 0),  # the session's keyring
    "io_uring_setup": (IO_URING_SETUP, 1, 0),
    "io_uring_enter": (IO_URING_ENTER, 0, 0, 0, 0, 0, 0),
    "io_uring_register": (IO_URING_REGISTER, 0, 0, 0, 0),
    "unshare of the user namespace": (UNSHARE, CLONE_NEWUSER),
    "unshare of the mounts": (UNSHARE, CLONE_NEWNS),
    "mount": (MOUNT, 0, 0, 0, 0, 0),
    "pivot_root": (PIVOT_ROOT, 0, 0),
    "bpf": (BPF, 0, 0, 0),
    "perf_event_open": (PERF_EVENT_OPEN, 0, 0, -1, -1, 0),
    "init_module": (INIT_MODULE, 0, 0, 0),
    "kexec_load": (KEXEC_LOAD, 0, 0, 0, 0),
    "reboot": (REBOOT, 0, 0, 0, 0),
    "swapon": (SWAPON, 0, 0),
    "userfaultfd": (USERFAULTFD, 0),
    "open_by_handle_at": (OPEN_BY_HANDLE_AT, 0, 0, 0),
    "settimeofday": (SETTIMEOFDAY, 0, 0),
    "acct": (ACCT, 0),
    "quotactl": (QUOTACTL, 0, 0, 0, 0),
}

AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET = 1, 2, 10, 16, 17
STREAM, DATAGRAM, RAW = 1, 2, 3
NETLINK_ROUTE, NETLINK_AUDIT, NETLINK_KOBJECT_UEVENT = 0, 9, 15
AF_ALG, AF_VSOCK, AF_BLUETOOTH, AF_CAN, AF_TIPC, AF_XDP, AF_KEY = 38, 40, 31, 29, 30, 44, 15


class Calls(SandboxCase):
    def call(self, *numbers, **how):
        return self.box.python(CALL, *map(str, numbers), **how).strip()

    def test_the_trying_works(self):
        self.assertEqual(self.call(39), "done")  # getpid

    def test_forbidden_calls(self):
        for name, numbers in FORBIDDEN.items():
            with self.subTest(call=name):
                self.assertIn(self.call(*numbers), ("EPERM", "ENOSYS"))

    def test_clone_makes_no_user_namespace(self):
        ran = self.box.run("unshare", "--user", "--map-root-user", "true")
        self.assertNotEqual(ran.exit.get("code"), 0)

    def test_typing_into_a_terminal_for_others(self):
        """TIOCSTI puts words into the mouth of who reads the terminal next."""
        said = self.box.python("""
import errno, fcntl, pty, termios
leader, follower = pty.openpty()
try:
    fcntl.ioctl(follower, termios.TIOCSTI, b"x")
    print("typed")
except OSError as error:
    print(errno.errorcode[error.errno])
""")
        self.assertIn(said.strip(), ("EPERM", "EIO"))


# Each way to give a file a mode, by number where libc has no function, or checks first.
SPECIAL_MODES = """
import ctypes, errno, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
folder, O_TMPFILE, AT_FDCWD = os.fsencode(sys.argv[1]), 0o20200000, -100
open(folder + b"/file", "w").close()
file = os.open(folder + b"/file", os.O_RDWR)
how = struct.pack("=QQQ", os.O_CREAT | os.O_WRONLY, 0o4755, 0)
ways = {
    "chmod": (90, folder + b"/file", 0o4755), "set-group-ID": (90, folder + b"/file", 0o2755),
    "fchmod": (91, file, 0o4755), "fchmodat": (268, AT_FDCWD, folder + b"/file", 0o4755),
    "fchmodat2": (452, AT_FDCWD, folder + b"/file", 0o4755, 0),
    "open": (2, folder + b"/1", os.O_CREAT | os.O_WRONLY, 0o4755),
    "open of a file without a name": (2, folder, O_TMPFILE | os.O_WRONLY, 0o4755),
    "openat": (257, AT_FDCWD, folder + b"/2", os.O_CREAT | os.O_WRONLY, 0o4755),
    "openat2": (437, AT_FDCWD, folder + b"/3", how, len(how)),
    "creat": (85, folder + b"/4", 0o4755), "mknod": (133, folder + b"/5", 0o104755, 0),
    "mknodat": (259, AT_FDCWD, folder + b"/6", 0o104755, 0),
}
os.umask(0)
for name, (number, *arguments) in ways.items():
    result = libc.syscall(number, *arguments)
    print(name, errno.errorcode[ctypes.get_errno()] if result < 0 else "done", sep=": ")
"""

# struct vfs_cap_data of linux/capability.h: revision 2, effective; CAP_SYS_ADMIN permitted.
GIVE_CAPABILITY = """
import errno, os, struct, sys
open(sys.argv[1], "w").close()
try:
    os.setxattr(sys.argv[1], "security.capability",
                struct.pack("<IIIII", 0x02000001, 1 << 21, 0, 0, 0))
    print("done")
except OSError as error:
    print(errno.errorcode[error.errno])
"""


class HostFolders(HomeCase):
    """A folder of the host is where a set-user-ID program of root's would be one outside, too."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(dir="/var/tmp")
        self.addCleanup(shutil.rmtree, self.folder)

    def create(self, *options):
        box = self.home.create("box", *options)
        self.addCleanup(self.home.must, "rm", "box")
        return box

    def modes(self):
        return {name: Path(self.folder, name).lstat().st_mode & 0o6000
                for name in os.listdir(self.folder)}

    def test_no_file_gets_a_special_mode(self):
        box = self.create("--mount", f"{self.folder}:/project")
        said = box.python(SPECIAL_MODES, "/project").splitlines()
        self.assertEqual(len(said), 12)
        for line in said:
            with self.subTest(line=line):
                self.assertRegex(line, ": (EPERM|ENOSYS)$")
        self.assertEqual(set(self.modes().values()), {0})

    def test_no_file_gets_capabilities(self):
        box = self.create("--mount", f"{self.folder}:/project")
        self.assertEqual(box.python(GIVE_CAPABILITY, "/project/program").strip(), "EPERM")
        self.assertNotIn("security.capability", os.listxattr(f"{self.folder}/program"))

    def test_other_modes_are_given(self):
        box = self.create("--mount", f"{self.folder}:/project")
        box.must("sh", "-c", "umask 0; cd /project; install -m 0751 /bin/true a; mkdir -m 1777 b; "
                             "touch c; chmod 640 c; cp -p c d")
        modes = {name: Path(self.folder, name).stat().st_mode & 0o7777 for name in "abcd"}
        self.assertEqual(modes, {"a": 0o751, "b": 0o1777, "c": 0o640, "d": 0o640})

    def test_a_file_that_has_one_is_written_without_it(self):
        Path(self.folder, "program").write_text("old")
        Path(self.folder, "program").chmod(0o4755)
        box = self.create("--mount", f"{self.folder}:/project")
        self.assertEqual(box.put("/project/program", b"new").status, 200)
        self.assertEqual(Path(self.folder, "program").read_text(), "new")
        self.assertEqual(Path(self.folder, "program").stat().st_mode & 0o7777, 0o755)

    def test_without_one_or_read_only_packages_may_have_them(self):
        for options in ((), ("--mount", f"{self.folder}:/project:ro")):
            with self.subTest(options=options):
                box = self.home.create("plain", *options)
                said = box.python(SPECIAL_MODES, "/workspace")
                given = box.python(GIVE_CAPABILITY, "/workspace/program").strip()
                self.home.must("rm", "plain")
                self.assertEqual(given, "done")
                self.assertIn("chmod: done", said)
                self.assertIn("openat2: done", said)


class SocketFamilies(SandboxCase):
    def socket(self, *numbers):
        return self.box.python(SOCKET, *map(str, numbers)).strip()

    def test_the_usual_ones_are_made(self):
        for family in (AF_UNIX, AF_INET, AF_INET6):
            for kind in (STREAM, DATAGRAM):
                self.assertEqual(self.socket(family, kind, 0), "made")
        self.assertEqual(self.socket(AF_NETLINK, RAW, NETLINK_ROUTE), "made")

    def test_others_are_unknown(self):
        for family in (AF_PACKET, AF_ALG, AF_VSOCK, AF_BLUETOOTH, AF_CAN, AF_TIPC, AF_XDP, AF_KEY):
            for kind in (STREAM, DATAGRAM, RAW):
                with self.subTest(family=family, kind=kind):
                    self.assertEqual(self.socket(family, kind, 0), "EAFNOSUPPORT")

    def test_the_audit_socket_is_invalid(self):
        """EINVAL is what useradd in a package's script takes for "no audit here"."""
        self.assertEqual(self.socket(AF_NETLINK, RAW, NETLINK_AUDIT), "EINVAL")

    def test_other_netlink_is_unknown(self):
        self.assertEqual(self.socket(AF_NETLINK, RAW, NETLINK_KOBJECT_UEVENT), "EAFNOSUPPORT")

    def test_no_raw_sockets(self):
        self.assertIn(self.socket(AF_INET, RAW, 1), ("EPERM", "EACCES"))

    def test_socketcall_of_32_bits(self):
        if self.box.must("uname", "-m").strip() != b"x86_64":
            self.skipTest("only x86-64 kernels have this second door")
        ran = self.box.run("python3", "-c", SOCKETCALL_32)
        if "signal" in ran.exit:
            return  # a kernel without 32-bit programs, or a killing filter: closed
        self.assertIn(-int(ran.out), (errno.EPERM, errno.ENOSYS, errno.EAFNOSUPPORT))


class Privileges(SandboxCase):
    def status(self, user=""):
        ran = self.box.run("cat", "/proc/self/status", user=user)
        return dict(line.split(":\t", 1) for line in ran.out.decode().splitlines() if ":\t" in line)

    def test_no_new_privileges_and_a_filter(self):
        for user in ("", "dev"):
            status = self.status(user)
            self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))

    def test_few_capabilities(self):
        names = {"SETPCAP": 8, "LINUX_IMMUTABLE": 9, "NET_ADMIN": 12, "NET_RAW": 13,
                 "SYS_MODULE": 16, "SYS_RAWIO": 17, "SYS_PTRACE": 19, "SYS_PACCT": 20,
                 "SYS_ADMIN": 21, "SYS_BOOT": 22, "SYS_NICE": 23, "SYS_RESOURCE": 24,
                 "SYS_TIME": 25, "MKNOD": 27, "AUDIT_WRITE": 29, "AUDIT_CONTROL": 30,
                 "MAC_OVERRIDE": 32, "MAC_ADMIN": 33, "SYSLOG": 34, "BPF": 39, "PERFMON": 38}
        del names["SETPCAP"]  # harmless without anything to pass on
        status = self.status()
        for kind in ("CapBnd", "CapEff", "CapPrm", "CapInh", "CapAmb"):
            for name, bit in names.items():
                self.assertFalse(int(status[kind], 16) >> bit & 1, f"{kind} has {name}")

    def test_an_ordinary_user_has_none(self):
        status = self.status("dev")
        self.assertEqual({int(status[kind], 16) for kind in ("CapEff", "CapPrm", "CapAmb")}, {0})

    def test_a_set_id_program_gives_nothing(self):
        self.box.must("sh", "-c", "cp /usr/bin/id /workspace/id; chmod 4755 /workspace/id")
        ran = self.box.run("/workspace/id", "-u", user="dev")
        self.assertEqual(ran.out, b"1000\n")

    def test_no_device_can_be_made(self):
        ran = self.box.run("mknod", "/workspace/disk", "b", "8", "0")
        self.assertNotEqual(ran.exit.get("code"), 0)

    def test_only_three_descriptors(self):
        """What listdir() opens itself is the fourth."""
        count = self.box.python("import os; print(sorted(os.listdir('/proc/self/fd')))")
        self.assertEqual(count.strip(), "['0', '1', '2', '3']")
        opened = self.box.openTerminal("python3", "-c",
                                       "import os; print(sorted(os.listdir('/proc/self/fd')))")
        with self.box.attach(opened["id"]) as terminal:
            seen = b""
            while b"]" not in seen:
                message = terminal.receive()
                seen += message if isinstance(message, bytes) else b""
        self.assertIn(b"['0', '1', '2', '3']", seen)

    def test_the_first_process_is_closed_to_others(self):
        for path in ("/proc/1/mem", "/proc/1/fd/0", "/proc/1/fd/1"):
            ran = self.box.run("sh", "-c", f": <{path}")
            self.assertNotEqual(ran.exit.get("code"), 0, path)
        self.assertNotEqual(self.box.run("ls", "/proc/1/fd", user="dev").exit.get("code"), 0)

    def test_the_first_process_cannot_be_ended(self):
        for number in ("9", "15", "19"):
            self.box.run("kill", f"-{number}", "1")
        self.assertEqual(self.box.run("true").exit["code"], 0)


class KernelFiles(SandboxCase):
    def test_masked(self):
        for path in ("/proc/cmdline", "/proc/kcore", "/proc/keys", "/proc/key-users", "/proc/timer_list",
                     "/proc/sched_debug", "/proc/interrupts"):
            with self.subTest(path=path):
                ran = self.box.run("head", "-c", "16", path)
                self.assertEqual(ran.out, b"")
        for path in ("/proc/acpi", "/proc/scsi", "/sys/firmware"):
            with self.subTest(path=path):
                self.assertEqual(self.box.run("ls", "-A", path).out, b"")

    def test_read_only(self):
        for path in ("/proc/sys/kernel/hostname", "/proc/sys/kernel/core_pattern",
                     "/proc/sys/vm/drop_caches", "/proc/sysrq-trigger", "/proc/irq/default_smp_affinity",
                     "/sys/kernel/uevent_helper", "/sys/kernel/mm/transparent_hugepage/enabled"):
            with self.subTest(path=path):
                ran = self.box.run("sh", "-c", f"echo 0 >{path}")
                self.assertNotEqual(ran.exit.get("code"), 0)

    def test_no_remounting(self):
        for path in ("/proc/sys", "/sys", "/"):
            ran = self.box.run("mount", "-o", "remount,rw,bind", path)
            self.assertNotEqual(ran.exit.get("code"), 0)

    def test_the_kernel_s_log(self):
        ran = self.box.run("dmesg")
        self.assertNotEqual(ran.exit.get("code"), 0)


class Limits(HomeCase):
    FORKS = """
import os, signal, time
children = []
try:
    while len(children) < 500:
        child = os.fork()
        if child == 0:
            signal.pause()
            os._exit(0)
        children.append(child)
except BlockingIOError:
    pass
print(len(children))
for child in children:
    os.kill(child, signal.SIGKILL)
"""

    def tearDown(self):
        self.home.must("rm", "limited")

    def test_pids(self):
        box = self.home.create("limited", "--pids", "60")
        applied = box.show()["limits"]["applied"]
        self.assertEqual(applied["pids"], 60, applied)
        self.assertLess(int(box.python(self.FORKS)), 60)
        self.assertEqual(box.must("echo", "fine"), b"fine\n")

    def test_pids_are_limited_without_asking(self):
        box = self.home.create("limited")
        self.assertGreater(box.show()["limits"]["applied"]["pids"], 0)

    def test_memory(self):
        box = self.home.create("limited", "--memory", "100m")
        limits = box.show()["limits"]
        self.assertEqual(limits["asked"]["memory"], 100 << 20)
        if not limits["applied"]["memory"]:
            self.assertTrue(any("memory" in note for note in limits["applied"]["notes"]), limits)
            self.skipTest(f"not applied here, and said so: {limits['applied']['notes']}")
        ran = box.run("python3", "-c", "x = bytearray(300 << 20); print(len(x))")
        self.assertNotEqual(ran.exit.get("code"), 0)
        self.assertEqual(box.must("echo", "fine"), b"fine\n")


    def test_memory_that_is_used_up_by_files(self):
        """The kernel then ends processes until the first has gone; nobody said why."""
        box = self.home.create("limited", "--memory", "100m")
        if not box.show()["limits"]["applied"]["memory"]:
            self.skipTest("no memory cgroup may be written here, see its note in `show`")

        def hasEnded():
            self.home.ctl("exec", "limited", "--", "sh", "-c",
                          "head -c 50000000 /dev/zero >>/dev/shm/file; head -c 50000000 /dev/zero >>/dev/shm/b")
            return box.show()["state"] == "failed"

        until(hasEnded, "the end of the sandbox", 60)
        self.assertIn("used up the memory", box.show()["why"])
        self.home.must("start", "limited")
    def test_what_is_not_applied_is_said_at_once(self):
        created = self.home.must("create", "limited", "--memory", "100m", "--cpus", "0.5").err
        applied = self.home.json("show", "limited")["limits"]["applied"]
        self.assertEqual(self.home.must("stop", "limited").err, b"")
        started = self.home.must("start", "limited").err
        for said in (created, started):
            for limit in ("memory", "cpus"):
                self.assertEqual(f"--{limit}:".encode() in said, not applied[limit], said)

    def test_processors(self):
        box = self.home.create("limited", "--cpus", "0.5")
        limits = box.show()["limits"]
        self.assertEqual(limits["asked"]["cpus"], 0.5)
        if not limits["applied"]["cpus"]:
            self.assertTrue(any("cpu" in note for note in limits["applied"]["notes"]), limits)
            self.skipTest(f"not applied here, and said so: {limits['applied']['notes']}")
        used = box.python("""
import time
wall, used = time.monotonic(), time.process_time()
while time.monotonic() - wall < 1:
    pass
print(time.process_time() - used)
""")
        self.assertLess(float(used), 0.8)


if __name__ == "__main__":
    unittest.main()
