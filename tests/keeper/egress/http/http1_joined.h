// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/http/exchange.h"

#include "tests/support/stream_pair.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

namespace caisson::keeper::http::testing {

/// Carries a request the plain way: all of it there, then all of the answer back.
api::Task<void> forward(UpstreamConnection& upstream, RequestHead& head, Body& body,
                        Responder& responder);

/// One end of a connection in memory, and what came from it so far.
struct End
{
    std::unique_ptr<PairedStream> stream;
    std::string got = {};
    bool hasEnded = false;
    bool wasReset = false;

    api::Task<bool> readSome();
    api::Task<void> readToEnd();
    api::Task<void> send(std::vector<std::string> pieces);
};

/// Client, server side, upstream side and origin, joined in memory.
class Http1Joined : public ::testing::Test
{
protected:
    Http1Joined();
    ~Http1Joined() override;

    void spawn(api::Task<void> task);
    /// Serves the client by `handler` until the end of its connection.
    void serve(Handler handler, Http1Patience patience = {});
    void serveByForwarding();
    /// Until nothing happens any more.
    void run();

    api::asio::io_context m_context;
    End client;
    End origin;
    std::shared_ptr<UpstreamConnection> upstream;
    std::unique_ptr<PairedStream> m_served;
    std::vector<ErrorCode> malformed;
    int changes = 0;
    bool isServed = false;
};

} // namespace caisson::keeper::http::testing
