# SPDX-License-Identifier: GPL-3.0-or-later
"""Measurements of several contestants, taken in turn, and the table of them."""

import sys

from quiet import untilQuiet


def quantile(values, share):
    """The value that `share` of the values are at most (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def interleaved(contestants, rounds, warmUp=2, runUp=0):
    """Calls each contestant once a round, each on a quiet machine, so that what else the machine
    does hits all alike. With `runUp`, each is called so many times more before the call that
    counts: what takes milliseconds is otherwise a measure of how cold the caches are that the one
    before it has left. Returns the values by name."""
    values = {name: [] for name in contestants}
    for turn in range(-warmUp, rounds):
        for name, measure in contestants.items():
            untilQuiet()
            for _ in range(runUp):
                measure()
            value = measure()
            if turn >= 0:
                values[name].append(value)
        if sys.stderr.isatty():
            print(f"\r{max(turn, 0) + 1}/{rounds} ", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    return values


def show(title, unit, values, promises=(), notes=()):
    """One row a contestant, the first being ours: median, 90 % and how many times ours it is."""
    print(f"\n{title}")
    width = max(len(name) for name in values)
    print(f"  {'':{width}}  {'median':>9}  {'p90':>9}  {'n':>4}  of ours")
    ours = None
    for name, samples in values.items():
        median, high = quantile(samples, 0.5), quantile(samples, 0.9)
        ours = median if ours is None else ours
        print(f"  {name:{width}}  {median:9.2f}  {high:9.2f}  {len(samples):4}  {median / ours:6.2f}x"
              f"  {unit}")
    for text, kept in promises:
        print(f"  {'kept' if kept else 'MISSED'}: {text}")
    for note in notes:
        print(f"  {note}")
    sys.stdout.flush()
