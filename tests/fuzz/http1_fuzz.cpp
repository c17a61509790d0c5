// SPDX-License-Identifier: GPL-3.0-or-later
// The reader of HTTP/1: whatever comes, it makes of it what the grammar has, wherever the bytes are
// cut, or refuses it. The first byte chooses the side and the size of the pieces.
#include "backend/keeper/egress/http/http1_reader.h"

#include "tests/keeper/egress/http/http1_fixture.h"
#include "tests/keeper/egress/http/reference_http1.h"

#include <cstdio>
#include <cstdlib>

namespace {

using namespace caisson::keeper::http;
using namespace caisson::keeper::http::testing;

[[noreturn]] void fault(const char* what, const std::string& read, const std::string& expected)
{
    std::fprintf(stderr, "%s\n--- read\n%s\n--- expected\n%s\n", what, read.c_str(),
                 expected.c_str());
    std::abort();
}

std::vector<std::string> cut(std::string_view text, std::size_t size)
{
    std::vector<std::string> pieces;
    for (; !text.empty(); text.remove_prefix(std::min(size, text.size())))
        pieces.emplace_back(text.substr(0, size));
    return pieces;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const bool isRequests = data[0] % 2 == 0;
    const auto side = isRequests ? Http1Reader::Side::Requests : Http1Reader::Side::Responses;
    const std::string whole = readAll({std::string(text)}, side);
    if (const std::string pieces = readAll(cut(text, 1 + data[0] / 2), side); pieces != whole)
        fault("cut into pieces it reads otherwise", pieces, whole);

    std::string_view left = text;
    for (const std::string& read : readMessages({std::string(text)}, side)) {
        const Reference found = parseReference(
            left, isRequests ? ReferenceKind::Request : ReferenceKind::Response, true);
        if (found.state != ReferenceState::Whole)
            fault("a message that the grammar does not have", read, std::string(left));
        if (const std::string expected = found.message.print(); read != expected)
            fault("another message than the grammar has", read, expected);
        left.remove_prefix(found.size);
    }
    return 0;
}
