// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/watch_channel.h"

#include "backend/api/codec.h"
#include "backend/init/link.h"
#include "backend/init/workers.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace caisson::init {

namespace {

constexpr auto kAwaitTuple = asio::as_tuple(asio::use_awaitable);

/// One frame of a screen (design.md, 7).
constexpr std::chrono::milliseconds kPause{16};

/// The second half of a rename is queued microseconds after the first, unless its thread loses its
/// processor between.
constexpr std::chrono::milliseconds kMoment{2};

/// A batch is one control frame; half of what one may hold, since the bound of an event's text is
/// met by the event after it.
constexpr std::size_t kBatchBytes = api::kMaxFramePayload / 2;

} // namespace

Watcher::Watcher(const asio::any_io_executor& executor, std::unique_ptr<WatchTree> tree,
                 Deliver deliver)
    : m_tree(std::move(tree))
    , m_deliver(std::move(deliver))
    , m_events(executor, m_tree->descriptor())
    , m_moment(executor)
    , m_pause(executor)
{
}

Watcher::~Watcher()
{
    m_events.release(); // the tree closes it
}

void Watcher::start()
{
    spawnDetached(m_events.get_executor(), [](std::shared_ptr<Watcher> self) -> Task<void> {
        co_await self->readTree();
    }(shared_from_this()));
    spawnDetached(m_events.get_executor(), [](std::shared_ptr<Watcher> self) -> Task<void> {
        co_await self->deliverBatches();
    }(shared_from_this()));
}

void Watcher::stop()
{
    m_stopped = true;
    m_events.cancel();
    m_moment.cancel();
    m_pause.cancel();
    m_changed.notifyAll();
}

Task<void> Watcher::readTree()
{
    WatchTree::State state = WatchTree::State::Watching;
    while (state == WatchTree::State::Watching && !m_stopped) {
        if (m_tree->wantsMoment()) {
            m_moment.expires_after(kMoment);
            m_moment.async_wait(
                [self = shared_from_this()](const boost::system::error_code& error) {
                    if (!error && !self->m_stopped)
                        self->m_events.cancel();
                });
        }
        const auto [error] =
            co_await m_events.async_wait(asio::posix::stream_descriptor::wait_read, kAwaitTuple);
        m_moment.cancel();
        if (m_stopped)
            co_return;
        state = error ? m_tree->endMoment(m_log) : m_tree->read(m_log);
        if (!m_log.empty())
            m_changed.notifyAll();
    }
    m_treeEnded = true;
    m_changed.notifyAll();
}

Task<void> Watcher::deliverBatches()
{
    while (!m_stopped) {
        if (m_log.empty()) {
            if (m_treeEnded)
                co_return;
            co_await m_changed.wait();
            continue;
        }
        // All of what waits now, in as many batches as it takes; then a pause.
        while (!m_log.empty() && !m_stopped)
            co_await m_deliver(m_log.take(kBatchBytes));
        m_pause.expires_after(kPause);
        co_await m_pause.async_wait(kAwaitTuple);
    }
}

WatchChannel::WatchChannel(ChannelSite site, api::WatchRequest request)
    : Channel(std::move(site))
    , m_request(std::move(request))
{
}

void WatchChannel::start()
{
    spawnDetached(m_site.executor, [](std::shared_ptr<WatchChannel> self) -> Task<void> {
        co_await self->run();
    }(shared_from_this()));
}

Task<void> WatchChannel::run()
{
    const asio::any_io_executor executor = m_site.workers.watchExecutor();
    Result<std::unique_ptr<WatchTree>> tree = co_await asio::co_spawn(
        executor,
        [](const api::WatchRequest& request) -> Task<Result<std::unique_ptr<WatchTree>>> {
            co_return WatchTree::create(request.path.bytes,
                                        PathFilter(request.include, request.exclude));
        }(m_request),
        asio::use_awaitable);
    if (!tree) {
        m_site.reply(std::unexpected(tree.error()));
        m_site.finished();
        co_return;
    }
    m_site.reply(api::toJson(api::Empty{}));
    if (m_closed)
        co_return;
    // The watcher's thread waits for the loop to take each batch, so that a keeper that does not
    // read makes the log overflow and not the memory.
    m_watcher = std::make_shared<Watcher>(
        executor, std::move(*tree),
        [self = shared_from_this()](std::vector<api::WatchEvent> events) {
            return asio::co_spawn(self->m_site.executor, self->send(std::move(events)),
                                  asio::use_awaitable);
        });
    asio::post(executor, [watcher = m_watcher] { watcher->start(); });
}

Task<void> WatchChannel::send(std::vector<api::WatchEvent> events)
{
    co_await m_site.link.room();
    if (m_closed)
        co_return;
    const bool last = events.back().type == "stopped";
    m_site.link.sendEvent("watch", m_site.number, api::toJson(api::WatchBatch{std::move(events)}));
    if (last) {
        m_closed = true;
        m_site.finished();
    }
}

Result<void> WatchChannel::close()
{
    m_closed = true;
    if (m_watcher) {
        asio::post(m_site.workers.watchExecutor(), [watcher = m_watcher] { watcher->stop(); });
    }
    m_site.finished();
    return {};
}

} // namespace caisson::init
