// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/client/streams.h"

#include "backend/api/codec.h"

#include <charconv>

namespace caisson::client {

namespace {

constexpr std::size_t kMaxAnswer = 64 * 1024 * 1024;

Result<api::StreamControl> parseControl(const std::string& text)
{
    return api::fromJson<api::StreamControl>(text);
}

} // namespace

// ---- ExecSocket --------------------------------------------------------------------------------

ExecSocket::ExecSocket(api::WebSocket socket)
    : m_socket(std::move(socket))
{
}

api::Task<Result<ExecSocket::Message>> ExecSocket::read()
{
    Result<api::WsMessage> message = co_await m_socket.read();
    if (!message)
        co_return std::unexpected(message.error());
    if (message->kind == api::WsMessage::Kind::Text) {
        Result<api::StreamControl> control = parseControl(message->data);
        if (!control)
            co_return std::unexpected(control.error());
        co_return Message(std::move(*control));
    }
    if (message->data.empty())
        co_return fail(ErrorCode::Protocol, "an output frame without its stream number");
    const int stream = static_cast<unsigned char>(message->data.front());
    message->data.erase(0, 1);
    co_return Message(Output{stream, std::move(message->data)});
}

api::Task<Result<void>> ExecSocket::writeInput(std::string_view bytes)
{
    co_return co_await m_socket.sendBinary(std::string_view("\0", 1), bytes);
}

api::Task<Result<void>> ExecSocket::control(api::StreamControl control)
{
    co_return co_await m_socket.sendText(api::toJson(control));
}

void ExecSocket::abort()
{
    m_socket.abort();
}

// ---- TerminalSocket ----------------------------------------------------------------------------

TerminalSocket::TerminalSocket(api::WebSocket socket)
    : m_socket(std::move(socket))
{
}

api::Task<Result<TerminalSocket::Message>> TerminalSocket::read()
{
    Result<api::WsMessage> message = co_await m_socket.read();
    if (!message)
        co_return std::unexpected(message.error());
    if (message->kind == api::WsMessage::Kind::Binary)
        co_return Message(std::move(message->data));
    Result<api::StreamControl> control = parseControl(message->data);
    if (!control)
        co_return std::unexpected(control.error());
    co_return Message(std::move(*control));
}

api::Task<Result<void>> TerminalSocket::type(std::string_view bytes)
{
    co_return co_await m_socket.sendBinary(bytes);
}

api::Task<Result<void>> TerminalSocket::resize(int cols, int rows)
{
    api::StreamControl control{"resize"};
    control.cols = cols;
    control.rows = rows;
    co_return co_await m_socket.sendText(api::toJson(control));
}

void TerminalSocket::abort()
{
    m_socket.abort();
}

// ---- files -------------------------------------------------------------------------------------

FileDownload::FileDownload(api::ClientConnection connection, api::ResponseHead head)
    : m_connection(std::move(connection))
    , m_head(std::move(head))
{
}

std::string FileDownload::etag() const
{
    return std::string(m_head.header("etag").value_or(""));
}

std::int64_t FileDownload::size() const
{
    const std::string_view text = m_head.header("caisson-size").value_or("");
    std::int64_t size = -1;
    std::from_chars(text.data(), text.data() + text.size(), size);
    return size;
}

api::Task<Result<std::size_t>> FileDownload::read(std::span<char> room)
{
    co_return co_await m_connection.readBodySome(room);
}

api::Task<Result<std::string>> FileDownload::readAll(std::size_t limit)
{
    co_return co_await m_connection.readBody(limit);
}

FileUpload::FileUpload(api::ClientConnection connection)
    : m_connection(std::move(connection))
{
}

api::Task<Result<void>> FileUpload::write(std::string_view bytes)
{
    co_return co_await m_connection.writeBody(bytes);
}

api::Task<Result<api::FileEntry>> FileUpload::finish()
{
    // The server may have refused and closed already; its answer says more than a broken pipe.
    const Result<void> ended = co_await m_connection.endBody();
    Result<api::ResponseHead> head = co_await m_connection.readHead();
    if (!head)
        co_return std::unexpected(ended ? head.error() : ended.error());
    Result<std::string> body = co_await m_connection.readBody(kMaxAnswer);
    if (!body)
        co_return std::unexpected(body.error());
    if (head->status >= 300)
        co_return std::unexpected(api::errorFromJson(*body));
    co_return api::fromJson<api::FileEntry>(*body);
}

// ---- events ------------------------------------------------------------------------------------

SseStream::SseStream(api::ClientConnection connection)
    : m_connection(std::move(connection))
{
}

api::Task<Result<api::SseEvent>> SseStream::next()
{
    std::array<char, 16 * 1024> room;
    while (m_ready.empty()) {
        const Result<std::size_t> got = co_await m_connection.readBodySome(room);
        if (!got)
            co_return std::unexpected(got.error());
        if (*got == 0)
            co_return fail(ErrorCode::Unavailable, "the stream of events has ended");
        Result<std::vector<api::SseEvent>> events =
            m_parser.feed(std::string_view(room.data(), *got));
        if (!events)
            co_return std::unexpected(events.error());
        m_ready.assign(std::make_move_iterator(events->rbegin()),
                       std::make_move_iterator(events->rend()));
    }
    api::SseEvent event = std::move(m_ready.back());
    m_ready.pop_back();
    co_return event;
}

void SseStream::abort()
{
    m_connection.abort();
}

EventStream::EventStream(SseStream stream)
    : m_stream(std::move(stream))
{
}

api::Task<Result<std::pair<api::Event, std::string>>> EventStream::next()
{
    Result<api::SseEvent> sse = co_await m_stream.next();
    if (!sse)
        co_return std::unexpected(sse.error());
    Result<api::Event> event = api::fromJson<api::Event>(sse->data);
    if (!event)
        co_return std::unexpected(event.error());
    co_return std::pair(std::move(*event), std::move(sse->id));
}

void EventStream::abort()
{
    m_stream.abort();
}

LogStream::LogStream(SseStream stream)
    : m_stream(std::move(stream))
{
}

api::Task<Result<api::EgressEntry>> LogStream::next()
{
    Result<api::SseEvent> sse = co_await m_stream.next();
    if (!sse)
        co_return std::unexpected(sse.error());
    Result<api::EgressEntry> entry = api::fromJson<api::EgressEntry>(sse->data);
    if (!entry)
        co_return entry;
    const char* end = sse->id.data() + sse->id.size();
    if (std::from_chars(sse->id.data(), end, m_cursor).ptr != end || sse->id.empty())
        m_cursor = entry->id;
    co_return entry;
}

void LogStream::abort()
{
    m_stream.abort();
}

WatchStream::WatchStream(SseStream stream)
    : m_stream(std::move(stream))
{
}

api::Task<Result<api::WatchEvent>> WatchStream::next()
{
    Result<api::SseEvent> sse = co_await m_stream.next();
    if (!sse)
        co_return std::unexpected(sse.error());
    co_return api::fromJson<api::WatchEvent>(sse->data);
}

void WatchStream::abort()
{
    m_stream.abort();
}

} // namespace caisson::client
