// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/serve/stopped.h"

#include "backend/api/codec.h"

namespace caisson::keeper {

using api::Task;

namespace {

Task<Result<void>> listNoPrompts(StoppedExchange exchange)
{
    co_return co_await exchange.connection.respond(
        {200, "application/json", api::toJson(api::PromptList{})});
}

Task<Result<void>> answerNoPrompt(StoppedExchange exchange)
{
    const auto answer = co_await api::readJson<api::AnswerPrompt>(exchange.connection);
    if (!answer)
        co_return std::unexpected(answer.error());
    co_return fail(ErrorCode::Gone, "nothing waits for an answer: the sandbox does not run");
}

Task<Result<void>> notAnswered(std::string_view operation)
{
    co_return fail(ErrorCode::NotRunning,
                   "the sandbox is not running; start it for this: " + std::string(operation));
}

Task<Result<void>> dispatch(StoppedExchange exchange)
{
    const std::string_view operation = exchange.match.route->operation;
    if (operation == "listPrompts")
        return listNoPrompts(exchange);
    if (operation == "answerPrompt")
        return answerNoPrompt(exchange);
    return notAnswered(operation);
}

} // namespace

Task<void> answerForStopped(api::Paths paths, std::string sandbox, api::Socket socket,
                            std::string alreadyRead)
{
    api::ServerConnection connection(std::move(socket), std::move(alreadyRead));
    const Result<api::RequestHead> head = co_await connection.readHead();
    connection.closeAfterwards();
    if (!head) {
        co_await connection.respondError(head.error());
        co_return;
    }
    const Result<api::RouteMatch> match = api::matchRoute(head->method, head->target);
    if (!match) {
        co_await connection.respondError(match.error());
        co_return;
    }
    const std::string folder = paths.sandbox(sandbox);
    Result<void> done = co_await dispatch({connection, *head, *match, paths, sandbox, folder});
    if (!done)
        co_await connection.respondError(std::move(done.error()));
}

} // namespace caisson::keeper
