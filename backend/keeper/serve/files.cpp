// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/serve/server.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <charconv>
#include <format>
#include <optional>
#include <vector>

namespace caisson::keeper {

using api::Task;
using namespace api::asio::experimental::awaitable_operators;

namespace {

constexpr std::size_t kPiece = 128 * 1024;
/// A folder of a hundred thousand entries is some 20 MB as JSON.
constexpr std::size_t kMaxListing = 64 * 1024 * 1024;

api::FileName pathOf(const Exchange& exchange)
{
    return {"/" + exchange.match.parameter("path")};
}

Task<Result<void>> respondEntry(Exchange exchange, const Result<api::FileEntry>& entry)
{
    if (!entry)
        co_return std::unexpected(entry.error());
    api::Response response{200, "application/json", api::toJson(*entry)};
    if (!entry->etag.empty())
        response.headers.emplace_back("ETag", entry->etag);
    co_return co_await exchange.connection.respond(std::move(response));
}

/// What init names as an etag goes into a header, so it may hold nothing that ends one.
Result<api::FileEntry> checked(Result<api::FileEntry> entry)
{
    if (!entry)
        return entry;
    for (const char c : entry->etag) {
        if (c < 0x21 || c > 0x7e)
            return fail(ErrorCode::Protocol, "the sandbox named an etag that cannot be one");
    }
    return entry;
}

api::Headers headersOf(const api::FileEntry& entry)
{
    return {{"ETag", entry.etag},
            {"Caisson-Type", std::string(api::fileTypeName(entry.type))},
            {"Caisson-Size", std::to_string(entry.size)},
            {"Caisson-Mode", std::to_string(entry.mode)},
            {"Caisson-Mtime-Ms", std::to_string(entry.mtimeMs)}};
}

struct Range
{
    std::int64_t offset = 0;
    std::int64_t length = 0;
};

/// One range of bytes (RFC 9110, 14.1.2) of a file of that size. None: the header asks for what is
/// not served in parts (several ranges, another unit), and is to be ignored.
Result<std::optional<Range>> parseRange(std::string_view header, std::int64_t size)
{
    constexpr std::string_view kUnit = "bytes=";
    if (!header.starts_with(kUnit))
        return std::nullopt;
    header.remove_prefix(kUnit.size());
    const std::size_t dash = header.find('-');
    if (dash == header.npos || header.contains(','))
        return std::nullopt;
    const auto number = [](std::string_view text) -> std::optional<std::int64_t> {
        std::int64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (text.empty() || error != std::errc() || end != text.data() + text.size() || value < 0)
            return std::nullopt;
        return value;
    };
    const std::optional<std::int64_t> first = number(header.substr(0, dash));
    const std::optional<std::int64_t> last = number(header.substr(dash + 1));
    const bool isSuffix = dash == 0;
    if (isSuffix ? !last : !first || (header.size() > dash + 1 && (!last || *last < *first)))
        return std::nullopt;
    const std::int64_t begin = isSuffix ? std::max<std::int64_t>(0, size - *last) : *first;
    if (begin >= size)
        return fail(ErrorCode::BadRange, "the file has no such bytes",
                    {{"size", std::to_string(size)}});
    const std::int64_t end = isSuffix ? size : std::min(size, last.value_or(size - 1) + 1);
    return Range{begin, end - begin};
}

/// What of a file a request asks for; none: all of it.
Task<Result<std::optional<Range>>> askedRange(Exchange& exchange)
{
    const auto header = exchange.head.header("range");
    if (!header)
        co_return std::nullopt;
    const auto entry = co_await exchange.link.request<api::FileEntry>(
        "stat", api::PathRequest{.path = pathOf(exchange)});
    if (!entry)
        co_return std::unexpected(entry.error());
    // What is no file has no size; why it cannot be read, the reading says.
    if (entry->targetType.value_or(entry->type) != api::FileType::File)
        co_return std::nullopt;
    const auto condition = exchange.head.header("if-range");
    if (condition && *condition != entry->etag)
        co_return std::nullopt;
    co_return parseRange(*header, entry->size);
}

/// Passes Data on until End. A "failed" event is its error.
template<class Take>
Task<Result<void>> receive(InitChannel& channel, Take take)
{
    for (;;) {
        Result<InitChannel::Item> item = co_await channel.read();
        if (!item)
            co_return std::unexpected(item.error());
        if (item->kind == InitChannel::Item::Kind::End)
            co_return Result<void>{};
        if (item->kind == InitChannel::Item::Kind::Event)
            co_return std::unexpected(item->event.error.value_or(
                Error{ErrorCode::Protocol, "the sandbox broke off a transfer", {}}));
        if (Result<void> taken = co_await take(std::move(item->data)); !taken)
            co_return taken;
    }
}

} // namespace

Task<Result<void>> getFile(Exchange exchange)
{
    const Result<std::optional<Range>> range = co_await askedRange(exchange);
    if (!range)
        co_return std::unexpected(range.error());
    api::ReadRequest request{pathOf(exchange)};
    if (*range) {
        request.offset = (*range)->offset;
        request.length = (*range)->length;
    }
    auto channel = exchange.link.openChannel();
    const Result<api::FileEntry> entry =
        checked(co_await exchange.link.request<api::FileEntry>("read", request, channel->id()));
    if (!entry)
        co_return std::unexpected(entry.error());
    api::Headers headers = headersOf(*entry);
    headers.emplace_back("Accept-Ranges", "bytes");
    if (*range)
        headers.emplace_back("Content-Range",
                             std::format("bytes {}-{}/{}", request.offset,
                                         request.offset + request.length - 1, entry->size));
    // Chunked, with the size only as a hint: a file may grow while it is read, and those in /proc
    // say 0.
    if (!co_await exchange.connection.startBody(*range ? 206 : 200, "application/octet-stream",
                                                std::move(headers)))
        co_return Result<void>{};
    const Result<void> sent =
        co_await receive(*channel, [&](std::string bytes) -> Task<Result<void>> {
            co_return co_await exchange.connection.writeBody(bytes);
        });
    // Without its last chunk the client knows that the body is not whole.
    if (sent)
        co_await exchange.connection.endBody();
    co_return Result<void>{};
}

Task<Result<void>> statFile(Exchange exchange)
{
    const Result<api::FileEntry> entry = checked(co_await exchange.link.request<api::FileEntry>(
        "stat", api::PathRequest{.path = pathOf(exchange)}));
    if (!entry)
        co_return std::unexpected(entry.error());
    co_return co_await exchange.connection.startBody(200, "application/octet-stream",
                                                     headersOf(*entry),
                                                     static_cast<std::uint64_t>(entry->size));
}

Task<Result<void>> putFile(Exchange exchange)
{
    api::WriteRequest request;
    request.path = pathOf(exchange);
    request.ifMatch = exchange.head.header("if-match").value_or("");
    if (const auto none = exchange.head.header("if-none-match")) {
        if (*none != "*")
            co_return fail(ErrorCode::BadRequest, "If-None-Match may only be \"*\" here");
        request.ifNoneMatchAny = true;
    }
    request.parents = exchange.match.flag("parents");
    if (const auto text = exchange.match.queryValue("mode")) {
        std::int64_t mode = 0;
        constexpr int kOctal = 8; // as chmod(1) reads it
        const char* const last = text->data() + text->size();
        const auto [end, error] = std::from_chars(text->data(), last, mode, kOctal);
        if (error != std::errc() || end != last || mode < 0 || mode > 07777)
            co_return fail(ErrorCode::BadRequest,
                           "\"mode\" must be octal permission bits, such as 0644");
        request.mode = mode;
    }
    auto channel = exchange.link.openChannel();
    const auto opened = co_await exchange.link.request<api::Empty>("write", request, channel->id());
    if (!opened)
        co_return std::unexpected(opened.error());
    std::vector<char> room(kPiece);
    for (;;) {
        const Result<std::size_t> got = co_await exchange.connection.readBodySome(room);
        // Letting go of the channel without its End leaves the file as it was.
        if (!got)
            co_return std::unexpected(got.error());
        if (*got == 0)
            break;
        const Result<void> sent = co_await channel->write(std::string_view(room.data(), *got));
        if (!sent)
            co_return sent;
    }
    channel->end();
    for (;;) {
        Result<InitChannel::Item> item = co_await channel->read();
        if (!item)
            co_return std::unexpected(item.error());
        if (item->kind != InitChannel::Item::Kind::Event)
            continue;
        if (item->event.error)
            co_return std::unexpected(std::move(*item->event.error));
        co_return co_await respondEntry(exchange,
                                        checked(api::fromJson<api::FileEntry>(item->event.body)));
    }
}

Task<Result<void>> removeFile(Exchange exchange)
{
    api::PathRequest request{.path = pathOf(exchange)};
    request.ifMatch = exchange.head.header("if-match").value_or("");
    request.recursive = exchange.match.flag("recursive");
    const auto removed = co_await exchange.link.request<api::Empty>("remove", request);
    if (!removed)
        co_return std::unexpected(removed.error());
    co_return co_await exchange.connection.respond({204, "", ""});
}

Task<Result<void>> fileAction(Exchange exchange)
{
    const auto action = co_await api::readJson<api::FileAction>(exchange.connection);
    if (!action)
        co_return std::unexpected(action.error());
    if (action->action == "mkdir") {
        api::PathRequest request{.path = pathOf(exchange)};
        request.parents = action->parents;
        co_return co_await respondEntry(
            exchange, checked(co_await exchange.link.request<api::FileEntry>("mkdir", request)));
    }
    if (action->action != "move" && action->action != "copy")
        co_return fail(ErrorCode::BadRequest, "\"action\" must be mkdir, move or copy");
    if (!action->to || !action->to->bytes.starts_with('/'))
        co_return fail(ErrorCode::BadRequest, "\"to\" must be an absolute path");
    const api::MoveRequest request{pathOf(exchange), *action->to, action->overwrite};
    co_return co_await respondEntry(
        exchange, checked(co_await exchange.link.request<api::FileEntry>(action->action, request)));
}

Task<Result<void>> listFolder(Exchange exchange)
{
    api::FileList list{pathOf(exchange), {}};
    if (exchange.match.flag("stat")) {
        Result<api::FileEntry> entry = co_await exchange.link.request<api::FileEntry>(
            "stat", api::PathRequest{.path = pathOf(exchange),
                                     .follow = exchange.match.flag("follow", true)});
        if (!entry)
            co_return std::unexpected(entry.error());
        list.entries.push_back(std::move(*entry));
    } else {
        auto channel = exchange.link.openChannel();
        const auto opened = co_await exchange.link.request<api::Empty>(
            "list", api::ListRequest{pathOf(exchange)}, channel->id());
        if (!opened)
            co_return std::unexpected(opened.error());
        std::string text;
        const Result<void> received =
            co_await receive(*channel, [&](std::string bytes) -> Task<Result<void>> {
                if (text.size() + bytes.size() > kMaxListing)
                    co_return fail(ErrorCode::TooLarge, "the folder is too large to list");
                text += bytes;
                co_return Result<void>{};
            });
        if (!received)
            co_return received;
        Result<api::FileList> parsed = api::fromJson<api::FileList>(text);
        if (!parsed)
            co_return fail(ErrorCode::Protocol, "the sandbox's listing makes no sense");
        list.entries = std::move(parsed->entries);
    }
    co_return co_await exchange.connection.respond({200, "application/json", api::toJson(list)});
}

// ---- watch -------------------------------------------------------------------------------------

namespace {

std::vector<std::string> lines(const std::optional<std::string>& text)
{
    std::vector<std::string> result;
    std::string_view rest = text ? std::string_view(*text) : std::string_view();
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        result.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return result;
}

Task<void> sendWatch(api::ServerConnection& connection, InitChannel& channel, bool resumed)
{
    std::uint64_t cursor = 1;
    const auto encode = [&](const api::WatchEvent& event) {
        return api::encodeSse({std::to_string(cursor++), event.type, api::toJson(event)});
    };
    api::WatchEvent watching;
    watching.type = "watching";
    std::string text = encode(watching);
    if (resumed) {
        // What happened between the two connections was not kept: said, not dropped in silence.
        api::WatchEvent overflow;
        overflow.type = "overflow";
        text += encode(overflow);
    }
    while (co_await connection.writeBody(text)) {
        Result<InitChannel::Item> item = co_await channel.read();
        text.clear();
        bool stopped = !item;
        if (item && item->kind == InitChannel::Item::Kind::Event) {
            const auto batch = api::fromJson<api::WatchBatch>(item->event.body);
            if (!batch)
                stopped = true;
            else
                for (const api::WatchEvent& event : batch->events) {
                    text += encode(event);
                    stopped = stopped || event.type == "stopped";
                }
        } else if (item && item->kind == InitChannel::Item::Kind::End) {
            stopped = true;
        }
        if (!stopped)
            continue;
        if (!text.contains("event: stopped")) {
            api::WatchEvent last;
            last.type = "stopped";
            text += encode(last);
        }
        co_await connection.writeBody(text);
        co_await connection.endBody();
        co_return;
    }
}

} // namespace

Task<Result<void>> watchFolder(Exchange exchange)
{
    api::WatchRequest request;
    request.path = {exchange.match.queryValue("path").value_or("/workspace")};
    if (!request.path.bytes.starts_with('/'))
        co_return fail(ErrorCode::BadRequest, "\"path\" must be absolute");
    request.include = lines(exchange.match.queryValue("include"));
    request.exclude = lines(exchange.match.queryValue("exclude"));
    auto channel = exchange.link.openChannel();
    const auto watching =
        co_await exchange.link.request<api::Empty>("watch", request, channel->id());
    if (!watching)
        co_return std::unexpected(watching.error());
    const bool resumed =
        exchange.head.header("last-event-id") || exchange.match.queryValue("since");
    if (co_await exchange.connection.startEvents())
        co_await (sendWatch(exchange.connection, *channel, resumed) ||
                  exchange.connection.waitClosed());
    co_return Result<void>{};
}

} // namespace caisson::keeper
