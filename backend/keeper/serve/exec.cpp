// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/names.h"
#include "backend/keeper/serve/server.h"

#include <boost/asio/experimental/awaitable_operators.hpp>

namespace caisson::keeper {

using api::Task;
using namespace api::asio::experimental::awaitable_operators;

namespace {

constexpr std::string_view kInput("\0", 1);
constexpr std::string_view kOutput("\1", 1);

bool hasNul(const std::string& text)
{
    return text.find('\0') != std::string::npos;
}

Result<void> check(const api::ExecRequest& request)
{
    if (request.argv.empty() || request.argv.front().empty())
        return fail(ErrorCode::BadRequest, "field \"argv\": the program to run is an empty word");
    if (std::ranges::any_of(request.argv, hasNul) || hasNul(request.cwd) || hasNul(request.user))
        return fail(ErrorCode::BadRequest,
                    "an argument holds a NUL byte, which no program can get");
    for (const auto& [name, value] : request.env) {
        if (Result<void> checked = api::checkVariableName(name); !checked)
            return checked;
        if (hasNul(value))
            return fail(ErrorCode::BadRequest, "the variable \"" + name + "\" holds a NUL byte");
    }
    if (request.timeoutMs < 0)
        return fail(ErrorCode::BadRequest, "field \"timeout_ms\" must not be negative");
    if (request.tty && !isTerminalSize(request.cols, request.rows))
        return fail(ErrorCode::BadRequest, "a terminal has 1 to 4096 columns and rows");
    return {};
}

/// A command at init, whoever looks on.
struct Command
{
    std::shared_ptr<InitChannel> channel;
    std::int64_t pid = 0;
    bool tty = false;
    std::optional<api::ExitStatus> exit;
};

Task<Result<Command>> start(InitLink& link, const api::ExecRequest& request)
{
    if (Result<void> checked = check(request); !checked)
        co_return std::unexpected(checked.error());
    Command command{link.openChannel(), 0, request.tty, {}};
    const auto reply = co_await link.request<api::SpawnReply>("spawn", api::SpawnRequest{request},
                                                              command.channel->id());
    if (!reply)
        co_return std::unexpected(reply.error());
    command.pid = reply->pid;
    co_return command;
}

/// The next piece of output as stream byte and bytes; empty when the command has ended.
Task<Result<std::string>> readOutput(Command& command)
{
    for (;;) {
        Result<InitChannel::Item> item = co_await command.channel->read();
        if (!item)
            co_return std::unexpected(item.error());
        if (item->kind == InitChannel::Item::Kind::Event && item->event.op == "exit") {
            const Result<api::ChannelExit> exit = api::fromJson<api::ChannelExit>(item->event.body);
            if (!exit)
                co_return std::unexpected(exit.error());
            command.exit = exit->status;
            co_return std::string();
        }
        if (item->kind != InitChannel::Item::Kind::Data)
            continue;
        if (command.tty)
            co_return std::string(kOutput) + item->data;
        if (item->data.front() != 1 && item->data.front() != 2)
            co_return fail(ErrorCode::Protocol, "the sandbox named a stream that there is not");
        co_return std::move(item->data);
    }
}

/// The client went away: its command's tree is hung up, and what it still says is thrown away.
Task<void> abandon(InitLink& link, Command& command)
{
    link.tell("hangup", api::ChannelRef{command.channel->id()});
    while (!command.exit) {
        if (!co_await readOutput(command))
            co_return;
    }
}

// ---- over a WebSocket --------------------------------------------------------------------------

Task<Result<void>> sendControl(api::WebSocket& socket, const api::StreamControl& control)
{
    co_return co_await socket.sendText(api::toJson(control));
}

Task<Result<void>> sendError(api::WebSocket& socket, const Error& error)
{
    api::StreamControl control;
    control.type = "error";
    control.code = codeName(error.code);
    control.error = error.message;
    co_return co_await sendControl(socket, control);
}

Task<void> sendOutput(api::WebSocket& socket, Command& command)
{
    while (!command.exit) {
        const Result<std::string> piece = co_await readOutput(command);
        if (!piece) {
            co_await sendError(socket, piece.error());
            break;
        }
        if (!piece->empty() && !co_await socket.sendBinary(*piece))
            co_return;
    }
    if (command.exit) {
        api::StreamControl exit;
        exit.type = "exit";
        exit.exit = command.exit;
        co_await sendControl(socket, exit);
    }
    co_await socket.close();
}

/// A client's text frame. An error ends the client's connection.
Result<void> obey(const std::string& text, InitLink& link, Command& command)
{
    if (Result<void> checked = api::checkValueCount(text); !checked)
        return checked;
    const Result<api::StreamControl> request = api::fromJson<api::StreamControl>(text);
    if (!request)
        return std::unexpected(request.error());
    const std::int64_t channel = command.channel->id();
    if (request->type == "eof") {
        command.channel->end();
        return {};
    }
    if (request->type == "resize" && command.tty &&
        isTerminalSize(request->cols.value_or(0), request->rows.value_or(0))) {
        link.tell("resize", api::ChannelResize{channel, *request->cols, *request->rows});
        return {};
    }
    if (request->type == "signal" && request->signal) {
        const Result<int> number = api::parseSignal(*request->signal);
        if (!number)
            return std::unexpected(number.error());
        link.tell("signal", api::ChannelSignal{channel, *number});
        return {};
    }
    if (request->type == "resize")
        return fail(ErrorCode::BadRequest,
                    command.tty ? "a terminal has 1 to 4096 columns and rows"
                                : "the command has no terminal that could be resized");
    return fail(ErrorCode::BadRequest,
                "\"" + request->type.substr(0, 64) + "\" is not a control message of this stream");
}

Task<Result<void>> takeMessage(const api::WsMessage& message, InitLink& link, Command& command)
{
    if (message.kind == api::WsMessage::Kind::Text)
        co_return obey(message.data, link, command);
    if (!message.data.starts_with(kInput))
        co_return fail(ErrorCode::BadRequest,
                       "a binary message begins with the number of its stream, which is 0");
    co_return co_await command.channel->write(std::string_view(message.data).substr(1));
}

/// Returns when the client has gone or broken the contract, and has been told so.
Task<void> takeInput(api::WebSocket& socket, InitLink& link, Command& command)
{
    for (;;) {
        const Result<api::WsMessage> message = co_await socket.read();
        if (!message)
            co_return;
        if (Result<void> taken = co_await takeMessage(*message, link, command); !taken) {
            co_await sendError(socket, taken.error());
            co_await socket.close();
            co_return;
        }
    }
}

} // namespace

Task<Result<void>> execOverWebSocket(Exchange exchange)
{
    Result<api::WebSocket> socket = co_await exchange.connection.acceptWebSocket();
    if (!socket)
        co_return std::unexpected(socket.error());
    const Result<api::WsMessage> first = co_await socket->read();
    if (!first)
        co_return Result<void>{};
    Result<void> readable = api::checkValueCount(first->data);
    if (first->kind != api::WsMessage::Kind::Text)
        readable = fail(ErrorCode::BadRequest, "the first message is the request, as text");
    Result<api::ExecRequest> request =
        readable ? api::fromJson<api::ExecRequest>(first->data) : std::unexpected(readable.error());
    Result<Command> command = request ? co_await start(exchange.link, *request)
                                      : Result<Command>(std::unexpected(request.error()));
    if (!command) {
        co_await sendError(*socket, command.error());
        co_await socket->close();
        co_return Result<void>{};
    }
    const ExecProcesses::Entry listed(exchange.execs, command->pid);
    api::StreamControl started;
    started.type = "start";
    started.pid = command->pid;
    if (co_await sendControl(*socket, started))
        co_await (sendOutput(*socket, *command) || takeInput(*socket, exchange.link, *command));
    if (!command->exit)
        co_await abandon(exchange.link, *command);
    co_return Result<void>{};
}

// ---- as Server-Sent Events ---------------------------------------------------------------------

namespace {

Task<void> sendEvents(api::ServerConnection& connection, Command& command)
{
    std::uint64_t cursor = 0;
    // A coroutine, since what is written must last until it is written.
    const auto send = [&](std::string event, std::string data) -> Task<Result<void>> {
        const std::string text =
            api::encodeSse({std::to_string(cursor++), std::move(event), std::move(data)});
        co_return co_await connection.writeBody(text);
    };
    api::StreamControl started;
    started.type = "start";
    started.pid = command.pid;
    if (!co_await send("start", api::toJson(started)))
        co_return;
    std::int64_t offsets[3] = {};
    while (!command.exit) {
        const Result<std::string> piece = co_await readOutput(command);
        if (!piece) {
            co_await send("error", api::errorToJson(piece.error()));
            break;
        }
        if (piece->empty())
            continue;
        const int stream = piece->front();
        const std::string_view bytes = std::string_view(*piece).substr(1);
        const api::OutputChunk chunk{api::toBase64(bytes), offsets[stream]};
        offsets[stream] += static_cast<std::int64_t>(bytes.size());
        if (!co_await send(stream == 1 ? "stdout" : "stderr", api::toJson(chunk)))
            co_return;
    }
    if (command.exit)
        co_await send("exit", api::toJson(*command.exit));
    co_await connection.endBody();
}

} // namespace

Task<Result<void>> execAsEvents(Exchange exchange)
{
    const auto request = co_await api::readJson<api::ExecRequest>(exchange.connection);
    if (!request)
        co_return std::unexpected(request.error());
    Result<Command> command = co_await start(exchange.link, *request);
    if (!command)
        co_return std::unexpected(command.error());
    const ExecProcesses::Entry listed(exchange.execs, command->pid);
    command->channel->end();
    if (co_await exchange.connection.startEvents())
        co_await (sendEvents(exchange.connection, *command) || exchange.connection.waitClosed());
    if (!command->exit)
        co_await abandon(exchange.link, *command);
    co_return Result<void>{};
}

} // namespace caisson::keeper
