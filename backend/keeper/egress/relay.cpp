// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/relay.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <vector>

namespace caisson::keeper {

using api::Task;
using namespace api::asio::experimental::awaitable_operators;

namespace {

constexpr std::size_t kPiece = 32 * 1024;

Task<void> carry(Stream& from, Stream& to, std::int64_t& count, const MayPass& mayPass = {})
{
    std::vector<char> room(kPiece);
    for (;;) {
        const Result<std::size_t> size = co_await from.read(room);
        if (!size)
            break;
        if (*size == 0) {
            co_await to.finish();
            co_return;
        }
        if (mayPass && !mayPass(std::span(room).first(*size)))
            break;
        if (!co_await to.write(std::span(room).first(*size)))
            break;
        count += static_cast<std::int64_t>(*size);
    }
    from.cancel(Stream::Ending::Reset);
    to.cancel(Stream::Ending::Reset);
}

} // namespace

Task<void> relay(Stream& inside, Stream& outside, std::int64_t& out, std::int64_t& in, Inside state,
                 MayPass mayPass)
{
    if (state == Inside::Finished) {
        // Its end was read, and no other will come.
        co_await outside.finish();
        co_await carry(outside, inside, in);
        co_return;
    }
    co_await (carry(inside, outside, out, mayPass) && carry(outside, inside, in));
}

} // namespace caisson::keeper
