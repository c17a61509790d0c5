// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/init/channel.h"
#include "backend/init/watch_tree.h"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <vector>

namespace caisson::init {

/// Reads a tree's events and hands them on in batches: the first of a burst at once, what follows
/// every 16 ms. All of it on one thread of its own (Workers::watchExecutor).
class Watcher : public std::enable_shared_from_this<Watcher>
{
public:
    /// Takes a batch; resumes when there is room for the next.
    using Deliver = std::function<Task<void>(std::vector<api::WatchEvent>)>;

    Watcher(const asio::any_io_executor& executor, std::unique_ptr<WatchTree> tree,
            Deliver deliver);
    ~Watcher();

    void start();
    void stop();

private:
    Task<void> readTree();
    Task<void> deliverBatches();

    std::unique_ptr<WatchTree> m_tree;
    Deliver m_deliver;
    WatchLog m_log;
    asio::posix::stream_descriptor m_events; ///< the tree's descriptor, borrowed
    asio::steady_timer m_moment;
    asio::steady_timer m_pause;
    Notifier m_changed;
    bool m_stopped = false;
    bool m_treeEnded = false;
};

/// A folder's changes as events "watch".
class WatchChannel : public Channel, public std::enable_shared_from_this<WatchChannel>
{
public:
    WatchChannel(ChannelSite site, api::WatchRequest request);
    void start();
    Result<void> close() override;

private:
    Task<void> run();
    Task<void> send(std::vector<api::WatchEvent> events);

    api::WatchRequest m_request;
    std::shared_ptr<Watcher> m_watcher;
    bool m_closed = false;
};

} // namespace caisson::init
