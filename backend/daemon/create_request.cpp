// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/daemon/create_request.h"

#include "backend/api/names.h"
#include "backend/policy/policy_file.h"
#include "backend/policy/secret_check.h"

namespace caisson::daemon {

namespace {

/// Less than this and init itself does not fit.
constexpr std::int64_t kLeastMemory = 16 * 1024 * 1024;
/// caisson-init has five threads, and each command two processes or threads beside its own.
constexpr std::int64_t kLeastPids = 10;
constexpr std::int64_t kMostPids = 4 * 1024 * 1024; // pid_max of a 64-bit kernel, proc(5)
constexpr double kLeastCpus = 0.01;

Result<void> notBuilt(const char* what)
{
    return fail(ErrorCode::NotBuilt,
                std::string(what) + " is not built yet in this version; leave it out");
}

} // namespace

Result<void> checkCreateRequest(const api::CreateSandbox& request,
                                const std::set<std::string>& secrets)
{
    if (request.image != "host")
        return notBuilt("an image other than \"host\"");
    if (!request.from.empty())
        return notBuilt("making a sandbox from a snapshot");
    if (!request.sleepAfter.empty())
        return notBuilt("sleeping when idle");
    if (!request.disk.empty())
        return notBuilt("a limit on disk space");
    if (!request.runtime.empty() && request.runtime != "crun")
        return notBuilt("a runtime other than crun");
    const api::Limits& limits = request.limits;
    if (limits.memory != 0 && limits.memory < kLeastMemory)
        return fail(ErrorCode::BadRequest, "a memory limit must be at least 16 MiB");
    if (limits.pids != 0 && (limits.pids < kLeastPids || limits.pids > kMostPids))
        return fail(
            ErrorCode::BadRequest,
            "a limit on processes must be 10 to 4194304: those of Caisson inside count, too");
    if (limits.cpus != 0 && !(limits.cpus >= kLeastCpus && limits.cpus <= 10'000))
        return fail(ErrorCode::BadRequest, "a limit on CPUs must be 0.01 to 10000");
    for (const auto& [name, value] : request.env) {
        if (Result<void> checked = api::checkVariableName(name); !checked)
            return checked;
        if (value.find('\0') != std::string::npos)
            return fail(ErrorCode::BadRequest, "the variable \"" + name + "\" holds a NUL byte");
    }
    if (!request.policy.empty()) {
        const Result<policy::Policy> policy = policy::parsePolicy(request.policy);
        if (!policy)
            return std::unexpected(policy.error());
        if (Result<void> stored = policy::checkSecrets(*policy, secrets, {}, request.policy);
            !stored)
            return stored;
    }
    return {};
}

} // namespace caisson::daemon
