// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/airlock_parts.h"
#include "backend/keeper/egress/capture/dns_server.h"
#include "backend/keeper/egress/captured_flow.h"

#include <chrono>
#include <map>
#include <memory>

namespace caisson::keeper {

struct AirlockSpec
{
    std::string folder; ///< of the sandbox: policy and log
    std::string name;   ///< of the sandbox, for its authority
    std::int64_t incarnation = 0;
    std::chrono::milliseconds promptLimit{120'000};
};

/// The one way out of a sandbox. Made before its container, since the root holds the authority's
/// certificate; opened once init is there; nothing passes before that.
class Airlock
{
public:
    /// Called on the keeper's thread.
    struct Listener
    {
        std::function<void(Prompts::Change, const api::Prompt&, const std::string& why)> prompt;
        std::function<void(std::int64_t generation)> policy;
        std::function<void(const std::string& secret, const api::SecretUse&)> secretUsed;
        /// Which terminal or exec a process inside belongs to, by its pid and its parents'.
        std::function<void(Asker&)> place;
    };

    static Result<std::unique_ptr<Airlock>> create(api::asio::any_io_executor executor,
                                                   AirlockSpec spec, Listener listener);
    ~Airlock();

    const std::string& authorityPem() const;
    /// Takes over the network namespace of `init` (in the keeper's pid namespace).
    Result<void> open(pid_t init);

    LivePolicy& policy() { return *m_policy; }
    /// What a program inside is called besides; nullptr before open().
    std::unique_ptr<const policy::ProgramNames> namesOf(const std::string& program);
    Prompts& prompts() { return *m_prompts; }
    RequestLog& log() { return *m_log; }
    /// The values that the policy wants, and the names of all that are stored: from now on no policy
    /// is taken that puts in another.
    void setSecrets(std::map<std::string, std::string> values,
                    const std::vector<std::string>& names);
    Result<api::PromptAnswered> answer(const std::string& prompt, const api::AnswerPrompt& request);

private:
    Airlock(api::asio::any_io_executor executor, Listener listener);
    api::Task<void> acceptLoop(UniqueFd listener);
    api::Task<void> serve(CapturedConnection connection);
    api::Task<void> watchExpiry();
    api::Task<void> sweepFlows();
    void giveBackMemory();
    void writeNoRoom(std::string_view name);
    api::Task<void> endWithProcess(std::string rule, std::shared_ptr<const FoundProcess> process);
    void policyChanged();

    api::asio::any_io_executor m_executor;
    Listener m_listener;
    std::unique_ptr<Authority> m_authority;
    std::unique_ptr<LivePolicy> m_policy;
    std::unique_ptr<RequestLog> m_log;
    std::unique_ptr<Prompts> m_prompts;
    Secrets m_secrets;
    Flows m_flows;
    Names m_names;
    Resolver m_resolver;
    Dialer m_dialer;
    UpstreamPool m_pool;
    std::unique_ptr<TlsServer> m_tls;
    std::unique_ptr<Gate> m_gate;
    std::unique_ptr<AirlockParts> m_parts;
    std::unique_ptr<ProcessFinder> m_finder;
    DnsServer m_dns;
    api::Notifier m_expiryChanged;
    std::string m_answering; ///< the prompt whose answer is becoming a rule
    std::optional<std::chrono::steady_clock::time_point> m_noRoomWritten;
    std::size_t m_connections = 0;
    std::map<pid_t, std::size_t>
        m_byProcess;                   ///< connections of each, by its pid in the keeper's /proc
    std::size_t m_mostConnections = 0; ///< since memory was given back
    std::size_t m_mostHeld = 0;        ///< bytes of requests that waited, the same
};

} // namespace caisson::keeper
