// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/client/client.h"

#include "backend/api/codec.h"

namespace caisson::client {

using api::Task;

namespace {

constexpr std::size_t kMaxAnswer = 64 * 1024 * 1024;

std::string sandboxPath(const std::string& sandbox, std::string_view below = {})
{
    return "/v1/sandboxes/" + api::percentEncode(sandbox) + std::string(below);
}

std::string terminalPath(const std::string& sandbox, const std::string& terminal)
{
    return sandboxPath(sandbox, "/terminals/") + api::percentEncode(terminal);
}

/// The route wants the path without its leading slash.
std::string filePath(const std::string& sandbox, std::string_view route, std::string_view path)
{
    while (path.starts_with('/'))
        path.remove_prefix(1);
    return sandboxPath(sandbox, route) + api::percentEncode(path, api::Slashes::Keep);
}

std::string egressPath(const std::string& sandbox, std::string_view below)
{
    return sandboxPath(sandbox, "/egress/") + std::string(below);
}

std::string secretPath(const std::string& name)
{
    return "/v1/secrets/" + api::percentEncode(name);
}

/// What `filter` is in a query; each part begins with `first` or '&'.
std::string queryOf(const LogFilter& filter, char first)
{
    std::string query;
    const auto add = [&](std::string_view name, const std::string& value) {
        if (!value.empty())
            query +=
                (query.empty() ? first : '&') + std::string(name) + "=" + api::percentEncode(value);
    };
    const auto addNumber = [&](std::string_view name, std::int64_t number) {
        if (number != 0)
            add(name, std::to_string(number));
    };
    addNumber("before", filter.before);
    addNumber("after", filter.after);
    addNumber("limit", filter.limit);
    add("text", filter.text);
    add("verdict", filter.verdict);
    add("host", filter.host);
    add("method", filter.method);
    add("rule", filter.rule);
    add("terminal", filter.terminal);
    return query;
}

struct Call
{
    std::string method;
    std::string target;
    std::string body = {};
    api::Headers headers = {};
};

using Opened = std::pair<api::ClientConnection, api::ResponseHead>;

/// Whether to ask again: what only looks may be asked twice, and a caissond that is killed while we
/// connect says nothing at all. The next connection starts another one.
bool mayAskAgain(const Call& call, const Error& error)
{
    return error.code == ErrorCode::Unavailable && call.method == "GET";
}

Task<Result<Opened>> openOnce(Transport& transport, Call call);

/// Sends a request and reads the head of a successful answer; any other answer is its error.
Task<Result<Opened>> open(Transport& transport, Call call)
{
    Result<Opened> opened = co_await openOnce(transport, call);
    if (opened || !mayAskAgain(call, opened.error()))
        co_return opened;
    co_return co_await openOnce(transport, std::move(call));
}

Task<Result<Opened>> openOnce(Transport& transport, Call call)
{
    Result<api::Socket> socket = co_await transport.connect();
    if (!socket)
        co_return std::unexpected(socket.error());
    api::ClientConnection connection(std::move(*socket));
    Result<void> sent = co_await connection.send(std::move(call.method), std::move(call.target),
                                                 std::move(call.body), std::move(call.headers));
    Result<api::ResponseHead> head = co_await connection.readHead();
    if (!head)
        co_return std::unexpected(sent ? head.error() : sent.error());
    if (head->status < 300)
        co_return std::pair(std::move(connection), std::move(*head));
    Result<std::string> body = co_await connection.readBody(kMaxAnswer);
    if (!body)
        co_return std::unexpected(body.error());
    co_return std::unexpected(api::errorFromJson(*body));
}

Task<Result<std::string>> callText(Transport& transport, Call call)
{
    auto opened = co_await open(transport, std::move(call));
    if (!opened)
        co_return std::unexpected(opened.error());
    co_return co_await opened->first.readBody(kMaxAnswer);
}

template<class T>
Task<Result<T>> callFor(Transport& transport, Call call)
{
    Result<std::string> body = co_await callText(transport, std::move(call));
    if (!body)
        co_return std::unexpected(body.error());
    co_return api::fromJson<T>(*body);
}

/// A FileList of the one entry: HEAD has no room for what a JSON error says.
Task<Result<api::FileEntry>> entryAt(Transport& transport, std::string target)
{
    Result<api::FileList> list =
        co_await callFor<api::FileList>(transport, {"GET", std::move(target)});
    if (!list)
        co_return std::unexpected(list.error());
    if (list->entries.size() != 1)
        co_return fail(ErrorCode::Protocol, "the service gave no entry for the file");
    co_return std::move(list->entries.front());
}

Task<Result<void>> callPlain(Transport& transport, Call call)
{
    Result<std::string> body = co_await callText(transport, std::move(call));
    if (!body)
        co_return std::unexpected(body.error());
    co_return Result<void>{};
}

Task<Result<SseStream>> openEvents(Transport& transport, Call call)
{
    auto opened = co_await open(transport, std::move(call));
    if (!opened)
        co_return std::unexpected(opened.error());
    co_return SseStream(std::move(opened->first));
}

Task<Result<api::WebSocket>> openWebSocket(Transport& transport, std::string target)
{
    Result<api::Socket> socket = co_await transport.connect();
    if (!socket)
        co_return std::unexpected(socket.error());
    Result<api::WebSocket> opened = co_await api::WebSocket::connect(std::move(*socket), target);
    // Nothing is asked before the handshake is done, so that it may be tried again.
    if (opened || opened.error().code != ErrorCode::Unavailable)
        co_return opened;
    socket = co_await transport.connect();
    if (!socket)
        co_return std::unexpected(socket.error());
    co_return co_await api::WebSocket::connect(std::move(*socket), std::move(target));
}

} // namespace

Client::Client(std::shared_ptr<Transport> transport)
    : m_transport(std::move(transport))
{
}

Task<Result<api::Health>> Client::health()
{
    return callFor<api::Health>(*m_transport, {"GET", "/health"});
}

Task<Result<api::HostInfo>> Client::host()
{
    return callFor<api::HostInfo>(*m_transport, {"GET", "/v1/host"});
}

Task<Result<std::string>> Client::openApi()
{
    return callText(*m_transport, {"GET", "/v1/openapi.json"});
}

Task<Result<EventStream>> Client::events(std::string since)
{
    std::string target = "/v1/events";
    if (!since.empty())
        target += "?since=" + api::percentEncode(since);
    Result<SseStream> stream = co_await openEvents(*m_transport, {"GET", target});
    if (!stream)
        co_return std::unexpected(stream.error());
    co_return EventStream(std::move(*stream));
}

Task<Result<api::Sandbox>> Client::createSandbox(api::CreateSandbox request)
{
    return callFor<api::Sandbox>(*m_transport, {"POST", "/v1/sandboxes", api::toJson(request)});
}

Task<Result<api::SandboxList>> Client::listSandboxes()
{
    return callFor<api::SandboxList>(*m_transport, {"GET", "/v1/sandboxes"});
}

Task<Result<api::Sandbox>> Client::showSandbox(std::string sandbox)
{
    return callFor<api::Sandbox>(*m_transport, {"GET", sandboxPath(sandbox)});
}

Task<Result<api::Sandbox>> Client::patchSandbox(std::string sandbox, api::PatchSandbox patch)
{
    return callFor<api::Sandbox>(*m_transport, {"PATCH", sandboxPath(sandbox), api::toJson(patch)});
}

Task<Result<void>> Client::removeSandbox(std::string sandbox)
{
    return callPlain(*m_transport, {"DELETE", sandboxPath(sandbox)});
}

Task<Result<api::Sandbox>> Client::startSandbox(std::string sandbox)
{
    return callFor<api::Sandbox>(*m_transport, {"POST", sandboxPath(sandbox, "/start")});
}

Task<Result<api::Sandbox>> Client::stopSandbox(std::string sandbox)
{
    return callFor<api::Sandbox>(*m_transport, {"POST", sandboxPath(sandbox, "/stop")});
}

Task<Result<ExecSocket>> Client::exec(std::string sandbox, api::ExecRequest request)
{
    Result<api::WebSocket> socket =
        co_await openWebSocket(*m_transport, sandboxPath(sandbox, "/exec"));
    if (!socket)
        co_return std::unexpected(socket.error());
    const std::string message = api::toJson(request);
    if (message.size() > api::kMaxWebSocketMessage)
        co_return fail(ErrorCode::TooLarge,
                       "the command and its environment are larger than 1 MiB");
    if (Result<void> sent = co_await socket->sendText(message); !sent)
        co_return std::unexpected(sent.error());
    co_return ExecSocket(std::move(*socket));
}

Task<Result<api::Terminal>> Client::createTerminal(std::string sandbox, api::CreateTerminal request)
{
    return callFor<api::Terminal>(
        *m_transport, {"POST", sandboxPath(sandbox, "/terminals"), api::toJson(request)});
}

Task<Result<api::TerminalList>> Client::listTerminals(std::string sandbox)
{
    return callFor<api::TerminalList>(*m_transport, {"GET", sandboxPath(sandbox, "/terminals")});
}

Task<Result<TerminalSocket>> Client::attachTerminal(std::string sandbox, std::string terminal,
                                                    std::int64_t since)
{
    Result<api::WebSocket> socket = co_await openWebSocket(
        *m_transport, terminalPath(sandbox, terminal) + "?since=" + std::to_string(since));
    if (!socket)
        co_return std::unexpected(socket.error());
    co_return TerminalSocket(std::move(*socket));
}

Task<Result<api::Terminal>> Client::patchTerminal(std::string sandbox, std::string terminal,
                                                  api::PatchTerminal patch)
{
    return callFor<api::Terminal>(*m_transport,
                                  {"PATCH", terminalPath(sandbox, terminal), api::toJson(patch)});
}

Task<Result<void>> Client::removeTerminal(std::string sandbox, std::string terminal)
{
    return callPlain(*m_transport, {"DELETE", terminalPath(sandbox, terminal)});
}

Task<Result<api::FileEntry>> Client::statFile(std::string sandbox, std::string path)
{
    co_return co_await entryAt(*m_transport, filePath(sandbox, "/tree/", path) + "?stat=1");
}

Task<Result<api::FileEntry>> Client::lstatFile(std::string sandbox, std::string path)
{
    co_return co_await entryAt(*m_transport,
                               filePath(sandbox, "/tree/", path) + "?stat=1&follow=0");
}

Task<Result<api::FileList>> Client::listFolder(std::string sandbox, std::string path)
{
    return callFor<api::FileList>(*m_transport, {"GET", filePath(sandbox, "/tree/", path)});
}

Task<Result<FileDownload>> Client::openFile(std::string sandbox, std::string path,
                                            std::int64_t offset, std::int64_t length)
{
    Call call{.method = "GET", .target = filePath(sandbox, "/files/", path)};
    if (offset > 0 || length >= 0) {
        const std::string last = length >= 0 ? std::to_string(offset + length - 1) : "";
        call.headers.emplace_back("Range", "bytes=" + std::to_string(offset) + "-" + last);
    }
    auto opened = co_await open(*m_transport, std::move(call));
    if (!opened)
        co_return std::unexpected(opened.error());
    co_return FileDownload(std::move(opened->first), std::move(opened->second));
}

Task<Result<FileUpload>> Client::putFile(std::string sandbox, std::string path,
                                         PutCondition condition, std::int64_t mode)
{
    Result<api::Socket> socket = co_await m_transport->connect();
    if (!socket)
        co_return std::unexpected(socket.error());
    api::Headers headers{{"Content-Type", "application/octet-stream"}};
    if (!condition.ifMatch.empty())
        headers.emplace_back("If-Match", condition.ifMatch);
    if (condition.mustBeNew)
        headers.emplace_back("If-None-Match", "*");
    std::string target = filePath(sandbox, "/files/", path);
    if (mode >= 0)
        target += std::format("?mode={:o}", mode);
    api::ClientConnection connection(std::move(*socket));
    if (Result<void> sent = co_await connection.start("PUT", target, std::move(headers)); !sent)
        co_return std::unexpected(sent.error());
    co_return FileUpload(std::move(connection));
}

Task<Result<api::FileEntry>> Client::fileAction(std::string sandbox, std::string path,
                                                api::FileAction action)
{
    return callFor<api::FileEntry>(
        *m_transport, {"POST", filePath(sandbox, "/files/", path), api::toJson(action)});
}

Task<Result<void>> Client::removeFile(std::string sandbox, std::string path, bool recursive)
{
    return callPlain(*m_transport, {"DELETE", filePath(sandbox, "/files/", path) +
                                                  (recursive ? "?recursive=1" : "")});
}

Task<Result<WatchStream>> Client::watch(std::string sandbox, std::string path,
                                        std::vector<std::string> include,
                                        std::vector<std::string> exclude)
{
    std::string target = sandboxPath(sandbox, "/watch?path=") + api::percentEncode(path);
    for (const std::string& glob : include)
        target += "&include=" + api::percentEncode(glob);
    for (const std::string& glob : exclude)
        target += "&exclude=" + api::percentEncode(glob);
    Result<SseStream> stream = co_await openEvents(*m_transport, {"GET", target});
    if (!stream)
        co_return std::unexpected(stream.error());
    co_return WatchStream(std::move(*stream));
}

// ---- egress ------------------------------------------------------------------------------------

Task<Result<api::EgressPolicy>> Client::showPolicy(std::string sandbox)
{
    return callFor<api::EgressPolicy>(*m_transport, {"GET", egressPath(sandbox, "policy")});
}

Task<Result<api::EgressPolicy>> Client::putPolicy(std::string sandbox, api::PutPolicy policy)
{
    return callFor<api::EgressPolicy>(*m_transport,
                                      {"PUT", egressPath(sandbox, "policy"), api::toJson(policy)});
}

Task<Result<api::EgressPolicy>> Client::patchPolicy(std::string sandbox, api::PatchPolicy patch)
{
    return callFor<api::EgressPolicy>(*m_transport,
                                      {"PATCH", egressPath(sandbox, "policy"), api::toJson(patch)});
}

Task<Result<api::Explanation>> Client::explainEgress(std::string sandbox,
                                                     api::ExplainRequest request)
{
    return callFor<api::Explanation>(
        *m_transport, {"POST", egressPath(sandbox, "explain"), api::toJson(request)});
}

Task<Result<api::PromptList>> Client::listPrompts(std::string sandbox)
{
    return callFor<api::PromptList>(*m_transport, {"GET", egressPath(sandbox, "prompts")});
}

Task<Result<api::PromptAnswered>> Client::answerPrompt(std::string sandbox, std::string prompt,
                                                       api::AnswerPrompt answer)
{
    return callFor<api::PromptAnswered>(
        *m_transport, {"POST", egressPath(sandbox, "prompts/") + api::percentEncode(prompt),
                       api::toJson(answer)});
}

Task<Result<api::EgressLog>> Client::egressLog(std::string sandbox, LogFilter filter)
{
    return callFor<api::EgressLog>(*m_transport,
                                   {"GET", egressPath(sandbox, "log") + queryOf(filter, '?')});
}

Task<Result<LogStream>> Client::followEgressLog(std::string sandbox, LogFilter filter)
{
    Result<SseStream> stream = co_await openEvents(
        *m_transport, {"GET", egressPath(sandbox, "log?follow=1") + queryOf(filter, '&')});
    if (!stream)
        co_return std::unexpected(stream.error());
    co_return LogStream(std::move(*stream));
}

Task<Result<FileDownload>> Client::egressHar(std::string sandbox)
{
    auto opened = co_await open(*m_transport, {"GET", egressPath(sandbox, "log.har")});
    if (!opened)
        co_return std::unexpected(opened.error());
    co_return FileDownload(std::move(opened->first), std::move(opened->second));
}

// ---- secrets -----------------------------------------------------------------------------------

Task<Result<api::SecretList>> Client::listSecrets()
{
    return callFor<api::SecretList>(*m_transport, {"GET", "/v1/secrets"});
}

Task<Result<api::SecretInfo>> Client::putSecret(std::string name, api::PutSecret secret)
{
    if (name.empty()) // or its path would be another
        co_return fail(ErrorCode::InvalidName,
                       "a secret's name is 1 to 64 letters, digits, '-', '_' and '.'");
    co_return co_await callFor<api::SecretInfo>(*m_transport,
                                                {"PUT", secretPath(name), api::toJson(secret)});
}

Task<Result<void>> Client::removeSecret(std::string name)
{
    return callPlain(*m_transport, {"DELETE", secretPath(name)});
}

Task<Result<api::SecretList>> Client::unlockSecrets(std::string passphrase)
{
    return callFor<api::SecretList>(
        *m_transport,
        {"POST", "/v1/secrets", api::toJson(api::UnlockSecrets{std::move(passphrase)})});
}

} // namespace caisson::client
