// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"
#include "backend/base/error.h"
#include "backend/client/client.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace caisson::ctl {

/// Exit codes of the contract beside the command's own.
inline constexpr int kExitDone = 0;
inline constexpr int kExitWrongUse = 2;
inline constexpr int kExitTimedOut = 124;
inline constexpr int kExitFailed = 125;
inline constexpr int kExitNotExecutable = 126;
inline constexpr int kExitNotFound = 127;
inline constexpr int kExitSignalled = 128; ///< plus the signal's number

enum class OutputForm { People, Json };

/// What every verb has to hand. On the program's one io_context thread.
struct Session
{
    client::Client& client;
    OutputForm form;
};

/// Carries a verb out and returns the exit code. A failure is printed by main() and ends with 125.
using Verb = std::function<api::Task<Result<int>>(Session&)>;

/// What the command line chose.
struct Choice
{
    Verb verb;
    std::vector<std::string> argv; ///< what stood after "--"; only exec takes it
};

/// Each adds the verbs of its group; parsing one sets `choice.verb`. `choice` outlives the parsing.
void addSandboxVerbs(CLI::App& app, Choice& choice);
void addExecVerbs(CLI::App& app, Choice& choice);
void addTerminalVerbs(CLI::App& app, Choice& choice);
void addFileVerbs(CLI::App& app, Choice& choice);
void addEgressVerbs(CLI::App& app, Choice& choice);
void addSecretVerbs(CLI::App& app, Choice& choice);
void addServiceVerbs(CLI::App& app, Choice& choice);

/// The verbs that the contract names and this version does not have: they say so.
void addLaterVerbs(CLI::App& app, Choice& choice);

/// "K=V" each, as given to --env; BadRequest is wrong use.
Result<std::map<std::string, std::string>> parseVariables(const std::vector<std::string>& given);

/// Says on standard error that acting on `sandbox` starts it, if it is not running. The call that
/// follows is what starts it.
api::Task<Result<void>> announceStart(Session& session, const std::string& sandbox);

} // namespace caisson::ctl
