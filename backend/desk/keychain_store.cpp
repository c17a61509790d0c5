// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/desk/keychain_store.h"

#include <memory>
#include <qt6keychain/keychain.h>

namespace caisson::desk {

namespace {

const QString kService = QStringLiteral("Caisson");
const QString kProbe = QStringLiteral("caisson-probe");

Error errorOf(const QKeychain::Job& job)
{
    switch (job.error()) {
    case QKeychain::EntryNotFound:
        return {ErrorCode::NotFound, "the keychain has no such secret", {}};
    case QKeychain::AccessDeniedByUser:
    case QKeychain::AccessDenied:
        return {ErrorCode::PermissionDenied, "the keychain does not permit it", {}};
    default:
        return {ErrorCode::Unavailable,
                "the desktop's keychain cannot be used: " + job.errorString().toStdString(),
                {}};
    }
}

/// Starts a job and makes its end a future. Jobs delete themselves.
template<class T, class Done>
QFuture<T> start(QKeychain::Job* job, Done done)
{
    // Never into a plain file, which is what its fallback is.
    job->setInsecureFallback(false);
    auto promise = std::make_shared<QPromise<T>>();
    promise->start();
    QObject::connect(job, &QKeychain::Job::finished, job, [promise, done](QKeychain::Job* ended) {
        promise->addResult(done(*ended));
        promise->finish();
    });
    job->start();
    return promise->future();
}

Result<void> outcomeOf(const QKeychain::Job& job)
{
    if (job.error() != QKeychain::NoError)
        return std::unexpected(errorOf(job));
    return {};
}

} // namespace

/// QtKeychain says it is available where there is no bus, and then fails.
QFuture<Result<void>> KeychainStore::check()
{
    if (m_isChecked)
        return ready(Result<void>());
    return write(kProbe, kProbe)
        .then(this,
              [this](const Result<void>& written) {
                  return written ? read(kProbe)
                                 : ready(Result<QString>(std::unexpected(written.error())));
              })
        .unwrap()
        .then(this, [this](const Result<QString>& got) -> Result<void> {
            if (!got)
                return std::unexpected(got.error());
            m_isChecked = *got == kProbe;
            if (!m_isChecked)
                return fail(ErrorCode::Unavailable, "the desktop's keychain gives other values "
                                                    "than it was given");
            return {};
        });
}

QFuture<Result<QString>> KeychainStore::read(const QString& name)
{
    auto* job = new QKeychain::ReadPasswordJob(kService);
    job->setKey(name);
    return start<Result<QString>>(job, [](const QKeychain::Job& ended) -> Result<QString> {
        if (ended.error() != QKeychain::NoError)
            return std::unexpected(errorOf(ended));
        return static_cast<const QKeychain::ReadPasswordJob&>(ended).textData();
    });
}

QFuture<Result<void>> KeychainStore::write(const QString& name, const QString& value)
{
    auto* job = new QKeychain::WritePasswordJob(kService);
    job->setKey(name);
    job->setTextData(value);
    return start<Result<void>>(job, outcomeOf);
}

QFuture<Result<void>> KeychainStore::remove(const QString& name)
{
    auto* job = new QKeychain::DeletePasswordJob(kService);
    job->setKey(name);
    return start<Result<void>>(job, [](const QKeychain::Job& ended) -> Result<void> {
        if (ended.error() == QKeychain::EntryNotFound)
            return {};
        return outcomeOf(ended);
    });
}

} // namespace caisson::desk
