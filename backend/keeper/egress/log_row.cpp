// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/clock.h"
#include "backend/keeper/egress/airlock_parts.h"

namespace caisson::keeper {

LogRow::LogRow(const AirlockParts& parts, const Asker& asker)
    : m_log(parts.log)
    , m_gate(parts.gate)
{
    entry.time = nowRfc3339();
    entry.verdict = "deny";
    entry.rule = "default";
    entry.generation = m_gate.generation();
    if (asker.process)
        entry.process = asker.process->info;
    entry.terminal = asker.terminal;
    entry.exec = asker.exec;
}

LogRow::~LogRow()
{
    if (m_isDropped)
        return;
    entry.ms = took();
    if (entry.id == 0)
        m_log.add(std::move(entry));
    else
        m_log.end(std::move(entry));
}

double LogRow::took() const
{
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - m_began)
        .count();
}

void LogRow::writeOpen()
{
    if (entry.id != 0 || m_isDropped)
        return;
    api::EgressEntry open = entry;
    open.flag = kOpenFlag;
    open.ms = took();
    entry.id = m_log.add(std::move(open));
}

void LogRow::take(const Wanted& wanted)
{
    entry.method = wanted.method;
    entry.scheme = wanted.scheme();
    entry.host = wanted.host;
    entry.port = wanted.port;
    const std::size_t query = wanted.target.find('?');
    entry.path = wanted.target.substr(0, query);
    entry.query = query == std::string::npos ? "" : wanted.target.substr(query + 1);
}

void LogRow::take(const Pass& pass)
{
    entry.rule = pass.grant.name();
    entry.why = pass.why;
    entry.generation = pass.generation;
    entry.verdict = pass.verdict != Pass::Verdict::Allow ? "deny"
                    : pass.grant.isTunnel                ? "tunnel"
                                                         : "allow";
}

void LogRow::refuse(std::string why)
{
    entry.verdict = "deny";
    if (!why.empty() && why.front() >= 'a' && why.front() <= 'z')
        why.front() = static_cast<char>(why.front() - 'a' + 'A');
    if (!why.ends_with('.'))
        why += '.';
    entry.why = std::move(why);
}

void LogRow::fail(const Error& error)
{
    if (error.code != ErrorCode::PermissionDenied) {
        entry.why += " But " + error.message + ".";
        return;
    }
    refuse(error.message);
    if (const auto rule = error.detail.find("rule"); rule != error.detail.end())
        entry.rule = rule->second;
}

void LogRow::refuseLeak(const std::string& secret)
{
    refuse("the placeholder of the secret \"" + secret + "\" was sent where no rule puts it in");
    entry.flag = "placeholder"; // not `secret`: none was put in
}

void LogRow::refuseChanged(const Wanted& wanted, const Asker& asker)
{
    take(m_gate.look(wanted, asker).pass);
    refuse("the policy was changed, and would not let it pass now");
}

} // namespace caisson::keeper
