// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/http/exchange.h"
#include "backend/keeper/egress/http/http1_reader.h"

#include <chrono>
#include <memory>

namespace caisson::keeper::http {

/// Breaks off the connection of a client that begins a head and does not finish it, or says nothing for
/// long. It looks now and then, so that who is late is broken off up to half as late again: a timer
/// for each request would cost more than many a request.
class HeadWatch
{
public:
    /// `stream` and `reader` outlive it.
    HeadWatch(const api::asio::any_io_executor& executor, Stream& stream, const Http1Reader& reader,
              Http1Patience patience);
    ~HeadWatch();
    HeadWatch(const HeadWatch&) = delete;
    HeadWatch& operator=(const HeadWatch&) = delete;

    /// A head is waited for.
    void wait();
    void stop();
    /// Whether one was begun, and broken off.
    bool brokeOff() const;

private:
    struct State;
    static void look(const std::shared_ptr<State>& state);
    std::shared_ptr<State> m_state;
};

} // namespace caisson::keeper::http
