// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"
#include "backend/api/codec.h"
#include "backend/api/initwire.h"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace caisson::keeper {

class InitLink;

/// One command, terminal, transfer or watch at caisson-init. Made by InitLink::openChannel();
/// letting go of the last reference closes it on both sides.
class InitChannel
{
public:
    InitChannel(InitLink& link, std::uint32_t id);
    ~InitChannel();

    std::uint32_t id() const { return m_id; }

    /// What comes from init: bytes, or an event of this channel, or nothing more (End).
    struct Item
    {
        enum class Kind { Data, Event, End };
        Kind kind = Kind::End;
        std::string data;
        api::Control event;
    };
    /// The next item, in the order init sent them. Unavailable once the link is lost. Taking bytes
    /// lets init send as many more.
    api::Task<Result<Item>> read();

    /// Sends bytes as init takes them. Returns when the last is on its way, or with the error of a
    /// "failed" event, which read() still has. BadRequest after end().
    api::Task<Result<void>> write(std::string_view bytes);
    /// No more bytes come. More than once is once.
    void end();

private:
    friend class InitLink;

    /// Of a "failed" event that waits.
    const Error* failure() const;

    /// An item that waits. Small, since a hostile init may send a megabyte in frames of one byte:
    /// the bytes of all of them stand one after the other in m_bytes.
    struct Waiting
    {
        Item::Kind kind;
        std::uint32_t size = 0;
        std::unique_ptr<api::Control> event;
    };

    InitLink& m_link;
    std::uint32_t m_id;
    std::deque<Waiting> m_waiting;
    std::string m_bytes;
    std::size_t m_bytesTaken = 0; ///< how much of m_bytes was read already
    std::size_t m_events = 0;     ///< how many of m_waiting are events
    bool m_ended = false;         ///< by init
    bool m_endSent = false;       ///< by this side
    std::uint32_t m_maySend = api::kInitialCredit;
    std::uint32_t m_mayReceive = api::kInitialCredit;
    std::uint32_t m_toGrant = 0;
    api::Notifier m_changed;
};

/// The keeper's side of initwire.h. Whatever init says is checked: what breaks the protocol ends
/// the link, and with it the sandbox; what is merely late (a channel that was just closed) is
/// passed over. All memory is bounded by the credit granted.
class InitLink
{
public:
    InitLink(const api::asio::any_io_executor& executor, api::Socket socket);

    /// Reads until the link is lost and returns why. Once.
    api::Task<Error> run();

    /// Waits for init's hello.
    api::Task<Result<void>> waitHello();

    std::shared_ptr<InitChannel> openChannel();

    /// Asks and waits for the reply.
    template<class Reply, class Request>
    api::Task<Result<Reply>> request(std::string op, Request body, std::uint32_t channel = 0)
    {
        Result<std::string> reply = co_await requestText(std::move(op), api::toJson(body), channel);
        if (!reply)
            co_return std::unexpected(reply.error());
        co_return api::fromJson<Reply>(*reply);
    }

    /// Hangs up on every command; returns when all have ended, or after init has killed the rest.
    api::Task<void> hangUpCommands();

    /// Asks without caring for the reply.
    template<class Request>
    void tell(std::string op, const Request& body)
    {
        send(api::encodeControl({m_nextId++, std::move(op), 0, api::toJson(body), {}}));
    }

private:
    friend class InitChannel;

    struct Pending
    {
        explicit Pending(const api::asio::any_io_executor& executor)
            : answered(executor)
        {
        }
        std::optional<api::Control> reply;
        api::Notifier answered;
    };

    api::Task<Result<std::string>> requestText(std::string op, std::string body,
                                               std::uint32_t channel);
    void send(std::string frame);
    api::Task<void> writeLoop();
    api::Task<Result<void>> waitWritable();
    Result<void> take(api::Frame frame);
    Result<void> takeControl(api::Control control);
    void closed(std::uint32_t channel);
    void commandEnded(std::uint32_t channel);

    api::asio::any_io_executor m_executor;
    api::Socket m_socket;
    api::FrameReader m_reader;
    std::deque<std::string> m_outgoing;
    std::size_t m_outgoingBytes = 0;
    api::Notifier m_toWrite;
    api::Notifier m_written;
    api::Notifier m_helloCame;
    bool m_hello = false;
    std::optional<Error> m_lost;
    std::uint64_t m_nextId = 1;
    std::uint32_t m_nextChannel = 1;
    std::map<std::uint64_t, std::shared_ptr<Pending>> m_pending;
    std::map<std::uint32_t, InitChannel*> m_channels;
    std::set<std::uint32_t> m_commands; ///< channels whose command runs
    api::Notifier m_commandEnded;
};

} // namespace caisson::keeper
