// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/desk/local_backend.h"

#include "backend/client/client.h"
#include "backend/desk/batch_timer.h"
#include "backend/desk/egress_follower.h"
#include "backend/desk/event_follower.h"
#include "backend/desk/folder_copy.h"
#include "backend/desk/har_file.h"
#include "backend/desk/io_thread.h"
#include "backend/desk/mailbox.h"
#include "backend/desk/terminal_stream.h"
#include "backend/desk/watch_follower.h"

#include <QFile>
#include <map>

namespace caisson::desk {

namespace {

struct CopyNews
{
    quint64 copy = 0;
    qint64 done = 0;
    qint64 total = 0;
};

api::Task<Result<FileContent>> readWhole(std::shared_ptr<client::Client> client,
                                         std::string sandbox, std::string path, qint64 limit)
{
    Result<client::FileDownload> download = co_await client->openFile(sandbox, path);
    if (!download)
        co_return std::unexpected(download.error());
    if (download->size() > limit)
        co_return fail(ErrorCode::TooLarge, "The file is too large.");
    Result<std::string> bytes = co_await download->readAll(static_cast<std::size_t>(limit));
    if (!bytes)
        co_return std::unexpected(bytes.error());
    FileContent content;
    content.bytes = QByteArray::fromStdString(*bytes);
    content.entry.name.bytes = path.substr(path.find_last_of('/') + 1);
    content.entry.size = static_cast<std::int64_t>(bytes->size());
    content.entry.etag = download->etag();
    co_return content;
}

api::Task<Result<api::FileEntry>> writeWhole(std::shared_ptr<client::Client> client,
                                             std::string sandbox, std::string path,
                                             QByteArray bytes, client::PutCondition condition)
{
    Result<client::FileUpload> upload =
        co_await client->putFile(sandbox, path, std::move(condition));
    if (!upload)
        co_return std::unexpected(upload.error());
    // A refusal midway is said by finish(), with its reason.
    (void)co_await upload->write({bytes.constData(), static_cast<std::size_t>(bytes.size())});
    co_return co_await upload->finish();
}

client::LogFilter filterOf(const EgressQuery& query)
{
    client::LogFilter filter;
    filter.before = query.before;
    filter.limit = query.limit;
    filter.text = query.text.toStdString();
    filter.verdict = query.verdict.toStdString();
    return filter;
}

} // namespace

/// What the backend thread left for this object, and the copies it works on.
struct LocalBackend::Inbox
{
    Inbox(LocalBackend* owner)
        : newsBatch([owner] { owner->deliverNews(); })
        , progressBatch([owner] { owner->deliverProgress(); })
        , news(std::make_shared<Mailbox<ServiceNews>>(owner, [this] { newsBatch.ask(); }))
        , progress(std::make_shared<Mailbox<CopyNews>>(owner, [this] { progressBatch.ask(); }))
    {
    }
    ~Inbox()
    {
        news->close();
        progress->close();
    }

    BatchTimer newsBatch;
    BatchTimer progressBatch;
    std::shared_ptr<Mailbox<ServiceNews>> news;
    std::shared_ptr<Mailbox<CopyNews>> progress;
    std::shared_ptr<EventFollower> follower;
    std::map<quint64, std::weak_ptr<FolderCopy>> copies;
};

LocalBackend::LocalBackend(const api::Paths& paths, QObject* parent)
    : Backend(parent)
    , m_thread(std::make_shared<IoThread>())
    , m_client(std::make_shared<client::Client>(
          std::make_shared<client::LocalTransport>(m_thread->executor(), paths)))
    , m_inbox(std::make_unique<Inbox>(this))
{
}

// Only memory that has run out throws here, and that ends the program anyway.
// NOLINTNEXTLINE(bugprone-exception-escape)
LocalBackend::~LocalBackend()
{
    if (m_inbox->follower)
        m_thread->post([follower = m_inbox->follower] { follower->close(); });
    m_inbox.reset();
    // Calls under way use the client until the thread has ended.
    m_thread.reset();
}

void LocalBackend::connectToHost()
{
    m_inbox->follower =
        std::make_shared<EventFollower>(m_thread->executor(), m_client, m_inbox->news);
    api::spawnDetached(m_thread->executor(), EventFollower::run(m_inbox->follower),
                       "following the service's events");
}

void LocalBackend::retry()
{
    if (m_inbox->follower)
        m_thread->post([follower = m_inbox->follower] { follower->retry(); });
}

void LocalBackend::deliverNews()
{
    for (const ServiceNews& news : m_inbox->news->takeAll()) {
        if (const auto* link = std::get_if<LinkNews>(&news)) {
            emit linkChanged(link->state, QString::fromStdString(link->why));
            if (link->state == LinkState::Connected)
                emit reset();
            continue;
        }
        deliver(std::get<api::Event>(news));
    }
}

void LocalBackend::deliver(const api::Event& event)
{
    const QString sandbox = QString::fromStdString(event.sandbox);
    if (event.type == "reset")
        emit reset();
    else if (event.type == "secrets.changed")
        emit secretsChanged();
    else if (event.type == "policy.changed")
        emit policyChanged(sandbox, event.generation.value_or(0));
    else if (event.type == "prompt.removed" && event.prompt)
        emit promptRemoved(sandbox, QString::fromStdString(event.prompt->id),
                           QString::fromStdString(event.why.value_or("")));
    else if (event.prompt)
        emit promptChanged(sandbox, *event.prompt);
    else if (event.type == "sandbox.removed")
        emit sandboxRemoved(sandbox);
    else if (event.type == "terminal.removed" && event.terminal)
        emit terminalRemoved(sandbox, QString::fromStdString(event.terminal->id));
    else if (event.terminal)
        emit terminalChanged(sandbox, *event.terminal);
    else if (event.state)
        emit sandboxChanged(*event.state);
}

void LocalBackend::deliverProgress()
{
    std::map<quint64, CopyNews> latest;
    for (const CopyNews& news : m_inbox->progress->takeAll())
        latest[news.copy] = news;
    for (const auto& [copy, news] : latest)
        emit copyProgress(copy, news.done, news.total);
}

QFuture<Result<api::SandboxList>> LocalBackend::listSandboxes()
{
    return m_thread->call(m_client->listSandboxes());
}

QFuture<Result<api::Sandbox>> LocalBackend::createSandbox(const api::CreateSandbox& request)
{
    return m_thread->call(m_client->createSandbox(request));
}

QFuture<Result<api::Sandbox>> LocalBackend::startSandbox(const QString& id)
{
    return m_thread->call(m_client->startSandbox(id.toStdString()));
}

QFuture<Result<api::Sandbox>> LocalBackend::stopSandbox(const QString& id)
{
    return m_thread->call(m_client->stopSandbox(id.toStdString()));
}

QFuture<Result<api::Sandbox>> LocalBackend::renameSandbox(const QString& id, const QString& name)
{
    return m_thread->call(
        m_client->patchSandbox(id.toStdString(), {.name = name.toStdString(), .labels = {}}));
}

QFuture<Result<void>> LocalBackend::removeSandbox(const QString& id)
{
    return m_thread->call(m_client->removeSandbox(id.toStdString()));
}

QFuture<Result<api::TerminalList>> LocalBackend::listTerminals(const QString& sandbox)
{
    return m_thread->call(m_client->listTerminals(sandbox.toStdString()));
}

QFuture<Result<api::Terminal>> LocalBackend::createTerminal(const QString& sandbox,
                                                            const api::CreateTerminal& request)
{
    return m_thread->call(m_client->createTerminal(sandbox.toStdString(), request));
}

QFuture<Result<void>> LocalBackend::removeTerminal(const QString& sandbox, const QString& terminal)
{
    return m_thread->call(m_client->removeTerminal(sandbox.toStdString(), terminal.toStdString()));
}

std::unique_ptr<TerminalLink> LocalBackend::attachTerminal(const QString& sandbox,
                                                           const QString& terminal, qint64 since)
{
    return std::make_unique<TerminalStream>(m_thread, m_client, sandbox, terminal, since);
}

QFuture<Result<api::FileList>> LocalBackend::listFolder(const QString& sandbox,
                                                        const QByteArray& path)
{
    return m_thread->call(m_client->listFolder(sandbox.toStdString(), path.toStdString()));
}

QFuture<Result<api::FileEntry>> LocalBackend::statFile(const QString& sandbox,
                                                       const QByteArray& path)
{
    return m_thread->call(m_client->lstatFile(sandbox.toStdString(), path.toStdString()));
}

QFuture<Result<FileContent>> LocalBackend::readFile(const QString& sandbox, const QByteArray& path,
                                                    qint64 limit)
{
    return m_thread->call(readWhole(m_client, sandbox.toStdString(), path.toStdString(), limit));
}

QFuture<Result<api::FileEntry>> LocalBackend::writeFile(const QString& sandbox,
                                                        const QByteArray& path,
                                                        const QByteArray& bytes,
                                                        const QString& ifMatch)
{
    client::PutCondition condition;
    if (ifMatch == QLatin1String("new"))
        condition.mustBeNew = true;
    else
        condition.ifMatch = ifMatch.toStdString();
    return m_thread->call(writeWhole(m_client, sandbox.toStdString(), path.toStdString(), bytes,
                                     std::move(condition)));
}

QFuture<Result<api::FileEntry>> LocalBackend::fileAction(const QString& sandbox,
                                                         const QByteArray& path,
                                                         const api::FileAction& action)
{
    return m_thread->call(m_client->fileAction(sandbox.toStdString(), path.toStdString(), action));
}

QFuture<Result<void>> LocalBackend::removeFile(const QString& sandbox, const QByteArray& path)
{
    return m_thread->call(m_client->removeFile(sandbox.toStdString(), path.toStdString(), true));
}

std::unique_ptr<WatchLink> LocalBackend::watch(const QString& sandbox, const QByteArray& path)
{
    return std::make_unique<WatchFollower>(m_thread, m_client, sandbox, path);
}

QFuture<Result<api::EgressPolicy>> LocalBackend::egressPolicy(const QString& sandbox)
{
    return m_thread->call(m_client->showPolicy(sandbox.toStdString()));
}

QFuture<Result<api::EgressPolicy>> LocalBackend::putEgressPolicy(const QString& sandbox,
                                                                 const api::PutPolicy& request)
{
    return m_thread->call(m_client->putPolicy(sandbox.toStdString(), request));
}

QFuture<Result<api::EgressPolicy>> LocalBackend::patchEgressPolicy(const QString& sandbox,
                                                                   const api::PatchPolicy& request)
{
    return m_thread->call(m_client->patchPolicy(sandbox.toStdString(), request));
}

QFuture<Result<api::Explanation>> LocalBackend::explainEgress(const QString& sandbox,
                                                              const api::ExplainRequest& request)
{
    return m_thread->call(m_client->explainEgress(sandbox.toStdString(), request));
}

QFuture<Result<api::PromptList>> LocalBackend::listPrompts(const QString& sandbox)
{
    return m_thread->call(m_client->listPrompts(sandbox.toStdString()));
}

QFuture<Result<api::PromptAnswered>> LocalBackend::answerPrompt(const QString& sandbox,
                                                                const QString& prompt,
                                                                const api::AnswerPrompt& answer)
{
    return m_thread->call(
        m_client->answerPrompt(sandbox.toStdString(), prompt.toStdString(), answer));
}

QFuture<Result<api::EgressLog>> LocalBackend::egressLog(const QString& sandbox,
                                                        const EgressQuery& query)
{
    return m_thread->call(m_client->egressLog(sandbox.toStdString(), filterOf(query)));
}

std::unique_ptr<EgressLink> LocalBackend::followEgress(const QString& sandbox,
                                                       const EgressQuery& query, qint64 after)
{
    client::LogFilter filter = filterOf(query);
    filter.before = 0;
    filter.after = after;
    return std::make_unique<EgressFollower>(m_thread, m_client, sandbox, std::move(filter));
}

QFuture<Result<void>> LocalBackend::egressHar(const QString& sandbox, const QString& file)
{
    return m_thread->call(saveHar(m_client, sandbox.toStdString(), file));
}

QFuture<Result<api::SecretList>> LocalBackend::listSecrets()
{
    return m_thread->call(m_client->listSecrets());
}

QFuture<Result<api::SecretInfo>> LocalBackend::putSecret(const QString& name,
                                                         const api::PutSecret& secret)
{
    return m_thread->call(m_client->putSecret(name.toStdString(), secret));
}

QFuture<Result<void>> LocalBackend::removeSecret(const QString& name)
{
    return m_thread->call(m_client->removeSecret(name.toStdString()));
}

QFuture<Result<api::SecretList>> LocalBackend::unlockSecrets(const QString& passphrase)
{
    return m_thread->call(m_client->unlockSecrets(passphrase.toStdString()));
}

QFuture<Result<CopyOutcome>> LocalBackend::copyIn(const QString& sandbox, const QString& folder,
                                                  quint64 copy)
{
    const auto work = std::make_shared<FolderCopy>(
        m_client, sandbox.toStdString(), QFile::encodeName(folder).toStdString(),
        [progress = m_inbox->progress, copy](qint64 done, qint64 total) {
            progress->put({copy, done, total});
        });
    std::erase_if(m_inbox->copies, [](const auto& other) { return other.second.expired(); });
    m_inbox->copies[copy] = work;
    return m_thread->call(FolderCopy::run(work));
}

void LocalBackend::cancelCopy(quint64 copy)
{
    const auto found = m_inbox->copies.find(copy);
    if (found == m_inbox->copies.end())
        return;
    if (const std::shared_ptr<FolderCopy> work = found->second.lock())
        m_thread->post([work] { work->cancel(); });
}

} // namespace caisson::desk
