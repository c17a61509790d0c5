// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/codec.h"
#include "backend/api/names.h"
#include "backend/ctl/attach_session.h"
#include "backend/ctl/exec_session.h"
#include "backend/ctl/raw_terminal.h"
#include "backend/ctl/report.h"
#include "backend/ctl/verbs.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>

namespace caisson::ctl {

namespace {

/// The options of `exec` and `sh`, as written.
struct ExecOptions
{
    std::string name;
    bool tty = false;
    std::string user;
    std::string cwd;
    std::vector<std::string> env;
    std::string timeout;
};

/// Seconds, or a duration with its unit: milliseconds.
Result<std::int64_t> parseTimeout(const std::string& text)
{
    if (text.empty())
        return 0;
    Result<std::int64_t> limit = api::parseDuration(text + "s");
    if (!limit)
        limit = api::parseDuration(text);
    if (!limit)
        return fail(ErrorCode::BadRequest, "--timeout: " + limit.error().message);
    return limit;
}

Result<api::ExecRequest> execRequest(const ExecOptions& options)
{
    api::ExecRequest request;
    request.user = options.user;
    request.cwd = options.cwd;
    request.tty = options.tty;
    Result<std::map<std::string, std::string>> variables = parseVariables(options.env);
    if (!variables)
        return std::unexpected(variables.error());
    request.env = *std::move(variables);
    const Result<std::int64_t> limit = parseTimeout(options.timeout);
    if (!limit)
        return std::unexpected(limit.error());
    request.timeoutMs = *limit;
    // The terminal is this one, so what it is called is this one's business.
    if (const char* term = std::getenv("TERM"); options.tty && term != nullptr && hasTerminal())
        request.env.try_emplace("TERM", term);
    return request;
}

/// The API speaks JSON, which carries text: other bytes would arrive as something else.
Result<void> checkText(const api::ExecRequest& request)
{
    bool isText = api::isUtf8(request.user) && api::isUtf8(request.cwd) &&
                  std::ranges::all_of(request.argv, api::isUtf8);
    for (const auto& [name, value] : request.env)
        isText = isText && api::isUtf8(name) && api::isUtf8(value);
    if (!isText)
        return fail(ErrorCode::BadRequest,
                    "exec: an argument is not UTF-8 and cannot be sent; pass "
                    "such bytes on standard input or in a file");
    return {};
}

api::Task<Result<int>> exec(Session& session, const ExecOptions& options, const Choice& choice)
{
    if (choice.argv.empty()) {
        complain("exec: say the command after --, as in: caissonctl exec NAME -- ls -l");
        co_return kExitWrongUse;
    }
    Result<api::ExecRequest> request = execRequest(options);
    if (!request) {
        complain(request.error().message);
        co_return kExitWrongUse;
    }
    request->argv = choice.argv;
    if (Result<void> checked = checkText(*request); !checked)
        co_return std::unexpected(checked.error());
    if (Result<void> said = co_await announceStart(session, options.name); !said)
        co_return std::unexpected(said.error());
    co_return co_await runAttached(session, options.name, *std::move(request));
}

/// At a terminal, a terminal of the sandbox; for a script on standard input, a command.
api::Task<Result<int>> shell(Session& session, const ExecOptions& options)
{
    if (Result<void> said = co_await announceStart(session, options.name); !said)
        co_return std::unexpected(said.error());
    if (hasTerminal())
        co_return co_await openTerminal(session, options.name, options.user);
    api::ExecRequest request{.user = options.user};
    request.argv = {"/bin/sh", "-c", "command -v bash >/dev/null && exec bash -l; exec sh -l"};
    co_return co_await runAttached(session, options.name, std::move(request));
}

} // namespace

void addExecVerbs(CLI::App& app, Choice& choice)
{
    auto options = std::make_shared<ExecOptions>();

    CLI::App* execVerb =
        app.add_subcommand("exec", "Run a command inside; exits with the command's code");
    execVerb->usage("Usage: caissonctl exec NAME [OPTIONS] -- ARGV...");
    execVerb->add_option("NAME", options->name, "Name or id of the sandbox")
        ->required()
        ->type_name("");
    execVerb->add_flag("-t,--tty", options->tty, "Give it a terminal");
    execVerb->add_option("--user", options->user, "Who runs it inside; root if left out")
        ->type_name("U");
    execVerb->add_option("--cwd", options->cwd, "Where; /workspace if left out")->type_name("D");
    execVerb->add_option("--env", options->env, "A variable of its environment")
        ->type_name("NAME=VALUE")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    execVerb
        ->add_option("--timeout", options->timeout,
                     "Seconds (or 2m, 1h) after which it and all it started end; exits with 124")
        ->type_name("S");
    execVerb->callback([&choice, options] {
        choice.verb = [&choice, options](Session& s) { return exec(s, *options, choice); };
    });

    CLI::App* shellVerb =
        app.add_subcommand("sh", "Open a login shell inside; Ctrl-] leaves it running");
    shellVerb->add_option("NAME", options->name, "Name or id of the sandbox")
        ->required()
        ->type_name("");
    shellVerb->add_option("--user", options->user, "Whose shell; root's if left out")
        ->type_name("U");
    shellVerb->callback(
        [&choice, options] { choice.verb = [options](Session& s) { return shell(s, *options); }; });
}

} // namespace caisson::ctl
