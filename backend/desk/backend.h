// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"
#include "backend/base/error.h"
#include "backend/desk/copy_outcome.h"

#include <QByteArray>
#include <QFuture>
#include <QList>
#include <QObject>
#include <memory>

namespace caisson::desk {

enum class LinkState { Connecting, Connected, Lost };

/// One terminal of a sandbox, followed from an offset. Goes on by itself after a lost connection,
/// from the next byte. Lives on the GUI thread; deleting it ends it.
class TerminalLink : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;
    virtual void type(const QByteArray& bytes) = 0;
    virtual void resize(int cols, int rows) = 0;
    /// No more bytes are fetched until resume(): for a view that is behind.
    virtual void pause() = 0;
    virtual void resume() = 0;

signals:
    /// `offset`: of the first byte. What came since the last signal, at most 64 KiB each; between
    /// two the event loop has its turn.
    void bytes(const QByteArray& bytes, qint64 offset);
    /// All that was in the journal when the link was made has been delivered.
    void caughtUp();
    /// The program waits, and why: what it writes cannot be kept. Over with the next bytes.
    void waiting(const caisson::Error& why);
    /// Bytes before `first` are no longer in the journal.
    void truncated(qint64 first);
    void ended(const caisson::api::ExitStatus& exit);
    void stateChanged(caisson::desk::LinkState state);
    /// Given up, e.g. the terminal is of an earlier incarnation.
    void failed(const caisson::Error& error);
};

/// Changes below a folder. Lives on the GUI thread; deleting it ends it.
class WatchLink : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;

signals:
    /// A frame's worth; "watching" when it begins (and begins anew after a lost connection, when
    /// whoever shows the folder reads it again), "overflow" when some were lost.
    void events(const QList<caisson::api::WatchEvent>& events);
    void failed(const caisson::Error& error);
};

/// Which rows of a sandbox's log; the filter is the service's.
struct EgressQuery
{
    /// Words, each of which is, without case, in host, path, query, method, why, command line, the
    /// executable or a parent's, or the status itself.
    QString text;
    QString verdict;    ///< allow | deny | tunnel; empty: all
    qint64 before = 0;  ///< rows with a smaller id; 0: from the newest
    qint64 limit = 100; ///< at most 1,000
    bool operator==(const EgressQuery&) const = default;
};

/// New rows of a sandbox's log as they are written, from an id on; one with the flag "open" comes once
/// more, with the same id, when it is over. Goes on by itself after a lost connection, with the next
/// row. Lives on the GUI thread; deleting it ends it.
class EgressLink : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;

signals:
    /// A frame's worth, in the order in which they were written.
    void entries(const QList<caisson::api::EgressEntry>& entries);
    void failed(const caisson::Error& error);
};

struct FileContent
{
    QByteArray bytes;
    api::FileEntry entry;
};

/// What the window knows of one host's caissond. Calls never wait: each returns a future that is
/// fulfilled on the backend thread; take it with `.then(context, …)`, once. Signals arrive on the
/// GUI thread.
class Backend : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;

    virtual QFuture<Result<api::SandboxList>> listSandboxes() = 0;
    virtual QFuture<Result<api::Sandbox>> createSandbox(const api::CreateSandbox& request) = 0;
    virtual QFuture<Result<api::Sandbox>> startSandbox(const QString& id) = 0;
    virtual QFuture<Result<api::Sandbox>> stopSandbox(const QString& id) = 0;
    virtual QFuture<Result<api::Sandbox>> renameSandbox(const QString& id, const QString& name) = 0;
    virtual QFuture<Result<void>> removeSandbox(const QString& id) = 0;

    virtual QFuture<Result<api::TerminalList>> listTerminals(const QString& sandbox) = 0;
    virtual QFuture<Result<api::Terminal>> createTerminal(const QString& sandbox,
                                                          const api::CreateTerminal& request) = 0;
    virtual QFuture<Result<void>> removeTerminal(const QString& sandbox,
                                                 const QString& terminal) = 0;
    virtual std::unique_ptr<TerminalLink> attachTerminal(const QString& sandbox,
                                                         const QString& terminal, qint64 since) = 0;

    virtual QFuture<Result<api::FileList>> listFolder(const QString& sandbox,
                                                      const QByteArray& path) = 0;
    /// Of a symlink, its own entry.
    virtual QFuture<Result<api::FileEntry>> statFile(const QString& sandbox,
                                                     const QByteArray& path) = 0;
    /// TooLarge over `limit` bytes.
    virtual QFuture<Result<FileContent>> readFile(const QString& sandbox, const QByteArray& path,
                                                  qint64 limit) = 0;
    /// `ifMatch`: an etag, "" for any, "new" when it must not exist yet.
    virtual QFuture<Result<api::FileEntry>> writeFile(const QString& sandbox,
                                                      const QByteArray& path,
                                                      const QByteArray& bytes,
                                                      const QString& ifMatch) = 0;
    virtual QFuture<Result<api::FileEntry>>
    fileAction(const QString& sandbox, const QByteArray& path, const api::FileAction& action) = 0;
    virtual QFuture<Result<void>> removeFile(const QString& sandbox, const QByteArray& path) = 0;
    virtual std::unique_ptr<WatchLink> watch(const QString& sandbox, const QByteArray& path) = 0;

    /// Copies what is in a folder of this machine into /workspace, file by file, and goes on after
    /// what cannot be read. Progress arrives through copyProgress with `copy`; cancelCopy() ends it
    /// with Cancelled.
    virtual QFuture<Result<CopyOutcome>> copyIn(const QString& sandbox, const QString& folder,
                                                quint64 copy) = 0;
    virtual void cancelCopy(quint64 copy) = 0;

    virtual QFuture<Result<api::EgressPolicy>> egressPolicy(const QString& sandbox) = 0;
    virtual QFuture<Result<api::EgressPolicy>> putEgressPolicy(const QString& sandbox,
                                                               const api::PutPolicy& request) = 0;
    virtual QFuture<Result<api::EgressPolicy>>
    patchEgressPolicy(const QString& sandbox, const api::PatchPolicy& request) = 0;
    virtual QFuture<Result<api::Explanation>> explainEgress(const QString& sandbox,
                                                            const api::ExplainRequest& request) = 0;
    virtual QFuture<Result<api::PromptList>> listPrompts(const QString& sandbox) = 0;
    /// Gone when somebody else was first, or nobody waits for it any more.
    virtual QFuture<Result<api::PromptAnswered>> answerPrompt(const QString& sandbox,
                                                              const QString& prompt,
                                                              const api::AnswerPrompt& answer) = 0;
    virtual QFuture<Result<api::EgressLog>> egressLog(const QString& sandbox,
                                                      const EgressQuery& query) = 0;
    /// Rows that fit the query's text and verdict: those with an id over `after`, and those that were
    /// over since.
    virtual std::unique_ptr<EgressLink> followEgress(const QString& sandbox,
                                                     const EgressQuery& query, qint64 after) = 0;
    /// The whole log as HAR 1.2, written to a file of this machine, which nobody else may read.
    /// Cancelled or failed, the file is as it was.
    virtual QFuture<Result<void>> egressHar(const QString& sandbox, const QString& file) = 0;

    virtual QFuture<Result<api::SecretList>> listSecrets() = 0;
    /// The value is sent and not kept here; see SecretKeeper for what lasts.
    virtual QFuture<Result<api::SecretInfo>> putSecret(const QString& name,
                                                       const api::PutSecret& secret) = 0;
    virtual QFuture<Result<void>> removeSecret(const QString& name) = 0;
    virtual QFuture<Result<api::SecretList>> unlockSecrets(const QString& passphrase) = 0;

    /// Begins: signals arrive from here on. Once.
    virtual void connectToHost() = 0;
    /// While the link is lost: tries again now instead of at the end of its pause.
    virtual void retry() = 0;

signals:
    void linkChanged(caisson::desk::LinkState state, const QString& why);
    void sandboxChanged(const caisson::api::Sandbox& sandbox);
    void sandboxRemoved(const QString& id);
    /// Events were lost, or the connection is new: read everything again.
    void reset();
    void terminalChanged(const QString& sandbox, const caisson::api::Terminal& terminal);
    void terminalRemoved(const QString& sandbox, const QString& terminal);
    /// A request waits for the person, or how many do has changed.
    void promptChanged(const QString& sandbox, const caisson::api::Prompt& prompt);
    /// `why`: allowed, denied, timeout, or gone (nobody waits any more).
    void promptRemoved(const QString& sandbox, const QString& prompt, const QString& why);
    void policyChanged(const QString& sandbox, qint64 generation);
    void secretsChanged();
    void copyProgress(quint64 copy, qint64 filesDone, qint64 filesTotal);
};

} // namespace caisson::desk
