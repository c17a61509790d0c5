// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/keeper/runtime/container_fixture.h"

#include "backend/base/files.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <format>
#include <pwd.h>
#include <sstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace caisson::test {

namespace {

constexpr const char* kTestUser = "caisson-test";

struct Pipe
{
    Pipe()
    {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0)
            std::abort();
        readEnd.reset(ends[0]);
        writeEnd.reset(ends[1]);
    }
    UniqueFd readEnd;
    UniqueFd writeEnd;
};

/// Starts a command with the given streams; -1 for a stream leaves it as it is.
pid_t spawn(std::vector<std::string> words, int input, int output, int errors)
{
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        if ((input >= 0 && ::dup2(input, 0) < 0) || (output >= 0 && ::dup2(output, 1) < 0) ||
            (errors >= 0 && ::dup2(errors, 2) < 0))
            ::_exit(127);
        ::execvp(argv[0], argv.data());
        ::_exit(127);
    }
    return child;
}

int waitFor(pid_t process)
{
    int status = 0;
    while (::waitpid(process, &status, 0) < 0) {
        if (errno != EINTR)
            return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// One folder a user, as a user's sandboxes share it.
std::string basesBeside(const std::string& home)
{
    struct stat status{};
    ::stat(home.c_str(), &status);
    return std::format("{}/caisson-test-bases-{}", home.substr(0, home.rfind('/')), status.st_uid);
}

/// Cases run at once and in processes of their own: the first one makes the user.
const passwd* ensureTestUser()
{
    const UniqueFd lock(::open("/tmp/caisson-test-user.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ::flock(lock.get(), LOCK_EX);
    if (const passwd* user = ::getpwnam(kTestUser))
        return user;
    const pid_t useradd =
        spawn({"useradd", "--create-home", "--shell", "/bin/bash", kTestUser}, -1, -1, -1);
    if (waitFor(useradd) != 0)
        return nullptr;
    return ::getpwnam(kTestUser);
}

std::vector<std::string> asUser(As as, std::vector<std::string> words)
{
    if (as == As::User && ::geteuid() == 0)
        words.insert(words.begin(), {"runuser", "-u", kTestUser, "--"});
    return words;
}

} // namespace

RunningContainer::RunningContainer(As as, const std::string& home,
                                   const std::vector<std::string>& arguments,
                                   const std::vector<std::string>& wrapper)
{
    std::vector<std::string> words = wrapper;
    words.insert(words.end(), {home + "/tools/container_probe", "--home", home, "--bases",
                               basesBeside(home), "--id-base", std::to_string(kIdBase)});
    words.insert(words.end(), arguments.begin(), arguments.end());
    Pipe input;
    Pipe output;
    Pipe errors;
    m_probe = spawn(asUser(as, std::move(words)), input.readEnd.get(), output.writeEnd.get(),
                    errors.writeEnd.get());
    m_input = std::move(input.writeEnd);
    m_output = std::move(output.readEnd);
    m_errors = std::move(errors.readEnd);
    errors.writeEnd.reset();
    readFacts();
}

RunningContainer::~RunningContainer()
{
    finish();
}

void RunningContainer::readFacts()
{
    std::string text;
    char byte;
    while (!text.ends_with("started\n") && ::read(m_errors.get(), &byte, 1) == 1)
        text += byte;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t space = line.find(' ');
        const std::string name = line.substr(0, space);
        const std::string value = space == std::string::npos ? "" : line.substr(space + 1);
        if (name == "started")
            m_started = true;
        else if (name == "note")
            m_notes.push_back(value);
        else if (name == "error")
            m_error = value;
        else
            m_facts[name] = value;
    }
    if (!m_started && m_error.empty())
        m_error = text.empty() ? "container_probe said nothing" : text;
}

std::string RunningContainer::fact(const std::string& name) const
{
    const auto found = m_facts.find(name);
    return found == m_facts.end() ? std::string() : found->second;
}

std::string RunningContainer::run(const std::string& script)
{
    // A mark that the script does not contain as such.
    const std::string mark = std::format("--end-{}-of-script--", ++m_scripts);
    std::string line = std::format("/bin/sh 2>&1 <<'--script--'\n{}\n--script--\n"
                                   "echo --end-{}-of-'script--'\n",
                                   script, m_scripts);
    if (!writeAll(m_input.get(), line))
        return "(the container is gone)";
    return readUntil(mark + "\n");
}

std::string RunningContainer::readUntil(const std::string& mark)
{
    std::string text;
    char buffer[4096];
    while (!text.ends_with(mark)) {
        const ssize_t got = ::read(m_output.get(), buffer, sizeof buffer);
        if (got <= 0)
            return text + "(the container is gone)";
        text.append(buffer, static_cast<std::size_t>(got));
    }
    text.resize(text.size() - mark.size());
    if (text.ends_with('\n'))
        text.pop_back();
    return text;
}

int RunningContainer::finish()
{
    m_input.reset();
    if (m_probe > 0)
        m_exitCode = waitFor(m_probe);
    m_probe = -1;
    return m_exitCode;
}

void ContainerTest::SetUp()
{
    if (asRoot() && ::geteuid() != 0)
        GTEST_SKIP() << "containers of root's need root: run the tests as root as well";
    m_starter = ::geteuid();
    std::string parent = "/var/tmp";
    if (!asRoot() && ::geteuid() == 0) {
        const passwd* user = ensureTestUser();
        ASSERT_TRUE(user) << "useradd cannot make the user " << kTestUser;
        m_starter = user->pw_uid;
        parent = user->pw_dir;
    }
    m_folder = std::make_unique<TemporaryFolder>(parent);
    m_home = m_folder->path();
    std::filesystem::create_directory(m_home + "/tools");
    for (const char* program : {CONTAINER_PROBE, SYSCALL_PROBE})
        std::filesystem::copy(program, m_home + "/tools");
    for (const char* path : {"", "/tools"})
        ASSERT_EQ(::chown((m_home + path).c_str(), m_starter, m_starter), 0);
}

void ContainerTest::TearDown()
{
    if (!m_folder || ::geteuid() == 0)
        return;
    // Without root, files of the sandbox's other ids are only removed inside a user namespace.
    onHost(m_home + "/tools/container_probe --home " + m_home + " --remove yes");
}

std::unique_ptr<RunningContainer> ContainerTest::start(std::vector<std::string> arguments,
                                                       std::vector<std::string> wrapper)
{
    auto container = std::make_unique<RunningContainer>(GetParam(), m_home, arguments, wrapper);
    EXPECT_TRUE(container->started()) << container->error();
    return container;
}

std::string ContainerTest::makeFolder(const std::string& name)
{
    const std::string path = m_home + "/" + name;
    std::filesystem::create_directory(path);
    EXPECT_EQ(::chown(path.c_str(), m_starter, m_starter), 0);
    return path;
}

std::string ContainerTest::onHost(const std::string& command)
{
    Pipe output;
    const pid_t shell = spawn(asUser(GetParam(), {"/bin/sh", "-c", command}), -1,
                              output.writeEnd.get(), output.writeEnd.get());
    output.writeEnd.reset();
    std::string text;
    char buffer[4096];
    for (ssize_t got; (got = ::read(output.readEnd.get(), buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(got));
    waitFor(shell);
    if (text.ends_with('\n'))
        text.pop_back();
    return text;
}

std::string asName(const testing::TestParamInfo<As>& info)
{
    return info.param == As::Root ? "Root" : "User";
}

} // namespace caisson::test
