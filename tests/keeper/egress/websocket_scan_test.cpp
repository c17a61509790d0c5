// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/websocket_scan.h"

#include <gtest/gtest.h>

namespace caisson::keeper {
namespace {

using Outcome = WebSocketScan::Outcome;

constexpr int kLast = 0x80;
constexpr int kMore = 0;

std::string frame(int first, std::string payload, std::size_t lengthBytes = 0)
{
    std::string bytes(1, static_cast<char>(first));
    if (lengthBytes == 0)
        lengthBytes = payload.size() < 126 ? 1 : payload.size() < 65536 ? 3 : 9;
    bytes += static_cast<char>(0x80 | (lengthBytes == 1   ? static_cast<int>(payload.size())
                                       : lengthBytes == 3 ? 126
                                                          : 127));
    for (std::size_t at = lengthBytes - 1; at-- > 0;)
        bytes += static_cast<char>(payload.size() >> (8 * at));
    const std::string mask = "\x01\xf3\x24\x7d";
    for (std::size_t at = 0; at < payload.size(); ++at)
        payload[at] = static_cast<char>(payload[at] ^ mask[at % 4]);
    return bytes + mask + payload;
}

/// As a server sends it: not masked.
std::string served(int first, const std::string& payload)
{
    std::string bytes(1, static_cast<char>(first));
    if (payload.size() < 126)
        return bytes + static_cast<char>(payload.size()) + payload;
    bytes += '\x7e';
    bytes += static_cast<char>(payload.size() >> 8);
    return bytes + static_cast<char>(payload.size()) + payload;
}

struct Row
{
    const char* name;
    std::string bytes;
    Outcome outcome;
};

TEST(WebSocketScan, LooksIntoWhatIsMasked)
{
    const std::string key = "${secret:k}";
    const Row rows[] = {
        {"text", frame(kLast | 1, "hello"), Outcome::Clean},
        {"nothing", frame(kLast | 1, ""), Outcome::Clean},
        {"a placeholder", frame(kLast | 1, "key=" + key), Outcome::Placeholder},
        {"in bytes", frame(kLast | 2, key), Outcome::Placeholder},
        {"as JSON has it", frame(kLast | 1, R"({"k":"\u0024{secret:k}"})"), Outcome::Placeholder},
        {"in a second message", frame(kLast | 1, "a") + frame(kLast | 1, key),
         Outcome::Placeholder},
        {"in two frames", frame(kMore | 1, "${sec") + frame(kLast, "ret:k}"), Outcome::Placeholder},
        {"in two frames round a ping",
         frame(kMore | 1, "${sec") + frame(kLast | 9, "x") + frame(kLast, "ret:k}"),
         Outcome::Placeholder},
        {"in two messages", frame(kLast | 1, "${sec") + frame(kLast | 1, "ret:k}"), Outcome::Clean},
        {"in a ping", frame(kLast | 9, key), Outcome::Placeholder},
        {"in a long one", frame(kLast | 1, std::string(1000, 'x') + key), Outcome::Placeholder},
        {"in a longer one", frame(kLast | 1, std::string(100'000, 'x') + key),
         Outcome::Placeholder},
        {"behind a length of too many bytes", frame(kLast | 1, key, 9), Outcome::Placeholder},
        {"none behind a long one",
         frame(kLast | 1, std::string(70'000, 'x')) + frame(kLast | 8, ""), Outcome::Clean},
        {"not masked", std::string("\x81\x02hi"), Outcome::Malformed},
        {"packed", frame(kLast | 0x40 | 1, "x"), Outcome::Malformed},
        {"a kind that is none", frame(kLast | 3, "x"), Outcome::Malformed},
        {"another", frame(kLast | 11, "x"), Outcome::Malformed},
        {"a length over all", std::string("\x82\xff\xff\0\0\0\0\0\0\0mask", 14),
         Outcome::Malformed},
    };
    for (const Row& row : rows) {
        WebSocketScan whole;
        EXPECT_EQ(whole.feed(row.bytes), row.outcome) << row.name;
        WebSocketScan inBytes;
        for (const char c : row.bytes)
            inBytes.feed({&c, 1});
        EXPECT_EQ(inBytes.outcome(), row.outcome) << row.name << ", in bytes";
        if (row.outcome == Outcome::Placeholder) {
            EXPECT_EQ(whole.name(), "k") << row.name;
        }
        EXPECT_EQ(inBytes.feed(frame(kLast | 1, "hello")), row.outcome) << row.name;
    }
}

TEST(WebSocketMasking, MasksWhatTheServerSays)
{
    const std::string stars(5, '*');
    const std::string longText(1000, 'x');
    const std::pair<std::string, std::string> rows[] = {
        {served(kLast | 1, "hello"), served(kLast | 1, "hello")},
        {served(kLast | 1, "a s3cr3 b"), served(kLast | 1, "a ***** b")},
        {served(kLast | 2, longText + "s3cr3"), served(kLast | 2, longText + stars)},
        {served(kLast | 9, "s3cr3") + served(kLast | 1, ""),
         served(kLast | 9, stars) + served(kLast | 1, "")},
        // Nothing waits for another frame.
        {served(kLast | 1, "s3c"), served(kLast | 1, "s3c")},
        {served(kLast | 1, "s3c") + served(kLast | 1, "r3s3cr3"),
         served(kLast | 1, "s3c") + served(kLast | 1, "r3*****")},
    };
    for (const auto& [came, expected] : rows) {
        Masker masker({"s3cr3"});
        WebSocketMasking whole(masker);
        EXPECT_EQ(whole.feed(came), expected);
        Masker another({"s3cr3"});
        WebSocketMasking inBytes(another);
        std::string went;
        for (const char c : came)
            went += inBytes.feed({&c, 1}).value_or("broken");
        EXPECT_EQ(went, expected);
    }
}

TEST(WebSocketMasking, NothingPassesThatIsNoWebSocket)
{
    Masker masker({"s3cr3"});
    for (const std::string& bytes :
         {frame(kLast | 1, "masked"), served(kLast | 0x40 | 1, "packed"), served(kLast | 3, "")}) {
        WebSocketMasking masking(masker);
        EXPECT_FALSE(masking.feed(bytes));
    }
}

} // namespace
} // namespace caisson::keeper
