// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/codec.h"
#include "backend/ctl/egress_verbs.h"
#include "backend/ctl/report.h"

#include <CLI/CLI.hpp>
#include <format>

namespace caisson::ctl {

namespace {

struct AnswerOptions
{
    std::string sandbox;
    std::string prompt;
    api::AnswerPrompt answer;
};

/// For programs and people alike: who answers wants all of it.
api::Task<Result<int>> prompts(Session& session, const std::string& sandbox)
{
    const Result<api::PromptList> list = co_await session.client.listPrompts(sandbox);
    if (!list)
        co_return std::unexpected(list.error());
    std::vector<std::string> elements;
    for (const api::Prompt& prompt : list->prompts)
        elements.push_back(api::toJson(prompt));
    if (list->dropped > 0 && session.form == OutputForm::People)
        complain(std::format(
            "{} requests have been denied since the sandbox started, because too many waited",
            list->dropped));
    co_return printAndFinish(jsonArray(elements) + "\n");
}

api::Task<Result<int>> answer(Session& session, const AnswerOptions& options)
{
    const auto answered =
        co_await session.client.answerPrompt(options.sandbox, options.prompt, options.answer);
    if (!answered)
        co_return std::unexpected(answered.error());
    if (session.form == OutputForm::Json)
        co_return printAndFinish(api::toJson(*answered) + "\n");
    const std::string rule =
        answered->rule.empty() ? "; no rule was made" : "; as rule " + answered->rule;
    co_return printAndFinish(
        printable(std::format("{} {} request{}{}",
                              answered->verdict == "allow" ? "allowed" : "denied", answered->count,
                              answered->count == 1 ? "" : "s", rule)) +
        "\n");
}

} // namespace

void addPromptVerbs(CLI::App& egress, Choice& choice)
{
    auto sandbox = std::make_shared<std::string>();
    CLI::App* listVerb = egress.add_subcommand(
        "prompts",
        "List the requests that wait for an answer, as a JSON array; each waits 120 s, or as "
        "many as CAISSON_PROMPT_SECONDS says where the service starts");
    listVerb->add_option("NAME", *sandbox, "Name or id of the sandbox")->required()->type_name("");
    listVerb->callback([&choice, sandbox] {
        choice.verb = [sandbox](Session& s) { return prompts(s, *sandbox); };
    });

    auto options = std::make_shared<AnswerOptions>();
    CLI::App* answerVerb = egress.add_subcommand(
        "answer", "Let a waiting request go on, or refuse it; the first answer counts, and a rule "
                  "that it makes stands before the one that asked");
    answerVerb->add_option("NAME", options->sandbox, "Name or id of the sandbox")
        ->required()
        ->type_name("");
    answerVerb->add_option("PROMPT", options->prompt, "As listed by prompts")
        ->required()
        ->type_name("");
    answerVerb->add_option("VERDICT", options->answer.verdict, "allow or deny")
        ->required()
        ->type_name("")
        ->check(CLI::IsMember({"allow", "deny"}));
    answerVerb
        ->add_option("--scope", options->answer.scope,
                     "What else it holds for: request, path, host or domain; host if left out")
        ->type_name("SCOPE")
        ->check(CLI::IsMember({"request", "path", "host", "domain"}));
    answerVerb
        ->add_option("--for", options->answer.duration,
                     "How long: once, process, 15m, session or always; once if left out")
        ->type_name("TIME")
        ->check(CLI::IsMember({"once", "process", "15m", "session", "always"}));
    answerVerb->add_option("--methods", options->answer.methods, "For which methods: GET,HEAD")
        ->type_name("M,M")
        ->delimiter(',');
    answerVerb->callback([&choice, options] {
        choice.verb = [options](Session& s) { return answer(s, *options); };
    });
}

} // namespace caisson::ctl
