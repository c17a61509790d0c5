// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/backend.h"
#include "widgets/models/reason.h"
#include "widgets/models/window_state.h"
#include "widgets/workbench/window_services.h"

#include <QWidget>

class QStackedWidget;

namespace caisson {

class EmptyState;
class FilePage;
class TabBar;

/// The open files of one sandbox, in tabs.
class EditorArea : public QWidget
{
    Q_OBJECT
public:
    /// The services outlive it.
    EditorArea(const WindowServices& services, QString sandbox, QWidget* parent = nullptr);

    /// Opens it, or shows the tab it is open in.
    void open(const QByteArray& path);
    void save();
    void closeCurrent();
    void showNext(int step);
    /// False where nothing takes the focus: no file is open, and none can be made.
    bool focusCurrent();
    /// Whether the sandbox runs, and a new file can be made.
    void setRunning(bool isRunning);

    FilePage* current() const;
    int count() const;

    /// Of a watch: what is open may have changed.
    void applyEvents(const QList<api::WatchEvent>& events);
    /// A file or a folder has another name.
    void follow(const QByteArray& from, const QByteArray& to);
    /// The sandbox runs (again): what could not be read, or has changed meanwhile, is looked at.
    void checkAll();
    /// Keeps what is not saved now instead of in a moment.
    void keepDrafts();

    QList<OpenFileState> files() const;
    QByteArray activePath() const;
    /// Opens them, and what else there are drafts of.
    void restore(const QList<OpenFileState>& files, const QByteArray& active);

signals:
    void newFileAsked();
    /// To show a file in a terminal that is too large for an editor.
    void terminalAsked(const QByteArray& path);
    void saving(const QByteArray& path);
    /// The sandbox, so that a file can be read.
    void startAsked();
    /// Of the current file: its language, position, or whether there is one.
    void statusChanged();
    void changed(); ///< something that files() tells
    void failed(const caisson::Failure& failure);
    void settled(const QString& what); ///< of a failure before

private:
    FilePage* add(const QByteArray& path);
    FilePage* at(int index) const;
    int indexOf(const QByteArray& path) const;
    void close(int index);
    void remove(FilePage* page);
    void followMove(const QByteArray& from, const QByteArray& to);
    void takePath(FilePage* page, const QByteArray& path);
    void updateTabs();
    void showCurrent();

    WindowServices m_services;
    QString m_sandbox;
    TabBar* m_tabs;
    QStackedWidget* m_pages;
    EmptyState* m_empty;
};

} // namespace caisson
