# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures Caisson beside others, in one run on one machine: what counts is the ratio.

    caisson_bench [--rounds N] [start|exec|terminal|shown|attach|watch|memory|window|prompt|egress]
"""

import argparse
import itertools
import os
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "support")]

import terminals
from caisson_testing import processes
from caisson_testing.attachment import Attachment
from caisson_testing.home import BIN, Home, collect
from peers import Peers, installed
from table import interleaved, quantile, show

MILLI = 1000.0
MEGABYTE = 1 << 20


def milliseconds(action):
    begin = time.perf_counter()
    action()
    return (time.perf_counter() - begin) * MILLI


def benchStart(rounds):
    with Home() as home, Peers() as peers:
        home.ensureDaemon()

        def caisson():
            begin = time.perf_counter()
            made = home.api.post("/v1/sandboxes", {}).json()
            with home.api.webSocket(f"/v1/sandboxes/{made['id']}/exec") as running:
                running.sendText({"argv": ["/bin/true"]})
                ended = collect(running)
            took = (time.perf_counter() - begin) * MILLI
            assert ended.exit["code"] == 0
            home.api.call("DELETE", f"/v1/sandboxes/{made['id']}")
            return took

        contestants = {"caisson": caisson,
                       "a bare process": lambda: milliseconds(peers.bareRun),
                       "crun run": lambda: milliseconds(peers.crunRun)}
        if installed("bwrap"):
            contestants["bwrap"] = lambda: milliseconds(peers.bwrapRun)
        if installed("podman"):
            contestants["podman run"] = lambda: milliseconds(peers.podmanRun)
        values = interleaved(contestants, rounds, runUp=2)
    ours = quantile(values["caisson"], 0.5)
    promises = [("at most 40 ms", ours <= 40)]
    if "podman run" in values:
        promises.append(("at least 3 times faster than podman run",
                         quantile(values["podman run"], 0.5) >= 3 * ours))
    show("create + start + first exec, image host", "ms", values, promises)


def benchExec(rounds):
    with Home() as home, Peers() as peers:
        box = home.create("bench")
        idle = peers.startIdle()

        def caisson():
            begin = time.perf_counter()
            with box.openExec("/bin/true") as running:
                collect(running)
            return (time.perf_counter() - begin) * MILLI

        contestants = {"caisson": caisson,
                       "caissonctl": lambda: milliseconds(lambda: box.must("/bin/true")),
                       "a bare process": lambda: milliseconds(peers.bareRun),
                       "crun exec": lambda: milliseconds(lambda: peers.crunExec(idle))}
        if installed("podman"):
            contestants["podman exec"] = lambda: milliseconds(lambda: peers.podmanExec(idle))
        values = interleaved(contestants, rounds, runUp=2)
    show("exec into a running sandbox", "ms", values,
         [("at most 3 ms over the socket", quantile(values["caisson"], 0.5) <= 3)])


def benchTerminal(rounds):
    with Home() as home, tempfile.NamedTemporaryFile(dir="/var/tmp") as log:
        text = terminals.logText()
        log.write(text)
        log.flush()
        box = home.create("bench")
        assert box.put("/root/log", text).status == 200
        passages = {"caisson": [], "tmux": [], "a bare pty": []}

        def measure(name, action):
            def once():
                passage = action()
                passages[name].append(passage)
                return len(text) / passage.seconds / 1e6
            return once

        contestants = {"caisson": measure("caisson",
                                          lambda: terminals.throughCaisson(box, "/root/log")),
                       "a bare pty": measure("a bare pty",
                                             lambda: terminals.throughBarePty(log.name))}
        if installed("tmux"):
            contestants["tmux"] = measure("tmux", lambda: terminals.throughTmux(log.name))
        values = interleaved(contestants, rounds, warmUp=1)
    ours = quantile(values["caisson"], 0.5)
    promises = [("at least 50 MB/s", ours >= 50)]
    if "tmux" in values:
        promises.append(("at least twice tmux", ours >= 2 * quantile(values["tmux"], 0.5)))
    stalls = {name: max(passage.longestStall for passage in passages[name]) * MILLI
              for name in values}
    show("50 MB of log through a terminal, through the API", "MB/s", values, promises,
         [f"longest time without a byte: "
          + ", ".join(f"{name} {stall:.0f} ms" for name, stall in stalls.items())])


def benchAttach(rounds):
    """From nothing to the last byte of what was missed: 64 KiB, as after a lost connection."""
    with Home() as home:
        box = home.create("bench")
        terminal = box.openTerminal("sh", "-c", "stty -opost; seq 1 1000000; exec cat")["id"]
        with Attachment(box, terminal) as first:
            first.expect(b"\n1000000\n")
            end = first.offset

        def attach(since):
            def once():
                begin = time.perf_counter()
                with Attachment(box, terminal, since) as attached:
                    attached.catchUp()
                    took = (time.perf_counter() - begin) * MILLI
                    assert attached.offset == end
                return took
            return once

        values = interleaved({"64 KiB behind": attach(end - 65536), "nothing missed": attach(end),
                              "all 6.9 MB": attach(0)}, rounds)
    show("re-attach to a terminal", "ms", values,
         [("at most 5 ms", quantile(values["64 KiB behind"], 0.5) <= 5)])


def benchWatch(rounds):
    """A file made inside to its event here. Both read CLOCK_MONOTONIC, which is one for all."""
    with Home() as home:
        box = home.create("bench")
        box.shell("mkdir /workspace/tree; cd /workspace/tree; seq -f 'folder-%g' 10000 | xargs mkdir")
        begin = time.perf_counter()
        stream = home.api.stream(f"{box.url}/watch?path=/workspace")
        next(stream)
        setUp = (time.perf_counter() - begin) * MILLI
        latencies = []
        script = ("import sys, time\n"
                  "for line in sys.stdin:\n"
                  "    now = time.monotonic_ns()\n"
                  "    open('/workspace/file-' + line.strip(), 'x').close()\n"
                  "    print(now, flush=True)\n")
        with box.openExec("python3", "-c", script) as maker:
            assert maker.receive()["type"] == "start"
            for turn in range(max(rounds, 100)):
                maker.sendBinary(b"\0%d\n" % turn)
                while next(stream)[1] != "created":
                    pass
                arrived = time.monotonic_ns()
                made = int(maker.receive()[1:])
                latencies.append((arrived - made) / 1e6)
                # The next is a burst of its own: a frame must have gone by.
                select.select([], [], [], 0.03)
        stream.close()
        peer = watchSetUpOfInotifywait()
    notes = [f"watching 10,000 folders: {setUp:.0f} ms"
             + (f"; inotifywait: {peer:.0f} ms" if peer else "; inotifywait is not installed")]
    show("file change to event at the client", "ms", {"caisson": latencies},
         [("at most 1 ms median", quantile(latencies, 0.5) <= 1),
          ("at most 5 ms at 99 %", quantile(latencies, 0.99) <= 5)], notes)


def watchSetUpOfInotifywait():
    if not installed("inotifywait"):
        return None
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        for number in range(10000):
            os.mkdir(f"{folder}/folder-{number}")
        begin = time.perf_counter()
        watcher = subprocess.Popen(["inotifywait", "-m", "-r", folder], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        for line in watcher.stderr:
            if b"established" in line:
                break
        took = (time.perf_counter() - begin) * MILLI
        watcher.kill()
        watcher.communicate()
        return took


def benchMemory(rounds):
    """Of idle sandboxes that have done something, several of them: shared pages count by share."""
    with Home() as home:
        boxes = [home.create(f"bench-{number}") for number in range(5)]
        for box in boxes:
            box.must("true")
        totals = []
        for box in boxes:
            keeper = box.keeperPid()
            pids = [keeper, *processes.descendantsOf(keeper)]
            totals.append(sum(processes.proportionalMemory(pid) for pid in pids) / MEGABYTE)
        lone = home.create("bench-lone")
        home.must("rm", *[box.name for box in boxes])
        lone.must("true")
        keeper = lone.keeperPid()
        alone = sum(processes.proportionalMemory(pid)
                    for pid in [keeper, *processes.descendantsOf(keeper)]) / MEGABYTE
    show("memory of an idle sandbox (PSS of keeper and init)", "MB",
         {"one alone": [alone], "one of six": totals},
         [("at most 20 MB", alone <= 20)])


def windowBench(home, *arguments, **options):
    """The program that measures inside the window, off screen where there is no display."""
    environment = dict(home.environment)
    environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    return subprocess.Popen([BIN / "window_bench", *arguments], env=environment,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, **options)


def benchShown(rounds):
    with Home() as home:
        text = terminals.logText()
        box = home.create("bench")
        assert box.put("/root/log", text).status == 200
        turns, computed = [], []

        def shown():
            terminal = box.openTerminal("sh", "-c", "read go; exec cat /root/log")["id"]
            window = windowBench(home, "terminal", box.name, terminal)
            words = window.communicate(timeout=200)[0].split()
            if window.returncode != 0:
                raise RuntimeError("window_bench failed")
            home.api.call("DELETE", f"{box.url}/terminals/{terminal}")
            seconds, turn, computing = map(float, words)
            turns.append(turn)
            computed.append(computing)
            return len(text) / seconds / 1e6

        values = interleaved({"caisson": shown}, rounds, warmUp=1)
    stall = quantile(turns, 0.5)
    show("50 MB of log through a terminal, shown", "MB/s", values,
         [("at least 25 MB/s", quantile(values["caisson"], 0.5) >= 25),
          ("no stall over 16 ms (in the median run)", stall <= 16)],
         [f"longest turn of the event loop, a run: median {stall:.1f} ms, worst {max(turns):.1f} ms;"
          f" computing: median {quantile(computed, 0.5):.1f} ms, worst {max(computed):.1f} ms"])


def benchWindow(rounds):
    """From the start of the program to the first painting of the whole window."""
    with Home() as home:
        home.ensureDaemon()
        home.create("bench")

        def open():
            begin = time.perf_counter()
            window = windowBench(home, "frame")
            line = window.stdout.readline()
            took = (time.perf_counter() - begin) * MILLI
            if window.wait(timeout=60) != 0 or line != "painted\n":
                raise RuntimeError("window_bench failed")
            window.stdout.close()
            return took

        values = interleaved({"caisson": open}, rounds)
    show("window to first frame", "ms", values,
         [("at most 700 ms", quantile(values["caisson"], 0.5) <= 700)])


def benchPrompt(rounds):
    """From a program's connecting, in the sandbox, to the prompt that asks for it in the window."""
    script = ("import http.client, sys, time\n"
              "for line in sys.stdin:\n"
              "    now = time.monotonic_ns()\n"
              "    asking = http.client.HTTPConnection(line.strip())\n"
              "    asking.request('GET', '/')\n"
              "    print(now, asking.getresponse().status, flush=True)\n"
              "    asking.close()\n")
    with Home() as home:
        box = home.create("bench")
        window = windowBench(home, "prompts")
        inPlace = []
        hosts = (f"host-{number}.example" for number in itertools.count())
        with box.openExec("python3", "-c", script) as program:
            assert program.receive()["type"] == "start"

            def ask():
                program.sendBinary(b"\0" + next(hosts).encode() + b"\n")
                painted, arrived = map(int, window.stdout.readline().split())
                prompt, = home.api.call("GET", f"{box.url}/egress/prompts").json()["prompts"]
                home.api.post(f"{box.url}/egress/prompts/{prompt['id']}", {"verdict": "deny", "scope": "request"})
                asked, status = map(int, program.receive()[1:].split())
                assert status == 403
                inPlace.append((arrived - asked) / 1e6)
                return (painted - asked) / 1e6

            values = interleaved({"painted": ask}, rounds)
        window.terminate()
        window.wait(timeout=60)
    values["slid into its place"] = inPlace[-rounds:]
    show("a request to its prompt in the window", "ms", values,
         [("at most 100 ms", quantile(values["painted"], 0.5) <= 100)])


def benchEgress(rounds):
    """In a program of its own: it moves into a network of its own, and there is no way back."""
    subprocess.run([sys.executable, "-B", Path(__file__).with_name("egress.py"), "--rounds",
                    str(max(1, rounds // 4))], check=True)


BENCHES = {"start": benchStart, "exec": benchExec, "terminal": benchTerminal,
           "shown": benchShown, "attach": benchAttach, "watch": benchWatch,
           "memory": benchMemory, "window": benchWindow, "prompt": benchPrompt,
           "egress": benchEgress}


def main():
    parser = argparse.ArgumentParser(description="Measures Caisson beside others.")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("name", nargs="?", choices=list(BENCHES))
    options = parser.parse_args()
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, Linux {os.uname().release}, "
          f"{'root' if os.geteuid() == 0 else 'an ordinary user'}")
    for name, bench in BENCHES.items():
        if options.name in (None, name):
            bench(options.rounds)


if __name__ == "__main__":
    main()
