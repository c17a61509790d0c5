# SPDX-License-Identifier: GPL-3.0-or-later
"""Every source says its licence in the first line, or in the second below a #! line."""

import unittest

from sources import ROOT, files

IDENTIFIER = "SPDX-License-Identifier: GPL-3.0-or-later"
KINDS = (".cpp", ".h", ".cmake", ".py", ".sh", ".js", ".ts", "CMakeLists.txt", "dev", "run")


def saysLicence(text):
    lines = text.splitlines()[:2]
    if lines and not lines[0].startswith("#!"):
        lines = lines[:1]
    return any(line.lstrip("/# ").strip() == IDENTIFIER for line in lines)


class Spdx(unittest.TestCase):
    def test_the_check_sees_what_is_missing(self):
        self.assertTrue(saysLicence(f"// {IDENTIFIER}\n#pragma once\n"))
        self.assertTrue(saysLicence(f"#!/usr/bin/env bash\n# {IDENTIFIER}\n"))
        self.assertFalse(saysLicence(f"#pragma once\n// {IDENTIFIER}\n"))
        self.assertFalse(saysLicence("// SPDX-License-Identifier: MIT\n"))
        self.assertFalse(saysLicence(""))

    def test_every_source_says_its_licence(self):
        sources = files(*KINDS)
        self.assertGreater(len(sources), 20, "the sources were not found")
        silent = [str(path) for path in sources if not saysLicence((ROOT / path).read_text())]
        self.assertEqual(silent, [], f"these do not begin with '{IDENTIFIER}'")


if __name__ == "__main__":
    unittest.main()
