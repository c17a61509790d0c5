// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"

#include <QByteArray>
#include <QHash>
#include <QSet>
#include <QString>
#include <memory>
#include <vector>

namespace caisson {

/// One file of FileTreeModel.
struct FileNode
{
    enum class Load { No, Done, Failed };

    QByteArray name;
    QString text; ///< displayName(name)
    QString key;  ///< naturalKey(text): what it is sorted by
    api::FileType type = api::FileType::File;
    bool leadsToFolder = false; ///< a symlink to one
    bool dangling = false;
    bool draft = false;
    QByteArray linkTarget;
    quint64 reading = 0; ///< the last in which it was seen

    FileNode* parent = nullptr;
    Load load = Load::No;
    bool listing = false;  ///< being read, for the first time or anew
    bool again = false;    ///< what is being read may be old by then: it is read once more
    QSet<QByteArray> told; ///< names that the watch told of while it was being read
    /// Files that turned up by watch and whose kind is being asked for.
    int refining = 0;

    /// All of them, hidden ones too, by their names.
    QHash<QByteArray, FileNode*> byName;
    std::vector<std::unique_ptr<FileNode>> children; ///< sorted
    std::vector<FileNode*> rows;                     ///< those that are shown, sorted

    bool isFolder() const { return type == api::FileType::Directory || leadsToFolder; }
    bool isHidden() const { return name.startsWith('.'); }
    void setName(const QByteArray& bytes);
    /// The kind of file that the other is.
    void setKind(const FileNode& other);
    bool isSameKind(const FileNode& other) const;

    static std::unique_ptr<FileNode> of(const api::FileEntry& entry);
};

/// Folders first, then by name; a draft before all of its kind.
bool isBefore(const FileNode& one, const FileNode& other);

} // namespace caisson
