// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/file_node.h"

#include "widgets/models/file_names.h"

namespace caisson {

void FileNode::setName(const QByteArray& bytes)
{
    name = bytes;
    text = displayName(bytes);
    key = naturalKey(text);
}

void FileNode::setKind(const FileNode& other)
{
    type = other.type;
    leadsToFolder = other.leadsToFolder;
    dangling = other.dangling;
    linkTarget = other.linkTarget;
}

bool FileNode::isSameKind(const FileNode& other) const
{
    return type == other.type && leadsToFolder == other.leadsToFolder &&
           dangling == other.dangling && linkTarget == other.linkTarget;
}

std::unique_ptr<FileNode> FileNode::of(const api::FileEntry& entry)
{
    auto node = std::make_unique<FileNode>();
    node->setName(QByteArray::fromStdString(entry.name.bytes));
    node->type = entry.type;
    const bool isLink = entry.type == api::FileType::Symlink;
    node->leadsToFolder = isLink && entry.targetType == api::FileType::Directory;
    node->dangling = isLink && !entry.targetType;
    if (entry.linkTarget)
        node->linkTarget = QByteArray::fromStdString(entry.linkTarget->bytes);
    return node;
}

bool isBefore(const FileNode& one, const FileNode& other)
{
    if (one.isFolder() != other.isFolder())
        return one.isFolder();
    if (one.draft != other.draft)
        return one.draft;
    if (const int order = one.key.compare(other.key))
        return order < 0;
    return one.name < other.name;
}

} // namespace caisson
