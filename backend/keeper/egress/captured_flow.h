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
class CapturedFlow
{
public:
    CapturedFlow(AirlockParts& parts, TcpSocket socket, RequestOrigin origin,
                 std::string alreadyRead = {});

    api::Task<void> run();

private:
    enum class Waited { Bytes, Silence, Ended };
    api::Task<Waited> readSome(std::chrono::milliseconds limit);
    api::Task<Speech> listen(std::chrono::milliseconds patience);
    api::Task<void> speak(Speech speech);
    api::Task<void> serveTls();
    api::Task<void> serveHttp(Speech speech);
    api::Task<void> serveOpened(TlsOpened opened);
    api::Task<void> serveStream();
    api::Task<void> tunnel();
    api::Task<void> refuseTls(std::uint8_t alert);
    api::Task<std::optional<Pass>> pass(const Wanted& wanted, LogRow& row, api::Task<void> gone);
    api::Task<std::optional<Dialled>> dial(const Wanted& wanted, LogRow& row, Pass& passed);
    api::Task<bool> isStream(const Wanted& wanted, LogRow& row, const Pass& passed,
                             Dialled& dialled);
    api::Task<void> waitClosed();
    void reset();
    std::function<void(const Error&)> malformedTo(RequestLog& log) const;
    Wanted wantedStream(policy::Protocol protocol) const;

    AirlockParts& m_parts;
    TcpSocket m_socket;
    RequestOrigin m_origin;
    std::string m_read; ///< from the socket, not yet given on
    bool m_hasEnded = false;
};

} // namespace caisson::keeper
