# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox sees this machine's programs and nothing else of this machine."""

import os
import secrets
import socket
import unittest
from pathlib import Path

import canaries
from caisson_testing import processes
from caisson_testing.cases import ROOT, SandboxCase
from caisson_testing.conditions import until

SECRET = secrets.token_hex(16)

CONNECT = """
import socket, sys
family, address = eval(sys.argv[1])
connection = socket.socket(family, socket.SOCK_STREAM)
connection.settimeout(5)
try:
    connection.connect(address)
except OSError as error:
    print("refused", error.errno)
else:
    print("connected")
"""

FIND_NAMES = """
import os, sys
token = os.fsencode(sys.argv[1])
for folder, folders, files in os.walk(b"/"):
    if folder == b"/":
        # /usr is this machine's own, and large; nothing is planted there.
        folders[:] = [name for name in folders if name not in (b"proc", b"sys", b"usr")]
    for name in folders + files:
        if token in name:
            print(os.path.join(folder, name))
"""


class Files(SandboxCase):
    def setUp(self):
        self.canaries = canaries.fromEnvironment()

    def test_canaries_are_planted(self):
        planted = {os.path.dirname(canary.path) for canary in self.canaries}
        expected = {"/tmp", "/var/tmp"}
        if any(canary.folder for canary in self.canaries):  # planted by root
            expected |= {"/root", "/srv", "/opt", "/var", "/var/lib", "/etc", "/run"}
            expected |= {folder for folder in ("/etc/ssh",) if os.path.isdir(folder)}
        self.assertLessEqual(expected, planted)
        for canary in self.canaries:
            if os.access(os.path.dirname(canary.path), os.X_OK):
                self.assertEqual(Path(canary.path).read_text(), canary.content)

    def test_no_canary_can_be_read(self):
        for canary in self.canaries:
            with self.subTest(path=canary.path):
                ran = self.box.run("cat", canary.path)
                self.assertNotEqual(ran.exit.get("code"), 0)
                self.assertNotIn(canary.content.encode(), ran.out)
                self.assertIn(b"No such file", ran.err)

    def test_no_canary_is_to_be_found(self):
        token = "caisson-canary-"
        self.box.shell(f"touch /var/tmp/{token}of-its-own")
        found = self.box.python(FIND_NAMES, token).split()
        self.assertEqual(found, [f"b'/var/tmp/{token}of-its-own'"])

    def test_no_canary_through_the_file_routes(self):
        for canary in self.canaries:
            with self.subTest(path=canary.path):
                answer = self.box.read(canary.path)
                self.assertEqual((answer.status, answer.code), (404, "not_found"))
                climbing = self.box.read("/workspace/../../../.." + canary.path)
                self.assertIn(climbing.status, (400, 404))

    def test_no_canary_through_proc(self):
        for canary in self.canaries:
            for way in ("/proc/1/root", "/proc/self/root", "/proc/1/cwd/.."):
                ran = self.box.run("cat", way + canary.path)
                self.assertNotIn(canary.content.encode(), ran.out)

    def test_account_files_are_its_own(self):
        mine = self.box.shell("cat /etc/passwd /etc/shadow /etc/group").splitlines()
        self.assertTrue(any(line.startswith("dev:x:1000:") for line in mine), mine)
        if ROOT:
            hashes = [line.split(":")[1] for line in Path("/etc/shadow").read_text().splitlines()]
            for word in hashes:
                if word.strip("!*"):
                    self.assertFalse(any(word in line for line in mine))
        users = {line.split(":")[0] for line in Path("/etc/passwd").read_text().splitlines()
                 if "/home/" in line}
        self.assertFalse(users & {line.split(":")[0] for line in mine} - {"dev"})

    def test_host_keys_are_not_there(self):
        listed = self.box.shell("ls -A /etc/ssh /etc/ssl/private 2>/dev/null; true")
        self.assertNotIn("_key", listed)
        self.assertNotIn("canary", listed)

    def test_names_of_the_machine_are_its_own(self):
        self.assertEqual(self.box.must("hostname"), b"box\n")
        if os.path.exists("/etc/machine-id"):
            own = Path("/etc/machine-id").read_bytes().strip()
            if own:
                self.assertNotEqual(self.box.run("cat", "/etc/machine-id").out.strip(), own)

    def test_programs_are_this_machine_s(self):
        self.assertEqual(self.box.must("sha256sum", "/usr/bin/env").split()[0],
                         os.popen("sha256sum /usr/bin/env").read().split()[0].encode())

    def test_this_machine_s_files_cannot_be_changed(self):
        before = os.stat("/usr/bin/env")
        self.box.run("sh", "-c", "echo broken >/usr/bin/env; rm -f /usr/bin/env; "
                                 "chmod 000 /usr/bin/env; touch /usr/caisson-was-here")
        after = os.stat("/usr/bin/env")
        self.assertEqual((before.st_ino, before.st_mtime_ns, before.st_mode, before.st_size),
                         (after.st_ino, after.st_mtime_ns, after.st_mode, after.st_size))
        self.assertFalse(os.path.exists("/usr/caisson-was-here"))

    def test_workspace_is_the_working_directory(self):
        self.assertEqual(self.box.must("pwd"), b"/workspace\n")
        self.box.must("touch", "here")
        self.assertEqual(self.box.read("/workspace/here").status, 200)

    def test_devices_are_few(self):
        names = set(self.box.shell("ls /dev").split())
        usual = {"null", "zero", "full", "random", "urandom", "tty", "console", "ptmx", "pts",
                 "shm", "mqueue", "fd", "stdin", "stdout", "stderr", "core"}
        self.assertLessEqual(names, usual)

    def test_no_folder_of_caisson_is_seen(self):
        mounts = self.box.must("cat", "/proc/self/mountinfo").decode()
        roots = [line.split()[4] for line in mounts.splitlines()]
        self.assertFalse([root for root in roots if "caisson-test-" in root])
        ran = self.box.run("ls", str(self.home.path))
        self.assertNotEqual(ran.exit.get("code"), 0)


# Where clients look for whom to trust: the sandbox's own authority is there.
TRUST = {"SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
         "GIT_SSL_CAINFO", "PIP_CERT", "CARGO_HTTP_CAINFO", "AWS_CA_BUNDLE", "DENO_CERT"}


class Sockets(SandboxCase):
    def listening(self, family, address):
        listener = socket.socket(family, socket.SOCK_STREAM)
        self.addCleanup(listener.close)
        listener.bind(address)
        listener.listen()
        if family == socket.AF_UNIX and isinstance(address, str) and not address.startswith("\0"):
            os.chmod(address, 0o777)
            self.addCleanup(os.unlink, address)
        # The test would prove nothing if nobody listened.
        probe = socket.socket(family, socket.SOCK_STREAM)
        probe.connect(listener.getsockname())
        probe.close()
        return listener.getsockname()

    def assertUnreachable(self, family, address):
        said = self.box.python(CONNECT, repr((int(family), address)))
        self.assertTrue(said.startswith("refused"), said)

    def test_a_path_in_tmp(self):
        path = f"/tmp/caisson-canary-{SECRET}.sock"
        self.listening(socket.AF_UNIX, path)
        self.assertUnreachable(socket.AF_UNIX, path)

    def test_a_path_in_run(self):
        folder = "/run" if ROOT else f"/run/user/{os.getuid()}"
        if not os.path.isdir(folder):
            self.skipTest(f"this user has no folder in /run; one comes with a login ({folder})")
        path = f"{folder}/caisson-canary-{SECRET}.sock"
        self.listening(socket.AF_UNIX, path)
        self.assertUnreachable(socket.AF_UNIX, path)

    def test_a_path_among_the_programs(self):
        path = os.environ.get(canaries.SOCKET)
        if not path:
            self.skipTest("only root can make a socket in /usr")
        socket.socket(socket.AF_UNIX).connect(path)
        self.assertTrue(self.box.must("ls", path))  # seen, but not this machine's
        self.assertUnreachable(socket.AF_UNIX, path)

    def test_caisson_s_own(self):
        self.assertUnreachable(socket.AF_UNIX, str(self.home.path / "run/caissond.sock"))

    def test_an_abstract_one(self):
        name = f"\0caisson-canary-{SECRET}"
        self.listening(socket.AF_UNIX, name)
        self.assertUnreachable(socket.AF_UNIX, name)
        listed = self.box.must("cat", "/proc/net/unix")
        self.assertNotIn(SECRET.encode(), listed)

    def test_loopback(self):
        address = self.listening(socket.AF_INET, ("127.0.0.1", 0))
        self.assertUnreachable(socket.AF_INET, address)

    def test_loopback_of_ipv6(self):
        try:
            address = self.listening(socket.AF_INET6, ("::1", 0))
        except OSError as error:
            self.skipTest(f"this machine has no IPv6 loopback: {error}")
        self.assertUnreachable(socket.AF_INET6, address)

    def test_any_address_of_this_machine(self):
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(probe.close)
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError as error:
            self.skipTest(f"this machine has no address but loopback: {error}")
        listener = socket.create_server((probe.getsockname()[0], 0))
        self.addCleanup(listener.close)
        # The keeper takes the connection, and makes none of its own.
        self.box.python(CONNECT, repr((int(socket.AF_INET), listener.getsockname())))
        listener.setblocking(False)
        with self.assertRaises(BlockingIOError):
            listener.accept()

    def test_its_own_loopback_works(self):
        said = self.box.python("""
import socket
listener = socket.create_server(("127.0.0.1", 8000))
client = socket.create_connection(("127.0.0.1", 8000))
client.sendall(b"hello")
print(listener.accept()[0].recv(5))
""")
        self.assertEqual(said, "b'hello'\n")


class Environment(SandboxCase):
    variables = {"CAISSON_CANARY": SECRET, "SSH_AUTH_SOCK": f"/tmp/{SECRET}"}
    create = ("--env", "ASKED=for")

    def test_only_its_own_variables(self):
        variables = dict(line.split("=", 1) for line in self.box.must("env").decode().splitlines())
        self.assertEqual(variables.pop("ASKED"), "for")
        self.assertEqual(variables.pop("CAISSON"), "1")
        self.assertEqual(variables.pop("HOME"), "/root")
        self.assertEqual(variables.pop("USER"), "root")
        self.assertLessEqual({"PATH", "LANG"}, set(variables))
        self.assertLessEqual(set(variables), {"PATH", "LANG", "TERM"} | TRUST)

    def test_the_home_is_the_user_s(self):
        ran = self.box.run("sh", "-c", "echo $HOME $USER $(id -u) $(id -un)", user="dev")
        self.assertEqual(ran.out, b"/home/dev dev 1000 dev\n")

    def test_nothing_of_the_host_in_any_process(self):
        seen = self.box.must("sh", "-c",
                             "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null; true")
        self.assertIn(b"CAISSON=1", seen)
        self.assertNotIn(SECRET.encode(), seen)
        self.assertNotIn(os.fsencode(self.home.path), seen)

    def test_the_first_process(self):
        """If it lets anybody look at all."""
        variables = self.box.run("cat", "/proc/1/environ").out.split(b"\0")
        names = {variable.split(b"=")[0].decode() for variable in variables if variable}
        self.assertLessEqual(names, {"PATH", "HOME", "USER", "LANG", "TERM", "CAISSON", "ASKED"}
                             | TRUST)

    def test_a_login_shell_has_no_more(self):
        names = self.box.must("sh", "-lc", "env").decode()
        plain = {line.split("=")[0] for line in names.splitlines()}
        self.assertLessEqual(plain, {"PATH", "HOME", "USER", "LANG", "TERM", "CAISSON", "ASKED",
                                     "PWD", "OLDPWD", "SHLVL", "_"} | TRUST)

    def test_only_its_own_processes(self):
        pids = [int(name) for name in self.box.shell("ls /proc").split() if name.isdigit()]
        self.assertIn(1, pids)
        self.assertLess(len(pids), 10)
        self.assertIn(b"init", self.box.must("cat", "/proc/1/comm"))


class Identity(SandboxCase):
    def hostPid(self, mark):
        """The pid, outside, of a process inside with `mark` among its arguments."""
        return until(lambda: processes.pidsWithArgument(mark), f"a process called {mark}")[0]

    def test_root_inside_is_not_root_outside(self):
        self.assertEqual(self.box.must("id", "-u"), b"0\n")
        mark = f"{100000 + secrets.randbelow(800000)}"
        with self.box.openExec("sleep", mark):
            pid = self.hostPid(mark)
            uids = [int(text) for text in processes.statusField(pid, "Uid").split()]
            gids = [int(text) for text in processes.statusField(pid, "Gid").split()]
        self.assertNotIn(0, uids)
        self.assertNotIn(0, gids)

    def test_no_id_inside_is_root_outside(self):
        """As seen from here: inside, the maps tell of the namespace around it, which may be one of
        the keeper's own."""
        mark = f"{100000 + secrets.randbelow(800000)}"
        with self.box.openExec("sleep", mark):
            pid = self.hostPid(mark)
            for name in ("uid_map", "gid_map"):
                for line in Path(f"/proc/{pid}/{name}").read_text().splitlines():
                    inside, outside, count = map(int, line.split())
                    self.assertFalse(outside == 0 and count > 0, line)

    def test_ids_overlap_nobody_s(self):
        """Two sandboxes of root must not share ids: one could signal or read the other's."""
        if not ROOT:
            self.skipTest("without root, sandboxes of one user share the user's subordinate ids")
        other = self.home.create("other")
        ranges = []
        for sandbox in (self.box, other):
            line = sandbox.must("cat", "/proc/self/uid_map").split()
            ranges.append(range(int(line[1]), int(line[1]) + int(line[2])))
        for line in Path("/etc/subuid").read_text().splitlines():
            _, first, count = line.split(":")
            ranges.append(range(int(first), int(first) + int(count)))
        for one in ranges[:2]:
            for two in ranges:
                if one is not two:
                    self.assertFalse(set(one) & set(two), (one, two))
        self.home.must("rm", "other")

    def test_files_outside_are_not_root_s(self):
        self.box.must("touch", "/workspace/made-by-root")
        host = Path(self.box.show()["workspace_host"]) / "made-by-root"
        self.assertNotEqual(host.stat().st_uid, 0)

    def test_a_set_id_program_made_inside_gives_nothing_outside(self):
        self.box.must("sh", "-c", "cp /usr/bin/id /workspace/id; chmod 6755 /workspace/id")
        status = (Path(self.box.show()["workspace_host"]) / "id").stat()
        self.assertNotEqual(status.st_uid, 0)


if __name__ == "__main__":
    unittest.main()
