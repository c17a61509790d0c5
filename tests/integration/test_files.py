# SPDX-License-Identifier: GPL-3.0-or-later
"""Files through the API: streamed, atomic, and meaning what they mean inside."""

import base64
import hashlib
import os
import threading
import unittest

from caisson_testing import processes
from caisson_testing.cases import SandboxCase
from caisson_testing.conditions import until

MEGABYTE = 1 << 20

ODD_NAMES = [b" ", b"a b", b"-rf", b"%41%2f", b"?query#part", b"new\nline", b"tab\t", b"quote\"'`",
             b"\\back", b"*", b"~", b"$HOME", b"...", b".hidden", b"\xc3\xa9\xe4\xb8\xad",
             b"e\xcc\x81", b"\xff\xfe", b"half\xe4\xb8", b"\x01\x1b[31m", b"semi;colon&amp",
             b"x" * 255]


class FilesCase(SandboxCase):
    def setUp(self):
        self.box.must("sh", "-c", "rm -rf /workspace/* /workspace/.[!.]*", options=["--cwd", "/"])

    def entry(self, path):
        answer = self.home.api.get(self.box.treeUrl(path) + "?stat=1")
        self.assertEqual(answer.status, 200, answer)
        return answer.json()["entries"][0]


class Contents(FilesCase):
    def test_what_is_put_is_what_is_got(self):
        data = bytes(range(256)) * 5000
        put = self.box.put("/workspace/file", data)
        self.assertEqual(put.status, 200)
        got = self.box.read("/workspace/file")
        self.assertEqual((got.status, got.body), (200, data))
        self.assertEqual(got.headers["ETag"], put.json()["etag"])
        self.assertEqual(self.box.must("sha256sum", "file").split()[0].decode(),
                         hashlib.sha256(data).hexdigest())

    def test_empty(self):
        self.assertEqual(self.box.put("/workspace/empty", b"").status, 200)
        self.assertEqual(self.box.read("/workspace/empty").body, b"")

    def test_large_in_bounded_memory(self):
        keeper = self.box.keeperPid()
        pids = [keeper, *processes.descendantsOf(keeper)]
        before = {pid: processes.peakMemory(pid) for pid in pids}
        block = os.urandom(MEGABYTE)
        digest = hashlib.sha256(block * 100).hexdigest()
        put = self.box.put("/workspace/large", iter([block] * 100))
        self.assertEqual((put.status, put.json()["size"]), (200, 100 * MEGABYTE))
        self.assertEqual(self.box.must("sha256sum", "large").split()[0].decode(), digest)
        got = self.box.read("/workspace/large")
        self.assertEqual(hashlib.sha256(got.body).hexdigest(), digest)
        for pid, peak in before.items():
            self.assertLess(processes.peakMemory(pid) - peak, 24 * MEGABYTE)

    def test_files_of_no_size(self):
        """Those in /proc say 0 and hold something."""
        self.assertTrue(self.box.read("/proc/1/status").body.startswith(b"Name:"))

    def test_head(self):
        self.box.put("/workspace/file", b"12345")
        answer = self.home.api.call("HEAD", self.box.fileUrl("/workspace/file"))
        self.assertEqual((answer.status, answer.headers["Content-Length"], answer.body),
                         (200, "5", b""))
        self.assertEqual(self.home.api.call("HEAD", self.box.fileUrl("/none")).status, 404)

    def test_parents(self):
        self.assertEqual(self.box.put("/workspace/a/b/c", b"deep").code, "not_found")
        answer = self.home.api.call("PUT", self.box.fileUrl("/workspace/a/b/c") + "?parents=1",
                                    b"deep")
        self.assertEqual(answer.status, 200)
        self.assertEqual(self.box.must("cat", "a/b/c"), b"deep")

    def test_modes(self):
        answer = self.home.api.call("PUT", self.box.fileUrl("/workspace/script") + "?mode=0755", b"x")
        self.assertEqual((answer.json()["mode"], self.entry("/workspace/script")["mode"]),
                         (0o755, 0o755))
        for mode in ("-1", "10000", "x", "8", "0x1", ""):
            answer = self.home.api.call("PUT", self.box.fileUrl("/workspace/x") + f"?mode={mode}",
                                        b"")
            self.assertEqual((answer.status, answer.json()["code"]), (400, "bad_request"), mode)


class Atomicity(FilesCase):
    def test_mode_and_owner_stay(self):
        self.box.must("sh", "-c", "echo old >file; chown dev:dev file; chmod 4751 file")
        self.box.put("/workspace/file", b"new")
        told = self.box.must("stat", "-c", "%a %U %G", "file").decode().strip()
        self.assertIn(told, ("4751 dev dev", "751 dev dev"))  # chown(2) may clear set-id bits

    def test_a_reader_sees_old_or_new(self):
        old, new = b"o" * 300000, b"n" * 300000
        self.box.put("/workspace/file", old)
        stop = threading.Event()

        def write():
            turn = 0
            while not stop.is_set():
                self.box.put("/workspace/file", (new, old)[turn % 2])
                turn += 1

        writer = threading.Thread(target=write)
        writer.start()
        try:
            told = self.box.python("""
seen = set()
for _ in range(300):
    with open("file", "rb") as file:
        content = file.read()
    seen.add((len(content), len(set(content))))
print(seen)
""")
        finally:
            stop.set()
            writer.join()
        self.assertEqual(told.strip(), "{(300000, 1)}")

    def test_an_upload_that_finds_no_room(self):
        """It was never answered: more than the first megabyte was waited with for ever."""
        self.box.must("sh", "-c", "echo old >/dev/shm/../file")  # /dev is a small tmpfs
        size = int(self.box.must("sh", "-c", "df -B1 --output=size /dev | tail -1")) + 50_000_000
        done = self.home.ctl("cp", "-", "box:/dev/file", input=bytes(size))
        self.assertEqual(done.code, 125)
        self.assertIn(b"No space left on device", done.err)
        with self.home.api.open() as connection:
            connection.settimeout(60)
            connection.sendall(f"PUT {self.box.fileUrl('/dev/file')} HTTP/1.1\r\nHost: x\r\n"
                               f"Content-Length: {size}\r\n\r\n".encode())
            try:
                connection.sendall(bytes(size))
            except (BrokenPipeError, ConnectionResetError):
                pass  # the answer is there all the same
            self.assertIn(b" 507 ", connection.recv(4096))
        self.assertEqual(self.box.must("sh", "-c", "cat /dev/file; ls -A /dev | grep -c file"),
                         b"old\n1\n")

    def test_an_upload_that_breaks_off_changes_nothing(self):
        self.box.put("/workspace/file", b"old")
        for head in ("Content-Length: 1000\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf"):
            with self.home.api.open() as connection:
                connection.sendall(f"PUT {self.box.fileUrl('/workspace/file')} HTTP/1.1\r\n"
                                   f"Host: x\r\n{head}".encode())
                self.box.run("true")  # by then it is under way
        until(lambda: len(self.box.list("/workspace").json()["entries"]) == 1,
              "the removal of what was written")
        self.assertEqual(self.box.read("/workspace/file").body, b"old")

    def test_if_match(self):
        etag = self.box.put("/workspace/file", b"one").json()["etag"]
        second = self.box.put("/workspace/file", b"two", If_Match=etag)
        self.assertEqual(second.status, 200)
        stale = self.box.put("/workspace/file", b"three", If_Match=etag)
        self.assertEqual((stale.status, stale.code), (412, "precondition_failed"))
        self.assertEqual(self.box.read("/workspace/file").body, b"two")

    def test_changed_underneath(self):
        etag = self.box.put("/workspace/file", b"mine").json()["etag"]
        self.box.must("sh", "-c", "printf hers >file")
        stale = self.box.put("/workspace/file", b"mine again", If_Match=etag)
        self.assertEqual(stale.status, 412)
        self.assertEqual(self.box.read("/workspace/file").body, b"hers")

    def test_a_change_that_looks_alike(self):
        """Of the same size, and changed within the same second."""
        etag = self.box.put("/workspace/file", b"aaaa").json()["etag"]
        self.box.must("sh", "-c", "printf bbbb >file")
        self.assertEqual(self.box.put("/workspace/file", b"c", If_Match=etag).status, 412)

    def test_must_be_there_and_must_be_new(self):
        self.assertEqual(self.box.put("/workspace/file", b"1", If_Match="*").status, 412)
        self.assertEqual(self.box.put("/workspace/file", b"2", If_None_Match="*").status, 200)
        self.assertEqual(self.box.put("/workspace/file", b"3", If_None_Match="*").status, 412)
        self.assertEqual(self.box.put("/workspace/file", b"4", If_Match="*").status, 200)
        self.assertEqual(self.box.read("/workspace/file").body, b"4")

    def test_one_of_many_wins(self):
        etag = self.box.put("/workspace/file", b"start").json()["etag"]
        statuses = []

        def put(number):
            statuses.append(self.box.put("/workspace/file", b"%d" % number, If_Match=etag).status)

        threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(statuses), [200] + [412] * 7)


class Removing(FilesCase):
    def remove(self, path, **headers):
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.home.api.call("DELETE", self.box.fileUrl(path), None, names)

    def test_if_match(self):
        old = self.box.put("/workspace/file", b"mine").json()["etag"]
        new = self.box.put("/workspace/file", b"hers").json()["etag"]
        stale = self.remove("/workspace/file", If_Match=old)
        self.assertEqual((stale.status, stale.code), (412, "precondition_failed"))
        self.assertEqual(self.box.read("/workspace/file").body, b"hers")
        self.assertEqual(self.remove("/workspace/file", If_Match=new).status, 204)
        self.assertEqual(self.remove("/workspace/file", If_Match="*").status, 404)


class Ranges(FilesCase):
    BYTES = bytes(range(256)) * 1000

    def get(self, **headers):
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.home.api.call("GET", self.box.fileUrl("/workspace/file"), None, names)

    def test_parts(self):
        size = len(self.BYTES)
        self.box.put("/workspace/file", self.BYTES)
        for asked, begin, end in ((f"bytes=0-9", 0, 10), ("bytes=1000-200000", 1000, 200001),
                                  (f"bytes={size - 5}-", size - 5, size), ("bytes=-7", size - 7, size),
                                  (f"bytes=10-{size * 9}", 10, size), (f"bytes=-{size * 9}", 0, size)):
            with self.subTest(asked=asked):
                answer = self.get(Range=asked)
                self.assertEqual(answer.status, 206)
                self.assertEqual(answer.headers["content-range"], f"bytes {begin}-{end - 1}/{size}")
                self.assertEqual(answer.body, self.BYTES[begin:end])

    def test_behind_the_end(self):
        self.box.put("/workspace/file", b"short")
        for asked in ("bytes=5-", "bytes=100-200", "bytes=-0"):
            answer = self.get(Range=asked)
            self.assertEqual((answer.status, answer.code), (416, "bad_range"))
            self.assertEqual(answer.json()["detail"]["size"], "5")

    def test_what_is_not_served_in_parts(self):
        self.box.put("/workspace/file", b"short")
        for asked in ("bytes=0-1,3-4", "lines=1-2", "bytes=3-1", "bytes=x-", "bytes=-", "bytes", ""):
            with self.subTest(asked=asked):
                answer = self.get(Range=asked)
                self.assertEqual((answer.status, answer.body), (200, b"short"))

    def test_of_what_is_no_file(self):
        for path, said in (("/dev/zero", "not an ordinary file"), ("/etc", "folder"),
                           ("/none", "No such file")):
            answer = self.home.api.call("GET", self.box.fileUrl(path), None, {"Range": "bytes=0-9"})
            self.assertGreaterEqual(answer.status, 400)
            self.assertIn(said, answer.json()["error"])

    def test_only_of_what_it_was(self):
        etag = self.box.put("/workspace/file", b"first").json()["etag"]
        self.assertEqual(self.get(Range="bytes=1-2", If_Range=etag).body, b"ir")
        self.box.put("/workspace/file", b"second")
        self.assertEqual(self.get(Range="bytes=1-2", If_Range=etag).body, b"second")


class Names(FilesCase):
    def test_odd_names(self):
        for name in ODD_NAMES:
            with self.subTest(name=name):
                path = b"/workspace/" + name
                self.assertEqual(self.box.put(path, name).status, 200)
                self.assertEqual(self.box.read(path).body, name)
        listed = self.box.list("/workspace").json()["entries"]
        names = [base64.b64decode(one["name_b64"]) if "name_b64" in one else one["name"].encode()
                 for one in listed]
        self.assertEqual(names, sorted(ODD_NAMES))
        there = self.box.python("import os; print(sorted(os.listdir(b'.')))")
        self.assertEqual(eval(there), sorted(ODD_NAMES))
        for name in ODD_NAMES:
            answer = self.home.api.call("DELETE", self.box.fileUrl(b"/workspace/" + name))
            self.assertEqual(answer.status, 204)
        self.assertEqual(self.box.list("/workspace").json()["entries"], [])

    def test_names_that_are_text_have_one_form(self):
        self.box.put("/workspace/caf\u00e9", b"")
        self.assertNotIn("name_b64", self.box.list("/workspace").json()["entries"][0])

    def test_moving_to_an_odd_name(self):
        self.box.put("/workspace/plain", b"x")
        to = {"to": "/workspace/\ufffd", "to_b64": base64.b64encode(b"/workspace/\xff").decode()}
        answer = self.box.act("/workspace/plain", action="move", **to)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(self.box.read(b"/workspace/\xff").body, b"x")

    def test_names_that_cannot_be(self):
        for path in ("/workspace/" + "x" * 256, "/workspace/" + "x/" * 3000 + "y"):
            self.assertEqual(self.box.put(path, b"").status, 400)
        answer = self.home.api.call("PUT", f"{self.box.url}/files/workspace/a%00b", b"")
        self.assertEqual(answer.status, 400)
        answer = self.home.api.call("PUT", f"{self.box.url}/files/workspace/a%zzb", b"")
        self.assertEqual(answer.status, 400)


class Kinds(FilesCase):
    def test_symlinks_mean_what_they_mean_inside(self):
        self.box.must("sh", "-c", "echo inside >/root/mine; ln -s /root/mine absolute; "
                                  "ln -s ../root/mine relative; ln -s /etc/hostname name; "
                                  "ln -s / all; ln -s loop loop; ln -s /none dangling; "
                                  "ln -s ../../../../../../root/mine climbing")
        for link in ("absolute", "relative", "climbing", "all/root/mine"):
            self.assertEqual(self.box.read(f"/workspace/{link}").body, b"inside\n", link)
        self.assertEqual(self.box.read("/workspace/name").body, b"box\n")
        self.assertEqual(self.box.read("/workspace/dangling").code, "not_found")
        self.assertEqual(self.box.read("/workspace/loop").status, 400)
        listed = {one["name"]: one for one in self.box.list("/workspace").json()["entries"]}
        self.assertEqual(listed["absolute"]["type"], "symlink")
        self.assertEqual(listed["absolute"]["link_target"], "/root/mine")
        self.assertEqual(listed["absolute"]["target_type"], "file")
        self.assertEqual(listed["all"]["target_type"], "directory")
        self.assertNotIn("target_type", listed["dangling"])
        self.assertEqual(self.entry("/workspace/all")["type"], "directory")
        for link in ("absolute", "all", "dangling"):
            answer = self.home.api.get(self.box.treeUrl(f"/workspace/{link}") + "?stat=1&follow=0")
            self.assertEqual(answer.json()["entries"], [listed[link]])
        self.assertIn("root", [one["name"] for one in
                               self.box.list("/workspace/all").json()["entries"]])

    def test_writing_through_a_symlink(self):
        self.box.must("sh", "-c", "echo old >/root/target; ln -s /root/target link")
        self.assertEqual(self.box.put("/workspace/link", b"new").status, 200)
        self.assertEqual(self.box.must("cat", "/root/target"), b"new")
        self.assertEqual(self.box.must("readlink", "link"), b"/root/target\n")

    def test_removing_a_symlink_removes_the_symlink(self):
        self.box.must("sh", "-c", "mkdir /root/kept; touch /root/kept/file; ln -s /root/kept link")
        answer = self.home.api.call("DELETE", self.box.fileUrl("/workspace/link") + "?recursive=1")
        self.assertEqual(answer.status, 204)
        self.box.must("test", "-f", "/root/kept/file")
        self.box.must("rm", "-r", "/root/kept")

    def test_a_folder_where_a_file_was_expected(self):
        self.box.must("mkdir", "folder")
        for answer in (self.box.read("/workspace/folder"), self.box.put("/workspace/folder", b"x")):
            self.assertEqual((answer.status, answer.code), (409, "is_a_directory"))

    def test_a_file_where_a_folder_was_expected(self):
        self.box.must("touch", "file")
        for answer in (self.box.list("/workspace/file"), self.box.read("/workspace/file/below"),
                       self.box.put("/workspace/file/below", b"x")):
            self.assertEqual((answer.status, answer.code), (409, "not_a_directory"))

    def test_what_never_ends_is_not_waited_for(self):
        """Opening a pipe nobody writes to would hold everything up."""
        self.box.must("sh", "-c", "mkfifo pipe; python3 -c 'import socket; "
                                  "socket.socket(socket.AF_UNIX).bind(\"socket\")'")
        for name in ("pipe", "socket"):
            self.assertIn(self.box.read(f"/workspace/{name}").status, (400, 403, 409))
        types = {one["name"]: one["type"] for one in self.box.list("/workspace").json()["entries"]}
        self.assertEqual(types, {"pipe": "fifo", "socket": "socket"})
        self.assertEqual(self.entry("/dev/null")["type"], "device")

    def test_permission_denied(self):
        """Not even the sandbox's root may write there, or remove what is mounted."""
        for answer in (self.box.put("/proc/sys/kernel/hostname", b"x"),
                       self.box.put("/sys/kernel/x", b"x")):
            self.assertEqual((answer.status, answer.code), (403, "permission_denied"))

    def test_nothing_there(self):
        for answer in (self.box.read("/none"), self.box.list("/none"),
                       self.home.api.call("DELETE", self.box.fileUrl("/none")),
                       self.box.act("/none", action="move", to="/workspace/x")):
            self.assertEqual((answer.status, answer.code), (404, "not_found"))


class Actions(FilesCase):
    def test_mkdir(self):
        answer = self.box.act("/workspace/folder", action="mkdir")
        self.assertEqual((answer.status, answer.json()["type"]), (200, "directory"))
        self.assertEqual(self.box.act("/workspace/folder", action="mkdir").code, "exists")
        self.assertEqual(self.box.act("/workspace/a/b", action="mkdir").code, "not_found")
        self.assertEqual(self.box.act("/workspace/a/b", action="mkdir", parents=True).status, 200)
        self.assertEqual(self.box.act("/workspace/a/b", action="mkdir", parents=True).status, 200)

    def test_move(self):
        self.box.put("/workspace/one", b"1")
        self.box.put("/workspace/two", b"2")
        answer = self.box.act("/workspace/one", action="move", to="/workspace/two")
        self.assertEqual((answer.status, answer.code), (409, "exists"))
        answer = self.box.act("/workspace/one", action="move", to="/workspace/two", overwrite=True)
        self.assertEqual(answer.status, 200)
        self.assertEqual(self.box.read("/workspace/two").body, b"1")
        self.assertEqual(self.box.read("/workspace/one").status, 404)

    def test_copy(self):
        self.box.must("sh", "-c", "mkdir -p tree/below; echo x >tree/below/file; chmod 750 tree; "
                                  "chmod 711 tree/below/file; ln -s below/file tree/link")
        answer = self.box.act("/workspace/tree", action="copy", to="/workspace/copy")
        self.assertEqual(answer.status, 200)
        self.assertEqual(self.box.must("sh", "-c", "cat copy/link; stat -c %a copy copy/below/file; "
                                                   "readlink copy/link"),
                         b"x\n750\n711\nbelow/file\n")

    def test_a_folder_into_itself(self):
        self.box.must("mkdir", "tree")
        for action in ("move", "copy"):
            answer = self.box.act("/workspace/tree", action=action, to="/workspace/tree/below")
            self.assertIn(answer.status, (400, 409))

    def test_remove(self):
        self.box.must("sh", "-c", "mkdir -p tree/below; touch tree/below/file")
        url = self.box.fileUrl("/workspace/tree")
        answer = self.home.api.call("DELETE", url)
        self.assertEqual((answer.status, answer.code), (409, "not_empty"))
        self.assertEqual(self.home.api.call("DELETE", url + "?recursive=1").status, 204)
        self.assertEqual(self.box.list("/workspace").json()["entries"], [])

    def test_what_is_no_action(self):
        for action in ({"action": "chmod"}, {"action": "move"}, {"action": "move", "to": "x"}, {}):
            self.assertEqual(self.box.act("/workspace/x", **action).status, 400)


class Lists(FilesCase):
    def test_entries(self):
        self.box.must("sh", "-c", "mkdir d; printf 12345 >f; chmod 640 f; chown dev f; "
                                  "touch -d @1700000000.5 f")
        listed = self.box.list("/workspace").json()
        self.assertEqual(listed["path"], "/workspace")
        folder, file = listed["entries"]
        self.assertEqual((folder["name"], folder["type"]), ("d", "directory"))
        self.assertEqual({key: file[key] for key in ("name", "type", "size", "mode", "uid", "gid",
                                                     "mtime_ms")},
                         {"name": "f", "type": "file", "size": 5, "mode": 0o640, "uid": 1000,
                          "gid": 0, "mtime_ms": 1700000000500})

    def test_a_large_folder(self):
        self.box.must("sh", "-c", "mkdir many; cd many; seq -f 'file-%g' 20000 | xargs touch")
        answer = self.box.list("/workspace/many")
        self.assertEqual(len(answer.json()["entries"]), 20000)

    def test_the_root(self):
        names = [one["name"] for one in self.box.list("/").json()["entries"]]
        self.assertLessEqual({"etc", "usr", "workspace", "root", "tmp"}, set(names))


if __name__ == "__main__":
    unittest.main()
