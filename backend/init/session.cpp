// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/session.h"

#include "backend/api/codec.h"
#include "backend/base/log.h"
#include "backend/init/exec_channel.h"
#include "backend/init/file_ops.h"
#include "backend/init/list_channel.h"
#include "backend/init/read_channel.h"
#include "backend/init/watch_channel.h"
#include "backend/init/write_channel.h"

#include <csignal>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <type_traits>
#include <unistd.h>
#include <utility>

namespace caisson::init {

namespace {

/// The part of SpawnRequest that a command is made of.
const api::ExecRequest& partOf(const api::SpawnRequest& request)
{
    return request.exec;
}

template<class Request>
const Request& partOf(const Request& request)
{
    return request;
}

} // namespace

Session::Session(asio::io_context& loop, int descriptor)
    : m_loop(loop)
    , m_link(loop, descriptor)
    , m_orphans(loop.get_executor(), [this] { return m_launcher.supervisors(); })
    , m_children(loop, {.reaped = [this](pid_t pid, int status) { childReaped(pid, status); },
                        .stopped = [this](pid_t pid) { m_launcher.stopped(pid); }})
{
}

Task<Result<void>> Session::run()
{
    if (Result<void> started = m_children.start(); !started)
        co_return started;
    m_link.sendEvent("hello", 0,
                     api::toJson(api::InitHello{api::kInitProtocolVersion, ::getpid()}));
    co_return co_await m_link.readFrames(
        [this](api::Frame frame) { return handleFrame(std::move(frame)); });
}

void Session::abandon()
{
    for (const auto& [number, open] : m_channels)
        open->abandon();
}

void Session::childReaped(pid_t pid, int status)
{
    // One that ends by itself leaves nothing below it.
    if (m_launcher.reaped(pid) && WIFSIGNALED(status))
        m_orphans.end();
}

/// The first frame shows that the keeper is there and, the runtime having gone, the parent: init
/// must not outlive it, even if something else were to hold the stream open.
void Session::followKeeper()
{
    m_keeperFollowed = true;
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        logWarning("cannot follow the keeper's end: {}", errnoError(errno, "prctl").message);
}

Result<void> Session::handleFrame(api::Frame frame)
{
    if (!m_keeperFollowed)
        followKeeper();
    if (frame.kind == api::FrameKind::Control)
        return handleControl(frame.payload);
    const auto found = m_channels.find(frame.channel);
    if (found == m_channels.end())
        return {}; // crossed with the channel's end
    Channel& open = *found->second;
    switch (frame.kind) {
    case api::FrameKind::Data:
        return open.onData(std::move(frame.payload));
    case api::FrameKind::End:
        open.onEnd();
        return {};
    case api::FrameKind::Credit:
        open.onCredit(api::decodeCredit(frame.payload));
        return {};
    case api::FrameKind::Control:
        break;
    }
    return {};
}

Result<void> Session::handleControl(const std::string& text)
{
    const Result<api::Control> request = api::decodeControl(text);
    if (!request)
        return std::unexpected(request.error());
    const std::string& op = request->op;
    if (op == "signal")
        reply(request->id, signal(request->body));
    else if (op == "resize")
        reply(request->id, resize(request->body));
    else if (op == "hangup")
        reply(request->id, hangUp(request->body));
    else if (op == "close")
        reply(request->id, close(request->body));
    else if (!openChannel(*request) && !startFileOperation(*request))
        reply(request->id, fail(ErrorCode::BadRequest, "there is no request \"" + op + "\""));
    return {};
}

void Session::reply(std::uint64_t id, Reply reply)
{
    api::Control control{.id = id};
    if (reply)
        control.body = std::move(*reply);
    else
        control.error = std::move(reply.error());
    m_link.send(api::encodeControl(control));
}

// ---- requests that open a channel ---------------------------------------------------------------

bool Session::openChannel(const api::Control& request)
{
    if (request.op == "spawn")
        open<ExecChannel, api::SpawnRequest>(request);
    else if (request.op == "read")
        open<ReadChannel, api::ReadRequest>(request);
    else if (request.op == "write")
        open<WriteChannel, api::WriteRequest>(request);
    else if (request.op == "list")
        open<ListChannel, api::ListRequest>(request);
    else if (request.op == "watch")
        open<WatchChannel, api::WatchRequest>(request);
    else
        return false;
    return true;
}

template<class Kind, class Request>
void Session::open(const api::Control& request)
{
    const Result<Request> body = api::fromJson<Request>(request.body);
    if (!body) {
        reply(request.id, std::unexpected(body.error()));
        return;
    }
    const std::uint32_t number = request.channel;
    if (number == 0 || m_channels.contains(number)) {
        reply(request.id, fail(ErrorCode::BadRequest, "channel " + std::to_string(number) +
                                                          " is in use or not a channel"));
        return;
    }
    ChannelSite site{
        .executor = m_loop.get_executor(),
        .link = m_link,
        .workers = m_workers,
        .children = m_children,
        .launcher = m_launcher,
        .number = number,
        .reply = [this, id = request.id](Reply answer) { reply(id, std::move(answer)); },
        .finished = [this, number] { m_channels.erase(number); }};
    const auto opened = std::make_shared<Kind>(std::move(site), partOf(*body));
    m_channels.emplace(number, opened);
    opened->start();
}

// ---- requests that name a channel ---------------------------------------------------------------

Result<std::shared_ptr<Channel>> Session::channel(std::int64_t number)
{
    const auto found = number > 0 && number <= UINT32_MAX
                           ? m_channels.find(static_cast<std::uint32_t>(number))
                           : m_channels.end();
    if (found == m_channels.end()) {
        return fail(ErrorCode::NotFound,
                    "channel " + std::to_string(number) + " is not open, or has ended");
    }
    return found->second;
}

Session::Reply Session::signal(const std::string& body)
{
    return api::fromJson<api::ChannelSignal>(body).and_then([this](const auto& request) {
        return channel(request.channel)
            .and_then(
                [&](const auto& open) { return open->signal(static_cast<int>(request.signal)); })
            .transform([] { return api::toJson(api::Empty{}); });
    });
}

Session::Reply Session::resize(const std::string& body)
{
    return api::fromJson<api::ChannelResize>(body).and_then([this](const auto& request) {
        return channel(request.channel)
            .and_then([&](const auto& open) { return open->resize(request.cols, request.rows); })
            .transform([] { return api::toJson(api::Empty{}); });
    });
}

Session::Reply Session::hangUp(const std::string& body)
{
    return api::fromJson<api::ChannelRef>(body).and_then([this](const auto& request) {
        return channel(request.channel)
            .and_then([](const auto& open) { return open->hangUp(); })
            .transform([] { return api::toJson(api::Empty{}); });
    });
}

Session::Reply Session::close(const std::string& body)
{
    return api::fromJson<api::ChannelRef>(body).and_then([this](const auto& request) {
        return channel(request.channel)
            .and_then([](const auto& open) { return open->close(); })
            .transform([] { return api::toJson(api::Empty{}); });
    });
}

// ---- requests about files -----------------------------------------------------------------------

bool Session::startFileOperation(const api::Control& request)
{
    if (request.op == "stat")
        runFile(request, &statFile);
    else if (request.op == "mkdir")
        runFile(request, &makeFolder);
    else if (request.op == "move")
        runFile(request, &moveFile);
    else if (request.op == "copy")
        runFile(request, &copyFile);
    else if (request.op == "remove")
        runFile(request, &removeFile);
    else
        return false;
    return true;
}

template<class Request, class Answer>
void Session::runFile(const api::Control& request, Result<Answer> (*operation)(const Request&))
{
    Result<Request> body = api::fromJson<Request>(request.body);
    if (!body) {
        reply(request.id, std::unexpected(body.error()));
        return;
    }
    spawnDetached(m_loop.get_executor(),
                  [](Session* self, std::uint64_t id, Request asked,
                     Result<Answer> (*work)(const Request&)) -> Task<void> {
                      Result<Answer> answer =
                          co_await self->m_workers.run([&] { return work(asked); });
                      if (!answer)
                          self->reply(id, std::unexpected(answer.error()));
                      else if constexpr (std::is_void_v<Answer>)
                          self->reply(id, api::toJson(api::Empty{}));
                      else
                          self->reply(id, api::toJson(*answer));
                  }(this, request.id, std::move(*body), operation));
}

} // namespace caisson::init
