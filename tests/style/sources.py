# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the house that we wrote, found without git so that an archive is checked as well."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("app", "widgets", "backend", "tests", "installers", "resources", "translations", ".ci")


def files(*suffixes):
    """Every file whose name or suffix is among the suffixes, as paths relative to the root."""
    found = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in FOLDERS:
        found += [path for path in (ROOT / folder).rglob("*") if path.is_file()]
    return sorted(
        path.relative_to(ROOT)
        for path in found
        if path.suffix in suffixes or path.name in suffixes
    )
