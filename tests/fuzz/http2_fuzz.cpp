// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/http/exchange.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

using namespace caisson;
using namespace caisson::keeper;
using namespace caisson::keeper::http;
using api::Task;

namespace {

void require(bool holds, const char* what)
{
    if (holds)
        return;
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

/// Says the input, a piece at a time, and takes whatever is written.
class Said : public Stream
{
public:
    explicit Said(std::string_view bytes)
        : m_rest(bytes)
    {
    }
    Task<Result<std::size_t>> read(std::span<char> room) override
    {
        // So that what was begun for the bytes before has its turn.
        co_await api::sleepFor(std::chrono::milliseconds(0));
        if (m_isCancelled)
            co_return fail(ErrorCode::Cancelled, "cancelled");
        const std::size_t size = std::min({room.size(), m_rest.size(), std::size_t{1000}});
        std::copy_n(m_rest.data(), size, room.data());
        m_rest.remove_prefix(size);
        co_return size;
    }
    Task<Result<void>> write(std::span<const char>) override
    {
        if (m_isCancelled)
            co_return fail(ErrorCode::Cancelled, "cancelled");
        co_return Result<void>{};
    }
    Task<void> finish() override { co_return; }
    void cancel(Ending) override { m_isCancelled = true; }
    bool isOpen() const override { return !m_isCancelled; }
    bool isQuiet() override { return m_rest.empty(); }

private:
    std::string_view m_rest;
    bool m_isCancelled = false;
};

void requireClean(const Fields& fields)
{
    constexpr std::string_view kNever[] = {"connection",    "transfer-encoding", "upgrade",
                                           "keep-alive",    "proxy-connection",  "host",
                                           "content-length"};
    for (const auto& [name, value] : fields) {
        require(!name.empty() && !name.contains(':'), "a name that is none");
        require(
            std::ranges::none_of(name, [](char c) { return c <= ' ' || (c >= 'A' && c <= 'Z'); }),
            "a name with what no name has");
        require(std::ranges::find(kNever, name) == std::end(kNever), "a field of one hop");
        require(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos,
                "a value with the end of a line");
    }
}

Task<void> answer(RequestHead& head, Body& body, Responder& to)
{
    requireClean(head.fields);
    require(!head.method.empty() && !head.target.empty(), "no method or path");
    require(!head.target.contains(' ') && !head.authority.contains(' '), "a space in the path");
    require(head.method != "CONNECT", "CONNECT");
    std::uint64_t size = 0;
    ResponseHead reply;
    reply.status = 200;
    if (!co_await to.head(reply))
        co_return;
    for (;;) {
        const auto bytes = co_await body.next();
        if (!bytes)
            co_return to.abort();
        if (bytes->empty())
            break;
        size += bytes->size();
        if (!co_await to.write(*bytes))
            co_return;
    }
    require(!head.length || *head.length == size, "the body's length differs");
    requireClean(body.trailers());
    static_cast<void>(co_await to.finish(body.trailers()));
}

Task<void> ask(UpstreamConnection& origin, const char* method)
{
    const auto exchange = origin.open();
    RequestHead head;
    head.method = method;
    head.authority = "origin.test";
    head.target = "/";
    head.hasBody = head.method == "POST";
    if (!co_await exchange->sendHead(head, "https"))
        co_return;
    if (head.hasBody) {
        if (!co_await exchange->sendBody(std::string(20000, 'x')))
            co_return;
        static_cast<void>(co_await exchange->finishBody({}));
    }
    auto reply = co_await exchange->response();
    while (reply && reply->status < 200) {
        require(reply->status >= 100 && reply->status != 101 && !reply->hasBody,
                "an odd interim answer");
        requireClean(reply->fields);
        reply = co_await exchange->response();
    }
    if (!reply)
        co_return;
    require(reply->status <= 999, "an odd status");
    requireClean(reply->fields);
    std::uint64_t size = 0;
    for (;;) {
        const auto bytes = co_await exchange->body().next();
        if (!bytes)
            co_return;
        if (bytes->empty())
            break;
        size += bytes->size();
    }
    require(!reply->length || !reply->hasBody || *reply->length == size,
            "the body's length differs");
    requireClean(exchange->body().trailers());
}

} // namespace

/// What begins like a client is served; all else is what an origin says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    boost::asio::io_context context(1);
    if (bytes.starts_with("PRI")) {
        Said client(bytes);
        bool hasServed = false;
        api::asio::co_spawn(context, serveHttp2(client, {}, answer),
                            [&](const std::exception_ptr& failed) {
                                require(!failed, "an exception");
                                hasServed = true;
                            });
        context.run();
        require(hasServed, "serving has not ended");
        return 0;
    }
    auto origin = makeHttp2Upstream(std::make_unique<Said>(bytes), [] {});
    int asked = 0;
    for (const char* method : {"GET", "POST", "HEAD"}) {
        api::asio::co_spawn(context, ask(*origin, method), [&](const std::exception_ptr& failed) {
            require(!failed, "an exception");
            if (++asked == 3)
                origin.reset();
        });
    }
    context.run();
    require(asked == 3, "asking has not ended");
    return 0;
}
