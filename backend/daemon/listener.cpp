// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/daemon/listener.h"

#include "backend/base/log.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>

namespace caisson::daemon {

using Protocol = api::asio::local::stream_protocol;

namespace {

constexpr std::chrono::seconds kLeavingLimit(10);
constexpr std::chrono::milliseconds kRetry(5);

bool answers(const api::asio::any_io_executor& executor, const std::string& path)
{
    Protocol::socket probe(executor);
    boost::system::error_code code;
    probe.connect(Protocol::endpoint(path), code);
    return !code;
}

bool isAllowed(const Protocol::socket& socket)
{
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(const_cast<Protocol::socket&>(socket).native_handle(), SOL_SOCKET, SO_PEERCRED,
                     &peer, &size) != 0)
        return false;
    return peer.uid == ::geteuid() || peer.uid == 0;
}

} // namespace

Listener::Listener(UniqueFd lock, Protocol::acceptor acceptor, std::string path)
    : m_lock(std::move(lock))
    , m_acceptor(std::move(acceptor))
    , m_path(std::move(path))
{
    struct stat status{};
    if (::stat(m_path.c_str(), &status) == 0)
        m_inode = status.st_ino;
}

Result<std::optional<Listener>> Listener::open(const api::asio::any_io_executor& executor,
                                               const api::Paths& paths)
{
    UniqueFd lock(::open(paths.daemonLock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock)
        return failErrno("cannot open " + paths.daemonLock());
    Result<api::UnixAddress> address = api::UnixAddress::of(paths.daemonSocket());
    if (!address)
        return std::unexpected(address.error());
    // The lock says that a caissond lives, the socket that it serves. One that is starting or
    // leaving has the lock and no socket, and nothing to wait on but time.
    const auto limit = std::chrono::steady_clock::now() + kLeavingLimit;
    while (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return failErrno("cannot lock " + paths.daemonLock());
        if (answers(executor, address->path()))
            return std::nullopt;
        if (std::chrono::steady_clock::now() > limit)
            return fail(ErrorCode::Unavailable, "another caissond neither serves nor leaves");
        std::this_thread::sleep_for(kRetry);
    }
    ::unlink(paths.daemonSocket().c_str());
    boost::system::error_code code;
    Protocol::acceptor acceptor(executor);
    acceptor.open(Protocol(), code);
    if (!code)
        acceptor.bind(Protocol::endpoint(address->path()), code);
    if (!code)
        acceptor.listen(api::asio::socket_base::max_listen_connections, code);
    if (code)
        return std::unexpected(api::asioError(code, "cannot listen on " + paths.daemonSocket()));
    return Listener(std::move(lock), std::move(acceptor), paths.daemonSocket());
}

api::Task<Result<api::Socket>> Listener::accept()
{
    for (;;) {
        auto [code, socket] =
            co_await m_acceptor.async_accept(api::asio::as_tuple(api::asio::use_awaitable));
        if (code)
            co_return api::failAsio(code, "cannot accept a client");
        if (isAllowed(socket))
            co_return api::Socket(std::move(socket));
        logWarning("a client of another user was turned away");
    }
}

bool Listener::isReachable() const
{
    struct stat status{};
    return ::stat(m_path.c_str(), &status) == 0 && status.st_ino == m_inode;
}

std::vector<api::Socket> Listener::close()
{
    if (isReachable())
        ::unlink(m_path.c_str());
    std::vector<api::Socket> late;
    boost::system::error_code code;
    m_acceptor.non_blocking(true, code);
    while (!code) {
        api::Socket socket(m_acceptor.get_executor());
        m_acceptor.accept(socket, code);
        if (!code && isAllowed(socket))
            late.push_back(std::move(socket));
    }
    m_acceptor.close(code);
    return late;
}

} // namespace caisson::daemon
