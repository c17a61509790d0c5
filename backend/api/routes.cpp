// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/routes.h"

#include "backend/api/codec.h"
#include "backend/api/http.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <vector>

namespace caisson::api {

namespace {

using enum ServedBy;
using enum Touch;

/// Of the data of an exec's events: start, stdout and stderr, exit.
std::string execEventSchema()
{
    return "{\"anyOf\":[" + schemaOf<StreamControl>() + "," + schemaOf<OutputChunk>() + "," +
           schemaOf<ExitStatus>() + "]}";
}

constexpr std::array kRoutes{
    Route{"health", "GET", "/health", Daemon, Looks, AnswerKind::Json, 200,
          "Whether the service is up, and its version", nullptr, schemaOf<Health>},
    Route{"openapi", "GET", "/v1/openapi.json", Daemon, Looks, AnswerKind::Json, 200,
          "This document"},
    Route{"host", "GET", "/v1/host", Daemon, Looks, AnswerKind::Json, 200,
          "What this host is and can do", nullptr, schemaOf<HostInfo>},
    Route{"events", "GET", "/v1/events", Daemon, Looks, AnswerKind::Events, 200,
          "Every change of state, from a cursor on", nullptr, schemaOf<Event>, "since",
          "Last-Event-ID"},

    Route{"createSandbox", "POST", "/v1/sandboxes", Daemon, Looks, AnswerKind::Json, 201,
          "Make a sandbox and, unless told not to, start it", schemaOf<CreateSandbox>,
          schemaOf<Sandbox>},
    Route{"listSandboxes", "GET", "/v1/sandboxes", Daemon, Looks, AnswerKind::Json, 200,
          "All sandboxes of this user", nullptr, schemaOf<SandboxList>},
    Route{"showSandbox", "GET", "/v1/sandboxes/{id}", Daemon, Looks, AnswerKind::Json, 200,
          "One sandbox, by id or name", nullptr, schemaOf<Sandbox>},
    Route{"patchSandbox", "PATCH", "/v1/sandboxes/{id}", Daemon, Looks, AnswerKind::Json, 200,
          "Rename a sandbox or change its labels", schemaOf<PatchSandbox>, schemaOf<Sandbox>},
    Route{"removeSandbox", "DELETE", "/v1/sandboxes/{id}", Daemon, Looks, AnswerKind::Nothing, 204,
          "Remove a sandbox and everything in it; a running one is ended first"},
    Route{"startSandbox", "POST", "/v1/sandboxes/{id}/start", Daemon, Looks, AnswerKind::Json, 200,
          "Start a sandbox; nothing happens to one that runs", nullptr, schemaOf<Sandbox>},
    Route{"stopSandbox", "POST", "/v1/sandboxes/{id}/stop", Daemon, Looks, AnswerKind::Json, 200,
          "End a sandbox's processes; its files stay", nullptr, schemaOf<Sandbox>},

    Route{"execSocket", "GET", "/v1/sandboxes/{id}/exec", Keeper, Acts, AnswerKind::WebSocket, 101,
          "Run a command with input and output. The first text frame is the request; binary frames "
          "are one byte of stream (0 in, 1 out, 2 err) and bytes",
          schemaOf<ExecRequest>, schemaOf<StreamControl>},
    Route{"exec", "POST", "/v1/sandboxes/{id}/exec", Keeper, Acts, AnswerKind::Events, 200,
          "Run a command without input: start, stdout, stderr, exit", schemaOf<ExecRequest>,
          execEventSchema},

    Route{"createTerminal", "POST", "/v1/sandboxes/{id}/terminals", Keeper, Acts, AnswerKind::Json,
          201, "Open a terminal", schemaOf<CreateTerminal>, schemaOf<Terminal>},
    Route{"listTerminals", "GET", "/v1/sandboxes/{id}/terminals", Keeper, Looks, AnswerKind::Json,
          200, "The sandbox's terminals", nullptr, schemaOf<TerminalList>},
    Route{"attachTerminal", "GET", "/v1/sandboxes/{id}/terminals/{terminal}", Keeper, Looks,
          AnswerKind::WebSocket, 101,
          "A terminal's bytes from an offset on. Binary frames are bytes, text frames control",
          nullptr, schemaOf<StreamControl>, "since"},
    Route{"patchTerminal", "PATCH", "/v1/sandboxes/{id}/terminals/{terminal}", Keeper, Looks,
          AnswerKind::Json, 200, "Rename or resize a terminal", schemaOf<PatchTerminal>,
          schemaOf<Terminal>},
    Route{"removeTerminal", "DELETE", "/v1/sandboxes/{id}/terminals/{terminal}", Keeper, Looks,
          AnswerKind::Nothing, 204, "End a terminal's processes and drop its journal"},

    Route{"getFile", "GET", "/v1/sandboxes/{id}/files/{path...}", Keeper, Looks, AnswerKind::Bytes,
          200, "A file's bytes; one Range of them with 206", nullptr, nullptr, "",
          "Range If-Range"},
    Route{"statFile", "HEAD", "/v1/sandboxes/{id}/files/{path...}", Keeper, Looks,
          AnswerKind::Nothing, 200, "A file's size, ETag and kind, in headers"},
    Route{"putFile", "PUT", "/v1/sandboxes/{id}/files/{path...}", Keeper, Acts, AnswerKind::Json,
          200, "Replace a file atomically; If-Match and If-None-Match: * are honoured", nullptr,
          schemaOf<FileEntry>, "mode parents?", "If-Match If-None-Match"},
    Route{"removeFile", "DELETE", "/v1/sandboxes/{id}/files/{path...}", Keeper, Acts,
          AnswerKind::Nothing, 204,
          "Remove a file, or a folder with ?recursive=1; If-Match is honoured", nullptr, nullptr,
          "recursive?", "If-Match"},
    Route{"fileAction", "POST", "/v1/sandboxes/{id}/files/{path...}", Keeper, Acts,
          AnswerKind::Json, 200, "Make a folder; move or copy", schemaOf<FileAction>,
          schemaOf<FileEntry>},
    Route{"listFolder", "GET", "/v1/sandboxes/{id}/tree/{path...}", Keeper, Looks, AnswerKind::Json,
          200,
          "The entries of one folder; ?stat=1: one entry for the path itself, with &follow=0 for "
          "a symlink and not what it leads to",
          nullptr, schemaOf<FileList>, "stat? follow?"},
    Route{"watch", "GET", "/v1/sandboxes/{id}/watch", Keeper, Looks, AnswerKind::Events, 200,
          "Changes below a folder", nullptr, schemaOf<WatchEvent>, "path include exclude since",
          "Last-Event-ID"},

    Route{"showPolicy", "GET", "/v1/sandboxes/{id}/egress/policy", Keeper, Looks, AnswerKind::Json,
          200, "What the sandbox may reach: the rules in force, also as a policy file", nullptr,
          schemaOf<EgressPolicy>},
    Route{"putPolicy", "PUT", "/v1/sandboxes/{id}/egress/policy", Keeper, Looks, AnswerKind::Json,
          200,
          "Replace the policy; refused whole, with line and column, if anything is wrong in it",
          schemaOf<PutPolicy>, schemaOf<EgressPolicy>},
    Route{"patchPolicy", "PATCH", "/v1/sandboxes/{id}/egress/policy", Keeper, Looks,
          AnswerKind::Json, 200, "Add, change and remove rules, all or nothing",
          schemaOf<PatchPolicy>, schemaOf<EgressPolicy>},
    Route{"explainEgress", "POST", "/v1/sandboxes/{id}/egress/explain", Keeper, Looks,
          AnswerKind::Json, 200, "What would become of a request, and by which rule",
          schemaOf<ExplainRequest>, schemaOf<Explanation>},
    Route{"listPrompts", "GET", "/v1/sandboxes/{id}/egress/prompts", Keeper, Looks,
          AnswerKind::Json, 200, "Requests that wait for a person's answer", nullptr,
          schemaOf<PromptList>},
    Route{"answerPrompt", "POST", "/v1/sandboxes/{id}/egress/prompts/{prompt}", Keeper, Looks,
          AnswerKind::Json, 200,
          "Let a waiting request go on, or refuse it; the first answer counts",
          schemaOf<AnswerPrompt>, schemaOf<PromptAnswered>},
    Route{"egressLog", "GET", "/v1/sandboxes/{id}/egress/log", Keeper, Looks, AnswerKind::Json, 200,
          "Requests and refused flows, newest first: those with ids below `before` and above "
          "`after`; ?follow=1: as events after row `after` (else from now on), with its id as "
          "cursor. "
          "A row with the flag open is of a flow that goes on: once it is over it has its last "
          "figures, and comes once more as an event, with a cursor of its own",
          nullptr, schemaOf<EgressLog>,
          "before after limit text verdict host method rule terminal follow?", "Last-Event-ID",
          schemaOf<EgressEntry>},
    Route{"egressHar", "GET", "/v1/sandboxes/{id}/egress/log.har", Keeper, Looks, AnswerKind::Json,
          200, "The whole log as HAR 1.2"},

    Route{"listSecrets", "GET", "/v1/secrets", Daemon, Looks, AnswerKind::Json, 200,
          "Names of the secrets, where they were used and how long they last; never their values",
          nullptr, schemaOf<SecretList>},
    Route{"unlockSecrets", "POST", "/v1/secrets", Daemon, Looks, AnswerKind::Json, 200,
          "Open the encrypted file of secrets with its passphrase", schemaOf<UnlockSecrets>,
          schemaOf<SecretList>},
    Route{"putSecret", "PUT", "/v1/secrets/{name}", Daemon, Looks, AnswerKind::Json, 200,
          "Set or replace a secret that policies refer to as ${secret:NAME}", schemaOf<PutSecret>,
          schemaOf<SecretInfo>},
    Route{"removeSecret", "DELETE", "/v1/secrets/{name}", Daemon, Looks, AnswerKind::Nothing, 204,
          "Forget a secret; keepers forget it, too"},
};

constexpr std::array<std::string_view, 4> kFlagValues{"1", "0", "true", "false"};

std::vector<std::string_view> split(std::string_view text, char separator)
{
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == text.npos)
            return parts;
        text.remove_prefix(end + 1);
    }
}

/// Whether `path`'s segments fit the pattern; fills in the raw parameters.
bool fits(std::string_view pattern, std::string_view path,
          std::vector<std::pair<std::string_view, std::string_view>>& found)
{
    found.clear();
    while (true) {
        if (pattern.starts_with('{')) {
            const std::string_view name = pattern.substr(1, pattern.find('}') - 1);
            if (name.ends_with("...")) {
                found.emplace_back(name.substr(0, name.size() - 3), path);
                return true;
            }
            const std::size_t end = std::min(path.find('/'), path.size());
            if (end == 0)
                return false;
            found.emplace_back(name, path.substr(0, end));
            pattern.remove_prefix(name.size() + 2);
            path.remove_prefix(end);
        }
        if (pattern.empty() || path.empty())
            return pattern.empty() && path.empty();
        if (pattern.front() != path.front())
            return false;
        pattern.remove_prefix(1);
        path.remove_prefix(1);
    }
}

Result<void> parseQuery(std::string_view text, RouteMatch& match)
{
    if (text.empty())
        return {};
    for (const std::string_view part : split(text, '&')) {
        const std::size_t equals = part.find('=');
        Result<std::string> name = percentDecode(part.substr(0, equals));
        Result<std::string> value =
            percentDecode(equals == part.npos ? std::string_view() : part.substr(equals + 1));
        if (!name || !value)
            return std::unexpected(name ? value.error() : name.error());
        const auto parameters = split(match.route->query, ' ');
        const bool isFlag = std::ranges::contains(parameters, *name + "?");
        if (name->empty() || (!isFlag && !std::ranges::contains(parameters, *name)))
            return fail(ErrorCode::BadRequest,
                        "the query parameter \"" + name->substr(0, 64) + "\" is not known");
        if (isFlag && equals == part.npos)
            *value = "1";
        if (isFlag && !std::ranges::contains(kFlagValues, *value))
            return fail(ErrorCode::BadRequest,
                        "the query parameter \"" + *name + "\" is 1 or 0, true or false");
        // Repeated parameters (include, exclude) are joined by lines, which no glob contains.
        std::string& slot = match.query[*name];
        slot += (slot.empty() ? "" : "\n") + *value;
    }
    return {};
}

} // namespace

std::span<const Route> routes()
{
    return kRoutes;
}

bool answersStopped(const Route& route)
{
    // A policy, and what was asked for, belong to the sandbox and not to its running.
    return route.servedBy == ServedBy::Keeper && route.pattern.contains("/egress/");
}

const std::string& RouteMatch::parameter(std::string_view name) const
{
    const auto found = parameters.find(name);
    assert(found != parameters.end());
    return found->second;
}

std::optional<std::string> RouteMatch::queryValue(std::string_view name) const
{
    const auto found = query.find(name);
    return found == query.end() ? std::nullopt : std::optional(found->second);
}

bool RouteMatch::flag(std::string_view name, bool otherwise) const
{
    const std::optional<std::string> value = queryValue(name);
    return value ? *value == "1" || *value == "true" : otherwise;
}

Result<RouteMatch> matchRoute(std::string_view method, std::string_view target)
{
    const std::size_t question = std::min(target.find('?'), target.size());
    const std::string_view path = target.substr(0, question);
    std::vector<std::pair<std::string_view, std::string_view>> found;
    std::string allowed;
    for (const Route& route : kRoutes) {
        if (!fits(route.pattern, path, found))
            continue;
        if (route.method != method) {
            allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
            continue;
        }
        RouteMatch match{&route, {}, {}};
        for (const auto& [name, value] : found) {
            Result<std::string> decoded = percentDecode(value);
            if (!decoded)
                return std::unexpected(decoded.error());
            match.parameters[std::string(name)] = std::move(*decoded);
        }
        if (question < target.size()) {
            if (Result<void> parsed = parseQuery(target.substr(question + 1), match); !parsed)
                return std::unexpected(parsed.error());
        }
        return match;
    }
    if (!allowed.empty())
        return fail(ErrorCode::MethodNotAllowed,
                    "that path does not answer to this method, but to " + allowed,
                    {{"allow", allowed}});
    if (path.contains("//") || (path.size() > 1 && path.ends_with('/')))
        return fail(ErrorCode::NotFound, "a name or id in the path is empty");
    return fail(ErrorCode::NotFound, "there is no such path; GET /v1/openapi.json lists them all");
}

} // namespace caisson::api
