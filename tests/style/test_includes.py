# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the direction of dependence: nothing includes upward, and each library stays in its rooms.

    app > widgets > widgets/models > backend/desk > backend/client > backend/api > backend/base
    backend/ctl > client        backend/{daemon,keeper,init} > api > base
    backend/{keeper,daemon,ctl}, widgets/models > policy > base

A room may use the rooms to its right. Windows reach the backend through desk alone; init knows of
api only the messages and their frames, none of its HTTP.
"""

import re
import unittest
from pathlib import PurePath

from sources import ROOT, files

# Which folders of the house a folder may include from, besides itself. The longest name that fits
# a file is its room; tests may use everything, and nothing may use tests.
MAY_USE = {
    "backend/base": (),
    "backend/api": ("backend/base",),
    "backend/init": ("backend/api", "backend/base"),
    "backend/policy": ("backend/base",),
    "backend/keeper": ("backend/policy", "backend/api", "backend/base"),
    "backend/daemon": ("backend/policy", "backend/api", "backend/base"),
    "backend/client": ("backend/api", "backend/base"),
    "backend/ctl": ("backend/client", "backend/policy", "backend/api", "backend/base"),
    "backend/desk": ("backend/client", "backend/api", "backend/base"),
    "widgets/models": ("backend/desk", "backend/policy", "backend/api", "backend/base"),
    "widgets": ("widgets/models", "backend/desk", "backend/policy", "backend/api",
                "backend/base"),
    "app": ("widgets", "widgets/models", "backend/desk", "backend/client", "backend/api",
            "backend/base"),
}

# What init may know of api: the messages, their codec and the frames.
API_WIRE = ("types", "codec", "initwire", "names", "paths", "json", "text", "describe")

QT = re.compile(r"Q[A-Z]\w*$|Qt\w*/|qt\w*\.h$|qtermwidget|KSyntaxHighlighting/")
WIDGETS = re.compile(r"QtWidgets/|Q(Application|\w*Widget|\w*Dialog|\w*Button|MainWindow|Menu\w*|"
                     r"Label|LineEdit|PlainTextEdit|Splitter|Style|StyleOption\w*|StyledItemDelegate|"
                     r"(AbstractItem|List|Tree|Table|Graphics)View)$")
SSH = re.compile(r"libssh/")
OPENSSL = re.compile(r"openssl/")
HTTP = re.compile(r"boost/beast")

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)


def room(path):
    path = str(path)
    fitting = [name for name in MAY_USE if path.startswith(name + "/")]
    return max(fitting, key=len, default=None)


def complaint(path, header):
    """Why the file at path must not include header, or None."""
    here = room(path)
    if header.startswith("tests/"):
        return "nothing but a test uses tests"
    there = room(header)
    if there and there != here and there not in MAY_USE[here]:
        return f"{here} may not use {there}"
    if here == "backend/init" and there == "backend/api" and PurePath(header).stem not in API_WIRE:
        return "init takes the messages and the frames, no HTTP"
    if here.startswith("backend/") and here != "backend/desk" and QT.match(header):
        return "no Qt below desk"
    if here in ("backend/desk", "widgets/models") and WIDGETS.match(header):
        return f"{here} is used without widgets"
    if here != "backend/client" and SSH.match(header):
        return "no libssh outside client"
    if here == "backend/init" and OPENSSL.match(header):
        return "no OpenSSL in init"
    if HTTP.match(header) and here not in ("backend/api", "backend/daemon", "backend/keeper",
                                           "backend/client"):
        return "HTTP lives in api, daemon, keeper and client"
    return None


class Includes(unittest.TestCase):
    def test_the_check_sees_each_wrong_direction(self):
        for path, header in (
            ("backend/base/a.cpp", "backend/api/types.h"),
            ("backend/api/a.cpp", "backend/client/client.h"),
            ("backend/daemon/a.cpp", "backend/keeper/keeper.h"),
            ("backend/init/a.cpp", "backend/api/http.h"),
            ("backend/init/a.cpp", "openssl/ssl.h"),
            ("backend/init/a.cpp", "boost/beast/http.hpp"),
            ("backend/keeper/storage/a.cpp", "QString"),
            ("backend/keeper/a.cpp", "QtCore/QString"),
            ("backend/daemon/a.cpp", "libssh/libssh.h"),
            ("backend/client/a.cpp", "backend/desk/backend.h"),
            ("widgets/models/a.cpp", "widgets/common/style.h"),
            ("widgets/models/a.cpp", "QTreeWidget"),
            ("widgets/models/a.cpp", "QLabel"),
            ("widgets/files/a.cpp", "backend/client/client.h"),
            ("widgets/files/a.cpp", "app/application.h"),
            ("app/a.cpp", "tests/fakes/backend.h"),
        ):
            self.assertIsNotNone(complaint(path, header), f"{path} includes {header}")

    def test_the_check_lets_the_right_direction_pass(self):
        for path, header in (
            ("backend/init/a.cpp", "backend/api/initwire.h"),
            ("backend/keeper/storage/a.cpp", "backend/keeper/runtime/b.h"),
            ("backend/desk/a.cpp", "QFuture"),
            ("widgets/models/a.cpp", "QAbstractItemModel"),
            ("widgets/models/a.cpp", "QStringView"),
            ("widgets/files/a.cpp", "widgets/models/files.h"),
            ("widgets/files/a.cpp", "widgets/common/style.h"),
            ("widgets/files/a.cpp", "QTreeView"),
            ("app/a.cpp", "widgets/workbench/window.h"),
        ):
            self.assertIsNone(complaint(path, header), f"{path} includes {header}")

    def test_nothing_includes_upward(self):
        sources = [path for path in files(".cpp", ".h") if room(path)]
        self.assertGreater(len(sources), 20, "the sources were not found")
        wrong = [
            f"{path} includes {header}: {why}"
            for path in sources
            for header in INCLUDE.findall((ROOT / path).read_text())
            if (why := complaint(path, header))
        ]
        self.assertEqual(wrong, [])

    def test_programs_below_desk_are_not_linked_with_qt(self):
        lists = [path for path in files("CMakeLists.txt", ".cmake")
                 if str(path).startswith("backend/") and room(path) != "backend/desk"]
        self.assertTrue(lists)
        linked = [str(path) for path in lists if "Qt6" in (ROOT / path).read_text()]
        self.assertEqual(linked, [], "no Qt below desk")


if __name__ == "__main__":
    unittest.main()
