// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"

#include <QByteArray>
#include <QHash>
#include <QString>
#include <memory>
#include <vector>

namespace caisson {

/// One file of FileTreeModel.
struct FileNode
{
    enum class Load { No, Done, Failed };

    QByteArray name;
    QString text; ///< displayName(name), kept since sorting asks for it often
    api::FileType type = api::FileType::File;
    bool leadsToFolder = false; ///< a symlink to one
    bool dangling = false;
    bool draft = false;
    QByteArray linkTarget;

    FileNode* parent = nullptr;
    Load load = Load::No;
    bool listing = false; ///< being read, for the first time or anew
    /// It changed while it was being read: what comes back may be old, so it is read once more.
    bool again = false;
    /// Files that turned up by watch and whose kind is being asked for.
    int refining = 0;

    /// All of them, hidden ones too, by their names.
    QHash<QByteArray, FileNode*> byName;
    std::vector<std::unique_ptr<FileNode>> children; ///< sorted
    std::vector<FileNode*> rows;                     ///< those that are shown, sorted

    bool isFolder() const { return type == api::FileType::Directory || leadsToFolder; }
    bool isHidden() const { return name.startsWith('.'); }
    void setName(const QByteArray& bytes);
    void setEntry(const api::FileEntry& entry);

    static std::unique_ptr<FileNode> of(const api::FileEntry& entry);
};

/// Folders first, then by name; a draft before all of its kind.
bool isBefore(const FileNode& one, const FileNode& other);

} // namespace caisson
