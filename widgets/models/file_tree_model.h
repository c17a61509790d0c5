// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/backend.h"

#include <QAbstractItemModel>
#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace caisson {

struct FileNode;
using FileNodes = std::vector<std::unique_ptr<FileNode>>;

enum class HiddenFiles { Leave, Show };

/// The files of a sandbox below one folder, read folder by folder as they are opened and kept true
/// by what a watch reports. Folders first, then by name. On the GUI thread.
///
/// A folder that is read anew is compared with what is known, so that what is expanded or selected
/// stays so.
class FileTreeModel : public QAbstractItemModel
{
    Q_OBJECT
public:
    enum Role {
        PathRole = Qt::UserRole + 1, ///< QByteArray, absolute
        FolderRole,                  ///< bool: a folder, or a symlink to one
        SymlinkRole,                 ///< bool
        DanglingRole,                ///< bool: a symlink to nothing
        SpecialRole,                 ///< bool: a device, a FIFO or a socket
        DraftRole,                   ///< bool: a row whose name is still being typed
    };

    /// `backend` outlives the model. Nothing is asked before load().
    FileTreeModel(desk::Backend& backend, QString sandbox, QByteArray root,
                  QObject* parent = nullptr);
    ~FileTreeModel() override;

    /// Reads the top folder.
    void load();
    /// Of a watch on the top folder.
    void applyEvents(const QList<api::WatchEvent>& events);
    /// Reads every folder that is loaded anew.
    void rescan();
    /// Reads one folder anew.
    void refresh(const QModelIndex& folder);

    HiddenFiles hiddenFiles() const { return m_hiddenFiles; }
    void setHiddenFiles(HiddenFiles hiddenFiles);

    /// Adds a row for a file or folder that does not exist yet, for the view to edit. Naming it
    /// with setData() makes it; cancelDraft() takes it away. One at a time.
    QModelIndex addDraft(const QModelIndex& folder, api::FileType type);
    void cancelDraft();
    /// Why the row cannot be called that, as a sentence; empty when it can. setData() refuses such a
    /// name.
    QString nameProblem(const QModelIndex& index, const QString& name) const;
    /// Deletes it in the sandbox. The row goes when that is done.
    void removeFile(const QModelIndex& index);

    /// Invalid when it is not known (yet) or hidden.
    QModelIndex indexOf(const QByteArray& path) const;
    const QByteArray& root() const { return m_rootPath; }
    bool isLoaded(const QModelIndex& folder) const;
    bool isReading() const { return m_readings > 0; }

    QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
    QModelIndex parent(const QModelIndex& child) const override;
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    bool hasChildren(const QModelIndex& parent = {}) const override;
    bool canFetchMore(const QModelIndex& parent) const override;
    void fetchMore(const QModelIndex& parent) override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role = Qt::EditRole) override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;
    QHash<int, QByteArray> roleNames() const override;

signals:
    void folderLoaded(const QByteArray& path);
    void folderFailed(const QByteArray& path, const caisson::Error& error);
    /// Around so many changes at once that a view had better not follow each of them.
    void manyChangesBegin();
    void manyChangesEnd();
    /// Folders are being read, or no longer.
    void readingChanged(bool isReading);
    /// What the person asked for was done.
    void fileCreated(const QByteArray& path);
    void fileRenamed(const QByteArray& from, const QByteArray& to);
    /// `what` is a sentence: "Could not delete “a”.".
    void actionFailed(const QString& what, const caisson::Error& error);

private:
    FileNode& nodeOf(const QModelIndex& index) const;
    FileNode* find(const QByteArray& path) const;
    QModelIndex indexOf(const FileNode& node) const;
    QByteArray pathOf(const FileNode& node) const;
    bool isShown(const FileNode& node) const;
    /// Whether views can see the rows of `folder`: it and all above it are shown.
    bool isReachable(const FileNode& folder) const;

    void list(FileNode& folder);
    FileNode* endListing(const QByteArray& path);
    void listed(const QByteArray& path, FileNodes nodes);
    void listingFailed(const QByteArray& path, const Error& error);
    void merge(FileNode& folder, FileNodes nodes);
    void listAnew(FileNode& moved);
    void refine(FileNode& node);
    void refined(const QByteArray& path, const Result<api::FileEntry>& result);

    void insert(FileNode& folder, std::unique_ptr<FileNode> node);
    void insertMany(FileNode& folder, FileNodes nodes);
    void insertRows(FileNode& folder, const std::vector<FileNode*>& shown);
    std::unique_ptr<FileNode> take(FileNode& node);
    void takeAll(FileNode& folder, const std::function<bool(const FileNode&)>& which);
    void takeRows(FileNode& folder, const std::function<bool(const FileNode&)>& which);
    void move(FileNode& node, FileNode& folder, const QByteArray& name);
    FileNode* update(FileNode& node, const FileNode& now);
    void refilter(FileNode& folder);

    void insertFresh();
    void noteChange(FileNode& folder, const QByteArray& name);
    void applyCreated(const QByteArray& path, bool directory);
    void applyDeleted(const QByteArray& path);
    void applyMoved(const QByteArray& from, const QByteArray& to, bool directory);

    void nameDraft(const QString& name);
    void drafted(const QByteArray& path, api::FileType type, const Result<api::FileEntry>& result);
    void rename(FileNode& node, const QString& name);

    desk::Backend& m_backend;
    QString m_sandbox;
    QByteArray m_rootPath;
    HiddenFiles m_hiddenFiles = HiddenFiles::Leave;
    std::unique_ptr<FileNode> m_root;
    FileNode* m_draft = nullptr;
    /// By folder: what was told of and has no row yet. Empty between two calls from outside.
    std::map<FileNode*, FileNodes> m_fresh;
    quint64 m_reading = 0;
    int m_readings = 0; ///< of folders, that are not answered yet
};

} // namespace caisson
