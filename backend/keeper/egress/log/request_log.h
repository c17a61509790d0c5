// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"
#include "backend/api/types.h"
#include "backend/keeper/egress/log/flags.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace caisson::keeper {

struct LogQuery
{
    std::int64_t before = 0;  ///< rows with a smaller id; 0: from the newest
    std::int64_t after = 0;   ///< rows with a greater id
    std::int64_t limit = 100; ///< at most 1,000, and fewer where they are large; 0: only how many
    bool oldestFirst = false;
    std::string text; ///< words, each of which is, without case, in the URL, the method, why, the
                      ///< command line, the executable or a parent's, or is the status
    std::string verdict; ///< allow | deny | tunnel; empty: all
    std::string host;    ///< equal to, or below it; with wildcards as a rule's
    std::string method;  ///< without case
    std::string rule;
    std::string terminal;
};

/// A row for whoever follows the log. Its cursor is its id, or where it came open before and is over
/// now, a number behind those of all rows that were there then.
struct LogNews
{
    std::int64_t cursor = 0;
    api::EgressEntry entry;
};

/// The rows of one sandbox, in SQLite (WAL), written by a thread of its own in batches so that a
/// request never waits for the disk, and read by another. Capped: over `maxBytes` the oldest rows go
/// first. Used on the executor's thread only.
class RequestLog
{
public:
    static Result<std::unique_ptr<RequestLog>> open(api::asio::any_io_executor executor,
                                                    const std::string& path,
                                                    std::int64_t maxBytes = 256LL * 1024 * 1024);
    RequestLog(const RequestLog&) = delete;
    RequestLog& operator=(const RequestLog&) = delete;
    /// Writes what waits. A query() or har() that is under way fails as Cancelled.
    ~RequestLog();

    /// Returns the row's id at once; `entry.id` is not looked at. When 10,000 rows wait for the
    /// disk (or 8 MiB of them), the caller is held up no more than others: rows are dropped and counted, and one
    /// row says so, of rule "default" and flag "dropped". The same where the disk does not take them.
    std::int64_t add(api::EgressEntry entry);
    /// In place of the row `entry.id`, which was add()ed with the flag "open": its flow is over.
    void end(api::EgressEntry entry);

    /// Includes what was add()ed before the call. With oldestFirst, `next` is the following page's `after`.
    api::Task<Result<api::EgressLog>> query(LogQuery query);
    /// What fits and has a cursor behind `query.after`, in the order of these; `before` and
    /// `oldestFirst` are not looked at. Each row once, as it is by now.
    api::Task<Result<std::vector<LogNews>>> news(LogQuery query);
    /// The latest cursor.
    std::int64_t last() const;
    /// The whole log as HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/), piece by piece; `take` is awaited for each.
    api::Task<Result<void>> har(std::function<api::Task<Result<void>>(std::string_view)> take);
    /// Returns after the next add() or end(), for followers.
    api::Task<void> wait();

private:
    struct Impl;
    explicit RequestLog(std::shared_ptr<Impl> impl);
    /// Shared with the calls that are under way.
    std::shared_ptr<Impl> m_impl;
};

} // namespace caisson::keeper
