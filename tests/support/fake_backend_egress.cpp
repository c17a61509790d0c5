// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/fake_backend.h"

#include <QDateTime>
#include <algorithm>
#include <ranges>

/// FakeBackend: what a sandbox may reach, what waits, and what happened.
namespace caisson::test {

namespace {

std::string fromNow(int seconds)
{
    return QDateTime::currentDateTimeUtc()
        .addSecs(seconds)
        .toString(Qt::ISODateWithMs)
        .toStdString();
}

bool fits(const api::EgressEntry& entry, const desk::EgressQuery& query)
{
    if (!query.verdict.isEmpty() && entry.verdict != query.verdict.toStdString())
        return false;
    const std::string text = entry.host + ' ' + entry.path + ' ' + entry.method + ' ' +
                             entry.process.exe + ' ' + entry.why + ' ' +
                             std::to_string(entry.status);
    return std::ranges::all_of(
        query.text.split(QLatin1Char(' '), Qt::SkipEmptyParts), [&](const QString& word) {
            return QString::fromStdString(text).contains(word, Qt::CaseInsensitive);
        });
}

} // namespace

void FakeBackend::setPolicy(const QString& id, std::vector<api::EgressRule> rules,
                            const std::string& defaultAction)
{
    (void)putRules(id, std::move(rules), defaultAction, 0);
}

Result<api::EgressPolicy> FakeBackend::putRules(const QString& id,
                                                std::vector<api::EgressRule> rules,
                                                const std::string& defaultAction,
                                                std::int64_t generation)
{
    api::EgressPolicy& policy = at(id).egress.policy;
    if (generation != 0 && generation != policy.generation)
        return fail(ErrorCode::PreconditionFailed, "the rules were changed meanwhile");
    policy.rules = std::move(rules);
    if (!defaultAction.empty())
        policy.defaultAction = defaultAction;
    ++policy.generation;
    policy.toml = "default = \"" + policy.defaultAction + "\"\n";
    later([this, id, now = policy.generation] { emit policyChanged(id, now); });
    return policy;
}

QString FakeBackend::addPrompt(const QString& id, api::Prompt prompt)
{
    std::vector<api::Prompt>& prompts = at(id).egress.prompts;
    if (prompt.id.empty())
        prompt.id = "p" + std::to_string(++m_made);
    if (prompt.since.empty())
        prompt.since = fromNow(0);
    if (prompt.deadline.empty())
        prompt.deadline = fromNow(120);
    prompts.push_back(prompt);
    later([this, id, prompt] { emit promptChanged(id, prompt); });
    return QString::fromStdString(prompt.id);
}

void FakeBackend::endPrompt(const QString& id, const QString& prompt, const QString& why)
{
    std::erase_if(at(id).egress.prompts,
                  [&](const api::Prompt& other) { return other.id == prompt.toStdString(); });
    later([this, id, prompt, why] { emit promptRemoved(id, prompt, why); });
}

void FakeBackend::countPrompt(const QString& id, const QString& prompt, int count)
{
    for (api::Prompt& other : at(id).egress.prompts) {
        if (other.id != prompt.toStdString())
            continue;
        other.count = count;
        later([this, id, changed = other] { emit promptChanged(id, changed); });
    }
}

void FakeBackend::logEntry(const QString& id, api::EgressEntry entry)
{
    FakeEgress& egress = at(id).egress;
    entry.id = static_cast<std::int64_t>(egress.log.size()) + 1;
    if (entry.time.empty())
        entry.time = fromNow(0);
    egress.log.push_back(std::move(entry));
    for (const QPointer<FakeEgressLink>& link : egress.links) {
        later([link] {
            if (link)
                link->catchUp();
        });
    }
}

void FakeBackend::endEntry(const QString& id, const api::EgressEntry& entry)
{
    FakeEgress& egress = at(id).egress;
    egress.log.at(static_cast<std::size_t>(entry.id) - 1) = entry;
    for (const QPointer<FakeEgressLink>& link : egress.links) {
        later([link, entry] {
            if (link)
                emit link->entries({entry});
        });
    }
}

void FakeBackend::addSecret(api::SecretInfo secret)
{
    secrets[secret.name] = secret;
    later([this] { emit secretsChanged(); });
}

// ---- Backend -----------------------------------------------------------------------------------

QFuture<Result<api::EgressPolicy>> FakeBackend::egressPolicy(const QString& sandbox)
{
    note(QStringLiteral("egressPolicy"), sandbox);
    if (auto error = objection(QStringLiteral("egressPolicy"), sandbox, false))
        return answer<api::EgressPolicy>(std::unexpected(*error));
    return answer<api::EgressPolicy>(at(sandbox).egress.policy);
}

QFuture<Result<api::EgressPolicy>> FakeBackend::putEgressPolicy(const QString& sandbox,
                                                                const api::PutPolicy& request)
{
    note(QStringLiteral("putEgressPolicy"), sandbox);
    if (auto error = objection(QStringLiteral("putEgressPolicy"), sandbox, false))
        return answer<api::EgressPolicy>(std::unexpected(*error));
    return answer<api::EgressPolicy>(
        putRules(sandbox, request.rules, request.defaultAction, request.generation));
}

QFuture<Result<api::EgressPolicy>> FakeBackend::patchEgressPolicy(const QString& sandbox,
                                                                  const api::PatchPolicy& request)
{
    note(QStringLiteral("patchEgressPolicy"), sandbox);
    if (auto error = objection(QStringLiteral("patchEgressPolicy"), sandbox, false))
        return answer<api::EgressPolicy>(std::unexpected(*error));
    std::vector<api::EgressRule> rules = at(sandbox).egress.policy.rules;
    std::erase_if(rules, [&](const api::EgressRule& rule) {
        return std::ranges::contains(request.remove, rule.id);
    });
    for (const api::EgressRule& changed : request.update) {
        for (api::EgressRule& rule : rules) {
            if (rule.id == changed.id)
                rule = changed;
        }
    }
    const auto before = std::ranges::find(rules, request.before, &api::EgressRule::id);
    rules.insert(before == rules.end() ? rules.begin() : before, request.add.begin(),
                 request.add.end());
    return answer<api::EgressPolicy>(
        putRules(sandbox, rules, request.defaultAction, request.generation));
}

QFuture<Result<api::Explanation>> FakeBackend::explainEgress(const QString& sandbox,
                                                             const api::ExplainRequest& request)
{
    note(QStringLiteral("explainEgress"), sandbox,
         QByteArray::fromStdString(request.method + ' ' + request.url));
    if (auto error = objection(QStringLiteral("explainEgress"), sandbox, false))
        return answer<api::Explanation>(std::unexpected(*error));
    return answer<api::Explanation>(explanation);
}

QFuture<Result<api::PromptList>> FakeBackend::listPrompts(const QString& sandbox)
{
    note(QStringLiteral("listPrompts"), sandbox);
    if (auto error = objection(QStringLiteral("listPrompts"), sandbox, true))
        return answer<api::PromptList>(std::unexpected(*error));
    return answer<api::PromptList>(api::PromptList{.prompts = at(sandbox).egress.prompts});
}

QFuture<Result<api::PromptAnswered>> FakeBackend::answerPrompt(const QString& sandbox,
                                                               const QString& prompt,
                                                               const api::AnswerPrompt& given)
{
    note(QStringLiteral("answerPrompt"), sandbox,
         prompt.toUtf8() + ' ' +
             QByteArray::fromStdString(given.verdict + ' ' + given.scope + ' ' + given.duration));
    if (auto error = objection(QStringLiteral("answerPrompt"), sandbox, true))
        return answer<api::PromptAnswered>(std::unexpected(*error));
    const std::vector<api::Prompt> prompts = at(sandbox).egress.prompts;
    const auto found = std::ranges::find(prompts, prompt.toStdString(), &api::Prompt::id);
    if (found == prompts.end() || found->count == 0)
        return answer<api::PromptAnswered>(fail(ErrorCode::Gone, "the prompt is over"));
    answers.push_back(given);
    endPrompt(sandbox, prompt,
              given.verdict == "allow" ? QStringLiteral("allowed") : QStringLiteral("denied"));
    api::PromptAnswered outcome{.verdict = given.verdict, .count = found->count};
    if (given.duration != "once") {
        std::vector<api::EgressRule> rules = at(sandbox).egress.policy.rules;
        api::EgressRule rule;
        rule.id = "a" + std::to_string(answers.size());
        rule.host = found->host;
        rule.action = given.verdict;
        rules.insert(rules.begin(), rule);
        outcome.rule = rule.id;
        (void)putRules(sandbox, rules, {}, 0);
    }
    return answer<api::PromptAnswered>(outcome);
}

QFuture<Result<api::EgressLog>> FakeBackend::egressLog(const QString& sandbox,
                                                       const desk::EgressQuery& query)
{
    note(QStringLiteral("egressLog"), sandbox,
         query.before > 0 ? QByteArray::number(query.before) : QByteArray());
    if (auto error = objection(QStringLiteral("egressLog"), sandbox, false))
        return answer<api::EgressLog>(std::unexpected(*error));
    api::EgressLog page;
    for (const api::EgressEntry& entry : at(sandbox).egress.log | std::views::reverse) {
        if (!fits(entry, query))
            continue;
        ++page.total;
        if (query.before > 0 && entry.id >= query.before)
            continue;
        if (static_cast<qint64>(page.entries.size()) < query.limit)
            page.entries.push_back(entry);
        else if (page.next == 0)
            page.next = page.entries.back().id;
    }
    return answer<api::EgressLog>(page);
}

std::unique_ptr<desk::EgressLink>
FakeBackend::followEgress(const QString& sandbox, const desk::EgressQuery& query, qint64 after)
{
    note(QStringLiteral("followEgress"), sandbox, QByteArray::number(after));
    auto link = std::make_unique<FakeEgressLink>(*this, sandbox, query, after);
    at(sandbox).egress.links.emplace_back(link.get());
    QPointer<FakeEgressLink> guard(link.get());
    later([guard] {
        if (guard)
            guard->catchUp();
    });
    return link;
}

QFuture<Result<void>> FakeBackend::egressHar(const QString& sandbox, const QString& file)
{
    note(QStringLiteral("egressHar"), sandbox);
    if (auto error = objection(QStringLiteral("egressHar"), sandbox, false))
        return answer<void>(std::unexpected(*error));
    savedHar = file;
    return answer<void>({});
}

QFuture<Result<api::SecretList>> FakeBackend::listSecrets()
{
    note(QStringLiteral("listSecrets"), {});
    if (auto error = objection(QStringLiteral("listSecrets"), {}, false))
        return answer<api::SecretList>(std::unexpected(*error));
    api::SecretList list;
    for (const auto& [name, secret] : secrets)
        list.secrets.push_back(secret);
    list.locked = secretsLocked;
    return answer<api::SecretList>(list);
}

QFuture<Result<api::SecretInfo>> FakeBackend::putSecret(const QString& name,
                                                        const api::PutSecret& secret)
{
    note(QStringLiteral("putSecret"), {}, name.toUtf8());
    if (auto error = objection(QStringLiteral("putSecret"), {}, false))
        return answer<api::SecretInfo>(std::unexpected(*error));
    api::SecretInfo& kept = secrets[name.toStdString()];
    kept.name = name.toStdString();
    kept.lasts = secret.lasts.empty() ? "reboot" : secret.lasts;
    kept.known = true;
    secretValues[kept.name] = secret.value;
    later([this] { emit secretsChanged(); });
    return answer<api::SecretInfo>(kept);
}

QFuture<Result<void>> FakeBackend::removeSecret(const QString& name)
{
    note(QStringLiteral("removeSecret"), {}, name.toUtf8());
    if (auto error = objection(QStringLiteral("removeSecret"), {}, false))
        return answer<void>(std::unexpected(*error));
    if (secrets.erase(name.toStdString()) == 0)
        return answer<void>(fail(ErrorCode::NotFound, "no such secret"));
    secretValues.erase(name.toStdString());
    later([this] { emit secretsChanged(); });
    return answer<void>({});
}

QFuture<Result<api::SecretList>> FakeBackend::unlockSecrets(const QString&)
{
    note(QStringLiteral("unlockSecrets"), {});
    if (auto error = objection(QStringLiteral("unlockSecrets"), {}, false))
        return answer<api::SecretList>(std::unexpected(*error));
    secretsLocked = false;
    return listSecrets();
}

// ---- the log -----------------------------------------------------------------------------------

FakeEgressLink::FakeEgressLink(FakeBackend& backend, QString sandbox, desk::EgressQuery query,
                               qint64 after)
    : m_backend(backend)
    , m_sandbox(std::move(sandbox))
    , m_query(std::move(query))
    , m_after(after)
{
}

void FakeEgressLink::catchUp()
{
    QList<api::EgressEntry> fresh;
    const std::vector<api::EgressEntry>& log = m_backend.at(m_sandbox).egress.log;
    for (; m_after < static_cast<qint64>(log.size()); ++m_after) { // ids count from 1
        if (fits(log[m_after], m_query))
            fresh += log[m_after];
    }
    if (!fresh.isEmpty())
        emit entries(fresh);
}

} // namespace caisson::test
