// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/keeper/egress/tls/tls_fixture.h"

#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace caisson::keeper {

using api::Task;
using Tcp = api::asio::ip::tcp;
using namespace api::asio::experimental::awaitable_operators;

Ran runProgram(const std::vector<std::string>& argv, const std::string& input)
{
    int toChild[2];
    int fromChild[2];
    if (::pipe2(toChild, O_CLOEXEC) != 0 || ::pipe2(fromChild, O_CLOEXEC) != 0)
        return {};
    std::vector<char*> words;
    for (const std::string& word : argv)
        words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(toChild[0], 0);
        ::dup2(fromChild[1], 1);
        ::dup2(fromChild[1], 2);
        ::execvp(words[0], words.data());
        ::_exit(127);
    }
    ::close(toChild[0]);
    ::close(fromChild[1]);
    Ran ran;
    std::thread writer([&] {
        for (std::size_t done = 0; done < input.size();) {
            const ssize_t went = ::write(toChild[1], input.data() + done, input.size() - done);
            if (went <= 0)
                break;
            done += static_cast<std::size_t>(went);
        }
        ::close(toChild[1]);
    });
    std::array<char, 4096> buffer;
    for (;;) {
        const ssize_t got = ::read(fromChild[0], buffer.data(), buffer.size());
        if (got <= 0)
            break;
        ran.output.append(buffer.data(), static_cast<std::size_t>(got));
    }
    writer.join();
    ::close(fromChild[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return ran;
}

TlsFixture::TlsFixture()
    : m_work(api::asio::make_work_guard(m_loop))
    , m_thread([this] { m_loop.run(); })
{
    std::string name = (std::filesystem::temp_directory_path() / "caisson-tls-XXXXXX").string();
    m_folder = ::mkdtemp(name.data());
    // A program that ends before it has read all its input is no reason to end here.
    ::signal(SIGPIPE, SIG_IGN);
    m_authority = Authority::create("test").value();
    m_authorityFile = writeFile("authority.pem", m_authority->certificatePem());
    m_server = std::make_unique<TlsServer>(*m_authority);
    m_client = makeClient(m_authorityFile).value();
}

TlsFixture::~TlsFixture()
{
    m_work.reset();
    m_loop.stop();
    m_thread.join();
    std::filesystem::remove_all(m_folder);
}

Result<std::unique_ptr<TlsClient>> TlsFixture::makeClient(const std::string& file)
{
    ::setenv("CAISSON_UPSTREAM_CA", file.c_str(), 1);
    auto client = TlsClient::create();
    ::unsetenv("CAISSON_UPSTREAM_CA");
    return client;
}

std::string TlsFixture::writeFile(const std::string& name, const std::string& content) const
{
    std::ofstream(path(name), std::ios::binary) << content;
    return path(name);
}

TlsFixture::Listening TlsFixture::listen()
{
    auto acceptor = std::make_shared<Tcp::acceptor>(
        m_loop, Tcp::endpoint(api::asio::ip::address_v4::loopback(), 0));
    const std::uint16_t port = acceptor->local_endpoint().port();
    return {port, std::move(acceptor)};
}

Task<TcpSocket> TlsFixture::acceptOn(Listening listening)
{
    co_return co_await listening.acceptor->async_accept(api::asio::use_awaitable);
}

Task<TcpSocket> TlsFixture::dial(std::uint16_t port)
{
    TcpSocket socket(m_loop);
    co_await socket.async_connect({api::asio::ip::address_v4::loopback(), port},
                                  api::asio::use_awaitable);
    co_return socket;
}

Task<std::pair<TcpSocket, TcpSocket>> TlsFixture::connectedPair()
{
    const Listening listening = listen();
    TcpSocket outside = co_await dial(listening.port);
    TcpSocket inside = co_await acceptOn(listening);
    co_return std::pair(std::move(inside), std::move(outside));
}

Result<TlsFixture::Pair> TlsFixture::openPair(const std::string& host,
                                              std::vector<std::string> alpn, std::string dialled)
{
    if (dialled.empty())
        dialled = host;
    const auto open = [&]() -> Task<Result<Pair>> {
        auto [inside, outside] = co_await connectedPair();
        auto [accepted, connected] =
            co_await (m_server->accept(std::move(inside), {}, host) &&
                      m_client->connect(std::move(outside), dialled, 443, alpn));
        if (!accepted)
            co_return std::unexpected(accepted.error());
        if (!connected)
            co_return std::unexpected(connected.error());
        co_return Pair{std::move(*accepted), std::move(*connected)};
    };
    return await(open());
}

Task<Result<std::string>> readAll(Stream& stream)
{
    std::string all;
    std::vector<char> room(64 * 1024);
    for (;;) {
        const Result<std::size_t> got = co_await stream.read(room);
        if (!got)
            co_return std::unexpected(got.error());
        if (*got == 0)
            co_return all;
        all.append(room.data(), *got);
    }
}

Task<Result<std::string>> readSome(Stream& stream)
{
    std::array<char, 4096> room;
    const Result<std::size_t> got = co_await stream.read(room);
    if (!got)
        co_return std::unexpected(got.error());
    co_return std::string(room.data(), *got);
}

Task<Result<void>> writeText(Stream& stream, std::string text)
{
    co_return co_await stream.write(text);
}

} // namespace caisson::keeper
