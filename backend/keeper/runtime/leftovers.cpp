// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/runtime/leftovers.h"

#include "backend/base/files.h"
#include "backend/keeper/runtime/cgroups.h"
#include "backend/keeper/runtime/process_handle.h"
#include "backend/keeper/storage/tree.h"

#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace caisson::keeper {

namespace {

using namespace std::chrono_literals;

struct StartedProcess
{
    pid_t pid = 0;
    std::uint64_t startTime = 0; ///< field 22 of /proc/PID/stat
};

/// What crun has written about a container's init.
std::optional<StartedProcess> recordedInit(const std::string& state)
{
    const auto text = readFile(state + "/status");
    if (!text)
        return std::nullopt;
    const auto status = nlohmann::json::parse(*text, nullptr, false);
    if (!status.is_object())
        return std::nullopt;
    const auto pid = status.find("pid");
    const auto start = status.find("process-start-time");
    if (pid == status.end() || start == status.end() || !pid->is_number_integer() ||
        !start->is_number_integer() || *pid <= 0)
        return std::nullopt;
    return StartedProcess{pid->get<pid_t>(), start->get<std::uint64_t>()};
}

std::optional<std::uint64_t> startTime(pid_t pid)
{
    const auto stat = readFile("/proc/" + std::to_string(pid) + "/stat");
    if (!stat)
        return std::nullopt;
    // The second field, the program's name, may have spaces and parentheses; it ends at the last
    // ')'.
    std::size_t at = stat->rfind(')');
    for (int field = 2; field < 22 && at != std::string::npos; ++field)
        at = stat->find(' ', at + 1);
    if (at == std::string::npos)
        return std::nullopt;
    std::uint64_t ticks = 0;
    const char* begin = stat->data() + at + 1;
    if (std::from_chars(begin, stat->data() + stat->size(), ticks).ec != std::errc())
        return std::nullopt;
    return ticks;
}

/// Init takes everything in its pid namespace with it.
Result<void> endInit(const StartedProcess& init)
{
    const auto process = openProcess(init.pid);
    // Looked at once the process is held: a later one of the same number started later.
    if (!process || startTime(init.pid) != init.startTime)
        return {};
    if (auto killed = killProcess(process->get()); !killed)
        return killed;
    if (!waitForEnd(process->get(), 2s))
        return fail(ErrorCode::Timeout, "the sandbox's init does not end");
    return {};
}

} // namespace

std::string cgroupRecord(const std::string& sandboxFolder)
{
    return sandboxFolder + "/cgroups";
}

std::string runtimeStateRoot(const std::string& runFolder)
{
    return runFolder + "/crun";
}

Result<void> removeLeftovers(const std::string& sandboxId, const std::string& sandboxFolder,
                             const std::string& runFolder)
{
    const std::string state = runtimeStateRoot(runFolder) + "/" + sandboxId;
    if (const auto init = recordedInit(state)) {
        if (auto ended = endInit(*init); !ended)
            return ended;
    }
    if (auto removed = removeCgroups(sandboxId, cgroupRecord(sandboxFolder)); !removed)
        return removed;
    return removeTree(state);
}

} // namespace caisson::keeper
