// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/wanted.h"

namespace caisson::keeper {

std::string_view Wanted::scheme() const
{
    switch (protocol) {
    case policy::Protocol::Http:
        return "http";
    case policy::Protocol::Https:
        return "https";
    case policy::Protocol::Tls:
        return "tls";
    case policy::Protocol::Tcp:
        break;
    }
    return "tcp";
}

std::string Wanted::url() const
{
    const bool isV6 = host.contains(':');
    std::string text(scheme());
    text += "://";
    text += isV6 ? "[" + host + "]" : host;
    const bool isUsual = (protocol == policy::Protocol::Http && port == 80) ||
                         (protocol == policy::Protocol::Https && port == 443);
    if (!isUsual)
        text += ":" + std::to_string(port);
    return text + target;
}

} // namespace caisson::keeper
