// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"
#include "backend/api/types.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace caisson::keeper {

struct LogQuery
{
    std::int64_t before = 0;  ///< rows with a smaller id; 0: from the newest
    std::int64_t after = 0;   ///< rows with a greater id
    std::int64_t limit = 100; ///< at most 1,000
    bool oldestFirst = false;
    std::string text;    ///< in host, path, query, method, executable or why, without case
    std::string verdict; ///< allow | deny | tunnel; empty: all
    std::string host;    ///< equal to, or below it
    std::string method;
    std::string rule;
    std::string terminal;
};

/// The rows of one sandbox, in SQLite (WAL), written by a thread of its own in batches so that a
/// request never waits for the disk. Capped: over `maxBytes` the oldest rows go first.
class RequestLog
{
public:
    static Result<std::unique_ptr<RequestLog>> open(api::asio::any_io_executor executor,
                                                    const std::string& path,
                                                    std::int64_t maxBytes = 256LL * 1024 * 1024);
    ~RequestLog(); ///< writes what waits

    /// Returns the row's id at once; `entry.id` is not looked at. When 10,000 rows wait for the
    /// disk, the caller is held up no more than others: rows are dropped and counted, and one row says so.
    std::int64_t add(api::EgressEntry entry);

    /// Includes what was add()ed before the call.
    api::Task<Result<api::EgressLog>> query(LogQuery query);
    /// The whole log as HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/), piece by piece; `take` is awaited for each.
    api::Task<Result<void>> har(std::function<api::Task<Result<void>>(std::string_view)> take);
    /// Returns after the next add(), for followers.
    api::Task<void> wait();

private:
    RequestLog();
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace caisson::keeper
