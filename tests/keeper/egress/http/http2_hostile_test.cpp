// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/keeper/egress/http/http2_fixture.h"
#include "tests/keeper/egress/http/http2_frames.h"

#include <format>

using namespace caisson;
using namespace caisson::keeper;
using namespace caisson::keeper::http;
using namespace std::chrono_literals;

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

enum Code : std::uint32_t {
    NoError,
    ProtocolError,
    InternalError,
    FlowControlError,
    SettingsTimeout,
    StreamClosed,
    FrameSizeError,
    RefusedStream,
    Cancel,
    CompressionError,
    EnhanceYourCalm = 11,
};

/// A client, or an origin, that says what the test wants.
class Http2Hostile : public Http2Fixture
{
protected:
    Task<bool> say(std::string bytes)
    {
        const auto said = co_await clientEnd->write(bytes);
        co_return said.has_value();
    }

    /// The next frame but WINDOW_UPDATE, and SETTINGS; nothing at the end.
    Task<std::optional<frames::Frame>> hear()
    {
        for (;;) {
            while (auto one = frames::takeFrame(m_heard)) {
                if (one->type != frames::Settings && one->type != frames::WindowUpdate)
                    co_return one;
            }
            std::array<char, 4096> room{};
            const auto size = co_await clientEnd->read(room);
            if (!size || *size == 0)
                co_return std::nullopt;
            m_heard.append(room.data(), *size);
        }
    }

    /// What a connection is ended for; nothing when it just ends.
    Task<std::optional<std::uint32_t>> hearGoAway()
    {
        while (const auto one = co_await hear()) {
            if (one->type == frames::GoAway)
                co_return one->code();
        }
        co_return std::nullopt;
    }

    static std::string hello()
    {
        return std::string(frames::kPreface) + frames::frame(frames::Settings, 0, 0);
    }
    static Pairs get(Pairs more = {}, std::string path = "/")
    {
        Pairs fields{{":method", "GET"},
                     {":scheme", "https"},
                     {":authority", "origin.test"},
                     {":path", std::move(path)}};
        fields.insert(fields.end(), more.begin(), more.end());
        return fields;
    }

    Handler counting()
    {
        return [this](RequestHead& head, Body& body, Responder& to) -> Task<void> {
            ++handled;
            lastAuthority = head.authority;
            bodies.push_back(co_await readAll(body));
            if (to.isGone())
                co_return;
            static_cast<void>(co_await to.head(answer(204, false)));
        };
    }

    /// What a request of these bytes is answered with: its status, or the code it is reset with, and
    /// that the connection lives on.
    std::string verdict(std::string bytes)
    {
        std::string said = "nothing";
        run(counting(), [&]() -> Task<void> {
            EXPECT_TRUE(
                co_await say(hello() + bytes + frames::frame(frames::Ping, 0, 0, "12345678")));
            while (const auto one = co_await hear()) {
                if (one->type == frames::Ping)
                    continue;
                if (one->type == frames::GoAway) {
                    said = std::format("goaway {}", one->code());
                    break;
                }
                if (one->stream != 1)
                    continue;
                if (one->type == frames::RstStream)
                    said = std::format("reset {}", one->code());
                // 204 and 400 are in HPACK's table; others come as their digits.
                else if (one->type == frames::Headers)
                    said = one->payload[0] == '\x89'   ? "204"
                           : one->payload[0] == '\x8c' ? "400"
                                                       : "another status";
                break;
            }
        });
        return said;
    }

    int handled = 0;
    std::string lastAuthority;
    std::vector<Result<std::string>> bodies;

    std::string m_heard;
};

/// The same towards an origin's side.
class Http2HostileOrigin : public Http2Hostile
{
protected:
    /// Asks an origin that `script` plays at serverEnd.
    void ask(std::function<Task<void>(UpstreamConnection&)> asker,
             std::function<Task<void>()> origin)
    {
        auto connection = makeHttp2Upstream(std::move(clientEnd), [] {});
        clientEnd = std::move(serverEnd); // what say() and hear() use
        bool hasAsked = false;
        api::asio::co_spawn(context, asker(*connection), [&](const std::exception_ptr& failed) {
            EXPECT_FALSE(failed);
            hasAsked = true;
            connection.reset();
        });
        api::asio::co_spawn(context, origin(), [this](const std::exception_ptr& failed) {
            EXPECT_FALSE(failed);
            clientEnd->cancel(Stream::Ending::Close);
        });
        context.run_for(20s);
        EXPECT_TRUE(hasAsked);
    }

    Task<void> hearRequest(std::uint32_t stream = 1)
    {
        m_skip = true;
        std::array<char, 24> preface{};
        if (!m_hasPreface) {
            const auto size = co_await clientEnd->read(preface);
            EXPECT_TRUE(size && *size == preface.size());
            m_hasPreface = true;
        }
        for (;;) {
            const auto one = co_await hear();
            if (!one || (one->type == frames::Headers && one->stream == stream))
                co_return;
        }
    }
    static std::string settings() { return frames::frame(frames::Settings, 0, 0); }

    bool m_skip = false;
    bool m_hasPreface = false;
};

} // namespace

// ---- requests that are no requests (RFC 9113, 8.2 and 8.3) -------------------------------------

struct Malformed
{
    const char* name;
    Pairs fields;
    const char* verdict;
};

class Http2Fields : public Http2Hostile, public ::testing::WithParamInterface<Malformed>
{
};

TEST_P(Http2Fields, AreStrict)
{
    EXPECT_EQ(verdict(frames::headers(1, GetParam().fields)), GetParam().verdict);
    const bool isGood = GetParam().verdict == std::string_view("204");
    EXPECT_EQ(handled, isGood ? 1 : 0);
    EXPECT_EQ(lastAuthority, isGood ? "origin.test" : "");
    // What was reset was told to nobody, so that no row said that it had been tried.
    EXPECT_EQ(malformed.size(), isGood ? 0u : 1u);
    if (GetParam().verdict == std::string_view("reset 1")) {
        EXPECT_EQ(malformed, std::vector{ErrorCode::Protocol});
    }
}

TEST_F(Http2Hostile, WhatIsResetForItsHeadIsToldWithWhy)
{
    const std::pair<Pairs, std::string_view> heads[] = {
        {get({{"x-a", "b\nc: d"}}), "its field \"x-a\" is malformed"},
        {get({{"x\x1b[31m", "b"}}), "a field of its head is malformed"},
        {get({{std::string(2000, 'x') + " ", "b"}}), "a field of its head is malformed"},
        {get({{"X-Big", "b"}}), "its head is malformed (RFC 9113, 8.2 and 8.3)"},
        {get({{":path", "/b"}}), "its head is malformed (RFC 9113, 8.2 and 8.3)"},
    };
    for (const auto& [head, flaw] : heads) {
        flaws.clear();
        reconnect();
        m_heard.clear();
        EXPECT_EQ(verdict(frames::headers(1, head)), "reset 1");
        ASSERT_EQ(flaws.size(), 1u) << flaw;
        EXPECT_EQ(flaws[0], flaw);
    }
}

/// Whoever sent one and closed at once must not go unseen; a head that never came whole was none.
TEST_F(Http2Hostile, ABadHeadIsToldAlsoWhereItsClientHasLeft)
{
    run(counting(), [&]() -> Task<void> {
        EXPECT_TRUE(co_await say(hello() + frames::headers(1, get({{"X-Big", "b"}}))));
        clientEnd->cancel(Stream::Ending::Close);
    });
    EXPECT_EQ(malformed, std::vector{ErrorCode::Protocol});
    malformed.clear();
    reconnect();
    m_heard.clear();
    run(counting(), [&]() -> Task<void> {
        EXPECT_TRUE(
            co_await say(hello() + frames::frame(frames::Headers, 0, 1, frames::hpack(get()))));
        clientEnd->cancel(Stream::Ending::Close);
    });
    EXPECT_TRUE(malformed.empty());
}

static Pairs with(Pairs more)
{
    Pairs fields{
        {":method", "GET"}, {":scheme", "https"}, {":authority", "origin.test"}, {":path", "/"}};
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
}

INSTANTIATE_TEST_SUITE_P(
    , Http2Fields,
    ::testing::Values(
        Malformed{"Good", with({{"x-a", "b"}}), "204"},
        Malformed{"UpperCase", with({{"X-A", "b"}}), "reset 1"},
        Malformed{"SpaceInName", with({{"x a", "b"}}), "reset 1"},
        Malformed{"ColonInName", with({{"x:a", "b"}}), "reset 1"},
        Malformed{"NoName", with({{"", "b"}}), "reset 1"},
        Malformed{"LineFeedInValue", with({{"x-a", "b\nc: d"}}), "reset 1"},
        Malformed{"ReturnInValue", with({{"x-a", "b\rc"}}), "reset 1"},
        Malformed{"NulInValue", with({{"x-a", std::string("b\0c", 3)}}), "reset 1"},
        Malformed{"SpaceBeforeValue", with({{"x-a", " b"}}), "reset 1"},
        Malformed{"SpaceAfterValue", with({{"x-a", "b\t"}}), "reset 1"},
        Malformed{"Connection", with({{"connection", "close"}}), "reset 1"},
        Malformed{"KeepAlive", with({{"keep-alive", "1"}}), "reset 1"},
        Malformed{"ProxyConnection", with({{"proxy-connection", "close"}}), "reset 1"},
        Malformed{"TransferEncoding", with({{"transfer-encoding", "chunked"}}), "reset 1"},
        Malformed{"Upgrade", with({{"upgrade", "h2c"}}), "reset 1"},
        Malformed{"TeOther", with({{"te", "gzip"}}), "reset 1"},
        Malformed{"TeTrailers", with({{"te", "trailers"}}), "204"},
        Malformed{"PseudoLate", with({{"x-a", "b"}, {":path", "/b"}}), "reset 1"},
        Malformed{"PathTwice", with({{":path", "/b"}}), "reset 1"},
        Malformed{"AuthorityTwice", with({{":authority", "origin.test"}}), "reset 1"},
        Malformed{"PseudoUnknown", with({{":what", "b"}}), "reset 1"},
        Malformed{"PseudoOfAnswers", with({{":status", "200"}}), "reset 1"},
        Malformed{"Protocol", with({{":protocol", "websocket"}}), "reset 1"},
        Malformed{"HostSame", with({{"host", "Origin.Test"}}), "204"},
        Malformed{"HostDiffers", with({{"host", "other.test"}}), "400"},
        Malformed{"HostTwice", with({{"host", "origin.test"}, {"host", "origin.test"}}), "reset 1"},
        Malformed{"LengthTwice", with({{"content-length", "0"}, {"content-length", "0"}}),
                  "reset 1"},
        Malformed{"LengthNoNumber", with({{"content-length", "+0"}}), "reset 1"},
        Malformed{"LengthAndNoBody", with({{"content-length", "1"}}), "reset 1"},
        Malformed{"NoMethod",
                  {{":scheme", "https"}, {":authority", "origin.test"}, {":path", "/"}},
                  "reset 1"},
        Malformed{"NoPath",
                  {{":method", "GET"}, {":scheme", "https"}, {":authority", "origin.test"}},
                  "reset 1"},
        Malformed{"NoScheme",
                  {{":method", "GET"}, {":authority", "origin.test"}, {":path", "/"}},
                  "reset 1"},
        Malformed{
            "NoAuthority", {{":method", "GET"}, {":scheme", "https"}, {":path", "/"}}, "reset 1"},
        Malformed{
            "HostOnly",
            {{":method", "GET"}, {":scheme", "https"}, {":path", "/"}, {"host", "origin.test"}},
            "204"},
        Malformed{"EmptyPath",
                  {{":method", "GET"},
                   {":scheme", "https"},
                   {":authority", "origin.test"},
                   {":path", ""}},
                  "reset 1"},
        Malformed{"PathIsAUri",
                  {{":method", "GET"},
                   {":scheme", "https"},
                   {":authority", "origin.test"},
                   {":path", "http://other.test/"}},
                  "reset 1"},
        Malformed{"SpaceInPath",
                  {{":method", "GET"},
                   {":scheme", "https"},
                   {":authority", "origin.test"},
                   {":path", "/a b"}},
                  "reset 1"},
        Malformed{
            "SchemeOther",
            {{":method", "GET"}, {":scheme", "ftp"}, {":authority", "origin.test"}, {":path", "/"}},
            "400"},
        Malformed{"User",
                  {{":method", "GET"},
                   {":scheme", "https"},
                   {":authority", "me@origin.test"},
                   {":path", "/"}},
                  "reset 1"},
        Malformed{"AsteriskWithGet",
                  {{":method", "GET"},
                   {":scheme", "https"},
                   {":authority", "origin.test"},
                   {":path", "*"}},
                  "reset 1"},
        Malformed{"AsteriskWithOptions",
                  {{":method", "OPTIONS"},
                   {":scheme", "https"},
                   {":authority", "origin.test"},
                   {":path", "*"}},
                  "204"},
        Malformed{"Connect",
                  {{":method", "CONNECT"}, {":authority", "origin.test:443"}},
                  "another status"}),
    [](const auto& test) { return test.param.name; });

// ---- time -------------------------------------------------------------------------------------

/// A connection took its place for as long as its client liked.
TEST_F(Http2Hostile, WhoSaysNothingIsNotWaitedForForEver)
{
    patience = {20ms, 20ms};
    for (const std::string& said : {std::string(), std::string(frames::kPreface.substr(0, 20)),
                                    std::string(frames::kPreface)}) {
        reconnect();
        m_heard.clear();
        std::optional<std::uint32_t> code;
        run(counting(), [&]() -> Task<void> {
            EXPECT_TRUE(co_await say(said));
            code = co_await hearGoAway();
        });
        EXPECT_EQ(code, SettingsTimeout) << said;
    }
}

TEST_F(Http2Hostile, AConnectionWithoutRequestsEnds)
{
    patience = {20ms, 20ms};
    std::string heard;
    run(
        [](RequestHead&, Body&, Responder& to) -> Task<void> {
            co_await api::sleepFor(100ms); // a request that is held is not idle
            static_cast<void>(co_await to.head(answer(204, false)));
        },
        [&]() -> Task<void> {
            EXPECT_TRUE(co_await say(hello() + frames::headers(1, get())));
            while (const auto one = co_await hear()) {
                heard += std::format("{} ", static_cast<int>(one->type));
                if (one->type == frames::GoAway) {
                    EXPECT_EQ(one->code(), NoError);
                }
            }
        });
    EXPECT_EQ(heard, std::format("{} {} ", static_cast<int>(frames::Headers),
                                 static_cast<int>(frames::GoAway)));
}

TEST_F(Http2Hostile, AHeadThatDoesNotComeWholeIsNotWaitedForForEver)
{
    patience = {20ms, 20ms};
    bool hasEnded = false;
    run(counting(), [&]() -> Task<void> {
        EXPECT_TRUE(
            co_await say(hello() + frames::frame(frames::Headers, 0, 1, frames::hpack(get()))));
        while (const auto one = co_await hear())
            hasEnded = hasEnded || one->type == frames::GoAway;
    });
    EXPECT_TRUE(hasEnded);
}

// ---- frames ------------------------------------------------------------------------------------

TEST_F(Http2Hostile, ABodyLongerThanItsLengthIsBrokenOff)
{
    EXPECT_EQ(verdict(frames::headers(1, get({{"content-length", "3"}}), frames::kEndHeaders) +
                      frames::frame(frames::Data, frames::kEndStream, 1, "four")),
              "reset 1");
    for (const auto& body : bodies)
        EXPECT_FALSE(body);
}

TEST_F(Http2Hostile, ABodyShorterThanItsLengthIsBrokenOff)
{
    EXPECT_EQ(verdict(frames::headers(1, get({{"content-length", "5"}}), frames::kEndHeaders) +
                      frames::frame(frames::Data, frames::kEndStream, 1, "four")),
              "reset 1");
    for (const auto& body : bodies)
        EXPECT_FALSE(body);
}

TEST_F(Http2Hostile, TrailersMayHoldNoPseudoField)
{
    EXPECT_EQ(verdict(frames::headers(1, get(), frames::kEndHeaders) +
                      frames::headers(1, {{":path", "/other"}})),
              "reset 1");
}

TEST_F(Http2Hostile, TrailersEndTheRequest)
{
    EXPECT_EQ(verdict(frames::headers(1, get(), frames::kEndHeaders) +
                      frames::headers(1, {{"x-a", "b"}}, frames::kEndHeaders)),
              "reset 1");
}

TEST_F(Http2Hostile, WhatIsNoHttp2IsNotServed)
{
    run(counting(), [&]() -> Task<void> {
        EXPECT_TRUE(co_await say("GET / HTTP/1.1\r\nHost: origin.test\r\n\r\n"));
        while (co_await hear()) {
        }
    });
    EXPECT_EQ(handled, 0);
}

TEST_F(Http2Hostile, BrokenFramesEndTheConnection)
{
    using namespace frames;
    const std::pair<std::string, std::uint32_t> cases[] = {
        {frame(Data, 0, 1, "text"), ProtocolError}, // on an idle stream
        {frame(Data, 0, 0, "text"), ProtocolError}, // on none
        {headers(2, get()), ProtocolError},         // the server's number
        {frame(Headers, kEndHeaders, 1, "\xff\xff\xff\xff\xff\xff\xff\xff"), CompressionError},
        {frame(Headers, kEndHeaders | kPadded, 1, "\x7f"), ProtocolError},
        {frame(Settings, 0, 0, "12345"), FrameSizeError},
        {frame(Settings, 0, 0, std::string("\0\4\xff\xff\xff\xff", 6)), FlowControlError},
        {frame(Settings, 0, 1), ProtocolError},
        {frame(Ping, 0, 0, "short"), FrameSizeError},
        {frame(WindowUpdate, 0, 0, number(0)), ProtocolError},
        {frame(WindowUpdate, 0, 0, number(0x7fffffff)), FlowControlError},
        {frame(RstStream, 0, 1, number(8)), ProtocolError},
        {frame(PushPromise, kEndHeaders, 1, number(2)), ProtocolError},
        {frame(Continuation, kEndHeaders, 1, hpack(get())), ProtocolError},
        {frame(Headers, 0, 1, hpack(get())) + frame(Ping, 0, 0, "12345678"), ProtocolError},
        {frame(Data, 0, 1, std::string(16385, 'x')), FrameSizeError},
        {frame(GoAway, 0, 0, "x"), FrameSizeError},
    };
    for (const auto& [bytes, code] : cases) {
        SCOPED_TRACE(::testing::PrintToString(bytes.substr(0, 30)));
        reconnect();
        m_heard.clear();
        malformed.clear();
        std::optional<std::uint32_t> heard;
        run(counting(), [&]() -> Task<void> {
            EXPECT_TRUE(co_await say(hello() + bytes));
            heard = co_await hearGoAway();
        });
        EXPECT_EQ(heard, code);
        EXPECT_EQ(malformed, std::vector{ErrorCode::Protocol}); // and so it has a row
    }
}

TEST_F(Http2Hostile, MoreThanTheWindowEndsTheStreamOrTheConnection)
{
    run([](RequestHead&, Body&, Responder& to) -> Task<void> { co_await to.waitGone(); },
        [&]() -> Task<void> {
            std::string bytes = hello() + frames::headers(1, get(), frames::kEndHeaders);
            for (int i = 0; i < 5; ++i)
                bytes += frames::frame(frames::Data, 0, 1, std::string(16384, 'x'));
            EXPECT_TRUE(co_await say(bytes));
            const auto one = co_await hear();
            EXPECT_TRUE(one && (one->type == frames::RstStream || one->type == frames::GoAway));
            EXPECT_EQ(one->code(), FlowControlError);
        });
}

TEST_F(Http2Hostile, AHundredAndTwentyNinthStreamIsRefused)
{
    int inside = 0;
    run(
        [&](RequestHead&, Body&, Responder& to) -> Task<void> {
            ++inside;
            co_await to.waitGone();
        },
        [&]() -> Task<void> {
            std::string bytes = hello();
            for (std::uint32_t i = 0; i < 129; ++i)
                bytes += frames::headers(i * 2 + 1, get());
            EXPECT_TRUE(co_await say(bytes));
            const auto one = co_await hear();
            EXPECT_TRUE(one && one->type == frames::RstStream && one->stream == 257);
            EXPECT_EQ(one->code(), RefusedStream);
        });
    EXPECT_EQ(inside, 128);
    EXPECT_EQ(malformed, std::vector{ErrorCode::Protocol});
}

// ---- floods ------------------------------------------------------------------------------------

TEST_F(Http2Hostile, OpeningAndResettingIsBounded)
{
    // CVE-2023-44487
    int inside = 0;
    int most = 0;
    int started = 0;
    run(
        [&](RequestHead&, Body&, Responder& to) -> Task<void> {
            ++started;
            most = std::max(most, ++inside);
            co_await to.waitGone();
            --inside;
        },
        [&]() -> Task<void> {
            EXPECT_TRUE(co_await say(hello()));
            std::uint32_t id = 1;
            for (int turn = 0; turn < 200; ++turn) {
                std::string bytes;
                for (int i = 0; i < 50; ++i, id += 2)
                    bytes += frames::headers(id, get()) +
                             frames::frame(frames::RstStream, 0, id, frames::number(Cancel));
                if (!co_await say(bytes))
                    break;
            }
            // By nghttp2's count or ours.
            const auto code = co_await hearGoAway();
            EXPECT_TRUE(code == InternalError || code == EnhanceYourCalm) << code.value_or(999);
        });
    EXPECT_LE(started, 1300);
    EXPECT_LE(most, 256);
    EXPECT_EQ(inside, 0);
}

TEST_F(Http2Hostile, MakingUsResetIsBounded)
{
    // Streams that the server itself has to reset: a window that overflows.
    run(counting(), [&]() -> Task<void> {
        EXPECT_TRUE(co_await say(hello()));
        std::optional<std::uint32_t> code;
        std::uint32_t id = 1;
        const auto talk = [&]() -> Task<void> {
            for (int turn = 0; turn < 3000; ++turn, id += 2) {
                if (!co_await say(
                        frames::headers(id, get(), frames::kEndHeaders) +
                        frames::frame(frames::WindowUpdate, 0, id, frames::number(0x7fffffff))))
                    break;
            }
        };
        api::spawnDetached(context.get_executor(), talk(), "talking");
        code = co_await hearGoAway();
        EXPECT_EQ(code, EnhanceYourCalm);
        EXPECT_LE(handled, 1300);
        // The end is said; what goes on talking is cut.
        while (co_await hear()) {
        }
        co_await api::sleepFor(1ms);
    });
}

/// So is what is written down of it.
TEST_F(Http2Hostile, BadHeadsAreBounded)
{
    run(counting(), [&]() -> Task<void> {
        EXPECT_TRUE(co_await say(hello()));
        const auto talk = [&]() -> Task<void> {
            for (std::uint32_t id = 1; id < 2 * 3000; id += 2) {
                if (!co_await say(frames::headers(id, get({{"X-Big", "b"}}))))
                    break;
            }
        };
        api::spawnDetached(context.get_executor(), talk(), "talking");
        const std::optional<std::uint32_t> code = co_await hearGoAway();
        EXPECT_EQ(code, EnhanceYourCalm);
        EXPECT_LE(malformed.size(), 1300u);
        EXPECT_EQ(handled, 0);
        while (co_await hear()) {
        }
        co_await api::sleepFor(1ms);
    });
}

TEST_F(Http2Hostile, FramesThatCarryNothingAreBounded)
{
    const std::string floods[] = {
        frames::frame(frames::Data, 0, 1),
        frames::frame(frames::Data, frames::kPadded, 1, std::string("\x03\0\0\0", 4)),
        frames::frame(frames::Settings, 0, 0),
        frames::frame(frames::Priority, 0, 1, std::string("\0\0\0\0\x10", 5)),
    };
    for (const std::string& flood : floods) {
        SCOPED_TRACE(::testing::PrintToString(flood));
        reconnect();
        m_heard.clear();
        run([](RequestHead&, Body& body, Responder&) -> Task<void> { co_await readAll(body); },
            [&]() -> Task<void> {
                std::string bytes = hello() + frames::headers(1, get(), frames::kEndHeaders);
                for (int i = 0; i < 1200; ++i)
                    bytes += flood;
                const auto talk = [&]() -> Task<void> { co_await say(bytes); };
                api::spawnDetached(context.get_executor(), talk(), "talking");
                EXPECT_EQ(co_await hearGoAway(), EnhanceYourCalm);
                clientEnd->cancel(Stream::Ending::Close);
                co_await api::sleepFor(1ms);
            });
    }
}

TEST_F(Http2Hostile, PingsThatNobodyReadTheAnswersOfAreHeldUp)
{
    // 64 KiB in each direction lie on the way; beyond, answers are kept within bounds and then
    // nothing more is read.
    run(counting(), [&]() -> Task<void> {
        EXPECT_TRUE(co_await say(hello()));
        std::string bytes;
        for (int i = 0; i < 1000; ++i)
            bytes += frames::frame(frames::Ping, 0, 0, "12345678");
        std::size_t said = 0;
        const auto talk = [&]() -> Task<void> {
            while (said < 1000 && co_await say(bytes))
                ++said;
        };
        api::spawnDetached(context.get_executor(), talk(), "talking");
        co_await api::sleepFor(100ms);
        EXPECT_LT(said, 30U);
        clientEnd->cancel(Stream::Ending::Close);
        co_await api::sleepFor(1ms);
    });
}

TEST_F(Http2Hostile, AHeadThatNeverEndsIsCutOff)
{
    // CVE-2024-27316 and its kin
    run(counting(), [&]() -> Task<void> {
        std::string bytes = hello() + frames::frame(frames::Headers, 0, 1, frames::hpack(get()));
        for (int i = 0; i < 100; ++i)
            bytes += frames::frame(frames::Continuation, 0, 1,
                                   frames::hpack({{"x-a", std::string(100, 'x')}}));
        EXPECT_TRUE(co_await say(bytes));
        while (co_await hear()) {
        }
    });
    EXPECT_EQ(handled, 0);
}

TEST_F(Http2Hostile, AHeadThatUnfoldsIsRefused)
{
    // One large field put into HPACK's table, and then named again by a byte each time.
    std::string block = frames::hpack(get());
    block += '\x40';
    block += std::string("\x03x-a", 4);
    block += "\x7f\xa1\x1e"; // 127 + 0x21 + 0x1e * 128 = 4000
    block += std::string(4000, 'x');
    block += std::string(10000, '\xbe');
    const std::string bytes =
        frames::frame(frames::Headers, frames::kEndHeaders | frames::kEndStream, 1, block);
    EXPECT_EQ(verdict(bytes), "another status"); // 431
    EXPECT_EQ(handled, 0);
}

// ---- origins -----------------------------------------------------------------------------------

namespace {

Pairs status(std::string code, Pairs more = {})
{
    Pairs fields{{":status", std::move(code)}};
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
}

} // namespace

TEST_F(Http2HostileOrigin, MalformedAnswersAreErrors)
{
    const std::string answers[] = {
        frames::headers(1, status("101")),
        frames::headers(1, status("2000")),
        frames::headers(1, status("20x")),
        frames::headers(1, {{"x-a", "b"}}),
        frames::headers(1, status("200", {{"X-A", "b"}})),
        frames::headers(1, status("200", {{"connection", "close"}})),
        frames::headers(1, status("200", {{"transfer-encoding", "chunked"}})),
        frames::headers(1, status("200", {{"x-a", "b\r\nc: d"}})),
        frames::headers(1, status("200", {{":path", "/"}})),
        frames::headers(1, status("200", {{"content-length", "1"}, {"content-length", "2"}})),
        frames::headers(1, status("200", {{"content-length", "4"}})),
        frames::headers(1, status("100")), // and the end
        frames::frame(frames::Settings, frames::kAck, 0) +
            frames::frame(frames::PushPromise, frames::kEndHeaders, 1,
                          frames::number(2) + frames::hpack(get())),
        frames::frame(frames::RstStream, 0, 1, frames::number(InternalError)),
        frames::frame(frames::Data, 0, 1, "a body first"),
    };
    for (const std::string& reply : answers) {
        SCOPED_TRACE(::testing::PrintToString(reply));
        reconnect();
        m_heard.clear();
        m_hasPreface = false;
        ask(
            [](UpstreamConnection& origin) -> Task<void> {
                const auto exchange = origin.open();
                EXPECT_TRUE(co_await exchange->sendHead(request("GET", "/"), "https"));
                auto head = co_await exchange->response();
                while (head && head->status < 200)
                    head = co_await exchange->response();
                EXPECT_FALSE(head && co_await readAll(exchange->body()));
                EXPECT_FALSE(exchange->mayRetry());
            },
            [&]() -> Task<void> {
                co_await hearRequest();
                EXPECT_TRUE(co_await say(settings() + reply));
                while (co_await hear()) {
                }
            });
    }
}

TEST_F(Http2HostileOrigin, ManyInterimAnswersAreTooMany)
{
    ask(
        [&](UpstreamConnection& origin) -> Task<void> {
            const auto exchange = origin.open();
            EXPECT_TRUE(co_await exchange->sendHead(request("GET", "/"), "https"));
            co_await api::sleepFor(20ms);
            int heads = 0;
            auto head = co_await exchange->response();
            for (; head; head = co_await exchange->response())
                ++heads;
            EXPECT_LE(heads, 16);
            EXPECT_EQ(head.error().code, ErrorCode::Protocol);
        },
        [&]() -> Task<void> {
            co_await hearRequest();
            std::string bytes = settings();
            for (int i = 0; i < 1000; ++i)
                bytes += frames::headers(1, status("103"), frames::kEndHeaders);
            EXPECT_TRUE(co_await say(bytes));
            while (co_await hear()) {
            }
        });
}

TEST_F(Http2HostileOrigin, WhatCameAfterTheLastMayBeSentAgain)
{
    ask(
        [&](UpstreamConnection& origin) -> Task<void> {
            std::vector<std::unique_ptr<UpstreamExchange>> exchanges;
            for (int i = 0; i < 3; ++i) {
                exchanges.push_back(origin.open());
                RequestHead head = request("POST", "/");
                EXPECT_TRUE(co_await exchanges.back()->sendHead(head, "https"));
            }
            const auto first = co_await exchanges[0]->response();
            EXPECT_TRUE(first && first->status == 204);
            EXPECT_FALSE(exchanges[0]->mayRetry());
            EXPECT_FALSE(co_await exchanges[1]->response());
            EXPECT_TRUE(exchanges[1]->mayRetry()); // refused
            EXPECT_FALSE(co_await exchanges[2]->response());
            EXPECT_TRUE(exchanges[2]->mayRetry()); // after the last
            EXPECT_FALSE(origin.hasRoom());
            // What was opened before one knew goes nowhere either.
            const auto late = origin.open();
            if (co_await late->sendHead(request("POST", "/"), "https")) {
                EXPECT_FALSE(co_await late->response());
            }
            EXPECT_TRUE(late->mayRetry());
        },
        [&]() -> Task<void> {
            co_await hearRequest(5);
            EXPECT_TRUE(co_await say(
                settings() + frames::frame(frames::RstStream, 0, 3, frames::number(RefusedStream)) +
                frames::frame(frames::GoAway, 0, 0, frames::number(3) + frames::number(NoError))));
            co_await api::sleepFor(20ms);
            EXPECT_TRUE(co_await say(frames::headers(1, status("204"))));
            while (co_await hear()) {
            }
        });
}

TEST_F(Http2HostileOrigin, AKeptConnectionThatWentMayHaveSwallowedOnlyWhatCanBeRepeated)
{
    ask(
        [&](UpstreamConnection& origin) -> Task<void> {
            {
                const auto first = origin.open();
                EXPECT_TRUE(co_await first->sendHead(request("GET", "/"), "https"));
                EXPECT_TRUE(co_await first->response());
            }
            const auto safe = origin.open();
            EXPECT_TRUE(co_await safe->sendHead(request("GET", "/"), "https"));
            const auto unsafe = origin.open();
            EXPECT_TRUE(co_await unsafe->sendHead(request("POST", "/"), "https"));
            EXPECT_FALSE(co_await safe->response());
            EXPECT_FALSE(co_await unsafe->response());
            EXPECT_TRUE(safe->mayRetry());
            EXPECT_FALSE(unsafe->mayRetry());
        },
        [&]() -> Task<void> {
            co_await hearRequest();
            EXPECT_TRUE(co_await say(settings() + frames::headers(1, status("204"))));
            co_await hearRequest(5);
            clientEnd->cancel(Stream::Ending::Close);
        });
}

TEST_F(Http2HostileOrigin, FewerStreamsAreAskedForThanItAllows)
{
    ask(
        [&](UpstreamConnection& origin) -> Task<void> {
            {
                const auto first = origin.open();
                EXPECT_TRUE(co_await first->sendHead(request("GET", "/"), "https"));
                EXPECT_TRUE(co_await first->response());
            }
            const auto second = origin.open();
            EXPECT_TRUE(origin.hasRoom());
            const auto third = origin.open();
            EXPECT_FALSE(origin.hasRoom());
        },
        [&]() -> Task<void> {
            co_await hearRequest();
            EXPECT_TRUE(
                co_await say(frames::frame(frames::Settings, 0, 0, std::string("\0\3\0\0\0\2", 6)) +
                             frames::headers(1, status("204"))));
            while (co_await hear()) {
            }
        });
}
