// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/backend.h"
#include "widgets/models/sandbox_model.h"
#include "widgets/models/window_state.h"

#include <QHash>
#include <QObject>
#include <QSet>
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

/// A folder on its way into a sandbox.
struct FolderCopying
{
    quint64 copy = 0;
    QString sandbox; ///< its id
    QString sandboxName;
    QString folder; ///< its name, without where it is
    QString path;   ///< where it is, with its name
    qint64 filesDone = 0;
    qint64 filesTotal = 0; ///< 0: not known yet
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
    /// Returns the creation's number.
    quint64 create(const NewSandbox& wish);
    /// What comes of it is removed as soon as it is there.
    void abandon(quint64 creation);
    void start(const QString& id);
    void stop(const QString& id);
    void rename(const QString& id, const QString& name);
    void remove(const QString& id);
    void cancelCopy(quint64 copy) { m_backend.cancelCopy(copy); }

    bool isCopying() const { return !m_copies.isEmpty(); }
    /// Those under way, and those that a window before left and nobody has decided about.
    QList<UnfinishedCopy> unfinishedCopies() const;
    /// What a window before left: told by interrupted(), where the sandbox is still there.
    void restoreCopies(const QList<UnfinishedCopy>& copies);
    /// Of an interrupted one: from its beginning, over what is there of it.
    void copyAgain(quint64 copy);
    void forgetCopy(quint64 copy);

    /// Whether the sandboxes were read at least once.
    bool isListed() const { return m_listed; }

signals:
    void listed();
    /// The sandbox is there and runs; its folder may still be on its way in.
    void created(const QString& id, quint64 creation);
    void createFailed(const caisson::Error& error, quint64 creation);
    /// It was abandoned, and came to be all the same; it is being removed.
    void abandoned(const QString& name);
    void started(const QString& id);
    void copying(const caisson::FolderCopying& copying);
    void copied(const caisson::FolderCopying& copying, const caisson::desk::CopyOutcome& outcome);
    /// The window went while it was under way.
    void interrupted(const caisson::FolderCopying& copying);
    /// It went with its sandbox: nothing of it can be copied again.
    void interruptionOver(quint64 copy);
    void copiesChanged(); ///< what unfinishedCopies() tells
    /// Or was stopped: Cancelled.
    void copyFailed(const caisson::FolderCopying& copying, const caisson::Error& error);
    /// `what` is a sentence: "Could not start “bench”." `again` tries it once more; it is empty
    /// where that makes no sense.
    void failed(const QString& what, const caisson::Error& error,
                const std::function<void()>& again);

private:
    QString nameOf(const QString& id) const;
    void made(const NewSandbox& wish, quint64 creation, const api::Sandbox& sandbox);
    void forgetCopiesOf(const QString& sandbox);
    FolderCopying newCopy(const QString& id, const QString& folder);
    void copyIn(const QString& id, const QString& folder);
    void changed(const QString& id, const Result<api::Sandbox>& result, const QString& what,
                 const std::function<void()>& again);

    desk::Backend& m_backend;
    SandboxModel& m_model;
    QHash<quint64, FolderCopying> m_copies;      ///< under way
    QHash<quint64, FolderCopying> m_interrupted; ///< by the end of a window before
    QSet<quint64> m_abandoned;                   ///< creations
    quint64 m_lastNumber = 0;                    ///< of a creation or a copy
    bool m_listed = false;
    bool m_listing = false;
    bool m_listAgain = false;
};

} // namespace caisson
