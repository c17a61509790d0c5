// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/file_names.h"
#include "widgets/models/file_node.h"
#include "widgets/models/file_tree_model.h"

#include <QTimer>
#include <QtConcurrentRun>
#include <algorithm>
#include <chrono>
#include <iterator>

/// How FileTreeModel follows the sandbox: readings of folders, and what the watch reports.
namespace caisson {

namespace {

/// A view lays its rows out anew for each that goes where its current one is: 0.2 ms with 20,000.
constexpr qsizetype kMany = 50;

/// More than this are made ready on another thread: sorting 20,000 names takes longer than a frame.
constexpr std::size_t kManyEntries = 500;

/// A large folder in which a program is at work is read again at most this often.
constexpr std::chrono::milliseconds kAgainDelay{500};

/// When more files than this turn up in one folder at once, the folder is read instead of each.
constexpr int kMaxRefining = 32;

const auto kPointersInOrder = [](const auto& one, const auto& other) {
    return isBefore(*one, *other);
};

/// For any thread.
FileNodes nodesOf(const api::FileList& list)
{
    FileNodes nodes;
    nodes.reserve(list.entries.size());
    for (const api::FileEntry& entry : list.entries)
        nodes.push_back(FileNode::of(entry));
    std::ranges::sort(nodes, kPointersInOrder);
    return nodes;
}

/// Where it is in what is sorted.
template<class Nodes>
auto placeOf(Nodes& nodes, const FileNode& node)
{
    const auto place = std::ranges::lower_bound(
        nodes, node, isBefore, [](const auto& other) -> const FileNode& { return *other; });
    return place != nodes.end() && &**place == &node ? place : nodes.end();
}

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
    m_backend.listFolder(m_sandbox, path).then(this, [this, path](Result<api::FileList> result) {
        if (!result) {
            listingFailed(path, result.error());
        } else if (result->entries.size() <= kManyEntries) {
            listed(path, nodesOf(*result));
        } else {
            const auto list = std::make_shared<api::FileList>(std::move(*result));
            QtConcurrent::run([list] {
                auto nodes = std::make_shared<FileNodes>(nodesOf(*list));
                *list = {}; // to be freed here, not on the thread that waits
                return nodes;
            }).then(this, [this, path](const std::shared_ptr<FileNodes>& nodes) {
                listed(path, std::move(*nodes));
            });
        }
    });
}

/// The folder whose reading has come to an end; null where it was moved or replaced meanwhile: the
/// new one reads for itself.
FileNode* FileTreeModel::endListing(const QByteArray& path)
{
    if (--m_readings == 0)
        emit readingChanged(false);
    FileNode* folder = find(path);
    if (!folder || !folder->listing)
        return nullptr;
    folder->listing = false;
    return folder;
}

void FileTreeModel::listingFailed(const QByteArray& path, const Error& error)
{
    FileNode* folder = endListing(path);
    if (!folder)
        return;
    folder->again = false;
    folder->told.clear();
    // One that has gone is no failure: the watch takes its row away, or it comes back.
    if (error.code == ErrorCode::NotFound && path != m_rootPath)
        return;
    if (folder->load == FileNode::Load::No)
        folder->load = FileNode::Load::Failed;
    emit folderFailed(path, error);
}

void FileTreeModel::listed(const QByteArray& path, FileNodes nodes)
{
    FileNode* folder = endListing(path);
    if (!folder)
        return;
    folder->load = FileNode::Load::Done;
    const bool isLarge = nodes.size() > kManyEntries;
    merge(*folder, std::move(nodes));
    if (folder->rows.empty() && folder->parent) {
        // The triangle goes: views look only when told.
        const QModelIndex index = indexOf(*folder);
        emit dataChanged(index, index);
    }
    emit folderLoaded(path);
    if (!std::exchange(folder->again, false))
        return;
    if (!isLarge) {
        list(*folder);
        return;
    }
    QTimer::singleShot(kAgainDelay, this, [this, path] {
        if (FileNode* large = find(path))
            list(*large);
    });
}

/// What is read may be older than what the watch has told meanwhile: of the files that it told of,
/// what is known stays.
void FileTreeModel::merge(FileNode& folder, FileNodes nodes)
{
    const quint64 reading = ++m_reading;
    const QSet<QByteArray> told = std::exchange(folder.told, {});
    FileNodes added;
    for (std::unique_ptr<FileNode>& node : nodes) {
        if (told.contains(node->name))
            continue;
        FileNode* known = folder.byName.value(node->name);
        if (!known) {
            node->reading = reading;
            added.push_back(std::move(node));
        } else if (FileNode* updated = update(*known, *node)) {
            updated->reading = reading;
        }
    }
    takeAll(folder, [&](const FileNode& node) {
        return !node.draft && node.reading != reading && !told.contains(node.name);
    });
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
        update(*node, *FileNode::of(*result));
    else if (result.error().code == ErrorCode::NotFound)
        list(*node->parent); // gone again, or a symlink that leads nowhere: the folder tells which
}

// ---- changes of the tree -----------------------------------------------------------------------

void FileTreeModel::insert(FileNode& folder, std::unique_ptr<FileNode> node)
{
    FileNodes one;
    one.push_back(std::move(node));
    insertMany(folder, std::move(one));
}

void FileTreeModel::insertMany(FileNode& folder, FileNodes nodes)
{
    std::ranges::sort(nodes, kPointersInOrder);
    std::vector<FileNode*> shown;
    folder.byName.reserve(folder.byName.size() + static_cast<qsizetype>(nodes.size()));
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

    insertRows(folder, shown);
}

/// `shown` are sorted children of the folder; those that are rows already stay as they are.
void FileTreeModel::insertRows(FileNode& folder, const std::vector<FileNode*>& shown)
{
    const bool reachable = isReachable(folder);
    const QModelIndex parentIndex = reachable ? indexOf(folder) : QModelIndex();
    auto& rows = folder.rows;
    // Both are sorted, so one walk finds every gap; neighbours are announced together.
    auto place = rows.begin();
    for (auto from = shown.begin(); from != shown.end();) {
        place = std::ranges::lower_bound(place, rows.end(), *from, kPointersInOrder);
        if (place != rows.end() && *place == *from) {
            ++from;
            continue;
        }
        auto to = std::next(from);
        while (to != shown.end() && (place == rows.end() || isBefore(**to, **place)))
            ++to;
        const auto row = static_cast<int>(place - rows.begin());
        if (reachable)
            beginInsertRows(parentIndex, row, row + static_cast<int>(to - from) - 1);
        place = rows.insert(place, from, to) + (to - from);
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
    const auto row = placeOf(folder.rows, node);
    const bool announced = row != folder.rows.end() && isReachable(folder);
    if (announced) {
        const auto number = static_cast<int>(row - folder.rows.begin());
        beginRemoveRows(indexOf(folder), number, number);
    }
    if (row != folder.rows.end())
        folder.rows.erase(row);
    if (!node.draft)
        folder.byName.remove(node.name);
    const auto child = placeOf(folder.children, node);
    std::unique_ptr<FileNode> taken = std::move(*child);
    folder.children.erase(child);
    if (announced)
        endRemoveRows();
    return taken;
}

/// Of the rows those that `which` names, neighbours together: a folder of thousands is one change to
/// the views.
void FileTreeModel::takeRows(FileNode& folder, const std::function<bool(const FileNode&)>& which)
{
    const bool reachable = isReachable(folder);
    const QModelIndex parentIndex = reachable ? indexOf(folder) : QModelIndex();
    auto& rows = folder.rows;
    for (auto last = rows.end(); last != rows.begin();) {
        if (!which(**std::prev(last))) {
            --last;
            continue;
        }
        auto first = std::prev(last);
        while (first != rows.begin() && which(**std::prev(first)))
            --first;
        if (reachable)
            beginRemoveRows(parentIndex, static_cast<int>(first - rows.begin()),
                            static_cast<int>(last - rows.begin()) - 1);
        last = rows.erase(first, last);
        if (reachable)
            endRemoveRows();
    }
}

void FileTreeModel::takeAll(FileNode& folder, const std::function<bool(const FileNode&)>& which)
{
    for (const FileNode* above = m_draft; above; above = above->parent) {
        if (above->parent == &folder && which(*above)) {
            m_draft = nullptr;
            break;
        }
    }
    takeRows(folder, which);
    std::erase_if(folder.children, [&](const std::unique_ptr<FileNode>& node) {
        if (!which(*node))
            return false;
        folder.byName.remove(node->name);
        return true;
    });
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

/// The row that has its name then; it moves when a file becomes a folder.
FileNode* FileTreeModel::update(FileNode& node, const FileNode& now)
{
    if (node.isSameKind(now))
        return &node;
    if (now.isFolder() != node.isFolder()) {
        FileNode& folder = *node.parent;
        auto replaced = std::make_unique<FileNode>();
        replaced->setName(node.name);
        replaced->setKind(now);
        FileNode* row = replaced.get();
        take(node);
        insert(folder, std::move(replaced));
        return row;
    }
    node.setKind(now);
    if (isShown(node) && isReachable(*node.parent)) {
        const QModelIndex index = indexOf(node);
        emit dataChanged(index, index);
    }
    return &node;
}

/// Rows that come or go with hidden files, neighbours together.
void FileTreeModel::refilter(FileNode& folder)
{
    takeRows(folder, [this](const FileNode& node) { return !isShown(node); });
    std::vector<FileNode*> shown;
    for (const auto& child : folder.children) {
        if (isShown(*child))
            shown.push_back(child.get());
    }
    insertRows(folder, shown);
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
        const bool isCreation = event.type == "created" || event.type == "modified";
        if (!isCreation)
            insertFresh();
        if (isCreation)
            applyCreated(bytes(event.path), event.directory);
        else if (event.type == "deleted")
            applyDeleted(bytes(event.path));
        else if (event.type == "moved")
            applyMoved(bytes(event.from), bytes(event.to), event.directory);
        else if (event.type == "watching" || event.type == "overflow")
            rescan();
    }
    insertFresh();
    if (areMany)
        emit manyChangesEnd();
}

/// Rows for the files that were told of one after the other, folder by folder.
void FileTreeModel::insertFresh()
{
    for (auto& [folder, nodes] : std::exchange(m_fresh, {}))
        insertMany(*folder, std::move(nodes));
}

/// A reading that is under way may or may not show it.
void FileTreeModel::noteChange(FileNode& folder, const QByteArray& name)
{
    if (!folder.listing)
        return;
    if (folder.load == FileNode::Load::Done)
        folder.told.insert(name);
    else
        folder.again = true; // nothing of it is known yet that could stay
}

void FileTreeModel::applyCreated(const QByteArray& path, bool directory)
{
    FileNode* folder = find(parentPath(path));
    if (!folder || path == m_rootPath)
        return;
    noteChange(*folder, lastComponent(path));
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
    added.parent = folder;
    folder->byName.insert(name, &added);
    m_fresh[folder].push_back(std::move(node));
    if (!directory)
        refine(added);
}

void FileTreeModel::applyDeleted(const QByteArray& path)
{
    FileNode* folder = find(parentPath(path));
    if (folder && path != m_rootPath)
        noteChange(*folder, lastComponent(path));
    FileNode* node = find(path);
    if (node && node->parent)
        take(*node);
}

void FileTreeModel::applyMoved(const QByteArray& from, const QByteArray& to, bool directory)
{
    FileNode* node = find(from);
    FileNode* folder = find(parentPath(to));
    if (folder)
        noteChange(*folder, lastComponent(to));
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
        noteChange(*node->parent, node->name);
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
    insertFresh();
}

} // namespace caisson
