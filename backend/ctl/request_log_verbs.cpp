// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/codec.h"
#include "backend/api/entry_url.h"
#include "backend/ctl/egress_verbs.h"
#include "backend/ctl/report.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <format>
#include <optional>
#include <ranges>
#include <set>

namespace caisson::ctl {

namespace {

constexpr std::int64_t kRowsShown = 1000;
constexpr std::int64_t kRowsAPage = 1000;      ///< as many as the service gives at once
constexpr std::string_view kOpenFlag = "open"; ///< of a row whose flow goes on

struct LogOptions
{
    std::string sandbox;
    bool follows = false;
    client::LogFilter filter{.limit = kRowsShown};
};

std::string baseName(std::string_view path)
{
    return std::string(path.substr(path.rfind('/') + 1));
}

std::string targetOf(const api::EgressEntry& entry)
{
    const std::string odd = api::oddTargetOf(entry);
    return api::urlOf(entry) + (odd.empty() ? "" : ", asked for " + odd);
}

/// One row for people: in columns that rows to come can keep to.
std::string lineOf(const api::EgressEntry& entry)
{
    const std::string status = entry.status > 0 ? std::to_string(entry.status) : "-";
    std::string line = std::format(
        "{:<24}  {:<6}  {:<3}  {:>7}  {:>6}  {:<14}  {:<12}  {} {}", entry.time, entry.verdict,
        status, humanSize(entry.bytesOut + entry.bytesIn), std::format("{:.0f}ms", entry.ms),
        entry.rule, entry.process.exe.empty() ? "?" : baseName(entry.process.exe),
        entry.method.empty() ? "-" : entry.method, targetOf(entry));
    if (!entry.secret.empty())
        line += "  +" + entry.secret;
    if (!entry.flag.empty())
        line += "  !" + entry.flag;
    return printable(line) + "\n";
}

std::string titleLine()
{
    return std::format("{:<24}  {:<6}  {:<3}  {:>7}  {:>6}  {:<14}  {:<12}  {}\n", "TIME",
                       "VERDICT", "ST", "BYTES", "TOOK", "RULE", "PROGRAM", "REQUEST");
}

std::string textOf(const Session& session, const api::EgressEntry& entry)
{
    return session.form == OutputForm::Json ? api::toJson(entry) + "\n" : lineOf(entry);
}

/// The newest rows that fit, newest first.
api::Task<Result<std::vector<api::EgressEntry>>> newestRows(Session& session,
                                                            const LogOptions& options)
{
    std::vector<api::EgressEntry> rows;
    client::LogFilter filter = options.filter;
    for (;;) {
        const std::int64_t missing = options.filter.limit - static_cast<std::int64_t>(rows.size());
        filter.limit = std::min(missing, kRowsAPage);
        Result<api::EgressLog> page = co_await session.client.egressLog(options.sandbox, filter);
        if (!page)
            co_return std::unexpected(page.error());
        rows.insert(rows.end(), std::make_move_iterator(page->entries.begin()),
                    std::make_move_iterator(page->entries.end()));
        filter.before = page->next;
        if (page->next == 0 || page->entries.empty() ||
            static_cast<std::int64_t>(rows.size()) >= options.filter.limit)
            co_return rows;
    }
}

api::Task<Result<int>> log(Session& session, const LogOptions& options)
{
    std::optional<client::LogStream> stream;
    if (options.follows) {
        // Opened before the rows that are there are read: none falls in between.
        client::LogFilter filter = options.filter;
        filter.limit = 0;
        Result<client::LogStream> opened =
            co_await session.client.followEgressLog(options.sandbox, std::move(filter));
        if (!opened)
            co_return std::unexpected(opened.error());
        stream.emplace(std::move(*opened));
    }
    const auto rows = co_await newestRows(session, options);
    if (!rows)
        co_return std::unexpected(rows.error());
    std::string text = session.form == OutputForm::Json ? "" : titleLine();
    for (const api::EgressEntry& entry : std::views::reverse(*rows))
        text += textOf(session, entry);
    if (Result<void> printed = print(text); !printed)
        co_return std::unexpected(printed.error());
    if (!stream)
        co_return kExitDone;
    const std::int64_t shown = rows->empty() ? 0 : rows->front().id;
    // A row that came open comes once more when it is over.
    std::set<std::int64_t> shownWhole;
    for (const api::EgressEntry& entry : *rows) {
        if (entry.flag != kOpenFlag)
            shownWhole.insert(entry.id);
    }
    for (;;) {
        const Result<api::EgressEntry> entry = co_await stream->next();
        if (!entry && entry.error().code == ErrorCode::Unavailable) {
            complain("the log has ended: " + options.sandbox + " does not run");
            co_return kExitDone;
        }
        if (!entry)
            co_return std::unexpected(entry.error());
        const bool isOver = stream->cursor() != entry->id;
        if (isOver ? shownWhole.contains(entry->id) : entry->id <= shown)
            continue;
        if (Result<void> printed = print(textOf(session, *entry)); !printed)
            co_return std::unexpected(printed.error());
    }
}

api::Task<Result<int>> har(Session& session, const std::string& sandbox)
{
    Result<client::FileDownload> download = co_await session.client.egressHar(sandbox);
    if (!download)
        co_return std::unexpected(download.error());
    std::vector<char> room(64 * 1024);
    for (;;) {
        const Result<std::size_t> got = co_await download->read(room);
        if (!got)
            co_return fail(got.error().code, "the log ended in the middle: " + got.error().message);
        if (*got == 0)
            co_return kExitDone;
        if (Result<void> printed = print({room.data(), *got}); !printed)
            co_return std::unexpected(printed.error());
    }
}

} // namespace

void addRequestLogVerbs(CLI::App& egress, Choice& choice)
{
    auto options = std::make_shared<LogOptions>();
    CLI::App* logVerb = egress.add_subcommand(
        "log", "Show requests and what became of them, the newest last; --json: one a line");
    logVerb->add_option("NAME", options->sandbox, "Name or id of the sandbox")
        ->required()
        ->type_name("");
    logVerb->add_flag("-f,--follow", options->follows, "Go on as they come");
    logVerb->add_option("--verdict", options->filter.verdict, "Only those with this one")
        ->type_name("V")
        ->check(CLI::IsMember({"allow", "deny", "tunnel"}));
    logVerb
        ->add_option("--host", options->filter.host,
                     "Only to this host, or below it; or to a pattern such as *.example.org")
        ->type_name("HOST");
    logVerb->add_option("--method", options->filter.method, "Only with this method")
        ->type_name("M");
    logVerb->add_option("--rule", options->filter.rule, "Only those that this rule decided")
        ->type_name("ID");
    logVerb->add_option("--terminal", options->filter.terminal, "Only from this terminal")
        ->type_name("ID");
    logVerb->add_option("--text", options->filter.text, "Only with each of these words anywhere")
        ->type_name("TEXT");
    logVerb->add_option("--limit", options->filter.limit, "How many at most; 1000 if left out")
        ->type_name("N")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{100'000}));
    logVerb->callback(
        [&choice, options] { choice.verb = [options](Session& s) { return log(s, *options); }; });

    auto sandbox = std::make_shared<std::string>();
    CLI::App* harVerb =
        egress.add_subcommand("har", "Write the whole log as HAR 1.2 to standard output");
    harVerb->add_option("NAME", *sandbox, "Name or id of the sandbox")->required()->type_name("");
    harVerb->callback(
        [&choice, sandbox] { choice.verb = [sandbox](Session& s) { return har(s, *sandbox); }; });
}

} // namespace caisson::ctl
