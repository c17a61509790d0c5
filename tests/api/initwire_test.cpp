// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/codec.h"
#include "backend/api/initwire.h"

#include <cstring>
#include <gtest/gtest.h>

using namespace caisson;
using namespace caisson::api;

namespace {

void feed(FrameReader& reader, std::string_view bytes)
{
    while (!bytes.empty()) {
        std::size_t capacity = 0;
        char* at = reader.prepare(capacity);
        const std::size_t size = std::min(capacity, bytes.size());
        std::memcpy(at, bytes.data(), size);
        reader.commit(size);
        bytes.remove_prefix(size);
    }
}

} // namespace

TEST(Frames, AreCutOutOfAStreamHoweverItArrives)
{
    const std::string large(kMaxFramePayload, 'x');
    const std::string stream = encodeFrame(FrameKind::Data, 7, "hello") +
                               encodeFrame(FrameKind::End, 7, "") + encodeCredit(9, 70'000) +
                               encodeFrame(FrameKind::Data, 8, large);
    for (const std::size_t step : {std::size_t(1), std::size_t(10), stream.size()}) {
        FrameReader reader;
        std::vector<Frame> frames;
        for (std::size_t i = 0; i < stream.size(); i += step) {
            feed(reader, std::string_view(stream).substr(i, step));
            for (;;) {
                auto frame = reader.next();
                ASSERT_TRUE(frame);
                if (!*frame)
                    break;
                frames.push_back(std::move(**frame));
            }
        }
        ASSERT_EQ(frames.size(), 4u);
        EXPECT_EQ(frames[0].payload, "hello");
        EXPECT_EQ(frames[1].kind, FrameKind::End);
        EXPECT_EQ(decodeCredit(frames[2].payload), 70'000u);
        EXPECT_EQ(frames[3].payload, large);
        EXPECT_EQ(frames[3].channel, 8u);
    }
}

TEST(Frames, OfAHostilePeerAreRefused)
{
    const std::string tooLarge = frameHead(FrameKind::Data, 1, kMaxFramePayload + 1);
    const std::string unknownKind = encodeFrame(static_cast<FrameKind>(4), 1, "");
    const std::string shortCredit = encodeFrame(FrameKind::Credit, 1, "abc");
    for (const std::string& bytes : {tooLarge, unknownKind, shortCredit}) {
        FrameReader reader;
        feed(reader, bytes);
        const auto frame = reader.next();
        ASSERT_FALSE(frame);
        EXPECT_EQ(frame.error().code, ErrorCode::Protocol);
    }
}

TEST(Controls, BringBackWhatWasSaid)
{
    Control control{5, "spawn", 3, toJson(ChannelRef{3}), {}};
    Result<Control> back = decodeControl(encodeControl(control).substr(kFrameHeadSize));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->id, 5u);
    EXPECT_EQ(back->op, "spawn");
    EXPECT_EQ(back->channel, 3u);
    EXPECT_EQ(fromJson<ChannelRef>(back->body)->channel, 3);

    control = {6, "", 0, "", Error{ErrorCode::CommandNotFound, "no such program", {}}};
    back = decodeControl(encodeControl(control).substr(kFrameHeadSize));
    ASSERT_TRUE(back);
    ASSERT_TRUE(back->error);
    EXPECT_EQ(back->error->code, ErrorCode::CommandNotFound);
}

TEST(Controls, ThatMakeNoSenseAreRefused)
{
    for (const char* text : {"", "[]", R"({"id":-1})", R"({"id":"x"})", R"({"op":1})",
                             R"({"channel":4294967296})", R"({"body":[]})", R"({"more":1})"})
        EXPECT_FALSE(decodeControl(text)) << text;
}
