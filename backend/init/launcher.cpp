// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/launcher.h"

#include "backend/api/names.h"
#include "backend/init/missing_program.h"
#include "backend/init/pty.h"
#include "backend/init/thread_lender.h"
#include "backend/init/users.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace caisson::init {

namespace {

constexpr std::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::string_view kDefaultFolder = "/workspace";

rlimit g_originalFileLimit{};

Result<void> checkRequest(const api::ExecRequest& request)
{
    const auto holdsNul = [](const std::string& text) { return text.contains('\0'); };
    if (request.argv.empty() && !request.tty)
        return fail(ErrorCode::BadRequest, "a command needs at least one word: argv is empty");
    for (const std::string& word : request.argv) {
        if (holdsNul(word))
            return fail(ErrorCode::BadRequest, "an argument holds a NUL byte");
    }
    for (const auto& [name, value] : request.env) {
        if (Result<void> named = api::checkVariableName(name); !named)
            return named;
        if (holdsNul(value))
            return fail(ErrorCode::BadRequest, "the value of " + name + " holds a NUL byte");
    }
    if (!request.cwd.empty() && (request.cwd.front() != '/' || holdsNul(request.cwd)))
        return fail(ErrorCode::BadRequest,
                    "the working directory is not an absolute path; begin it with /");
    if (request.timeoutMs < 0)
        return fail(ErrorCode::BadRequest, "a timeout is not negative");
    return {};
}

/// init's own environment holds what the sandbox was created with; then the user's; last what was
/// asked for.
std::map<std::string, std::string> makeEnvironment(const api::ExecRequest& request,
                                                   const Identity& identity)
{
    std::map<std::string, std::string> env;
    for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
        const std::string_view text(*variable);
        const std::size_t equals = text.find('=');
        if (equals != text.npos && equals != 0)
            env.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    env.emplace("PATH", kDefaultPath);
    env.emplace("LANG", "C.UTF-8");
    env.emplace("CAISSON", "1");
    if (request.tty)
        env.emplace("TERM", "xterm-256color");
    env["HOME"] = identity.home;
    env["USER"] = identity.name;
    for (const auto& [name, value] : request.env)
        env[name] = value;
    return env;
}

/// The paths argv[0] may mean. An empty element of PATH is the working directory (execvp(3)).
std::vector<std::string> candidates(const std::string& program, std::string_view path)
{
    if (program.contains('/'))
        return {program};
    std::vector<std::string> paths;
    if (program.empty())
        return paths;
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = std::min(path.find(':', begin), path.size());
        const std::string_view folder = path.substr(begin, end - begin);
        paths.push_back(folder.empty() ? "./" + program : std::string(folder) + "/" + program);
        begin = end + 1;
    }
    return paths;
}

/// The null-terminated array of C strings that exec takes. Points into `strings`.
std::vector<char*> toArray(std::vector<std::string>& strings)
{
    std::vector<char*> array;
    for (std::string& string : strings)
        array.push_back(string.data());
    array.push_back(nullptr);
    return array;
}

Result<void> makePipe(UniqueFd& readEnd, UniqueFd& writeEnd)
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return failErrno("cannot make a pipe");
    readEnd.reset(ends[0]);
    writeEnd.reset(ends[1]);
    return {};
}

/// The descriptors of a command: init's ends in `ours`, its own in the rest.
struct Streams
{
    UniqueFd input;
    UniqueFd output;
    UniqueFd error;
};

Result<Streams> makePipes(Launched& ours)
{
    Streams streams;
    Result<void> made = makePipe(streams.input, ours.input);
    if (made)
        made = makePipe(ours.output, streams.output);
    if (made)
        made = makePipe(ours.error, streams.error);
    if (!made)
        return std::unexpected(made.error());
    for (const UniqueFd* const fd : {&ours.input, &ours.output, &ours.error}) {
        if (::fcntl(fd->get(), F_SETFL, O_NONBLOCK) != 0)
            return failErrno("cannot set up a pipe");
    }
    return streams;
}

Result<Streams> makeTerminal(Launched& ours, const api::ExecRequest& request, uid_t owner)
{
    Result<Pty> pty = openPty(request.cols, request.rows, owner);
    if (!pty)
        return std::unexpected(pty.error());
    // A descriptor of its own for each direction, so that each can be waited on and closed.
    ours.output.reset(::fcntl(pty->master.get(), F_DUPFD_CLOEXEC, 0));
    if (!ours.output)
        return failErrno("cannot set up a terminal");
    ours.input = std::move(pty->master);
    return Streams{std::move(pty->slave), {}, {}};
}

/// A plan and all it points to.
struct PlanMemory
{
    std::vector<std::string> words;
    std::vector<std::string> variables;
    std::vector<std::string> programs;
    std::vector<char*> argv;
    std::vector<char*> env;
    std::vector<char*> programArray;
    std::vector<gid_t> groups;
    std::string cwd;
    CommandPlan plan;
};

/// All of a plan but its descriptors.
CommandPlan& fillPlan(PlanMemory& memory, const api::ExecRequest& request, Identity identity)
{
    memory.words = request.argv;
    if (memory.words.empty())
        memory.words.push_back(identity.shell);
    const auto environment = makeEnvironment(request, identity);
    memory.programs = candidates(memory.words.front(), environment.at("PATH"));
    for (const auto& [name, value] : environment)
        memory.variables.push_back(name + "=" + value);
    memory.argv = toArray(memory.words);
    memory.env = toArray(memory.variables);
    memory.programArray = toArray(memory.programs);
    memory.groups = std::move(identity.groups);
    memory.cwd = request.cwd.empty() ? std::string(kDefaultFolder) : request.cwd;

    CommandPlan& plan = memory.plan;
    plan.argv = memory.argv.data();
    plan.env = memory.env.data();
    plan.programs = memory.programArray.data();
    plan.cwd = memory.cwd.c_str();
    plan.uid = identity.uid;
    plan.gid = identity.gid;
    plan.groups = memory.groups.data();
    plan.groupCount = memory.groups.size();
    plan.sameUser = identity.uid == ::geteuid() && identity.gid == ::getegid();
    plan.tty = request.tty;
    plan.files = g_originalFileLimit;
    plan.timeoutMs = request.timeoutMs;
    return plan;
}

/// Idle threads cost a page or two each; a busy sandbox need not make them anew all the time.
constexpr std::size_t kMostIdle = 8;

} // namespace

struct Launched::Supervision
{
    PlanMemory memory;
    std::unique_ptr<ThreadLender> lender;
    bool hasEnded = false;
    bool isReported = false;
};

namespace {

int runSupervisor(void* supervision)
{
    auto& start = *static_cast<Launched::Supervision*>(supervision);
    supervise(start.memory.plan, start.lender->memory().table);
}

pid_t startSupervisor(Launched::Supervision& supervision)
{
    auto& stack = supervision.lender->memory().stack;
    return ::clone(runSupervisor, stack.data() + stack.size(), CLONE_VM | CLONE_SETTLS | SIGCHLD,
                   &supervision, nullptr, supervision.lender->threadPointer(), nullptr);
}

} // namespace

Launcher::Launcher() = default;
Launcher::~Launcher() = default;

Result<Launched> Launcher::launch(const api::ExecRequest& request)
{
    if (Result<void> checked = checkRequest(request); !checked)
        return std::unexpected(checked.error());
    Result<Identity> identity = findUser(request.user);
    if (!identity)
        return std::unexpected(identity.error());

    Launched ours;
    Result<Streams> streams =
        request.tty ? makeTerminal(ours, request, identity->uid) : makePipes(ours);
    if (!streams)
        return std::unexpected(streams.error());
    int control[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0)
        return failErrno("cannot make a socket");
    ours.control.reset(control[0]);
    const UniqueFd supervisorEnd(control[1]);
    if (::fcntl(ours.control.get(), F_SETFL, O_NONBLOCK) != 0)
        return failErrno("cannot set up a socket");

    auto supervision = std::make_shared<Supervision>();
    CommandPlan& plan = fillPlan(supervision->memory, request, *std::move(identity));
    plan.input = streams->input.get();
    plan.output = request.tty ? plan.input : streams->output.get();
    plan.error = request.tty ? plan.input : streams->error.get();
    plan.control = supervisorEnd.get();

    if (m_idle.empty()) {
        supervision->lender = ThreadLender::create();
    } else {
        supervision->lender = std::move(m_idle.back());
        m_idle.pop_back();
    }
    const pid_t supervisor = supervision->lender ? startSupervisor(*supervision) : -1;
    if (supervisor < 0) {
        return std::unexpected(
            launchError(request, {SupervisorReport::Kind::Failed, errno, LaunchStep::Fork}));
    }
    m_running[supervisor] = supervision;
    ours.supervision = std::move(supervision);
    return ours;
}

void Launcher::reported(const Launched& launched)
{
    launched.supervision->isReported = true;
    settle(*launched.supervision);
}

bool Launcher::reaped(pid_t pid)
{
    const auto found = m_running.find(pid);
    if (found == m_running.end())
        return false;
    const std::shared_ptr<Supervision> supervision = std::move(found->second);
    m_running.erase(found);
    supervision->hasEnded = true;
    settle(*supervision);
    return true;
}

void Launcher::stopped(pid_t pid) const
{
    if (m_running.contains(pid))
        ::kill(pid, SIGCONT);
}

std::vector<pid_t> Launcher::supervisors() const
{
    std::vector<pid_t> pids;
    for (const auto& [pid, supervision] : m_running)
        pids.push_back(pid);
    return pids;
}

void Launcher::settle(Supervision& supervision)
{
    if (!supervision.hasEnded || !supervision.isReported)
        return;
    if (m_idle.size() < kMostIdle)
        m_idle.push_back(std::move(supervision.lender));
    supervision.lender.reset();
}

Error launchError(const api::ExecRequest& request, const SupervisorReport& report)
{
    const int number = report.value;
    const auto coded = [](ErrorCode code, const std::string& what, int reason) {
        Error error = errnoError(reason, what);
        error.code = code;
        return error;
    };
    switch (report.step) {
    case LaunchStep::Fork:
        if (number == EAGAIN) {
            return {ErrorCode::Conflict,
                    "cannot start a process: the sandbox is at its limit of processes; end some, "
                    "or create the sandbox with more",
                    {}};
        }
        return errnoError(number, "cannot start a process");
    case LaunchStep::Terminal:
        return errnoError(number, "cannot make the terminal the command's own");
    case LaunchStep::User:
        if (number == EINVAL) // setresuid(2): not in this user namespace
            return {ErrorCode::BadRequest,
                    "the sandbox does not have the id of user \"" + request.user +
                        "\"; those it has are in its /proc/self/uid_map",
                    {}};
        return errnoError(number, "cannot become user \"" + request.user + "\"");
    case LaunchStep::Folder: {
        const std::string cwd = request.cwd.empty() ? std::string(kDefaultFolder) : request.cwd;
        if (number == ENOENT)
            return {ErrorCode::NotFound, "the working directory " + cwd + " does not exist", {}};
        return errnoError(number, "cannot enter the working directory " + cwd);
    }
    case LaunchStep::Program:
        break;
    }
    const std::string program =
        request.argv.empty() ? "the user's shell" : "\"" + request.argv.front() + "\"";
    std::string path = request.argv.empty() ? std::string() : request.argv.front();
    if (path.contains('/') && !path.starts_with('/'))
        path = (request.cwd.empty() ? std::string(kDefaultFolder) : request.cwd) + "/" + path;
    switch (number) {
    case ENOENT:
        if (const std::string why = path.starts_with('/') ? missingInterpreter(path) : "";
            !why.empty())
            return {ErrorCode::CommandNotFound, program + " " + why, {}};
        [[fallthrough]];
    case ENOTDIR:
    case ENAMETOOLONG:
        return {
            ErrorCode::CommandNotFound, "there is no program " + program + " in the sandbox", {}};
    case E2BIG:
        return coded(ErrorCode::TooLarge, "cannot execute " + program, number);
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case EIO:
        return errnoError(number, "cannot execute " + program);
    default:
        return coded(ErrorCode::CommandNotExecutable, "cannot execute " + program, number);
    }
}

void raiseFileLimit()
{
    if (::getrlimit(RLIMIT_NOFILE, &g_originalFileLimit) != 0)
        return;
    const rlimit raised{g_originalFileLimit.rlim_max, g_originalFileLimit.rlim_max};
    // Up to the hard limit anybody may raise it.
    ::setrlimit(RLIMIT_NOFILE, &raised);
}

} // namespace caisson::init
