// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/serve/server.h"

#include <charconv>

namespace caisson::keeper {

using api::Task;

Task<Result<void>> createTerminal(Exchange exchange, Terminals& terminals)
{
    const auto request = co_await api::readJson<api::CreateTerminal>(exchange.connection);
    if (!request)
        co_return std::unexpected(request.error());
    const Result<api::Terminal> terminal = co_await terminals.create(*request);
    if (!terminal)
        co_return std::unexpected(terminal.error());
    co_return co_await exchange.connection.respond(
        {201, "application/json", api::toJson(*terminal)});
}

Task<Result<void>> listTerminals(Exchange exchange, Terminals& terminals)
{
    co_return co_await exchange.connection.respond(
        {200, "application/json", api::toJson(terminals.list())});
}

Task<Result<void>> attachTerminal(Exchange exchange, Terminals& terminals)
{
    const Result<std::shared_ptr<Terminal>> terminal =
        terminals.find(exchange.match.parameter("terminal"));
    if (!terminal)
        co_return std::unexpected(terminal.error());
    std::int64_t since = 0;
    if (const auto text = exchange.match.queryValue("since")) {
        const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), since);
        if (error != std::errc() || end != text->data() + text->size() || since < 0)
            co_return fail(ErrorCode::BadRequest, "\"since\" must be an offset in bytes");
    }
    if (since > (*terminal)->end())
        co_return fail(ErrorCode::BadRequest, "the terminal has not written so much yet",
                       {{"offset", std::to_string((*terminal)->end())}});
    Result<api::WebSocket> socket = co_await exchange.connection.acceptWebSocket();
    if (!socket)
        co_return std::unexpected(socket.error());
    co_await (*terminal)->serve(std::move(*socket), since);
    co_return Result<void>{};
}

Task<Result<void>> patchTerminal(Exchange exchange, Terminals& terminals)
{
    const auto patch = co_await api::readJson<api::PatchTerminal>(exchange.connection);
    if (!patch)
        co_return std::unexpected(patch.error());
    const Result<api::Terminal> terminal =
        terminals.patch(exchange.match.parameter("terminal"), *patch);
    if (!terminal)
        co_return std::unexpected(terminal.error());
    co_return co_await exchange.connection.respond(
        {200, "application/json", api::toJson(*terminal)});
}

Task<Result<void>> removeTerminal(Exchange exchange, Terminals& terminals)
{
    if (Result<void> removed = terminals.remove(exchange.match.parameter("terminal")); !removed)
        co_return removed;
    co_return co_await exchange.connection.respond({204, "", ""});
}

} // namespace caisson::keeper
