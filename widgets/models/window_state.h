// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QJsonObject>
#include <QList>
#include <QMap>
#include <QString>
#include <QStringList>

namespace caisson {

struct OpenFileState
{
    QByteArray path;
    QJsonObject view; ///< the editor's own: cursor, place, unsaved text
    bool operator==(const OpenFileState&) const = default;
};

/// How a person left one sandbox.
struct SandboxViewState
{
    QList<OpenFileState> files;
    QByteArray activeFile;
    QStringList terminals; ///< in the order of their tabs
    QString activeTerminal;
    QStringList closedTerminals; ///< whose programs may not have been ended yet
    QList<int> splitter;         ///< editors above, terminals below, in pixels
    QList<QByteArray> expandedFolders;
    QByteArray selectedFile; ///< in the tree
    bool hiddenFiles = false;
    bool operator==(const SandboxViewState&) const = default;
};

/// A folder of this machine that was not copied whole when the window went.
struct UnfinishedCopy
{
    QString sandbox; ///< its id
    QString folder;  ///< absolute
    bool operator==(const UnfinishedCopy&) const = default;
};

/// A part of the window that the keyboard can be in.
enum class WindowPart { Terminals, Editors, Files, Sandboxes, Side };

/// What the right column shows.
enum class SideTab { Requests, Rules, Secrets };

/// How a person left the window.
struct WindowState
{
    QByteArray geometry; ///< QWidget::saveGeometry()
    QList<int> columns;  ///< left column, centre and right column, in pixels
    QList<int> panes;    ///< sandboxes and files, in pixels
    QString sandbox;     ///< the one that was shown
    WindowPart focus = WindowPart::Terminals;
    SideTab side = SideTab::Requests;
    bool isSideHidden = false;
    QList<int> requests; ///< table and details, in pixels
    QList<int> rules;    ///< likewise
    QList<UnfinishedCopy> copies;
    QMap<QString, SandboxViewState> sandboxes;
    bool operator==(const WindowState&) const = default;
};

QByteArray toJson(const WindowState& state);

/// Tolerant: what is missing or off keeps its default, since a window that does not open for an old
/// file is worse than one that opens plainly.
WindowState windowStateFromJson(const QByteArray& json);

} // namespace caisson
