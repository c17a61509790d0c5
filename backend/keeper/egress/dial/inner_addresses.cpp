// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/dial/inner_addresses.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <ifaddrs.h>
#include <memory>
#include <netinet/in.h>

namespace caisson::keeper {

Result<InnerAddresses> InnerAddresses::read()
{
    InnerAddresses inner;
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0)
        return failErrno(errno, "the addresses of this host cannot be listed");
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
    for (const ifaddrs* each = list; each; each = each->ifa_next) {
        if (!each->ifa_addr)
            continue;
        if (each->ifa_addr->sa_family == AF_INET) {
            std::array<std::uint8_t, 4> bytes;
            std::memcpy(bytes.data(),
                        &reinterpret_cast<const sockaddr_in*>(each->ifa_addr)->sin_addr,
                        bytes.size());
            inner.m_own.insert(policy::Address::v4(bytes));
        } else if (each->ifa_addr->sa_family == AF_INET6) {
            std::array<std::uint8_t, 16> bytes;
            std::memcpy(bytes.data(),
                        &reinterpret_cast<const sockaddr_in6*>(each->ifa_addr)->sin6_addr,
                        bytes.size());
            inner.m_own.insert(policy::Address::v6(bytes));
        }
    }
    return inner;
}

bool InnerAddresses::contains(const policy::Address& address) const
{
    const auto embedded = address.embedded();
    return policy::isPrivate(address) || m_own.contains(address) ||
           (embedded && m_own.contains(*embedded));
}

bool isInnerAddress(std::string_view host)
{
    const auto address = policy::Address::parse(host);
    if (!address)
        return false;
    const Result<InnerAddresses> inner = InnerAddresses::read();
    return !inner || inner->contains(*address);
}

} // namespace caisson::keeper
