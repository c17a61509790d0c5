// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/dial/dialer.h"

#include "backend/keeper/egress/dial/inner_addresses.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace caisson::keeper {

using api::Task;
using Tcp = api::asio::ip::tcp;
using namespace api::asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

namespace {

constexpr auto kTuple = api::asio::as_tuple(api::asio::use_awaitable);
/// For an address that is not the last: long enough for the far side of the world (RFC 8305 tries
/// the next much sooner, but side by side).
constexpr auto kFirstLimit = 2s;
constexpr auto kLastLimit = 10s;

Tcp::endpoint endpointOf(const policy::Address& address, std::uint16_t port)
{
    if (address.isV4()) {
        api::asio::ip::address_v4::bytes_type bytes;
        std::copy_n(address.bytes().begin(), bytes.size(), bytes.begin());
        return {api::asio::ip::address_v4(bytes), port};
    }
    api::asio::ip::address_v6::bytes_type bytes;
    std::ranges::copy(address.bytes(), bytes.begin());
    return {api::asio::ip::address_v6(bytes), port};
}

} // namespace

Dialer::Dialer(api::asio::any_io_executor executor, Resolver& resolver)
    : m_executor(std::move(executor))
    , m_resolver(resolver)
{
}

Task<Result<Dialled>> Dialer::connect(std::string host, std::uint16_t port, Reach reach,
                                      AddressCheck check)
{
    Result<std::vector<policy::Address>> addresses = co_await m_resolver.resolve(host);
    if (!addresses)
        co_return std::unexpected(addresses.error());
    if (reach == Reach::Public) {
        const policy::Address first = addresses->front();
        const Result<InnerAddresses> inner = InnerAddresses::read();
        if (!inner)
            co_return std::unexpected(inner.error());
        std::erase_if(*addresses, [&](const auto& each) { return inner->contains(each); });
        if (addresses->empty())
            co_return fail(ErrorCode::PermissionDenied,
                           host + " is the private address " + first.toString() +
                               ", or one of this host; only a rule with private = true may let it "
                               "pass",
                           {{"address", first.toString()}});
    }
    Error last{ErrorCode::Unavailable, host + " cannot be reached", {}};
    for (const policy::Address& address : *addresses) {
        // Only now: the rules may have changed while another one was tried.
        if (Result<void> checked = check(address); !checked) {
            last = std::move(checked.error());
            continue;
        }
        Tcp::socket socket(m_executor);
        const auto limit = address == addresses->back() ? kLastLimit : kFirstLimit;
        const auto outcome = co_await (socket.async_connect(endpointOf(address, port), kTuple) ||
                                       api::sleepFor(limit));
        if (outcome.index() == 1) {
            last = {ErrorCode::Timeout, host + " (" + address.toString() + ") does not answer", {}};
            continue;
        }
        if (const auto [code] = std::get<0>(outcome); code) {
            last = api::asioError(code, host + " (" + address.toString() + ", port " +
                                            std::to_string(port) + ") cannot be reached");
            continue;
        }
        boost::system::error_code ignored;
        socket.set_option(Tcp::no_delay(true), ignored);
        co_return Dialled{std::move(socket), address};
    }
    co_return std::unexpected(std::move(last));
}

} // namespace caisson::keeper
