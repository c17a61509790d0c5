// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/unique_fd.h"
#include "tests/keeper/runtime/temporary_folder.h"

#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace caisson::test {

enum class As { Root, User };

/// The ids of containers started as root. In no /etc/subuid that useradd(8) writes by itself.
inline constexpr std::int64_t kIdBase = 1879048192;

/// A running container_probe, and the shell that is its init.
class RunningContainer
{
public:
    /// `wrapper`: words before the probe's own, e.g. "unshare -m".
    RunningContainer(As as, const std::string& home, const std::vector<std::string>& arguments,
                     const std::vector<std::string>& wrapper);
    RunningContainer(const RunningContainer&) = delete;
    RunningContainer& operator=(const RunningContainer&) = delete;
    /// Ends the shell, and the probe with it.
    ~RunningContainer();

    bool started() const { return m_started; }
    /// Why not.
    const std::string& error() const { return m_error; }

    /// A fact the probe has told: keeper (its process id), pid (init's), pids, memory, cpus,
    /// workspace.
    std::string fact(const std::string& name) const;
    const std::vector<std::string>& notes() const { return m_notes; }
    pid_t initPid() const { return static_cast<pid_t>(std::stol(fact("pid"))); }
    pid_t probePid() const { return static_cast<pid_t>(std::stol(fact("keeper"))); }

    /// What a script says inside, on both streams, without the last newline. The shell is dash:
    /// a child of init's, so that an "exit" or a failed fork does not end the container.
    std::string run(const std::string& script);

    /// Closes the shell's input and waits; the probe's exit code.
    int finish();

private:
    std::string readUntil(const std::string& mark);
    void readFacts();

    pid_t m_probe = -1;
    UniqueFd m_input;
    UniqueFd m_output;
    UniqueFd m_errors;
    bool m_started = false;
    std::string m_error;
    std::map<std::string, std::string> m_facts;
    std::vector<std::string> m_notes;
    int m_exitCode = -1;
    unsigned m_scripts = 0;
};

/// Containers as root and as an ordinary user, each in a home of its own below a folder that only
/// its owner may pass. Bases are shared with other cases, before and at the same time, as sandboxes
/// share them: building one takes longer than most cases.
class ContainerTest : public testing::TestWithParam<As>
{
protected:
    void SetUp() override;
    void TearDown() override;

    std::unique_ptr<RunningContainer> start(std::vector<std::string> arguments = {},
                                            std::vector<std::string> wrapper = {});

    bool asRoot() const { return GetParam() == As::Root; }
    const std::string& home() const { return m_home; }
    std::string sandboxFolder() const { return m_home + "/sandboxes/0123456789ab"; }
    std::string syscallProbe() const { return m_home + "/tools/syscall_probe"; }
    /// The host's user that starts the containers.
    uid_t starter() const { return m_starter; }

    /// A folder of the starter's, e.g. to be mounted.
    std::string makeFolder(const std::string& name);

    /// Runs a shell command on the host as the starter; what it says on both streams.
    std::string onHost(const std::string& command);

private:
    std::unique_ptr<TemporaryFolder> m_folder;
    std::string m_home;
    uid_t m_starter = 0;
};

/// For INSTANTIATE_TEST_SUITE_P.
std::string asName(const testing::TestParamInfo<As>& info);

} // namespace caisson::test
