// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/runtime/oci_runtime.h"

#include "backend/base/files.h"
#include "backend/keeper/storage/helper_process.h"
#include "backend/keeper/storage/mount_api.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <iterator>
#include <optional>
#include <sstream>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <vector>

namespace caisson::keeper {

namespace {

Result<std::string> findProgram(const std::string& program)
{
    if (program.contains('/'))
        return program;
    const char* path = std::getenv("PATH");
    std::istringstream folders(path ? path : "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
    for (std::string folder; std::getline(folders, folder, ':');) {
        std::string candidate = folder + "/" + program;
        if (::access(candidate.c_str(), X_OK) == 0)
            return candidate;
    }
    return fail(ErrorCode::RuntimeFailed,
                "the OCI runtime " + program + " is not installed (or not in PATH)");
}

/// The runtime's program on a read-only mount of its own. A process of a container could otherwise
/// overwrite the program that enters it (CVE-2019-5736); crun would guard itself by starting once
/// more from such a mount, and sees that it need not: 2 ms of a start.
Result<UniqueFd> openReadOnly(const std::string& program)
{
    auto mount = cloneMount(program, Submounts::Leave);
    if (!mount)
        return mount;
    if (auto set = setMountAttributes(mount->get(), MOUNT_ATTR_RDONLY, Submounts::Leave); !set)
        return std::unexpected(set.error());
    return mount;
}

/// The runtime gives its standard streams to the container's root (fchown(2)): a file would become
/// the sandbox's to rewrite, and /dev/null has been turned over to a sandbox by it.
Result<void> checkStream(int fd)
{
    struct stat status{};
    if (::fstat(fd, &status) != 0)
        return failErrno("a stream of init is not open");
    if (!S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode))
        return fail(ErrorCode::Internal, "a stream of init must be a pipe or a socket");
    return {};
}

/// Everything the child needs, ready before vfork(2). Until run() executes the runtime, the child
/// may share this process's memory while this thread waits.
class RuntimeProcess
{
public:
    RuntimeProcess(int program, std::vector<std::string> words, const RuntimeCall& call,
                   const Cgroups& cgroups)
        : m_program(program)
        , m_words(std::move(words))
        , m_call(call)
        , m_cgroups(cgroups)
        , m_filter(argumentFilter(call.specialModes))
    {
        for (std::string& word : m_words)
            m_argv.push_back(word.data());
        m_argv.push_back(nullptr);
        // The runtime needs the path for newuidmap, nothing of the keeper's environment else.
        const char* path = std::getenv("PATH");
        m_path = std::string("PATH=") + (path ? path : "/usr/sbin:/usr/bin:/sbin:/bin");
        m_environment = {m_path.data(), nullptr};
    }

    [[noreturn]] void run(bool isInUnified) const
    {
        for (const UniqueFd& entry : m_cgroups.entries())
            enter(entry);
        if (m_cgroups.unified() && !isInUnified)
            enter(m_cgroups.unified()->entry);
        if (m_cgroups.processLimit() > 0) {
            const auto limit = static_cast<rlim_t>(m_cgroups.processLimit());
            const rlimit processes{limit, limit};
            if (::setrlimit(RLIMIT_NPROC, &processes) != 0)
                ::_exit(kNotInCgroup);
        }
        if (!applyFilter(m_filter))
            ::_exit(kNotFiltered);
        // No handler of this process's may run in the child, nor may the runtime inherit what
        // this process ignores.
        for (int signal = 1; signal < NSIG; ++signal)
            ::signal(signal, SIG_DFL);
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        // dup2(2) leaves a descriptor as it is, to be closed by exec, when it has the number
        // already.
        if (::dup2(m_call.link, 0) < 0 || ::dup2(m_call.link, 1) < 0 || ::dup2(m_call.log, 2) < 0)
            ::_exit(kNoStreams);
        ::execveat(m_program, "", m_argv.data(), m_environment.data(), AT_EMPTY_PATH);
        ::_exit(kNotExecuted);
    }

    // Not used by crun and runc themselves, which exit with 0, 1 or what they were killed by.
    static constexpr int kNotInCgroup = 120;
    static constexpr int kNoStreams = 121;
    static constexpr int kNotFiltered = 122;
    static constexpr int kNotExecuted = 123;

private:
    static void enter(const UniqueFd& entry)
    {
        if (::write(entry.get(), "0", 1) != 1)
            ::_exit(kNotInCgroup);
    }

    int m_program;
    std::vector<std::string> m_words;
    const RuntimeCall& m_call;
    const Cgroups& m_cgroups;
    const std::vector<sock_filter> m_filter;
    std::vector<char*> m_argv;
    std::string m_path;
    std::array<char*, 2> m_environment{};
};

/// Starts the runtime and waits for its end; its exit code as reap() gives it.
int runToTheEnd(const RuntimeProcess& process, const std::optional<Cgroups::Unified>& group)
{
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t child = group ? forkInto(group->folder.get()) : -1;
    const bool isInUnified = child >= 0;
    if (child < 0)
        child = ::vfork();
    if (child == 0)
        process.run(isInUnified);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return child < 0 ? -1 : reap(child);
}

Error runtimeError(const RuntimeCall& call, int code, const std::string& logFile)
{
    std::string why;
    if (const auto log = readFile(logFile))
        why = *log;
    while (why.ends_with('\n'))
        why.pop_back();
    if (code == RuntimeProcess::kNotInCgroup)
        why = "it could not be started inside the sandbox's limits";
    else if (code == RuntimeProcess::kNotFiltered)
        why = "the kernel refuses its system call filter";
    else if (code == RuntimeProcess::kNotExecuted)
        why = "it could not be executed";
    else if (why.empty())
        why = "it ended with code " + std::to_string(code);
    return {ErrorCode::RuntimeFailed, call.program + " cannot start the sandbox: " + why, {}};
}

Result<pid_t> readPid(const std::string& path)
{
    const auto text = readFile(path);
    if (!text)
        return std::unexpected(text.error());
    pid_t pid = 0;
    if (std::from_chars(text->data(), text->data() + text->size(), pid).ec != std::errc() ||
        pid <= 0)
        return fail(ErrorCode::RuntimeFailed, "the OCI runtime wrote no process id");
    return pid;
}

/// proc_pid_children(5), which is exact here, since no child is reaped meanwhile. Empty on a kernel
/// without it.
std::vector<pid_t> childProcesses()
{
    std::vector<pid_t> children;
    std::error_code error;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task", error)) {
        // A thread that has ended meanwhile has none.
        std::istringstream listed(readFile(thread.path() / "children").value_or(""));
        children.insert(children.end(), std::istream_iterator<pid_t>(listed), {});
    }
    return children;
}

/// crun starts init from a process in between, which may end later than crun itself and is nobody's
/// to wait for but its subreaper's: this process.
void reapAllBut(pid_t init)
{
    for (const pid_t child : childProcesses()) {
        if (child != init)
            reap(child);
    }
}

} // namespace

Result<pid_t> runContainer(const RuntimeCall& call, const Cgroups& cgroups)
{
    for (const int stream : {call.link, call.log}) {
        if (auto checked = checkStream(stream); !checked)
            return std::unexpected(checked.error());
    }
    const auto path = findProgram(call.program);
    if (!path)
        return std::unexpected(path.error());
    const auto program = openReadOnly(*path);
    if (!program)
        return std::unexpected(program.error());

    const std::string logFile = call.bundle + "/runtime.log";
    const std::string pidFile = call.bundle + "/init.pid";
    std::vector<std::string> words{*path,       "--root",     call.stateRoot, "--log",
                                   logFile,     "run",        "--detach",     "--bundle",
                                   call.bundle, "--pid-file", pidFile,        call.container};
    // The keeper has made the groups, and keeps them (cgroups.h). An option of crun's.
    if (path->ends_with("/crun"))
        words.insert(words.begin() + 1, "--cgroup-manager=disabled");
    const RuntimeProcess process(program->get(), std::move(words), call, cgroups);
    const int code = runToTheEnd(process, cgroups.unified());
    if (code < 0)
        return failErrno("cannot start the OCI runtime");
    if (code != 0)
        return std::unexpected(runtimeError(call, code, logFile));
    const auto init = readPid(pidFile);
    if (init)
        reapAllBut(*init);
    return init;
}

} // namespace caisson::keeper
