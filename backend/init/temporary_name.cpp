// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/temporary_name.h"

#include "backend/base/id.h"

namespace caisson::init {

namespace {

constexpr std::string_view kPrefix = ".caisson-";
constexpr std::string_view kNew = ".new";
constexpr std::string_view kReplaces = ".put";
constexpr std::size_t kIdLength = 12;

} // namespace

std::string temporaryName(TemporaryKind kind)
{
    std::string name(kPrefix);
    name += randomId();
    name += kind == TemporaryKind::New ? kNew : kReplaces;
    return name;
}

std::optional<TemporaryKind> temporaryKind(std::string_view name)
{
    if (!name.starts_with(kPrefix) || name.size() != kPrefix.size() + kIdLength + kNew.size() ||
        name.find_first_not_of("0123456789abcdef", kPrefix.size()) != kPrefix.size() + kIdLength)
        return std::nullopt;
    if (name.ends_with(kNew))
        return TemporaryKind::New;
    if (name.ends_with(kReplaces))
        return TemporaryKind::Replaces;
    return std::nullopt;
}

} // namespace caisson::init
