// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/codec.h"
#include "backend/ctl/copy.h"
#include "backend/ctl/report.h"
#include "backend/ctl/verbs.h"

#include <CLI/CLI.hpp>
#include <ctime>
#include <format>

namespace caisson::ctl {

namespace {

/// A path inside as the API has it: from the root. Others are below the working directory.
std::string insidePath(const std::string& given)
{
    return given.starts_with('/') ? given : joinPath("/workspace", given);
}

char typeLetter(api::FileType type)
{
    switch (type) {
    case api::FileType::File:
        return '-';
    case api::FileType::Directory:
        return 'd';
    case api::FileType::Symlink:
        return 'l';
    case api::FileType::Fifo:
        return 'p';
    case api::FileType::Socket:
        return 's';
    case api::FileType::Device:
        return 'c';
    }
    return '?';
}

/// In this machine's time zone.
std::string timeText(std::int64_t milliseconds)
{
    const std::time_t seconds = milliseconds / 1000;
    std::tm parts = {};
    char text[32] = {};
    if (::localtime_r(&seconds, &parts) != nullptr)
        std::strftime(text, sizeof text, "%F %H:%M", &parts);
    return text;
}

std::string nameText(const api::FileEntry& entry)
{
    std::string text = entry.name.bytes;
    if (entry.linkTarget)
        text += " -> " + entry.linkTarget->bytes;
    return text;
}

std::string fileTable(const std::vector<api::FileEntry>& entries)
{
    using enum Table::Align;
    Table table({"MODE", "OWNER", "SIZE", "MODIFIED", "NAME"}, {Left, Left, Right});
    for (const api::FileEntry& entry : entries) {
        table.addRow({typeLetter(entry.type) + modeText(entry.mode),
                      std::format("{}:{}", entry.uid, entry.gid), humanSize(entry.size),
                      timeText(entry.mtimeMs), nameText(entry)});
    }
    return table.text();
}

/// A folder's entries, or the one entry of what is no folder.
api::Task<Result<std::vector<api::FileEntry>>>
entriesAt(Session& session, const std::string& sandbox, const std::string& path)
{
    Result<api::FileList> list = co_await session.client.listFolder(sandbox, path);
    if (list)
        co_return std::move(list->entries);
    if (list.error().code != ErrorCode::NotADirectory)
        co_return std::unexpected(list.error());
    Result<api::FileEntry> entry = co_await session.client.statFile(sandbox, path);
    if (!entry)
        co_return std::unexpected(entry.error());
    co_return std::vector{*std::move(entry)};
}

api::Task<Result<int>> listFiles(Session& session, const std::string& sandbox,
                                 const std::string& path)
{
    const Result<std::vector<api::FileEntry>> entries =
        co_await entriesAt(session, sandbox, insidePath(path));
    if (!entries)
        co_return std::unexpected(entries.error());
    if (session.form == OutputForm::People)
        co_return printAndFinish(fileTable(*entries));
    std::vector<std::string> elements;
    for (const api::FileEntry& entry : *entries)
        elements.push_back(api::toJson(entry));
    co_return printAndFinish(jsonArray(elements) + "\n");
}

std::string eventText(const api::WatchEvent& event)
{
    std::string text = event.type;
    if (event.path)
        text += " " + event.path->bytes;
    if (event.from)
        text += " " + event.from->bytes;
    if (event.to)
        text += " -> " + event.to->bytes;
    return printable(text) + "\n";
}

struct WatchOptions
{
    std::string sandbox;
    std::string path;
    std::vector<std::string> include;
    std::vector<std::string> exclude;
};

/// Until the sandbox stops; Ctrl-C ends the program as it does any.
api::Task<Result<int>> watch(Session& session, const WatchOptions& options)
{
    Result<client::WatchStream> stream = co_await session.client.watch(
        options.sandbox, insidePath(options.path), options.include, options.exclude);
    if (!stream)
        co_return std::unexpected(stream.error());
    for (;;) {
        const Result<api::WatchEvent> event = co_await stream->next();
        if (!event)
            co_return std::unexpected(event.error());
        const std::string line =
            session.form == OutputForm::Json ? api::toJson(*event) + "\n" : eventText(*event);
        if (Result<void> done = print(line); !done)
            co_return std::unexpected(done.error());
        if (event->type == "stopped")
            co_return kExitDone;
    }
}

struct CopyOptions
{
    std::string source;
    std::string target;
};

api::Task<Result<int>> copy(Session& session, const CopyOptions& options)
{
    const std::optional<SandboxPath> source = parseSandboxPath(options.source);
    const std::optional<SandboxPath> target = parseSandboxPath(options.target);
    if (source.has_value() == target.has_value()) {
        complain("cp: one side, and only one, must be in a sandbox: NAME:/path");
        co_return kExitWrongUse;
    }
    const std::string& sandbox = source ? source->sandbox : target->sandbox;
    if (Result<void> said = co_await announceStart(session, sandbox); !said)
        co_return std::unexpected(said.error());
    // Reading a file looks only, and looking starts nothing; copying does.
    if (const Result<api::Sandbox> started = co_await session.client.startSandbox(sandbox);
        !started)
        co_return std::unexpected(started.error());
    if (source)
        co_return co_await copyOut(session, *source, options.target);
    co_return co_await copyIn(session, options.source, *target);
}

} // namespace

void addFileVerbs(CLI::App& app, Choice& choice)
{
    auto copied = std::make_shared<CopyOptions>();
    CLI::App* copyVerb =
        app.add_subcommand("cp", "Copy files and folders in or out; - is standard input or output");
    copyVerb->add_option("SRC", copied->source, "NAME:/path, or a path of this machine")
        ->required()
        ->type_name("");
    copyVerb->add_option("DST", copied->target, "The other of the two")->required()->type_name("");
    copyVerb->callback(
        [&choice, copied] { choice.verb = [copied](Session& s) { return copy(s, *copied); }; });

    auto watched = std::make_shared<WatchOptions>();
    CLI::App* listVerb = app.add_subcommand("ls-files", "List a folder inside");
    listVerb->add_option("NAME", watched->sandbox, "Name or id of the sandbox")
        ->required()
        ->type_name("");
    listVerb->add_option("PATH", watched->path, "The folder")->required()->type_name("");
    listVerb->callback([&choice, watched] {
        choice.verb = [watched](Session& s) {
            return listFiles(s, watched->sandbox, watched->path);
        };
    });

    CLI::App* watchVerb = app.add_subcommand("watch", "Print what changes below a folder inside");
    watchVerb->add_option("NAME", watched->sandbox, "Name or id of the sandbox")
        ->required()
        ->type_name("");
    watchVerb->add_option("PATH", watched->path, "The folder")->required()->type_name("");
    watchVerb->add_option("--include", watched->include, "Only paths that fit")
        ->type_name("GLOB")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    watchVerb->add_option("--exclude", watched->exclude, "No paths that fit")
        ->type_name("GLOB")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    watchVerb->callback(
        [&choice, watched] { choice.verb = [watched](Session& s) { return watch(s, *watched); }; });
}

} // namespace caisson::ctl
