// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/fake_backend.h"
#include "widgets/models/file_names.h"

#include <algorithm>

/// FakeBackend: what happens inside a sandbox, its terminals and files.
namespace caisson::test {

namespace {

Error missing()
{
    return {ErrorCode::NotFound, "no such file or directory", {}};
}

} // namespace

QFuture<Result<api::TerminalList>> FakeBackend::listTerminals(const QString& sandbox)
{
    note(QStringLiteral("listTerminals"), sandbox);
    if (auto error = objection(QStringLiteral("listTerminals"), sandbox, true))
        return answer<api::TerminalList>(std::unexpected(*error));
    api::TerminalList list;
    for (const auto& [id, fake] : at(sandbox).terminals)
        list.terminals.push_back(fake.terminal);
    return answer<api::TerminalList>(list);
}

QFuture<Result<api::Terminal>> FakeBackend::createTerminal(const QString& sandbox,
                                                           const api::CreateTerminal& request)
{
    note(QStringLiteral("createTerminal"), sandbox);
    if (auto error = objection(QStringLiteral("createTerminal"), sandbox, true))
        return answer<api::Terminal>(std::unexpected(*error));
    const QString id = addTerminal(sandbox);
    api::Terminal& terminal = at(sandbox).terminals.at(id).terminal;
    if (!request.argv.empty())
        terminal.argv = request.argv;
    terminal.title = request.title;
    terminal.cols = request.cols;
    terminal.rows = request.rows;
    later([this, sandbox, terminal] { emit terminalChanged(sandbox, terminal); });
    return answer<api::Terminal>(terminal);
}

QFuture<Result<void>> FakeBackend::removeTerminal(const QString& sandbox, const QString& terminal)
{
    note(QStringLiteral("removeTerminal"), sandbox, terminal.toUtf8());
    if (auto error = objection(QStringLiteral("removeTerminal"), sandbox, true))
        return answer<void>(std::unexpected(*error));
    at(sandbox).terminals.erase(terminal);
    later([this, sandbox, terminal] { emit terminalRemoved(sandbox, terminal); });
    return answer<void>({});
}

std::unique_ptr<desk::TerminalLink>
FakeBackend::attachTerminal(const QString& sandbox, const QString& terminal, qint64 since)
{
    auto link = std::make_unique<FakeTerminalLink>(*this, sandbox, terminal, since);
    FakeTerminal& fake = at(sandbox).terminals.at(terminal);
    fake.links.emplace_back(link.get());
    later([attached = QPointer(link.get())] {
        if (attached)
            attached->catchUp();
    });
    return link;
}

QFuture<Result<api::FileList>> FakeBackend::listFolder(const QString& sandbox,
                                                       const QByteArray& path)
{
    note(QStringLiteral("listFolder"), sandbox, path);
    if (auto error = objection(QStringLiteral("listFolder"), sandbox, true))
        return answer<api::FileList>(std::unexpected(*error));
    const FakeSandbox& fake = at(sandbox);
    if (!fake.files.contains(path))
        return answer<api::FileList>(std::unexpected(missing()));
    api::FileList list;
    list.path.bytes = path.toStdString();
    for (const auto& [file, content] : fake.files) {
        if (file != path && parentPath(file) == path)
            list.entries.push_back(entryOf(fake, file));
    }
    return answer<api::FileList>(list);
}

QFuture<Result<api::FileEntry>> FakeBackend::statFile(const QString& sandbox,
                                                      const QByteArray& path)
{
    note(QStringLiteral("statFile"), sandbox, path);
    if (auto error = objection(QStringLiteral("statFile"), sandbox, true))
        return answer<api::FileEntry>(std::unexpected(*error));
    if (!at(sandbox).files.contains(path))
        return answer<api::FileEntry>(std::unexpected(missing()));
    return answer<api::FileEntry>(entryOf(at(sandbox), path));
}

QFuture<Result<desk::FileContent>> FakeBackend::readFile(const QString& sandbox,
                                                         const QByteArray& path, qint64 limit)
{
    note(QStringLiteral("readFile"), sandbox, path);
    if (auto error = objection(QStringLiteral("readFile"), sandbox, true))
        return answer<desk::FileContent>(std::unexpected(*error));
    const FakeSandbox& fake = at(sandbox);
    if (!fake.files.contains(path))
        return answer<desk::FileContent>(std::unexpected(missing()));
    desk::FileContent content{fake.files.at(path).bytes, entryOf(fake, path)};
    if (content.bytes.size() > limit)
        return answer<desk::FileContent>(fail(ErrorCode::TooLarge, "the file is too large"));
    return answer<desk::FileContent>(content);
}

QFuture<Result<api::FileEntry>> FakeBackend::writeFile(const QString& sandbox,
                                                       const QByteArray& path,
                                                       const QByteArray& bytes,
                                                       const QString& ifMatch)
{
    note(QStringLiteral("writeFile"), sandbox, path);
    if (auto error = objection(QStringLiteral("writeFile"), sandbox, true))
        return answer<api::FileEntry>(std::unexpected(*error));
    const FakeSandbox& fake = at(sandbox);
    const bool exists = fake.files.contains(path);
    if (!fake.files.contains(parentPath(path)))
        return answer<api::FileEntry>(std::unexpected(missing()));
    if (ifMatch == QLatin1String("new") && exists)
        return answer<api::FileEntry>(fail(ErrorCode::PreconditionFailed, "it exists"));
    if (!ifMatch.isEmpty() && ifMatch != QLatin1String("new") &&
        (!exists || entryOf(fake, path).etag != ifMatch.toStdString()))
        return answer<api::FileEntry>(fail(ErrorCode::PreconditionFailed, "the file changed"));
    putFile(sandbox, path, bytes);
    return answer<api::FileEntry>(entryOf(fake, path));
}

QFuture<Result<api::FileEntry>> FakeBackend::fileAction(const QString& sandbox,
                                                        const QByteArray& path,
                                                        const api::FileAction& action)
{
    note(QString::fromStdString(action.action), sandbox, path);
    if (auto error = objection(QStringLiteral("fileAction"), sandbox, true))
        return answer<api::FileEntry>(std::unexpected(*error));
    const FakeSandbox& fake = at(sandbox);
    if (action.action == "mkdir") {
        putFolder(sandbox, path);
        return answer<api::FileEntry>(entryOf(fake, path));
    }
    const QByteArray to = QByteArray::fromStdString(action.to.value_or(api::FileName{}).bytes);
    if (!fake.files.contains(path))
        return answer<api::FileEntry>(std::unexpected(missing()));
    if (fake.files.contains(to) && !action.overwrite)
        return answer<api::FileEntry>(fail(ErrorCode::Exists, "there is one of that name"));
    moveFile(sandbox, path, to);
    return answer<api::FileEntry>(entryOf(fake, to));
}

QFuture<Result<void>> FakeBackend::removeFile(const QString& sandbox, const QByteArray& path)
{
    note(QStringLiteral("removeFile"), sandbox, path);
    if (auto error = objection(QStringLiteral("removeFile"), sandbox, true))
        return answer<void>(std::unexpected(*error));
    deleteFile(sandbox, path);
    return answer<void>({});
}

std::unique_ptr<desk::WatchLink> FakeBackend::watch(const QString& sandbox, const QByteArray& path)
{
    note(QStringLiteral("watch"), sandbox, path);
    auto link = std::make_unique<desk::WatchLink>();
    at(sandbox).watches.emplace_back(link.get());
    later([watching = QPointer(link.get())] {
        if (watching)
            emit watching->events({{.type = "watching", .path = {}, .from = {}, .to = {}}});
    });
    return link;
}

// ---- FakeTerminalLink --------------------------------------------------------------------------

FakeTerminalLink::FakeTerminalLink(FakeBackend& backend, QString sandbox, QString terminal,
                                   qint64 since)
    : m_backend(backend)
    , m_sandbox(std::move(sandbox))
    , m_terminal(std::move(terminal))
    , m_next(since)
{
}

FakeTerminal& FakeTerminalLink::record()
{
    return m_backend.at(m_sandbox).terminals.at(m_terminal);
}

void FakeTerminalLink::type(const QByteArray& bytes)
{
    record().typed += bytes;
}

void FakeTerminalLink::resize(int cols, int rows)
{
    record().sizes.append({cols, rows});
}

void FakeTerminalLink::pause()
{
    m_paused = true;
}

void FakeTerminalLink::resume()
{
    m_paused = false;
    catchUp();
}

void FakeTerminalLink::catchUp()
{
    constexpr qsizetype kPiece = 64 * 1024;
    const QPointer<FakeTerminalLink> self(this);
    while (self && !m_paused && m_next < record().journal.size()) {
        const QByteArray piece = record().journal.sliced(m_next).first(
            std::min(kPiece, record().journal.size() - static_cast<qsizetype>(m_next)));
        const qint64 offset = std::exchange(m_next, m_next + piece.size());
        emit bytes(piece, offset);
    }
    if (self && !m_paused && !std::exchange(m_caughtUp, true))
        emit caughtUp();
}

} // namespace caisson::test
