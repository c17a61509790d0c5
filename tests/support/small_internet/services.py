# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes of an HTTP/1.1 origin that real clients need: git, npm, DNS over HTTPS."""

import asyncio
import base64
import hashlib
import io
import json
import os
import subprocess
import tarfile

GIT = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null",
       "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org",
       "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org"}


class Git:
    """/git/...: smart HTTP, by git's own CGI program. Clone and push."""

    def __init__(self, folder):
        self.root = folder / "git"
        work = folder / "work"
        self.root.mkdir()

        def git(*words):
            subprocess.run(["git", *words], check=True, env=dict(os.environ, **GIT),
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        git("init", "-b", "main", work)
        (work / "readme").write_text("a repository of the small internet\n")
        git("-C", work, "add", "readme")
        git("-C", work, "commit", "-m", "The first")
        git("clone", "--bare", work, self.root / "project.git")
        git("-C", self.root / "project.git", "config", "http.receivepack", "true")

    async def __call__(self, connection, request):
        path, _, query = request.target.removeprefix("/git").partition("?")
        environment = dict(os.environ, **GIT, GIT_PROJECT_ROOT=str(self.root),
                           GIT_HTTP_EXPORT_ALL="1", PATH_INFO=path, QUERY_STRING=query,
                           REQUEST_METHOD=request.method,
                           CONTENT_TYPE=request.header("content-type", ""),
                           CONTENT_LENGTH=str(request.length),
                           HTTP_CONTENT_ENCODING=request.header("content-encoding", ""),
                           GIT_PROTOCOL=request.header("git-protocol", ""), REMOTE_USER="somebody")
        program = await asyncio.create_subprocess_exec(
            "git", "http-backend", env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        out, _ = await program.communicate(request.body)
        head, _, body = out.partition(b"\r\n\r\n")
        headers = [line.split(": ", 1) for line in head.decode().split("\r\n") if line]
        code = next((value.split()[0] for name, value in headers if name == "Status"), "200")
        await connection.send(connection.head(code,
                                              [*headers, ("Content-Length", len(body))]) + body)


class Npm:
    """/npm/...: a registry with one package in it."""

    def __init__(self, base):
        package = json.dumps({"name": "tiny", "version": "1.0.0", "main": "index.js"}).encode()
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for name, data in (("package.json", package), ("index.js", b"module.exports = 42\n")):
                entry = tarfile.TarInfo(f"package/{name}")
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
        self.archive = packed.getvalue()
        integrity = "sha512-" + base64.b64encode(hashlib.sha512(self.archive).digest()).decode()
        self.document = {"name": "tiny", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": {
            "name": "tiny", "version": "1.0.0", "dist": {
                "tarball": f"{base}/npm/tiny/-/tiny-1.0.0.tgz", "integrity": integrity}}}}

    async def __call__(self, connection, request):
        if request.path == "/npm/tiny":
            return await connection.answer(self.document)
        if request.path.endswith(".tgz"):
            return await connection.answer(self.archive, kind="application/octet-stream")
        await connection.answer({"error": "not found"}, status=404)
