// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/codec.h"

#include <array>
#include <cstdint>

namespace caisson::api {

namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> kBase64Values = [] {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (std::size_t i = 0; i < kBase64.size(); ++i)
        values[static_cast<unsigned char>(kBase64[i])] = static_cast<std::int8_t>(i);
    return values;
}();

} // namespace

std::string toBase64(std::string_view bytes)
{
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        std::uint32_t group = static_cast<unsigned char>(bytes[i]) << 16;
        if (i + 1 < bytes.size())
            group |= static_cast<unsigned char>(bytes[i + 1]) << 8;
        if (i + 2 < bytes.size())
            group |= static_cast<unsigned char>(bytes[i + 2]);
        text += kBase64[group >> 18];
        text += kBase64[group >> 12 & 63];
        text += i + 1 < bytes.size() ? kBase64[group >> 6 & 63] : '=';
        text += i + 2 < bytes.size() ? kBase64[group & 63] : '=';
    }
    return text;
}

Result<std::string> fromBase64(std::string_view text)
{
    if (text.size() % 4 != 0)
        return fail(ErrorCode::BadRequest, "not base64: the length is not a multiple of four");
    std::size_t padding = 0;
    while (padding < 2 && text.ends_with('=')) {
        text.remove_suffix(1);
        ++padding;
    }
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t group = 0;
    int bits = 0;
    for (const char c : text) {
        const std::int8_t value = kBase64Values[static_cast<unsigned char>(c)];
        if (value < 0)
            return fail(ErrorCode::BadRequest, "not base64: a character outside its alphabet");
        group = group << 6 | static_cast<std::uint8_t>(value);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes += static_cast<char>(group >> bits & 0xff);
        }
    }
    return bytes;
}

bool isUtf8(std::string_view text)
{
    std::size_t i = 0;
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    while (i < text.size()) {
        const unsigned char lead = byte(i);
        std::size_t more = 0;
        std::uint32_t point = 0;
        if (lead < 0x80) {
            ++i;
            continue;
        }
        if (lead >= 0xc2 && lead <= 0xdf) {
            more = 1;
            point = lead & 0x1f;
        } else if (lead >= 0xe0 && lead <= 0xef) {
            more = 2;
            point = lead & 0x0f;
        } else if (lead >= 0xf0 && lead <= 0xf4) {
            more = 3;
            point = lead & 0x07;
        } else {
            return false;
        }
        if (i + more >= text.size())
            return false;
        for (std::size_t k = 1; k <= more; ++k) {
            if ((byte(i + k) & 0xc0) != 0x80)
                return false;
            point = point << 6 | (byte(i + k) & 0x3f);
        }
        const bool overlong = (more == 2 && point < 0x800) || (more == 3 && point < 0x10000);
        const bool surrogate = point >= 0xd800 && point <= 0xdfff;
        if (overlong || surrogate || point > 0x10ffff)
            return false;
        i += more + 1;
    }
    return true;
}

} // namespace caisson::api
