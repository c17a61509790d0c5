// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/codec.h"
#include "backend/api/names.h"
#include "backend/ctl/egress_verbs.h"
#include "backend/ctl/report.h"
#include "backend/ctl/verbs.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <filesystem>
#include <optional>

namespace caisson::ctl {

Result<std::map<std::string, std::string>> parseVariables(const std::vector<std::string>& given)
{
    std::map<std::string, std::string> variables;
    for (const std::string& text : given) {
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos || equals == 0)
            return fail(ErrorCode::BadRequest, "--env " + text + ": say NAME=VALUE");
        variables.insert_or_assign(text.substr(0, equals), text.substr(equals + 1));
    }
    return variables;
}

api::Task<Result<void>> announceStart(Session& session, const std::string& sandbox)
{
    const Result<api::Sandbox> shown = co_await session.client.showSandbox(sandbox);
    if (!shown)
        co_return std::unexpected(shown.error());
    if (shown->state != api::SandboxState::Running && shown->state != api::SandboxState::Starting) {
        complain(shown->name + " is " + std::string(api::stateName(shown->state)) +
                 "; starting it");
    }
    co_return Result<void>{};
}

namespace {

/// The options of `create`, as written.
struct CreateOptions
{
    std::optional<std::string> name; ///< none: one is made up
    bool noStart = false;
    std::string image = "host";
    std::string runtime;
    std::string memory;
    std::string cpus;
    std::string pids;
    std::vector<std::string> env;
    std::vector<std::string> mounts;
    std::string from;
    std::string disk;
    std::string sleepAfter;
    std::string policy;
};

/// "HOSTDIR:PATH[:ro|:rw]". The host's path may be relative to where the program was called.
Result<api::Mount> parseMount(const std::string& given)
{
    std::string text = given;
    api::Mount mount;
    for (const std::string_view suffix : {":ro", ":rw"}) {
        if (text.ends_with(suffix)) {
            mount.readOnly = suffix == ":ro";
            text.resize(text.size() - suffix.size());
            break;
        }
    }
    // The path inside begins after the last ":/", since a host's folder may have colons.
    const std::size_t colon = text.rfind(":/");
    if (colon == std::string::npos || colon == 0)
        return fail(ErrorCode::BadRequest,
                    "--mount " + given + ": say HOSTDIR:PATH or HOSTDIR:PATH:ro, PATH absolute");
    std::error_code error;
    mount.source = std::filesystem::absolute(text.substr(0, colon), error).lexically_normal();
    if (error)
        return fail(ErrorCode::BadRequest, "--mount " + given + ": " + error.message());
    mount.target = text.substr(colon + 1);
    // ":RO" must not mount for writing at a path that ends in ":RO".
    if (const std::size_t option = mount.target.find(':'); option != std::string::npos)
        return fail(ErrorCode::BadRequest, "--mount " + given + ": \"" +
                                               mount.target.substr(option) +
                                               "\" is no option; say :ro, :rw or nothing");
    return mount;
}

/// A whole number or a fraction over 0. Empty: 0, which is no limit.
template<class Number>
Result<Number> parseLimit(const std::string& option, const std::string& text,
                          const std::string& example)
{
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (!text.empty() &&
        (error != std::errc() || end != text.data() + text.size() || !(number > 0)))
        return fail(ErrorCode::BadRequest,
                    option + " " + text + ": say a number such as " + example);
    return number;
}

Result<api::CreateSandbox> createRequest(const CreateOptions& options)
{
    api::CreateSandbox request;
    if (options.name && options.name->empty())
        return fail(ErrorCode::BadRequest,
                    "a sandbox cannot have an empty name; leave it out, and one is made up");
    request.name = options.name.value_or("");
    request.start = !options.noStart;
    request.image = options.image;
    request.runtime = options.runtime;
    const Result<double> cpus = parseLimit<double>("--cpus", options.cpus, "1.5");
    const Result<std::int64_t> pids = parseLimit<std::int64_t>("--pids", options.pids, "500");
    if (!cpus || !pids)
        return std::unexpected(cpus ? pids.error() : cpus.error());
    request.limits.cpus = *cpus;
    request.limits.pids = *pids;
    if (!options.memory.empty()) {
        const Result<std::int64_t> memory = api::parseSize(options.memory);
        if (!memory)
            return fail(ErrorCode::BadRequest, "--memory: " + memory.error().message);
        if (*memory == 0)
            return fail(ErrorCode::BadRequest,
                        "--memory " + options.memory + ": say a size such as 512m or 2g");
        request.limits.memory = *memory;
    }
    Result<std::map<std::string, std::string>> variables = parseVariables(options.env);
    if (!variables)
        return std::unexpected(variables.error());
    request.env = *std::move(variables);
    for (const std::string& text : options.mounts) {
        Result<api::Mount> mount = parseMount(text);
        if (!mount)
            return std::unexpected(mount.error());
        request.mounts.push_back(*std::move(mount));
    }
    return request;
}

/// What was asked for and this host does not give.
void complainOfLimits(const api::Sandbox& sandbox)
{
    const api::Limits& asked = sandbox.limits.asked;
    const api::AppliedLimits& applied = sandbox.limits.applied;
    if (sandbox.state != api::SandboxState::Running)
        return; // known when it runs
    for (const auto& [name, isMissing] :
         {std::pair("memory", asked.memory > 0 && applied.memory == 0),
          std::pair("cpus", asked.cpus > 0 && applied.cpus == 0),
          std::pair("pids", asked.pids > 0 && applied.pids == 0)}) {
        if (isMissing)
            complain(sandbox.name + " runs without the limit --" + name +
                     ": this host does not let this user set it; see why with: caissonctl show " +
                     sandbox.name);
    }
}

api::Task<Result<int>> create(Session& session, const CreateOptions& options)
{
    const std::pair<const char*, const std::string&> later[] = {
        {"--from", options.from}, {"--disk", options.disk}, {"--sleep-after", options.sleepAfter}};
    for (const auto& [option, value] : later) {
        if (!value.empty())
            co_return fail(ErrorCode::NotBuilt,
                           std::string("create ") + option +
                               " is not built yet in this version; leave it out");
    }
    Result<api::CreateSandbox> request = createRequest(options);
    if (!request) {
        complain(request.error().message);
        co_return kExitWrongUse;
    }
    if (!options.policy.empty()) {
        Result<std::string> policy = readPolicyText(options.policy);
        if (!policy)
            co_return std::unexpected(policy.error());
        request->policy = std::move(*policy);
    }
    const Result<api::Sandbox> made = co_await session.client.createSandbox(*std::move(request));
    if (!made && made.error().detail.contains("line") && !options.policy.empty())
        co_return fail(ErrorCode::BadRequest,
                       joined(options.policy + ": " + made.error().message, "no sandbox was made"));
    if (!made && (made.error().code == ErrorCode::BadRequest ||
                  made.error().code == ErrorCode::InvalidName)) {
        complain(made.error().message); // a limit out of range, a name that cannot be one
        co_return kExitWrongUse;
    }
    if (!made)
        co_return std::unexpected(made.error());
    complainOfLimits(*made);
    co_return printAndFinish((session.form == OutputForm::Json ? api::toJson(*made) : made->name) +
                             "\n");
}

api::Task<Result<int>> list(Session& session)
{
    const Result<api::SandboxList> list = co_await session.client.listSandboxes();
    if (!list)
        co_return std::unexpected(list.error());
    if (session.form == OutputForm::Json) {
        std::vector<std::string> elements;
        for (const api::Sandbox& sandbox : list->sandboxes)
            elements.push_back(api::toJson(sandbox));
        co_return printAndFinish(jsonArray(elements) + "\n");
    }
    Table table({"NAME", "STATE", "AGE", "IMAGE", "ID", "WHY"});
    const WallTime now = std::chrono::system_clock::now();
    for (const api::Sandbox& sandbox : list->sandboxes) {
        table.addRow({sandbox.name, std::string(api::stateName(sandbox.state)),
                      humanAge(sandbox.created, now), sandbox.image, sandbox.id, sandbox.why});
    }
    co_return printAndFinish(table.text());
}

std::string limitText(std::int64_t asked, std::int64_t applied, std::string (*text)(std::int64_t))
{
    if (applied > 0)
        return text(applied);
    return asked > 0 ? "none (" + text(asked) + " asked)" : "none";
}

std::string numberText(std::int64_t number)
{
    return std::to_string(number);
}

std::string describe(const api::Sandbox& sandbox)
{
    std::string text;
    const auto line = [&](std::string_view title, std::string_view value) {
        if (!value.empty())
            text += std::format("{:<15} {}\n", title, printable(value));
    };
    const WallTime now = std::chrono::system_clock::now();
    const auto timeText = [&](const std::string& time) {
        return time.empty() ? "" : time + " (" + humanAge(time, now) + " ago)";
    };
    line("name", sandbox.name);
    line("id", sandbox.id);
    line("state", api::stateName(sandbox.state));
    line("why", sandbox.why);
    line("image", sandbox.image);
    line("runtime", sandbox.runtime);
    line("created", timeText(sandbox.created));
    line("started", timeText(sandbox.started));
    line("starts", numberText(sandbox.incarnation));
    const api::Limits& asked = sandbox.limits.asked;
    const api::AppliedLimits& applied = sandbox.limits.applied;
    line("memory", limitText(asked.memory, applied.memory, humanSize));
    if (applied.cpus > 0 || asked.cpus > 0)
        line("cpus", applied.cpus > 0 ? std::format("{}", applied.cpus)
                                      : std::format("none ({} asked)", asked.cpus));
    line("pids", limitText(asked.pids, applied.pids, numberText));
    for (const std::string& note : applied.notes)
        line("limit", note);
    for (const api::Mount& mount : sandbox.mounts)
        line("mount", mount.source + " at " + mount.target + (mount.readOnly ? ", read-only" : ""));
    for (const auto& [name, value] : sandbox.env)
        line("env", name + "=" + value);
    for (const auto& [name, value] : sandbox.labels)
        line("label", name + "=" + value);
    line("workspace", sandbox.workspace);
    line("workspace here", sandbox.workspaceHost);
    if (sandbox.keeperPid > 0)
        line("keeper", "pid " + numberText(sandbox.keeperPid));
    return text;
}

api::Task<Result<int>> show(Session& session, const std::string& name)
{
    const Result<api::Sandbox> sandbox = co_await session.client.showSandbox(name);
    if (!sandbox)
        co_return std::unexpected(sandbox.error());
    co_return printAndFinish(session.form == OutputForm::Json ? api::toJson(*sandbox) + "\n"
                                                              : describe(*sandbox));
}

/// Every one is tried; each failure is a line of its own.
api::Task<Result<int>> remove(Session& session, const std::vector<std::string>& names)
{
    int code = kExitDone;
    for (const std::string& name : names) {
        if (const Result<void> removed = co_await session.client.removeSandbox(name); !removed) {
            complain(sentenceOf(removed.error()));
            code = exitCodeOf(removed.error());
        }
    }
    co_return code;
}

using StateCall = api::Task<Result<api::Sandbox>> (client::Client::*)(std::string);

api::Task<Result<int>> changeState(Session& session, const std::string& name, StateCall call)
{
    const Result<api::Sandbox> sandbox = co_await (session.client.*call)(name);
    if (!sandbox)
        co_return std::unexpected(sandbox.error());
    complainOfLimits(*sandbox);
    if (session.form == OutputForm::Json)
        co_return printAndFinish(api::toJson(*sandbox) + "\n");
    co_return kExitDone;
}

void addCreate(CLI::App& app, Choice& choice)
{
    auto options = std::make_shared<CreateOptions>();
    CLI::App* verb = app.add_subcommand("create", "Create a sandbox and start it; prints its name");
    verb->add_option("NAME", options->name, "Its name; one is made up if left out")->type_name("");
    verb->add_flag("--no-start", options->noStart, "Only create it");
    verb->add_option("--image", options->image, "What it sees as its system; host: this machine's")
        ->type_name("REF");
    verb->add_option("--runtime", options->runtime, "The OCI runtime")->type_name("R");
    verb->add_option("--memory", options->memory, "Its memory, such as 512m or 2g")
        ->type_name("SIZE");
    verb->add_option("--cpus", options->cpus, "Its processors, such as 1.5")->type_name("N");
    verb->add_option("--pids", options->pids, "How many processes it may have")->type_name("N");
    verb->add_option("--env", options->env, "A variable of everything run in it")
        ->type_name("NAME=VALUE")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    verb->add_option("--mount", options->mounts,
                     "A folder or file of this machine seen inside, to be changed unless :ro")
        ->type_name("HOSTDIR:PATH[:ro|:rw]")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    verb->add_option("--policy", options->policy,
                     "What it may reach: a policy file, - for standard input, or a preset's name")
        ->type_name("FILE");
    // Named by the contract: they parse, and create() says that they are not built.
    verb->add_option("--from", options->from)->group("");
    verb->add_option("--disk", options->disk)->group("");
    verb->add_option("--sleep-after", options->sleepAfter)->group("");
    verb->callback([&choice, options] {
        choice.verb = [options](Session& s) { return create(s, *options); };
    });
}

void addStateVerb(CLI::App& app, Choice& choice, const char* word, const char* what, StateCall call)
{
    auto name = std::make_shared<std::string>();
    CLI::App* verb = app.add_subcommand(word, what);
    verb->add_option("NAME", *name, "Name or id of the sandbox")->required()->type_name("");
    verb->callback([&choice, name, call] {
        choice.verb = [name, call](Session& s) { return changeState(s, *name, call); };
    });
}

} // namespace

void addSandboxVerbs(CLI::App& app, Choice& choice)
{
    addCreate(app, choice);

    app.add_subcommand("ls", "List the sandboxes")->callback([&choice] {
        choice.verb = [](Session& s) { return list(s); };
    });

    auto shown = std::make_shared<std::string>();
    CLI::App* showVerb = app.add_subcommand("show", "Show all of one sandbox");
    showVerb->add_option("NAME", *shown, "Name or id of the sandbox")->required()->type_name("");
    showVerb->callback(
        [&choice, shown] { choice.verb = [shown](Session& s) { return show(s, *shown); }; });

    auto removed = std::make_shared<std::vector<std::string>>();
    CLI::App* removeVerb = app.add_subcommand("rm", "Remove sandboxes, running or not");
    removeVerb->add_option("NAME", *removed, "Names or ids")->required()->type_name("");
    removeVerb->callback([&choice, removed] {
        choice.verb = [removed](Session& s) { return remove(s, *removed); };
    });

    addStateVerb(app, choice, "start", "Start a sandbox", &client::Client::startSandbox);
    addStateVerb(app, choice, "stop", "Stop a sandbox; its files stay",
                 &client::Client::stopSandbox);
}

} // namespace caisson::ctl
