// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/codec.h"
#include "backend/ctl/attach_session.h"
#include "backend/ctl/report.h"
#include "backend/ctl/verbs.h"

#include <CLI/CLI.hpp>
#include <format>

namespace caisson::ctl {

namespace {

std::string stateText(const api::Terminal& terminal)
{
    if (!terminal.exit)
        return "running";
    if (terminal.exit->signal)
        return std::format("signal {}", *terminal.exit->signal);
    return std::format("exit {}", terminal.exit->code.value_or(0));
}

std::string commandText(const std::vector<std::string>& argv)
{
    if (argv.empty())
        return "(login shell)";
    std::string text;
    for (const std::string& argument : argv)
        text += (text.empty() ? "" : " ") + argument;
    return text;
}

api::Task<Result<int>> list(Session& session, const std::string& name)
{
    const Result<api::TerminalList> list = co_await session.client.listTerminals(name);
    if (!list)
        co_return std::unexpected(list.error());
    if (session.form == OutputForm::Json) {
        std::vector<std::string> elements;
        for (const api::Terminal& terminal : list->terminals)
            elements.push_back(api::toJson(terminal));
        co_return printAndFinish(jsonArray(elements) + "\n");
    }
    using enum Table::Align;
    Table table({"TERMINAL", "STATE", "AGE", "SIZE", "OUTPUT", "CLIENTS", "TITLE", "COMMAND"},
                {Left, Left, Left, Left, Right, Right});
    const WallTime now = std::chrono::system_clock::now();
    for (const api::Terminal& terminal : list->terminals) {
        table.addRow({terminal.id, stateText(terminal), humanAge(terminal.created, now),
                      std::format("{}x{}", terminal.cols, terminal.rows),
                      humanSize(terminal.offset), std::to_string(terminal.clients), terminal.title,
                      commandText(terminal.argv)});
    }
    co_return printAndFinish(table.text());
}

} // namespace

void addTerminalVerbs(CLI::App& app, Choice& choice)
{
    auto name = std::make_shared<std::string>();
    auto terminal = std::make_shared<std::string>();

    CLI::App* attachVerb =
        app.add_subcommand("attach", "Go on with a terminal; Ctrl-] leaves it running");
    attachVerb->add_option("NAME", *name, "Name or id of the sandbox")->required()->type_name("");
    attachVerb->add_option("TERMINAL", *terminal, "As listed by terminals")
        ->required()
        ->type_name("");
    attachVerb->callback([&choice, name, terminal] {
        choice.verb = [name, terminal](Session& s) { return attachTerminal(s, *name, *terminal); };
    });

    CLI::App* listVerb = app.add_subcommand("terminals", "List a sandbox's terminals");
    listVerb->add_option("NAME", *name, "Name or id of the sandbox")->required()->type_name("");
    listVerb->callback(
        [&choice, name] { choice.verb = [name](Session& s) { return list(s, *name); }; });
}

} // namespace caisson::ctl
