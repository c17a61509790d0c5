// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/file_tree_model.h"

#include "widgets/models/file_names.h"
#include "widgets/models/file_node.h"

#include <algorithm>

namespace caisson {

FileTreeModel::FileTreeModel(desk::Backend& backend, QString sandbox, QByteArray root,
                             QObject* parent)
    : QAbstractItemModel(parent)
    , m_backend(backend)
    , m_sandbox(std::move(sandbox))
    , m_rootPath(std::move(root))
    , m_root(std::make_unique<FileNode>())
{
    m_root->type = api::FileType::Directory;
}

FileTreeModel::~FileTreeModel() = default;

void FileTreeModel::load()
{
    list(*m_root);
}

void FileTreeModel::refresh(const QModelIndex& folder)
{
    FileNode& node = nodeOf(folder);
    if (node.isFolder())
        list(node);
}

void FileTreeModel::setHiddenFiles(HiddenFiles hiddenFiles)
{
    if (m_hiddenFiles == hiddenFiles)
        return;
    m_hiddenFiles = hiddenFiles;
    refilter(*m_root);
}

QModelIndex FileTreeModel::addDraft(const QModelIndex& folder, api::FileType type)
{
    cancelDraft();
    FileNode& parentNode = nodeOf(folder);
    if (parentNode.load != FileNode::Load::Done)
        return {};
    auto draft = std::make_unique<FileNode>();
    draft->type = type;
    draft->draft = true;
    m_draft = draft.get();
    insert(parentNode, std::move(draft));
    return indexOf(*m_draft);
}

void FileTreeModel::cancelDraft()
{
    if (m_draft)
        take(*m_draft);
}

void FileTreeModel::removeFile(const QModelIndex& index)
{
    const QByteArray path = pathOf(nodeOf(index));
    m_backend.removeFile(m_sandbox, path).then(this, [this, path](const Result<void>& result) {
        if (result)
            applyDeleted(path);
        else
            emit actionFailed(tr("Could not delete “%1”.").arg(displayName(lastComponent(path))),
                              result.error());
    });
}

QString FileTreeModel::nameProblem(const QModelIndex& index, const QString& name) const
{
    const FileNode& node = nodeOf(index);
    if (!node.parent || name == node.text)
        return name.isEmpty() ? fileNameProblem(name) : QString();
    const FileNode* other = node.parent->byName.value(name.toUtf8());
    if (!other)
        return fileNameProblem(name);
    return other->type == api::FileType::Directory ? tr("There is a folder of this name already.")
                                                   : tr("There is a file of this name already.");
}

void FileTreeModel::nameDraft(const QString& name)
{
    const bool isFolder = m_draft->type == api::FileType::Directory;
    const QByteArray path = childPath(pathOf(*m_draft->parent), name.toUtf8());
    m_draft->setName(name.toUtf8());
    const QModelIndex index = indexOf(*m_draft);
    emit dataChanged(index, index);
    const api::FileType type = m_draft->type;
    QFuture<Result<api::FileEntry>> made =
        isFolder ? m_backend.fileAction(m_sandbox, path, {.action = "mkdir"})
                 : m_backend.writeFile(m_sandbox, path, {}, QStringLiteral("new"));
    made.then(this, [this, path, type](const Result<api::FileEntry>& result) {
        drafted(path, type, result);
    });
}

void FileTreeModel::drafted(const QByteArray& path, api::FileType type,
                            const Result<api::FileEntry>& result)
{
    if (m_draft && m_draft->name == lastComponent(path))
        cancelDraft();
    if (!result) {
        emit actionFailed(tr("Could not make “%1”.").arg(displayName(lastComponent(path))),
                          result.error());
        return;
    }
    applyCreated(path, type == api::FileType::Directory);
    insertFresh();
    emit fileCreated(path);
}

void FileTreeModel::rename(FileNode& node, const QString& name)
{
    if (name == node.text)
        return;
    const QString what = tr("Could not rename “%1”.").arg(node.text);
    const QByteArray from = pathOf(node);
    const QByteArray to = childPath(parentPath(from), name.toUtf8());
    const bool isFolder = node.type == api::FileType::Directory;
    api::FileAction action{.action = "move"};
    action.to = api::FileName{to.toStdString()};
    m_backend.fileAction(m_sandbox, from, action)
        .then(this, [this, from, to, isFolder, what](const Result<api::FileEntry>& result) {
            if (!result) {
                emit actionFailed(what, result.error());
                return;
            }
            applyMoved(from, to, isFolder);
            emit fileRenamed(from, to);
        });
}

// ---- where things are --------------------------------------------------------------------------

FileNode& FileTreeModel::nodeOf(const QModelIndex& index) const
{
    return index.isValid() ? *static_cast<FileNode*>(index.internalPointer()) : *m_root;
}

FileNode* FileTreeModel::find(const QByteArray& path) const
{
    if (!isWithin(path, m_rootPath))
        return nullptr;
    FileNode* node = m_root.get();
    for (const QByteArray& name : path.sliced(m_rootPath.size()).split('/')) {
        if (!name.isEmpty())
            node = node->byName.value(name);
        if (!node)
            return nullptr;
    }
    return node;
}

QByteArray FileTreeModel::pathOf(const FileNode& node) const
{
    return node.parent ? childPath(pathOf(*node.parent), node.name) : m_rootPath;
}

bool FileTreeModel::isShown(const FileNode& node) const
{
    return node.draft || m_hiddenFiles == HiddenFiles::Show || !node.isHidden();
}

bool FileTreeModel::isReachable(const FileNode& folder) const
{
    return !folder.parent || (isShown(folder) && isReachable(*folder.parent));
}

QModelIndex FileTreeModel::indexOf(const FileNode& node) const
{
    if (!node.parent)
        return {};
    const auto& rows = node.parent->rows;
    const auto found = std::ranges::lower_bound(
        rows, &node, [](const FileNode* a, const FileNode* b) { return isBefore(*a, *b); });
    if (found == rows.end() || *found != &node)
        return {};
    return createIndex(static_cast<int>(found - rows.begin()), 0, const_cast<FileNode*>(&node));
}

QModelIndex FileTreeModel::indexOf(const QByteArray& path) const
{
    const FileNode* node = find(path);
    return node && isReachable(*node) ? indexOf(*node) : QModelIndex();
}

bool FileTreeModel::isLoaded(const QModelIndex& folder) const
{
    return nodeOf(folder).load == FileNode::Load::Done;
}

// ---- as views see it ---------------------------------------------------------------------------

QModelIndex FileTreeModel::index(int row, int column, const QModelIndex& parent) const
{
    if (!hasIndex(row, column, parent))
        return {};
    return createIndex(row, column, nodeOf(parent).rows[static_cast<std::size_t>(row)]);
}

QModelIndex FileTreeModel::parent(const QModelIndex& child) const
{
    return child.isValid() ? indexOf(*nodeOf(child).parent) : QModelIndex();
}

int FileTreeModel::rowCount(const QModelIndex& parent) const
{
    return parent.column() > 0 ? 0 : static_cast<int>(nodeOf(parent).rows.size());
}

int FileTreeModel::columnCount(const QModelIndex&) const
{
    return 1;
}

bool FileTreeModel::hasChildren(const QModelIndex& parent) const
{
    const FileNode& node = nodeOf(parent);
    // A folder that was not opened yet gets its triangle: to know better would mean reading it.
    return node.isFolder() && (node.load == FileNode::Load::No || !node.rows.empty());
}

bool FileTreeModel::canFetchMore(const QModelIndex& parent) const
{
    const FileNode& node = nodeOf(parent);
    return parent.isValid() && node.isFolder() && !node.draft && node.load == FileNode::Load::No &&
           !node.listing;
}

void FileTreeModel::fetchMore(const QModelIndex& parent)
{
    if (canFetchMore(parent))
        list(nodeOf(parent));
}

QVariant FileTreeModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid())
        return {};
    const FileNode& node = nodeOf(index);
    switch (role) {
    case Qt::DisplayRole:
    case Qt::EditRole:
        return node.text;
    case Qt::ToolTipRole: {
        const QString path = displayName(pathOf(node));
        if (node.type != api::FileType::Symlink)
            return path;
        return node.dangling ? tr("%1 → %2 (not there)").arg(path, displayName(node.linkTarget))
                             : tr("%1 → %2").arg(path, displayName(node.linkTarget));
    }
    case Qt::AccessibleTextRole:
        return node.isFolder() ? tr("%1, folder").arg(node.text) : node.text;
    case PathRole:
        return pathOf(node);
    case FolderRole:
        return node.isFolder();
    case SymlinkRole:
        return node.type == api::FileType::Symlink;
    case DanglingRole:
        return node.dangling;
    case SpecialRole:
        return node.type == api::FileType::Fifo || node.type == api::FileType::Socket ||
               node.type == api::FileType::Device;
    case DraftRole:
        return node.draft;
    default:
        return {};
    }
}

bool FileTreeModel::setData(const QModelIndex& index, const QVariant& value, int role)
{
    const QString name = value.toString();
    if (!index.isValid() || role != Qt::EditRole || !nameProblem(index, name).isEmpty())
        return false;
    FileNode& node = nodeOf(index);
    if (node.draft)
        nameDraft(name);
    else
        rename(node, name);
    return true;
}

Qt::ItemFlags FileTreeModel::flags(const QModelIndex& index) const
{
    if (!index.isValid())
        return Qt::NoItemFlags;
    Qt::ItemFlags flags = Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsEditable;
    if (!nodeOf(index).isFolder())
        flags |= Qt::ItemNeverHasChildren;
    return flags;
}

QHash<int, QByteArray> FileTreeModel::roleNames() const
{
    QHash<int, QByteArray> names = QAbstractItemModel::roleNames();
    names.insert({{PathRole, "path"},
                  {FolderRole, "folder"},
                  {SymlinkRole, "symlink"},
                  {DanglingRole, "dangling"},
                  {SpecialRole, "special"},
                  {DraftRole, "draft"}});
    return names;
}

} // namespace caisson
