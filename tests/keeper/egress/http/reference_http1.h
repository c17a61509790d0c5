// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// HTTP/1.1 as RFC 9112's grammar has it and no more, written to be read rather than to be fast, and
/// without a line in common with the reader under test.
namespace caisson::keeper::http::testing {

struct ReferenceMessage
{
    std::string first, second, third;                        ///< the words of the start line
    std::vector<std::pair<std::string, std::string>> fields; ///< names in lower case
    std::string body;
    std::vector<std::pair<std::string, std::string>> trailers;

    const std::string* field(std::string_view name) const;
    std::string print() const;
};

enum class ReferenceKind { Request, Response, ResponseToHead };
enum class ReferenceState { Whole, Partial, Bad };

struct Reference
{
    ReferenceState state = ReferenceState::Bad;
    ReferenceMessage message; ///< of Whole
    std::size_t size = 0;     ///< of Whole: what it takes of the text
};

/// The first message of a text. `isAll`: nothing comes behind it, which ends some answers.
Reference parseReference(std::string_view text, ReferenceKind kind, bool isAll);

} // namespace caisson::keeper::http::testing
