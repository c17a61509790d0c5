// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/channel.h"

#include "backend/init/link.h"

#include <algorithm>
#include <utility>

namespace caisson::init {

namespace {

/// Credit is granted in steps, not for every piece: a quarter of the window keeps the keeper
/// sending and costs few frames.
constexpr std::size_t kGrantStep = api::kInitialCredit / 4;

/// A keeper that grants without measure gets no more out of it than this.
constexpr std::size_t kMostCredit = std::size_t{1} << 40;

} // namespace

Outlet::Outlet(Link& link, std::uint32_t channel)
    : m_link(link)
    , m_channel(channel)
{
}

Task<std::size_t> Outlet::allowance(std::size_t least)
{
    for (;;) {
        if (m_closed)
            co_return 0;
        if (m_credit < least)
            co_await m_changed.wait();
        else if (!m_link.hasRoom())
            co_await m_link.room();
        else
            co_return std::min(m_credit, api::kMaxFramePayload);
    }
}

void Outlet::send(std::string_view payload)
{
    m_credit -= payload.size();
    m_link.send(api::encodeFrame(api::FrameKind::Data, m_channel, payload));
}

void Outlet::sendEnd()
{
    if (!m_closed)
        m_link.send(api::encodeFrame(api::FrameKind::End, m_channel, {}));
}

void Outlet::addCredit(std::uint32_t bytes)
{
    m_credit = std::min(m_credit + bytes, kMostCredit);
    m_changed.notifyAll();
}

void Outlet::close()
{
    m_closed = true;
    m_changed.notifyAll();
}

Inlet::Inlet(Link& link, std::uint32_t channel)
    : m_link(link)
    , m_channel(channel)
{
}

Result<void> Inlet::push(std::string bytes)
{
    if (m_ended)
        return fail(ErrorCode::Protocol, "data came after the end of its channel");
    if (bytes.size() > m_allowed)
        return fail(ErrorCode::Protocol, "more data came than credit was granted for");
    m_allowed -= bytes.size();
    if (m_discarding) {
        consumed(bytes.size());
        return {};
    }
    m_pieces.push_back(std::move(bytes));
    m_changed.notifyAll();
    return {};
}

void Inlet::pushEnd()
{
    m_ended = true;
    m_changed.notifyAll();
}

Task<std::optional<std::string>> Inlet::next()
{
    while (m_pieces.empty() && !m_ended && !m_closed)
        co_await m_changed.wait();
    if (m_closed || m_pieces.empty())
        co_return std::nullopt;
    std::string piece = std::move(m_pieces.front());
    m_pieces.pop_front();
    co_return piece;
}

void Inlet::consumed(std::size_t bytes)
{
    m_ungranted += bytes;
    if (m_ungranted < kGrantStep || m_ended || m_closed)
        return;
    m_link.send(api::encodeCredit(m_channel, static_cast<std::uint32_t>(m_ungranted)));
    m_allowed += std::exchange(m_ungranted, 0);
}

void Inlet::discard()
{
    m_discarding = true;
    for (const std::string& piece : std::exchange(m_pieces, {}))
        consumed(piece.size());
}

void Inlet::close()
{
    m_closed = true;
    m_pieces.clear();
    m_changed.notifyAll();
}

Channel::Channel(ChannelSite site)
    : m_site(std::move(site))
    , m_outlet(m_site.link, m_site.number)
    , m_inlet(m_site.link, m_site.number)
{
}

Result<void> Channel::signal(int)
{
    return fail(ErrorCode::BadRequest, "only a command can be sent a signal");
}

Result<void> Channel::resize(std::int64_t, std::int64_t)
{
    return fail(ErrorCode::BadRequest, "only a terminal can be resized");
}

Result<void> Channel::hangUp()
{
    return fail(ErrorCode::BadRequest, "only a command can be hung up on");
}

Result<void> Channel::close()
{
    m_outlet.close();
    m_inlet.close();
    return {};
}

} // namespace caisson::init
