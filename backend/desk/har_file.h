// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/client/client.h"

#include <QString>
#include <memory>

namespace caisson::desk {

/// Writes a sandbox's log as HAR 1.2 into `file`, piece by piece, readable by its owner alone: the
/// addresses that a program asked for may say much. The file is as it was unless all of it came.
api::Task<Result<void>> saveHar(std::shared_ptr<client::Client> client, std::string sandbox,
                                QString file);

} // namespace caisson::desk
