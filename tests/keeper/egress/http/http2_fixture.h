// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/http/exchange.h"
#include "tests/support/stream_pair.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace caisson::keeper::http {

using api::Task;

/// Everything that a body brings.
inline Task<Result<std::string>> readAll(Body& body)
{
    std::string all;
    for (;;) {
        const auto bytes = co_await body.next();
        if (!bytes)
            co_return std::unexpected(bytes.error());
        if (bytes->empty())
            co_return all;
        all.append(bytes->data(), bytes->size());
    }
}

inline RequestHead request(std::string method, std::string target)
{
    RequestHead head;
    head.method = std::move(method);
    head.target = std::move(target);
    head.authority = "origin.test";
    return head;
}

inline ResponseHead answer(int status, bool hasBody)
{
    ResponseHead head;
    head.status = status;
    head.hasBody = hasBody;
    return head;
}

/// serveHttp2() with a handler of the test at one end of a connection in memory; at the other what
/// the test likes.
class Http2Fixture : public ::testing::Test
{
protected:
    Http2Fixture()
        : changed(context.get_executor())
    {
        reconnect();
    }

    void reconnect()
    {
        std::tie(serverEnd, clientEnd) = keeper::makeStreamPair(context.get_executor());
        hasServed = false;
        context.restart();
    }

    /// Runs `script` beside the server, and until both have ended.
    void run(Handler handler, std::function<Task<void>()> script)
    {
        const auto onMalformed = [this](const Error& error) {
            malformed.push_back(error.code);
            flaws.push_back(error.message);
        };
        api::asio::co_spawn(context,
                            serveHttp2(*serverEnd, {}, std::move(handler), patience, onMalformed),
                            [this](const std::exception_ptr& failed) {
                                EXPECT_FALSE(failed);
                                hasServed = true;
                                changed.notifyAll();
                            });
        std::exception_ptr failure;
        bool isDone = false;
        api::asio::co_spawn(context, script(), [&](const std::exception_ptr& failed) {
            failure = failed;
            isDone = true;
            upstream.reset();
            if (clientEnd)
                clientEnd->cancel(Stream::Ending::Close);
        });
        context.run_for(std::chrono::seconds(20));
        if (failure)
            std::rethrow_exception(failure);
        EXPECT_TRUE(isDone) << "the test's script waits for ever";
        EXPECT_TRUE(hasServed) << "the server waits for ever";
    }

    /// The same with an upstream side at the other end.
    void runUpstream(Handler handler, std::function<Task<void>(UpstreamConnection&)> script)
    {
        clientWire = clientEnd.get();
        upstream = makeHttp2Upstream(std::move(clientEnd), [this] { ++changes; });
        run(std::move(handler), [this, script] { return script(*upstream); });
    }

    /// Waits until `holds`, which changes when the streams move.
    Task<void> until(std::function<bool()> holds)
    {
        while (!holds())
            co_await api::sleepFor(std::chrono::milliseconds(1));
    }

    boost::asio::io_context context{1};
    std::unique_ptr<PairedStream> serverEnd;
    std::unique_ptr<PairedStream> clientEnd;
    PairedStream* clientWire = nullptr;
    std::shared_ptr<UpstreamConnection> upstream;
    api::Notifier changed;
    Http2Patience patience;
    std::vector<ErrorCode> malformed; ///< heads that no handler saw
    std::vector<std::string> flaws;   ///< and what was wrong with each
    int changes = 0;
    bool hasServed = false;
};

} // namespace caisson::keeper::http
