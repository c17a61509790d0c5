// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/link/init_link.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace caisson::keeper {

using api::Task;
using namespace api::asio::experimental::awaitable_operators;

namespace {

constexpr auto kTuple = api::asio::as_tuple(api::asio::use_awaitable);

/// How much may wait to be written before writers of data wait too.
constexpr std::size_t kOutgoingLimit = 1024 * 1024;
constexpr std::size_t kChunk = 128 * 1024;
/// Credit is granted in pieces of at least this, so that not every read costs a frame.
constexpr std::uint32_t kGrantPiece = api::kInitialCredit / 4;
/// Events are not under credit: a watch that nobody reads may pile up so many, then it is told.
constexpr std::size_t kMaxEvents = 4096;
/// Init sends KILL two seconds after HUP; a little later everything has ended.
constexpr std::chrono::milliseconds kHangUpLimit(2500);

Task<bool> isCancelled()
{
    const auto state = co_await api::asio::this_coro::cancellation_state;
    co_return state.cancelled() != api::asio::cancellation_type::none;
}

} // namespace

// ---- InitChannel -------------------------------------------------------------------------------

InitChannel::InitChannel(InitLink& link, std::uint32_t id)
    : m_link(link)
    , m_id(id)
    , m_changed(link.m_executor)
{
}

InitChannel::~InitChannel()
{
    m_link.closed(m_id);
}

Task<Result<InitChannel::Item>> InitChannel::read()
{
    while (m_waiting.empty()) {
        if (m_link.m_lost)
            co_return std::unexpected(*m_link.m_lost);
        co_await m_changed.wait();
        if (co_await isCancelled())
            co_return fail(ErrorCode::Cancelled, "cancelled");
    }
    Waiting waiting = std::move(m_waiting.front());
    m_waiting.pop_front();
    Item item{waiting.kind, m_bytes.substr(m_bytesTaken, waiting.size), {}};
    m_bytesTaken += waiting.size;
    if (m_bytesTaken == m_bytes.size() || m_bytesTaken >= api::kInitialCredit) {
        m_bytes.erase(0, m_bytesTaken);
        m_bytesTaken = 0;
    }
    if (waiting.event) {
        item.event = std::move(*waiting.event);
        --m_events;
    }
    m_toGrant += waiting.size;
    if (m_toGrant >= kGrantPiece) {
        m_mayReceive += m_toGrant;
        m_link.send(api::encodeCredit(m_id, m_toGrant));
        m_toGrant = 0;
    }
    co_return item;
}

const Error* InitChannel::failure() const
{
    const auto failed = std::ranges::find_if(
        m_waiting, [](const Waiting& waiting) { return waiting.event && waiting.event->error; });
    return failed == m_waiting.end() ? nullptr : &*failed->event->error;
}

Task<Result<void>> InitChannel::write(std::string_view bytes)
{
    // To init this would be a broken link, and the end of the sandbox.
    if (m_endSent)
        co_return fail(ErrorCode::BadRequest, "input came after its end");
    while (!bytes.empty()) {
        // Init takes no more of what it cannot use, and grants no more credit to wait for.
        if (const Error* why = failure())
            co_return std::unexpected(*why);
        if (Result<void> writable = co_await m_link.waitWritable(); !writable)
            co_return writable;
        if (m_maySend == 0) {
            co_await m_changed.wait();
            if (co_await isCancelled())
                co_return fail(ErrorCode::Cancelled, "cancelled");
            continue;
        }
        const std::size_t size =
            std::min({bytes.size(), kChunk, static_cast<std::size_t>(m_maySend)});
        m_maySend -= static_cast<std::uint32_t>(size);
        m_link.send(api::encodeFrame(api::FrameKind::Data, m_id, bytes.substr(0, size)));
        bytes.remove_prefix(size);
    }
    co_return Result<void>{};
}

void InitChannel::end()
{
    if (!std::exchange(m_endSent, true))
        m_link.send(api::encodeFrame(api::FrameKind::End, m_id, {}));
}

// ---- InitLink ----------------------------------------------------------------------------------

InitLink::InitLink(const api::asio::any_io_executor& executor, api::Socket socket)
    : m_executor(executor)
    , m_socket(std::move(socket))
    , m_toWrite(executor)
    , m_written(executor)
    , m_helloCame(executor)
    , m_commandEnded(executor)
{
}

Task<Error> InitLink::run()
{
    api::spawnDetached(m_executor, writeLoop(), "writing to init");
    Error why;
    for (;;) {
        std::size_t room = 0;
        char* at = m_reader.prepare(room);
        const auto [code, size] =
            co_await m_socket.async_read_some(api::asio::buffer(at, room), kTuple);
        if (code) {
            why = Error{ErrorCode::NotRunning,
                        "the sandbox has ended; start it again, or see why with: caissonctl show",
                        {}};
            break;
        }
        m_reader.commit(size);
        Result<void> taken;
        while (taken) {
            Result<std::optional<api::Frame>> frame = m_reader.next();
            if (!frame)
                taken = std::unexpected(frame.error());
            else if (!*frame)
                break;
            else
                taken = take(std::move(**frame));
        }
        if (!taken) {
            why = Error{ErrorCode::Protocol,
                        "the sandbox's first process broke the protocol: " + taken.error().message,
                        {}};
            break;
        }
    }
    m_lost = why;
    boost::system::error_code ignored; // it is being closed because it is broken
    m_socket.close(ignored);
    for (auto& [id, pending] : m_pending)
        pending->answered.notifyAll();
    for (auto& [id, channel] : m_channels)
        channel->m_changed.notifyAll();
    m_toWrite.notifyAll();
    m_written.notifyAll();
    m_helloCame.notifyAll();
    co_return why;
}

Task<Result<void>> InitLink::waitHello()
{
    while (!m_hello && !m_lost)
        co_await m_helloCame.wait();
    if (!m_hello)
        co_return std::unexpected(*m_lost);
    co_return Result<void>{};
}

std::shared_ptr<InitChannel> InitLink::openChannel()
{
    auto channel = std::make_shared<InitChannel>(*this, m_nextChannel++);
    m_channels[channel->id()] = channel.get();
    return channel;
}

void InitLink::closed(std::uint32_t channel)
{
    m_channels.erase(channel);
    if (!m_lost)
        tell("close", api::ChannelRef{channel});
}

Task<Result<std::string>> InitLink::requestText(std::string op, std::string body,
                                                std::uint32_t channel)
{
    if (m_lost)
        co_return std::unexpected(*m_lost);
    const std::uint64_t id = m_nextId++;
    std::string frame = api::encodeControl({id, op, channel, std::move(body), {}});
    if (frame.size() > api::kFrameHeadSize + api::kMaxFramePayload)
        co_return fail(ErrorCode::TooLarge, "the request is larger than 256 KiB");
    auto pending = std::make_shared<Pending>(m_executor);
    m_pending[id] = pending;
    const bool starts = op == "spawn";
    send(std::move(frame));
    if (starts)
        m_commands.insert(channel);
    while (!pending->reply && !m_lost) {
        co_await pending->answered.wait();
        if (co_await isCancelled())
            break;
    }
    m_pending.erase(id);
    if (!pending->reply)
        co_return std::unexpected(m_lost.value_or(Error{ErrorCode::Cancelled, "cancelled", {}}));
    if (pending->reply->error && starts)
        commandEnded(channel);
    if (pending->reply->error)
        co_return std::unexpected(std::move(*pending->reply->error));
    co_return pending->reply->body.empty() ? "{}" : std::move(pending->reply->body);
}

void InitLink::commandEnded(std::uint32_t channel)
{
    m_commands.erase(channel);
    m_commandEnded.notifyAll();
}

Task<void> InitLink::hangUpCommands()
{
    for (const std::uint32_t channel : m_commands)
        tell("hangup", api::ChannelRef{channel});
    const auto ended = [this]() -> Task<void> {
        while (!m_commands.empty() && !m_lost)
            co_await m_commandEnded.wait();
    };
    co_await (ended() || api::sleepFor(kHangUpLimit));
}

void InitLink::send(std::string frame)
{
    if (m_lost)
        return;
    m_outgoingBytes += frame.size();
    m_outgoing.push_back(std::move(frame));
    m_toWrite.notifyAll();
}

Task<Result<void>> InitLink::waitWritable()
{
    while (m_outgoingBytes > kOutgoingLimit && !m_lost)
        co_await m_written.wait();
    if (m_lost)
        co_return std::unexpected(*m_lost);
    co_return Result<void>{};
}

Task<void> InitLink::writeLoop()
{
    while (!m_lost) {
        if (m_outgoing.empty()) {
            co_await m_toWrite.wait();
            continue;
        }
        const std::string frame = std::move(m_outgoing.front());
        m_outgoing.pop_front();
        const auto [code, size] =
            co_await api::asio::async_write(m_socket, api::asio::buffer(frame), kTuple);
        if (code)
            co_return; // the reader sees the same end and says why
        m_outgoingBytes -= frame.size();
        m_written.notifyAll();
    }
}

Result<void> InitLink::take(api::Frame frame)
{
    if (frame.kind == api::FrameKind::Control) {
        Result<api::Control> control = api::decodeControl(frame.payload);
        if (!control)
            return std::unexpected(control.error());
        return takeControl(std::move(*control));
    }
    const auto found = m_channels.find(frame.channel);
    if (found == m_channels.end())
        return {};
    InitChannel& channel = *found->second;
    const auto size = static_cast<std::uint32_t>(frame.payload.size());
    switch (frame.kind) {
    case api::FrameKind::Data:
        if (size > channel.m_mayReceive)
            return fail(ErrorCode::Protocol, "it sent more than it was allowed");
        if (size == 0 || channel.m_ended)
            return {};
        channel.m_mayReceive -= size;
        channel.m_bytes += frame.payload;
        channel.m_waiting.push_back({InitChannel::Item::Kind::Data, size, nullptr});
        break;
    case api::FrameKind::End:
        if (std::exchange(channel.m_ended, true))
            return {};
        channel.m_waiting.push_back({InitChannel::Item::Kind::End, 0, nullptr});
        break;
    default: {
        const std::uint32_t more = api::decodeCredit(frame.payload);
        if (more > UINT32_MAX - channel.m_maySend)
            return fail(ErrorCode::Protocol, "it granted more credit than can be counted");
        channel.m_maySend += more;
        break;
    }
    }
    channel.m_changed.notifyAll();
    return {};
}

Result<void> InitLink::takeControl(api::Control control)
{
    if (control.id != 0) {
        const auto found = m_pending.find(control.id);
        if (found != m_pending.end()) {
            found->second->reply = std::move(control);
            found->second->answered.notifyAll();
        }
        return {};
    }
    if (control.op == "hello") {
        const Result<api::InitHello> hello = api::fromJson<api::InitHello>(control.body);
        if (!hello)
            return std::unexpected(hello.error());
        if (hello->version != api::kInitProtocolVersion)
            return fail(ErrorCode::Protocol, "it speaks another version");
        m_hello = true;
        m_helloCame.notifyAll();
        return {};
    }
    if (control.op == "exit")
        commandEnded(control.channel);
    const auto found = m_channels.find(control.channel);
    if (found == m_channels.end())
        return {};
    InitChannel& channel = *found->second;
    if (channel.m_events >= kMaxEvents) {
        // Only a watch sends many. What was not read is worth less than the word that it is lost.
        std::erase_if(channel.m_waiting,
                      [](const InitChannel::Waiting& waiting) { return waiting.event != nullptr; });
        channel.m_events = 0;
        control.op = "watch";
        api::WatchEvent overflow;
        overflow.type = "overflow";
        control.body = api::toJson(api::WatchBatch{{overflow}});
    }
    ++channel.m_events;
    channel.m_waiting.push_back(
        {InitChannel::Item::Kind::Event, 0, std::make_unique<api::Control>(std::move(control))});
    channel.m_changed.notifyAll();
    return {};
}

} // namespace caisson::keeper
