// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/log/request_log.h"

#include "backend/keeper/egress/log/entry_reader.h"
#include "backend/keeper/egress/log/har.h"
#include "backend/keeper/egress/log/write_queue.h"

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

namespace caisson::keeper {

namespace {

/// Rows a piece of HAR is made of.
constexpr std::int64_t kHarRows = 200;

} // namespace

struct RequestLog::Impl
{
    Impl(api::asio::any_io_executor executor, std::string file, EntryWriter writer)
        : path(std::move(file))
        , added(executor)
        , queue(std::in_place, std::move(writer))
    {
    }

    /// Runs `work(reader)` on the reader's thread, after what was added before is written.
    template<class Work>
    static auto read(std::shared_ptr<Impl> impl, Work work)
        -> api::Task<decltype(work(std::declval<EntryReader&>()))>
    {
        using Outcome = decltype(work(std::declval<EntryReader&>()));
        if (impl->isClosed)
            co_return fail(ErrorCode::Cancelled, "The log of requests is closed.");
        co_return co_await api::asio::co_spawn(
            impl->thread,
            [impl, work = std::move(work)]() mutable -> api::Task<Outcome> {
                // The owner waits for this thread before the queue goes.
                if (impl->isClosed)
                    co_return fail(ErrorCode::Cancelled, "The log of requests is closed.");
                impl->queue->flush();
                if (!impl->reader) {
                    Result<EntryReader> opened = EntryReader::open(impl->path);
                    if (!opened)
                        co_return std::unexpected(std::move(opened.error()));
                    impl->reader.emplace(std::move(*opened));
                }
                co_return work(*impl->reader);
            },
            api::asio::use_awaitable);
    }

    std::string path;
    api::Notifier added;
    std::optional<WriteQueue> queue;
    std::optional<EntryReader> reader; ///< of the reader's thread; made by the first query
    std::atomic<bool> isClosed = false;
    api::asio::thread_pool thread{1};
};

RequestLog::RequestLog(std::shared_ptr<Impl> impl)
    : m_impl(std::move(impl))
{
}

RequestLog::~RequestLog()
{
    m_impl->isClosed = true;
    m_impl->thread.join();
    m_impl->reader.reset();
    m_impl->queue.reset();
    m_impl->added.notifyAll();
}

Result<std::unique_ptr<RequestLog>> RequestLog::open(api::asio::any_io_executor executor,
                                                     const std::string& path, std::int64_t maxBytes)
{
    Result<EntryWriter> writer = EntryWriter::open(path, maxBytes);
    if (!writer)
        return std::unexpected(std::move(writer.error()));
    auto impl = std::make_shared<Impl>(std::move(executor), path, std::move(*writer));
    return std::unique_ptr<RequestLog>(new RequestLog(std::move(impl)));
}

std::int64_t RequestLog::add(api::EgressEntry entry)
{
    const std::int64_t id = m_impl->queue->add(std::move(entry));
    m_impl->added.notifyAll();
    return id;
}

void RequestLog::end(api::EgressEntry entry)
{
    m_impl->queue->end(std::move(entry));
    m_impl->added.notifyAll();
}

std::int64_t RequestLog::last() const
{
    return m_impl->queue->last();
}

api::Task<Result<std::vector<LogNews>>> RequestLog::news(LogQuery query)
{
    const std::shared_ptr<Impl> impl = m_impl;
    co_return co_await Impl::read(
        impl, [query = std::move(query)](EntryReader& reader) { return reader.news(query); });
}

api::Task<Result<api::EgressLog>> RequestLog::query(LogQuery query)
{
    const std::shared_ptr<Impl> impl = m_impl;
    co_return co_await Impl::read(impl, [impl, query = std::move(query)](EntryReader& reader) {
        return reader.query(query, impl->queue->drops());
    });
}

api::Task<Result<void>>
RequestLog::har(std::function<api::Task<Result<void>>(std::string_view)> take)
{
    const std::shared_ptr<Impl> impl = m_impl;
    if (Result<void> taken = co_await take(har::begin()); !taken)
        co_return taken;
    for (const EntryReader::Kind kind : {EntryReader::Kind::Http, EntryReader::Kind::Streams}) {
        const bool isHttp = kind == EntryReader::Kind::Http;
        if (!isHttp) {
            if (Result<void> taken = co_await take(har::beginStreams()); !taken)
                co_return taken;
        }
        struct Piece
        {
            std::string text;
            std::int64_t last = 0;
        };
        std::int64_t after = 0;
        for (;;) {
            Result<Piece> piece = co_await Impl::read(
                impl, [after, kind, isHttp](EntryReader& reader) -> Result<Piece> {
                    const auto rows = reader.following(after, kHarRows, kind);
                    if (!rows)
                        return std::unexpected(rows.error());
                    Piece made;
                    for (const api::EgressEntry& row : *rows) {
                        made.text += after == 0 && made.last == 0 ? "\n" : ",\n";
                        made.text += isHttp ? har::entry(row) : har::stream(row);
                        made.last = row.id;
                    }
                    return made;
                });
            if (!piece)
                co_return std::unexpected(std::move(piece.error()));
            if (piece->last == 0)
                break;
            if (Result<void> taken = co_await take(piece->text); !taken)
                co_return taken;
            after = piece->last;
        }
    }
    co_return co_await take(har::end());
}

api::Task<void> RequestLog::wait()
{
    // Nothing is touched after this, so that the log may go meanwhile.
    const std::shared_ptr<Impl> impl = m_impl;
    co_await impl->added.wait();
}

} // namespace caisson::keeper
