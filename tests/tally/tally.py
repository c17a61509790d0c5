# SPDX-License-Identifier: GPL-3.0-or-later
"""Closes a test run: names what failed, what was skipped and why, and counts the cases.

    tally.py BUILD…     reads BUILD/results/ctest.xml (JUnit, written by ctest) of each build folder

One test of ctest may be a program with many cases, so the output of GoogleTest and Qt Test is read
for them. The exit code is 1 when a case failed or when nothing ran.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

# GoogleTest. A line may begin with what the case printed without ending it.
GTEST_STARTS = re.compile(r"\[ RUN      \] (\S+)")
GTEST_SUITE = re.compile(r"^\[-{10}\] \d+ tests? from \S+$")
GTEST_ENDS = re.compile(r"\[ +(OK|FAILED|SKIPPED) +\] (\S+?)(?:, where .*)? \(\d+ ms\)$")
GTEST_SUITE_FAILED = re.compile(r"^\[  FAILED  \] (\S+): SetUpTestSuite or TearDownTestSuite")
# Qt Test. An expected failure (XFAIL) is a remark on the way; the case passes afterwards.
QT_ENDS = re.compile(r"^(PASS|FAIL!|SKIP|XPASS|BPASS|BFAIL|BSKIP) *: (\w+::\w+\(.*?\))(.*)$")
QT_FRAME = re.compile(r"::(initTestCase|cleanupTestCase)\(\)$")

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
VERDICTS = {"OK": PASSED, "PASS": PASSED, "BPASS": PASSED,
            "SKIPPED": SKIPPED, "SKIP": SKIPPED, "BSKIP": SKIPPED}


@dataclass
class Case:
    name: str
    verdict: str
    why: str = ""


def innerCases(output):
    """The cases that a program's output tells of, and the one that began and did not end."""
    cases, running = [], None
    ofCase, ofSuite, reading = [], [], None  # reasons to skip, and the one being read
    for line in output.splitlines():
        if reading is not None and line.strip() and not GTEST_ENDS.search(line):
            reading.append(line.strip())
            continue
        reading = None
        if GTEST_SUITE.match(line):
            ofSuite = []
        elif line.endswith(": Skipped"):
            reading = ofSuite if running is None else ofCase
        elif match := GTEST_STARTS.search(line):
            running, ofCase = match[1], []
        elif match := GTEST_ENDS.search(line):
            running = None
            why = " ".join(ofCase or ofSuite)
            cases.append(Case(match[2], VERDICTS.get(match[1], FAILED), why))
        elif match := GTEST_SUITE_FAILED.match(line):
            # GoogleTest calls the cases below a failed set-up skipped, which nobody decided.
            cases = [case for case in cases
                     if case.verdict != SKIPPED or not case.name.startswith(match[1] + ".")]
            cases.append(Case(match[1], FAILED, "SetUpTestSuite or TearDownTestSuite"))
        elif match := QT_ENDS.match(line):
            verdict = VERDICTS.get(match[1], FAILED)
            if verdict != PASSED or not QT_FRAME.search(match[2]):
                cases.append(Case(match[2], verdict, match[3].strip()))
    return cases, running


def casesOf(element):
    """The cases of one <testcase> of ctest. A failure of the program as a whole is one more."""
    name, status = element.get("name"), element.get("status")
    output = element.findtext("system-out") or ""
    cases, unfinished = innerCases(output)
    for case in cases:
        # A test that stands for one case has a full name already.
        case.name = f"{name}: {case.name}" if len(cases) > 1 else name
    if any(case.verdict == FAILED for case in cases):
        return cases
    if status == "fail":
        why = element.find("failure").get("message", "")
        return cases + [Case(name, FAILED, why + (f" in {unfinished}" if unfinished else ""))]
    if cases:
        return cases
    if status == "run":
        return [Case(name, PASSED)]
    if status == "disabled":
        return [Case(name, SKIPPED, "disabled where the test is declared")]
    message = element.find("skipped").get("message", "")
    if message.startswith("SKIP_"):
        return [Case(name, SKIPPED, (output.strip().splitlines() or ["no reason given"])[-1])]
    return [Case(name, FAILED, message)]


def tally(reports, out):
    """Prints the close of a run from (label, XML or None) pairs; returns the exit code."""
    cases = []
    for label, xml in reports:
        if xml is None:
            cases.append(Case(label, FAILED, "ctest left no report"))
            continue
        for element in ElementTree.fromstring(xml).iter("testcase"):
            for case in casesOf(element):
                case.name = f"{label}/{case.name}"
                cases.append(case)
    count = {verdict: sum(case.verdict == verdict for case in cases)
             for verdict in (PASSED, FAILED, SKIPPED)}
    for verdict in (SKIPPED, FAILED):
        for case in cases:
            if case.verdict == verdict:
                print(f"{verdict}: {case.name}" + (f": {case.why}" if case.why else ""), file=out)
    print(", ".join(f"{number} {verdict}" for verdict, number in count.items()), file=out)
    return 1 if count[FAILED] or not count[PASSED] else 0


def report(build):
    path = Path(build) / "results/ctest.xml"
    return Path(build).name, path.read_text(errors="replace") if path.exists() else None


if __name__ == "__main__":
    sys.exit(tally([report(build) for build in sys.argv[1:]], sys.stdout))
