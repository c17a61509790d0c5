// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/terminal/wide_characters.h"

#include <utf8proc.h>

namespace caisson {

namespace {
/// Nothing below U+1100 (E1 84 80 in UTF-8) is wide: a log in a European language is read in one
/// quick pass.
constexpr unsigned char kFirstWideLead = 0xE1;
} // namespace

bool hasWideCharacter(QByteArrayView utf8)
{
    const auto* const bytes = reinterpret_cast<const utf8proc_uint8_t*>(utf8.data());
    for (qsizetype at = 0; at < utf8.size();) {
        if (bytes[at] < kFirstWideLead) {
            ++at;
            continue;
        }
        utf8proc_int32_t character = 0;
        const auto length = utf8proc_iterate(bytes + at, utf8.size() - at, &character);
        if (length > 0 && utf8proc_charwidth(character) == 2)
            return true;
        at += length > 0 ? length : 1;
    }
    return false;
}

} // namespace caisson
