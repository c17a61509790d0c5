// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/fake_backend.h"

#include "widgets/models/file_names.h"

#include <QDateTime>
#include <algorithm>

namespace caisson::test {

namespace {

api::WatchEvent eventOf(const char* type, const QByteArray& path, bool directory)
{
    api::WatchEvent event{.type = type, .path = {}, .from = {}, .to = {}, .directory = directory};
    event.path = api::FileName{path.toStdString()};
    return event;
}

} // namespace

// ---- what the test does ------------------------------------------------------------------------

QString FakeBackend::addSandbox(const QString& name, api::SandboxState state)
{
    FakeSandbox fake;
    fake.sandbox.id = QStringLiteral("%1").arg(++m_made, 12, 10, QLatin1Char('0')).toStdString();
    fake.sandbox.name = name.toStdString();
    fake.sandbox.state = state;
    fake.sandbox.created =
        QDateTime::currentDateTimeUtc().addSecs(m_made).toString(Qt::ISODateWithMs).toStdString();
    fake.sandbox.incarnation = 1;
    fake.files["/workspace"] = {.type = api::FileType::Directory, .bytes = {}, .target = {}};
    const QString id = QString::fromStdString(fake.sandbox.id);
    m_sandboxes[id] = std::move(fake);
    return id;
}

QString FakeBackend::idOf(const QString& name) const
{
    for (const auto& [id, fake] : m_sandboxes) {
        if (fake.sandbox.name == name.toStdString())
            return id;
    }
    return {};
}

void FakeBackend::setState(const QString& id, api::SandboxState state, const QString& why)
{
    FakeSandbox& fake = at(id);
    fake.sandbox.state = state;
    fake.sandbox.why = why.toStdString();
    if (state == api::SandboxState::Running)
        ++fake.sandbox.incarnation;
    else
        fake.terminals.clear();
    later([this, sandbox = fake.sandbox] { emit sandboxChanged(sandbox); });
}

void FakeBackend::putFile(const QString& id, const QByteArray& path, const QByteArray& bytes)
{
    auto& files = at(id).files;
    const auto found = files.find(path);
    const bool isNew = found == files.end();
    const int version = isNew ? 1 : found->second.version + 1;
    files[path] = {.type = api::FileType::File, .bytes = bytes, .target = {}, .version = version};
    tellWatches(id, {eventOf(isNew ? "created" : "modified", path, false)});
}

void FakeBackend::putFolder(const QString& id, const QByteArray& path)
{
    at(id).files[path] = {.type = api::FileType::Directory, .bytes = {}, .target = {}};
    tellWatches(id, {eventOf("created", path, true)});
}

void FakeBackend::putSymlink(const QString& id, const QByteArray& path, const QByteArray& target)
{
    at(id).files[path] = {.type = api::FileType::Symlink, .bytes = {}, .target = target};
    tellWatches(id, {eventOf("created", path, false)});
}

void FakeBackend::deleteFile(const QString& id, const QByteArray& path)
{
    auto& files = at(id).files;
    const bool directory = files.at(path).type == api::FileType::Directory;
    std::erase_if(files, [&](const auto& file) { return isWithin(file.first, path); });
    tellWatches(id, {eventOf("deleted", path, directory)});
}

void FakeBackend::moveFile(const QString& id, const QByteArray& from, const QByteArray& to)
{
    auto& files = at(id).files;
    const bool directory = files.at(from).type == api::FileType::Directory;
    std::map<QByteArray, FakeFile> moved;
    for (const auto& [path, file] : files) {
        if (isWithin(path, from))
            moved[to + path.sliced(from.size())] = file;
    }
    std::erase_if(files, [&](const auto& file) { return isWithin(file.first, from); });
    for (const auto& [path, file] : moved)
        files[path] = file;
    api::WatchEvent event{
        .type = "moved", .path = {}, .from = {}, .to = {}, .directory = directory};
    event.from = api::FileName{from.toStdString()};
    event.to = api::FileName{to.toStdString()};
    tellWatches(id, {event});
}

void FakeBackend::tellWatches(const QString& id, const QList<api::WatchEvent>& events)
{
    for (const QPointer<desk::WatchLink>& link : at(id).watches) {
        later([link, events] {
            if (link)
                emit link->events(events);
        });
    }
}

QByteArray FakeBackend::bytesOf(const QString& id, const QByteArray& path) const
{
    return m_sandboxes.at(id).files.at(path).bytes;
}

QString FakeBackend::addTerminal(const QString& id, const QByteArray& journal)
{
    FakeSandbox& fake = at(id);
    FakeTerminal added;
    added.terminal.id = "t" + std::to_string(fake.sandbox.incarnation) + "-" +
                        std::to_string(fake.terminals.size() + 1);
    added.terminal.argv = {"/bin/bash"};
    added.journal = journal;
    const QString terminal = QString::fromStdString(added.terminal.id);
    fake.terminals[terminal] = std::move(added);
    return terminal;
}

void FakeBackend::print(const QString& id, const QString& terminal, const QByteArray& bytes)
{
    FakeTerminal& fake = at(id).terminals.at(terminal);
    fake.journal += bytes;
    for (const QPointer<FakeTerminalLink>& link : fake.links) {
        later([link] {
            if (link)
                link->catchUp();
        });
    }
}

void FakeBackend::truncate(const QString& id, const QString& terminal, qint64 first)
{
    for (const QPointer<FakeTerminalLink>& link : at(id).terminals.at(terminal).links) {
        later([link, first] {
            if (link)
                emit link->truncated(first);
        });
    }
}

void FakeBackend::letTerminalWait(const QString& id, const QString& terminal, const Error& why)
{
    for (const QPointer<FakeTerminalLink>& link : at(id).terminals.at(terminal).links) {
        later([link, why] {
            if (link)
                emit link->waiting(why);
        });
    }
}

void FakeBackend::endTerminal(const QString& id, const QString& terminal,
                              const api::ExitStatus& exit)
{
    FakeTerminal& fake = at(id).terminals.at(terminal);
    fake.terminal.exit = exit;
    for (const QPointer<FakeTerminalLink>& link : fake.links) {
        later([link, exit] {
            if (link)
                emit link->ended(exit);
        });
    }
}

const FakeTerminal& FakeBackend::terminalOf(const QString& id, const QString& terminal) const
{
    return m_sandboxes.at(id).terminals.at(terminal);
}

void FakeBackend::setLink(desk::LinkState state, const QString& why)
{
    later([this, state, why] {
        emit linkChanged(state, why);
        if (state == desk::LinkState::Connected)
            emit reset();
    });
}

void FakeBackend::failNext(const QString& call, ErrorCode code, const QString& message,
                           const std::map<std::string, std::string>& detail)
{
    m_failures[call] = {code, message.toStdString(), detail};
}

void FakeBackend::release()
{
    m_holding = false;
    for (std::function<void()>& what : std::exchange(m_held, {}))
        later(std::move(what));
}

void FakeBackend::endCopy(quint64 copyId, const Result<desk::CopyOutcome>& result)
{
    if (const auto promise = m_copies.take(copyId))
        later([promise, result] {
            promise->addResult(result);
            promise->finish();
        });
}

// ---- Backend -----------------------------------------------------------------------------------

void FakeBackend::later(std::function<void()> what)
{
    if (m_holding)
        m_held.push_back(std::move(what));
    else
        QMetaObject::invokeMethod(this, std::move(what), Qt::QueuedConnection);
}

void FakeBackend::note(const QString& call, const QString& sandbox, const QByteArray& rest)
{
    const auto found = m_sandboxes.find(sandbox);
    QString line = call;
    if (found != m_sandboxes.end())
        line += QLatin1Char(' ') + QString::fromStdString(found->second.sandbox.name);
    if (!rest.isEmpty())
        line += QLatin1Char(' ') + displayName(rest);
    m_calls += line;
}

std::optional<Error> FakeBackend::objection(const QString& call, const QString& sandbox,
                                            bool needsRunning)
{
    if (const auto found = m_failures.find(call); found != m_failures.end()) {
        const Error error = *found;
        m_failures.erase(found);
        return error;
    }
    if (sandbox.isEmpty())
        return std::nullopt;
    const auto fake = m_sandboxes.find(sandbox);
    if (fake == m_sandboxes.end())
        return Error{ErrorCode::NotFound, "no such sandbox", {}};
    if (needsRunning && fake->second.sandbox.state != api::SandboxState::Running)
        return Error{ErrorCode::NotRunning, "the sandbox is not running", {}};
    return std::nullopt;
}

api::FileEntry FakeBackend::entryOf(const FakeSandbox& sandbox, const QByteArray& path) const
{
    const FakeFile& file = sandbox.files.at(path);
    api::FileEntry entry;
    entry.name.bytes = lastComponent(path).toStdString();
    entry.type = file.type;
    entry.size = file.bytes.size();
    entry.mode = 0644;
    entry.etag = "\"" + std::to_string(file.version) + "\"";
    if (file.type == api::FileType::Symlink) {
        entry.linkTarget = api::FileName{file.target.toStdString()};
        const QByteArray target =
            file.target.startsWith('/') ? file.target : childPath(parentPath(path), file.target);
        if (const auto found = sandbox.files.find(target); found != sandbox.files.end())
            entry.targetType = found->second.type;
    }
    return entry;
}

void FakeBackend::connectToHost()
{
    setLink(whyUnreachable.isEmpty() ? desk::LinkState::Connected : desk::LinkState::Lost,
            whyUnreachable);
}

void FakeBackend::retry()
{
    note(QStringLiteral("retry"), {});
}

QFuture<Result<api::SandboxList>> FakeBackend::listSandboxes()
{
    note(QStringLiteral("listSandboxes"), {});
    if (auto error = objection(QStringLiteral("listSandboxes"), {}, false))
        return answer<api::SandboxList>(std::unexpected(*error));
    api::SandboxList list;
    for (const auto& [id, fake] : m_sandboxes)
        list.sandboxes.push_back(fake.sandbox);
    return answer<api::SandboxList>(list);
}

QFuture<Result<api::Sandbox>> FakeBackend::createSandbox(const api::CreateSandbox& request)
{
    note(QStringLiteral("createSandbox"), {}, QByteArray::fromStdString(request.name));
    if (auto error = objection(QStringLiteral("createSandbox"), {}, false))
        return answer<api::Sandbox>(std::unexpected(*error));
    const QString name = request.name.empty() ? QStringLiteral("amber-otter-42")
                                              : QString::fromStdString(request.name);
    const QString id = addSandbox(name);
    at(id).sandbox.mounts = request.mounts;
    later([this, sandbox = at(id).sandbox] { emit sandboxChanged(sandbox); });
    return answer<api::Sandbox>(at(id).sandbox);
}

QFuture<Result<api::Sandbox>> FakeBackend::startSandbox(const QString& id)
{
    note(QStringLiteral("startSandbox"), id);
    if (auto error = objection(QStringLiteral("startSandbox"), id, false))
        return answer<api::Sandbox>(std::unexpected(*error));
    setState(id, api::SandboxState::Running);
    return answer<api::Sandbox>(at(id).sandbox);
}

QFuture<Result<api::Sandbox>> FakeBackend::stopSandbox(const QString& id)
{
    note(QStringLiteral("stopSandbox"), id);
    if (auto error = objection(QStringLiteral("stopSandbox"), id, false))
        return answer<api::Sandbox>(std::unexpected(*error));
    setState(id, api::SandboxState::Stopped, QStringLiteral("it was told to stop"));
    return answer<api::Sandbox>(at(id).sandbox);
}

QFuture<Result<api::Sandbox>> FakeBackend::renameSandbox(const QString& id, const QString& name)
{
    note(QStringLiteral("renameSandbox"), id, name.toUtf8());
    if (auto error = objection(QStringLiteral("renameSandbox"), id, false))
        return answer<api::Sandbox>(std::unexpected(*error));
    at(id).sandbox.name = name.toStdString();
    later([this, sandbox = at(id).sandbox] { emit sandboxChanged(sandbox); });
    return answer<api::Sandbox>(at(id).sandbox);
}

QFuture<Result<void>> FakeBackend::removeSandbox(const QString& id)
{
    note(QStringLiteral("removeSandbox"), id);
    if (auto error = objection(QStringLiteral("removeSandbox"), id, false))
        return answer<void>(std::unexpected(*error));
    m_sandboxes.erase(id);
    later([this, id] { emit sandboxRemoved(id); });
    return answer<void>({});
}

QFuture<Result<desk::CopyOutcome>> FakeBackend::copyIn(const QString& sandbox,
                                                       const QString& folder, quint64 copyId)
{
    note(QStringLiteral("copyIn"), sandbox, folder.toUtf8());
    copiedFolder = folder;
    copy = copyId;
    auto promise = std::make_shared<QPromise<Result<desk::CopyOutcome>>>();
    promise->start();
    m_copies.insert(copyId, promise);
    return promise->future();
}

void FakeBackend::cancelCopy(quint64 copyId)
{
    note(QStringLiteral("cancelCopy"), {});
    endCopy(copyId, fail(ErrorCode::Cancelled, "stopped"));
}

} // namespace caisson::test
