// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/id.h"

#include <cstdlib>
#include <sys/random.h>

namespace caisson {

std::string randomId()
{
    unsigned char bytes[6];
    // Requests of up to 256 bytes are never interrupted nor short (getrandom(2)).
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
        std::abort();
    constexpr char digits[] = "0123456789abcdef";
    std::string id;
    for (const unsigned char byte : bytes) {
        id += digits[byte >> 4];
        id += digits[byte & 15];
    }
    return id;
}

} // namespace caisson
