// SPDX-License-Identifier: GPL-3.0-or-later
//
// A keeper reduced to its container, for tests: starts a sandbox as the keeper does, with a shell
// in place of caisson-init, and passes this program's standard input and output through to it. One
// line a fact goes to standard error, "name value"; the tests read them.

#include "backend/base/files.h"
#include "backend/keeper/runtime/enter_namespaces.h"
#include "backend/keeper/runtime/leftovers.h"
#include "backend/keeper/runtime/process_handle.h"
#include "backend/keeper/runtime/start_container.h"
#include "backend/keeper/storage/tree.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <format>
#include <iostream>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace caisson;
using namespace caisson::keeper;

struct Arguments
{
    std::string home;
    std::string bases;
    std::string init = "/bin/sh";
    std::int64_t idBase = 0;
    std::string authority;  ///< a file of its certificate
    bool remove = false;    ///< only remove the sandboxes' files
    bool leftovers = false; ///< only do what caissond does for a killed keeper
    api::Sandbox sandbox;
};

[[noreturn]] void failWith(const std::string& message)
{
    std::cerr << "error " << message << std::endl;
    std::exit(1);
}

template<class T>
T valueOf(Result<T> result)
{
    if (!result)
        failWith(result.error().message);
    if constexpr (!std::is_void_v<T>)
        return std::move(*result);
}

api::Mount parseMount(const std::string& text)
{
    const std::size_t first = text.find(':');
    const std::size_t second = text.find(':', first + 1);
    return {text.substr(0, first), text.substr(first + 1, second - first - 1),
            second != std::string::npos};
}

Arguments parse(int argc, char** argv)
{
    Arguments arguments;
    arguments.sandbox.id = "0123456789ab";
    arguments.sandbox.name = "probe";
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string option = argv[i];
        const std::string value = argv[i + 1];
        if (option == "--home")
            arguments.home = value;
        else if (option == "--bases")
            arguments.bases = value;
        else if (option == "--init")
            arguments.init = value;
        else if (option == "--authority")
            arguments.authority = value;
        else if (option == "--id-base")
            arguments.idBase = std::stoll(value);
        else if (option == "--runtime")
            arguments.sandbox.runtime = value;
        else if (option == "--id")
            arguments.sandbox.id = value;
        else if (option == "--name")
            arguments.sandbox.name = value;
        else if (option == "--pids")
            arguments.sandbox.limits.asked.pids = std::stoll(value);
        else if (option == "--memory")
            arguments.sandbox.limits.asked.memory = std::stoll(value);
        else if (option == "--cpus")
            arguments.sandbox.limits.asked.cpus = std::stod(value);
        else if (option == "--env")
            arguments.sandbox.env[value.substr(0, value.find('='))] =
                value.substr(value.find('=') + 1);
        else if (option == "--mount")
            arguments.sandbox.mounts.push_back(parseMount(value));
        else if (option == "--remove")
            arguments.remove = value == "yes";
        else if (option == "--leftovers")
            arguments.leftovers = value == "yes";
        else
            failWith("unknown option " + option);
    }
    return arguments;
}

/// Copies what can be read from one descriptor to another; false at the end.
bool pump(int from, int to)
{
    char buffer[65536];
    const ssize_t got = ::read(from, buffer, sizeof buffer);
    if (got <= 0)
        return false;
    return writeAll(to, {buffer, static_cast<std::size_t>(got)}).has_value();
}

/// Until init has ended and everything it said has been passed on.
void relay(int link, int log, int process)
{
    bool input = true;
    bool output = true;
    bool errors = true;
    while (output || errors) {
        pollfd fds[]{{input ? STDIN_FILENO : -1, POLLIN, 0},
                     {output ? link : -1, POLLIN, 0},
                     {errors ? log : -1, POLLIN, 0}};
        if (::poll(fds, 3, -1) < 0 && errno != EINTR)
            failWith("poll");
        if (fds[0].revents != 0 && !pump(STDIN_FILENO, link)) {
            input = false;
            ::shutdown(link, SHUT_WR);
        }
        if (fds[1].revents != 0)
            output = pump(link, STDOUT_FILENO);
        if (fds[2].revents != 0)
            errors = pump(log, STDERR_FILENO);
    }
    waitForEnd(process, std::chrono::seconds(10));
}

std::int64_t microsecondsSince(std::chrono::steady_clock::time_point start)
{
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                                 start)
        .count();
}

} // namespace

int main(int argc, char** argv)
{
    const auto begin = std::chrono::steady_clock::now();
    ::signal(SIGPIPE, SIG_IGN);
    const Arguments arguments = parse(argc, argv);
    const std::string folder = arguments.home + "/sandboxes/" + arguments.sandbox.id;
    const std::string run = arguments.home + "/run";
    if (arguments.leftovers) {
        valueOf(removeLeftovers(arguments.sandbox.id, folder, run));
        return 0;
    }
    const std::string authority =
        arguments.authority.empty() ? "" : valueOf(readFile(arguments.authority));
    const KeeperNamespaces namespaces = valueOf(enterNamespaces());
    const std::int64_t entered = microsecondsSince(begin);
    if (arguments.remove) {
        valueOf(removeTree(arguments.home + "/sandboxes"));
        return 0;
    }
    for (const std::string& path : {arguments.home + "/sandboxes", folder, run})
        ::mkdir(path.c_str(), 0700);

    int link[2];
    int log[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, link) != 0 ||
        ::pipe2(log, O_CLOEXEC) != 0)
        failWith("no descriptors");
    auto started = startContainer(
        {.sandbox = arguments.sandbox,
         .idBase = arguments.idBase,
         .folder = folder,
         .bases = arguments.bases.empty() ? arguments.home + "/base" : arguments.bases,
         .runFolder = run,
         .initProgram = arguments.init,
         .link = UniqueFd(link[1]),
         .log = log[1],
         .authorityPem = authority},
        namespaces);
    ::close(log[1]);
    if (!started) {
        if (auto removed = removeLeftovers(arguments.sandbox.id, folder, run); !removed)
            std::cerr << "leftovers " << removed.error().message << '\n';
        failWith(started.error().message);
    }
    std::cerr << "keeper " << ::getpid() << '\n'
              << "pid " << started->initPid << '\n'
              << "pids " << started->applied.pids << '\n'
              << "memory " << started->applied.memory << '\n'
              << "cpus " << started->applied.cpus << '\n'
              << "workspace " << started->workspaceHost << '\n'
              << std::format("microseconds {} {}\n", entered, microsecondsSince(begin));
    for (const std::string& note : started->applied.notes)
        std::cerr << "note " << note << '\n';
    std::cerr << "started" << std::endl;

    relay(link[0], log[0], started->process.get());
    int status = 0;
    ::waitpid(started->initPid, &status, 0);
    valueOf(removeLeftovers(arguments.sandbox.id, folder, run));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
