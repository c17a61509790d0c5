// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/keeper/egress/http/http1_fixture.h"

#include "tests/keeper/egress/http/reference_http1.h"

#include <format>

namespace caisson::keeper::http::testing {

namespace {

api::Task<std::string> read(std::vector<std::string> pieces, Http1Reader::Side side,
                            Http1Reader::Answers answers)
{
    ScriptedStream stream(std::move(pieces));
    Http1Reader reader(stream, side);
    std::string text;
    for (;;) {
        reader.expectAnswerTo(answers);
        auto head = co_await reader.readHead();
        if (!head)
            co_return text + "error " + std::string(codeName(head.error().code)) + "\n";
        if (!*head)
            co_return text + "end\n";
        const Http1Head& is = **head;
        if (side == Http1Reader::Side::Requests)
            text += std::format("{} {} HTTP/1.{}\n", is.method, is.target, is.minor);
        else
            text += std::format("HTTP/1.{} {}\n", is.minor, is.status);
        for (const auto& [name, value] : is.fields)
            text += std::format("{}: {}\n", name, value);
        text += is.keepsAlive ? "keeps " : "closes ";
        text += is.isChunked ? "chunked " : "";
        text += is.endsWithConnection ? "until-end " : "";
        text += is.length ? std::format("length={} ", *is.length) : "";
        text += is.upgrade.empty() ? "" : std::format("upgrade={} ", is.upgrade);
        std::string body;
        for (;;) {
            const auto bytes = co_await reader.nextBody();
            if (!bytes)
                co_return text + "[" + body + "] error " +
                    std::string(codeName(bytes.error().code)) + "\n";
            if (bytes->empty())
                break;
            body.append(bytes->data(), bytes->size());
        }
        if (is.hasBody || !body.empty())
            text += "[" + body + "]";
        text += "\n";
        for (const auto& [name, value] : reader.trailers())
            text += std::format("trailer {}: {}\n", name, value);
    }
}

api::Task<std::vector<std::string>> messagesOf(std::vector<std::string> pieces,
                                               Http1Reader::Side side)
{
    ScriptedStream stream(std::move(pieces));
    Http1Reader reader(stream, side);
    std::vector<std::string> messages;
    for (;;) {
        auto head = co_await reader.readHead();
        if (!head || !*head)
            co_return messages;
        ReferenceMessage message;
        const std::string version = std::format("HTTP/1.{}", (*head)->minor);
        if (side == Http1Reader::Side::Requests) {
            message.first = (*head)->method;
            message.second = (*head)->target;
            message.third = version;
        } else {
            message.first = version;
            message.second = std::format("{:03}", (*head)->status);
        }
        message.fields = (*head)->fields;
        for (;;) {
            const auto bytes = co_await reader.nextBody();
            if (!bytes)
                co_return messages;
            if (bytes->empty())
                break;
            message.body.append(bytes->data(), bytes->size());
        }
        message.trailers = reader.trailers();
        messages.push_back(message.print());
    }
}

} // namespace

std::vector<std::string> readMessages(std::vector<std::string> pieces, Http1Reader::Side side)
{
    api::asio::io_context context;
    return runToEnd(context, messagesOf(std::move(pieces), side));
}

std::string readAll(std::vector<std::string> pieces, Http1Reader::Side side,
                    Http1Reader::Answers answers)
{
    api::asio::io_context context;
    return runToEnd(context, read(std::move(pieces), side, answers));
}

std::vector<std::string> cutAtRandom(std::string_view text, std::mt19937& random)
{
    std::vector<std::string> pieces;
    while (!text.empty()) {
        const std::size_t most = random() % 4 == 0 ? 5000 : 1 + random() % 40;
        const std::size_t size = std::min<std::size_t>(text.size(), 1 + random() % most);
        pieces.emplace_back(text.substr(0, size));
        text.remove_prefix(size);
    }
    return pieces;
}

} // namespace caisson::keeper::http::testing
