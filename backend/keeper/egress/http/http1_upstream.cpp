// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/http/fields.h"
#include "backend/keeper/egress/http/http1_reader.h"
#include "backend/keeper/egress/http/http1_writer.h"
#include "backend/keeper/egress/http/rest_stream.h"

#include <algorithm>

namespace caisson::keeper::http {

using api::Task;

namespace {

/// RFC 9110, 9.2.2: done twice, these do no more than done once.
bool mayBeRepeated(std::string_view method)
{
    return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" ||
           method == "DELETE" || method == "TRACE";
}

/// Whether the head is one when it stands there as text, whatever version it came in.
bool isWritable(const RequestHead& head)
{
    const auto isVisible = [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f; };
    return isToken(head.method) && !head.target.empty() &&
           std::ranges::all_of(head.target, isVisible) &&
           std::ranges::all_of(head.authority, isVisible) &&
           (head.upgrade.empty() || isToken(head.upgrade)) &&
           std::ranges::all_of(head.fields, [](const auto& field) {
               return isToken(field.first) && isFieldValue(field.second);
           });
}

class Http1Upstream;

class Http1Exchange : public UpstreamExchange, private Body
{
public:
    explicit Http1Exchange(std::shared_ptr<Http1Upstream> connection)
        : m_connection(std::move(connection))
    {
    }
    ~Http1Exchange() override;

    Task<Result<void>> sendHead(const RequestHead& head, std::string_view scheme) override;
    Task<Result<void>> sendBody(std::span<const char> bytes) override;
    Task<Result<void>> finishBody(const Fields& trailers) override;
    Task<Result<ResponseHead>> response() override;
    Body& body() override { return *this; }
    void abort() override;
    Stream* takeOver() override;
    bool mayRetry() const override { return m_mayRetry; }

private:
    Task<Result<std::span<const char>>> next() override;
    bool isReady() const override;
    const Fields& trailers() const override;

    std::shared_ptr<Http1Upstream> m_connection;
    bool m_isSent = false;
    bool m_isAnswered = false;
    bool m_keepsAlive = false;
    bool m_mayRetry = true;
    std::string m_upgrade; ///< that was asked for
    std::unique_ptr<RestStream> m_taken;
};

class Http1Upstream : public UpstreamConnection, public std::enable_shared_from_this<Http1Upstream>
{
public:
    Http1Upstream(std::unique_ptr<Stream> connected, std::function<void()> onChange)
        : stream(std::move(connected))
        , reader(*stream, Http1Reader::Side::Responses)
        , writer(*stream)
        , m_onChange(std::move(onChange))
    {
    }

    Version version() const override { return Version::Http1; }
    bool hasRoom() const override { return isOpen() && isIdle(); }
    bool isOpen() const override
    {
        // An idle connection on which something comes is at its end, or out of step.
        return m_isOpen && stream->isOpen() &&
               (m_isBusy || (!reader.hasBytes() && stream->isQuiet()));
    }
    bool isIdle() const override { return !m_isBusy; }
    std::unique_ptr<UpstreamExchange> open() override
    {
        m_isBusy = true;
        return std::make_unique<Http1Exchange>(shared_from_this());
    }
    void close() override
    {
        m_isOpen = false;
        stream->cancel(Stream::Ending::Close);
    }

    /// The exchange is over; its connection is kept when the message on it ended well.
    void release(bool isKept)
    {
        m_isBusy = false;
        ++exchanges;
        if (!isKept)
            close();
        m_onChange();
    }

    std::unique_ptr<Stream> stream;
    Http1Reader reader;
    Http1Writer writer;
    std::size_t exchanges = 0; ///< that are over

private:
    std::function<void()> m_onChange;
    bool m_isOpen = true;
    bool m_isBusy = false;
};

Http1Exchange::~Http1Exchange()
{
    m_connection->release(m_isSent && m_isAnswered && m_keepsAlive &&
                          m_connection->reader.isBodyRead());
}

Task<Result<void>> Http1Exchange::sendHead(const RequestHead& head, std::string_view)
{
    // Only what a kept connection that was just closed swallowed may be sent again, and of that not
    // what would do something twice if the origin had seen it after all.
    m_mayRetry = m_connection->exchanges > 0 && mayBeRepeated(head.method);
    if (!isWritable(head)) {
        m_mayRetry = false;
        co_return fail(ErrorCode::BadRequest, "the request cannot be written as HTTP/1");
    }
    m_upgrade = head.upgrade;
    std::string text;
    text.reserve(512);
    text += head.method;
    text += ' ';
    text += head.target;
    text += " HTTP/1.1\r\n";
    appendField(text, "host", head.authority);
    for (const auto& [name, value] : head.fields)
        appendField(text, name, value);
    auto framing = Http1Writer::Framing::None;
    if (!head.upgrade.empty()) {
        appendField(text, "connection", "upgrade");
        appendField(text, "upgrade", head.upgrade);
    }
    if (head.length) {
        appendField(text, "content-length", std::to_string(*head.length));
        framing = Http1Writer::Framing::Length;
    } else if (head.hasBody) {
        appendField(text, "transfer-encoding", "chunked");
        framing = Http1Writer::Framing::Chunked;
    }
    text += "\r\n";
    m_connection->reader.expectAnswerTo(head.method == "HEAD" ? Http1Reader::Answers::Head
                                                              : Http1Reader::Answers::Ordinary);
    m_connection->writer.beginMessage(text, framing, head.length.value_or(0));
    m_isSent = !head.hasBody;
    co_return co_await m_connection->writer.flush();
}

Task<Result<void>> Http1Exchange::sendBody(std::span<const char> bytes)
{
    m_mayRetry = false; // the bytes are gone
    if (Result<void> written = co_await m_connection->writer.write(bytes); !written)
        co_return written;
    co_return co_await m_connection->writer.flush(); // nobody tells whether more is about to come
}

Task<Result<void>> Http1Exchange::finishBody(const Fields& trailers)
{
    Result<void> finished = co_await m_connection->writer.finish(trailers);
    m_isSent = finished.has_value();
    co_return finished;
}

Task<Result<ResponseHead>> Http1Exchange::response()
{
    Result<std::optional<Http1Head>> head = co_await m_connection->reader.readHead();
    if (!head) {
        if (m_connection->reader.hasBytes() || head.error().code == ErrorCode::BadRequest ||
            head.error().code == ErrorCode::HeadTooLarge)
            m_mayRetry = false; // it has answered, if badly
        co_return std::unexpected(head.error());
    }
    if (!*head)
        co_return fail(ErrorCode::Unavailable,
                       "the server closed the connection without an answer");
    m_mayRetry = false;
    // Bytes would pass unseen in a protocol that nobody chose.
    if ((*head)->status == 101 && (m_upgrade.empty() || (*head)->upgrade != m_upgrade))
        co_return fail(ErrorCode::BadRequest, "it switches to a protocol that was not asked for");
    ResponseHead answer;
    answer.status = (*head)->status;
    answer.length = (*head)->length;
    answer.hasBody = (*head)->hasBody;
    answer.fields = std::move((*head)->fields);
    if (answer.status / 100 != 1 || answer.status == 101) {
        m_isAnswered = true;
        m_keepsAlive = (*head)->keepsAlive && answer.status != 101;
    }
    std::optional<std::string> upgrade;
    if (answer.status == 101)
        upgrade = (*head)->upgrade;
    removeHopFields(answer.fields);
    removeField(answer.fields, "content-length");
    if (upgrade)
        answer.fields.emplace_back("upgrade", std::move(*upgrade));
    co_return answer;
}

Task<Result<std::span<const char>>> Http1Exchange::next()
{
    return m_connection->reader.nextBody();
}

bool Http1Exchange::isReady() const
{
    return m_connection->reader.isReady();
}

const Fields& Http1Exchange::trailers() const
{
    return m_connection->reader.trailers();
}

void Http1Exchange::abort()
{
    m_keepsAlive = false;
    m_mayRetry = false; // it was broken off on purpose
    m_connection->close();
}

Stream* Http1Exchange::takeOver()
{
    m_taken = std::make_unique<RestStream>(*m_connection->stream, m_connection->reader.takeRest());
    return m_taken.get();
}

} // namespace

std::shared_ptr<UpstreamConnection> makeHttp1Upstream(std::unique_ptr<Stream> stream,
                                                      std::function<void()> onChange)
{
    return std::make_shared<Http1Upstream>(std::move(stream), std::move(onChange));
}

} // namespace caisson::keeper::http
