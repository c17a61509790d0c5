// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDateTime>
#include <QString>

namespace caisson {

/// How long ago, in few words: "now", "5 min", "3 h", "2 d", "12 Mar", "12 Mar 2024". A moment up
/// to a minute ahead of `now` (clocks of two machines differ) is "now"; a later one is written as
/// its date.
QString shortAge(const QDateTime& moment, const QDateTime& now);

} // namespace caisson
