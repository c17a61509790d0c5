// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/tls/tls_stream.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <filesystem>
#include <functional>
#include <future>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <vector>

namespace caisson::keeper {

/// What a program said and how it ended.
struct Ran
{
    int code = -1;
    std::string output; ///< both streams
};

/// Runs a program with `input` on its standard input.
Ran runProgram(const std::vector<std::string>& argv, const std::string& input = {});

/// An authority, a folder of its own, and a loop on a thread of its own for both ends of
/// connections over loopback.
class TlsFixture : public testing::Test
{
protected:
    TlsFixture();
    ~TlsFixture() override;

    /// Runs a coroutine on the loop and waits for its end.
    template<class T>
    T await(api::Task<T> task)
    {
        return api::asio::co_spawn(m_loop, std::move(task), api::asio::use_future).get();
    }
    /// Starts one.
    template<class T>
    std::future<T> start(api::Task<T> task)
    {
        return api::asio::co_spawn(m_loop, std::move(task), api::asio::use_future);
    }

    /// Two ends of one connection.
    api::Task<std::pair<TcpSocket, TcpSocket>> connectedPair();
    /// A port on which one connection is awaited, and the task that accepts it.
    struct Listening
    {
        std::uint16_t port;
        std::shared_ptr<api::asio::ip::tcp::acceptor> acceptor;
    };
    Listening listen();
    static api::Task<TcpSocket> acceptOn(Listening listening);
    api::Task<TcpSocket> dial(std::uint16_t port);

    /// Client and server of this code, speaking TLS to one another. `host` is the name in the
    /// certificate; the client expects it, or `dialled`.
    struct Pair
    {
        TlsOpened inside; ///< the server's end
        TlsOpened outside;
    };
    Result<Pair> openPair(const std::string& host = "example.com",
                          std::vector<std::string> alpn = {}, std::string dialled = {});
    /// A client that trusts this authority, and what else there is in `file`.
    Result<std::unique_ptr<TlsClient>> makeClient(const std::string& file);

    std::string path(const std::string& name) const { return (m_folder / name).string(); }
    std::string writeFile(const std::string& name, const std::string& content) const;

    std::filesystem::path m_folder;
    std::unique_ptr<Authority> m_authority;
    std::string m_authorityFile;
    api::asio::io_context m_loop;
    std::unique_ptr<TlsServer> m_server;
    std::unique_ptr<TlsClient> m_client;

private:
    api::asio::executor_work_guard<api::asio::io_context::executor_type> m_work;
    std::thread m_thread;
};

/// Reads until the end; what has come, or the error.
api::Task<Result<std::string>> readAll(Stream& stream);
/// Reads one piece.
api::Task<Result<std::string>> readSome(Stream& stream);
api::Task<Result<void>> writeText(Stream& stream, std::string text);

} // namespace caisson::keeper
