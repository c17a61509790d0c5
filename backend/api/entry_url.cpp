// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/entry_url.h"

namespace caisson::api {

namespace {

bool isPath(const EgressEntry& entry)
{
    return entry.path.empty() || entry.path.starts_with('/');
}

std::string targetOf(const EgressEntry& entry)
{
    return entry.query.empty() ? entry.path : entry.path + "?" + entry.query;
}

} // namespace

std::string urlOf(const EgressEntry& entry)
{
    const bool isV6 = entry.host.contains(':');
    std::string url = entry.scheme + "://" + (isV6 ? "[" + entry.host + "]" : entry.host);
    const bool isUsual = (entry.scheme == "http" && entry.port == 80) ||
                         (entry.scheme == "https" && entry.port == 443);
    if (!isUsual && entry.port != 0)
        url += ":" + std::to_string(entry.port);
    return url + (isPath(entry) ? targetOf(entry) : "/");
}

std::string oddTargetOf(const EgressEntry& entry)
{
    return isPath(entry) ? "" : targetOf(entry);
}

} // namespace caisson::api
