// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/answer_kind.h"

#include "backend/keeper/egress/http/fields.h"

#include <algorithm>
#include <array>

namespace caisson::keeper {

namespace {

constexpr std::array<std::string_view, 4> kBinaryKinds{"image/", "audio/", "video/", "font/"};
/// Of "application/".
constexpr std::array<std::string_view, 23> kBinaryApplications{"octet-stream",
                                                               "zip",
                                                               "zip-compressed",
                                                               "x-zip-compressed",
                                                               "gzip",
                                                               "x-gzip",
                                                               "x-gtar",
                                                               "x-tar",
                                                               "x-bzip",
                                                               "x-bzip2",
                                                               "x-xz",
                                                               "x-lzma",
                                                               "zstd",
                                                               "x-zstd",
                                                               "x-7z-compressed",
                                                               "vnd.rar",
                                                               "x-rar-compressed",
                                                               "java-archive",
                                                               "pdf",
                                                               "wasm",
                                                               "vnd.debian.binary-package",
                                                               "x-rpm",
                                                               "x-iso9660-image"};

/// Without parameters, in lower case; empty: there is none, or more than one.
std::string typeOf(const http::Fields& fields)
{
    std::string type;
    for (const auto& [name, value] : fields) {
        if (name != "content-type")
            continue;
        if (!type.empty())
            return {};
        type = http::toLowerCase(value.substr(0, value.find(';')));
        while (type.ends_with(' ') || type.ends_with('\t'))
            type.pop_back();
    }
    return type;
}

bool isBinary(std::string_view type)
{
    // Pictures in XML are text.
    if (type.contains('+') || type.contains(','))
        return false;
    constexpr std::string_view kApplication = "application/";
    if (type.starts_with(kApplication))
        return std::ranges::contains(kBinaryApplications, type.substr(kApplication.size()));
    return std::ranges::any_of(kBinaryKinds,
                               [type](std::string_view kind) { return type.starts_with(kind); });
}

bool isPacked(const http::Fields& fields)
{
    return std::ranges::any_of(fields, [](const auto& field) {
        return field.first == "content-encoding" &&
               std::ranges::any_of(http::listMembers(field.second), [](std::string_view coding) {
                   return !http::equalsIgnoringCase(coding, "identity");
               });
    });
}

} // namespace

bool mayHideSecret(const http::ResponseHead& head)
{
    return head.hasBody && isPacked(head.fields) && !isBinary(typeOf(head.fields));
}

bool isEchoed(std::string_view method)
{
    return http::equalsIgnoringCase(method, "TRACE") || http::equalsIgnoringCase(method, "TRACK");
}

} // namespace caisson::keeper
