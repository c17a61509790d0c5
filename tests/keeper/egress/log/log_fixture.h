// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/log/request_log.h"
#include "tests/support/temporary_folder.h"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <string>

namespace caisson::keeper {

/// A log in a folder of its own, and coroutines run to their end.
class LogTest : public testing::Test
{
protected:
    void open(std::int64_t maxBytes = 256LL * 1024 * 1024);
    void run(api::Task<void> script);
    api::EgressLog query(LogQuery query = {});
    std::string har();

    test::TemporaryFolder folder;
    std::string path = folder / "requests.db";
    api::asio::io_context context;
    std::unique_ptr<RequestLog> log;
};

/// A row in which each field has a value of its own.
api::EgressEntry fullEntry();

} // namespace caisson::keeper
