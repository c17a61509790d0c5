// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"
#include "backend/api/http.h"

#include <memory>
#include <span>
#include <string>

namespace caisson::api {

/// The client's side of one connection, for one request.
class ClientConnection
{
public:
    explicit ClientConnection(Socket socket);
    ClientConnection(ClientConnection&&) noexcept;
    ~ClientConnection();

    /// A request with its whole body.
    Task<Result<void>> send(std::string method, std::string target, std::string body = {},
                            Headers headers = {});

    /// A request whose body follows in pieces, chunked.
    Task<Result<void>> start(std::string method, std::string target, Headers headers = {});
    Task<Result<void>> writeBody(std::string_view bytes);
    Task<Result<void>> endBody();

    Task<Result<ResponseHead>> readHead();
    /// The next bytes of the body; 0 at its end. A body cut short is Unavailable.
    Task<Result<std::size_t>> readBodySome(std::span<char> room);
    Task<Result<std::string>> readBody(std::size_t limit);

    /// Ends whatever is under way.
    void abort();

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace caisson::api
