// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/file_node.h"

#include "widgets/models/file_names.h"

namespace caisson {

void FileNode::setName(const QByteArray& bytes)
{
    name = bytes;
    text = displayName(bytes);
}

void FileNode::setEntry(const api::FileEntry& entry)
{
    type = entry.type;
    const bool isLink = entry.type == api::FileType::Symlink;
    leadsToFolder = isLink && entry.targetType == api::FileType::Directory;
    dangling = isLink && !entry.targetType;
    linkTarget =
        entry.linkTarget ? QByteArray::fromStdString(entry.linkTarget->bytes) : QByteArray();
}

std::unique_ptr<FileNode> FileNode::of(const api::FileEntry& entry)
{
    auto node = std::make_unique<FileNode>();
    node->setName(QByteArray::fromStdString(entry.name.bytes));
    node->setEntry(entry);
    return node;
}

bool isBefore(const FileNode& one, const FileNode& other)
{
    if (one.isFolder() != other.isFolder())
        return one.isFolder();
    if (one.draft != other.draft)
        return one.draft;
    if (naturalLess(one.text, other.text))
        return true;
    if (naturalLess(other.text, one.text))
        return false;
    return one.name < other.name;
}

} // namespace caisson
