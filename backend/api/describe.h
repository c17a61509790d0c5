// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/initwire.h"
#include "backend/api/keeperlink.h"
#include "backend/api/types.h"

#include <array>
#include <string_view>
#include <utility>

/// The names of all messages' fields in JSON, each written once. A visitor is called with every
/// field's name and a reference to it: the reader, the writer and the schema maker of codec.cpp.
/// A field wrapped in whenSet() is left out where it is empty: "", 0, no elements. One wrapped in
/// demanded() has to be there when it is read: what it would be otherwise is nobody's word.
namespace caisson::api {

template<class Enum>
using EnumWords = std::pair<Enum, std::string_view>;

inline constexpr std::array kWords_SandboxState{
    EnumWords<SandboxState>{SandboxState::Starting, "starting"},
    EnumWords<SandboxState>{SandboxState::Running, "running"},
    EnumWords<SandboxState>{SandboxState::Sleeping, "sleeping"},
    EnumWords<SandboxState>{SandboxState::Stopped, "stopped"},
    EnumWords<SandboxState>{SandboxState::Failed, "failed"},
};
constexpr const auto& wordsOf(SandboxState)
{
    return kWords_SandboxState;
}

inline constexpr std::array kWords_FileType{
    EnumWords<FileType>{FileType::File, "file"},
    EnumWords<FileType>{FileType::Directory, "directory"},
    EnumWords<FileType>{FileType::Symlink, "symlink"},
    EnumWords<FileType>{FileType::Fifo, "fifo"},
    EnumWords<FileType>{FileType::Socket, "socket"},
    EnumWords<FileType>{FileType::Device, "device"},
};
constexpr const auto& wordsOf(FileType)
{
    return kWords_FileType;
}

template<class T>
struct WhenSet
{
    T& value;
};

template<class T>
WhenSet<T> whenSet(T& value)
{
    return {value};
}

template<class T>
struct Demanded
{
    T& value;
};

template<class T>
Demanded<T> demanded(T& value)
{
    return {value};
}

#define CAISSON_DESCRIBE(Type)                                                                     \
    template<class Visitor>                                                                        \
    void describe(Visitor& v, [[maybe_unused]] Type& m)

CAISSON_DESCRIBE(Mount)
{
    v("source", m.source);
    v("target", m.target);
    v("read_only", m.readOnly);
}

CAISSON_DESCRIBE(Limits)
{
    v("memory", m.memory);
    v("cpus", m.cpus);
    v("pids", m.pids);
}

CAISSON_DESCRIBE(AppliedLimits)
{
    v("memory", m.memory);
    v("cpus", m.cpus);
    v("pids", m.pids);
    v("notes", m.notes);
}

CAISSON_DESCRIBE(SandboxLimits)
{
    v("asked", m.asked);
    v("applied", m.applied);
}

CAISSON_DESCRIBE(CreateSandbox)
{
    v("name", m.name);
    v("start", m.start);
    v("image", m.image);
    v("runtime", m.runtime);
    v("limits", m.limits);
    v("env", m.env);
    v("mounts", m.mounts);
    v("labels", m.labels);
    v("from", m.from);
    v("policy", m.policy);
    v("sleep_after", m.sleepAfter);
    v("disk", m.disk);
}

CAISSON_DESCRIBE(PatchSandbox)
{
    v("name", m.name);
    v("labels", m.labels);
}

CAISSON_DESCRIBE(Sandbox)
{
    v("id", m.id);
    v("name", m.name);
    v("state", m.state);
    v("why", m.why);
    v("image", m.image);
    v("runtime", m.runtime);
    v("incarnation", m.incarnation);
    v("parent", m.parent);
    v("limits", m.limits);
    v("sleep_after", m.sleepAfter);
    v("created", m.created);
    v("started", m.started);
    v("labels", m.labels);
    v("keeper_pid", m.keeperPid);
    v("workspace", m.workspace);
    v("workspace_host", m.workspaceHost);
    v("env", m.env);
    v("mounts", m.mounts);
}

CAISSON_DESCRIBE(SandboxList)
{
    v("sandboxes", m.sandboxes);
}

CAISSON_DESCRIBE(ExecRequest)
{
    v("argv", m.argv);
    v("user", m.user);
    v("cwd", m.cwd);
    v("env", m.env);
    v("timeout_ms", m.timeoutMs);
    v("tty", m.tty);
    v("cols", m.cols);
    v("rows", m.rows);
}

CAISSON_DESCRIBE(ExitStatus)
{
    v("code", m.code);
    v("signal", m.signal);
    v("timed_out", m.timedOut);
}

CAISSON_DESCRIBE(StreamControl)
{
    v("type", m.type);
    v("pid", m.pid);
    v("cols", m.cols);
    v("rows", m.rows);
    v("signal", m.signal);
    v("exit", m.exit);
    v("first", m.first);
    v("offset", m.offset);
    v("code", m.code);
    v("error", m.error);
}

CAISSON_DESCRIBE(OutputChunk)
{
    v("data", m.data);
    v("offset", m.offset);
}

CAISSON_DESCRIBE(CreateTerminal)
{
    v("argv", m.argv);
    v("user", m.user);
    v("cwd", m.cwd);
    v("env", m.env);
    v("cols", m.cols);
    v("rows", m.rows);
    v("title", m.title);
}

CAISSON_DESCRIBE(PatchTerminal)
{
    v("title", m.title);
    v("cols", m.cols);
    v("rows", m.rows);
}

CAISSON_DESCRIBE(Terminal)
{
    v("id", m.id);
    v("title", m.title);
    v("argv", m.argv);
    v("pid", m.pid);
    v("cols", m.cols);
    v("rows", m.rows);
    v("first", m.first);
    v("offset", m.offset);
    v("clients", m.clients);
    v("created", m.created);
    v("exit", m.exit);
}

CAISSON_DESCRIBE(TerminalList)
{
    v("terminals", m.terminals);
}

CAISSON_DESCRIBE(FileEntry)
{
    v("name", m.name);
    v("type", m.type);
    v("size", m.size);
    v("mode", m.mode);
    v("uid", m.uid);
    v("gid", m.gid);
    v("mtime_ms", m.mtimeMs);
    v("etag", m.etag);
    v("link_target", m.linkTarget);
    v("target_type", m.targetType);
}

CAISSON_DESCRIBE(FileList)
{
    v("path", m.path);
    v("entries", m.entries);
}

CAISSON_DESCRIBE(FileAction)
{
    v("action", m.action);
    v("to", m.to);
    v("parents", m.parents);
    v("overwrite", m.overwrite);
}

CAISSON_DESCRIBE(WatchEvent)
{
    v("type", m.type);
    v("path", m.path);
    v("from", m.from);
    v("to", m.to);
    v("directory", m.directory);
}

// ---- egress ------------------------------------------------------------------------------------

CAISSON_DESCRIBE(ProcessInfo)
{
    v("pid", m.pid);
    v("exe", m.exe);
    v("cmdline", m.cmdline);
}

CAISSON_DESCRIBE(EgressProcess)
{
    v("pid", m.pid);
    v("exe", m.exe);
    v("cmdline", m.cmdline);
    v("parents", whenSet(m.parents));
}

CAISSON_DESCRIBE(EgressEntry)
{
    v("id", m.id);
    v("time", m.time);
    v("verdict", m.verdict);
    v("rule", m.rule);
    v("why", m.why);
    v("method", m.method);
    v("scheme", m.scheme);
    v("host", m.host);
    v("port", m.port);
    v("path", m.path);
    v("query", whenSet(m.query));
    v("status", m.status);
    v("bytes_out", m.bytesOut);
    v("bytes_in", m.bytesIn);
    v("ms", m.ms);
    v("generation", m.generation);
    v("process", m.process);
    v("terminal", whenSet(m.terminal));
    v("exec", whenSet(m.exec));
    v("secret", whenSet(m.secret));
    v("flag", whenSet(m.flag));
    v("protocol", whenSet(m.protocol));
    v("address", whenSet(m.address));
    v("content_type", whenSet(m.contentType));
}

CAISSON_DESCRIBE(EgressLog)
{
    v("entries", m.entries);
    v("next", m.next);
    v("total", m.total);
}

CAISSON_DESCRIBE(EgressInjection)
{
    v("header", whenSet(m.header));
    v("value", whenSet(m.value));
    v("user", whenSet(m.user));
    v("password", whenSet(m.password));
}

CAISSON_DESCRIBE(EgressRule)
{
    v("id", m.id);
    v("enabled", m.enabled);
    v("host", whenSet(m.host));
    v("cidr", whenSet(m.cidr));
    v("ports", whenSet(m.ports));
    v("methods", whenSet(m.methods));
    v("path", whenSet(m.path));
    v("process", whenSet(m.process));
    v("action", demanded(m.action));
    v("private", m.isPrivate);
    v("expires", whenSet(m.expires));
    v("lasts", whenSet(m.lasts));
    v("pid", whenSet(m.pid));
    v("inject", m.inject);
    v("note", whenSet(m.note));
    v("hits", m.hits);
    v("last", whenSet(m.last));
}

CAISSON_DESCRIBE(EgressPolicy)
{
    v("generation", m.generation);
    v("default", m.defaultAction);
    v("rules", m.rules);
    v("toml", m.toml);
}

CAISSON_DESCRIBE(PutPolicy)
{
    v("toml", whenSet(m.toml));
    v("default", whenSet(m.defaultAction));
    v("rules", whenSet(m.rules));
    v("generation", whenSet(m.generation));
}

CAISSON_DESCRIBE(PatchPolicy)
{
    v("add", whenSet(m.add));
    v("before", whenSet(m.before));
    v("update", whenSet(m.update));
    v("remove", whenSet(m.remove));
    v("default", whenSet(m.defaultAction));
    v("for_seconds", whenSet(m.forSeconds));
    v("generation", whenSet(m.generation));
}

CAISSON_DESCRIBE(ExplainRequest)
{
    v("method", m.method);
    v("url", m.url);
    v("process", whenSet(m.process));
}

CAISSON_DESCRIBE(Explanation)
{
    v("verdict", m.verdict);
    v("rule", m.rule);
    v("why", m.why);
    v("generation", m.generation);
    v("secrets", m.secrets);
}

CAISSON_DESCRIBE(Prompt)
{
    v("id", m.id);
    v("method", m.method);
    v("url", m.url);
    v("scheme", m.scheme);
    v("host", m.host);
    v("port", m.port);
    v("path", m.path);
    v("private", m.isPrivate);
    v("count", m.count);
    v("process", m.process);
    v("terminal", m.terminal);
    v("exec", whenSet(m.exec));
    v("since", m.since);
    v("deadline", m.deadline);
}

CAISSON_DESCRIBE(PromptList)
{
    v("prompts", m.prompts);
    v("dropped", m.dropped);
}

CAISSON_DESCRIBE(AnswerPrompt)
{
    v("verdict", m.verdict);
    v("scope", m.scope);
    v("for", m.duration);
    v("methods", whenSet(m.methods));
}

CAISSON_DESCRIBE(PromptAnswered)
{
    v("verdict", m.verdict);
    v("rule", whenSet(m.rule));
    v("count", m.count);
}

CAISSON_DESCRIBE(PutSecret)
{
    v("value", m.value);
    v("lasts", whenSet(m.lasts));
    v("passphrase", whenSet(m.passphrase));
}

CAISSON_DESCRIBE(UnlockSecrets)
{
    v("passphrase", m.passphrase);
}

CAISSON_DESCRIBE(SecretUse)
{
    v("sandbox", m.sandbox);
    v("rule", m.rule);
    v("host", m.host);
    v("time", m.time);
    v("process", m.process);
}

CAISSON_DESCRIBE(SecretInfo)
{
    v("name", m.name);
    v("created", m.created);
    v("lasts", m.lasts);
    v("known", m.known);
    v("uses", m.uses);
}

CAISSON_DESCRIBE(SecretList)
{
    v("secrets", m.secrets);
    v("locked", m.locked);
}

// ---- the service -------------------------------------------------------------------------------

CAISSON_DESCRIBE(Health)
{
    v("status", m.status);
    v("version", m.version);
    v("pid", m.pid);
}

CAISSON_DESCRIBE(Capability)
{
    v("name", m.name);
    v("available", m.available);
    v("note", m.note);
}

CAISSON_DESCRIBE(HostInfo)
{
    v("name", m.name);
    v("os", m.os);
    v("kernel", m.kernel);
    v("version", m.version);
    v("cpus", m.cpus);
    v("memory", m.memory);
    v("root", m.root);
    v("runtimes", m.runtimes);
    v("capabilities", m.capabilities);
}

CAISSON_DESCRIBE(Event)
{
    v("type", m.type);
    v("time", m.time);
    v("sandbox", m.sandbox);
    v("state", m.state);
    v("terminal", m.terminal);
    v("prompt", m.prompt);
    v("generation", m.generation);
    v("why", m.why);
    v("secret", m.secret);
    v("use", m.use);
}

CAISSON_DESCRIBE(ErrorBody)
{
    v("error", m.error);
    v("code", m.code);
    v("detail", m.detail);
}

// ---- between keeper and init -------------------------------------------------------------------

CAISSON_DESCRIBE(Empty)
{
    (void)v;
}

CAISSON_DESCRIBE(InitHello)
{
    v("version", m.version);
    v("pid", m.pid);
}

CAISSON_DESCRIBE(SpawnRequest)
{
    v("exec", m.exec);
}

CAISSON_DESCRIBE(SpawnReply)
{
    v("pid", m.pid);
}

CAISSON_DESCRIBE(ChannelExit)
{
    v("status", m.status);
}

CAISSON_DESCRIBE(ChannelRef)
{
    v("channel", m.channel);
}

CAISSON_DESCRIBE(ChannelSignal)
{
    v("channel", m.channel);
    v("signal", m.signal);
}

CAISSON_DESCRIBE(ChannelResize)
{
    v("channel", m.channel);
    v("cols", m.cols);
    v("rows", m.rows);
}

CAISSON_DESCRIBE(PathRequest)
{
    v("path", m.path);
    v("if_match", m.ifMatch);
    v("follow", m.follow);
    v("recursive", m.recursive);
    v("parents", m.parents);
}

CAISSON_DESCRIBE(ReadRequest)
{
    v("path", m.path);
    v("offset", m.offset);
    v("length", m.length);
}

CAISSON_DESCRIBE(WriteRequest)
{
    v("path", m.path);
    v("if_match", m.ifMatch);
    v("if_none_match_any", m.ifNoneMatchAny);
    v("mode", m.mode);
    v("parents", m.parents);
}

CAISSON_DESCRIBE(ListRequest)
{
    v("path", m.path);
}

CAISSON_DESCRIBE(MoveRequest)
{
    v("from", m.from);
    v("to", m.to);
    v("overwrite", m.overwrite);
}

CAISSON_DESCRIBE(WatchRequest)
{
    v("path", m.path);
    v("include", m.include);
    v("exclude", m.exclude);
}

CAISSON_DESCRIBE(WatchBatch)
{
    v("events", m.events);
}

// ---- between caissond and keeper ---------------------------------------------------------------

CAISSON_DESCRIBE(StopKeeper)
{
    v("why", m.why);
}

CAISSON_DESCRIBE(KeeperStatus)
{
    v("version", m.version);
    v("sandbox", m.sandbox);
    v("state", m.state);
    v("why", m.why);
    v("incarnation", m.incarnation);
    v("pid", m.pid);
    v("started", m.started);
    v("workspace_host", m.workspaceHost);
    v("applied", m.applied);
    v("secrets", m.secrets);
}

CAISSON_DESCRIBE(SecretValues)
{
    v("values", m.values);
    v("names", m.names);
    v("more", m.more);
}

CAISSON_DESCRIBE(SandboxRecord)
{
    v("sandbox", m.sandbox);
    v("id_base", m.idBase);
    v("boot", m.boot);
}

CAISSON_DESCRIBE(PolicyState::Rule)
{
    v("id", m.id);
    v("expires", m.expires);
    v("moment", m.moment);
    v("hits", m.hits);
    v("last", m.last);
}

CAISSON_DESCRIBE(PolicyState)
{
    v("generation", m.generation);
    v("boot", m.boot);
    v("rules", m.rules);
}

CAISSON_DESCRIBE(SealedSecrets)
{
    v("kdf", m.kdf);
    v("memory", m.memory);
    v("passes", m.passes);
    v("lanes", m.lanes);
    v("salt", m.salt);
    v("check", m.check);
    v("values", m.values);
}

CAISSON_DESCRIBE(KeeperStart)
{
    v("sandbox", m.sandbox);
    v("id_base", m.idBase);
}

#undef CAISSON_DESCRIBE

} // namespace caisson::api
