// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/dial/resolver.h"

#include <ares.h>
#include <boost/asio/post.hpp>
#include <cstring>
#include <netinet/in.h>
#include <optional>

namespace caisson::keeper {

using api::Task;

namespace {

/// For each try. c-ares would double it with each: servers that say nothing would hold a request for a
/// minute and a half.
constexpr int kTimeoutMs = 3000;
/// c-ares goes by what the server needed lately, down to 250 ms: a busy moment is no failure.
constexpr int kTries = 5;

struct Pending
{
    explicit Pending(const api::asio::any_io_executor& ofThread)
        : executor(ofThread)
        , answered(ofThread)
    {
    }
    api::asio::any_io_executor executor;
    api::Notifier answered;
    std::string host;
    std::optional<Result<std::vector<policy::Address>>> result;
};

policy::Address addressOf(const sockaddr* address)
{
    if (address->sa_family == AF_INET) {
        std::array<std::uint8_t, 4> bytes;
        std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in*>(address)->sin_addr,
                    bytes.size());
        return policy::Address::v4(bytes);
    }
    std::array<std::uint8_t, 16> bytes;
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr,
                bytes.size());
    return policy::Address::v6(bytes);
}

Result<std::vector<policy::Address>> outcome(const std::string& host, int status,
                                             const ares_addrinfo* found)
{
    switch (status) {
    case ARES_SUCCESS:
        break;
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
    case ARES_ENONAME:
        return fail(ErrorCode::NotFound, "there is no address for the name " + host);
    case ARES_ETIMEOUT:
        return fail(ErrorCode::Timeout,
                    "this host's name servers did not answer in time for " + host);
    default:
        return fail(ErrorCode::Unavailable,
                    "the name " + host + " cannot be resolved: " + ares_strerror(status));
    }
    std::vector<policy::Address> addresses;
    for (const ares_addrinfo_node* node = found->nodes; node; node = node->ai_next) {
        if (node->ai_family == AF_INET || node->ai_family == AF_INET6)
            addresses.push_back(addressOf(node->ai_addr));
    }
    if (addresses.empty())
        return fail(ErrorCode::NotFound, "there is no address for the name " + host);
    return addresses;
}

/// On c-ares's own thread.
void answered(void* argument, int status, int, ares_addrinfo* found)
{
    const std::unique_ptr<std::shared_ptr<Pending>> held(
        static_cast<std::shared_ptr<Pending>*>(argument));
    const std::shared_ptr<Pending> pending = *held;
    auto result = outcome(pending->host, status, found);
    if (found)
        ares_freeaddrinfo(found);
    const auto executor = pending->executor;
    api::asio::post(executor, [pending, result = std::move(result)]() mutable {
        pending->result = std::move(result);
        pending->answered.notifyAll();
    });
}

} // namespace

struct Resolver::Impl
{
    ~Impl()
    {
        if (channel)
            ares_destroy(channel);
        if (isLibraryReady)
            ares_library_cleanup();
    }

    Result<void> open()
    {
        if (channel)
            return {};
        if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
            return fail(ErrorCode::Unavailable, "the resolver cannot be started");
        isLibraryReady = true;
        ares_options options{};
        options.evsys = ARES_EVSYS_DEFAULT;
        options.timeout = kTimeoutMs;
        options.maxtimeout = kTimeoutMs;
        options.tries = kTries;
        // A name that was refused a moment ago may be there now.
        options.qcache_max_ttl = 30;
        const int status =
            ares_init_options(&channel, &options,
                              ARES_OPT_EVENT_THREAD | ARES_OPT_TIMEOUTMS | ARES_OPT_MAXTIMEOUTMS |
                                  ARES_OPT_TRIES | ARES_OPT_QUERY_CACHE);
        if (status != ARES_SUCCESS) {
            channel = nullptr;
            return fail(ErrorCode::Unavailable,
                        std::string("the resolver cannot be started: ") + ares_strerror(status));
        }
        return {};
    }

    api::asio::any_io_executor executor;
    ares_channel_t* channel = nullptr;
    bool isLibraryReady = false;
};

Resolver::Resolver(api::asio::any_io_executor executor)
    : m_impl(std::make_unique<Impl>())
{
    m_impl->executor = std::move(executor);
}

Resolver::~Resolver() = default;

Task<Result<std::vector<policy::Address>>> Resolver::resolve(std::string host)
{
    if (const auto address = policy::Address::parse(host))
        co_return std::vector{*address};
    if (Result<void> opened = m_impl->open(); !opened)
        co_return std::unexpected(opened.error());
    const auto pending = std::make_shared<Pending>(m_impl->executor);
    pending->host = host;
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    // A name with its dot at the end is not looked for in the host's own domains.
    const std::string absolute = host.contains('.') ? host + "." : host;
    ares_getaddrinfo(m_impl->channel, absolute.c_str(), nullptr, &hints, answered,
                     new std::shared_ptr<Pending>(pending));
    while (!pending->result)
        co_await pending->answered.wait();
    co_return std::move(*pending->result);
}

} // namespace caisson::keeper
