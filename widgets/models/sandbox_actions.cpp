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
    });
    connect(&m_backend, &desk::Backend::copyProgress, this,
            [this](quint64 copy, qint64 done, qint64 total) {
                if (const auto found = m_copies.constFind(copy); found != m_copies.constEnd())
                    emit copying(*found, done, total);
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

void SandboxActions::create(const NewSandbox& wish)
{
    api::CreateSandbox request{.name = wish.name.toStdString()};
    if (wish.content == SandboxContent::MountedFolder)
        request.mounts = {
            {.source = QFile::encodeName(wish.folder).toStdString(), .target = "/workspace"}};
    m_creating = true;
    m_backend.createSandbox(request).then(this, [this, wish](const Result<api::Sandbox>& result) {
        m_creating = false;
        if (!result) {
            emit createFailed(result.error());
            return;
        }
        const QString id = QString::fromStdString(result->id);
        m_model.put(*result);
        emit created(id);
        if (wish.content == SandboxContent::CopiedFolder)
            copyIn(id, wish.folder);
    });
}

void SandboxActions::copyIn(const QString& id, const QString& folder)
{
    const quint64 copy = ++m_lastCopy;
    m_copies.insert(copy, id);
    m_model.setTask(id, SandboxTask::Copying);
    emit copying(id, 0, 0);
    m_backend.copyIn(id, folder, copy)
        .then(this, [this, id, copy, folder](const Result<void>& result) {
            m_copies.remove(copy);
            m_model.setTask(id, SandboxTask::None);
            emit copyEnded(id);
            if (!result && result.error().code != ErrorCode::Cancelled)
                emit failed(tr("Could not copy all of “%1”.").arg(QFileInfo(folder).fileName()),
                            result.error(), {});
        });
}

void SandboxActions::cancelCopy(const QString& id)
{
    m_backend.cancelCopy(m_copies.key(id));
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
        m_model.setTask(id, SandboxTask::None);
        if (result || result.error().code == ErrorCode::NotFound)
            m_model.remove(id);
        else
            emit failed(tr("Could not remove “%1”.").arg(nameOf(id)), result.error(),
                        [this, id] { remove(id); });
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
