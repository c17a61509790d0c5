// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/read_channel.h"

#include "backend/api/codec.h"
#include "backend/init/file_entry.h"
#include "backend/init/link.h"
#include "backend/init/workers.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::init {

namespace {

/// Payload of a Data frame: large enough that the change of threads does not count.
constexpr std::size_t kPiece = 128 * 1024;

Result<std::string> readPiece(int file, std::int64_t offset, std::size_t size,
                              const std::string& path)
{
    std::string piece(size, '\0');
    ssize_t got = 0;
    do
        got = ::pread(file, piece.data(), size, offset);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return failFile("read", path);
    piece.resize(static_cast<std::size_t>(got));
    return piece;
}

} // namespace

ReadChannel::ReadChannel(ChannelSite site, api::ReadRequest request)
    : Channel(std::move(site))
    , m_request(std::move(request))
{
}

void ReadChannel::start()
{
    spawnDetached(m_site.executor, [](std::shared_ptr<ReadChannel> self) -> Task<void> {
        co_await self->run();
        self->m_site.finished();
    }(shared_from_this()));
}

Result<ReadChannel::Opened> ReadChannel::open(const api::ReadRequest& request)
{
    const std::string& path = request.path.bytes;
    if (Result<void> checked = checkPath(path); !checked)
        return std::unexpected(checked.error());
    if (request.offset < 0 || request.length < -1)
        return fail(ErrorCode::BadRequest, "an offset or length is not negative");
    // First a look that opens nothing: opening a FIFO waits for its writer, and opening a device
    // may do anything. Then the very file that was looked at.
    const UniqueFd place(::open(path.c_str(), O_PATH | O_CLOEXEC));
    struct stat info;
    if (!place || ::fstat(place.get(), &info) != 0)
        return failFile("read", path);
    if (S_ISDIR(info.st_mode))
        return fail(ErrorCode::IsADirectory, "cannot read " + path + ": it is a folder");
    if (!S_ISREG(info.st_mode)) {
        return fail(ErrorCode::BadRequest, "cannot read " + path + ": it is not an ordinary file");
    }
    const std::string same = "/proc/self/fd/" + std::to_string(place.get());
    Opened opened;
    opened.file.reset(::open(same.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!opened.file)
        return failFile("read", path);
    opened.entry = entryOf(baseName(path), info);
    return opened;
}

Task<void> ReadChannel::run()
{
    const Result<Opened> opened = co_await m_site.workers.run([this] { return open(m_request); });
    if (!opened) {
        m_site.reply(std::unexpected(opened.error()));
        co_return;
    }
    m_site.reply(api::toJson(opened->entry));
    std::int64_t offset = m_request.offset;
    std::int64_t left = m_request.length < 0 ? INT64_MAX : m_request.length;
    while (left > 0) {
        const std::size_t allowed = co_await m_outlet.allowance(1);
        if (allowed == 0)
            co_return; // closed
        const auto size = static_cast<std::size_t>(
            std::min<std::int64_t>(left, static_cast<std::int64_t>(std::min(allowed, kPiece))));
        const Result<std::string> piece = co_await m_site.workers.run([&, this] {
            return readPiece(opened->file.get(), offset, size, m_request.path.bytes);
        });
        if (!piece) {
            m_site.link.sendFailed(m_site.number, piece.error());
            co_return;
        }
        if (piece->empty())
            break;
        m_outlet.send(*piece);
        offset += static_cast<std::int64_t>(piece->size());
        left -= static_cast<std::int64_t>(piece->size());
    }
    m_outlet.sendEnd();
}

} // namespace caisson::init
