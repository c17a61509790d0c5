// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ctl/prompt_notice.h"

#include "backend/ctl/report.h"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <set>

namespace caisson::ctl {

using namespace api::asio::experimental::awaitable_operators;

namespace {

constexpr std::size_t kLongestUrl = 200;
constexpr std::size_t kLongestName = 60;
constexpr std::chrono::seconds kBetweenLines(1);

/// Without its middle where it is long: of a URL, host and last part of the path are at its ends. Cut
/// between characters.
std::string shortened(const std::string& text, std::size_t longest)
{
    if (text.size() <= longest)
        return text;
    const auto isInside = [&](std::size_t at) { return (text[at] & 0xc0) == 0x80; };
    std::size_t head = longest * 2 / 3;
    std::size_t tail = text.size() - longest / 3;
    while (head > 0 && isInside(head))
        --head;
    while (tail < text.size() && isInside(tail))
        ++tail;
    return text.substr(0, head) + "…" + text.substr(tail);
}

/// Whatever a file is called, it does not end the quotes.
std::string quoted(const std::string& name)
{
    std::string text = "\"";
    for (const char c : shortened(name, kLongestName)) {
        if (c == '"' || c == '\\')
            text += '\\';
        text += c;
    }
    return text + '"';
}

} // namespace

std::string noticeOf(const api::Prompt& prompt, const std::string& sandbox)
{
    const std::string& exe = prompt.process.exe;
    const std::string program = exe.empty() ? "a program" : quoted(exe.substr(exe.rfind('/') + 1));
    const std::string what = prompt.method.empty() ? "connect to" : prompt.method;
    return printable(program + " wants to " + what + " " + shortened(prompt.url, kLongestUrl) +
                     " and waits: caissonctl egress answer " + sandbox + " " + prompt.id +
                     " allow|deny");
}

std::string NoticePace::take(std::string notice, Time now)
{
    if (m_held == 0 && (!m_said || now - *m_said >= kBetweenLines)) {
        m_said = now;
        return notice;
    }
    if (m_held++ == 0)
        m_first = std::move(notice);
    return {};
}

NoticePace::Time NoticePace::due() const
{
    return m_said.value_or(Time::min()) + kBetweenLines;
}

std::string NoticePace::held(Time now)
{
    std::string line = std::move(m_first);
    if (m_held > 1)
        line +=
            "; and " + std::to_string(m_held - 1) + (m_held == 2 ? " more waits" : " more wait");
    m_held = 0;
    m_first.clear();
    m_said = now;
    return line;
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
    using Clock = std::chrono::steady_clock;
    NoticePace pace;
    api::Notifier held(co_await api::asio::this_coro::executor);
    std::set<std::string> said;
    const auto notice = [&](const api::Prompt& prompt) {
        if (!isOf(prompt, pid) || !said.insert(prompt.id).second)
            return;
        const std::string line = pace.take(noticeOf(prompt, shown->name), Clock::now());
        if (line.empty())
            held.notifyAll();
        else
            say(line);
    };
    const auto sayHeld = [&]() -> api::Task<void> {
        for (;;) {
            while (!pace.isHolding())
                co_await held.wait();
            if (!co_await api::sleepFor(
                    std::chrono::ceil<std::chrono::milliseconds>(pace.due() - Clock::now())))
                co_return;
            say(pace.held(Clock::now()));
        }
    };
    const auto follow = [&]() -> api::Task<void> {
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
    };
    co_await (follow() || sayHeld());
}

} // namespace caisson::ctl
