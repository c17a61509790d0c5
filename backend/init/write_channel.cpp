// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/write_channel.h"

#include "backend/api/codec.h"
#include "backend/init/link.h"
#include "backend/init/workers.h"

namespace caisson::init {

WriteChannel::WriteChannel(ChannelSite site, api::WriteRequest request)
    : Channel(std::move(site))
    , m_request(std::move(request))
{
}

void WriteChannel::start()
{
    spawnDetached(m_site.executor, [](std::shared_ptr<WriteChannel> self) -> Task<void> {
        co_await self->run();
        self->m_site.finished();
    }(shared_from_this()));
}

void WriteChannel::abandon()
{
    if (m_file)
        m_file->abandon();
}

Task<void> WriteChannel::run()
{
    auto opened = co_await m_site.workers.run([this] { return AtomicFile::open(m_request); });
    if (!opened) {
        m_site.reply(std::unexpected(opened.error()));
        co_return;
    }
    m_file = std::move(*opened);
    m_site.reply(api::toJson(api::Empty{}));
    const Result<api::FileEntry> written = co_await receive();
    // Also where it was given up: nothing of it remains when the channel is done with.
    co_await m_site.workers.run([this] {
        m_file.reset();
        return true;
    });
    if (m_inlet.isClosed())
        co_return;
    if (written)
        m_site.link.sendEvent("written", m_site.number, api::toJson(*written));
    else
        m_site.link.sendFailed(m_site.number, written.error());
}

Task<Result<api::FileEntry>> WriteChannel::receive()
{
    while (const std::optional<std::string> piece = co_await m_inlet.next()) {
        const Result<void> written =
            co_await m_site.workers.run([this, &piece] { return m_file->write(*piece); });
        if (!written)
            co_return std::unexpected(written.error());
        m_inlet.consumed(piece->size());
    }
    if (m_inlet.isClosed())
        co_return fail(ErrorCode::Cancelled, "the writing was given up");
    co_return co_await m_site.workers.run([this] { return m_file->commit(); });
}

} // namespace caisson::init
