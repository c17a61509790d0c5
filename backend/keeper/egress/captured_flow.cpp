// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/captured_flow.h"

#include "backend/keeper/egress/line_watch.h"
#include "backend/keeper/egress/relay.h"
#include "backend/keeper/egress/tls/client_hello.h"
#include "backend/policy/host_name.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <sys/socket.h>

namespace caisson::keeper {

using api::Task;
using namespace api::asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

namespace {

constexpr auto kTuple = api::asio::as_tuple(api::asio::use_awaitable);
/// A client that speaks first does so at once, since its connection was made without a round trip;
/// one that has said nothing for so long waits for the server.
constexpr auto kServerFirst = 250ms;
/// The same where the answer is no anyway: refusals take 50 ms at most, all in all.
constexpr auto kRefusedFirst = 25ms;
/// On the web's ports everybody speaks first, if perhaps late: browsers connect before they need to.
constexpr auto kWebPatience = 60s;
/// Where a stream would be denied. Less, and who is slow to ask would not be told in its own words.
constexpr auto kDeniedWebPatience = 10s;
/// Who has TLS opened and closes it within this without having said a word did not like what it saw;
/// who opens ahead keeps it longer.
constexpr auto kPinPatience = 2s;
/// For the rest of a ClientHello or a request's first line.
constexpr auto kRestPatience = 10s;
/// What a client says while it is held.
constexpr std::size_t kMostHeld = 64 * 1024;

constexpr std::uint8_t kAccessDenied = 49;      // RFC 8446, 6.2
constexpr std::uint8_t kUnrecognizedName = 112; // RFC 6066, 3
constexpr std::uint8_t kDecodeError = 50;

constexpr std::string_view kNoStream =
    "It waited, and then was no stream but TLS or HTTP, and was decided as such.";

bool isWebPort(std::uint16_t port)
{
    return port == 80 || port == 443;
}

bool isHttp(Speech speech)
{
    return speech == Speech::Http1 || speech == Speech::Http2;
}

} // namespace

CapturedFlow::CapturedFlow(AirlockParts& parts, TcpSocket socket, RequestOrigin origin,
                           std::string alreadyRead)
    : m_parts(parts)
    , m_socket(std::move(socket))
    , m_origin(std::move(origin))
    , m_read(std::move(alreadyRead))
{
}

/// The flow as a whole.
Wanted CapturedFlow::wantedStream() const
{
    return {m_opened ? policy::Protocol::Tls : policy::Protocol::Tcp, m_origin.host, m_origin.port,
            "", ""};
}

/// A head that is refused before anybody can decide on it has its row, too.
std::function<void(const Error&)> CapturedFlow::writeMalformed(Speech speech) const
{
    return [this, speech](const Error& error) {
        LogRow row(m_parts, m_origin.asker);
        row.take(Wanted{m_origin.protocol, m_origin.host, m_origin.port, "", ""});
        row.refuse(error.message);
        row.entry.status = error.code == ErrorCode::HeadTooLarge ? 431
                           : error.code == ErrorCode::NotBuilt   ? 501
                           : error.code == ErrorCode::Protocol || error.code == ErrorCode::Timeout
                               ? 0
                               : 400;
        row.entry.protocol = speech == Speech::Http2 ? "h2" : "http/1.1";
    };
}

void CapturedFlow::reset()
{
    if (m_opened) {
        m_opened->cancel(Stream::Ending::Reset);
        return;
    }
    boost::system::error_code ignored;
    m_socket.set_option(api::asio::socket_base::linger(true, 0), ignored);
    m_socket.close(ignored);
}

Task<CapturedFlow::Waited> CapturedFlow::readSome(std::chrono::milliseconds limit)
{
    if (m_hasEnded)
        co_return Waited::Ended;
    if (m_opened)
        co_return co_await readOpened(limit);
    // Only its waiting is ever given up: a read that was might have taken bytes with it.
    std::array<char, 4096> room;
    for (bool isLast = false;;) {
        const ssize_t size =
            ::recv(m_socket.native_handle(), room.data(), room.size(), MSG_DONTWAIT);
        if (size > 0) {
            m_read.append(room.data(), static_cast<std::size_t>(size));
            co_return Waited::Bytes;
        }
        if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
            m_hasEnded = true;
            m_isBroken = size < 0;
            co_return Waited::Ended;
        }
        if (isLast)
            co_return Waited::Silence;
        const auto waited = co_await (
            m_socket.async_wait(api::asio::socket_base::wait_read, kTuple) || api::sleepFor(limit));
        isLast = waited.index() == 1;
    }
}

Task<CapturedFlow::Waited> CapturedFlow::readOpened(std::chrono::milliseconds limit)
{
    std::vector<char> room(4096);
    const auto outcome = co_await (m_opened->read(room) || api::sleepFor(limit));
    const Result<std::size_t>* size = std::get_if<0>(&outcome);
    if (!size)
        co_return Waited::Silence;
    if (!*size || **size == 0) {
        m_hasEnded = true;
        m_isBroken = !*size;
        co_return Waited::Ended;
    }
    m_read.append(room.data(), **size);
    co_return Waited::Bytes;
}

/// What the connection speaks; Unsure: nothing has come.
Task<Speech> CapturedFlow::listen(std::chrono::milliseconds patience)
{
    for (;;) {
        const Speech speech = speechOf(m_read);
        if (speech != Speech::Unsure)
            co_return speech;
        if (m_read.size() > kLongLine)
            co_return takenFor();
        switch (co_await readSome(m_read.empty() ? patience
                                  : isWebPort(m_origin.port)
                                      ? std::chrono::milliseconds(kRestPatience)
                                      : kServerFirst)) {
        case Waited::Bytes:
            break;
        case Waited::Silence:
            co_return takenFor();
        case Waited::Ended: // it can become nothing more
            co_return m_read.empty() ? Speech::Unsure : Speech::Other;
        }
    }
}

/// What bytes that do not tell yet are treated as, when nothing is waited for any longer.
Speech CapturedFlow::takenFor() const
{
    if (!isWebPort(m_origin.port) && isOpenText(m_read) &&
        m_parts.gate.look(wantedStream(), m_origin.asker).action != policy::Action::Deny)
        return Speech::Other;
    return speechSoFar(m_read);
}

Task<void> CapturedFlow::run()
{
    const auto stream = m_parts.gate.look(wantedStream(), m_origin.asker).action;
    const bool isDenied = stream == policy::Action::Deny;
    std::chrono::milliseconds patience = kServerFirst;
    if (isWebPort(m_origin.port))
        patience = isDenied ? kDeniedWebPatience : kWebPatience;
    else if (isDenied)
        patience = kRefusedFirst;
    co_await speak(co_await listen(patience));
}

Task<void> CapturedFlow::speak(Speech speech)
{
    switch (speech) {
    case Speech::Tls:
        co_await serveTls();
        break;
    case Speech::Http1:
    case Speech::Http2: {
        m_origin.protocol = policy::Protocol::Http;
        const auto stream = makeTcpStream(std::move(m_socket), m_origin.hasClosed);
        co_await serveHttp(*stream, speech);
        break;
    }
    case Speech::Other:
        co_await serveStream();
        break;
    case Speech::Unsure:
        if (m_hasEnded || isWebPort(m_origin.port)) {
            writeUnused();
            reset();
        } else
            co_await serveStream();
        break;
    }
}

/// Opened ahead and never used, or gone: it asked for nothing. Who only looks what answers is written
/// down, and so is a CONNECT, which is a request by itself.
void CapturedFlow::writeUnused()
{
    const Wanted wanted = wantedStream();
    const auto [action, pass] = m_parts.gate.look(wanted, m_origin.asker);
    const bool isDenied =
        action == policy::Action::Deny && !(m_hasEnded && isWebPort(m_origin.port));
    if (!isDenied && !m_origin.isConnected)
        return;
    LogRow row(m_parts, m_origin.asker);
    row.take(wanted);
    if (isDenied)
        row.take(pass);
    if (!m_origin.isConnected)
        return;
    row.entry.method = "CONNECT";
    row.entry.protocol = "http/1.1";
    row.entry.status = 200;
    if (!isDenied)
        row.refuse("nothing was said after the CONNECT, so nothing was let pass");
}

Task<void> CapturedFlow::serveHttp(Stream& stream, Speech speech)
{
    RequestProxy proxy(m_parts, m_origin);
    const http::Handler handler = [&proxy](auto& head, auto& body, auto& responder) {
        return proxy.serve(head, body, responder);
    };
    if (speech == Speech::Http2)
        co_await http::serveHttp2(stream, std::move(m_read), handler, {}, writeMalformed(speech));
    else
        co_await http::serveHttp1(stream, std::move(m_read), handler, writeMalformed(speech));
}

Task<void> CapturedFlow::refuseTls(std::uint8_t alert)
{
    const std::string record = tlsAlert(alert);
    std::ignore = co_await api::asio::async_write(m_socket, api::asio::buffer(record), kTuple);
    boost::system::error_code ignored;
    m_socket.shutdown(TcpSocket::shutdown_send, ignored);
    m_socket.close(ignored);
}

Task<void> CapturedFlow::serveTls()
{
    HelloOutcome outcome = parseClientHello(m_read);
    while (outcome.state == HelloState::Incomplete) {
        if (co_await readSome(kRestPatience) != Waited::Bytes)
            break;
        outcome = parseClientHello(m_read);
    }
    const Wanted wanted{policy::Protocol::Tls, m_origin.host, m_origin.port, "", ""};
    const auto refused = [&](std::string why, std::uint8_t alert) -> Task<void> {
        {
            LogRow row(m_parts, m_origin.asker);
            row.take(wanted);
            row.refuse(std::move(why));
        }
        co_await refuseTls(alert);
    };
    if (outcome.state != HelloState::Complete) {
        co_await refused("its first bytes are no TLS ClientHello", kDecodeError);
        co_return;
    }
    const ClientHello& hello = outcome.hello;
    if (!hello.serverName.empty()) {
        const auto named = policy::canonicalHost(hello.serverName);
        if (!named || *named != m_origin.host) {
            co_await refused("its TLS server name is " + (named ? *named : "no name") + ", but " +
                                 m_origin.host + " was dialled",
                             kUnrecognizedName);
            co_return;
        }
    }
    if (m_parts.gate.isTunnelled(wanted, m_origin.asker)) {
        if (hello.hasEncryptedHello) {
            co_await refused("its TLS server name is encrypted, and a tunnel goes by the name",
                             kAccessDenied);
            co_return;
        }
        co_await tunnel();
        co_return;
    }
    Result<TlsOpened> opened = co_await m_parts.tls.accept(std::move(m_socket), std::move(m_read),
                                                           m_origin.host, m_origin.hasClosed);
    m_read.clear();
    if (!opened) {
        LogRow row(m_parts, m_origin.asker);
        row.take(wanted);
        const auto refusal = opened.error().detail.find("refusal");
        if (refusal != opened.error().detail.end() && refusal->second == "unknown_authority") {
            row.refuse(
                "the client broke the TLS handshake off when it had seen the certificate: it seems "
                "to trust only some of its own (it pins); a tunnel rule for " +
                m_origin.host + " would let it pass unopened");
            row.entry.flag = "pinned";
        } else {
            row.refuse("the TLS handshake failed: " + opened.error().message);
        }
        co_return;
    }
    co_await serveOpened(std::move(*opened));
}

Task<void> CapturedFlow::serveOpened(TlsOpened opened)
{
    // Behind a CONNECT it began in clear.
    m_origin.protocol = policy::Protocol::Https;
    m_opened = std::move(opened.stream);
    const auto openedAt = std::chrono::steady_clock::now();
    if (opened.alpn != Alpn::None && co_await readOpened(kPinPatience) == Waited::Ended) {
        writePinned();
        co_return;
    }
    if (opened.alpn != Alpn::None) {
        co_await serveHttp(*m_opened, opened.alpn == Alpn::Http2 ? Speech::Http2 : Speech::Http1);
        co_return;
    }
    // The first bytes tell.
    const Speech speech = co_await listen(
        isWebPort(m_origin.port) ? std::chrono::milliseconds(kWebPatience) : kServerFirst);
    if (m_hasEnded && m_read.empty() && std::chrono::steady_clock::now() - openedAt < kPinPatience)
        writePinned();
    else if (isHttp(speech))
        co_await serveHttp(*m_opened, speech);
    else
        co_await serveOpenedStream();
}

/// Clients that look at the certificate only after the handshake (curl --pinnedpubkey) send no alert.
void CapturedFlow::writePinned()
{
    LogRow row(m_parts, m_origin.asker);
    row.take(Wanted{policy::Protocol::Tls, m_origin.host, m_origin.port, "", ""});
    row.refuse("the client opened TLS and closed it at once without a word: it may accept only "
               "certificates of its own; a tunnel rule for " +
               m_origin.host + " would let it pass unopened");
    row.entry.flag = "pinned";
    reset();
}

Task<void> CapturedFlow::serveOpenedStream()
{
    const Speech speech = co_await carryOpenedStream();
    if (isHttp(speech))
        co_await serveHttp(*m_opened, speech);
}

/// Another protocol inside TLS, opened on both sides. Http*: it was none after all, and goes on so.
Task<Speech> CapturedFlow::carryOpenedStream()
{
    const Wanted wanted = wantedStream();
    LogRow row(m_parts, m_origin.asker);
    row.take(wanted);
    auto passed = co_await pass(wanted, row);
    if (!passed) {
        reset();
        co_return Speech::Other;
    }
    auto dialled = co_await dial(wanted, row, *passed);
    if (!dialled) {
        reset();
        co_return Speech::Other;
    }
    Result<TlsOpened> outside =
        co_await m_parts.pool.openTls(std::move(dialled->socket), m_origin.host, m_origin.port, {});
    if (!outside || !m_parts.gate.mayGoOn(wanted, m_origin.asker, passed->grant)) {
        if (outside)
            row.refuseChanged(wanted, m_origin.asker);
        else
            row.refuse(outside.error().message);
        reset();
        co_return Speech::Other;
    }
    if (const Speech speech = speechOf(m_read); isHttp(speech)) {
        row.entry.why = kNoStream;
        outside->stream->cancel(Stream::Ending::Close);
        co_return speech;
    }
    if (co_await carry(wanted, row, *passed, *m_opened, *outside->stream) == Carried::Whole)
        co_return Speech::Other;
    co_return co_await listen(kRestPatience);
}

bool CapturedFlow::hasLeft()
{
    return m_opened ? m_opened->hasPeerLeft() : hasPeerLeft(m_socket, m_origin.hasClosed);
}

/// For a flow that is held: returns once its client has gone. What it says meanwhile is kept.
Task<void> CapturedFlow::waitGone()
{
    while (m_read.size() < kMostHeld) {
        if (co_await readSome(std::chrono::hours(24)) != Waited::Ended)
            continue;
        if (m_isBroken || m_read.empty())
            co_return;
        break;
    }
    // Who has said something and finished may well wait for an answer, as `printf x | nc` does.
    co_await untilLeft([this] { return hasLeft(); });
}

/// Decides a stream, asking if need be, and writes down what came of it; none: it does not pass.
Task<std::optional<Pass>> CapturedFlow::pass(const Wanted& wanted, LogRow& row)
{
    auto [action, decided] = m_parts.gate.decide(wanted, m_origin.asker);
    if (action == policy::Action::Ask)
        decided = co_await m_parts.gate.ask(std::move(decided), wanted, m_origin.asker, waitGone());
    row.take(decided);
    if (decided.verdict != Pass::Verdict::Allow)
        co_return std::nullopt;
    co_return decided;
}

/// Connects to where a stream goes; none: it does not, and the row says why.
Task<std::optional<Dialled>> CapturedFlow::dial(const Wanted& wanted, LogRow& row, Pass& passed)
{
    Result<Dialled> dialled = co_await m_parts.dialer.connect(
        m_origin.host, m_origin.port, passed.mayBePrivate ? Reach::PrivateToo : Reach::Public,
        [&](const policy::Address& address) {
            return m_parts.gate.mayReach(address, wanted, m_origin.asker);
        });
    if (!dialled) {
        row.fail(dialled.error());
        co_return std::nullopt;
    }
    row.entry.address = dialled->address.toString();
    passed.grant.address = dialled->address;
    // It was not among the flows while it was dialled.
    if (!m_parts.gate.mayGoOn(wanted, m_origin.asker, passed.grant)) {
        row.refuseChanged(wanted, m_origin.asker);
        co_return std::nullopt;
    }
    co_return std::move(*dialled);
}

/// Who speaks first? A client that only waited to be taken for a stream, before it was let pass or
/// after, is none. Other: it is one.
Task<Speech> CapturedFlow::whatSpeaksFirst(const Wanted& wanted, LogRow& row, const Pass& passed,
                                           Dialled& dialled)
{
    if (m_read.empty()) {
        const Flows::Entry flow(
            m_parts.flows, wanted, m_origin.asker, passed.grant,
            [&] {
                boost::system::error_code ignored;
                m_socket.close(ignored);
                dialled.socket.close(ignored);
            },
            [&row] { row.writeOpen(); });
        const auto first =
            co_await (m_socket.async_wait(api::asio::socket_base::wait_read, kTuple) ||
                      dialled.socket.async_wait(api::asio::socket_base::wait_read, kTuple));
        if (first.index() == 1)
            co_return Speech::Other;
    } else if (isOpenText(m_read) && !isWebPort(m_origin.port)) {
        co_return Speech::Other; // it was waited for already
    }
    const Speech speech = co_await listen(kRestPatience);
    co_return speech == Speech::Unsure ? Speech::Other : speech;
}

Task<void> CapturedFlow::serveStream()
{
    const Speech speech = co_await carryStream();
    if (speech != Speech::Other)
        co_await speak(speech);
}

/// Else than Other: it was none after all, and goes on as what it is.
Task<Speech> CapturedFlow::carryStream()
{
    const Wanted wanted = wantedStream();
    LogRow row(m_parts, m_origin.asker);
    row.take(wanted);
    auto passed = co_await pass(wanted, row);
    if (!passed) {
        reset();
        co_return Speech::Other;
    }
    auto dialled = co_await dial(wanted, row, *passed);
    if (!dialled) {
        reset();
        co_return Speech::Other;
    }
    if (!passed->grant.isTunnel) {
        const Speech speech = co_await whatSpeaksFirst(wanted, row, *passed, *dialled);
        if (speech != Speech::Other) {
            row.entry.why = kNoStream;
            co_return speech;
        }
    }
    if (!m_parts.gate.mayGoOn(wanted, m_origin.asker, passed->grant)) {
        row.refuseChanged(wanted, m_origin.asker);
        reset();
        co_return Speech::Other;
    }
    const auto inside = makeTcpStream(std::move(m_socket));
    const auto outside = makeTcpStream(std::move(dialled->socket));
    if (co_await carry(wanted, row, *passed, *inside, *outside) == Carried::Whole)
        co_return Speech::Other;
    m_socket = std::move(inside->release()->socket);
    co_return co_await listen(kRestPatience);
}

Task<void> CapturedFlow::tunnel()
{
    const Wanted wanted{policy::Protocol::Tls, m_origin.host, m_origin.port, "", ""};
    LogRow row(m_parts, m_origin.asker);
    row.take(wanted);
    auto [action, passed] = m_parts.gate.decide(wanted, m_origin.asker);
    row.take(passed);
    passed.grant.isTunnel = true;
    auto dialled = co_await dial(wanted, row, passed);
    if (!dialled) {
        co_await refuseTls(kAccessDenied);
        co_return;
    }
    const auto inside = makeTcpStream(std::move(m_socket));
    const auto outside = makeTcpStream(std::move(dialled->socket));
    co_await carry(wanted, row, passed, *inside, *outside);
}

/// What was let pass, both ways to its end: first what was read already.
Task<CapturedFlow::Carried> CapturedFlow::carry(const Wanted& wanted, LogRow& row,
                                                const Pass& passed, Stream& inside, Stream& outside)
{
    const Flows::Entry flow(
        m_parts.flows, wanted, m_origin.asker, passed.grant,
        [&] {
            inside.cancel(Stream::Ending::Reset);
            outside.cancel(Stream::Ending::Reset);
        },
        [&row] { row.writeOpen(); });
    api::EgressEntry& entry = row.entry;
    // Into a tunnel nobody looks.
    const bool isOpen = !passed.grant.isTunnel;
    PlaceholderScan scan;
    std::optional<std::string> leaked;
    if (isOpen && (leaked = scan.feed(m_read))) {
        row.refuseLeak(*leaked);
        inside.cancel(Stream::Ending::Reset);
        outside.cancel(Stream::Ending::Reset);
        co_return Carried::Whole;
    }
    LineWatch watch(isOpen ? m_read : "");
    if (!m_read.empty() && !co_await outside.write(m_read))
        co_return Carried::Whole;
    entry.bytesOut += static_cast<std::int64_t>(m_read.size());
    MayPass mayPass;
    Onward last = Onward::Pass;
    if (isOpen)
        mayPass = [&](std::span<const char> bytes, Outside has) {
            leaked = scan.feed(bytes);
            last = leaked ? Onward::Break : watch.look(bytes, has);
            return last;
        };
    co_await relay(inside, outside, entry.bytesOut, entry.bytesIn,
                   m_hasEnded ? Inside::Finished : Inside::Writes, std::move(mayPass));
    if (leaked)
        row.refuseLeak(*leaked);
    else if (flow.wasCut())
        row.refuseChanged(wanted, m_origin.asker);
    else if (last == Onward::TakeOver) {
        row.entry.why = kNoStream;
        m_read = watch.takeText();
        co_return Carried::UntilHttp;
    } else if (watch.wasHttp())
        row.refuse("it began as a stream and went on as HTTP, which is decided by request");
    co_return Carried::Whole;
}

} // namespace caisson::keeper
