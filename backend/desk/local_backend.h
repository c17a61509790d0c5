// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/backend.h"

#include <memory>

namespace caisson::client {
class Client;
}

namespace caisson::api {
struct Paths;
}

namespace caisson::desk {

class IoThread;

/// The backend of one host, on a thread of its own. Its terminals and watches may outlive it.
class LocalBackend : public Backend
{
    Q_OBJECT
public:
    /// This machine's caissond at `paths`, started when it is not there.
    explicit LocalBackend(const api::Paths& paths, QObject* parent = nullptr);
    ~LocalBackend() override;

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
    std::unique_ptr<TerminalLink> attachTerminal(const QString& sandbox, const QString& terminal,
                                                 qint64 since) override;

    QFuture<Result<api::FileList>> listFolder(const QString& sandbox,
                                              const QByteArray& path) override;
    QFuture<Result<api::FileEntry>> statFile(const QString& sandbox,
                                             const QByteArray& path) override;
    QFuture<Result<FileContent>> readFile(const QString& sandbox, const QByteArray& path,
                                          qint64 limit) override;
    QFuture<Result<api::FileEntry>> writeFile(const QString& sandbox, const QByteArray& path,
                                              const QByteArray& bytes,
                                              const QString& ifMatch) override;
    QFuture<Result<api::FileEntry>> fileAction(const QString& sandbox, const QByteArray& path,
                                               const api::FileAction& action) override;
    QFuture<Result<void>> removeFile(const QString& sandbox, const QByteArray& path) override;
    std::unique_ptr<WatchLink> watch(const QString& sandbox, const QByteArray& path) override;

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
                                              const EgressQuery& query) override;
    std::unique_ptr<EgressLink> followEgress(const QString& sandbox, const EgressQuery& query,
                                             qint64 after) override;
    QFuture<Result<void>> egressHar(const QString& sandbox, const QString& file) override;

    QFuture<Result<api::SecretList>> listSecrets() override;
    QFuture<Result<api::SecretInfo>> putSecret(const QString& name,
                                               const api::PutSecret& secret) override;
    QFuture<Result<void>> removeSecret(const QString& name) override;
    QFuture<Result<api::SecretList>> unlockSecrets(const QString& passphrase) override;

    QFuture<Result<CopyOutcome>> copyIn(const QString& sandbox, const QString& folder,
                                        quint64 copy) override;
    void cancelCopy(quint64 copy) override;

private:
    struct Inbox;
    void deliverNews();
    void deliver(const api::Event& event);
    void deliverProgress();

    std::shared_ptr<IoThread> m_thread;
    std::shared_ptr<client::Client> m_client;
    std::unique_ptr<Inbox> m_inbox;
};

} // namespace caisson::desk
