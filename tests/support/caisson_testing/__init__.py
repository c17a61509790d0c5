# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of the real programs are written with: only Python's own library."""
