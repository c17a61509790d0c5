// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <QString>

namespace caisson {

/// Why something failed, as a sentence for a person: in the window's language where the code says
/// enough, else in the words of the peer.
QString reason(const Error& error);

} // namespace caisson
