// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/backend.h"

#include <QHash>
#include <QMap>
#include <QPointer>
#include <QPromise>
#include <QStringList>
#include <functional>
#include <map>
#include <vector>

namespace caisson::test {

class FakeTerminalLink;
class FakeEgressLink;

struct FakeFile
{
    api::FileType type = api::FileType::File;
    QByteArray bytes;
    QByteArray target; ///< of a symlink
    int version = 1;   ///< its etag
};

struct FakeTerminal
{
    api::Terminal terminal;
    QByteArray journal;
    QByteArray typed;
    QList<QPair<int, int>> sizes; ///< as asked for
    std::vector<QPointer<FakeTerminalLink>> links;
};

struct FakeEgress
{
    api::EgressPolicy policy{.generation = 1};
    std::vector<api::Prompt> prompts;
    std::vector<api::EgressEntry> log; ///< the oldest first
    std::vector<QPointer<FakeEgressLink>> links;
};

struct FakeSandbox
{
    api::Sandbox sandbox;
    std::map<QByteArray, FakeFile> files; ///< by absolute path
    std::map<QString, FakeTerminal> terminals;
    std::vector<QPointer<desk::WatchLink>> watches;
    FakeEgress egress;
};

/// A host in memory: sandboxes whose files and terminals a test scripts. Answers come by the event
/// loop, in the order of the calls, as from the real one.
class FakeBackend : public desk::Backend
{
    Q_OBJECT
public:
    using Backend::Backend;

    // ---- what the test does ----

    /// A sandbox that was there before the window. Its id is 12 digits counted up.
    QString addSandbox(const QString& name, api::SandboxState state = api::SandboxState::Running);
    FakeSandbox& at(const QString& id) { return m_sandboxes.at(id); }
    QString idOf(const QString& name) const;
    void setState(const QString& id, api::SandboxState state, const QString& why = {});

    /// As a program inside would: watches tell of it.
    void putFile(const QString& id, const QByteArray& path, const QByteArray& bytes);
    void putFolder(const QString& id, const QByteArray& path);
    void putSymlink(const QString& id, const QByteArray& path, const QByteArray& target);
    void deleteFile(const QString& id, const QByteArray& path);
    void moveFile(const QString& id, const QByteArray& from, const QByteArray& to);
    void tellWatches(const QString& id, const QList<api::WatchEvent>& events);
    QByteArray bytesOf(const QString& id, const QByteArray& path) const;

    /// A terminal that was there before the window.
    QString addTerminal(const QString& id, const QByteArray& journal = {});
    void print(const QString& id, const QString& terminal, const QByteArray& bytes);
    /// What was before that byte is not kept any more.
    void truncate(const QString& id, const QString& terminal, qint64 first);
    void letTerminalWait(const QString& id, const QString& terminal, const Error& why);
    void endTerminal(const QString& id, const QString& terminal, const api::ExitStatus& exit);
    const FakeTerminal& terminalOf(const QString& id, const QString& terminal) const;

    /// As another client would: the window is told.
    void setPolicy(const QString& id, std::vector<api::EgressRule> rules,
                   const std::string& defaultAction = "ask");
    const api::EgressPolicy& policyOf(const QString& id) { return at(id).egress.policy; }
    /// Its id is made where it has none; so is when it came and until when it waits.
    QString addPrompt(const QString& id, api::Prompt prompt);
    void endPrompt(const QString& id, const QString& prompt, const QString& why);
    /// How many wait for it.
    void countPrompt(const QString& id, const QString& prompt, int count);
    /// Its id is the next one.
    void logEntry(const QString& id, api::EgressEntry entry);
    /// The row of the same id is over.
    void endEntry(const QString& id, const api::EgressEntry& entry);
    void addSecret(api::SecretInfo secret);
    std::map<std::string, api::SecretInfo> secrets;
    std::map<std::string, std::string> secretValues;
    bool secretsLocked = false;
    std::vector<api::AnswerPrompt> answers; ///< in order
    QString savedHar;                       ///< the file, the last time
    api::Explanation explanation;           ///< what explainEgress() says

    /// Not empty: the window finds nobody when it connects, for this reason.
    QString whyUnreachable;
    void setLink(desk::LinkState state, const QString& why = {});
    /// The next call of that name, e.g. "writeFile", fails.
    void failNext(const QString& call, ErrorCode code, const QString& message = {},
                  const std::map<std::string, std::string>& detail = {});
    /// Answers wait until release().
    void hold() { m_holding = true; }
    void release();
    /// "startSandbox NAME", "listFolder NAME /workspace", …: one a call, in order.
    const QStringList& calls() const { return m_calls; }
    void forgetCalls() { m_calls.clear(); }
    /// The folder copied in last, and the copy's number; a copy ends when the test says so.
    QString copiedFolder;
    quint64 copy = 0;
    void endCopy(const Result<desk::CopyOutcome>& result) { endCopy(copy, result); }
    void endCopy(quint64 copyId, const Result<desk::CopyOutcome>& result);

    // ---- Backend ----

    void connectToHost() override;
    void retry() override;
    QFuture<Result<api::SandboxList>> listSandboxes() override;
    QFuture<Result<api::Sandbox>> createSandbox(const api::CreateSandbox& request) override;
    QFuture<Result<api::Sandbox>> startSandbox(const QString& id) override;
    QFuture<Result<api::Sandbox>> stopSandbox(const QString& id) override;
    QFuture<Result<api::Sandbox>> renameSandbox(const QString& id, const QString& name) override;
    QFuture<Result<void>> removeSandbox(const QString& id) override;
    QFuture<Result<api::TerminalList>> listTerminals(const QString& sandbox) override;
    QFuture<Result<api::Terminal>> createTerminal(const QString& sandbox,
                                                  const api::CreateTerminal& request) override;
    QFuture<Result<void>> removeTerminal(const QString& sandbox, const QString& terminal) override;
    std::unique_ptr<desk::TerminalLink>
    attachTerminal(const QString& sandbox, const QString& terminal, qint64 since) override;
    QFuture<Result<api::FileList>> listFolder(const QString& sandbox,
                                              const QByteArray& path) override;
    QFuture<Result<api::FileEntry>> statFile(const QString& sandbox,
                                             const QByteArray& path) override;
    QFuture<Result<desk::FileContent>> readFile(const QString& sandbox, const QByteArray& path,
                                                qint64 limit) override;
    QFuture<Result<api::FileEntry>> writeFile(const QString& sandbox, const QByteArray& path,
                                              const QByteArray& bytes,
                                              const QString& ifMatch) override;
    QFuture<Result<api::FileEntry>> fileAction(const QString& sandbox, const QByteArray& path,
                                               const api::FileAction& action) override;
    QFuture<Result<void>> removeFile(const QString& sandbox, const QByteArray& path) override;
    std::unique_ptr<desk::WatchLink> watch(const QString& sandbox, const QByteArray& path) override;
    QFuture<Result<api::EgressPolicy>> egressPolicy(const QString& sandbox) override;
    QFuture<Result<api::EgressPolicy>> putEgressPolicy(const QString& sandbox,
                                                       const api::PutPolicy& request) override;
    QFuture<Result<api::EgressPolicy>> patchEgressPolicy(const QString& sandbox,
                                                         const api::PatchPolicy& request) override;
    QFuture<Result<api::Explanation>> explainEgress(const QString& sandbox,
                                                    const api::ExplainRequest& request) override;
    QFuture<Result<api::PromptList>> listPrompts(const QString& sandbox) override;
    QFuture<Result<api::PromptAnswered>> answerPrompt(const QString& sandbox, const QString& prompt,
                                                      const api::AnswerPrompt& answer) override;
    QFuture<Result<api::EgressLog>> egressLog(const QString& sandbox,
                                              const desk::EgressQuery& query) override;
    std::unique_ptr<desk::EgressLink>
    followEgress(const QString& sandbox, const desk::EgressQuery& query, qint64 after) override;
    QFuture<Result<void>> egressHar(const QString& sandbox, const QString& file) override;
    QFuture<Result<api::SecretList>> listSecrets() override;
    QFuture<Result<api::SecretInfo>> putSecret(const QString& name,
                                               const api::PutSecret& secret) override;
    QFuture<Result<void>> removeSecret(const QString& name) override;
    QFuture<Result<api::SecretList>> unlockSecrets(const QString& passphrase) override;
    QFuture<Result<desk::CopyOutcome>> copyIn(const QString& sandbox, const QString& folder,
                                              quint64 copyId) override;
    void cancelCopy(quint64 copyId) override;

private:
    void later(std::function<void()> what);
    void note(const QString& call, const QString& sandbox, const QByteArray& rest = {});
    /// The failure asked for by failNext(), or what the sandbox's state says against the call.
    std::optional<Error> objection(const QString& call, const QString& sandbox, bool needsRunning);
    Result<api::EgressPolicy> putRules(const QString& id, std::vector<api::EgressRule> rules,
                                       const std::string& defaultAction, std::int64_t generation);
    api::FileEntry entryOf(const FakeSandbox& sandbox, const QByteArray& path) const;

    template<class T>
    QFuture<Result<T>> answer(Result<T> result)
    {
        auto promise = std::make_shared<QPromise<Result<T>>>();
        promise->start();
        later([promise, result = std::move(result)] {
            promise->addResult(result);
            promise->finish();
        });
        return promise->future();
    }

    std::map<QString, FakeSandbox> m_sandboxes;
    QHash<QString, Error> m_failures;
    QStringList m_calls;
    std::vector<std::function<void()>> m_held;
    QHash<quint64, std::shared_ptr<QPromise<Result<desk::CopyOutcome>>>> m_copies;
    bool m_holding = false;
    int m_made = 0;
};

/// The fake's end of a log that is followed.
class FakeEgressLink : public desk::EgressLink
{
    Q_OBJECT
public:
    FakeEgressLink(FakeBackend& backend, QString sandbox, desk::EgressQuery query, qint64 after);
    /// Delivers what was not delivered.
    void catchUp();

private:
    FakeBackend& m_backend;
    QString m_sandbox;
    desk::EgressQuery m_query;
    qint64 m_after;
};

/// The fake's end of a terminal.
class FakeTerminalLink : public desk::TerminalLink
{
    Q_OBJECT
public:
    FakeTerminalLink(FakeBackend& backend, QString sandbox, QString terminal, qint64 since);
    void type(const QByteArray& bytes) override;
    void resize(int cols, int rows) override;
    void pause() override;
    void resume() override;
    /// Delivers what is in the journal and was not delivered.
    void catchUp();

private:
    FakeTerminal& record();

    FakeBackend& m_backend;
    QString m_sandbox;
    QString m_terminal;
    qint64 m_next;
    bool m_paused = false;
    bool m_caughtUp = false;
};

} // namespace caisson::test
