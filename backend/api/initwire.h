// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"
#include "backend/base/error.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a keeper and its caisson-init say to one another, over init's descriptors 0 and 1 (one
/// stream socket). The keeper takes nothing init says on trust.
///
/// A frame: payload length (u32, little-endian), kind (u8), channel (u32, little-endian), payload.
///
///   kind     channel  payload
///   Control  0        a Control as JSON
///   Data     c        keeper → init: standard input, or a file's bytes (no prefix)
///                     init → keeper: for exec one byte stream (1 out, 2 err) and bytes; for
///                     terminals, files and listings bare bytes
///   End      c        no more Data from this side on this channel
///   Credit   c        u32: the receiver of Data may be sent so many more payload bytes
///
/// Channels are opened by the keeper's requests, which carry a number the keeper has not used
/// before. A side sends Data only within the credit it was granted; a channel starts with
/// kInitialCredit in both directions. Prefix bytes count.
///
/// Requests (keeper → init) and what answers them. Every request gets one reply with its id: `body`
/// or `error`.
///   spawn   SpawnRequest → SpawnReply. Then Data; then event "exit" with ChannelExit, after the
///           last Data. With a tty, a channel carries both directions and resize works. Failure to
///           execute is the reply's error: CommandNotFound, CommandNotExecutable, or what cwd or
///           user is wrong.
///   signal  ChannelSignal → Empty          to the process group of the command
///   resize  ChannelResize → Empty
///   hangup  ChannelRef → Empty             the client is gone: HUP to the tree, KILL 2 s later
///   close   ChannelRef → Empty             ends a read, write, list or watch; no more follows
///   stat    PathRequest → FileEntry        `follow`: of what a symlink leads to
///   read    ReadRequest → FileEntry, then Data and End. A failure midway is event "failed".
///   write   WriteRequest → Empty once the temporary file is open; the keeper sends Data and End;
///           then event "written" with FileEntry, or "failed". Atomic: temporary, fsync, rename.
///   list    ListRequest → Empty, then Data (FileList as JSON, whole) and End
///   mkdir   PathRequest → FileEntry
///   move    MoveRequest → FileEntry
///   copy    MoveRequest → FileEntry
///   remove  PathRequest → Empty            `recursive`, `ifMatch`
///   watch   WatchRequest → Empty once every folder is watched; then events "watch" with WatchBatch
/// Events (init → keeper, id 0): hello InitHello (first of all), exit, written, failed (error),
/// watch.
namespace caisson::api {

inline constexpr int kInitProtocolVersion = 1;
inline constexpr std::size_t kMaxFramePayload = 256 * 1024;
inline constexpr std::uint32_t kInitialCredit = 1024 * 1024;
inline constexpr std::size_t kFrameHeadSize = 9;

enum class FrameKind : std::uint8_t { Control = 0, Data = 1, End = 2, Credit = 3 };

struct Frame
{
    FrameKind kind = FrameKind::Control;
    std::uint32_t channel = 0;
    std::string payload;
};

/// Cuts a byte stream into frames. Bytes of a hostile peer: a length over kMaxFramePayload, an
/// unknown kind or a Credit that is not four bytes is Protocol, after which the stream is unusable.
class FrameReader
{
public:
    /// Where the next bytes may be read to: at least 64 KiB.
    char* prepare(std::size_t& capacity);
    void commit(std::size_t size);

    /// The next whole frame, nullopt when more bytes are needed.
    Result<std::optional<Frame>> next();

private:
    std::string m_buffer;
    std::size_t m_begin = 0;
    std::size_t m_end = 0;
};

/// The nine bytes before a payload of `size` bytes.
std::string frameHead(FrameKind kind, std::uint32_t channel, std::size_t size);
std::string encodeFrame(FrameKind kind, std::uint32_t channel, std::string_view payload);
std::string encodeCredit(std::uint32_t channel, std::uint32_t bytes);
std::uint32_t decodeCredit(std::string_view payload);

/// A request, a reply or an event.
struct Control
{
    std::uint64_t id = 0;       ///< of the request; 0 for events
    std::string op;             ///< request or event name; empty in replies
    std::uint32_t channel = 0;  ///< of an event, or the channel a request opens
    std::string body;           ///< a struct as JSON text; empty: none
    std::optional<Error> error; ///< replies and "failed"
};

std::string encodeControl(const Control& control);
Result<Control> decodeControl(std::string_view text);

struct Empty
{
};

struct InitHello
{
    std::int64_t version = kInitProtocolVersion;
    std::int64_t pid = 0;
};

struct SpawnRequest
{
    ExecRequest exec;
};

struct SpawnReply
{
    std::int64_t pid = 0;
};

struct ChannelExit
{
    ExitStatus status;
};

struct ChannelRef
{
    std::int64_t channel = 0;
};

struct ChannelSignal
{
    std::int64_t channel = 0;
    std::int64_t signal = 0;
};

struct ChannelResize
{
    std::int64_t channel = 0;
    std::int64_t cols = 0;
    std::int64_t rows = 0;
};

struct PathRequest
{
    FileName path;
    std::string ifMatch; ///< remove: an etag, "*" (must exist), empty: any
    bool follow = true;
    bool recursive = false;
    bool parents = false;
};

struct ReadRequest
{
    FileName path;
    std::int64_t offset = 0;
    std::int64_t length = -1; ///< -1: to the end
};

struct WriteRequest
{
    FileName path;
    std::string ifMatch;              ///< an etag, "*" (must exist), empty: any
    bool ifNoneMatchAny = false;      ///< must not exist
    std::optional<std::int64_t> mode; ///< of a new file; an existing one keeps its own
    bool parents = false;
};

struct ListRequest
{
    FileName path;
};

struct MoveRequest
{
    FileName from;
    FileName to;
    bool overwrite = false;
};

struct WatchRequest
{
    FileName path;
    std::vector<std::string>
        include; ///< globs on the path below the watched one; empty: everything
    std::vector<std::string> exclude;
};

struct WatchBatch
{
    std::vector<WatchEvent> events;
};

} // namespace caisson::api
