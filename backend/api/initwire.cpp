// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/initwire.h"

#include "backend/api/codec.h"
#include "backend/api/json.h"

#include <cstring>

namespace caisson::api {

namespace {

constexpr std::size_t kReadRoom = 64 * 1024;

void putU32(char* at, std::uint32_t value)
{
    for (int i = 0; i < 4; ++i)
        at[i] = static_cast<char>(value >> (8 * i) & 0xff);
}

/// Of four bytes.
std::uint32_t getU32(std::string_view bytes)
{
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    return value;
}

} // namespace

char* FrameReader::prepare(std::size_t& capacity)
{
    if (m_begin == m_end)
        m_begin = m_end = 0;
    if (m_buffer.size() - m_end < kReadRoom) {
        m_buffer.erase(0, m_begin);
        m_end -= m_begin;
        m_begin = 0;
        if (m_buffer.size() - m_end < kReadRoom)
            m_buffer.resize(m_end + kReadRoom);
    }
    capacity = m_buffer.size() - m_end;
    return m_buffer.data() + m_end;
}

void FrameReader::commit(std::size_t size)
{
    m_end += size;
}

Result<std::optional<Frame>> FrameReader::next()
{
    if (m_end - m_begin < kFrameHeadSize)
        return std::nullopt;
    const char* head = m_buffer.data() + m_begin;
    const std::size_t size = getU32({head, 4});
    const auto kind = static_cast<unsigned char>(head[4]);
    if (size > kMaxFramePayload)
        return fail(ErrorCode::Protocol, "a frame is larger than allowed");
    if (kind > static_cast<unsigned char>(FrameKind::Credit))
        return fail(ErrorCode::Protocol, "a frame is of no known kind");
    if (kind == static_cast<unsigned char>(FrameKind::Credit) && size != 4)
        return fail(ErrorCode::Protocol, "a credit frame is not four bytes");
    if (m_end - m_begin < kFrameHeadSize + size)
        return std::nullopt;
    Frame frame{static_cast<FrameKind>(kind), getU32({head + 5, 4}),
                std::string(head + kFrameHeadSize, size)};
    m_begin += kFrameHeadSize + size;
    return frame;
}

std::string frameHead(FrameKind kind, std::uint32_t channel, std::size_t size)
{
    std::string head(kFrameHeadSize, '\0');
    putU32(head.data(), static_cast<std::uint32_t>(size));
    head[4] = static_cast<char>(kind);
    putU32(head.data() + 5, channel);
    return head;
}

std::string encodeFrame(FrameKind kind, std::uint32_t channel, std::string_view payload)
{
    std::string frame = frameHead(kind, channel, payload.size());
    frame += payload;
    return frame;
}

std::string encodeCredit(std::uint32_t channel, std::uint32_t bytes)
{
    char payload[4];
    putU32(payload, bytes);
    return encodeFrame(FrameKind::Credit, channel, {payload, sizeof payload});
}

std::uint32_t decodeCredit(std::string_view payload)
{
    return payload.size() == 4 ? getU32(payload) : 0;
}

std::string encodeControl(const Control& control)
{
    nlohmann::json json = {{"id", control.id}};
    if (!control.op.empty())
        json["op"] = control.op;
    if (control.channel != 0)
        json["channel"] = control.channel;
    if (!control.body.empty()) {
        Result<nlohmann::json> body = parseJson(control.body);
        if (body)
            json["body"] = std::move(*body);
    }
    if (control.error) {
        json["error"] = {{"error", control.error->message},
                         {"code", codeName(control.error->code)},
                         {"detail", control.error->detail}};
    }
    return encodeFrame(FrameKind::Control, 0, dumpJson(json));
}

Result<Control> decodeControl(std::string_view text)
{
    Result<nlohmann::json> json = parseJson(text);
    if (!json)
        return std::unexpected(json.error());
    if (!json->is_object())
        return fail(ErrorCode::Protocol, "a control frame is not an object");
    Control control;
    for (const auto& [key, value] : json->items()) {
        if (key == "id" && value.is_number_unsigned())
            control.id = value.get<std::uint64_t>();
        else if (key == "op" && value.is_string())
            control.op = value.get<std::string>();
        else if (key == "channel" && value.is_number_unsigned() &&
                 value.get<std::uint64_t>() <= UINT32_MAX)
            control.channel = value.get<std::uint32_t>();
        else if (key == "body" && value.is_object())
            control.body = dumpJson(value);
        else if (key == "error" && value.is_object())
            control.error = errorFromJson(dumpJson(value));
        else
            return fail(ErrorCode::Protocol, "a control frame has a field that makes no sense");
    }
    return control;
}

} // namespace caisson::api
