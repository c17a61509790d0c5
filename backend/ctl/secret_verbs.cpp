// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/codec.h"
#include "backend/base/process.h"
#include "backend/ctl/hidden_input.h"
#include "backend/ctl/raw_terminal.h"
#include "backend/ctl/report.h"
#include "backend/ctl/verbs.h"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace caisson::ctl {

namespace {

/// The service takes 64 KiB and a newline; one byte more than that lets it say so.
constexpr std::size_t kMostInput = 64 * 1024 + 2;

struct SetOptions
{
    std::string name;
    bool keeps = false;
};

/// A typed value, or what another program writes.
Result<std::string> readValue(const std::string& name)
{
    if (hasTerminal())
        return askHidden("Value of " + printable(name) + ": ");
    Result<std::string> value = readStandardInput(kMostInput);
    if (!value && value.error().code == ErrorCode::TooLarge)
        return fail(ErrorCode::TooLarge, "the value is larger than 64 KiB; give a shorter one");
    return value;
}

/// Asked twice where it makes a new file: nobody could guess what was mistyped.
Result<std::string> askNewPassphrase()
{
    Result<std::string> first = askHidden("New passphrase for the secrets kept on this machine: ");
    if (!first)
        return first;
    Result<std::string> second = askHidden("The same again: ");
    const bool same = second && *first == *second;
    if (second)
        wipe(*second);
    if (same)
        return first;
    wipe(*first);
    if (!second)
        return second;
    return fail(ErrorCode::BadRequest, "the two differ; nothing was changed");
}

/// Whether a passphrase has been used before: then there is a file that it opens.
bool hasFile(const api::SecretList& list)
{
    return list.locked || std::ranges::contains(list.secrets, "file", &api::SecretInfo::lasts);
}

Result<std::string> askPassphrase(const api::SecretList& list)
{
    std::optional<Result<std::string>> named = passphraseFromFile();
    if (const std::string advice = passphraseFileAdvice(); named && !advice.empty())
        complain(advice);
    Result<std::string> passphrase =
        named           ? std::move(*named)
        : hasFile(list) ? askHidden("Passphrase of the secrets kept on this machine: ")
                        : askNewPassphrase();
    if (!passphrase && passphrase.error().code == ErrorCode::Unavailable)
        return fail(ErrorCode::Unavailable,
                    passphrase.error().message +
                        "; without one, name a file with the passphrase in "
                        "CAISSON_PASSPHRASE_FILE before the service starts");
    if (passphrase && passphrase->empty())
        return fail(ErrorCode::BadRequest, "a passphrase is not empty; nothing was changed");
    return passphrase;
}

void sayHowLong(const api::SecretInfo& secret)
{
    if (secret.lasts == "reboot")
        complain(secret.name +
                 " is held in memory and gone when this machine restarts; to keep it longer: "
                 "caissonctl secret set --keep " +
                 secret.name);
    else if (secret.lasts == "file")
        complain(secret.name + " is kept in an encrypted file; its passphrase opens it after this "
                               "machine restarts: caissonctl secret unlock");
}

api::Task<Result<int>> set(Session& session, const SetOptions& options)
{
    forbidCoreDumps();
    api::PutSecret secret;
    std::optional<Error> notAsked;
    if (options.keeps) {
        const Result<api::SecretList> list = co_await session.client.listSecrets();
        if (!list)
            co_return std::unexpected(list.error());
        Result<std::string> passphrase = askPassphrase(*list);
        // Without a terminal the service may know one all the same.
        if (passphrase)
            secret.passphrase = std::move(*passphrase);
        else if (passphrase.error().code == ErrorCode::Unavailable)
            notAsked = std::move(passphrase.error());
        else
            co_return std::unexpected(passphrase.error());
        secret.lasts = "file";
    }
    Result<std::string> value = readValue(options.name);
    if (!value)
        co_return std::unexpected(value.error());
    secret.value = std::move(*value);
    // JSON would carry other bytes as something else.
    if (!api::isUtf8(secret.value))
        co_return fail(ErrorCode::BadRequest,
                       "the value is not UTF-8 text; give it in another form, such as base64");
    const auto made = co_await session.client.putSecret(options.name, secret);
    wipe(secret.value);
    wipe(secret.passphrase);
    if (!made && notAsked && made.error().detail.contains("passphrase"))
        co_return std::unexpected(std::move(*notAsked));
    if (!made)
        co_return std::unexpected(made.error());
    sayHowLong(*made);
    if (session.form == OutputForm::Json)
        co_return printAndFinish(api::toJson(*made) + "\n");
    co_return kExitDone;
}

std::string lastingText(const api::SecretInfo& secret)
{
    const std::string lasts = secret.lasts == "reboot" ? "until reboot" : "in " + secret.lasts;
    return secret.known ? lasts : lasts + ", not at hand";
}

api::Task<Result<int>> list(Session& session)
{
    const Result<api::SecretList> list = co_await session.client.listSecrets();
    if (!list)
        co_return std::unexpected(list.error());
    if (session.form == OutputForm::Json) {
        std::vector<std::string> elements;
        for (const api::SecretInfo& secret : list->secrets)
            elements.push_back(api::toJson(secret));
        co_return printAndFinish(jsonArray(elements) + "\n");
    }
    Table table({"SECRET", "AGE", "KEPT", "LAST USED", "FOR"});
    const WallTime now = std::chrono::system_clock::now();
    for (const api::SecretInfo& secret : list->secrets) {
        const bool isUsed = !secret.uses.empty();
        table.addRow({secret.name, humanAge(secret.created, now), lastingText(secret),
                      isUsed ? humanAge(secret.uses.front().time, now) + " ago" : "never",
                      isUsed ? secret.uses.front().host : ""});
    }
    if (list->locked)
        complain("the encrypted file of secrets is closed; to open it: caissonctl secret unlock");
    co_return printAndFinish(table.text());
}

bool usesSecret(const api::EgressRule& rule, const std::string& name)
{
    if (!rule.inject)
        return false;
    const std::string placeholder = "${secret:" + name + "}";
    return rule.inject->value.contains(placeholder) || rule.inject->user.contains(placeholder) ||
           rule.inject->password.contains(placeholder);
}

/// "; rules still name it: r1 and r2 of demo": what is refused now. Empty: none does. What cannot be looked
/// at is left out: the secret is gone either way.
api::Task<std::string> rulesWithSecret(Session& session, const std::string& name)
{
    std::string rules;
    const auto sandboxes = co_await session.client.listSandboxes();
    if (!sandboxes)
        co_return rules;
    for (const api::Sandbox& sandbox : sandboxes->sandboxes) {
        const Result<api::EgressPolicy> policy = co_await session.client.showPolicy(sandbox.id);
        if (!policy)
            continue;
        for (const api::EgressRule& rule : policy->rules) {
            if (usesSecret(rule, name))
                rules += (rules.empty() ? "" : ", ") + rule.id + " of " + sandbox.name;
        }
    }
    co_return rules;
}

/// Every one is tried; each failure is a line of its own.
api::Task<Result<int>> remove(Session& session, const std::vector<std::string>& names)
{
    int code = kExitDone;
    for (const std::string& name : names) {
        if (const Result<void> removed = co_await session.client.removeSecret(name); !removed) {
            complain(sentenceOf(removed.error()));
            code = exitCodeOf(removed.error());
            continue;
        }
        if (const std::string rules = co_await rulesWithSecret(session, name); !rules.empty())
            complain(name + " is gone, and rules still put it in: " + rules +
                     "; their requests are refused until it is set again");
    }
    co_return code;
}

api::Task<Result<int>> unlock(Session& session)
{
    forbidCoreDumps();
    const Result<api::SecretList> list = co_await session.client.listSecrets();
    if (!list)
        co_return std::unexpected(list.error());
    if (!hasFile(*list))
        co_return fail(ErrorCode::NotFound,
                       "no secrets are kept with a passphrase; caissonctl secret set --keep "
                       "SECRET keeps one so");
    Result<std::string> passphrase = askPassphrase(*list);
    if (!passphrase)
        co_return std::unexpected(passphrase.error());
    const auto opened = co_await session.client.unlockSecrets(*passphrase);
    wipe(*passphrase);
    if (!opened)
        co_return std::unexpected(opened.error());
    co_return kExitDone;
}

} // namespace

void addSecretVerbs(CLI::App& app, Choice& choice)
{
    CLI::App* secret = app.add_subcommand(
        "secret", "Keep keys that policies put into requests, out of every sandbox");
    secret->require_subcommand(1);

    auto options = std::make_shared<SetOptions>();
    CLI::App* setVerb = secret->add_subcommand(
        "set", "Set or replace a secret; its value is read from standard input");
    setVerb->add_option("SECRET", options->name, "Its name; a policy says ${secret:SECRET}")
        ->required()
        ->type_name("");
    setVerb->add_flag("--keep", options->keeps,
                      "In an encrypted file, too: asks for its passphrase");
    setVerb->callback(
        [&choice, options] { choice.verb = [options](Session& s) { return set(s, *options); }; });

    secret->add_subcommand("ls", "List the secrets, without their values")->callback([&choice] {
        choice.verb = [](Session& s) { return list(s); };
    });

    auto names = std::make_shared<std::vector<std::string>>();
    CLI::App* removeVerb = secret->add_subcommand("rm", "Forget secrets");
    removeVerb->add_option("SECRET", *names, "Their names")->required()->type_name("");
    removeVerb->callback(
        [&choice, names] { choice.verb = [names](Session& s) { return remove(s, *names); }; });

    secret
        ->add_subcommand("unlock",
                         "Open the encrypted file after a restart: asks for its passphrase")
        ->callback([&choice] { choice.verb = [](Session& s) { return unlock(s); }; });
}

} // namespace caisson::ctl
