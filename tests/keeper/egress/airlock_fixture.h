// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/airlock_parts.h"
#include "backend/policy/policy_file.h"
#include "tests/support/temporary_folder.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace caisson::keeper {

/// What flows through the airlock work with, real all of it, on one loop that the test turns.
class AirlockFixture : public ::testing::Test
{
protected:
    AirlockFixture()
    {
        m_policy->onChange = [this] { m_flows.decideAgain(*m_policy->matcher()); };
    }

    void put(const std::string& toml)
    {
        const auto replaced = m_policy->replace(policy::parsePolicy(toml).value());
        ASSERT_TRUE(replaced) << replaced.error().message;
    }

    void spawn(api::Task<void> task)
    {
        api::asio::co_spawn(m_context, std::move(task), [](std::exception_ptr thrown) {
            if (thrown)
                std::rethrow_exception(thrown);
        });
    }
    void settle()
    {
        m_context.restart();
        m_context.poll();
    }
    void runFor(std::chrono::milliseconds time)
    {
        m_context.restart();
        m_context.run_for(time);
    }
    template<class Condition>
    void runUntil(Condition condition)
    {
        m_context.restart();
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!condition() && std::chrono::steady_clock::now() < end)
            m_context.run_one_for(std::chrono::milliseconds(50));
        EXPECT_TRUE(condition()) << happened();
    }
    /// For a test that waits in vain.
    virtual std::string happened() const { return {}; }

    std::vector<api::EgressEntry> rows()
    {
        std::optional<api::EgressLog> log;
        spawn([](RequestLog& from, std::optional<api::EgressLog>& to) -> api::Task<void> {
            LogQuery query;
            query.oldestFirst = true;
            to = (co_await from.query(query)).value();
        }(*m_log, log));
        runUntil([&] { return log.has_value(); });
        return log->entries;
    }

    api::asio::io_context m_context;
    test::TemporaryFolder m_folder;
    std::unique_ptr<LivePolicy> m_policy =
        std::move(LivePolicy::open(m_folder.path(), LivePolicy::Opening::Start).value());
    Prompts m_prompts{m_context.get_executor(), 1, std::chrono::seconds(120), [](auto&&...) {}};
    Gate m_gate{*m_policy, m_prompts};
    Flows m_flows;
    Secrets m_secrets;
    Resolver m_resolver{m_context.get_executor()};
    Dialer m_dialer{m_context.get_executor(), m_resolver};
    UpstreamPool m_pool{m_context.get_executor(), m_dialer};
    std::unique_ptr<RequestLog> m_log =
        std::move(RequestLog::open(m_context.get_executor(), m_folder / "log.sqlite").value());
    std::unique_ptr<Authority> m_authority = std::move(Authority::create("test").value());
    TlsServer m_tls{*m_authority};
    AirlockParts m_parts{m_context.get_executor(),
                         m_gate,
                         m_flows,
                         m_secrets,
                         m_dialer,
                         m_pool,
                         *m_log,
                         m_tls,
                         {},
                         {}};
};

} // namespace caisson::keeper
