// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/desk/har_file.h"

#include <QSaveFile>
#include <vector>

namespace caisson::desk {

namespace {

constexpr std::size_t kPiece = 64 * 1024;

std::unexpected<Error> failFile(const QSaveFile& file)
{
    return fail(ErrorCode::PermissionDenied,
                "the file could not be written: " + file.errorString().toStdString());
}

} // namespace

api::Task<Result<void>> saveHar(std::shared_ptr<client::Client> client, std::string sandbox,
                                QString path)
{
    Result<client::FileDownload> har = co_await client->egressHar(std::move(sandbox));
    if (!har)
        co_return std::unexpected(har.error());
    QSaveFile file(path);
    // A folder in which only this very file may be written is no reason to fail.
    file.setDirectWriteFallback(true);
    if (!file.open(QIODevice::WriteOnly) ||
        !file.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner))
        co_return failFile(file);
    std::vector<char> room(kPiece);
    for (;;) {
        const Result<std::size_t> got = co_await har->read(room);
        if (!got)
            co_return std::unexpected(got.error());
        if (*got == 0)
            break;
        if (file.write(room.data(), static_cast<qint64>(*got)) != static_cast<qint64>(*got))
            co_return failFile(file);
    }
    if (!file.commit())
        co_return failFile(file);
    co_return Result<void>{};
}

} // namespace caisson::desk
