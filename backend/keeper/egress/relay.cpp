// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/relay.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <vector>

namespace caisson::keeper {

using api::Task;
using namespace api::asio::experimental::awaitable_operators;

namespace {

constexpr std::size_t kPiece = 32 * 1024;

Task<void> carry(Stream& from, Stream& to, std::int64_t& count, const Change& change = {})
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
        std::span<const char> passing = std::span(room).first(*size);
        if (change) {
            const std::optional<std::string_view> changed = change(passing);
            if (!changed)
                break;
            passing = *changed;
        }
        if (!passing.empty() && !co_await to.write(passing))
            break;
        count += static_cast<std::int64_t>(*size);
    }
    from.cancel(Stream::Ending::Reset);
    to.cancel(Stream::Ending::Reset);
}

} // namespace

Task<void> relay(Stream& inside, Stream& outside, std::int64_t& out, std::int64_t& in, Inside state,
                 MayPass mayPass, Change change)
{
    Change unchanged;
    if (mayPass)
        unchanged = [&](std::span<const char> bytes) {
            return mayPass(bytes) ? std::optional(std::string_view(bytes.data(), bytes.size()))
                                  : std::nullopt;
        };

    if (state == Inside::Finished) {
        // Its end was read, and no other will come.
        co_await outside.finish();
        co_await carry(outside, inside, in, change);
        co_return;
    }
    co_await (carry(inside, outside, out, unchanged) && carry(outside, inside, in, change));
}

} // namespace caisson::keeper
