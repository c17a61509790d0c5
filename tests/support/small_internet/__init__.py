# SPDX-License-Identifier: GPL-3.0-or-later
"""A small internet for the tests of egress: origins, a name server and a sink, in a network
namespace of their own behind a cable to the namespace in which Caisson runs.

`places` says who lives where, `server` runs it all, `house` is the other end of the cable. Tests
speak with it through caisson_testing.internet."""
