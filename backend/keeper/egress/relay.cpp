// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/relay.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <vector>

namespace caisson::keeper {

using api::Task;
using namespace api::asio::experimental::awaitable_operators;

namespace {

constexpr std::size_t kPiece = 32 * 1024;

/// What both directions of one relay know.
struct State
{
    Outside outside = Outside::Silent;
    bool isTaken = false;
};

/// False: it broke off, and the other direction is to end, too.
Task<bool> carryOut(Stream& inside, Stream& outside, std::int64_t& count, const MayPass& mayPass,
                    State& state)
{
    std::vector<char> room(kPiece);
    for (;;) {
        const Result<std::size_t> size = co_await inside.read(room);
        if (!size)
            co_return false;
        if (*size == 0) {
            co_await outside.finish();
            co_return true;
        }
        const std::span<const char> bytes = std::span(room).first(*size);
        const Onward onward = mayPass ? mayPass(bytes, state.outside) : Onward::Pass;
        state.isTaken = onward == Onward::TakeOver;
        if (onward != Onward::Pass || !co_await outside.write(bytes))
            co_return false;
        count += static_cast<std::int64_t>(*size);
    }
}

Task<bool> carryIn(Stream& outside, Stream& inside, std::int64_t& count, const Change& change,
                   State& state)
{
    std::vector<char> room(kPiece);
    for (;;) {
        const Result<std::size_t> size = co_await outside.read(room);
        if (!size)
            co_return false;
        if (*size == 0) {
            co_await inside.finish();
            co_return true;
        }
        state.outside = Outside::HasSpoken;
        std::span<const char> passing = std::span(room).first(*size);
        if (change) {
            const std::optional<std::string_view> changed = change(passing);
            if (!changed)
                co_return false;
            passing = *changed;
        }
        if (!passing.empty() && !co_await inside.write(passing))
            co_return false;
        count += static_cast<std::int64_t>(*size);
    }
}

} // namespace

Task<void> relay(Stream& inside, Stream& outside, std::int64_t& out, std::int64_t& in,
                 Inside insideState, MayPass mayPass, Change change)
{
    State state;
    const auto unlessWhole = [&](Task<bool> direction) -> Task<void> {
        if (co_await std::move(direction))
            co_return;
        outside.cancel(Stream::Ending::Reset);
        if (!state.isTaken)
            inside.cancel(Stream::Ending::Reset);
    };
    if (insideState == Inside::Finished) {
        // Its end was read, and no other will come.
        co_await outside.finish();
        co_await unlessWhole(carryIn(outside, inside, in, change, state));
        co_return;
    }
    co_await (unlessWhole(carryOut(inside, outside, out, mayPass, state)) &&
              unlessWhole(carryIn(outside, inside, in, change, state)));
}

} // namespace caisson::keeper
