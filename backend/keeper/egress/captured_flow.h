// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/airlock_parts.h"
#include "backend/keeper/egress/request_proxy.h"
#include "backend/keeper/egress/sniff.h"

namespace caisson::keeper {

/// One connection that a sandbox made, from its first byte to its end:
///
///   what does it speak?  TLS   opened, unless a tunnel rule lets it pass as it is; what is inside is
///                              HTTP, or a stream
///                        HTTP  decided request by request
///                        else  a stream, decided as a whole. So is one where the client waits for
///                              the server to speak first, which only waiting tells
///
/// Whoever speaks TLS or HTTP is treated as such whatever port it is, and however long it waits
/// before it speaks: a rule for streams lets no unopened TLS pass, only a tunnel rule does.
///
/// Text whose first line does not end may become HTTP and may be anything else. Where a stream may
/// pass, on other ports than the web's, it passes as it comes. Once it is HTTP after all, before the
/// origin has said a word, what it reached is reset, and it goes on as HTTP from its first byte.
class CapturedFlow
{
public:
    CapturedFlow(AirlockParts& parts, TcpSocket socket, RequestOrigin origin,
                 std::string alreadyRead = {});

    api::Task<void> run();

private:
    enum class Waited { Bytes, Silence, Ended };
    api::Task<Waited> readSome(std::chrono::milliseconds limit);
    api::Task<Waited> readOpened(std::chrono::milliseconds limit);
    api::Task<Speech> listen(std::chrono::milliseconds patience);
    Speech takenFor() const;
    api::Task<void> speak(Speech speech);
    api::Task<void> serveTls();
    api::Task<void> serveHttp(Stream& stream, Speech speech);
    api::Task<void> serveOpened(TlsOpened opened);
    void writePinned();
    void writeUnused();
    api::Task<void> serveOpenedStream();
    api::Task<Speech> carryOpenedStream();
    api::Task<void> serveStream();
    api::Task<Speech> carryStream();
    api::Task<void> tunnel();
    api::Task<void> refuseTls(std::uint8_t alert);
    api::Task<std::optional<Pass>> pass(const Wanted& wanted, LogRow& row);
    api::Task<std::optional<Dialled>> dial(const Wanted& wanted, LogRow& row, Pass& passed);
    api::Task<Speech> whatSpeaksFirst(const Wanted& wanted, LogRow& row, const Pass& passed,
                                      Dialled& dialled);
    enum class Carried { Whole, UntilHttp };
    api::Task<Carried> carry(const Wanted& wanted, LogRow& row, const Pass& passed, Stream& inside,
                             Stream& outside);
    api::Task<void> waitGone();
    bool hasLeft();
    void reset();
    std::function<void(const Error&)> writeMalformed(Speech speech) const;
    Wanted wantedStream() const;

    AirlockParts& m_parts;
    TcpSocket m_socket;
    std::unique_ptr<Stream>
        m_opened; ///< TLS that was opened and carries no HTTP: instead of the socket
    RequestOrigin m_origin;
    std::string m_read;      ///< not yet given on
    bool m_hasEnded = false; ///< nothing more comes
    bool m_isBroken = false; ///< nothing more can be sent either
};

} // namespace caisson::keeper
