// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/process_tree.h"

#include "backend/init/folder_reader.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace caisson::init {

namespace {

using Process = ProcessTable::Process;

/// A number of decimal digits; -1 if there is none. Moves past it.
long takeNumber(const char*& text)
{
    while (*text == ' ')
        ++text;
    if (*text < '0' || *text > '9')
        return -1;
    long number = 0;
    for (; *text >= '0' && *text <= '9'; ++text)
        number = number * 10 + (*text - '0');
    return number;
}

/// Reads /proc/PID/stat (proc_pid_stat(5)): "pid (comm) state ppid pgrp …".
bool readProcess(int proc, const char* pidText, Process& process)
{
    std::array<char, 32> path{};
    const std::size_t digits = std::strlen(pidText);
    if (digits + sizeof "/stat" > path.size())
        return false;
    std::memcpy(path.data(), pidText, digits);
    std::memcpy(path.data() + digits, "/stat", sizeof "/stat");
    const int fd = ::openat(proc, path.data(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    std::array<char, 512> text{};
    const ssize_t size = ::read(fd, text.data(), text.size() - 1);
    ::close(fd);
    if (size <= 0)
        return false;
    // The command's name may hold anything, parentheses too; nothing after it does.
    const char* at = std::strrchr(text.data(), ')');
    if (at == nullptr || at[1] != ' ')
        return false;
    const char state = at[2];
    at += 3;
    process.parent = static_cast<pid_t>(takeNumber(at));
    process.group = static_cast<pid_t>(takeNumber(at));
    process.stopped = state == 'T' || state == 't' || state == 'Z' || state == 'X';
    process.below = false;
    return true;
}

/// Fills the table, in the order of pids as /proc lists them.
std::size_t readProcesses(ProcessTable& table)
{
    const int proc = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0)
        return 0;
    FolderReader reader(proc, table.folderBuffer.data(), table.folderBuffer.size());
    FolderReader::Entry entry;
    std::size_t count = 0;
    while (count < table.processes.size() && reader.next(entry)) {
        const char* text = entry.name;
        const long pid = takeNumber(text);
        if (pid <= 0 || *text != '\0')
            continue;
        Process& process = table.processes[count];
        process.pid = static_cast<pid_t>(pid);
        if (readProcess(proc, entry.name, process))
            ++count;
    }
    ::close(proc);
    return count;
}

Process* find(ProcessTable& table, std::size_t count, pid_t pid)
{
    const auto end = table.processes.begin() + static_cast<std::ptrdiff_t>(count);
    const auto at = std::lower_bound(table.processes.begin(), end, pid,
                                     [](const Process& p, pid_t wanted) { return p.pid < wanted; });
    return at != end && at->pid == pid ? &*at : nullptr;
}

/// Reads the processes anew and marks those below this one.
std::size_t findTree(ProcessTable& table, std::span<const pid_t> except = {})
{
    const std::size_t count = readProcesses(table);
    const pid_t self = ::getpid();
    // Children mostly have larger pids than their parents, so one round does nearly always.
    for (bool changed = true; changed;) {
        changed = false;
        for (std::size_t i = 0; i < count; ++i) {
            Process& process = table.processes[i];
            if (process.below)
                continue;
            const Process* const parent = find(table, count, process.parent);
            const bool counts = process.parent == self
                                    ? !std::binary_search(except.begin(), except.end(), process.pid)
                                    : parent != nullptr && parent->below;
            if (counts)
                process.below = changed = true;
        }
    }
    return count;
}

void stopTree(ProcessTable& table, std::span<const pid_t> except)
{
    // A process that waits for the child of its vfork(2) stops only after it; hence the bound.
    constexpr int mostRounds = 20;
    const pid_t ownGroup = ::getpgrp();
    for (int round = 0; round < mostRounds; ++round) {
        const std::size_t count = findTree(table, except);
        bool allStopped = true;
        for (std::size_t i = 0; i < count; ++i) {
            const Process& process = table.processes[i];
            if (!process.below || process.stopped)
                continue;
            allStopped = false;
            if (process.group > 1 && process.group != ownGroup)
                ::kill(-process.group, SIGSTOP);
            ::kill(process.pid, SIGSTOP);
        }
        if (allStopped)
            return;
    }
}

} // namespace

void AwaitedChild::note(pid_t reaped, int reapedStatus)
{
    if (reaped != pid || hasEnded)
        return;
    hasEnded = true;
    status = reapedStatus;
}

void signalTree(ProcessTable& table, int signal)
{
    const std::size_t count = findTree(table);
    for (std::size_t i = 0; i < count; ++i) {
        if (!table.processes[i].below)
            continue;
        ::kill(table.processes[i].pid, signal);
        ::kill(table.processes[i].pid, SIGCONT);
    }
}

bool killBelow(ProcessTable& table, std::span<const pid_t> except)
{
    stopTree(table, except);
    bool found = false;
    const std::size_t count = findTree(table, except);
    for (std::size_t i = 0; i < count; ++i) {
        if (!table.processes[i].below)
            continue;
        ::kill(table.processes[i].pid, SIGKILL);
        found = true;
    }
    return found;
}

void killTree(ProcessTable& table, AwaitedChild& child)
{
    sigset_t childEnded;
    sigemptyset(&childEnded);
    sigaddset(&childEnded, SIGCHLD);
    for (;;) {
        killBelow(table);
        for (;;) {
            int status = 0;
            const pid_t pid = ::waitpid(-1, &status, WNOHANG);
            if (pid == 0)
                break;
            // No child at all: what a descendant leaves behind becomes ours, so nothing is below.
            if (pid < 0)
                return;
            child.note(pid, status);
        }
        const timespec moment{0, 5'000'000};
        ::sigtimedwait(&childEnded, nullptr, &moment);
    }
}

} // namespace caisson::init
