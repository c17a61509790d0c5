# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a unittest module and tells of its cases in GoogleTest's words, which the count at the close
of a test run (tests/tally) reads. An expected failure is none of them: it would be a skip without a
reason."""

import sys
import time
import traceback
import unittest


class Report(unittest.TestResult):
    def __init__(self, out=sys.stdout):
        super().__init__()
        self.out = out
        self.started = 0.0
        self.verdict = None

    def say(self, text):
        print(text, file=self.out, flush=True)

    @staticmethod
    def nameOf(test):
        parts = test.id().split(".")
        return f"{parts[-2]}.{parts[-1]}"

    def startTest(self, test):
        super().startTest(test)
        self.started = time.monotonic()
        self.verdict = "OK"
        self.say(f"[ RUN      ] {self.nameOf(test)}")

    def stopTest(self, test):
        super().stopTest(test)
        self.end(self.verdict, self.nameOf(test))

    def end(self, verdict, name):
        elapsed = int((time.monotonic() - self.started) * 1000)
        word = f"{verdict} ]".rjust(11) if verdict == "OK" else f"  {verdict} ".ljust(10) + "]"
        self.say(f"[{word} {name} ({elapsed} ms)")

    def failed(self, test, error):
        self.say("".join(traceback.format_exception(*error)))
        if self.verdict is None:  # the set-up or the cleaning up of a class or module
            name = test.id().replace("(", "").replace(")", "").replace(" ", ".").split(".")
            self.started = time.monotonic()
            self.say(f"[ RUN      ] {name[-1]}.{name[0]}")
            self.end("FAILED", f"{name[-1]}.{name[0]}")
        else:
            self.verdict = "FAILED"

    def addError(self, test, error):
        super().addError(test, error)
        self.failed(test, error)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.failed(test, error)

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self.say(f"with {subtest._subDescription()}:")
            self.failed(test, error)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.say(f"{self.nameOf(test)}: Skipped\n{reason}")
        if self.verdict is None:
            self.started = time.monotonic()
            self.end("SKIPPED", self.nameOf(test))
        elif self.verdict == "OK":
            self.verdict = "SKIPPED"


class Suite(unittest.TestSuite):
    """Between its tests no test is under way, which is how a failed set-up is told apart."""

    def _tearDownPreviousClass(self, test, result):
        result.verdict = None
        super()._tearDownPreviousClass(test, result)

    def _handleClassSetUp(self, test, result):
        result.verdict = None
        super()._handleClassSetUp(test, result)


def run(module, only=None):
    """Runs the module's tests; returns the exit code."""
    loader = unittest.TestLoader()
    loader.suiteClass = Suite
    if only:
        loader.testNamePatterns = [f"*{only}*"]
    report = Report()
    suite = loader.loadTestsFromModule(module)
    suite.run(report)
    print(f"{report.testsRun} ran, {len(report.failures) + len(report.errors)} failed, "
          f"{len(report.skipped)} skipped")
    return 0 if report.wasSuccessful() and report.testsRun else 1
