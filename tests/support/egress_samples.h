// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"

#include <string>

namespace caisson::test {

/// curl, started by node, started by npm, started by an agent.
inline api::EgressProcess sampleProcess()
{
    return {.pid = 4312,
            .exe = "/usr/bin/curl",
            .cmdline = "curl -fsS -X POST https://api.example.com/v1/orders -d @order.json",
            .parents = {{.pid = 4300, .exe = "/usr/bin/node", .cmdline = "node build.js"},
                        {.pid = 4290, .exe = "/usr/bin/npm", .cmdline = "npm run build"},
                        {.pid = 4100, .exe = "/usr/local/bin/agent", .cmdline = "agent"}}};
}

inline api::Prompt samplePrompt(const std::string& host = "api.example.com",
                                const std::string& method = "POST",
                                const std::string& path = "/v1/orders")
{
    api::Prompt prompt;
    prompt.method = method;
    prompt.scheme = "https";
    prompt.host = host;
    prompt.port = 443;
    prompt.path = path;
    prompt.url = "https://" + host + path;
    prompt.process = sampleProcess();
    return prompt;
}

inline api::EgressEntry sampleEntry(const std::string& verdict, const std::string& method,
                                    const std::string& host, const std::string& path,
                                    std::int64_t status)
{
    api::EgressEntry entry;
    entry.verdict = verdict;
    entry.rule = verdict == "deny" ? "default" : "r1";
    entry.why = verdict == "deny" ? "No rule fits, and the policy denies what no rule fits."
                                  : "The rule “r1” allows it.";
    entry.method = method;
    entry.scheme = "https";
    entry.host = host;
    entry.port = 443;
    entry.path = path;
    entry.status = status;
    entry.ms = 84.2;
    entry.bytesOut = 512;
    entry.bytesIn = 48'213;
    entry.generation = 3;
    entry.protocol = "h2";
    entry.contentType = "application/json";
    entry.address = "203.0.113.7";
    entry.process = sampleProcess();
    return entry;
}

inline api::EgressRule sampleRule(const std::string& id, const std::string& action,
                                  const std::string& host)
{
    api::EgressRule rule;
    rule.id = id;
    rule.action = action;
    rule.host = host;
    return rule;
}

} // namespace caisson::test
