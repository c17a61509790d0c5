// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/airlock_parts.h"

namespace caisson::keeper {

/// Carries HTTP requests of one connection: checks that they are for the host that was dialled, has
/// them decided, puts secrets in, sends them on, brings the answer, and writes each down.
class RequestProxy
{
public:
    RequestProxy(AirlockParts& parts, RequestOrigin origin);

    /// An http::Handler.
    api::Task<void> serve(http::RequestHead& head, http::Body& body, http::Responder& responder);

private:
    struct Carried;
    api::Task<void> connect(Carried& carried);
    api::Task<void> carry(Carried& carried);
    api::Task<bool> send(Carried& carried,
                         UpstreamPool::Connection wanted = UpstreamPool::Connection::Any);
    api::Task<void> receive(Carried& carried);
    api::Task<void> receiveBody(Carried& carried, const http::ResponseHead& head);
    api::Task<void> pumpBody(Carried& carried);
    api::Task<void> upgrade(Carried& carried, const http::ResponseHead& head);
    api::Task<void> giveUp(Carried& carried, const Error& error);

    AirlockParts& m_parts;
    RequestOrigin m_origin;
};

} // namespace caisson::keeper
