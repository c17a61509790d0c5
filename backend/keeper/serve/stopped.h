// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/http_server.h"
#include "backend/api/paths.h"
#include "backend/api/routes.h"

#include <string>
#include <vector>

namespace caisson::keeper {

/// Answers the one request that was begun on `socket` (`alreadyRead` of it) for a sandbox that does
/// not run, from what lies in its folder: its policy and its log stay, and can be changed and read.
/// `secrets` are the names of all there are: a policy may name no other.
/// Nobody waits for an answer to a prompt there. The connection ends with the answer.
api::Task<void> answerForStopped(api::Paths paths, std::string sandbox,
                                 std::vector<std::string> secrets, api::Socket socket,
                                 std::string alreadyRead);

} // namespace caisson::keeper
