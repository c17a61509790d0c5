// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/dial/resolver.h"

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <string>

namespace caisson::keeper {

/// Whether private addresses (policy::isPrivate) and those of this host may be dialled.
enum class Reach { Public, PrivateToo };

/// Whether an address that a name has led to may be dialled: PermissionDenied says why not.
using AddressCheck = std::function<Result<void>(const policy::Address&)>;

struct Dialled
{
    api::asio::ip::tcp::socket socket;
    policy::Address address;
};

/// Connects to what a rule has let pass. The name is resolved here and nowhere else, and each address
/// looked at before it is dialled, so a name cannot lead to an address that its rule does not mean
/// (DNS rebinding).
class Dialer
{
public:
    Dialer(api::asio::any_io_executor executor, Resolver& resolver);

    /// `host` is canonical. PermissionDenied: it leads to private addresses only (`detail.address`),
    /// or to none that `check` lets pass; NotFound, Timeout, Unavailable as words for a person say.
    api::Task<Result<Dialled>> connect(std::string host, std::uint16_t port, Reach reach,
                                       AddressCheck check);

private:
    api::asio::any_io_executor m_executor;
    Resolver& m_resolver;
};

} // namespace caisson::keeper
