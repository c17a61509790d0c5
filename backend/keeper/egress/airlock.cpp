// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/airlock.h"

#include "backend/base/clock.h"
#include "backend/base/log.h"
#include "backend/keeper/egress/dial/inner_addresses.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <format>
#include <malloc.h>

namespace caisson::keeper {

using api::Task;
using namespace api::asio::experimental::awaitable_operators;
using namespace std::chrono_literals;

namespace {

constexpr auto kTuple = api::asio::as_tuple(api::asio::use_awaitable);
/// A flow takes two descriptors. More at once is no use that we know of.
constexpr std::size_t kMostConnections = 8192;
/// One program that floods leaves the others room.
constexpr std::size_t kMostOfOneProcess = 4096;
constexpr auto kBetweenNoRoom = 10s;
/// So many leave some 10 MB behind.
constexpr std::size_t kManyConnections = 256;
/// The same of what waits for a person, a few times over.
constexpr std::size_t kMuchHeld = 1024 * 1024;

using ByProcess = std::map<pid_t, std::size_t>;

/// One more for as long as it lives.
class Counted
{
public:
    explicit Counted(std::size_t& total)
        : m_total(total)
    {
        ++m_total;
    }
    Counted(ByProcess& totals, pid_t process)
        : m_totals(&totals)
        , m_process(process)
        , m_total(totals[process])
    {
        ++m_total;
    }
    ~Counted()
    {
        if (--m_total == 0 && m_totals)
            m_totals->erase(m_process);
    }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    std::size_t count() const { return m_total; }

private:
    ByProcess* m_totals = nullptr;
    pid_t m_process = 0;
    std::size_t& m_total;
};

} // namespace

Airlock::Airlock(api::asio::any_io_executor executor, Listener listener)
    : m_executor(executor)
    , m_listener(std::move(listener))
    , m_resolver(executor)
    , m_dialer(executor, m_resolver)
    , m_pool(executor, m_dialer)
    , m_dns(executor, m_names)
    , m_expiryChanged(executor)
{
}

Airlock::~Airlock() = default;

Result<std::unique_ptr<Airlock>> Airlock::create(api::asio::any_io_executor executor,
                                                 AirlockSpec spec, Listener listener)
{
    std::unique_ptr<Airlock> airlock(new Airlock(executor, std::move(listener)));
    auto authority = Authority::create(spec.name);
    if (!authority)
        return std::unexpected(authority.error());
    airlock->m_authority = std::move(*authority);
    auto policy = LivePolicy::open(spec.folder, LivePolicy::Opening::Start);
    if (!policy)
        return std::unexpected(policy.error());
    airlock->m_policy = std::move(*policy);
    auto log = RequestLog::open(executor, spec.folder + "/requests.sqlite");
    if (!log)
        return std::unexpected(log.error());
    airlock->m_log = std::move(*log);
    airlock->m_prompts = std::make_unique<Prompts>(executor, spec.incarnation, spec.promptLimit,
                                                   airlock->m_listener.prompt);
    airlock->m_tls = std::make_unique<TlsServer>(*airlock->m_authority);
    airlock->m_gate = std::make_unique<Gate>(*airlock->m_policy, *airlock->m_prompts);
    airlock->m_parts = std::make_unique<AirlockParts>(
        AirlockParts{.executor = executor,
                     .gate = *airlock->m_gate,
                     .flows = airlock->m_flows,
                     .secrets = airlock->m_secrets,
                     .dialer = airlock->m_dialer,
                     .pool = airlock->m_pool,
                     .log = *airlock->m_log,
                     .tls = *airlock->m_tls,
                     .connect = [self = airlock.get()](Stream::Released connection,
                                                       RequestOrigin origin) -> Task<void> {
                         CapturedFlow flow(*self->m_parts, std::move(connection.socket),
                                           std::move(origin), std::move(connection.alreadyRead));
                         co_await flow.run();
                     },
                     .secretUsed =
                         [self = airlock.get()](const std::string& secret, api::SecretUse use) {
                             self->m_listener.secretUsed(secret, use);
                         }});
    airlock->m_names.onNoRoom = [self = airlock.get()](std::string_view name) {
        self->writeNoRoom(name);
    };
    airlock->m_policy->onChange = [self = airlock.get()] { self->policyChanged(); };
    return airlock;
}

const std::string& Airlock::authorityPem() const
{
    return m_authority->certificatePem();
}

Result<void> Airlock::open(pid_t init)
{
    Result<CaptureSockets> sockets = captureNetwork(init);
    if (!sockets)
        return std::unexpected(sockets.error());
    m_finder = std::make_unique<ProcessFinder>(init, std::move(sockets->socketDiagnosis));
    m_dns.start(*sockets);
    for (UniqueFd* listener : {&sockets->tcp4, &sockets->tcp6}) {
        if (*listener)
            api::spawnDetached(m_executor, acceptLoop(std::move(*listener)),
                               "what the sandbox dials");
    }
    api::spawnDetached(m_executor, watchExpiry(), "rules that end");
    api::spawnDetached(m_executor, sweepFlows(), "flows whose inside has gone");
    return {};
}

Task<void> Airlock::acceptLoop(UniqueFd listener)
{
    api::asio::posix::stream_descriptor descriptor(m_executor, listener.release());
    for (;;) {
        Result<CapturedConnection> connection = acceptCaptured(descriptor.native_handle());
        if (connection) {
            api::spawnDetached(m_executor, serve(std::move(*connection)), "a connection");
            continue;
        }
        if (connection.error().code == ErrorCode::PermissionDenied)
            continue;
        if (connection.error().code != ErrorCode::Unavailable) {
            // Out of descriptors, most likely: those that end make room.
            logWarning("{}", connection.error().message);
            co_await api::sleepFor(100ms);
        }
        const auto [code] =
            co_await descriptor.async_wait(api::asio::posix::descriptor_base::wait_read, kTuple);
        if (code)
            co_return;
    }
}

Task<void> Airlock::serve(CapturedConnection connection)
{
    RequestOrigin origin;
    origin.port = connection.port;
    origin.asker.process = m_finder->find(connection);
    m_listener.place(origin.asker);
    const Counted ofAll(m_connections);
    const Counted ofOne(m_byProcess, origin.asker.process->hostPid);
    std::string refused;
    if (ofAll.count() > kMostConnections)
        refused = std::format("the sandbox has {} connections open", kMostConnections);
    else if (ofOne.count() > kMostOfOneProcess)
        refused = std::format("its process has {} connections open", kMostOfOneProcess);
    origin.hasClosed = [finder = m_finder.get(), end = ClientEnd(connection)] {
        return finder->isClosed(end);
    };
    if (Names::isSynthetic(connection.destination)) {
        const auto name = m_names.nameOf(connection.destination);
        if (name)
            origin.host = *name;
        else if (refused.empty()) // nobody can say where this should go
            refused = "the address belongs to no name that was asked for";
    }
    if (origin.host.empty())
        origin.host = connection.destination.toString();
    TcpSocket socket(m_executor);
    boost::system::error_code code;
    socket.assign(connection.destination.isV4() ? api::asio::ip::tcp::v4()
                                                : api::asio::ip::tcp::v6(),
                  connection.socket.get(), code);
    if (code)
        co_return;
    std::ignore = connection.socket.release();
    socket.set_option(api::asio::ip::tcp::no_delay(true), code);
    if (!refused.empty()) {
        LogRow row(*m_parts, origin.asker);
        row.take(Wanted{policy::Protocol::Tcp, origin.host, origin.port, "", ""});
        row.refuse(std::move(refused));
        // Closed here, since the destructor of a socket takes its lingering back: a reset, no end.
        socket.set_option(api::asio::socket_base::linger(true, 0), code);
        socket.close(code);
        co_return;
    }
    CapturedFlow flow(*m_parts, std::move(socket), std::move(origin));
    co_await flow.run();
}

Task<void> Airlock::watchExpiry()
{
    policy::Moment looked = policy::momentNow();
    for (;;) {
        const policy::Moment next = m_policy->nextExpiry(looked);
        if (next == policy::Moment::max()) {
            co_await m_expiryChanged.wait();
            continue;
        }
        // Short steps: this timer's clock stands still while the machine sleeps, that of the rules
        // does not.
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - policy::momentNow());
        if (left > 0ms) {
            co_await (m_expiryChanged.wait() || api::sleepFor(std::min(left, 500ms)));
            continue;
        }
        looked = next;
        policyChanged();
    }
}

Task<void> Airlock::sweepFlows()
{
    while (co_await api::sleepFor(1s)) {
        m_flows.sweep();
        giveBackMemory();
    }
}

/// What thousands of connections took stays with the allocator when they have gone, 50 kB each: the
/// heap ends with whatever is still in use. A sandbox that had a busy hour should not cost that for ever.
void Airlock::giveBackMemory()
{
    // Those to origins are kept for a minute longer.
    const std::size_t connections = m_connections + m_pool.size();
    m_mostConnections = std::max(m_mostConnections, connections);
    m_mostHeld = std::max(m_mostHeld, m_prompts->held());
    const bool wereMany =
        m_mostConnections >= kManyConnections && connections <= m_mostConnections / 16;
    const bool wasMuch = m_mostHeld >= kMuchHeld && m_prompts->held() <= m_mostHeld / 16;
    if (!wereMany && !wasMuch)
        return;
    ::malloc_trim(0);
    m_mostConnections = connections;
    m_mostHeld = m_prompts->held();
}

/// A row now and then: there may be thousands a second.
void Airlock::writeNoRoom(std::string_view name)
{
    const auto now = std::chrono::steady_clock::now();
    if (m_noRoomWritten && now - *m_noRoomWritten < kBetweenNoRoom)
        return;
    m_noRoomWritten = now;
    LogRow row(*m_parts, {});
    row.entry.scheme = "dns";
    row.entry.host = name;
    row.entry.port = 53;
    row.refuse("so many other names were asked for within two minutes that this one, and perhaps "
               "more, had no answer (SERVFAIL)");
}

void Airlock::policyChanged()
{
    m_expiryChanged.notifyAll();
    m_flows.decideAgain(*m_policy->matcher());
    m_prompts->decideAgain(
        [this](const Wanted& wanted, const Asker& asker) -> std::optional<Prompts::Outcome> {
            const auto verdict = m_gate->look(wanted, asker);
            if (verdict.action == policy::Action::Ask)
                return std::nullopt;
            return Prompts::Outcome{verdict.pass.verdict == Pass::Verdict::Allow
                                        ? Prompts::Answer::Allow
                                        : Prompts::Answer::Deny,
                                    "", verdict.pass.grant.name()};
        },
        m_answering);
    m_listener.policy(m_policy->generation());
}

Task<void> Airlock::endWithProcess(std::string rule, std::shared_ptr<const FoundProcess> process)
{
    co_await waitEnded(std::move(process));
    api::PatchPolicy patch;
    patch.remove = {rule};
    // Somebody may have removed it already.
    if (const auto removed = m_policy->patch(patch);
        !removed && removed.error().code != ErrorCode::NotFound)
        logWarning("a rule outlives its process: {}", removed.error().message);
}

std::unique_ptr<const policy::ProgramNames> Airlock::namesOf(const std::string& program)
{
    return m_finder ? m_finder->namesOf(program) : nullptr;
}

void Airlock::setSecrets(std::map<std::string, std::string> values,
                         const std::vector<std::string>& names)
{
    m_secrets.replace(std::move(values));
    m_policy->knownSecrets.emplace(names.begin(), names.end());
}

Result<api::PromptAnswered> Airlock::answer(const std::string& prompt,
                                            const api::AnswerPrompt& request)
{
    const bool isAllowed = request.verdict == "allow";
    if (!isAllowed && request.verdict != "deny")
        return fail(ErrorCode::BadRequest, "the answer must be allow or deny");
    const auto scope = policy::scopeFromName(request.scope);
    const auto duration = policy::durationFromName(request.duration);
    if (!scope)
        return fail(ErrorCode::BadRequest, "the scope must be request, path, host or domain");
    if (!duration)
        return fail(ErrorCode::BadRequest,
                    "an answer is good for once, process, 15m, session or always");
    const Result<Prompts::Question> question = m_prompts->find(prompt);
    if (!question)
        return std::unexpected(question.error());
    if (Result<void> checked =
            policy::checkAnswerMethods(question->wanted.request(question->asker), request.methods);
        !checked)
        return std::unexpected(checked.error());
    auto rule =
        policy::ruleOfAnswer(question->wanted.request(question->asker),
                             isAllowed ? policy::Action::Allow : policy::Action::Deny, *scope,
                             *duration, request.methods, std::chrono::system_clock::now());
    api::PromptAnswered answered;
    answered.verdict = request.verdict;
    if (rule) {
        if (*duration == policy::Duration::Process &&
            !(question->asker.process && question->asker.process->process))
            return fail(ErrorCode::Conflict,
                        "the process that asked is not known, so nothing can last as long as it");
        // Whoever was shown such an address and said yes means that address.
        rule->isPrivate = isAllowed && isInnerAddress(question->wanted.host);
        rule->note = "made by an answer to a request that waited";
        // Before the rule that asked: what those above it deny or allow was decided before anybody was
        // asked, and a wide answer must not undo it.
        const policy::Request asked = question->wanted.request(question->asker);
        const auto matcher = m_policy->matcher();
        const policy::Decision decision = matcher->decide(asked, policy::momentNow());
        m_answering = prompt;
        Result<std::string> added =
            m_policy->add(std::move(*rule), decision.rule ? decision.ruleId() : std::string_view());
        m_answering.clear();
        if (!added)
            return std::unexpected(added.error());
        answered.rule = std::move(*added);
        if (*duration == policy::Duration::Process)
            api::spawnDetached(m_executor, endWithProcess(answered.rule, question->asker.process),
                               "a rule that ends with a process");
    }
    const Result<std::int64_t> count =
        m_prompts->answer(prompt, isAllowed ? Prompts::Answer::Allow : Prompts::Answer::Deny, "");
    if (!count)
        return std::unexpected(count.error());
    answered.count = *count;
    return answered;
}

} // namespace caisson::keeper
