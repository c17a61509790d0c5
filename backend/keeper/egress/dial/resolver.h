// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"
#include "backend/policy/address.h"

#include <memory>
#include <string>
#include <vector>

namespace caisson::keeper {

/// Asks this host's name servers and /etc/hosts for addresses, by c-ares, which follows changes of
/// /etc/resolv.conf. Nothing is set up before the first name is asked for.
class Resolver
{
public:
    explicit Resolver(api::asio::any_io_executor executor);
    ~Resolver();

    /// In the order in which they are to be tried (RFC 6724). NotFound: there is no such name, or it has
    /// no address; Timeout; Unavailable: no server answers.
    api::Task<Result<std::vector<policy::Address>>> resolve(std::string host);

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace caisson::keeper
