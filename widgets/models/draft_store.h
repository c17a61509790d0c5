// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QFuture>
#include <QHash>
#include <QList>
#include <QMutex>
#include <QObject>
#include <QString>
#include <QStringList>
#include <QThreadPool>
#include <functional>
#include <optional>

namespace caisson {

/// What was typed into a file and not saved.
struct Draft
{
    QString etag; ///< of the file it was made from
    QByteArray bytes;
};

/// Keeps unsaved texts in a folder, a file each, so that they outlive the window and its crash.
/// Each says itself which file of which sandbox it is of. Calls return at once: a thread of its own
/// waits for the disk. GUI thread only.
class DraftStore : public QObject
{
    Q_OBJECT
public:
    /// Reads what the folder has. It is made when there is something to be kept.
    explicit DraftStore(QString folder, QObject* parent = nullptr);
    /// Waits for what is being written.
    ~DraftStore() override;

    bool contains(const QString& sandbox, const QByteArray& path) const;
    /// Those in which there are drafts.
    QStringList sandboxes() const;
    /// The files of which there are drafts.
    QList<QByteArray> pathsOf(const QString& sandbox) const;

    /// Nothing when it is not there or cannot be read.
    QFuture<std::optional<Draft>> read(const QString& sandbox, const QByteArray& path);
    /// `bytes` is called on the writer's thread; not at all when a later draft of the file
    /// overtakes it.
    void write(const QString& sandbox, const QByteArray& path, const QString& etag,
               std::function<QByteArray()> bytes);
    void remove(const QString& sandbox, const QByteArray& path);
    /// The file has another name.
    void move(const QString& sandbox, const QByteArray& from, const QByteArray& to);
    void removeSandbox(const QString& sandbox);
    /// Sandboxes that are not named were removed while the window was closed, or cannot be listed
    /// just now: their drafts are kept for a month more.
    void keepSandboxes(const QStringList& sandboxes);

signals:
    void failed(const QString& why);

private:
    struct Key
    {
        QString sandbox;
        QByteArray path;
        bool operator==(const Key&) const = default;
    };
    struct Job
    {
        Key key;
        QString etag;
        std::function<QByteArray()> bytes;
    };

    QString fileOf(const Key& key) const;
    void list();
    void writeNext(const QString& file);
    bool writeFile(const QString& file, const Key& key, const Draft& draft);
    void removeFile(const QString& file);

    QString m_folder;
    QHash<QString, Key> m_drafts; ///< by file
    QMutex m_mutex;
    QHash<QString, Job> m_waiting; ///< by file: what is to be written; under the mutex
    QThreadPool m_writer;
};

} // namespace caisson
