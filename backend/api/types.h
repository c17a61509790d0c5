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
    // Named by the contract, not built yet: anything but empty is answered with NotBuilt.
    std::string from;
    std::string policy;
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
/// terminal.removed, reset (the cursor is unknown: read everything anew).
struct Event
{
    std::string type;
    std::string time;
    std::string sandbox; ///< id
    std::optional<Sandbox> state;
    std::optional<Terminal> terminal;
};

struct ErrorBody
{
    std::string error;
    std::string code;
    std::map<std::string, std::string> detail;
};

} // namespace caisson::api
