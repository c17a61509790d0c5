// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/http/head_watch.h"

#include <algorithm>
#include <optional>

namespace caisson::keeper::http {

using Clock = std::chrono::steady_clock;

struct HeadWatch::State
{
    State(const api::asio::any_io_executor& executor, Stream* of, const Http1Reader& from,
          Http1Patience time)
        : timer(executor)
        , stream(of)
        , reader(from)
        , patience(time)
    {
    }
    api::asio::steady_timer timer;
    Stream* stream; ///< nullptr: the watch has ended
    const Http1Reader& reader;
    Http1Patience patience;
    std::optional<Clock::time_point> since; ///< a head is waited for
    std::optional<Clock::time_point> begun; ///< as it was seen
    bool brokeOff = false;
};

HeadWatch::HeadWatch(const api::asio::any_io_executor& executor, Stream& stream,
                     const Http1Reader& reader, Http1Patience patience)
    : m_state(std::make_shared<State>(executor, &stream, reader, patience))
{
    look(m_state);
}

HeadWatch::~HeadWatch()
{
    m_state->stream = nullptr;
    m_state->timer.cancel();
}

void HeadWatch::wait()
{
    m_state->since = Clock::now();
    m_state->begun.reset();
}

void HeadWatch::stop()
{
    m_state->since.reset();
}

bool HeadWatch::brokeOff() const
{
    return m_state->brokeOff;
}

void HeadWatch::look(const std::shared_ptr<State>& state)
{
    State& d = *state;
    if (!d.stream)
        return;
    const Clock::time_point now = Clock::now();
    if (d.since && d.reader.hasBytes()) {
        if (!d.begun)
            d.begun = now;
        d.brokeOff = now - *d.begun >= d.patience.head;
    }
    if (d.brokeOff || (d.since && !d.begun && now - *d.since >= d.patience.idle)) {
        d.stream->cancel(d.brokeOff ? Stream::Ending::Reset : Stream::Ending::Close);
        return;
    }
    d.timer.expires_after(std::min(d.patience.head, d.patience.idle) / 2);
    d.timer.async_wait([weak = std::weak_ptr(state)](const boost::system::error_code& code) {
        const auto self = weak.lock();
        if (!code && self)
            look(self);
    });
}

} // namespace caisson::keeper::http
