// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/stream.h"

#include <string>

namespace caisson::keeper::http {

/// A connection after its upgrade: what was read beyond the request comes first.
class RestStream : public Stream
{
public:
    RestStream(Stream& stream, std::string rest)
        : m_stream(stream)
        , m_rest(std::move(rest))
    {
    }
    api::Task<Result<std::size_t>> read(std::span<char> room) override
    {
        if (m_rest.empty())
            co_return co_await m_stream.read(room);
        const std::size_t size = m_rest.copy(room.data(), room.size());
        m_rest.erase(0, size);
        co_return size;
    }
    api::Task<Result<void>> write(std::span<const char> bytes) override
    {
        return m_stream.write(bytes);
    }
    api::Task<void> finish() override { return m_stream.finish(); }
    void cancel(Ending ending) override { m_stream.cancel(ending); }
    bool isOpen() const override { return m_stream.isOpen(); }
    bool hasPeerLeft() override { return m_stream.hasPeerLeft(); }
    std::optional<Released> release() override
    {
        auto released = m_stream.release();
        if (released)
            released->alreadyRead = std::move(m_rest);
        return released;
    }
    bool isQuiet() override { return m_rest.empty() && m_stream.isQuiet(); }

private:
    Stream& m_stream;
    std::string m_rest;
};

} // namespace caisson::keeper::http
