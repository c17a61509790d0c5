// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/backend.h"
#include "widgets/editor/editor_state.h"
#include "widgets/models/draft_store.h"
#include "widgets/models/reason.h"
#include "widgets/workbench/window_services.h"

#include <QJsonObject>
#include <QTimer>
#include <QWidget>

class QStackedLayout;

namespace caisson {

class ActivityLine;
class EditorPage;
class EmptyState;

/// One file of a sandbox in a tab: an editor, and the way between it and the sandbox.
class FilePage : public QWidget
{
    Q_OBJECT
public:
    /// The services outlive it.
    FilePage(const WindowServices& services, QString sandbox, QByteArray path,
             QWidget* parent = nullptr);

    const QByteArray& path() const { return m_path; }
    /// It was renamed: the same text under another name.
    void setPath(const QByteArray& path);
    /// Where it is, as far as is known: a program may have moved it a moment ago.
    const QByteArray& probablePath() const { return m_movedTo.isEmpty() ? m_path : m_movedTo; }
    /// A program has moved it. Programs also move a file away to write a new one in its place, so
    /// this is looked at first; moved() is emitted when nothing has taken its place.
    void followSoon(const QByteArray& path);
    EditorPage* editor() const { return m_editor; }
    bool isModified() const;
    bool canSave() const;
    /// The sentence that failed() begins with where saving failed, and settled() takes back.
    QString notSaved() const;
    /// Whether its text is on the screen, and not why it is not.
    bool showsFile() const;

    void load();
    void save();
    /// Asks to be closed when it is saved.
    void saveAndClose();
    /// The file may be another now. Asked for in one go with what follows within a moment: programs
    /// that save by renaming take it away first.
    void checkSoon();

    /// What is not saved is kept for a restart within a moment of each change; this does it now.
    void keepDraft();
    /// What is not saved is given up.
    void dropDraft();

    QJsonObject viewState() const;
    void restoreViewState(const QJsonObject& state);

signals:
    void modifiedChanged();
    void statusChanged();
    void saving(); ///< it is on its way to the sandbox
    void moved(const QByteArray& path);
    void startAsked(); ///< of its sandbox
    void closeAsked();
    /// It is too large to be read whole: a program in a terminal can page through it.
    void terminalAsked();
    void failed(const caisson::Failure& failure);
    void settled(const QString& what); ///< of a failure before

private:
    enum class Reading { No, First, Check, Reload };

    void read(Reading reading);
    void received(Reading reading, const Result<desk::FileContent>& result);
    void check();
    void checked(const Result<api::FileEntry>& result);
    void endCheck();
    void written(const Result<api::FileEntry>& result);
    void saveFailed(const Error& error);
    void makeFolderAndSave();
    void showFailure(const Error& error);
    void showWhyNot(const Error& error);
    void showSentence(const QString& sentence);
    void showView(QWidget* view, QWidget* focus);
    void showUnsavedOfNothing();
    void onLoaded();
    void onModifiedChanged();
    void keepDraftSoon();
    void writeDraft();
    void show(const QByteArray& bytes, const QString& etag);
    void write(const QByteArray& bytes, const QString& ifMatch);

    desk::Backend& m_backend;
    DraftStore& m_drafts;
    QString m_sandbox;
    QByteArray m_path;
    QByteArray m_movedTo; ///< where it probably is; empty: not moved
    EditorPage* m_editor;
    EmptyState* m_failure;
    EmptyState* m_tooLarge;
    ActivityLine* m_activity;
    QStackedLayout* m_views;
    QTimer m_checkSoon;
    QTimer m_draftSoon;
    QJsonObject m_restored;       ///< as given, until the editor has its text
    std::optional<Draft> m_draft; ///< as read, until the editor has its text
    bool m_needsStart = false;    ///< it cannot be read before its sandbox runs
    bool m_isGone = false;        ///< there is no file, only what was typed
    bool m_isLoaded = false;
    bool m_isSaving = false;
    bool m_saveAgain = false;
    bool m_closesWhenSaved = false;
    bool m_isChecking = false;
    bool m_checkAgain = false;
};

} // namespace caisson
