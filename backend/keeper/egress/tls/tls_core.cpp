// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/tls/tls_core.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include <openssl/err.h>

namespace caisson::keeper {

using api::Task;

namespace {

/// As much is enciphered before it is sent: four records.
constexpr std::size_t kWriteChunk = 64 * 1024;
/// OpenSSL's buffer while it reads; given back whenever it is empty. free(3) of glibc tidies up the
/// whole heap when it gets a piece of 64 KiB (FASTBIN_CONSOLIDATION_THRESHOLD), so it is smaller.
constexpr std::size_t kReadBuffer = 60 * 1024;
/// What may gather of answers to key updates while the other end reads nothing.
constexpr std::size_t kMaxUnsent = 256 * 1024;

/// Where OpenSSL writes to during a call. One for all connections, since none keeps anything in it
/// between calls.
std::string& gathered()
{
    thread_local std::string bytes;
    return bytes;
}

/// Before each call whose outcome SSL_get_error() explains, since that looks at OpenSSL's queue. It is
/// empty nearly always, and to empty it takes longer than to look.
void clearErrors()
{
    if (ERR_peek_error() != 0)
        ERR_clear_error();
}

std::unexpected<Error> failTls(std::string message)
{
    return fail(ErrorCode::Protocol, std::move(message));
}

} // namespace

// ---- OpenSSL's way to the socket ---------------------------------------------------------------

struct TlsBio
{
    static TlsCore& coreOf(BIO* bio) { return *static_cast<TlsCore*>(BIO_get_data(bio)); }

    static int read(BIO* bio, char* room, int size) { return coreOf(bio).bioRead(bio, room, size); }

    static int write(BIO*, const char* bytes, int size)
    {
        gathered().append(bytes, static_cast<std::size_t>(size));
        return size;
    }

    static long control(BIO* bio, int command, long, void*)
    {
        switch (command) {
        case BIO_CTRL_FLUSH:
            return 1;
        case BIO_CTRL_EOF:
            return coreOf(bio).m_inputEnded ? 1 : 0;
        default:
            return 0;
        }
    }

    static const BIO_METHOD* method()
    {
        static const std::unique_ptr<BIO_METHOD, FreeBy<BIO_meth_free>> made = [] {
            BIO_METHOD* method =
                BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "caisson");
            if (method) {
                BIO_meth_set_read(method, read);
                BIO_meth_set_write(method, write);
                BIO_meth_set_ctrl(method, control);
            }
            return std::unique_ptr<BIO_METHOD, FreeBy<BIO_meth_free>>(method);
        }();
        return made.get();
    }
};

int TlsCore::bioRead(BIO* bio, char* room, int size)
{
    BIO_clear_retry_flags(bio);
    const auto wanted = static_cast<std::size_t>(size);
    if (m_alreadyTaken < m_alreadyRead.size()) {
        const std::size_t taken = m_alreadyRead.copy(room, wanted, m_alreadyTaken);
        m_alreadyTaken += taken;
        if (m_alreadyTaken == m_alreadyRead.size())
            m_alreadyRead = {};
        return static_cast<int>(taken);
    }
    if (m_waitedBegin < m_waitedEnd) {
        const std::size_t taken = std::min(wanted, m_waitedEnd - m_waitedBegin);
        std::memcpy(room, m_waited.data() + m_waitedBegin, taken);
        m_waitedBegin += taken;
        return static_cast<int>(taken);
    }
    if (m_inputEnded)
        return 0;
    if (hasMore()) {
        const ssize_t got = receiveNow(room, wanted);
        if (got > 0)
            return static_cast<int>(got);
        if (got == 0) {
            m_inputEnded = true;
            return 0;
        }
        if (errno != EAGAIN) {
            m_inputError = errno;
            return -1;
        }
    }
    BIO_set_retry_read(bio);
    return -1;
}

// ---- TlsCore -----------------------------------------------------------------------------------

TlsCore::TlsCore(TcpSocket socket, std::string alreadyRead)
    : TcpCore(std::move(socket))
    , m_alreadyRead(std::move(alreadyRead))
{
}

TlsCore::~TlsCore()
{
    // Or OpenSSL takes the session of a connection without close_notify for spoilt, as SSL 3 had it.
    if (m_ssl && SSL_is_init_finished(m_ssl.get()))
        SSL_set_shutdown(m_ssl.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

bool TlsCore::attach(SslPtr ssl, std::shared_ptr<void> kept)
{
    const BIO_METHOD* method = TlsBio::method();
    BIO* bio = method && ssl ? BIO_new(method) : nullptr;
    if (!bio)
        return false;
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl.get(), bio, bio);
    m_kept = std::move(kept);
    m_ssl = std::move(ssl);
    return true;
}

bool TlsCore::hasInput() const
{
    return m_waitedBegin < m_waitedEnd || m_alreadyTaken < m_alreadyRead.size() || hasMore() ||
           SSL_has_pending(m_ssl.get()) == 1;
}

Error TlsCore::takeError(std::string_view what)
{
    const int savedError = std::exchange(m_inputError, 0);
    const unsigned long code = ERR_peek_last_error();
    clearErrors();
    m_reasonCode = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
    if (code == 0 || m_reasonCode == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        if (savedError != 0)
            return errorOf(savedError, what);
        if (!isOpen())
            return errorOf(ECANCELED, what);
        return Error{ErrorCode::Unavailable,
                     std::string(what) + ": the connection was cut off before TLS had ended",
                     {{"tls", "unexpected end"}}};
    }
    const char* text = ERR_reason_error_string(code);
    m_reason = text ? text : "unknown";
    if (m_reasonCode >= SSL_AD_REASON_OFFSET && m_reasonCode <= SSL_AD_REASON_OFFSET + 255)
        m_alert = m_reasonCode - SSL_AD_REASON_OFFSET;
    Error error{ErrorCode::Protocol, std::string(what) + ": " + m_reason, {{"tls", m_reason}}};
    if (m_alert && isTrustAlert(*m_alert))
        error.detail["refusal"] = "unknown_authority";
    return error;
}

Result<void> TlsCore::sendGathered()
{
    std::string& bytes = gathered();
    std::string_view left = bytes;
    // Behind what waits already, everything waits: order is all that TCP has.
    while (!left.empty() && m_unsent.empty() && !m_sending) {
        const ssize_t sent = sendNow(left.data(), left.size());
        if (sent < 0) {
            if (errno == EAGAIN)
                break;
            const int number = errno;
            bytes.clear();
            return std::unexpected(errorOf(number, "writing to the connection"));
        }
        left.remove_prefix(static_cast<std::size_t>(sent));
    }
    const bool fits = m_unsent.size() + left.size() <= kMaxUnsent;
    if (fits)
        m_unsent += left;
    bytes.clear();
    if (!fits)
        return failTls("the other end makes TLS answer, and reads no answer");
    return {};
}

Task<Result<void>> TlsCore::sendAll()
{
    // One at a time by the contract of Stream; only a reader's answers may have come in between.
    while (!m_unsent.empty()) {
        const std::string bytes = std::exchange(m_unsent, {});
        std::span<const char> left(bytes);
        m_sending = true;
        // If this coroutine is cancelled, a part of a record has gone and the rest never will.
        m_broken = Error{ErrorCode::Cancelled, "writing to the connection: cancelled", {}};
        while (!left.empty()) {
            const Result<std::size_t> sent = co_await send(left);
            if (!sent) {
                m_sending = false;
                m_broken = sent.error();
                co_return std::unexpected(sent.error());
            }
            left = left.subspan(*sent);
        }
        m_sending = false;
        m_broken.reset();
    }
    co_return Result<void>{};
}

Task<Result<void>> TlsCore::awaitInput()
{
    m_waitedBegin = m_waitedEnd = 0;
    const Result<std::size_t> got = co_await receive(m_waited);
    if (!got)
        co_return std::unexpected(got.error());
    m_waitedEnd = *got;
    m_inputEnded = *got == 0;
    co_return Result<void>{};
}

Task<Result<void>> TlsCore::shakeHands()
{
    const auto self = shared_from_this();
    for (;;) {
        clearErrors();
        const int done = SSL_do_handshake(m_ssl.get());
        const int why = done == 1 ? SSL_ERROR_NONE : SSL_get_error(m_ssl.get(), done);
        std::optional<Error> failed;
        if (done != 1 && why != SSL_ERROR_WANT_READ)
            failed = takeError("TLS handshake");
        // Also when it failed: the alert that says so.
        const Result<void> gone = sendGathered();
        if (failed)
            co_return std::unexpected(std::move(*failed));
        if (!gone)
            co_return gone;
        if (const Result<void> sent = co_await sendAll(); !sent)
            co_return sent;
        if (done == 1)
            co_return Result<void>{};
        if (const Result<void> come = co_await awaitInput(); !come)
            co_return come;
    }
}

Task<Result<std::size_t>> TlsCore::read(std::span<char> room)
{
    const auto self = shared_from_this();
    if (room.empty())
        co_return fail(ErrorCode::Internal, "reading into no room");
    for (;;) {
        if (m_broken && !m_sending)
            co_return std::unexpected(*m_broken);
        if (!isOpen())
            co_return std::unexpected(errorOf(ECANCELED, "reading from the connection"));
        std::size_t total = 0;
        int why = SSL_ERROR_NONE;
        clearErrors();
        do {
            std::size_t got = 0;
            const int done =
                SSL_read_ex(m_ssl.get(), room.data() + total, room.size() - total, &got);
            total += got;
            if (done != 1)
                why = SSL_get_error(m_ssl.get(), done);
        } while (why == SSL_ERROR_NONE && total < room.size() && hasInput());
        std::optional<Error> failed;
        if (why != SSL_ERROR_NONE && why != SSL_ERROR_WANT_READ && why != SSL_ERROR_ZERO_RETURN)
            failed = takeError("reading from the connection");
        if (Result<void> sent = sendGathered(); !sent && !failed)
            failed = sent.error();
        if (failed && !m_sending)
            m_broken = failed;
        if (total > 0)
            co_return total;
        if (failed)
            co_return std::unexpected(std::move(*failed));
        if (why == SSL_ERROR_ZERO_RETURN)
            co_return std::size_t{0};
        if (const Result<void> come = co_await awaitInput(); !come)
            co_return std::unexpected(come.error());
    }
}

Task<Result<void>> TlsCore::write(std::span<const char> bytes)
{
    const auto self = shared_from_this();
    while (!bytes.empty()) {
        if (m_broken)
            co_return std::unexpected(*m_broken);
        if (!isOpen() || m_finished)
            co_return std::unexpected(errorOf(ECANCELED, "writing to the connection"));
        const std::span<const char> chunk = bytes.first(std::min(bytes.size(), kWriteChunk));
        std::size_t taken = 0;
        clearErrors();
        const int done = SSL_write_ex(m_ssl.get(), chunk.data(), chunk.size(), &taken);
        std::optional<Error> failed;
        if (done != 1)
            failed = takeError("writing to the connection");
        if (const Result<void> sent = sendGathered(); !sent && !failed)
            failed = sent.error();
        if (failed) {
            m_broken = failed;
            co_return std::unexpected(std::move(*failed));
        }
        if (!m_unsent.empty()) {
            if (const Result<void> sent = co_await sendAll(); !sent)
                co_return sent;
        }
        bytes = bytes.subspan(taken);
    }
    co_return Result<void>{};
}

bool TlsCore::isQuiet()
{
    if (m_broken || m_inputEnded || m_finished || !isOpen())
        return false;
    if (!hasInput()) {
        if (isSocketQuiet())
            return true;
        const ssize_t got = receiveNow(m_waited.data(), m_waited.size());
        m_waitedBegin = 0;
        m_waitedEnd = got > 0 ? static_cast<std::size_t>(got) : 0;
        if (got <= 0)
            return false;
    }
    char byte = 0;
    std::size_t got = 0;
    clearErrors();
    const int done = SSL_peek_ex(m_ssl.get(), &byte, 1, &got);
    const int why = done == 1 ? SSL_ERROR_NONE : SSL_get_error(m_ssl.get(), done);
    clearErrors();
    // Whatever it was: an alert that stayed behind would go out on another connection.
    const Result<void> sent = sendGathered();
    return why == SSL_ERROR_WANT_READ && sent && !m_inputEnded;
}

Task<void> TlsCore::finish()
{
    const auto self = shared_from_this();
    if (std::exchange(m_finished, true) || m_broken || !isOpen())
        co_return;
    clearErrors();
    SSL_shutdown(m_ssl.get()); // 0: the other end's close_notify has not come, nor need it
    clearErrors();
    const Result<void> gone = sendGathered();
    if (!gone)
        co_return;
    if (const Result<void> sent = co_await sendAll(); sent)
        shutdownWriting();
}

// ---- TlsStream ---------------------------------------------------------------------------------

namespace {

class TlsStream : public Stream
{
public:
    explicit TlsStream(std::shared_ptr<TlsCore> core)
        : m_core(std::move(core))
    {
    }
    ~TlsStream() override { m_core->cancel(Ending::Close); }

    Task<Result<std::size_t>> read(std::span<char> room) override { return m_core->read(room); }
    Task<Result<void>> write(std::span<const char> bytes) override { return m_core->write(bytes); }
    Task<void> finish() override { return m_core->finish(); }
    void cancel(Ending ending) override { m_core->cancel(ending); }
    bool isOpen() const override { return m_core->isOpen(); }
    bool isQuiet() override { return m_core->isQuiet(); }
    bool hasPeerLeft() override { return m_core->hasPeerLeft(); }

private:
    std::shared_ptr<TlsCore> m_core;
};

} // namespace

std::unique_ptr<Stream> makeTlsStream(std::shared_ptr<TlsCore> core)
{
    return std::make_unique<TlsStream>(std::move(core));
}

void setCommonOptions(SSL_CTX* context)
{
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_NO_TX_CERTIFICATE_COMPRESSION |
                                     SSL_OP_NO_RX_CERTIFICATE_COMPRESSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, kReadBuffer);
}

bool isTrustAlert(int alert)
{
    return alert == SSL_AD_BAD_CERTIFICATE || alert == SSL_AD_CERTIFICATE_UNKNOWN ||
           alert == SSL_AD_UNKNOWN_CA;
}

Alpn chosenAlpn(const SSL* ssl)
{
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl, &name, &size);
    const std::string_view text(reinterpret_cast<const char*>(name), size);
    if (text == "h2")
        return Alpn::Http2;
    return text == "http/1.1" ? Alpn::Http1 : Alpn::None;
}

HandshakeLimit::HandshakeLimit(const std::shared_ptr<TlsCore>& core,
                               std::chrono::milliseconds limit)
    : m_timer(core->executor(), limit)
{
    m_timer.async_wait([fired = m_fired, weak = std::weak_ptr(core)](const auto& code) {
        const auto alive = code ? nullptr : weak.lock();
        if (!alive)
            return;
        *fired = true;
        alive->cancel(Stream::Ending::Close);
    });
}

HandshakeLimit::~HandshakeLimit() = default;

} // namespace caisson::keeper
