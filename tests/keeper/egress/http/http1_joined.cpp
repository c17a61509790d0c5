// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/keeper/egress/http/http1_joined.h"

#include <array>

namespace caisson::keeper::http::testing {

using api::Task;

Task<void> forward(UpstreamConnection& upstream, RequestHead& head, Body& body,
                   Responder& responder)
{
    const auto exchange = upstream.open();
    if (!co_await exchange->sendHead(head, "http")) {
        responder.abort();
        co_return;
    }
    while (head.hasBody) {
        const auto bytes = co_await body.next();
        if (!bytes) {
            responder.abort();
            co_return;
        }
        if (bytes->empty())
            break;
        if (!co_await exchange->sendBody(*bytes)) {
            responder.abort();
            co_return;
        }
    }
    if (head.hasBody && !co_await exchange->finishBody(body.trailers())) {
        responder.abort();
        co_return;
    }
    for (;;) {
        const auto answer = co_await exchange->response();
        if (!answer) {
            responder.abort();
            co_return;
        }
        if (answer->status / 100 == 1) {
            std::ignore = co_await responder.inform(*answer);
            continue;
        }
        if (!co_await responder.head(*answer) || !answer->hasBody)
            co_return;
        break;
    }
    for (;;) {
        if (!exchange->body().isReady())
            std::ignore = co_await responder.flush();
        const auto bytes = co_await exchange->body().next();
        if (!bytes || (!bytes->empty() && !co_await responder.write(*bytes))) {
            responder.abort();
            co_return;
        }
        if (bytes->empty())
            break;
    }
    std::ignore = co_await responder.finish(exchange->body().trailers());
}

Task<bool> End::readSome()
{
    std::array<char, 777> room;
    const auto size = co_await stream->read(room);
    if (!size || *size == 0) {
        hasEnded = true;
        wasReset = !size;
        co_return false;
    }
    got.append(room.data(), *size);
    co_return true;
}

Task<void> End::readToEnd()
{
    while (co_await readSome()) {
    }
}

Task<void> End::send(std::vector<std::string> pieces)
{
    for (const std::string& piece : pieces) {
        if (!co_await stream->write(piece))
            co_return;
    }
}

Http1Joined::Http1Joined()
{
    auto [inside, served] = makeStreamPair(m_context.get_executor(), 600);
    auto [outside, origin] = makeStreamPair(m_context.get_executor(), 500);
    client.stream = std::move(inside);
    this->origin.stream = std::move(origin);
    m_served = std::move(served);
    upstream = makeHttp1Upstream(std::move(outside), [this] { ++changes; });
}

Http1Joined::~Http1Joined()
{
    client.stream.reset();
    origin.stream.reset();
    upstream->close();
    m_context.restart();
    m_context.poll();
}

void Http1Joined::spawn(Task<void> task)
{
    api::asio::co_spawn(m_context, std::move(task), [](std::exception_ptr thrown) {
        if (thrown)
            std::rethrow_exception(thrown);
    });
}

void Http1Joined::serve(Handler handler, Http1Patience patience)
{
    spawn([](Http1Joined* self, Handler by, Http1Patience time) -> Task<void> {
        co_await serveHttp1(
            *self->m_served, "", std::move(by),
            [self](const Error& error) { self->malformed.push_back(error.code); }, time);
        self->isServed = true;
        self->m_served.reset();
    }(this, std::move(handler), patience));
}

void Http1Joined::serveByForwarding()
{
    serve([this](RequestHead& head, Body& body, Responder& responder) {
        return forward(*upstream, head, body, responder);
    });
}

void Http1Joined::run()
{
    m_context.restart();
    m_context.poll();
}

} // namespace caisson::keeper::http::testing
