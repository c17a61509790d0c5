// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/codec.h"
#include "backend/ctl/report.h"
#include "backend/ctl/verbs.h"

#include <CLI/CLI.hpp>
#include <format>

namespace caisson::ctl {

namespace {

api::Task<Result<int>> version(Session& session)
{
    const Result<api::Health> health = co_await session.client.health();
    if (!health)
        co_return std::unexpected(health.error());
    if (session.form == OutputForm::Json)
        co_return printAndFinish(std::format("{{\"version\":\"{}\",\"daemon\":{}}}\n",
                                             CAISSON_VERSION, api::toJson(*health)));
    co_return printAndFinish(std::format("caissonctl {}\ncaissond {} (pid {})\n", CAISSON_VERSION,
                                         printable(health->version), health->pid));
}

} // namespace

void addServiceVerbs(CLI::App& app, Choice& choice)
{
    app.add_subcommand("version", "Versions of this program and of the service")
        ->callback([&choice] { choice.verb = [](Session& s) { return version(s); }; });
}

void addLaterVerbs(CLI::App& app, Choice& choice)
{
    for (const char* word : {"sleep",    "wake",      "restart", "stats", "run",         "ps",
                             "logs",     "kill",      "wait",    "ports", "expose",      "unexpose",
                             "snapshot", "snapshots", "restore", "fork",  "rm-snapshot", "images",
                             "pull",     "build",     "code",    "host",  "completion"}) {
        CLI::App* verb = app.add_subcommand(word)->group("");
        // Whatever stands behind it is not looked at.
        verb->fallthrough(false)->prefix_command();
        verb->callback([&choice, word] {
            choice.verb = [word](Session&) -> api::Task<Result<int>> {
                co_return fail(ErrorCode::NotBuilt,
                               std::string(word) + " is not built yet in this version of Caisson; "
                                                   "caissonctl --help lists what is");
            };
        });
    }
}

} // namespace caisson::ctl
