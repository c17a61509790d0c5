# SPDX-License-Identifier: GPL-3.0-or-later
"""The count that closes a test run: nothing that failed may look passed or skipped."""

import io
import unittest
from xml.sax.saxutils import escape

from tally import tally


def element(name, status, output="", verdict=""):
    return (f'<testcase name="{name}" status="{status}">{verdict}'
            f"<system-out>{escape(output)}</system-out></testcase>")


def close(*elements):
    out = io.StringIO()
    code = tally([("dev", f"<testsuite>{''.join(elements)}</testsuite>")], out)
    return out.getvalue().splitlines(), code


SKIPPED_BY_TEXT = '<skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>'


class Tally(unittest.TestCase):
    def test_counts_the_cases_of_a_google_test_program(self):
        lines, code = close(element("unit", "fail", """
[----------] 3 tests from Ids
[ RUN      ] Ids.AreUnique
noise[       OK ] Ids.AreUnique (0 ms)
[ RUN      ] Ids.AreShort
ids.cpp:4: Failure
[  FAILED  ] Ids.AreShort (0 ms)
[ RUN      ] Ids.NeedEntropy
ids.cpp:5: Skipped
this kernel has none

[  SKIPPED ] Ids.NeedEntropy (0 ms)
[  FAILED  ] 1 test, listed below:
[  FAILED  ] Ids.AreShort
""", '<failure message="Failed"/>'))
        self.assertEqual(lines, ["skipped: dev/unit: Ids.NeedEntropy: this kernel has none",
                                 "failed: dev/unit: Ids.AreShort",
                                 "1 passed, 1 failed, 1 skipped"])
        self.assertEqual(code, 1)

    def test_counts_the_cases_of_a_qt_test_program(self):
        lines, code = close(element("models", "run", """
PASS   : FilesModelTest::initTestCase()
PASS   : FilesModelTest::sorts(folders first)
SKIP   : FilesModelTest::watches() no inotify
XFAIL  : FilesModelTest::moves() known
PASS   : FilesModelTest::moves()
PASS   : FilesModelTest::cleanupTestCase()
"""))
        self.assertEqual(lines, ["skipped: dev/models: FilesModelTest::watches(): no inotify",
                                 "2 passed, 0 failed, 1 skipped"])
        self.assertEqual(code, 0)

    def test_a_reason_given_for_the_suite_counts_for_each_case(self):
        lines, _ = close(element("Kernel.Boots", "notrun", """
[----------] 1 test from Kernel
kernel.cpp:8: Skipped
no user namespaces

[ RUN      ] Kernel.Boots
kernel.cpp:8: Skipped

[  SKIPPED ] Kernel.Boots (0 ms)
""", SKIPPED_BY_TEXT))
        self.assertEqual(lines[0], "skipped: dev/Kernel.Boots: no user namespaces")

    def test_a_set_up_that_fails_is_no_skip(self):
        # ctest sees "[  SKIPPED ]" in the output and calls the test skipped, whatever its exit code.
        lines, code = close(element("Kernel.Boots", "notrun", """
[----------] 1 test from Kernel
[ RUN      ] Kernel.Boots
kernel.cpp:9: Skipped

[  SKIPPED ] Kernel.Boots (0 ms)
[  FAILED  ] Kernel: SetUpTestSuite or TearDownTestSuite
""", SKIPPED_BY_TEXT), element("other", "run"))
        self.assertEqual(lines[-1], "1 passed, 1 failed, 0 skipped")
        self.assertEqual(code, 1)

    def test_a_program_that_dies_has_failed(self):
        lines, code = close(element("unit", "fail", """
[ RUN      ] Ids.AreUnique
[       OK ] Ids.AreUnique (0 ms)
[ RUN      ] Ids.AreShort
""", '<failure message="SEGFAULT"/>'))
        self.assertEqual(lines, ["failed: dev/unit: SEGFAULT in Ids.AreShort",
                                 "1 passed, 1 failed, 0 skipped"])
        self.assertEqual(code, 1)

    def test_a_program_that_was_not_built_has_failed(self):
        verdict = '<skipped message="Unable to find executable"/>'
        lines, code = close(element("unit", "notrun", "", verdict))
        self.assertEqual(lines[-1], "0 passed, 1 failed, 0 skipped")
        self.assertEqual(code, 1)

    def test_nothing_that_ran_is_no_success(self):
        self.assertEqual(close(), (["0 passed, 0 failed, 0 skipped"], 1))
        verdict = '<skipped message="SKIP_RETURN_CODE=77"/>'
        lines, code = close(element("script", "notrun", "no kernel for it\n", verdict))
        self.assertEqual(lines, ["skipped: dev/script: no kernel for it",
                                 "0 passed, 0 failed, 1 skipped"])
        self.assertEqual(code, 1)

    def test_a_missing_report_is_a_failure(self):
        self.assertEqual(tally([("asan", None)], io.StringIO()), 1)


if __name__ == "__main__":
    unittest.main()
