// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ctl/prompt_notice.h"

#include "backend/ctl/report.h"

#include <algorithm>
#include <set>

namespace caisson::ctl {

namespace {

constexpr std::size_t kLongestUrl = 200;

/// Without its middle where it is long: host and last part of the path are at its ends. Cut between
/// characters.
std::string shortened(const std::string& url)
{
    if (url.size() <= kLongestUrl)
        return url;
    const auto isInside = [&](std::size_t at) { return (url[at] & 0xc0) == 0x80; };
    std::size_t head = kLongestUrl * 2 / 3;
    std::size_t tail = url.size() - kLongestUrl / 3;
    while (head > 0 && isInside(head))
        --head;
    while (tail < url.size() && isInside(tail))
        ++tail;
    return url.substr(0, head) + "…" + url.substr(tail);
}

} // namespace

std::string noticeOf(const api::Prompt& prompt, const std::string& sandbox)
{
    const std::string& exe = prompt.process.exe;
    const std::string program = exe.empty() ? "a program" : exe.substr(exe.rfind('/') + 1);
    const std::string what = prompt.method.empty() ? "connect to" : prompt.method;
    return printable(program + " wants to " + what + " " + shortened(prompt.url) +
                     " and waits: caissonctl egress answer " + sandbox + " " + prompt.id +
                     " allow|deny");
}

bool isOf(const api::Prompt& prompt, std::int64_t pid)
{
    if (prompt.process.pid == 0)
        return prompt.terminal.empty();
    return prompt.process.pid == pid ||
           std::ranges::contains(prompt.process.parents, pid, &api::ProcessInfo::pid);
}

api::Task<void> noticePrompts(client::Client& client, std::string sandbox, std::int64_t pid,
                              std::function<void(std::string_view)> say)
{
    const Result<api::Sandbox> shown = co_await client.showSandbox(sandbox);
    if (!shown)
        co_return;
    Result<client::EventStream> events = co_await client.events("");
    if (!events)
        co_return;
    std::set<std::string> said;
    const auto notice = [&](const api::Prompt& prompt) {
        if (isOf(prompt, pid) && said.insert(prompt.id).second)
            say(noticeOf(prompt, shown->name));
    };
    // Those that came before the stream was open.
    if (const Result<api::PromptList> list = co_await client.listPrompts(shown->id)) {
        for (const api::Prompt& prompt : list->prompts)
            notice(prompt);
    }
    for (;;) {
        const auto event = co_await events->next();
        if (!event)
            co_return;
        if (event->first.type == "prompt.created" && event->first.sandbox == shown->id &&
            event->first.prompt)
            notice(*event->first.prompt);
    }
}

} // namespace caisson::ctl
