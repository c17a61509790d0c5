// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/http_client.h"
#include "backend/api/types.h"
#include "backend/api/websocket.h"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace caisson::client {

/// Output of a command: stream 1 or 2.
struct Output
{
    int stream = 1;
    std::string bytes;
};

/// A command under way. One reader at a time; writers take turns.
class ExecSocket
{
public:
    explicit ExecSocket(api::WebSocket socket);
    using Message = std::variant<Output, api::StreamControl>;
    api::Task<Result<Message>> read();
    api::Task<Result<void>> writeInput(std::string_view bytes);
    api::Task<Result<void>> control(api::StreamControl control);
    void abort();

private:
    api::WebSocket m_socket;
};

/// A terminal as one client sees it: its bytes from an offset on, each once.
class TerminalSocket
{
public:
    explicit TerminalSocket(api::WebSocket socket);
    using Message = std::variant<std::string, api::StreamControl>;
    api::Task<Result<Message>> read();
    api::Task<Result<void>> type(std::string_view bytes);
    api::Task<Result<void>> resize(int cols, int rows);
    void abort();

private:
    api::WebSocket m_socket;
};

class FileDownload
{
public:
    FileDownload(api::ClientConnection connection, api::ResponseHead head);
    std::string etag() const;
    std::int64_t size() const; ///< -1: not known
    /// The next bytes; 0 at the end.
    api::Task<Result<std::size_t>> read(std::span<char> room);
    api::Task<Result<std::string>> readAll(std::size_t limit);

private:
    api::ClientConnection m_connection;
    api::ResponseHead m_head;
};

/// Nothing is changed inside before finish(); without it the file stays as it was.
class FileUpload
{
public:
    explicit FileUpload(api::ClientConnection connection);
    api::Task<Result<void>> write(std::string_view bytes);
    api::Task<Result<api::FileEntry>> finish();

private:
    api::ClientConnection m_connection;
};

/// Server-Sent Events as messages.
class SseStream
{
public:
    explicit SseStream(api::ClientConnection connection);
    /// Unavailable at the end of the stream.
    api::Task<Result<api::SseEvent>> next();
    void abort();

private:
    api::ClientConnection m_connection;
    api::SseParser m_parser;
    std::vector<api::SseEvent> m_ready; ///< in reverse
};

class EventStream
{
public:
    explicit EventStream(SseStream stream);
    /// The event, and the cursor to go on from.
    api::Task<Result<std::pair<api::Event, std::string>>> next();
    void abort();

private:
    SseStream m_stream;
};

class LogStream
{
public:
    explicit LogStream(SseStream stream);
    api::Task<Result<api::EgressEntry>> next();
    /// Of the latest row, to go on from: its id; or, where it came open before and is over now, one
    /// behind those of the rows that were there then.
    std::int64_t cursor() const { return m_cursor; }
    void abort();

private:
    SseStream m_stream;
    std::int64_t m_cursor = 0;
};

class WatchStream
{
public:
    explicit WatchStream(SseStream stream);
    api::Task<Result<api::WatchEvent>> next();
    void abort();

private:
    SseStream m_stream;
};

} // namespace caisson::client
