// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/paths.h"
#include "backend/client/transport.h"
#include "backend/ctl/report.h"
#include "backend/ctl/verbs.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fcntl.h>
#include <optional>
#include <unistd.h>

namespace caisson::ctl {
namespace {

constexpr std::string_view kLocalHost = "local";

/// What the command line said beside the verb.
struct GlobalOptions
{
    std::string host{kLocalHost};
    bool json = false;
};

/// The first word that is neither an option nor the value of one; empty: none.
std::string verbOf(const std::vector<std::string>& arguments)
{
    for (std::size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
        if (arguments[i] == "--host")
            ++i;
        else if (!arguments[i].starts_with('-'))
            return arguments[i];
    }
    return {};
}

/// For verbs that run a command, takes everything from the first "--" on out of `arguments`: the
/// command's own options are none of ours, whatever they look like.
void takeArgv(std::vector<std::string>& arguments, Choice& choice)
{
    const std::string verb = verbOf(arguments);
    const auto separator = std::ranges::find(arguments, "--");
    if (separator == arguments.end() || (verb != "exec" && verb != "run"))
        return;
    choice.argv.assign(separator + 1, arguments.end());
    arguments.erase(separator, arguments.end());
}

Result<int> runVerb(const Choice& choice, OutputForm form)
{
    Result<api::Paths> paths = api::pathsFromEnvironment();
    if (!paths)
        return std::unexpected(paths.error());
    // Never destroyed: a thread may still be blocked in a read of standard input.
    auto& io = *new api::asio::io_context(1);
    client::Client client(std::make_shared<client::LocalTransport>(io.get_executor(), *paths));
    Session session{client, form};
    std::optional<Result<int>> result;
    api::asio::co_spawn(io, choice.verb(session),
                        [&](const std::exception_ptr& exception, Result<int> outcome) {
                            if (exception)
                                outcome = fail(ErrorCode::Internal, "an exception ended the verb");
                            result = std::move(outcome);
                            io.stop();
                        });
    io.run();
    if (!result)
        return fail(ErrorCode::Internal, "the verb was left without a result");
    return *std::move(result);
}

int wrongUse(const CLI::App& app, const CLI::ParseError& error)
{
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success))
        return app.exit(error); // --help, --version
    std::string sentence = error.what();
    const std::vector<std::string> unexpected = app.remaining(true);
    if (app.get_subcommands().empty())
        sentence = unexpected.empty() ? "say what to do: a verb such as create, ls or exec"
                                      : "there is no verb " + unexpected.front();
    else if (app.got_subcommand("exec") && !unexpected.empty() &&
             !unexpected.front().starts_with('-'))
        sentence = "exec: the command stands after --, as in: caissonctl exec NAME -- " +
                   unexpected.front();
    else if (!unexpected.empty())
        sentence = unexpected.front() + " has no meaning here";
    std::ranges::replace(sentence, '\n', ' ');
    complain(sentence + "; see caissonctl --help");
    return kExitWrongUse;
}

/// A standard stream that was left closed would be the number of the next descriptor opened here.
/// What takes its place can neither be read nor written, so it fails as one that is closed.
void closeGaps()
{
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(fd, F_GETFD) < 0)
            ::open("/", O_PATH); // the lowest number free: this one
    }
}

int run(int argc, char** argv)
{
    Choice choice;
    std::vector<std::string> arguments(argv + 1, argv + argc);
    takeArgv(arguments, choice);
    std::ranges::reverse(arguments); // as CLI11 takes them

    CLI::App app("Drives Caisson's sandboxes from the command line.", "caissonctl");
    GlobalOptions global;
    app.add_option("--host", global.host, "The host whose sandboxes are meant")
        ->option_text("NAME");
    app.add_flag("--json", global.json, "One JSON value, or one JSON object a line");
    app.set_version_flag("--version", "caissonctl " CAISSON_VERSION, "The version of this program");
    app.require_subcommand(1);
    app.fallthrough();
    app.get_formatter()->column_width(28);
    addSandboxVerbs(app, choice);
    addExecVerbs(app, choice);
    addTerminalVerbs(app, choice);
    addFileVerbs(app, choice);
    addEgressVerbs(app, choice);
    addSecretVerbs(app, choice);
    addServiceVerbs(app, choice);
    addLaterVerbs(app, choice);

    try {
        app.parse(arguments);
    } catch (const CLI::ParseError& error) {
        return wrongUse(app, error);
    }
    if (global.host != kLocalHost) {
        complain("--host " + global.host +
                 ": hosts are not built yet in this version; leave the option out to use this one");
        return kExitFailed;
    }
    const Result<int> result = runVerb(choice, global.json ? OutputForm::Json : OutputForm::People);
    if (result)
        return *result;
    complain(sentenceOf(result.error()));
    return exitCodeOf(result.error());
}

} // namespace
} // namespace caisson::ctl

int main(int argc, char** argv)
{
    caisson::ctl::closeGaps();
    // Some parents leave it ignored; then a pipe without reader would be an error message here.
    std::signal(SIGPIPE, SIG_DFL);
    int code = caisson::ctl::kExitFailed;
    try {
        code = caisson::ctl::run(argc, argv);
    } catch (const std::exception& exception) {
        std::fprintf(stderr, "caissonctl: %s\n", exception.what());
    }
    std::fflush(stdout);
    // Without waiting for a thread that reads standard input: only its other end can wake it.
    std::_Exit(code);
}
