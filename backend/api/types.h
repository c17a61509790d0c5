// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// The messages of the contract, one struct a message. codec.h turns them to JSON and back; the
/// fields' names in JSON are listed once, in describe.h.
namespace caisson::api {

/// A name or path as the kernel has it: any bytes but NUL. In JSON it is UTF-8; where it is not
/// valid UTF-8, the field holds a lossy text and `<field>_b64` the bytes.
struct FileName
{
    std::string bytes;
    bool operator==(const FileName&) const = default;
};

// ---- sandboxes ---------------------------------------------------------------------------------

enum class SandboxState { Starting, Running, Sleeping, Stopped, Failed };

/// A folder of the host seen inside. Both paths are absolute.
struct Mount
{
    std::string source;
    std::string target;
    bool readOnly = false;
    bool operator==(const Mount&) const = default;
};

/// Limits as asked for; 0 means not asked.
struct Limits
{
    std::int64_t memory = 0; ///< bytes
    double cpus = 0;
    std::int64_t pids = 0;
    bool operator==(const Limits&) const = default;
};

/// What became of the limits: a value as applied (0: none), and a sentence for each that could
/// not be, e.g. "memory: no memory cgroup may be written on this host".
struct AppliedLimits
{
    std::int64_t memory = 0;
    double cpus = 0;
    std::int64_t pids = 0;
    std::vector<std::string> notes;
    bool operator==(const AppliedLimits&) const = default;
};

struct SandboxLimits
{
    Limits asked;
    AppliedLimits applied;
    bool operator==(const SandboxLimits&) const = default;
};

struct CreateSandbox
{
    std::string name; ///< empty: one is made up
    bool start = true;
    std::string image = "host";
    std::string runtime; ///< empty: crun
    Limits limits;
    std::map<std::string, std::string> env;
    std::vector<Mount> mounts;
    std::map<std::string, std::string> labels;
    std::string policy; ///< text of a policy file (TOML); empty: a new sandbox asks
    // Named by the contract, not built yet: anything but empty is answered with NotBuilt.
    std::string from;
    std::string sleepAfter;
    std::string disk;
};

struct PatchSandbox
{
    std::optional<std::string> name;
    std::optional<std::map<std::string, std::string>> labels;
};

struct Sandbox
{
    std::string id;
    std::string name;
    SandboxState state = SandboxState::Stopped;
    std::string why; ///< for stopped and failed: a sentence
    std::string image = "host";
    std::string runtime = "crun";
    std::int64_t incarnation = 0; ///< how many times it was started
    std::string parent;           ///< the snapshot or sandbox it was made from
    SandboxLimits limits;
    std::string sleepAfter;
    std::string created; ///< RFC 3339
    std::string started; ///< RFC 3339; empty: never
    std::map<std::string, std::string> labels;
    std::int64_t keeperPid = 0; ///< 0: not running
    std::string workspace = "/workspace";
    std::string workspaceHost; ///< empty: not running
    std::map<std::string, std::string> env;
    std::vector<Mount> mounts;
    bool operator==(const Sandbox&) const = default;
};

struct SandboxList
{
    std::vector<Sandbox> sandboxes;
};

// ---- processes and terminals -------------------------------------------------------------------

struct ExecRequest
{
    std::vector<std::string> argv;
    std::string user; ///< name or number; empty: root
    std::string cwd;  ///< empty: /workspace
    std::map<std::string, std::string> env;
    std::int64_t timeoutMs = 0; ///< 0: none
    bool tty = false;
    std::int64_t cols = 80;
    std::int64_t rows = 24;
};

/// How a command ended: by itself (code) or by a signal (number).
struct ExitStatus
{
    std::optional<std::int64_t> code;
    std::optional<std::int64_t> signal;
    bool timedOut = false;
    bool operator==(const ExitStatus&) const = default;
};

/// A text frame of the exec and terminal sockets. `type` is one of: start (pid), resize (cols,
/// rows), signal (signal), eof, exit (exit, offset), error (code, error), truncated (first),
/// caught_up (offset: all that was there when the client came has been sent),
/// size (cols, rows). Only the fields named for a type are sent.
struct StreamControl
{
    std::string type;
    std::optional<std::int64_t> pid;
    std::optional<std::int64_t> cols;
    std::optional<std::int64_t> rows;
    std::optional<std::string> signal; ///< "INT", "SIGINT" or a number
    std::optional<ExitStatus> exit;
    std::optional<std::int64_t> first;
    std::optional<std::int64_t> offset;
    std::optional<std::string> code; ///< of an error: its word
    std::optional<std::string> error;
};

/// A piece of output in the SSE form of exec.
struct OutputChunk
{
    std::string data; ///< base64
    std::int64_t offset = 0;
};

struct CreateTerminal
{
    std::vector<std::string> argv; ///< empty: the user's login shell
    std::string user;
    std::string cwd;
    std::map<std::string, std::string> env;
    std::int64_t cols = 80;
    std::int64_t rows = 24;
    std::string title;
};

struct PatchTerminal
{
    std::optional<std::string> title;
    std::optional<std::int64_t> cols;
    std::optional<std::int64_t> rows;
};

struct Terminal
{
    std::string id; ///< "t<incarnation>-<n>"
    std::string title;
    std::vector<std::string> argv;
    std::int64_t pid = 0; ///< inside
    std::int64_t cols = 80;
    std::int64_t rows = 24;
    std::int64_t first = 0;  ///< oldest offset still in the journal
    std::int64_t offset = 0; ///< offset after the newest byte
    std::int64_t clients = 0;
    std::string created;
    std::optional<ExitStatus> exit; ///< set once its program has ended
    bool operator==(const Terminal&) const = default;
};

struct TerminalList
{
    std::vector<Terminal> terminals;
};

// ---- files -------------------------------------------------------------------------------------

enum class FileType { File, Directory, Symlink, Fifo, Socket, Device };

struct FileEntry
{
    FileName name; ///< the last component
    FileType type = FileType::File;
    std::int64_t size = 0;
    std::int64_t mode = 0; ///< permission bits, e.g. 420 = 0644
    std::int64_t uid = 0;
    std::int64_t gid = 0;
    std::int64_t mtimeMs = 0;           ///< milliseconds since the epoch
    std::string etag;                   ///< quoted, as in the ETag header
    std::optional<FileName> linkTarget; ///< for symlinks
    std::optional<FileType> targetType; ///< for symlinks: of what it leads to; absent if dangling
    bool operator==(const FileEntry&) const = default;
};

/// The entries of one folder, sorted by name's bytes.
struct FileList
{
    FileName path;
    std::vector<FileEntry> entries;
};

/// POST …/files/{path}: exactly one of the three.
struct FileAction
{
    std::string action;         ///< mkdir | move | copy
    std::optional<FileName> to; ///< for move and copy: absolute
    bool parents = false;       ///< mkdir: also make the missing parents
    bool overwrite = false;     ///< move and copy: replace what is at `to`
};

/// type: watching, created, modified, deleted, moved, overflow, stopped.
struct WatchEvent
{
    std::string type;
    std::optional<FileName> path; ///< created, modified, deleted: absolute
    std::optional<FileName> from;
    std::optional<FileName> to;
    bool directory = false;
};

// ---- egress ------------------------------------------------------------------------------------

struct ProcessInfo
{
    std::int64_t pid = 0; ///< inside
    std::string exe;      ///< path inside
    std::string cmdline; ///< arguments as a shell would quote them, lossy UTF-8, at most 4096 bytes
    bool operator==(const ProcessInfo&) const = default;
};

/// Who asked: found by the socket at connect. pid 0: it could not be found.
struct EgressProcess
{
    std::int64_t pid = 0;
    std::string exe;
    std::string cmdline;
    std::vector<ProcessInfo> parents; ///< the nearest first, init left out
    bool operator==(const EgressProcess&) const = default;
};

/// One row of the log: a request, or a flow that was refused or carried as it is.
struct EgressEntry
{
    std::int64_t id = 0; ///< counts up; the cursor
    std::string time;    ///< RFC 3339, of the request's arrival
    std::string verdict; ///< allow | deny | tunnel
    std::string rule;    ///< what decided: its id, "default" or "prompt:ID"
    std::string why;     ///< a sentence
    std::string method;  ///< empty for what is no HTTP
    std::string scheme;  ///< http | https | tls | tcp
    std::string host;    ///< canonical
    std::int64_t port = 0;
    std::string path;          ///< without the query
    std::string query;         ///< without '?'
    std::int64_t status = 0;   ///< of the answer; 0: none
    std::int64_t bytesOut = 0; ///< of bodies, or of the stream; out is from the sandbox
    std::int64_t bytesIn = 0;
    double ms = 0;               ///< from arrival to end, waiting for an answer included
    std::int64_t generation = 0; ///< of the policy
    EgressProcess process;
    std::string terminal; ///< id; empty: not in one
    std::string exec;     ///< id of the exec it belongs to; empty: none
    std::string secret;   ///< its name, if one was put in
    std::string flag;     ///< "pinned": the client did not trust the opened TLS; "placeholder": a
                          ///< secret's placeholder went elsewhere; "masked": a secret came back
    std::string protocol; ///< "http/1.1", "h2", "websocket"; empty for streams
    std::string address;  ///< that was dialled; empty: none was
    std::string contentType; ///< of the answer
    bool operator==(const EgressEntry&) const = default;
};

/// Newest first; `next` is the `before` of the following page, 0 at the end.
struct EgressLog
{
    std::vector<EgressEntry> entries;
    std::int64_t next = 0;
    std::int64_t total = 0; ///< rows that fit the filter
};

struct EgressInjection
{
    std::string header;
    std::string value;
    std::string user;
    std::string password;
    bool operator==(const EgressInjection&) const = default;
};

/// A rule of the policy file. Names as there; `hits` and `last` are told, never taken.
struct EgressRule
{
    std::string id;
    bool enabled = true;
    std::string host;
    std::string cidr;
    std::vector<std::int64_t> ports;
    std::vector<std::string> methods;
    std::string path;
    std::string process;
    std::string action = "deny";
    bool isPrivate = false;
    std::string expires; ///< RFC 3339; empty: never
    std::string lasts;   ///< always | session | process
    std::int64_t pid = 0;
    std::optional<EgressInjection> inject;
    std::string note;
    std::int64_t hits = 0;
    std::string last; ///< RFC 3339; empty: never matched
    bool operator==(const EgressRule&) const = default;
};

struct EgressPolicy
{
    std::int64_t generation = 0;
    std::string defaultAction = "ask"; ///< allow | deny | ask
    std::vector<EgressRule> rules;
    std::string toml; ///< the same as a policy file
};

/// PUT: either `toml`, or `defaultAction` with `rules`. `generation`: refused with
/// PreconditionFailed unless that one is in force; 0: whatever is.
struct PutPolicy
{
    std::string toml;
    std::string defaultAction;
    std::vector<EgressRule> rules;
    std::int64_t generation = 0;
};

/// PATCH, all or nothing: `remove` ids, then `update` by id, then `add` at the top (or before the
/// rule `before`), then the default.
struct PatchPolicy
{
    std::vector<EgressRule> add;
    std::string before;
    std::vector<EgressRule> update;
    std::vector<std::string> remove;
    std::string defaultAction;
    /// Of rules added: seconds until they expire; 0: as their `expires` says.
    std::int64_t forSeconds = 0;
    std::int64_t generation = 0;
};

struct ExplainRequest
{
    std::string method;
    std::string url; ///< http:, https:, or tcp://host:port
    std::string process;
};

struct Explanation
{
    std::string verdict; ///< allow | deny | ask | tunnel
    std::string rule;
    std::string why;
    std::int64_t generation = 0;
    std::vector<std::string> secrets; ///< that would be put in
};

struct Prompt
{
    std::string id;
    std::string method; ///< empty: a stream
    std::string url;
    std::string scheme;
    std::string host;
    std::int64_t port = 0;
    std::string path;
    bool isPrivate = false; ///< the host is an address of this machine or of a private network
    std::int64_t count = 1; ///< requests that wait for it; 0: the last has gone
    EgressProcess process;
    std::string terminal;
    std::string exec;
    std::string since;    ///< RFC 3339
    std::string deadline; ///< RFC 3339: then it is denied, that once
    bool operator==(const Prompt&) const = default;
};

struct PromptList
{
    std::vector<Prompt> prompts; ///< the oldest first
    std::int64_t dropped = 0;    ///< requests denied since start because too many waited
};

struct AnswerPrompt
{
    std::string verdict;              ///< allow | deny
    std::string scope = "host";       ///< request | path | host | domain
    std::string duration = "once";    ///< once | process | 15m | session | always; `for` in JSON
    std::vector<std::string> methods; ///< empty: as the scope has it
};

struct PromptAnswered
{
    std::string verdict;
    std::string rule;       ///< id of the rule it became; empty for once
    std::int64_t count = 0; ///< requests that it let go on or refused
};

/// `lasts`: "keychain" from whoever keeps the value there and puts it back after a reboot; "file": in
/// the encrypted file, or refused; empty: wherever this host can keep it. With `passphrase` it goes into the encrypted file, which is made
/// with that passphrase if there is none yet; PermissionDenied when it is not the file's.
struct PutSecret
{
    std::string value;
    std::string lasts;
    std::string passphrase;
};

/// Opens the encrypted file, e.g. after a reboot. PermissionDenied: not its passphrase.
struct UnlockSecrets
{
    std::string passphrase;
};

struct SecretUse
{
    std::string sandbox; ///< id
    std::string rule;
    std::string host;
    std::string time; ///< RFC 3339
    EgressProcess process;
    bool operator==(const SecretUse&) const = default;
};

struct SecretInfo
{
    std::string name;
    std::string created;
    std::string lasts;           ///< keychain | file | reboot
    bool known = false;          ///< whether its value is at hand; after a reboot it may not be
    std::vector<SecretUse> uses; ///< the last one a sandbox, newest first
    bool operator==(const SecretInfo&) const = default;
};

struct SecretList
{
    std::vector<SecretInfo> secrets; ///< by name
    bool locked = false; ///< an encrypted file is there whose passphrase nobody has given
};

// ---- the service -------------------------------------------------------------------------------

struct Health
{
    std::string status = "ok";
    std::string version;
    std::int64_t pid = 0;
};

struct Capability
{
    std::string name; ///< e.g. "idmapped-mounts", "cgroup", "subordinate-ids"
    bool available = false;
    std::string note;
};

struct HostInfo
{
    std::string name; ///< host name
    std::string os;
    std::string kernel;
    std::string version; ///< Caisson's
    std::int64_t cpus = 0;
    std::int64_t memory = 0;
    bool root = false;
    std::vector<std::string> runtimes;
    std::vector<Capability> capabilities;
};

/// type: sandbox.created, sandbox.changed, sandbox.removed, terminal.created, terminal.changed,
/// terminal.removed, prompt.created, prompt.changed (its count), prompt.removed (`why`: allowed,
/// denied, timeout), policy.changed (generation), secret.used (of a keeper, for caissond),
/// secrets.changed, reset (the cursor is unknown: read everything anew).
struct Event
{
    std::string type;
    std::string time;
    std::string sandbox; ///< id
    std::optional<Sandbox> state;
    std::optional<Terminal> terminal;
    std::optional<Prompt> prompt;
    std::optional<std::int64_t> generation;
    std::optional<std::string> why;
    std::optional<std::string> secret; ///< name
    std::optional<SecretUse> use;
};

struct ErrorBody
{
    std::string error;
    std::string code;
    std::map<std::string, std::string> detail;
};

} // namespace caisson::api
