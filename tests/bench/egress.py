# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the airlock beside nginx as a TLS-terminating reverse proxy and beside no proxy at all.

    egress.py [--rounds N]        as root; `./dev bench egress` calls it

All three ask the same nginx at the other end of a cable, in TLS. Ours: the load generator runs in a
sandbox. nginx's: it runs in a network namespace with nothing but a loopback, at which the proxy
listens, as the keeper does in the sandbox's; the proxy itself dials from where the keeper dials
from. Both proxies verify the origin, keep connections to it and log each request."""

import argparse
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "support")]

from caisson_testing import processes
from caisson_testing.home import BIN, Home
from caisson_testing.conditions import until
from caisson_testing.internet import Internet
from small_internet import authority, house, namespaces, nginx, places
from table import interleaved, quantile, show

ORIGIN = "secure.example.org"
SECONDS = 2  # of one measurement
MILLI = 1000.0

POLICY = f"""
default = "deny"
[[rule]]
id = "origin"
host = "{ORIGIN}"
action = "allow"
"""

PROXY = """
location / {{
  proxy_pass https://origin; proxy_http_version 1.1; proxy_set_header Connection "";
  proxy_set_header Host {origin};
  proxy_ssl_server_name on; proxy_ssl_name {origin}; proxy_ssl_verify on;
  proxy_ssl_trusted_certificate {authority}; proxy_ssl_session_reuse on;
}}
"""


class Runner:
    """Where a load generator runs: a command of this machine's, with something before it."""

    def __init__(self, base):
        self.base = base

    def run(self, *words):
        done = self.call(words)
        if done.returncode != 0:
            raise RuntimeError(f"{words}: {done.stdout} {done.stderr}")
        return done.stdout

    def call(self, words):
        return subprocess.run(words, capture_output=True, text=True)


class Inside(Runner):
    def __init__(self, box):
        super().__init__(f"https://{ORIGIN}")
        self.box = box

    def run(self, *words):
        return self.box.must(*words).decode()


class BehindNginx(Runner):
    """A namespace like a sandbox's, at whose loopback nginx listens."""

    def __init__(self, folder, internet):
        super().__init__("https://127.0.0.1")
        self.folder = folder
        threading.Thread(target=self.make).start()
        until(lambda: hasattr(self, "listener"), "the namespace")
        pair = authority.Pair(internet.folder / "good.crt", internet.folder / "good.key")
        upstream = (f"upstream origin {{ server {places.addressesOf(ORIGIN)[0]}:443; keepalive 64; "
                    "keepalive_requests 100000000; }")
        (folder / "conf").write_text(nginx.configuration(
            folder, pair, ["127.0.0.1:443"],
            PROXY.format(origin=ORIGIN, authority=internet.authority), upstream, ""))
        self.listener.set_inheritable(True)
        # nginx takes over the listening sockets that this variable names, as at its own upgrade.
        environment = dict(os.environ, NGINX=f"{self.listener.fileno()};")
        self.program = subprocess.Popen(["nginx", "-p", folder, "-e", folder / "errors", "-c",
                                         folder / "conf"], env=environment,
                                        stdin=subprocess.DEVNULL,
                                        pass_fds=[self.listener.fileno()],
                                        preexec_fn=namespaces.endWithParent)
        until(lambda: self.call(["curl", "-sk", "-o", "/dev/null", f"{self.base}/bench/hello.txt"])
              .returncode == 0, "nginx", 10)

    def make(self):
        """On a thread of its own, which alone moves."""
        namespaces.unshare(namespaces.NEWNET)
        namespaces.ip("link", "set", "lo", "up")
        self.namespace = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        self.listener = socket.create_server(("127.0.0.1", 443), backlog=1024)

    def call(self, words):
        return subprocess.run(words, capture_output=True, text=True,
                              preexec_fn=lambda: namespaces.enter(self.namespace))

    def close(self):
        self.program.terminate()
        self.program.wait()
        self.listener.close()
        os.close(self.namespace)


# ---- what is measured ----

UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


def wrk(runner, connections, *options):
    """Its words; an answer that is no success is none."""
    said = runner.run("wrk", "--latency", "-t1", f"-c{connections}", f"-d{SECONDS}s", *options,
                      f"{runner.base}/bench/hello.txt")
    if "Non-2xx" in said:
        raise RuntimeError(said)
    return said


def rate(said):
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])


def percentile(said, share):
    value, unit = re.search(rf"\s{share}%\s+([\d.]+)(us|ms|s)\b", said).groups()
    return float(value) * UNITS[unit]


def h2load(runner):
    said = runner.run("h2load", "-c4", "-m8", "-t1", f"-D{SECONDS}", "--warm-up-time=1",
                      f"{runner.base}/bench/hello.txt")
    if not re.search(r" 0 failed, 0 errored", said):
        raise RuntimeError(said)
    return float(re.search(r"([\d.]+) req/s", said)[1])


def download(runner):
    said = runner.run("curl", "-sSk", "-o", "/dev/null", "-w", "%{http_code} %{speed_download} "
                      "%{size_download}", f"{runner.base}/bench/big")
    status, speed, size = said.split()
    if (status, size) != ("200", str(nginx.BENCH_SIZE)):
        raise RuntimeError(said)
    return float(speed) / 1e6


def ratio(values, least):
    ours, theirs = (quantile(values[name], 0.5) for name in ("caisson", "nginx"))
    return (f"at least {least} of nginx's: {ours / theirs:.2f}", ours >= least * theirs)


def measureAll(runners, keeper, rounds):
    def each(measure):
        return interleaved({name: lambda runner=runner: measure(runner)
                            for name, runner in runners.items()}, rounds, warmUp=1)

    p50, p99 = {name: [] for name in runners}, {name: [] for name in runners}

    def alone(name, runner):
        said = wrk(runner, 1)
        p50[name].append(percentile(said, 50))
        p99[name].append(percentile(said, 99))
        return rate(said)

    # The first round of all is no measure: the cable's IPv6 is a second old until then (RFC 4862, 5.4).
    values = interleaved({name: lambda name=name, runner=runner: alone(name, runner)
                          for name, runner in runners.items()}, rounds, warmUp=1)
    show("requests on 1 kept connection", "a second", values, [ratio(values, 0.75)])
    for title, found, most in (("50 %", p50, 0.1), ("99 %", p99, 1.0)):
        found = {name: samples[1:] for name, samples in found.items()}
        added = quantile(found["caisson"], 0.5) - quantile(found["nginx"], 0.5)
        show(f"latency of a request on it, {title}", "ms", found,
             [(f"at most {most} ms over nginx's: {added:.3f}", added <= most)])

    values = each(lambda runner: rate(wrk(runner, 32)))
    show("requests on 32 kept connections", "a second", values, [ratio(values, 0.75)])
    before = processes.proportionalMemory(keeper)
    values = each(h2load)
    show("HTTP/2, 4 connections of 8 streams", "a second", values, [ratio(values, 0.65)])
    for clients in (1, 4):
        values = each(lambda runner: rate(wrk(runner, clients, "-H", "Connection: close")))
        show(f"new TLS connections, {clients} at a time", "a second", values, [ratio(values, 0.87)])
    values = each(download)
    show("download of 100 MB", "MB/s", values, [ratio(values, 0.85)])
    wrk(runners["caisson"], 32)
    after = processes.proportionalMemory(keeper)
    show("the keeper's memory after all that (PSS)", "MB", {"caisson": [after / 1e6]},
         [("at most 30 MB", after <= 30e6), ("flat", after <= 1.1 * before)],
         [f"{before / 1e6:.1f} MB after the first load"])


def measureRefusals(home, box, rounds):
    """From the request to the 403, as curl sees it, its own start left out."""
    def once(url):
        said = box.must("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{time_total}",
                        url).decode()
        status, seconds = said.split()
        if status != "403":
            raise RuntimeError(said)
        return float(seconds) * MILLI

    values = interleaved({"in clear": lambda: once("http://plain.example.org/"),
                          "in TLS": lambda: once("https://echo.example.org/")}, rounds * 4)
    slowest = max(quantile(found, 0.9) for found in values.values())
    show("a refusal", "ms", values, [("at most 50 ms", slowest <= 50)])


def measurePrompt(home, box, rounds):
    """From a request inside to the event that tells a window of it."""
    home.must("egress", "add", box.name, "--host", "ask.example.org", "--action", "ask")
    script = ("import socket, sys, time\n"
              "for line in sys.stdin:\n"
              "    s = socket.create_connection(('ask.example.org', 80))\n"
              "    now = time.monotonic_ns()\n"
              "    s.sendall(f'GET /{line.strip()} HTTP/1.1\\r\\nHost: "
              "ask.example.org\\r\\n\\r\\n'.encode())\n"
              "    print(now, flush=True)\n"
              "    s.recv(100); s.close()\n")
    latencies = []
    with home.api.stream("/v1/events") as events, box.openExec("python3", "-c", script) as asker:
        asker.receive()
        for turn in range(rounds * 4):
            asker.sendBinary(b"\0%d\n" % turn)
            while True:
                _, kind, data = next(events)
                if kind == "prompt.created":
                    break
            arrived = time.monotonic_ns()
            sent = int(asker.receive()[1:])
            latencies.append((arrived - sent) / 1e6)
            home.must("egress", "answer", box.name, json.loads(data)["prompt"]["id"], "deny")
    show("request to prompt at a client of the API", "ms", {"caisson": latencies},
         [("at most 100 ms", quantile(latencies, 0.9) <= 100)])


def measureDecisions(rounds):
    """By the policy alone, with 1,000 rules."""
    values = {}
    for _ in range(rounds):
        said = subprocess.run([BIN / "decision_bench"], check=True, capture_output=True, text=True)
        for line in said.stdout.splitlines():
            name, microseconds = line.split()
            values.setdefault(name, []).append(float(microseconds))
    slowest = max(quantile(found, 0.5) for found in values.values())
    show("a decision with 1,000 rules: by the last, by none, of an address", "us", values,
         [("at most 2 us", slowest <= 2)])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    measureDecisions(options.rounds)
    for program, reason in (("wrk", "makes the load"), ("h2load", "makes the load"),
                            ("nginx", "is the peer")):
        if not shutil.which(program):
            sys.exit(f"{program} {reason}, and is not installed")
    if os.geteuid() != 0:
        print("\negress: not measured, it takes root to make the network for it")
        return
    with house.moveIn() as folder, tempfile.TemporaryDirectory(dir="/var/tmp") as own:
        internet = Internet(folder)
        with Home(CAISSON_UPSTREAM_CA=internet.authority) as home:
            policy = Path(own, "policy.toml")
            policy.write_text(POLICY)
            box = home.create("bench", "--policy", str(policy))
            peer = BehindNginx(Path(own), internet)
            try:
                runners = {"caisson": Inside(box), "nginx": peer,
                           "direct": Runner(f"https://{ORIGIN}")}
                measureAll(runners, box.keeperPid(), options.rounds)
                measureRefusals(home, box, options.rounds)
                measurePrompt(home, box, options.rounds)
            finally:
                peer.close()
        internet.close()


if __name__ == "__main__":
    main()
