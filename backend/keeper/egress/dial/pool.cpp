// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/dial/pool.h"

#include <algorithm>

namespace caisson::keeper {

using api::Task;
using namespace std::chrono_literals;

namespace {

constexpr auto kIdleLimit = 60s;
constexpr auto kSweep = 15s;

} // namespace

struct UpstreamPool::Kept
{
    std::shared_ptr<http::UpstreamConnection> connection;
    policy::Address address;
    std::chrono::steady_clock::time_point used = std::chrono::steady_clock::now();
};

struct UpstreamPool::Slot
{
    explicit Slot(const api::asio::any_io_executor& executor)
        : changed(executor)
    {
    }
    std::vector<std::shared_ptr<Kept>> kept; ///< the most recently made last
    bool isHttp2 = false;                    ///< the last one dialled was
    int dialling = 0;
    api::Notifier changed;
};

struct UpstreamPool::Dialling
{
    explicit Dialling(Slot& of)
        : slot(of)
    {
        ++slot.dialling;
    }
    ~Dialling()
    {
        --slot.dialling;
        slot.changed.notifyAll();
    }
    Dialling(const Dialling&) = delete;
    Dialling& operator=(const Dialling&) = delete;
    Slot& slot;
};

UpstreamPool::UpstreamPool(api::asio::any_io_executor executor, Dialer& dialer)
    : m_executor(executor)
    , m_dialer(dialer)
{
    api::spawnDetached(executor, sweep(), "closing idle connections");
}

UpstreamPool::~UpstreamPool()
{
    *m_isAlive = false;
}

std::size_t UpstreamPool::size() const
{
    std::size_t size = 0;
    for (const auto& [origin, slot] : m_slots)
        size += slot->kept.size();
    return size;
}

Task<void> UpstreamPool::sweep()
{
    const auto isAlive = m_isAlive;
    while (co_await api::sleepFor(kSweep) && *isAlive) {
        const auto before = std::chrono::steady_clock::now() - kIdleLimit;
        for (auto& [origin, slot] : m_slots) {
            for (const auto& kept : slot->kept) {
                if (kept->connection->isIdle() && kept->used < before)
                    kept->connection->close();
            }
            std::erase_if(slot->kept, [](const auto& kept) {
                return kept->connection->isIdle() && !kept->connection->isOpen();
            });
        }
        std::erase_if(m_slots, [](const auto& entry) {
            return entry.second->kept.empty() && entry.second->dialling == 0;
        });
    }
}

Task<Result<Lease>> UpstreamPool::open(const Origin& origin, const AddressCheck& check,
                                       Connection wanted)
{
    std::shared_ptr<Slot>& place = m_slots[origin];
    if (!place)
        place = std::make_shared<Slot>(m_executor);
    const std::shared_ptr<Slot> slot = place;
    while (wanted == Connection::Any) {
        // The newest first: what is not needed grows old and is closed.
        const auto found =
            std::ranges::find_if(slot->kept.rbegin(), slot->kept.rend(), [&](const auto& kept) {
                return kept->connection->hasRoom() && check(kept->address);
            });
        if (found != slot->kept.rend()) {
            (*found)->used = std::chrono::steady_clock::now();
            co_return Lease{(*found)->connection->open(), (*found)->address};
        }
        std::erase_if(slot->kept, [](const auto& kept) {
            return kept->connection->isIdle() && !kept->connection->isOpen();
        });
        // One HTTP/2 connection that is just being made will do for all who wait.
        if (!slot->isHttp2 || slot->dialling == 0)
            break;
        co_await slot->changed.wait();
    }
    const auto made = co_await [&]() -> Task<Result<std::shared_ptr<Kept>>> {
        // Also when it is cancelled, or all others would wait for it for ever.
        const Dialling counted(*slot);
        co_return co_await dial(origin, check);
    }();
    if (!made)
        co_return std::unexpected(made.error());
    const auto& connection = (*made)->connection;
    slot->isHttp2 = connection->version() == http::Version::Http2;
    slot->kept.push_back(*made);
    co_return Lease{connection->open(), (*made)->address};
}

Result<TlsClient*> UpstreamPool::tls()
{
    if (!m_tls) {
        Result<std::unique_ptr<TlsClient>> created = TlsClient::create();
        if (!created)
            return std::unexpected(created.error());
        m_tls = std::move(*created);
    }
    return m_tls.get();
}

Task<Result<TlsOpened>> UpstreamPool::openTls(TcpSocket socket, std::string host,
                                              std::uint16_t port, std::vector<std::string> alpn)
{
    const Result<TlsClient*> client = tls();
    if (!client)
        co_return std::unexpected(client.error());
    co_return co_await (*client)->connect(std::move(socket), host, port, std::move(alpn));
}

Task<Result<std::shared_ptr<UpstreamPool::Kept>>> UpstreamPool::dial(Origin origin,
                                                                     AddressCheck check)
{
    Result<Dialled> dialled =
        co_await m_dialer.connect(origin.host, origin.port, origin.reach, std::move(check));
    if (!dialled)
        co_return std::unexpected(dialled.error());
    std::unique_ptr<Stream> stream;
    Alpn alpn = Alpn::None;
    if (origin.isTls) {
        std::vector<std::string> offered{"http/1.1"};
        if (origin.versions == Origin::Versions::Any)
            offered.insert(offered.begin(), "h2");
        Result<TlsOpened> opened = co_await openTls(std::move(dialled->socket), origin.host,
                                                    origin.port, std::move(offered));
        if (!opened)
            co_return std::unexpected(opened.error());
        stream = std::move(opened->stream);
        alpn = opened->alpn;
    } else {
        stream = makeTcpStream(std::move(dialled->socket));
        if (origin.versions == Origin::Versions::OnlyHttp2)
            alpn = Alpn::Http2;
    }
    const auto slot = m_slots[origin];
    const auto onChange = [weak = std::weak_ptr(slot)] {
        if (const auto strong = weak.lock())
            strong->changed.notifyAll();
    };
    auto kept = std::make_shared<Kept>();
    kept->connection = alpn == Alpn::Http2 ? http::makeHttp2Upstream(std::move(stream), onChange)
                                           : http::makeHttp1Upstream(std::move(stream), onChange);
    kept->address = dialled->address;
    co_return kept;
}

} // namespace caisson::keeper
