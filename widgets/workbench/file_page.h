// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/backend.h"
#include "widgets/editor/editor_state.h"

#include <QJsonObject>
#include <QTimer>
#include <QWidget>

class QStackedLayout;

namespace caisson {

class ActivityLine;
class EditorPage;
class EmptyState;
class Syntax;

/// One file of a sandbox in a tab: an editor, and the way between it and the sandbox.
class FilePage : public QWidget
{
    Q_OBJECT
public:
    /// `backend` and `syntax` outlive it.
    FilePage(desk::Backend& backend, QString sandbox, QByteArray path, const Syntax& syntax,
             QWidget* parent = nullptr);

    const QByteArray& path() const { return m_path; }
    /// It was renamed: the same text under another name.
    void setPath(const QByteArray& path);
    EditorPage* editor() const { return m_editor; }
    bool isModified() const;
    bool canSave() const;

    void load();
    void save();
    /// The file may be another now. Asked for in one go with what follows within a moment: programs
    /// that save by renaming take it away first.
    void checkSoon();

    QJsonObject viewState() const;
    void restoreViewState(const QJsonObject& state);

signals:
    void modifiedChanged();
    void statusChanged();
    void saved();
    void closeAsked();
    /// `what` is a sentence.
    void failed(const QString& what, const caisson::Error& error);

private:
    enum class Reading { No, First, Check, Reload };

    void read(Reading reading);
    void received(Reading reading, const Result<desk::FileContent>& result);
    void check();
    void checked(const Result<api::FileEntry>& result);
    void written(const Result<api::FileEntry>& result);
    void showFailure(const Error& error);
    void showUnsavedOfNothing();
    EditorState restored() const;
    void setBusy(bool isBusy);

    desk::Backend& m_backend;
    QString m_sandbox;
    QByteArray m_path;
    EditorPage* m_editor;
    EmptyState* m_failure;
    ActivityLine* m_activity;
    QStackedLayout* m_views;
    QTimer m_patience; ///< until the activity is shown
    QTimer m_checkSoon;
    QJsonObject m_restored; ///< as given, until the editor has its text
    bool m_isLoaded = false;
    bool m_isSaving = false;
    bool m_saveAgain = false;
    bool m_isChecking = false;
    bool m_checkAgain = false;
};

} // namespace caisson
