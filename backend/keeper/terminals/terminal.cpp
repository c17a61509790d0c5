// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/terminals/terminal.h"

#include "backend/api/http_server.h"
#include "backend/base/log.h"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <vector>

namespace caisson::keeper {

using api::Task;
using namespace api::asio::experimental::awaitable_operators;

namespace {

constexpr std::size_t kPiece = 64 * 1024;
constexpr std::int64_t kMaxSide = 4096;

/// How far a program may write ahead of who follows it. At the 25 MB/s that a window shows, what
/// Ctrl-C does is seen after 40 ms.
constexpr std::int64_t kAhead = 1024 * 1024;

/// How long a program waits for a client to take anything at all.
constexpr std::chrono::milliseconds kFollowTime(250);

/// How long to wait until there may be room on the disk again.
constexpr std::chrono::seconds kTryAgain(1);

api::StreamControl control(std::string type)
{
    api::StreamControl message;
    message.type = std::move(type);
    return message;
}

api::StreamControl control(std::string type, const Error& error)
{
    api::StreamControl message = control(std::move(type));
    message.code = codeName(error.code);
    message.error = error.message;
    return message;
}

} // namespace

bool isTerminalSize(std::int64_t cols, std::int64_t rows)
{
    return cols >= 1 && cols <= kMaxSide && rows >= 1 && rows <= kMaxSide;
}

Terminal::Terminal(InitLink& link, api::asio::any_io_executor executor,
                   std::shared_ptr<InitChannel> channel, Journal journal, api::Terminal info)
    : m_link(link)
    , m_channel(std::move(channel))
    , m_journal(std::move(journal))
    , m_info(std::move(info))
    , m_changed(executor)
    , m_sent(executor)
{
}

api::Terminal Terminal::info() const
{
    api::Terminal info = m_info;
    info.first = m_journal.first();
    info.offset = m_journal.end();
    info.clients = static_cast<std::int64_t>(m_clients.size());
    return info;
}

Task<void> Terminal::pump(std::function<void()> changed)
{
    const auto self = shared_from_this();
    while (!m_info.exit) {
        Result<InitChannel::Item> item = co_await m_channel->read();
        if (!item) {
            // The sandbox is gone; how its program ended is not known, so nothing is made up.
            m_info.exit = api::ExitStatus{};
        } else if (item->kind == InitChannel::Item::Kind::Data) {
            co_await record(item->data);
        } else if (item->kind == InitChannel::Item::Kind::Event && item->event.op == "exit") {
            const Result<api::ChannelExit> exit = api::fromJson<api::ChannelExit>(item->event.body);
            m_info.exit = exit ? exit->status : api::ExitStatus{};
        }
        m_changed.notifyAll();
        co_await letClientsFollow();
    }
    if (!m_removed)
        changed();
}

/// No byte is dropped because the disk is full: nothing more is taken from the program, which then
/// waits, until there is room.
Task<void> Terminal::record(std::string_view bytes)
{
    while (!m_removed) {
        const std::int64_t before = m_journal.end();
        const Result<void> written = m_journal.append(bytes);
        bytes.remove_prefix(static_cast<std::size_t>(m_journal.end() - before));
        if (written) {
            m_waitsFor.reset();
            co_return;
        }
        if (!m_waitsFor)
            logFailure("terminal {}: {}", m_info.id, written.error().message);
        m_waitsFor = written.error();
        m_waitsFor->message =
            "the terminal waits, since its output cannot be kept: " + written.error().message +
            "; make room on the disk";
        m_changed.notifyAll();
        co_await api::sleepFor(kTryAgain);
    }
}

/// One client that follows is enough. One that has stopped to read holds the program up once, for
/// a moment, and is left behind until it has caught up by itself.
Task<void> Terminal::letClientsFollow()
{
    for (;;) {
        const std::optional<std::int64_t> sent = sentToFollowers();
        if (!sent || m_removed || m_journal.end() - *sent <= kAhead)
            co_return;
        co_await (m_sent.wait() || api::sleepFor(kFollowTime));
        if (sentToFollowers() != sent)
            continue;
        for (auto& [number, client] : m_clients)
            client.follows = false;
    }
}

/// The furthest of them.
std::optional<std::int64_t> Terminal::sentToFollowers() const
{
    std::optional<std::int64_t> furthest;
    for (const auto& [number, client] : m_clients) {
        if (client.follows)
            furthest = std::max(furthest.value_or(0), client.sent);
    }
    return furthest;
}

Task<void> Terminal::serve(api::WebSocket socket, std::int64_t since)
{
    const auto self = shared_from_this();
    const std::uint64_t client = m_nextClient++;
    m_clients[client] = {};
    co_await (sendOutput(socket, client, since) || takeInput(socket, client));
    m_clients.erase(client);
    m_sent.notifyAll();
    if (m_typedLast == client)
        m_typedLast = 0;
}

Task<void> Terminal::sendOutput(api::WebSocket& socket, std::uint64_t client, std::int64_t offset)
{
    std::vector<char> room(kPiece);
    std::int64_t replayEnd = m_journal.end();
    std::int64_t cols = 0;
    std::int64_t rows = 0;
    bool toldToWait = false;
    while (!m_removed) {
        if (offset < m_journal.first()) {
            offset = m_journal.first();
            api::StreamControl truncated = control("truncated");
            truncated.first = offset;
            if (!co_await socket.sendText(api::toJson(truncated)))
                co_return;
            continue;
        }
        if (cols != m_info.cols || rows != m_info.rows) {
            api::StreamControl size = control("size");
            cols = m_info.cols;
            rows = m_info.rows;
            size.cols = cols;
            size.rows = rows;
            if (!co_await socket.sendText(api::toJson(size)))
                co_return;
            continue;
        }
        const Result<std::size_t> got = m_journal.read(offset, room);
        if (!got) {
            co_await socket.sendText(api::toJson(control("error", got.error())));
            break;
        }
        if (*got > 0) {
            if (!co_await socket.sendBinary(std::string_view(room.data(), *got)))
                co_return;
            offset += static_cast<std::int64_t>(*got);
            m_clients[client].sent = offset;
            m_sent.notifyAll();
            continue;
        }
        if (replayEnd >= 0 && offset >= replayEnd) {
            replayEnd = -1;
            api::StreamControl caughtUp = control("caught_up");
            caughtUp.offset = offset;
            if (!co_await socket.sendText(api::toJson(caughtUp)))
                co_return;
            continue;
        }
        if (m_waitsFor.has_value() != toldToWait) {
            toldToWait = m_waitsFor.has_value();
            if (m_waitsFor &&
                !co_await socket.sendText(api::toJson(control("waiting", *m_waitsFor))))
                co_return;
            continue;
        }
        if (m_info.exit) {
            api::StreamControl exit = control("exit");
            exit.exit = m_info.exit;
            exit.offset = offset;
            co_await socket.sendText(api::toJson(exit));
            break;
        }
        m_clients[client].sent = offset;
        m_clients[client].follows = true;
        co_await m_changed.wait();
    }
    co_await socket.close();
}

Task<void> Terminal::takeInput(api::WebSocket& socket, std::uint64_t client)
{
    for (;;) {
        Result<api::WsMessage> message = co_await socket.read();
        if (!message)
            co_return;
        if (message->kind == api::WsMessage::Kind::Binary) {
            if (message->data.empty() || m_info.exit)
                continue;
            if (m_typedLast != client) {
                m_typedLast = client;
                const Client& own = m_clients[client];
                if (isTerminalSize(own.cols, own.rows))
                    resize(own.cols, own.rows);
            }
            if (!co_await m_channel->write(message->data))
                co_return;
            continue;
        }
        // A client that does not keep to the contract is shown the door.
        if (Result<void> obeyed = obey(message->data, client); !obeyed) {
            co_await socket.sendText(api::toJson(control("error", obeyed.error())));
            co_await socket.close();
            co_return;
        }
    }
}

Result<void> Terminal::obey(const std::string& text, std::uint64_t client)
{
    if (Result<void> checked = api::checkValueCount(text); !checked)
        return checked;
    const Result<api::StreamControl> request = api::fromJson<api::StreamControl>(text);
    if (!request)
        return std::unexpected(request.error());
    if (request->type != "resize")
        return fail(ErrorCode::BadRequest, "\"" + request->type.substr(0, 64) +
                                               "\" is not a control message of a terminal");
    if (!isTerminalSize(request->cols.value_or(0), request->rows.value_or(0)))
        return fail(ErrorCode::BadRequest, "a terminal has 1 to 4096 columns and rows");
    clientResized(client, *request->cols, *request->rows);
    return {};
}

void Terminal::clientResized(std::uint64_t client, std::int64_t cols, std::int64_t rows)
{
    m_clients[client].cols = cols;
    m_clients[client].rows = rows;
    // The size is that of the one who typed last; before anybody typed, of the one who came last.
    if (m_typedLast == 0 || m_typedLast == client)
        resize(cols, rows);
}

void Terminal::setTitle(std::string title)
{
    m_info.title = std::move(title);
}

void Terminal::resize(std::int64_t cols, std::int64_t rows)
{
    if (cols == m_info.cols && rows == m_info.rows)
        return;
    m_info.cols = cols;
    m_info.rows = rows;
    if (!m_info.exit)
        m_link.tell("resize", api::ChannelResize{m_channel->id(), cols, rows});
    m_changed.notifyAll();
}

void Terminal::remove()
{
    m_removed = true;
    if (!m_info.exit)
        m_link.tell("hangup", api::ChannelRef{m_channel->id()});
    m_journal.remove();
    m_changed.notifyAll();
}

} // namespace caisson::keeper
