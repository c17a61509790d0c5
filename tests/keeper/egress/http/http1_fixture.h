// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/http/http1_reader.h"
#include "backend/keeper/egress/stream.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace caisson::keeper::http::testing {

/// Runs a coroutine of which everything happens in memory. It is an error of the test when it
/// waits for what never comes.
template<class T>
T runToEnd(api::asio::io_context& context, api::Task<T> task)
{
    std::optional<T> result;
    std::exception_ptr failure;
    api::asio::co_spawn(context, std::move(task), [&](std::exception_ptr thrown, T value) {
        failure = thrown;
        result = std::move(value);
    });
    context.restart();
    context.poll();
    if (failure)
        std::rethrow_exception(failure);
    if (!result)
        throw std::logic_error("it waits for ever");
    return std::move(*result);
}

/// Gives the pieces one by one, then the end; keeps what is written.
class ScriptedStream : public Stream
{
public:
    explicit ScriptedStream(std::vector<std::string> pieces)
        : m_pieces(pieces.begin(), pieces.end())
    {
    }

    api::Task<Result<std::size_t>> read(std::span<char> room) override
    {
        if (!m_isOpen)
            co_return fail(ErrorCode::Cancelled, "reading: cancelled");
        while (!m_pieces.empty() && m_pieces.front().empty())
            m_pieces.pop_front();
        if (m_pieces.empty())
            co_return std::size_t(0);
        const std::size_t size = m_pieces.front().copy(room.data(), room.size());
        m_pieces.front().erase(0, size);
        co_return size;
    }
    api::Task<Result<void>> write(std::span<const char> bytes) override
    {
        if (!m_isOpen)
            co_return fail(ErrorCode::Cancelled, "writing: cancelled");
        written.append(bytes.data(), bytes.size());
        ++writes;
        co_return Result<void>{};
    }
    api::Task<void> finish() override
    {
        isFinished = true;
        co_return;
    }
    void cancel(Ending) override { m_isOpen = false; }
    bool isOpen() const override { return m_isOpen; }
    bool isQuiet() override { return m_isOpen && !m_pieces.empty(); }

    std::string written;
    std::size_t writes = 0;
    bool isFinished = false;

private:
    std::deque<std::string> m_pieces;
    bool m_isOpen = true;
};

/// What a reader makes of these pieces, as text: every message, and how it ended.
std::string readAll(std::vector<std::string> pieces, Http1Reader::Side side,
                    Http1Reader::Answers answers = Http1Reader::Answers::Ordinary);

/// The messages that a reader finds before the end or an error, as ReferenceMessage::print() has them.
std::vector<std::string> readMessages(std::vector<std::string> pieces, Http1Reader::Side side);

/// In pieces of random sizes, small ones more often.
std::vector<std::string> cutAtRandom(std::string_view text, std::mt19937& random);

} // namespace caisson::keeper::http::testing
