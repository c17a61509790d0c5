// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/file_names.h"
#include "widgets/models/file_node.h"
#include "widgets/models/file_tree_model.h"

#include <algorithm>
#include <iterator>

/// How FileTreeModel follows the sandbox: readings of folders, and what the watch reports.
namespace caisson {

namespace {

/// A view lays its rows out anew for each that goes where its current one is: 0.2 ms with 20,000.
constexpr qsizetype kMany = 50;

/// When more files than this turn up in one folder at once, the folder is read instead of each.
constexpr int kMaxRefining = 32;

const auto kPointersInOrder = [](const auto& one, const auto& other) {
    return isBefore(*one, *other);
};

} // namespace

// ---- reading folders ---------------------------------------------------------------------------

void FileTreeModel::list(FileNode& folder)
{
    if (folder.listing) {
        folder.again = true;
        return;
    }
    folder.listing = true;
    folder.refining = 0;
    const QByteArray path = pathOf(folder);
    if (++m_readings == 1)
        emit readingChanged(true);
    m_backend.listFolder(m_sandbox, path)
        .then(this, [this, path](const Result<api::FileList>& result) {
            listed(path, result);
            if (--m_readings == 0)
                emit readingChanged(false);
        });
}

void FileTreeModel::listed(const QByteArray& path, const Result<api::FileList>& result)
{
    FileNode* folder = find(path);
    if (!folder || !folder->listing)
        return; // moved or replaced meanwhile; the new node reads for itself
    folder->listing = false;
    if (!result) {
        if (folder->load == FileNode::Load::No)
            folder->load = FileNode::Load::Failed;
        folder->again = false;
        emit folderFailed(path, result.error());
        return;
    }
    folder->load = FileNode::Load::Done;
    merge(*folder, result->entries);
    if (folder->rows.empty() && folder->parent) {
        // The triangle goes: views look only when told.
        const QModelIndex index = indexOf(*folder);
        emit dataChanged(index, index);
    }
    emit folderLoaded(path);
    if (std::exchange(folder->again, false))
        list(*folder);
}

void FileTreeModel::merge(FileNode& folder, const std::vector<api::FileEntry>& entries)
{
    QHash<QByteArray, const api::FileEntry*> found;
    found.reserve(static_cast<qsizetype>(entries.size()));
    for (const api::FileEntry& entry : entries)
        found.insert(QByteArray::fromStdString(entry.name.bytes), &entry);

    const QList<FileNode*> known = folder.byName.values();
    for (FileNode* node : known) {
        if (!found.contains(node->name))
            take(*node);
    }
    std::vector<std::unique_ptr<FileNode>> added;
    for (const auto& [name, entry] : found.asKeyValueRange()) {
        if (FileNode* node = folder.byName.value(name))
            update(*node, *entry);
        else
            added.push_back(FileNode::of(*entry));
    }
    insertMany(folder, std::move(added));
}

void FileTreeModel::rescan()
{
    std::vector<FileNode*> folders{m_root.get()};
    while (!folders.empty()) {
        FileNode* folder = folders.back();
        folders.pop_back();
        if (folder != m_root.get() && folder->load == FileNode::Load::No)
            continue;
        for (const auto& child : folder->children) {
            if (child->isFolder())
                folders.push_back(child.get());
        }
        list(*folder);
    }
}

/// Readings under way below a folder that was moved were asked for under its old path.
void FileTreeModel::listAnew(FileNode& moved)
{
    if (std::exchange(moved.listing, false))
        list(moved);
    for (const auto& child : moved.children)
        listAnew(*child);
}

/// A watch tells names; whether one is a symlink, and to what, has to be asked.
void FileTreeModel::refine(FileNode& node)
{
    FileNode& folder = *node.parent;
    if (folder.refining >= kMaxRefining) {
        list(folder);
        return;
    }
    ++folder.refining;
    const QByteArray path = pathOf(node);
    m_backend.statFile(m_sandbox, path)
        .then(this, [this, path](const Result<api::FileEntry>& result) { refined(path, result); });
}

void FileTreeModel::refined(const QByteArray& path, const Result<api::FileEntry>& result)
{
    if (FileNode* folder = find(parentPath(path)); folder && folder->refining > 0)
        --folder->refining;
    FileNode* node = find(path);
    if (!node)
        return;
    if (result)
        update(*node, *result);
    else if (result.error().code == ErrorCode::NotFound)
        list(*node->parent); // gone again, or a symlink that leads nowhere: the folder tells which
}

// ---- changes of the tree -----------------------------------------------------------------------

void FileTreeModel::insert(FileNode& folder, std::unique_ptr<FileNode> node)
{
    std::vector<std::unique_ptr<FileNode>> one;
    one.push_back(std::move(node));
    insertMany(folder, std::move(one));
}

void FileTreeModel::insertMany(FileNode& folder, std::vector<std::unique_ptr<FileNode>> nodes)
{
    std::ranges::sort(nodes, kPointersInOrder);
    std::vector<FileNode*> shown;
    for (const auto& node : nodes) {
        node->parent = &folder;
        if (!node->draft)
            folder.byName.insert(node->name, node.get());
        if (isShown(*node))
            shown.push_back(node.get());
    }
    const auto middle = static_cast<std::ptrdiff_t>(folder.children.size());
    folder.children.insert(folder.children.end(), std::make_move_iterator(nodes.begin()),
                           std::make_move_iterator(nodes.end()));
    std::ranges::inplace_merge(folder.children, folder.children.begin() + middle, kPointersInOrder);

    const bool reachable = isReachable(folder);
    const QModelIndex parentIndex = reachable ? indexOf(folder) : QModelIndex();
    // Neighbours are announced together: a folder of thousands is one change to the views.
    for (auto from = shown.begin(); from != shown.end();) {
        const auto place = std::ranges::lower_bound(folder.rows, *from, kPointersInOrder);
        auto to = std::next(from);
        while (to != shown.end() && (place == folder.rows.end() || isBefore(**to, **place)))
            ++to;
        const auto row = static_cast<int>(place - folder.rows.begin());
        if (reachable)
            beginInsertRows(parentIndex, row, row + static_cast<int>(to - from) - 1);
        folder.rows.insert(place, from, to);
        if (reachable)
            endInsertRows();
        from = to;
    }
}

std::unique_ptr<FileNode> FileTreeModel::take(FileNode& node)
{
    for (const FileNode* above = m_draft; above; above = above->parent) {
        if (above == &node) {
            m_draft = nullptr;
            break;
        }
    }
    FileNode& folder = *node.parent;
    const auto row = std::ranges::find(folder.rows, &node);
    const bool announced = row != folder.rows.end() && isReachable(folder);
    if (announced) {
        const auto number = static_cast<int>(row - folder.rows.begin());
        beginRemoveRows(indexOf(folder), number, number);
    }
    if (row != folder.rows.end())
        folder.rows.erase(row);
    if (!node.draft)
        folder.byName.remove(node.name);
    const auto child = std::ranges::find(folder.children, &node, &std::unique_ptr<FileNode>::get);
    std::unique_ptr<FileNode> taken = std::move(*child);
    folder.children.erase(child);
    if (announced)
        endRemoveRows();
    return taken;
}

void FileTreeModel::move(FileNode& node, FileNode& folder, const QByteArray& name)
{
    FileNode& from = *node.parent;
    FileNode renamed;
    renamed.setName(name);
    renamed.type = node.type;
    renamed.leadsToFolder = node.leadsToFolder;
    const bool inPlace =
        isShown(node) && isShown(renamed) && isReachable(from) && isReachable(folder);
    if (!inPlace) {
        std::unique_ptr<FileNode> taken = take(node);
        taken->setName(name);
        insert(folder, std::move(taken));
        return;
    }
    const auto source = std::ranges::find(from.rows, &node) - from.rows.begin();
    const auto place =
        std::ranges::lower_bound(folder.rows, &renamed, kPointersInOrder) - folder.rows.begin();
    const bool stays = &from == &folder && (place == source || place == source + 1);
    if (!stays)
        beginMoveRows(indexOf(from), static_cast<int>(source), static_cast<int>(source),
                      indexOf(folder), static_cast<int>(place));
    const auto child = std::ranges::find(from.children, &node, &std::unique_ptr<FileNode>::get);
    std::unique_ptr<FileNode> moved = std::move(*child);
    from.children.erase(child);
    from.byName.remove(node.name);
    from.rows.erase(from.rows.begin() + source);
    moved->setName(name);
    moved->parent = &folder;
    folder.byName.insert(name, moved.get());
    folder.rows.insert(std::ranges::lower_bound(folder.rows, moved.get(), kPointersInOrder),
                       moved.get());
    folder.children.insert(std::ranges::lower_bound(folder.children, moved, kPointersInOrder),
                           std::move(moved));
    if (!stays)
        endMoveRows();
    const QModelIndex index = indexOf(node);
    emit dataChanged(index, index);
}

void FileTreeModel::update(FileNode& node, const api::FileEntry& entry)
{
    std::unique_ptr<FileNode> now = FileNode::of(entry);
    if (now->isFolder() != node.isFolder()) {
        FileNode& folder = *node.parent;
        now->setName(node.name);
        take(node);
        insert(folder, std::move(now));
        return;
    }
    if (now->type == node.type && now->dangling == node.dangling &&
        now->linkTarget == node.linkTarget)
        return;
    node.setEntry(entry);
    if (isShown(node) && isReachable(*node.parent)) {
        const QModelIndex index = indexOf(node);
        emit dataChanged(index, index);
    }
}

void FileTreeModel::refilter(FileNode& folder)
{
    const bool reachable = isReachable(folder);
    for (const auto& child : folder.children) {
        const auto place = std::ranges::lower_bound(folder.rows, child.get(), kPointersInOrder);
        const bool isRow = place != folder.rows.end() && *place == child.get();
        if (isRow == isShown(*child))
            continue;
        const auto row = static_cast<int>(place - folder.rows.begin());
        if (isRow) {
            if (reachable)
                beginRemoveRows(indexOf(folder), row, row);
            folder.rows.erase(place);
            if (reachable)
                endRemoveRows();
        } else {
            if (reachable)
                beginInsertRows(indexOf(folder), row, row);
            folder.rows.insert(place, child.get());
            if (reachable)
                endInsertRows();
        }
    }
    for (const auto& child : folder.children)
        refilter(*child);
}

// ---- what the watch reports --------------------------------------------------------------------

void FileTreeModel::applyEvents(const QList<api::WatchEvent>& events)
{
    const auto bytes = [](const std::optional<api::FileName>& name) {
        return name ? QByteArray::fromStdString(name->bytes) : QByteArray();
    };
    const bool areMany = events.size() > kMany;
    if (areMany)
        emit manyChangesBegin();
    for (const api::WatchEvent& event : events) {
        if (event.type == "created" || event.type == "modified")
            applyCreated(bytes(event.path), event.directory);
        else if (event.type == "deleted")
            applyDeleted(bytes(event.path));
        else if (event.type == "moved")
            applyMoved(bytes(event.from), bytes(event.to), event.directory);
        else if (event.type == "watching" || event.type == "overflow")
            rescan();
    }
    if (areMany)
        emit manyChangesEnd();
}

void FileTreeModel::applyCreated(const QByteArray& path, bool directory)
{
    FileNode* folder = find(parentPath(path));
    if (!folder || path == m_rootPath)
        return;
    folder->again = folder->listing;
    if (folder->load != FileNode::Load::Done)
        return;
    const QByteArray name = lastComponent(path);
    if (FileNode* known = folder->byName.value(name)) {
        if ((known->type == api::FileType::Directory) != directory)
            refine(*known);
        return;
    }
    if (m_draft && m_draft->parent == folder && m_draft->name == name)
        cancelDraft();
    auto node = std::make_unique<FileNode>();
    node->setName(name);
    node->type = directory ? api::FileType::Directory : api::FileType::File;
    FileNode& added = *node;
    insert(*folder, std::move(node));
    if (!directory)
        refine(added);
}

void FileTreeModel::applyDeleted(const QByteArray& path)
{
    FileNode* folder = find(parentPath(path));
    if (folder && path != m_rootPath)
        folder->again = folder->listing;
    FileNode* node = find(path);
    if (node && node->parent)
        take(*node);
}

void FileTreeModel::applyMoved(const QByteArray& from, const QByteArray& to, bool directory)
{
    FileNode* node = find(from);
    FileNode* folder = find(parentPath(to));
    if (folder)
        folder->again = folder->listing;
    if (from == to)
        return;
    if (FileNode* replaced = find(to); replaced && replaced != node && replaced->parent) {
        if (!directory && !replaced->isFolder()) {
            // How most programs save a file. Its row stays, and stays selected.
            applyDeleted(from);
            refine(*replaced);
            return;
        }
        if (directory && !node && replaced->type == api::FileType::Directory) {
            // Told a second time: by the watch, and by the answer to who asked for it.
            if (replaced->load != FileNode::Load::No)
                list(*replaced);
            return;
        }
        take(*replaced);
    }
    if (node && node->parent && folder && folder->load == FileNode::Load::Done) {
        node->parent->again = node->parent->listing;
        move(*node, *folder, lastComponent(to));
        if (FileNode* moved = find(to))
            listAnew(*moved);
        return;
    }
    if (node && node->parent) {
        applyDeleted(from);
        return;
    }
    applyCreated(to, directory);
}

} // namespace caisson
