// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/codec.h"
#include "backend/api/names.h"
#include "backend/ctl/egress_verbs.h"
#include "backend/ctl/policy_advice.h"
#include "backend/ctl/report.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <format>

namespace caisson::ctl {

namespace {

/// The options of `add`, as written.
struct AddOptions
{
    std::string sandbox;
    std::string id;
    std::string host;
    std::string cidr;
    std::vector<std::string> methods;
    std::string path;
    std::vector<std::int64_t> ports;
    std::string process;
    std::string action;
    std::string duration;
    bool isPrivate = false;
    std::string note;
    std::string before;
    std::string injectHeader;
    std::string injectBasic;
};

/// What was changed, for a program; people see that nothing went wrong.
Result<int> finishWith(const Session& session, const api::EgressPolicy& policy)
{
    if (session.form == OutputForm::Json)
        return printAndFinish(api::toJson(policy) + "\n");
    return kExitDone;
}

void advise(std::span<const api::EgressRule> rules)
{
    if (const std::string advice = clearSecretAdvice(rules); !advice.empty())
        complain(advice);
}

api::Task<Result<int>> show(Session& session, const std::string& sandbox)
{
    const Result<api::EgressPolicy> policy = co_await session.client.showPolicy(sandbox);
    if (!policy)
        co_return std::unexpected(policy.error());
    co_return printAndFinish(session.form == OutputForm::Json ? api::toJson(*policy) + "\n"
                                                              : policy->toml);
}

api::Task<Result<int>> set(Session& session, const std::string& sandbox, const std::string& file,
                           const std::string& defaultAction)
{
    if (file.empty() == defaultAction.empty()) {
        complain("egress set: say a FILE, a preset's name or - for standard input; or --default");
        co_return kExitWrongUse;
    }
    if (file.empty()) {
        const auto changed = co_await session.client.patchPolicy(
            sandbox, api::PatchPolicy{.defaultAction = defaultAction});
        if (!changed)
            co_return std::unexpected(changed.error());
        co_return finishWith(session, *changed);
    }
    Result<std::string> text = readPolicyText(file);
    if (!text)
        co_return std::unexpected(text.error());
    const auto changed =
        co_await session.client.putPolicy(sandbox, api::PutPolicy{.toml = std::move(*text)});
    if (!changed && changed.error().code == ErrorCode::BadRequest)
        co_return fail(ErrorCode::BadRequest, joined((file == "-" ? "standard input" : file) +
                                                         ": " + changed.error().message,
                                                     "the policy in force stays"));
    if (!changed)
        co_return std::unexpected(changed.error());
    advise(changed->rules);
    co_return finishWith(session, *changed);
}

std::string_view trimmed(std::string_view text)
{
    while (text.starts_with(' '))
        text.remove_prefix(1);
    return text;
}

Result<std::optional<api::EgressInjection>> injectionOf(const AddOptions& options)
{
    if (options.injectHeader.empty() && options.injectBasic.empty())
        return std::nullopt;
    if (!options.injectHeader.empty() && !options.injectBasic.empty())
        return fail(ErrorCode::BadRequest,
                    "a rule puts in one thing: --inject-header or --inject-basic");
    api::EgressInjection injection;
    if (!options.injectHeader.empty()) {
        const std::string_view text = options.injectHeader;
        const std::size_t colon = text.find(':');
        if (colon == text.npos || colon == 0 || text.substr(0, colon).contains("${"))
            return fail(ErrorCode::BadRequest,
                        "--inject-header: say 'NAME: VALUE' with ${secret:SECRET} in VALUE");
        injection.header = text.substr(0, colon);
        injection.value = trimmed(text.substr(colon + 1));
        // Arguments can be read by everybody on this machine.
        if (!injection.value.contains("${secret:"))
            return fail(ErrorCode::BadRequest,
                        "--inject-header: the value names no secret; store it with caissonctl "
                        "secret set SECRET, and say ${secret:SECRET} here");
        return injection;
    }
    const std::size_t colon = options.injectBasic.rfind(':');
    if (colon == std::string::npos || colon + 1 == options.injectBasic.size())
        return fail(ErrorCode::BadRequest,
                    "--inject-basic: say USER:SECRET, SECRET being a secret's name");
    injection.user = options.injectBasic.substr(0, colon);
    injection.password = "${secret:" + options.injectBasic.substr(colon + 1) + "}";
    return injection;
}

Result<api::PatchPolicy> patchOf(const AddOptions& options)
{
    if (options.host.empty() == options.cidr.empty())
        return fail(ErrorCode::BadRequest, "egress add: say --host or --cidr");
    api::EgressRule rule;
    rule.id = options.id;
    rule.host = options.host;
    rule.cidr = options.cidr;
    rule.ports = options.ports;
    rule.methods = options.methods;
    rule.path = options.path;
    rule.process = options.process;
    rule.action = options.action;
    rule.isPrivate = options.isPrivate;
    rule.note = options.note;
    Result<std::optional<api::EgressInjection>> injection = injectionOf(options);
    if (!injection)
        return std::unexpected(injection.error());
    rule.inject = *std::move(injection);
    api::PatchPolicy patch;
    patch.before = options.before;
    if (options.duration == "session") {
        rule.lasts = options.duration;
    } else if (!options.duration.empty() && options.duration != "always") {
        const Result<std::int64_t> duration = api::parseDuration(options.duration);
        if (!duration || *duration < 1000)
            return fail(ErrorCode::BadRequest, "--for " + options.duration +
                                                   ": say a time such as 15m or 2h, session "
                                                   "or always");
        patch.forSeconds = *duration / 1000;
    }
    patch.add = {std::move(rule)};
    return patch;
}

/// The id of the rule that was added: it stands at the top, or before another.
std::string addedId(const AddOptions& options, const api::EgressPolicy& policy)
{
    if (!options.id.empty())
        return options.id;
    auto place = policy.rules.begin();
    if (!options.before.empty())
        place = std::ranges::find(policy.rules, options.before, &api::EgressRule::id);
    if (!options.before.empty() && place != policy.rules.begin())
        --place;
    return place == policy.rules.end() ? "" : place->id;
}

api::Task<Result<int>> add(Session& session, const AddOptions& options)
{
    Result<api::PatchPolicy> patch = patchOf(options);
    if (!patch) {
        complain(patch.error().message);
        co_return kExitWrongUse;
    }
    const auto changed = co_await session.client.patchPolicy(options.sandbox, *std::move(patch));
    if (!changed)
        co_return std::unexpected(changed.error());
    if (const auto added =
            std::ranges::find(changed->rules, addedId(options, *changed), &api::EgressRule::id);
        added != changed->rules.end())
        advise({&*added, 1});
    if (session.form == OutputForm::Json)
        co_return finishWith(session, *changed);
    co_return printAndFinish(printable(addedId(options, *changed)) + "\n");
}

api::Task<Result<int>> remove(Session& session, const std::string& sandbox,
                              const std::vector<std::string>& ids)
{
    const auto changed =
        co_await session.client.patchPolicy(sandbox, api::PatchPolicy{.remove = ids});
    if (!changed)
        co_return std::unexpected(changed.error());
    co_return finishWith(session, *changed);
}

api::Task<Result<int>> enable(Session& session, const std::string& sandbox,
                              const std::vector<std::string>& ids, bool isEnabled)
{
    const Result<api::EgressPolicy> policy = co_await session.client.showPolicy(sandbox);
    if (!policy)
        co_return std::unexpected(policy.error());
    api::PatchPolicy patch{.generation = policy->generation};
    for (const std::string& id : ids) {
        const auto rule = std::ranges::find(policy->rules, id, &api::EgressRule::id);
        if (rule == policy->rules.end())
            co_return fail(ErrorCode::NotFound, "there is no rule \"" + id +
                                                    "\"; see them all with: caissonctl egress "
                                                    "show " +
                                                    sandbox);
        patch.update.push_back(*rule);
        patch.update.back().enabled = isEnabled;
    }
    const auto changed = co_await session.client.patchPolicy(sandbox, std::move(patch));
    if (!changed)
        co_return std::unexpected(changed.error());
    co_return finishWith(session, *changed);
}

api::Task<Result<int>> explain(Session& session, const std::string& sandbox,
                               const api::ExplainRequest& request)
{
    const auto explained = co_await session.client.explainEgress(sandbox, request);
    if (!explained)
        co_return std::unexpected(explained.error());
    if (session.form == OutputForm::Json)
        co_return printAndFinish(api::toJson(*explained) + "\n");
    std::string secrets;
    for (const std::string& name : explained->secrets)
        secrets += (secrets.empty() ? "; puts in " : ", ") + name;
    co_return printAndFinish(printable(std::format("{} ({}): {}{}", explained->verdict,
                                                   explained->rule, explained->why, secrets)) +
                             "\n");
}

void addAdd(CLI::App& egress, Choice& choice)
{
    auto options = std::make_shared<AddOptions>();
    CLI::App* verb =
        egress.add_subcommand("add", "Add a rule at the top, or before another; prints its id");
    verb->add_option("NAME", options->sandbox, "Name or id of the sandbox")
        ->required()
        ->type_name("");
    verb->add_option("--host", options->host,
                     "Whom it is for: a name, *.name for one label more, **.name for any")
        ->type_name("G");
    verb->add_option("--cidr", options->cidr, "Or a block of addresses")->type_name("BLOCK");
    verb->add_option("--action", options->action, "What becomes of requests that fit")
        ->required()
        ->type_name("ACTION")
        ->check(CLI::IsMember({"allow", "deny", "ask", "tunnel"}));
    verb->add_option("--methods", options->methods, "GET,HEAD; any if left out")
        ->type_name("M,M")
        ->delimiter(',');
    verb->add_option("--path", options->path, "A pattern such as /repos/**; any if left out")
        ->type_name("P");
    verb->add_option("--ports", options->ports, "443,8443; 80 and 443 if left out")
        ->type_name("N,N")
        ->delimiter(',');
    verb->add_option("--process", options->process,
                     "The program inside, by its path or a link to it; with its own helpers")
        ->type_name("EXE");
    verb->add_option("--for", options->duration,
                     "How long it holds: 15m, 2h, session (until it stops) or always")
        ->type_name("TIME");
    verb->add_flag("--private", options->isPrivate,
                   "The name may lead to this machine or its network");
    verb->add_option("--inject-header", options->injectHeader,
                     "Put in a header, as 'Authorization: Bearer ${secret:github}'")
        ->type_name("HEADER");
    verb->add_option("--inject-basic", options->injectBasic,
                     "Put in HTTP Basic, as x-access-token:SECRET, SECRET being its name")
        ->type_name("USER:SECRET");
    verb->add_option("--note", options->note, "For whoever reads it")->type_name("TEXT");
    verb->add_option("--id", options->id, "Its id; one is made if left out")->type_name("ID");
    verb->add_option("--before", options->before, "Stand before this rule, not at the top")
        ->type_name("ID");
    verb->callback(
        [&choice, options] { choice.verb = [options](Session& s) { return add(s, *options); }; });
}

void addIdsVerb(CLI::App& egress, Choice& choice, const char* word, const char* what,
                api::Task<Result<int>> (*run)(Session&, const std::string&,
                                              const std::vector<std::string>&))
{
    auto sandbox = std::make_shared<std::string>();
    auto ids = std::make_shared<std::vector<std::string>>();
    CLI::App* verb = egress.add_subcommand(word, what);
    verb->add_option("NAME", *sandbox, "Name or id of the sandbox")->required()->type_name("");
    verb->add_option("ID", *ids, "Ids of rules")->required()->type_name("");
    verb->callback([&choice, sandbox, ids, run] {
        choice.verb = [sandbox, ids, run](Session& s) { return run(s, *sandbox, *ids); };
    });
}

} // namespace

void addPolicyVerbs(CLI::App& egress, Choice& choice)
{
    auto sandbox = std::make_shared<std::string>();
    CLI::App* showVerb = egress.add_subcommand(
        "show", "Print the policy as a file (TOML); comments mark rules that have ended");
    showVerb->add_option("NAME", *sandbox, "Name or id of the sandbox")->required()->type_name("");
    showVerb->callback(
        [&choice, sandbox] { choice.verb = [sandbox](Session& s) { return show(s, *sandbox); }; });

    auto file = std::make_shared<std::string>();
    auto defaultAction = std::make_shared<std::string>();
    CLI::App* setVerb =
        egress.add_subcommand("set", "Replace the policy, or only what it does by default");
    setVerb->add_option("NAME", *sandbox, "Name or id of the sandbox")->required()->type_name("");
    setVerb->add_option("FILE", *file, "A policy file, - for standard input, or a preset's name")
        ->type_name("");
    setVerb->add_option("--default", *defaultAction, "What becomes of requests that no rule fits")
        ->type_name("ACTION")
        ->check(CLI::IsMember({"allow", "deny", "ask"}));
    setVerb->callback([&choice, sandbox, file, defaultAction] {
        choice.verb = [sandbox, file, defaultAction](Session& s) {
            return set(s, *sandbox, *file, *defaultAction);
        };
    });

    addAdd(egress, choice);
    addIdsVerb(egress, choice, "rm", "Remove rules", remove);
    addIdsVerb(egress, choice, "enable", "Let rules match again",
               [](Session& s, const std::string& name, const std::vector<std::string>& ids) {
                   return enable(s, name, ids, true);
               });
    addIdsVerb(egress, choice, "disable", "Keep rules and let them match nothing",
               [](Session& s, const std::string& name, const std::vector<std::string>& ids) {
                   return enable(s, name, ids, false);
               });

    auto request = std::make_shared<api::ExplainRequest>();
    CLI::App* explainVerb =
        egress.add_subcommand("explain", "Say what would become of a request, and why");
    explainVerb->add_option("NAME", *sandbox, "Name or id of the sandbox")
        ->required()
        ->type_name("");
    explainVerb->add_option("METHOD", request->method, "Such as GET")->required()->type_name("");
    explainVerb->add_option("URL", request->url, "http:, https:, or tcp://host:port")
        ->required()
        ->type_name("");
    explainVerb->add_option("--process", request->process, "The program that asks, by its path")
        ->type_name("EXE");
    explainVerb->callback([&choice, sandbox, request] {
        choice.verb = [sandbox, request](Session& s) { return explain(s, *sandbox, *request); };
    });
}

void addEgressVerbs(CLI::App& app, Choice& choice)
{
    CLI::App* egress =
        app.add_subcommand("egress", "What a sandbox may reach, what it asks for, what it did");
    egress->require_subcommand(1);
    addPolicyVerbs(*egress, choice);
    addRequestLogVerbs(*egress, choice);
    addPromptVerbs(*egress, choice);
}

} // namespace caisson::ctl
