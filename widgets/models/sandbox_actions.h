// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/backend.h"
#include "widgets/models/sandbox_model.h"

#include <QHash>
#include <QObject>
#include <functional>

namespace caisson {

/// What a new sandbox begins with.
enum class SandboxContent { Empty, CopiedFolder, MountedFolder };

struct NewSandbox
{
    QString name; ///< empty: one is made up
    SandboxContent content = SandboxContent::Empty;
    QString folder; ///< of this machine, absolute
};

/// What a person does to sandboxes, and the model kept true meanwhile: the model shows what is
/// under way, and failures come out as sentences. On the GUI thread.
class SandboxActions : public QObject
{
    Q_OBJECT
public:
    /// Both outlive it.
    SandboxActions(desk::Backend& backend, SandboxModel& model, QObject* parent = nullptr);

    void refresh();
    void create(const NewSandbox& wish);
    void start(const QString& id);
    void stop(const QString& id);
    void rename(const QString& id, const QString& name);
    void remove(const QString& id);
    void cancelCopy(const QString& id);

    /// Whether the sandboxes were read at least once.
    bool isListed() const { return m_listed; }
    bool isCreating() const { return m_creating; }

signals:
    void listed();
    /// The sandbox is there and runs; its folder may still be on its way in.
    void created(const QString& id);
    void createFailed(const caisson::Error& error);
    void started(const QString& id);
    void copying(const QString& id, qint64 filesDone, qint64 filesTotal);
    void copyEnded(const QString& id);
    /// `what` is a sentence: "Could not start “bench”." `again` tries it once more; it is empty where
    /// that makes no sense.
    void failed(const QString& what, const caisson::Error& error,
                const std::function<void()>& again);

private:
    QString nameOf(const QString& id) const;
    void copyIn(const QString& id, const QString& folder);
    void changed(const QString& id, const Result<api::Sandbox>& result, const QString& what,
                 const std::function<void()>& again);

    desk::Backend& m_backend;
    SandboxModel& m_model;
    QHash<quint64, QString> m_copies; ///< sandbox of a copy
    quint64 m_lastCopy = 0;
    bool m_listed = false;
    bool m_listing = false;
    bool m_listAgain = false;
    bool m_creating = false;
};

} // namespace caisson
