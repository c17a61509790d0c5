// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/capture/process_finder.h"
#include "backend/policy/decide.h"

#include <memory>
#include <string>

namespace caisson::keeper {

/// Who asks: the process found at connect, and what it belongs to.
struct Asker
{
    std::shared_ptr<const FoundProcess> process;
    std::string terminal; ///< id; empty: not in one
    std::string exec;     ///< the pid inside of the exec's command; empty: none
};

/// What a sandbox wants, with text of its own: policy::Request only borrows.
struct Wanted
{
    policy::Protocol protocol = policy::Protocol::Https;
    std::string host;
    std::uint16_t port = 443;
    std::string method;
    std::string target; ///< normalised

    policy::Request request(const Asker& asker) const
    {
        policy::Request request{protocol, host, port, method, target, {}, 0};
        if (asker.process) {
            request.process = asker.process->info.exe;
            request.pid = asker.process->info.pid;
            request.otherNames = asker.process->otherNames.get();
        }
        return request;
    }

    std::string_view scheme() const;
    /// For people and the log: "https://example.com:8443/x?y".
    std::string url() const;
};

} // namespace caisson::keeper
