// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/capture/dns_answers.h"
#include "backend/keeper/egress/capture/dns_message.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

using namespace caisson::keeper;

namespace {

void require(bool holds, const char* what)
{
    if (holds)
        return;
    std::fprintf(stderr, "%s\n", what);
    std::abort();
}

} // namespace

/// Whatever is asked, the answer is a response to that very query, within the limit, and the
/// question in it is read as the one that was asked.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view message(reinterpret_cast<const char*>(data), size);
    const auto query = readDnsQuery(message);
    Names names;
    for (const DnsTransport transport : {DnsTransport::Udp, DnsTransport::Tcp}) {
        const auto answer = answerDns(message, names, transport, HasV6::Yes);
        require(answer.has_value() == query.has_value(), "answered, or not, by chance");
        if (!answer)
            continue;
        require(answer->size() >= 12, "no head");
        require(answer->size() <= dns::kExtendedSize, "too long");
        require(query->hasExtension || answer->size() <= dns::kPlainSize, "too long without EDNS");
        require(answer->substr(0, 2) == message.substr(0, 2), "another id");
        require((*answer)[2] & 0x80, "no response");
        require(!readDnsQuery(*answer), "a response is answered");

        if (query->question.empty())
            continue;
        // The same with the bit of responses off and no records is a query again.
        std::string again = answer->substr(0, 12 + query->question.size());
        again[2] = static_cast<char>(again[2] & 0x01);
        for (std::size_t i = 6; i < 12; ++i)
            again[i] = 0;
        const auto reread = readDnsQuery(again);
        require(reread && reread->code == DnsCode::NoError, "the question does not come back");
        require(reread->name == query->name && reread->type == query->type,
                "the question comes back otherwise");
    }
    return 0;
}
