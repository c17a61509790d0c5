// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/draft_store.h"

#include <QCryptographicHash>
#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>
#include <QPromise>
#include <QSaveFile>
#include <memory>

namespace caisson {

namespace {

constexpr qint64 kLongestHead = 64 * 1024;
const QString kSuffix = QStringLiteral(".draft");

/// How long drafts of sandboxes that are not there are kept.
constexpr int kDaysOfTheLost = 30;

/// A draft's first line.
QByteArray headOf(const QString& sandbox, const QByteArray& path, const QString& etag)
{
    const QJsonObject head{{"version", 1},
                           {"sandbox", sandbox},
                           {"path", QString::fromLatin1(path.toPercentEncoding("/"))},
                           {"etag", etag}};
    return QJsonDocument(head).toJson(QJsonDocument::Compact) + '\n';
}

/// Leaves the file at the text.
QJsonObject readHead(QFile& file)
{
    return QJsonDocument::fromJson(file.readLine(kLongestHead)).object();
}

std::optional<Draft> readDraft(const QString& name)
{
    QFile file(name);
    if (!file.open(QIODevice::ReadOnly))
        return std::nullopt;
    const QJsonObject head = readHead(file);
    if (head.isEmpty())
        return std::nullopt;
    return Draft{.etag = head["etag"].toString(), .bytes = file.readAll()};
}

} // namespace

DraftStore::DraftStore(QString folder, QObject* parent)
    : QObject(parent)
    , m_folder(std::move(folder))
{
    m_writer.setMaxThreadCount(1);
    list();
}

DraftStore::~DraftStore()
{
    m_writer.waitForDone();
}

void DraftStore::list()
{
    const QStringList names = QDir(m_folder).entryList({QLatin1Char('*') + kSuffix}, QDir::Files);
    for (const QString& name : names) {
        QFile file(m_folder + QLatin1Char('/') + name);
        if (!file.open(QIODevice::ReadOnly))
            continue;
        const QJsonObject head = readHead(file);
        const Key key{.sandbox = head["sandbox"].toString(),
                      .path = QByteArray::fromPercentEncoding(head["path"].toString().toLatin1())};
        // What somebody else put there is left alone.
        if (file.fileName() == fileOf(key))
            m_drafts.insert(file.fileName(), key);
    }
}

QString DraftStore::fileOf(const Key& key) const
{
    const QByteArray digest =
        QCryptographicHash::hash(key.sandbox.toUtf8() + '\0' + key.path, QCryptographicHash::Sha1);
    return m_folder + QLatin1Char('/') + QString::fromLatin1(digest.toHex()) + kSuffix;
}

bool DraftStore::contains(const QString& sandbox, const QByteArray& path) const
{
    return m_drafts.contains(fileOf({sandbox, path}));
}

QStringList DraftStore::sandboxes() const
{
    QStringList sandboxes;
    for (const Key& key : m_drafts) {
        if (!sandboxes.contains(key.sandbox))
            sandboxes += key.sandbox;
    }
    sandboxes.sort();
    return sandboxes;
}

QList<QByteArray> DraftStore::pathsOf(const QString& sandbox) const
{
    QList<QByteArray> paths;
    for (const Key& key : m_drafts) {
        if (key.sandbox == sandbox)
            paths += key.path;
    }
    std::ranges::sort(paths);
    return paths;
}

QFuture<std::optional<Draft>> DraftStore::read(const QString& sandbox, const QByteArray& path)
{
    auto promise = std::make_shared<QPromise<std::optional<Draft>>>();
    promise->start();
    // Behind what is being written, so that it is the latest.
    m_writer.start([promise, file = fileOf({sandbox, path})] {
        promise->addResult(readDraft(file));
        promise->finish();
    });
    return promise->future();
}

void DraftStore::write(const QString& sandbox, const QByteArray& path, const QString& etag,
                       std::function<QByteArray()> bytes)
{
    const Key key{sandbox, path};
    const QString file = fileOf(key);
    m_drafts.insert(file, key);
    {
        const QMutexLocker lock(&m_mutex);
        m_waiting.insert(file, {key, etag, std::move(bytes)});
    }
    // The destructor waits for the writer, so `this` is there as long as it runs.
    m_writer.start([this, file] { writeNext(file); });
}

void DraftStore::writeNext(const QString& file)
{
    std::optional<Job> job;
    {
        const QMutexLocker lock(&m_mutex);
        if (const auto found = m_waiting.find(file); found != m_waiting.end()) {
            job = std::move(*found);
            m_waiting.erase(found);
        }
    }
    if (job)
        writeFile(file, job->key, {.etag = job->etag, .bytes = job->bytes()});
}

bool DraftStore::writeFile(const QString& file, const Key& key, const Draft& draft)
{
    QDir().mkpath(m_folder);
    QSaveFile output(file);
    const bool opened = output.open(QIODevice::WriteOnly);
    // It is text of the person's files.
    if (opened && output.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner)) {
        output.write(headOf(key.sandbox, key.path, draft.etag));
        output.write(draft.bytes);
    }
    if (opened && output.commit())
        return true;
    emit failed(output.errorString());
    return false;
}

void DraftStore::removeFile(const QString& file)
{
    QFile draft(file);
    if (!draft.remove() && draft.exists())
        emit failed(draft.errorString());
}

void DraftStore::remove(const QString& sandbox, const QByteArray& path)
{
    const QString file = fileOf({sandbox, path});
    if (!m_drafts.remove(file))
        return;
    {
        const QMutexLocker lock(&m_mutex);
        m_waiting.remove(file);
    }
    m_writer.start([this, file] { removeFile(file); });
}

void DraftStore::move(const QString& sandbox, const QByteArray& from, const QByteArray& to)
{
    const Key target{sandbox, to};
    const QString oldFile = fileOf({sandbox, from});
    const QString newFile = fileOf(target);
    if (!m_drafts.remove(oldFile))
        return;
    m_drafts.insert(newFile, target);
    m_writer.start([this, oldFile, newFile, target] {
        writeNext(oldFile);
        const std::optional<Draft> draft = readDraft(oldFile);
        if (draft && writeFile(newFile, target, *draft))
            removeFile(oldFile);
    });
}

void DraftStore::removeSandbox(const QString& sandbox)
{
    for (const QByteArray& path : pathsOf(sandbox))
        remove(sandbox, path);
}

void DraftStore::keepSandboxes(const QStringList& sandboxes)
{
    const QDateTime longAgo = QDateTime::currentDateTimeUtc().addDays(-kDaysOfTheLost);
    const QHash<QString, Key> drafts = m_drafts;
    for (const auto& [file, key] : drafts.asKeyValueRange()) {
        if (!sandboxes.contains(key.sandbox) && QFileInfo(file).lastModified() < longAgo)
            remove(key.sandbox, key.path);
    }
}

} // namespace caisson
