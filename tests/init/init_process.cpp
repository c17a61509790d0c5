// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/init/init_process.h"

#include "backend/base/files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace caisson::init::test {

InitProcess::InitProcess()
    : InitProcess(Options{})
{
}

InitProcess::InitProcess(const Options& options)
{
    int ends[2];
    int errors[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0 ||
        ::pipe2(errors, O_CLOEXEC | O_NONBLOCK) != 0)
        throw std::runtime_error("no sockets");
    m_socket.reset(ends[0]);
    m_errors.reset(errors[0]);
    const UniqueFd theirs(ends[1]);
    const UniqueFd theirErrors(errors[1]);

    std::vector<std::string> words = options.wrapper;
    words.emplace_back(CAISSON_INIT);
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    std::vector<std::string> variables;
    for (const auto& [name, value] : options.env)
        variables.push_back(name + "=" + value);
    std::vector<char*> env;
    for (std::string& variable : variables)
        env.push_back(variable.data());
    env.push_back(nullptr);

    m_pid = ::fork();
    if (m_pid == 0) {
        ::dup2(theirs.get(), 0);
        ::dup2(theirs.get(), 1);
        ::dup2(theirErrors.get(), 2);
        if (options.uid && (::setgid(*options.uid) != 0 || ::setuid(*options.uid) != 0))
            ::_exit(99);
        ::execvpe(argv[0], argv.data(), env.data());
        ::_exit(98);
    }
    const auto event = waitEvent("hello", 0);
    if (!event)
        throw std::runtime_error("caisson-init does not say hello: " + standardError());
    m_hello = api::fromJson<api::InitHello>(event->body).value();
}

InitProcess::~InitProcess()
{
    if (m_pid <= 0 || m_reaped)
        return;
    m_socket.reset();
    if (!becomesTrue([this] { return ::waitpid(m_pid, nullptr, WNOHANG) != 0; }, 5s)) {
        ::kill(m_pid, SIGKILL);
        ::waitpid(m_pid, nullptr, 0);
    }
}

std::int64_t InitProcess::memoryPeakKb() const
{
    std::ifstream status("/proc/" + std::to_string(m_pid) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:"))
            return std::stoll(line.substr(6));
    }
    return -1;
}

void InitProcess::sendRaw(std::string_view bytes)
{
    m_outgoing += bytes;
    // What is read while waiting may be answered at once; that answer goes after this.
    if (!m_flushing)
        flush();
}

void InitProcess::flush()
{
    m_flushing = true;
    while (!m_outgoing.empty()) {
        const ssize_t sent = ::send(m_socket.get(), m_outgoing.data(), m_outgoing.size(),
                                    MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            m_outgoing.erase(0, static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN) {
            // Read meanwhile: init may be waiting for us to.
            pollfd waiting{m_socket.get(), POLLIN | POLLOUT, 0};
            ::poll(&waiting, 1, 10000);
            if ((waiting.revents & POLLIN) != 0)
                readSome(std::chrono::steady_clock::now());
        } else {
            throw std::runtime_error("caisson-init is gone: " + standardError());
        }
    }
    m_flushing = false;
}

std::uint64_t InitProcess::send(std::string_view op, const std::string& body, std::uint32_t channel)
{
    const std::uint64_t id = ++m_lastId;
    sendRaw(
        api::encodeControl({.id = id, .op = std::string(op), .channel = channel, .body = body}));
    return id;
}

api::Control InitProcess::waitReply(std::uint64_t id, std::chrono::milliseconds limit)
{
    if (!readUntil([&] { return m_replies.contains(id); }, limit))
        throw std::runtime_error("no reply: " + standardError());
    api::Control reply = m_replies.at(id);
    m_replies.erase(id);
    return reply;
}

api::Control InitProcess::call(std::string_view op, const std::string& body, std::uint32_t channel)
{
    return waitReply(send(op, body, channel));
}

void InitProcess::sendData(std::uint32_t channel, std::string_view bytes)
{
    sendRaw(api::encodeFrame(api::FrameKind::Data, channel, bytes));
}

void InitProcess::sendEnd(std::uint32_t channel)
{
    sendRaw(api::encodeFrame(api::FrameKind::End, channel, {}));
}

void InitProcess::sendCredit(std::uint32_t channel, std::uint32_t bytes)
{
    sendRaw(api::encodeCredit(channel, bytes));
}

void InitProcess::sendAll(std::uint32_t number, std::string_view bytes)
{
    while (!bytes.empty()) {
        Incoming& incoming = m_channels[number];
        if (!readUntil([&] { return incoming.credit > 0; }))
            throw std::runtime_error("no credit");
        const std::size_t size =
            std::min({bytes.size(), std::size_t{64 * 1024}, std::size_t{incoming.credit}});
        incoming.credit -= size;
        sendData(number, bytes.substr(0, size));
        bytes.remove_prefix(size);
    }
}

bool InitProcess::readSome(std::chrono::steady_clock::time_point deadline)
{
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd waiting{m_socket.get(), POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) <= 0)
        return false;
    std::size_t capacity = 0;
    char* const room = m_reader.prepare(capacity);
    const ssize_t got = ::recv(m_socket.get(), room, capacity, MSG_DONTWAIT);
    if (got <= 0)
        return got < 0 && errno == EAGAIN;
    m_reader.commit(static_cast<std::size_t>(got));
    for (;;) {
        auto frame = m_reader.next();
        if (!frame)
            throw std::runtime_error(frame.error().message);
        if (!*frame)
            return true;
        handle(std::move(**frame));
    }
}

void InitProcess::handle(api::Frame frame)
{
    if (frame.kind == api::FrameKind::Control) {
        api::Control control = api::decodeControl(frame.payload).value();
        if (control.id != 0)
            m_replies[control.id] = std::move(control);
        else
            m_events.push_back(std::move(control));
        return;
    }
    Incoming& incoming = m_channels[frame.channel];
    if (frame.kind == api::FrameKind::End) {
        incoming.ended = true;
    } else if (frame.kind == api::FrameKind::Credit) {
        incoming.credit += api::decodeCredit(frame.payload);
    } else {
        incoming.received += frame.payload.size();
        if (incoming.keepData && incoming.prefixed)
            (frame.payload.at(0) == '\1' ? incoming.data : incoming.err) += frame.payload.substr(1);
        else if (incoming.keepData)
            incoming.data += frame.payload;
        if (incoming.grants && m_socket)
            sendRaw(
                api::encodeCredit(frame.channel, static_cast<std::uint32_t>(frame.payload.size())));
    }
}

std::optional<api::Control> InitProcess::waitEvent(std::string_view op, std::uint32_t channel,
                                                   std::chrono::milliseconds limit)
{
    const auto fits = [&](const api::Control& event) {
        return event.op == op && event.channel == channel;
    };
    if (!readUntil([&] { return std::ranges::any_of(m_events, fits); }, limit))
        return std::nullopt;
    const auto found = std::ranges::find_if(m_events, fits);
    api::Control event = std::move(*found);
    m_events.erase(found);
    return event;
}

int InitProcess::waitExit(std::chrono::milliseconds limit)
{
    int status = -1;
    m_reaped = becomesTrue([&] { return ::waitpid(m_pid, &status, WNOHANG) == m_pid; }, limit);
    if (!m_reaped)
        throw std::runtime_error("caisson-init does not end");
    return status;
}

std::string InitProcess::standardError()
{
    std::string text;
    std::array<char, 4096> buffer;
    for (;;) {
        const ssize_t got = ::read(m_errors.get(), buffer.data(), buffer.size());
        if (got <= 0)
            return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

std::uint32_t InitProcess::start(api::ExecRequest request, std::int64_t* pid,
                                 std::optional<Error>* error)
{
    if (request.cwd.empty())
        request.cwd = "/";
    const std::uint32_t number = newChannel();
    m_channels[number].prefixed = !request.tty;
    const api::Control reply = call("spawn", api::toJson(api::SpawnRequest{request}), number);
    if (error != nullptr)
        *error = reply.error;
    else if (reply.error)
        throw std::runtime_error("spawn: " + reply.error->message);
    if (pid != nullptr && !reply.error)
        *pid = api::fromJson<api::SpawnReply>(reply.body).value().pid;
    return number;
}

InitProcess::Outcome InitProcess::finish(std::uint32_t number, std::chrono::milliseconds limit)
{
    const auto event = waitEvent("exit", number, limit);
    if (!event)
        throw std::runtime_error("the command does not end: " + standardError());
    Outcome outcome;
    outcome.exit = api::fromJson<api::ChannelExit>(event->body).value().status;
    outcome.out = std::move(m_channels[number].data);
    outcome.err = std::move(m_channels[number].err);
    m_channels.erase(number);
    return outcome;
}

InitProcess::Outcome InitProcess::run(api::ExecRequest request, std::string_view input)
{
    Outcome outcome;
    const std::uint32_t number = start(std::move(request), nullptr, &outcome.error);
    if (outcome.error)
        return outcome;
    sendAll(number, input);
    sendEnd(number);
    return finish(number);
}

InitProcess::Outcome InitProcess::shell(const std::string& script, std::string_view input)
{
    return run({.argv = {"/bin/sh", "-c", script}}, input);
}

void writeText(const std::string& path, std::string_view text)
{
    std::ofstream file(path, std::ios::binary);
    file << text;
}

std::string readText(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<pid_t> processesWith(std::string_view text)
{
    std::vector<pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const std::string name = entry.path().filename();
        if (name.find_first_not_of("0123456789") != name.npos)
            continue;
        // One that ends while it is read is an error, and no process with that text any more.
        if (readFile(entry.path().string() + "/cmdline").value_or("").contains(text))
            found.push_back(std::stoi(name));
    }
    return found;
}

} // namespace caisson::init::test
