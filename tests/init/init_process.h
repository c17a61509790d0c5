// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/codec.h"
#include "backend/api/initwire.h"
#include "backend/base/unique_fd.h"
#include "tests/support/temporary_folder.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace caisson::init::test {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

/// A caisson-init with this test as its keeper. Calls block; a failure to get what is waited for
/// within the limit throws, which fails the test.
class InitProcess
{
public:
    struct Options
    {
        std::vector<std::string> wrapper; ///< a command that starts it, e.g. unshare
        std::map<std::string, std::string> env = {{"PATH", "/usr/bin:/bin"}, {"CAISSON", "1"}};
        std::optional<uid_t> uid; ///< to run as
    };
    InitProcess();
    explicit InitProcess(const Options& options);
    ~InitProcess();

    pid_t pid() const { return m_pid; }
    const api::InitHello& hello() const { return m_hello; }
    std::int64_t memoryPeakKb() const; ///< VmHWM

    // ---- requests ----

    std::uint64_t send(std::string_view op, const std::string& body, std::uint32_t channel = 0);
    api::Control waitReply(std::uint64_t id, std::chrono::milliseconds limit = 20s);
    api::Control call(std::string_view op, const std::string& body, std::uint32_t channel = 0);

    template<class Answer, class Request>
    Result<Answer> ask(std::string_view op, const Request& request, std::uint32_t channel = 0)
    {
        const api::Control answer = call(op, api::toJson(request), channel);
        if (answer.error)
            return std::unexpected(*answer.error);
        return api::fromJson<Answer>(answer.body);
    }

    std::uint32_t newChannel() { return ++m_lastChannel; }

    // ---- channels ----

    /// Without regard for credit.
    void sendData(std::uint32_t channel, std::string_view bytes);
    void sendEnd(std::uint32_t channel);
    void sendCredit(std::uint32_t channel, std::uint32_t bytes);
    void sendRaw(std::string_view bytes);
    /// Within the credit init grants, reading meanwhile.
    void sendAll(std::uint32_t channel, std::string_view bytes);

    struct Incoming
    {
        std::string data;           ///< bare bytes, or of pipes standard output
        std::string err;            ///< of pipes: standard error
        bool prefixed = false;      ///< the first byte of each frame says which
        std::uint64_t received = 0; ///< payload, also what `keepData` left out
        bool ended = false;
        std::uint64_t credit = api::kInitialCredit; ///< what may still be sent to init
        bool grants = true;                         ///< give the credit of what came back at once
        bool keepData = true;
    };
    Incoming& channel(std::uint32_t number) { return m_channels[number]; }

    /// Takes the first event that fits off the queue, waiting for it.
    std::optional<api::Control> waitEvent(std::string_view op, std::uint32_t channel,
                                          std::chrono::milliseconds limit = 20s);
    /// Reads what comes until `done` or the limit; whether it was done.
    template<class Done>
    bool readUntil(Done done, std::chrono::milliseconds limit = 20s)
    {
        const auto deadline = std::chrono::steady_clock::now() + limit;
        while (!done()) {
            if (!readSome(deadline))
                return done();
        }
        return true;
    }

    // ---- its end ----

    void closeLink() { m_socket.reset(); }
    /// The wait status, once it has ended.
    int waitExit(std::chrono::milliseconds limit = 10s);
    std::string standardError();

    // ---- commands ----

    struct Outcome
    {
        std::string out;
        std::string err;
        std::optional<Error> error;
        api::ExitStatus exit;
    };
    /// In "/", unless the request says where.
    std::uint32_t start(api::ExecRequest request, std::int64_t* pid = nullptr,
                        std::optional<Error>* error = nullptr);
    Outcome finish(std::uint32_t channel, std::chrono::milliseconds limit = 30s);
    Outcome run(api::ExecRequest request, std::string_view input = {});
    Outcome shell(const std::string& script, std::string_view input = {});

private:
    bool readSome(std::chrono::steady_clock::time_point deadline);
    void handle(api::Frame frame);
    void flush();

    pid_t m_pid = -1;
    bool m_reaped = false;
    UniqueFd m_socket;
    UniqueFd m_errors;
    std::string m_outgoing;
    bool m_flushing = false;
    api::FrameReader m_reader;
    std::map<std::uint64_t, api::Control> m_replies;
    std::deque<api::Control> m_events;
    std::map<std::uint32_t, Incoming> m_channels;
    std::uint64_t m_lastId = 0;
    std::uint32_t m_lastChannel = 0;
    api::InitHello m_hello;
};

using caisson::test::TemporaryFolder;

void writeText(const std::string& path, std::string_view text);
std::string readText(const std::string& path);

/// Pids of all processes whose command line contains `text`.
std::vector<pid_t> processesWith(std::string_view text);

/// Looks every 10 ms; whether it came true.
template<class Condition>
bool becomesTrue(Condition condition, std::chrono::milliseconds limit = 10s)
{
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline)
            return false;
        timespec moment{0, 10'000'000};
        ::nanosleep(&moment, nullptr);
    }
    return true;
}

} // namespace caisson::init::test
