// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/prompt_actions.h"

#include "widgets/models/request_text.h"
#include "widgets/models/sandbox_model.h"

#include <QLocale>

namespace caisson {

namespace {

constexpr std::chrono::seconds kTogether{2};
constexpr qsizetype kMostNamed = 3;

/// "POST api.example.com/v1/orders", or the URL alone.
QString nameOf(const api::Prompt& prompt)
{
    const QString url = urlParts(prompt).whole();
    return prompt.method.empty() ? url : shownText(prompt.method, 20) + QLatin1Char(' ') + url;
}

QString endSentence(const QString& name, const QString& why)
{
    using Actions = PromptActions;
    if (why == QLatin1String("allowed"))
        return Actions::tr("%1 was allowed meanwhile, by the policy or from elsewhere.").arg(name);
    if (why == QLatin1String("denied"))
        return Actions::tr("%1 was denied meanwhile, by the policy or from elsewhere.").arg(name);
    if (why == QLatin1String("timeout"))
        return Actions::tr("Nobody answered in time: %1 was denied, this once.").arg(name);
    return Actions::tr("Nothing waits for %1 any more.").arg(name);
}

QString endSentence(const QStringList& names, const QString& why)
{
    using Actions = PromptActions;
    QStringList told = names.first(qMin(names.size(), kMostNamed));
    if (names.size() > told.size())
        told += Actions::tr("%1 more").arg(QLocale().toString(names.size() - told.size()));
    const QString count = QLocale().toString(names.size());
    const QString list = QLocale().createSeparatedList(told);
    if (why == QLatin1String("allowed"))
        return Actions::tr(
                   "%1 requests were allowed meanwhile, by the policy or from elsewhere: %2.")
            .arg(count, list);
    if (why == QLatin1String("denied"))
        return Actions::tr(
                   "%1 requests were denied meanwhile, by the policy or from elsewhere: %2.")
            .arg(count, list);
    if (why == QLatin1String("timeout"))
        return Actions::tr("Nobody answered in time: %1 requests were denied, this once: %2.")
            .arg(count, list);
    return Actions::tr("Nothing waits any more for %1 requests: %2.").arg(count, list);
}

} // namespace

PromptActions::PromptActions(desk::Backend& backend, const SandboxModel& sandboxes,
                             PromptModel& model, QObject* parent)
    : QObject(parent)
    , m_backend(backend)
    , m_sandboxes(sandboxes)
    , m_model(model)
{
    m_together.setSingleShot(true);
    m_together.setInterval(kTogether);
    connect(&m_backend, &desk::Backend::promptChanged, this,
            [this](const QString& sandbox, const api::Prompt& prompt) {
                const QString id = QString::fromStdString(prompt.id);
                const bool isNew = m_model.rowOf(sandbox, id) < 0;
                if (isNew && m_mine.contains(keyOf(sandbox, id)))
                    return; // answered; the news of it is on its way
                m_model.put(sandbox, prompt);
                if (isNew)
                    emit arrived(sandbox, id);
            });
    connect(&m_backend, &desk::Backend::promptRemoved, this, &PromptActions::removed);
    connect(&m_backend, &desk::Backend::sandboxRemoved, &m_model, &PromptModel::removeSandbox);
    connect(&m_backend, &desk::Backend::sandboxChanged, this, [this](const api::Sandbox& sandbox) {
        if (sandbox.state != api::SandboxState::Running)
            m_model.removeSandbox(QString::fromStdString(sandbox.id));
    });
}

QString PromptActions::keyOf(const QString& sandbox, const QString& prompt)
{
    return sandbox + QLatin1Char('/') + prompt;
}

void PromptActions::refresh()
{
    m_mine.clear();
    for (int row = 0; row < m_sandboxes.rowCount(); ++row) {
        const api::Sandbox& sandbox = m_sandboxes.at(row);
        const QString id = QString::fromStdString(sandbox.id);
        if (sandbox.state == api::SandboxState::Running)
            read(id);
        else
            m_model.removeSandbox(id);
    }
}

void PromptActions::read(const QString& sandbox)
{
    m_backend.listPrompts(sandbox).then(
        this, [this, sandbox](const Result<api::PromptList>& result) {
            if (!result) {
                // A sandbox that has stopped meanwhile has none, which its own news will tell.
                if (result.error().code != ErrorCode::NotRunning &&
                    result.error().code != ErrorCode::NotFound &&
                    result.error().code != ErrorCode::Unavailable)
                    emit failed(sandbox, tr("Could not read which requests wait."), result.error());
                return;
            }
            QStringList fresh;
            for (const api::Prompt& prompt : result->prompts) {
                const QString id = QString::fromStdString(prompt.id);
                if (m_model.rowOf(sandbox, id) < 0)
                    fresh += id;
            }
            m_model.reset(sandbox, result->prompts);
            for (const QString& id : fresh)
                emit arrived(sandbox, id);
        });
}

void PromptActions::answer(const QString& sandbox, const QString& prompt,
                           const api::AnswerPrompt& answer)
{
    const int row = m_model.rowOf(sandbox, prompt);
    if (row < 0 || m_model.isAnswering(row))
        return;
    m_model.setAnswering(sandbox, prompt, true);
    m_mine.insert(keyOf(sandbox, prompt), {});
    m_backend.answerPrompt(sandbox, prompt, answer)
        .then(this, [this, sandbox, prompt,
                     asked = m_model.at(row)](const Result<api::PromptAnswered>& result) {
            const QString why = m_mine.take(keyOf(sandbox, prompt));
            if (result) {
                m_model.remove(sandbox, prompt);
                emit answered(asked, *result);
                return;
            }
            const ErrorCode code = result.error().code;
            if (code == ErrorCode::Gone || code == ErrorCode::NotFound) {
                m_model.remove(sandbox, prompt);
                emit ended(
                    sandbox,
                    tr("Your answer came too late. %1").arg(endSentence(nameOf(asked), why)));
                return;
            }
            m_model.setAnswering(sandbox, prompt, false);
            emit failed(sandbox, tr("Your answer to %1 was not taken.").arg(nameOf(asked)),
                        result.error());
        });
}

void PromptActions::removed(const QString& sandbox, const QString& prompt, const QString& why)
{
    const int row = m_model.rowOf(sandbox, prompt);
    if (row < 0)
        return;
    const api::Prompt gone = m_model.at(row);
    m_model.remove(sandbox, prompt);
    if (const auto mine = m_mine.find(keyOf(sandbox, prompt)); mine != m_mine.end())
        *mine = why; // whether by this window's answer, the call will say
    else if (gone.count > 0 || why != QLatin1String("gone"))
        tellEnd(sandbox, gone, why);
}

void PromptActions::tellEnd(const QString& sandbox, const api::Prompt& prompt, const QString& why)
{
    if (!m_together.isActive() || m_ended.sandbox != sandbox || m_ended.why != why)
        m_ended = {.sandbox = sandbox, .why = why, .names = {}};
    m_ended.names += nameOf(prompt);
    m_together.start();
    emit ended(sandbox, m_ended.names.size() == 1 ? endSentence(m_ended.names.first(), why)
                                                  : endSentence(m_ended.names, why));
}

} // namespace caisson
