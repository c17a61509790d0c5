// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/sandbox_actions.h"

#include <QFileInfo>

namespace caisson {

SandboxActions::SandboxActions(desk::Backend& backend, SandboxModel& model, QObject* parent)
    : QObject(parent)
    , m_backend(backend)
    , m_model(model)
{
    connect(&m_backend, &desk::Backend::reset, this, &SandboxActions::refresh);
    connect(&m_backend, &desk::Backend::sandboxChanged, this, [this](const api::Sandbox& sandbox) {
        // A list that is under way may be older than this.
        m_listAgain = m_listing;
        m_model.put(sandbox);
    });
    connect(&m_backend, &desk::Backend::sandboxRemoved, this, [this](const QString& id) {
        m_listAgain = m_listing;
        m_model.remove(id);
        forgetCopiesOf(id);
    });
    connect(&m_backend, &desk::Backend::copyProgress, this,
            [this](quint64 copy, qint64 done, qint64 total) {
                const auto found = m_copies.find(copy);
                if (found == m_copies.end())
                    return;
                found->filesDone = done;
                found->filesTotal = total;
                emit copying(*found);
            });
    connect(&m_model, &SandboxModel::renameAsked, this, &SandboxActions::rename);
}

void SandboxActions::refresh()
{
    if (m_listing) {
        m_listAgain = true;
        return;
    }
    m_listing = true;
    m_backend.listSandboxes().then(this, [this](Result<api::SandboxList> result) {
        m_listing = false;
        if (!result) {
            // Without a connection the link itself says so, and lists anew when it is back.
            if (result.error().code != ErrorCode::Unavailable)
                emit failed(tr("Could not read the sandboxes."), result.error(),
                            [this] { refresh(); });
            return;
        }
        m_model.reset(std::move(result->sandboxes));
        m_listed = true;
        emit listed();
        if (std::exchange(m_listAgain, false))
            refresh();
    });
}

quint64 SandboxActions::create(const NewSandbox& wish)
{
    api::CreateSandbox request{.name = wish.name.toStdString()};
    if (wish.content == SandboxContent::MountedFolder)
        request.mounts = {
            {.source = QFile::encodeName(wish.folder).toStdString(), .target = "/workspace"}};
    const quint64 creation = ++m_lastNumber;
    m_backend.createSandbox(request).then(
        this, [this, wish, creation](const Result<api::Sandbox>& result) {
            if (result)
                made(wish, creation, *result);
            else if (!m_abandoned.remove(creation))
                emit createFailed(result.error(), creation);
        });
    return creation;
}

void SandboxActions::made(const NewSandbox& wish, quint64 creation, const api::Sandbox& sandbox)
{
    const QString id = QString::fromStdString(sandbox.id);
    m_model.put(sandbox);
    if (m_abandoned.remove(creation)) {
        emit abandoned(QString::fromStdString(sandbox.name));
        remove(id);
        return;
    }
    emit created(id, creation);
    if (wish.content == SandboxContent::CopiedFolder)
        copyIn(id, wish.folder);
}

void SandboxActions::abandon(quint64 creation)
{
    m_abandoned.insert(creation);
}

FolderCopying SandboxActions::newCopy(const QString& id, const QString& folder)
{
    return {.copy = ++m_lastNumber,
            .sandbox = id,
            .sandboxName = nameOf(id),
            .folder = QFileInfo(folder).fileName(),
            .path = folder};
}

QList<UnfinishedCopy> SandboxActions::unfinishedCopies() const
{
    QList<UnfinishedCopy> unfinished;
    for (const auto* copies : {&m_interrupted, &m_copies}) {
        for (const FolderCopying& copying : *copies)
            unfinished += UnfinishedCopy{.sandbox = copying.sandbox, .folder = copying.path};
    }
    return unfinished;
}

void SandboxActions::restoreCopies(const QList<UnfinishedCopy>& copies)
{
    for (const UnfinishedCopy& left : copies) {
        if (!m_model.find(left.sandbox))
            continue;
        const FolderCopying copying = newCopy(left.sandbox, left.folder);
        m_interrupted.insert(copying.copy, copying);
        emit interrupted(copying);
    }
}

void SandboxActions::copyAgain(quint64 copy)
{
    const FolderCopying copying = m_interrupted.take(copy);
    if (m_model.find(copying.sandbox))
        copyIn(copying.sandbox, copying.path);
    else
        emit copiesChanged();
}

void SandboxActions::forgetCopy(quint64 copy)
{
    if (m_interrupted.remove(copy))
        emit copiesChanged();
}

void SandboxActions::forgetCopiesOf(const QString& sandbox)
{
    const QList<FolderCopying> all = m_interrupted.values();
    for (const FolderCopying& copying : all) {
        if (copying.sandbox != sandbox)
            continue;
        emit interruptionOver(copying.copy);
        forgetCopy(copying.copy);
    }
}

void SandboxActions::copyIn(const QString& id, const QString& folder)
{
    const FolderCopying begun = newCopy(id, folder);
    const quint64 copy = begun.copy;
    m_copies.insert(copy, begun);
    m_model.setTask(id, SandboxTask::Copying);
    emit copying(begun);
    emit copiesChanged();
    m_backend.copyIn(id, folder, copy)
        .then(this, [this, id, copy](const Result<desk::CopyOutcome>& result) {
            m_model.setTask(id, SandboxTask::None);
            const FolderCopying ended = m_copies.take(copy);
            if (result)
                emit copied(ended, *result);
            else
                emit copyFailed(ended, result.error());
            emit copiesChanged();
        });
}

void SandboxActions::start(const QString& id)
{
    m_model.setTask(id, SandboxTask::Starting);
    m_backend.startSandbox(id).then(this, [this, id](const Result<api::Sandbox>& result) {
        changed(id, result, tr("Could not start “%1”.").arg(nameOf(id)), [this, id] { start(id); });
        if (result)
            emit started(id);
    });
}

void SandboxActions::stop(const QString& id)
{
    m_model.setTask(id, SandboxTask::Stopping);
    m_backend.stopSandbox(id).then(this, [this, id](const Result<api::Sandbox>& result) {
        changed(id, result, tr("Could not stop “%1”.").arg(nameOf(id)), [this, id] { stop(id); });
    });
}

void SandboxActions::rename(const QString& id, const QString& name)
{
    m_model.setTask(id, SandboxTask::Renaming);
    m_backend.renameSandbox(id, name).then(this, [this, id](const Result<api::Sandbox>& result) {
        changed(id, result, tr("Could not rename “%1”.").arg(nameOf(id)), {});
    });
}

void SandboxActions::remove(const QString& id)
{
    m_model.setTask(id, SandboxTask::Removing);
    m_backend.removeSandbox(id).then(this, [this, id](const Result<void>& result) {
        if (result || result.error().code == ErrorCode::NotFound) {
            m_model.remove(id);
            forgetCopiesOf(id);
        } else {
            m_model.setTask(id, SandboxTask::None);
            emit failed(tr("Could not remove “%1”.").arg(nameOf(id)), result.error(),
                        [this, id] { remove(id); });
        }
    });
}

void SandboxActions::changed(const QString& id, const Result<api::Sandbox>& result,
                             const QString& what, const std::function<void()>& again)
{
    m_model.setTask(id, SandboxTask::None);
    if (result)
        m_model.put(*result);
    else
        emit failed(what, result.error(), again);
}

QString SandboxActions::nameOf(const QString& id) const
{
    const api::Sandbox* sandbox = m_model.find(id);
    return sandbox ? QString::fromStdString(sandbox->name) : id;
}

} // namespace caisson
