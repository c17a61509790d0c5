# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx as an origin (HTTP/1.1 and HTTP/2 in TLS) of static files."""

import json
import os
import subprocess

from . import namespaces, places

LOG = ('{"method":"$request_method","target":"$request_uri","version":"$server_protocol",'
       '"host":"$http_host","sni":"$ssl_server_name","authorization":"$http_authorization",'
       '"status":"$status","connection":"$connection"}')


BENCH_SIZE = 100_000_000


def configuration(folder, certificate, listen, server="", top="", options="reuseport"):
    """`listen`: addresses with port. The whole of nginx's files is below the folder."""
    user = "user root;" if os.geteuid() == 0 else ""
    listens = "".join(f"listen {address} ssl {options}; " for address in listen)
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return f"""
{user} daemon off; worker_processes auto; pid {folder}/pid; error_log {folder}/errors warn;
worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
  {temporary}
  log_format record escape=json '{LOG}';
  access_log {folder}/requests record;
  keepalive_requests 100000000; keepalive_timeout 600s; sendfile on; tcp_nopush on;
  http2_max_concurrent_streams 512; client_max_body_size 0;
  types {{ text/plain txt; application/json json; }} default_type application/octet-stream;
  server {{
    {listens}
    http2 on;
    ssl_certificate {certificate.certificate}; ssl_certificate_key {certificate.key};
    ssl_session_cache shared:c:8m;
    root {folder}/files;
    {server}
  }}
  {top}
}}
"""


class Nginx:
    def __init__(self, folder, records):
        self.folder, self.records = folder / "nginx", records
        (self.folder / "files").mkdir(parents=True)
        (self.folder / "files/hello").write_text("hello from nginx\n")
        # What `./dev bench` asks for, and what is not written down.
        (self.folder / "files/bench").mkdir()
        (self.folder / "files/bench/hello.txt").write_text("hello from nginx\n")
        with open(self.folder / "files/bench/big", "wb") as big:
            big.truncate(BENCH_SIZE)
        self.read = 0

    def start(self, certificate):
        listen = [places.addressesOf("secure.example.org")[0] + ":443",
                  f"[{places.addressesOf('secure.example.org')[1]}]:443"]
        written = self.folder / "conf"
        written.write_text(configuration(self.folder, certificate, listen,
                                         "location /bench/ { access_log off; }"))
        self.program = subprocess.Popen(["nginx", "-p", self.folder, "-e", self.folder / "errors",
                                         "-c", written], preexec_fn=namespaces.endWithParent,
                                        stdin=subprocess.DEVNULL)

    def drain(self):
        """Takes up what nginx has logged since."""
        path = self.folder / "requests"
        if not path.exists():
            return
        with open(path) as log:
            log.seek(self.read)
            for line in log.read().splitlines():
                self.records.add("request", origin="nginx", **json.loads(line))
            self.read = log.tell()

    def stop(self):
        self.program.terminate()
        self.program.wait()
