// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/http/http1_reader.h"

#include "backend/keeper/egress/http/fields.h"

#include <algorithm>
#include <charconv>
#include <llhttp.h>
#include <utility>

namespace caisson::keeper::http {

using api::Task;

namespace {

constexpr std::size_t kMaxHead = 64 * 1024;
constexpr std::size_t kMaxFields = 256;
constexpr std::size_t kUsualFields = 16;
constexpr std::size_t kMaxTrailers = 16 * 1024;
/// Grows to what a head takes at most, when one does.
constexpr std::size_t kFirstBuffer = 32 * 1024;
static_assert(kMaxHead >= kFirstBuffer);

std::unexpected<Error> malformed(std::string what)
{
    return fail(ErrorCode::BadRequest, std::move(what));
}

/// Optional white space round a value is no part of it (RFC 9110, 5.5); llhttp leaves some behind it.
void trim(std::string& value)
{
    value.erase(value.find_last_not_of(" \t") + 1);
    value.erase(0, value.find_first_not_of(" \t"));
}

/// RFC 9112, 2.2 lets a recipient take a bare LF for a line's end, and 5.2 a folded line for one.
/// Readers that do and readers that do not see different messages, so neither passes.
Result<void> checkLines(std::string_view head)
{
    for (std::size_t at = 0; at < head.size(); ++at) {
        switch (head[at]) {
        case '\0':
            return malformed("the head holds a NUL byte");
        case '\n':
            return malformed("a line of the head ends in a bare LF");
        case '\r':
            if (at + 1 >= head.size() || head[at + 1] != '\n')
                return malformed("the head holds a bare CR");
            ++at;
            if (at + 1 < head.size() && (head[at + 1] == ' ' || head[at + 1] == '\t'))
                return malformed("a line of the head is folded");
            break;
        default:
            break;
        }
    }
    return {};
}

} // namespace

struct Http1Reader::Impl
{
    Impl(Stream& readFrom, Side ofSide, std::string alreadyRead)
        : stream(readFrom)
        , side(ofSide)
        , buffer(std::move(alreadyRead))
        , end(buffer.size())
    {
        llhttp_settings_init(&settings);
        settings.on_method = [](llhttp_t* p, const char* at, std::size_t size) {
            of(p).head.method.append(at, size);
            return 0;
        };
        settings.on_url = [](llhttp_t* p, const char* at, std::size_t size) {
            of(p).head.target.append(at, size);
            return 0;
        };
        settings.on_header_field = [](llhttp_t* p, const char* at, std::size_t size) {
            return of(p).takeFieldName({at, size});
        };
        settings.on_header_value = [](llhttp_t* p, const char* at, std::size_t size) {
            return of(p).takeFieldValue({at, size});
        };
        settings.on_headers_complete = [](llhttp_t* p) { return of(p).headComplete(); };
        settings.on_body = [](llhttp_t* p, const char* at, std::size_t size) {
            of(p).piece = {at, size};
            return static_cast<int>(HPE_PAUSED);
        };
        settings.on_message_complete = [](llhttp_t* p) {
            of(p).isComplete = true;
            return static_cast<int>(HPE_PAUSED); // bytes of the next message wait for their turn
        };
    }

    static Impl& of(llhttp_t* p) { return *static_cast<Impl*>(p->data); }

    int takeFieldName(std::string_view text)
    {
        Fields& into = isHeadComplete ? trailers : head.fields;
        if (isValue || into.empty()) {
            if (into.size() >= kMaxFields)
                return HPE_USER;
            into.emplace_back();
            isValue = false;
        }
        into.back().first.append(text);
        return countTrailer(text.size());
    }

    int takeFieldValue(std::string_view text)
    {
        Fields& into = isHeadComplete ? trailers : head.fields;
        isValue = true;
        into.back().second.append(text);
        return countTrailer(text.size());
    }

    int countTrailer(std::size_t size)
    {
        if (!isHeadComplete)
            return 0;
        trailerBytes += size;
        return trailerBytes > kMaxTrailers ? HPE_USER : 0;
    }

    int headComplete()
    {
        isHeadComplete = true;
        isValue = true; // the next name begins a trailer
        head.minor = parser.http_minor;
        head.status = parser.status_code;
        parserChunked = (parser.flags & F_CHUNKED) != 0;
        parserLength.reset();
        if ((parser.flags & F_CONTENT_LENGTH) != 0)
            parserLength = parser.content_length;
        // 1: no body follows (llhttp.h); the answer to CONNECT has none either.
        return side == Side::Responses && answers != Answers::Ordinary ? 1 : 0;
    }

    std::size_t capacity() const { return buffer.size(); }

    Task<Result<std::size_t>> readMore(std::size_t most)
    {
        if (begin == end)
            begin = end = 0;
        if (begin > 0 && end == capacity()) {
            std::copy(buffer.begin() + static_cast<std::ptrdiff_t>(begin),
                      buffer.begin() + static_cast<std::ptrdiff_t>(end), buffer.begin());
            end -= begin;
            begin = 0;
        }
        if (end == capacity())
            buffer.resize(
                std::max(capacity(), std::min(most, std::max(kFirstBuffer, 2 * capacity()))));
        if (end == capacity())
            co_return std::size_t(0);
        Result<std::size_t> size =
            co_await stream.read(std::span(buffer).subspan(end, capacity() - end));
        if (size) {
            end += *size;
            hasEnded = *size == 0;
        }
        co_return size;
    }

    /// Finds where the head ends, reading as much as it takes. 0: the connection ended before it.
    Task<Result<std::size_t>> findHead()
    {
        std::size_t looked = 0;
        for (;;) {
            const std::string_view text(buffer.data() + begin, end - begin);
            // RFC 9112, 2.2 would let it be skipped; then what is skipped is not looked at.
            if (!text.empty() && (text.front() == '\r' || text.front() == '\n'))
                co_return malformed("the head begins with an empty line");
            const std::size_t found = text.find("\r\n\r\n", looked > 3 ? looked - 3 : 0);
            if (found != std::string_view::npos)
                co_return found + 4;
            // A head that is bad already need not be waited for.
            for (std::size_t at = looked; at < text.size(); ++at) {
                if (text[at] == '\0')
                    co_return malformed("the head holds a NUL byte");
                const bool isBehindCr = at > 0 && text[at - 1] == '\r';
                if (isBehindCr != (text[at] == '\n'))
                    co_return malformed(isBehindCr ? "the head holds a bare CR"
                                                   : "a line of the head ends in a bare LF");
            }
            looked = text.size();
            if (looked >= kMaxHead)
                co_return fail(ErrorCode::HeadTooLarge, "the head is larger than 64 KiB");
            if (hasEnded) {
                if (looked == 0)
                    co_return std::size_t(0);
                co_return fail(ErrorCode::Unavailable, "the connection ended within a head");
            }
            if (auto size = co_await readMore(kMaxHead); !size)
                co_return std::unexpected(size.error());
        }
    }

    void beginMessage()
    {
        llhttp_init(&parser, side == Side::Requests ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
        parser.data = this;
        head = {};
        head.fields.reserve(kUsualFields);
        trailers.clear();
        trailerBytes = 0;
        isHeadComplete = false;
        isComplete = false;
        isValue = true;
        piece = {};
        isPieceOut = false;
        bodyFailure.reset();
    }

    std::string reason() const
    {
        const char* text = llhttp_get_error_reason(&parser);
        const int code = llhttp_get_errno(&parser);
        if (code == HPE_USER)
            return "it has too many fields";
        return text && *text ? text : llhttp_errno_name(static_cast<llhttp_errno_t>(code));
    }

    Result<void> parseHead(std::size_t size)
    {
        const std::string_view text(buffer.data() + begin, size);
        if (Result<void> checked = checkLines(text); !checked)
            return checked;
        // RFC 9112, 3: one space each, nothing else between the parts.
        if (side == Side::Requests) {
            const std::string_view line = text.substr(0, text.find('\r'));
            if (std::ranges::count(line, ' ') != 2 || line.contains("  ") || line.contains('\t'))
                return malformed("the request line is not three words with a space between them");
        }
        beginMessage();
        const llhttp_errno_t code = llhttp_execute(&parser, text.data(), text.size());
        begin += size;
        if (code != HPE_OK && code != HPE_PAUSED && code != HPE_PAUSED_UPGRADE)
            return malformed("the head is not HTTP/1: " + reason());
        if (!isHeadComplete)
            return malformed("the head is not HTTP/1");
        if (!isStartLine(text.substr(0, text.find("\r\n"))))
            return malformed("its first line is not as HTTP/1 has it");
        return checkHead();
    }

    /// llhttp takes more spaces than one, and other protocols that look like HTTP (ICE, RTSP).
    bool isStartLine(std::string_view line) const
    {
        const std::string version = "HTTP/1." + std::to_string(head.minor);
        if (side == Side::Requests)
            return line == head.method + " " + head.target + " " + version;
        const std::string begin = version + " " + std::to_string(head.status);
        return line == begin || line.starts_with(begin + " ");
    }

    Result<void> checkHead()
    {
        if (parser.http_major != 1 || head.minor > 1)
            return malformed("the version is neither HTTP/1.0 nor HTTP/1.1");
        if (side == Side::Responses && head.status < 100)
            return malformed("its status is none");
        std::size_t hosts = 0;
        std::size_t lengths = 0;
        std::size_t codings = 0;
        for (auto& [name, value] : head.fields) {
            if (!isToken(name) || !isFieldValue(value))
                return malformed("a field has a name or value that is not allowed");
            name = toLowerCase(name);
            // Those that say how long the message is must be as the parser has understood them.
            if (name != "content-length" && name != "transfer-encoding")
                trim(value);
            if (name == "host")
                ++hosts;
            else if (name == "content-length")
                ++lengths;
            else if (name == "transfer-encoding")
                ++codings;
            else if (name == "upgrade")
                head.upgrade = toLowerCase(value);
        }
        if (hosts > 1)
            return malformed("it has two Host fields");
        if (lengths > 1)
            return malformed("it has two lengths");
        if (codings > 1 || (codings > 0 && lengths > 0))
            return malformed("it has more than one length");
        if (codings > 0) {
            if (head.minor == 0 ||
                !equalsIgnoringCase(*findField(head.fields, "transfer-encoding"), "chunked"))
                return malformed("its transfer coding is not just chunked");
            head.isChunked = true;
        }
        if (lengths > 0) {
            const std::string& value = *findField(head.fields, "content-length");
            std::uint64_t length = 0;
            const auto [last, error] =
                std::from_chars(value.data(), value.data() + value.size(), length);
            if (error != std::errc() || last != value.data() + value.size())
                return malformed("its length is no number");
            head.length = length;
        }
        // It is the parser that cuts the body off, and the head that is sent on.
        if (head.isChunked != parserChunked || head.length != parserLength)
            return malformed("its length can be read in two ways");
        decideFraming();
        return {};
    }

    /// Goes on to the next piece of the body or its end, as far as what was read goes.
    Result<void> parseBody()
    {
        if (bodyFailure)
            return std::unexpected(*bodyFailure);
        // After a piece the parser may come to the message's end without a further byte.
        while (!isComplete && piece.empty() && (begin < end || isPieceOut)) {
            isPieceOut = false;
            const char* from = buffer.data() + begin;
            const llhttp_errno_t code = llhttp_execute(&parser, from, end - begin);
            if (code == HPE_OK) {
                begin = end;
            } else if (code == HPE_PAUSED || code == HPE_PAUSED_UPGRADE) {
                begin += static_cast<std::size_t>(llhttp_get_error_pos(&parser) - from);
                if (code == HPE_PAUSED)
                    llhttp_resume(&parser);
                else
                    llhttp_resume_after_upgrade(&parser);
            } else {
                bodyFailure =
                    Error{ErrorCode::BadRequest, "the body is not HTTP/1: " + reason(), {}};
                return std::unexpected(*bodyFailure);
            }
        }
        return isComplete ? checkTrailers() : Result<void>{};
    }

    Result<void> checkTrailers()
    {
        for (auto& [name, value] : trailers) {
            if (!isToken(name) || !isFieldValue(value))
                return malformed("a trailer has a name or value that is not allowed");
            name = toLowerCase(name);
            trim(value);
        }
        return {};
    }

    void decideFraming()
    {
        if (side == Side::Requests) {
            head.hasBody = head.isChunked || head.length.value_or(0) > 0;
            if (head.method == "CONNECT")
                head.hasBody = false;
        } else {
            const bool isBare = answers != Answers::Ordinary || head.status / 100 == 1 ||
                                head.status == 204 || head.status == 304;
            head.endsWithConnection = !isBare && !head.isChunked && !head.length;
            head.hasBody =
                !isBare && (head.isChunked || head.endsWithConnection || *head.length > 0);
        }
        if (!head.hasBody)
            isComplete = true;
        bool closes = head.minor == 0;
        bool keeps = false;
        for (const auto& [name, value] : head.fields) {
            if (name != "connection")
                continue;
            for (const std::string_view member : listMembers(value)) {
                closes = closes || equalsIgnoringCase(member, "close");
                keeps = keeps || equalsIgnoringCase(member, "keep-alive");
            }
        }
        head.keepsAlive = head.minor == 0 ? keeps : !closes;
        if (head.endsWithConnection)
            head.keepsAlive = false;
    }

    Stream& stream;
    Side side;
    std::string buffer; ///< its size is the room; bytes stand from begin to end
    std::size_t begin = 0;
    std::size_t end;
    bool hasEnded = false;
    bool hasFailed = false;
    Answers answers = Answers::Ordinary;

    llhttp_settings_t settings{};
    llhttp_t parser{};
    Http1Head head;
    Fields trailers;
    std::size_t trailerBytes = 0;
    bool isHeadComplete = false;
    bool parserChunked = false; ///< how long the body is, as llhttp has read it
    std::optional<std::uint64_t> parserLength;
    bool isComplete = true;
    bool isValue = true;     ///< the last span was a value's, so that a name begins a new field
    std::string_view piece;  ///< of the body; found, and not handed out yet
    bool isPieceOut = false; ///< one was handed out, and the parser not asked since
    std::optional<Error> bodyFailure;
};

Http1Reader::Http1Reader(Stream& stream, Side side, std::string alreadyRead)
    : m_impl(std::make_unique<Impl>(stream, side, std::move(alreadyRead)))
{
}

Http1Reader::~Http1Reader() = default;

void Http1Reader::expectAnswerTo(Answers what)
{
    m_impl->answers = what;
}

Task<Result<std::optional<Http1Head>>> Http1Reader::readHead()
{
    Impl& impl = *m_impl;
    const Result<std::size_t> size = co_await impl.findHead();
    if (!size)
        co_return std::unexpected(size.error());
    if (*size == 0)
        co_return std::nullopt;
    if (Result<void> parsed = impl.parseHead(*size); !parsed)
        co_return std::unexpected(parsed.error());
    co_return std::move(impl.head);
}

Task<Result<std::span<const char>>> Http1Reader::nextBody()
{
    Impl& impl = *m_impl;
    for (;;) {
        if (Result<void> parsed = impl.parseBody(); !parsed)
            co_return std::unexpected(parsed.error());
        if (!impl.piece.empty()) {
            impl.isPieceOut = true;
            co_return std::span<const char>(std::exchange(impl.piece, {}));
        }
        if (impl.isComplete)
            co_return std::span<const char>{};
        if (impl.hasEnded) {
            // It is paused by the callback that says so.
            llhttp_finish(&impl.parser);
            if (impl.isComplete)
                co_return std::span<const char>{};
            co_return fail(ErrorCode::Unavailable, "the connection ended within a message");
        }
        if (auto size = co_await impl.readMore(std::max(kFirstBuffer, impl.capacity())); !size)
            co_return std::unexpected(size.error());
    }
}

bool Http1Reader::isReady() const
{
    // Bytes alone do not tell: they may be no more than the end of a chunk that is out already.
    return !m_impl->parseBody() || m_impl->isComplete || !m_impl->piece.empty();
}

const Fields& Http1Reader::trailers() const
{
    return m_impl->trailers;
}

bool Http1Reader::isBodyRead() const
{
    return m_impl->isComplete;
}

bool Http1Reader::hasBytes() const
{
    return m_impl->begin < m_impl->end;
}

Task<void> Http1Reader::readAhead()
{
    Impl& impl = *m_impl;
    while (!impl.hasEnded) {
        const Result<std::size_t> size = co_await impl.readMore(kMaxHead);
        // Cancelled: whoever watched the connection looks no more, and it goes on.
        if (!size)
            impl.hasEnded = impl.hasFailed = size.error().code != ErrorCode::Cancelled;
        if (!size || *size == 0)
            co_return;
    }
}

bool Http1Reader::hasFailed() const
{
    return m_impl->hasFailed;
}

std::string Http1Reader::takeRest()
{
    Impl& impl = *m_impl;
    std::string rest = impl.buffer.substr(impl.begin, impl.end - impl.begin);
    impl.begin = impl.end = 0;
    return rest;
}

} // namespace caisson::keeper::http
