// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/initwire.h"
#include "backend/base/error.h"
#include "backend/init/task.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace caisson::init {

class ChildReaper;
class Launcher;
class Link;
class Workers;

/// The sending half of a channel: Data within the credit the keeper granted.
class Outlet
{
public:
    Outlet(Link& link, std::uint32_t channel);

    /// Waits until at least `least` payload bytes may be sent and the link has room; returns how
    /// many may be. 0: the outlet was closed. Valid until the next suspension.
    Task<std::size_t> allowance(std::size_t least);

    /// At most as many bytes as allowance() said.
    void send(std::string_view payload);
    void sendEnd();

    void addCredit(std::uint32_t bytes);
    /// Nothing more is sent; waiters are woken.
    void close();

private:
    Link& m_link;
    std::uint32_t m_channel;
    std::size_t m_credit = api::kInitialCredit;
    bool m_closed = false;
    Notifier m_changed;
};

/// The receiving half: what came and is not used yet, at most the credit granted.
class Inlet
{
public:
    Inlet(Link& link, std::uint32_t channel);

    /// Protocol when the keeper sends more than it may.
    Result<void> push(std::string bytes);
    void pushEnd();

    /// The next piece; nullopt at the end, or when closed. After use, consumed().
    Task<std::optional<std::string>> next();
    /// Lets the keeper send so much more.
    void consumed(std::size_t bytes);

    /// What is here and what comes is thrown away, and credit goes on being granted, so that a
    /// keeper with more to send does not wait for ever for a command that does not read.
    void discard();
    /// next() returns nullopt from now on.
    void close();
    bool isClosed() const { return m_closed; }

private:
    Link& m_link;
    std::uint32_t m_channel;
    std::deque<std::string> m_pieces;
    std::size_t m_allowed = api::kInitialCredit; ///< what the keeper may still send
    std::size_t m_ungranted = 0;                 ///< used up, not granted again yet
    bool m_ended = false;
    bool m_discarding = false;
    bool m_closed = false;
    Notifier m_changed;
};

/// What every channel is given by the session. The references outlive all channels.
struct ChannelSite
{
    asio::any_io_executor executor; ///< of the session's loop
    Link& link;
    Workers& workers;
    ChildReaper& children;
    Launcher& launcher;
    std::uint32_t number;
    /// The answer to the request that opened the channel: exactly once.
    std::function<void(Result<std::string>)> reply;
    /// The session forgets the channel; frames that still come for it are dropped.
    std::function<void()> finished;
};

/// One conversation within the link. Lives in the session's map and in its own coroutines.
class Channel
{
public:
    explicit Channel(ChannelSite site);
    virtual ~Channel() = default;
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    Result<void> onData(std::string bytes) { return m_inlet.push(std::move(bytes)); }
    void onEnd() { m_inlet.pushEnd(); }
    void onCredit(std::uint32_t bytes) { m_outlet.addCredit(bytes); }

    // Requests that name a channel; BadRequest where they make no sense.
    virtual Result<void> signal(int number);
    virtual Result<void> resize(std::int64_t cols, std::int64_t rows);
    virtual Result<void> hangUp();
    virtual Result<void> close();

    /// The link is lost and the program about to end: leave nothing behind.
    virtual void abandon() {}

protected:
    ChannelSite m_site;
    Outlet m_outlet;
    Inlet m_inlet;
};

} // namespace caisson::init
