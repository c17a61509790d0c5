// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <expected>
#include <map>
#include <string>
#include <string_view>

namespace caisson {

/// Why a call failed. The words (codeName) travel on the wire, so a code is never renamed.
enum class ErrorCode {
    BadRequest,         ///< the caller's words are off: malformed JSON, unknown field, wrong type
    InvalidName,        ///< a name with characters or a length that is not allowed
    NotFound,           ///< no such sandbox, terminal, file, route
    MethodNotAllowed,   ///< the route exists, this method does not
    Exists,             ///< a thing of that name is there already
    Conflict,           ///< not possible in the present state
    NotRunning,         ///< the sandbox is not running and the call does not start it
    Gone,               ///< it was there, and is over: a prompt that was answered or has ended
    Stale,              ///< a handle from an earlier incarnation of the sandbox
    PreconditionFailed, ///< If-Match did not match: the file changed underneath
    PermissionDenied,
    NotADirectory,
    IsADirectory,
    NotEmpty,
    TooLarge,     ///< a body or message over its limit
    HeadTooLarge, ///< a request head over its limit
    BadRange,     ///< a Range that begins behind the file's end
    NoSpace,
    CommandNotFound,      ///< exec: no such program (exit code 127)
    CommandNotExecutable, ///< exec: the program cannot be executed (exit code 126)
    NotBuilt,             ///< the contract names it, this version does not have it yet
    RuntimeFailed,        ///< the OCI runtime or the kernel refused to make the sandbox
    Unavailable,          ///< the peer cannot be reached
    Timeout,
    Cancelled,
    Protocol, ///< the peer broke the protocol
    Internal,
};

/// A failure as a value. `message` is one sentence for a person: what happened, why, what to do.
struct Error
{
    ErrorCode code = ErrorCode::Internal;
    std::string message;
    std::map<std::string, std::string> detail;
};

template<class T>
using Result = std::expected<T, Error>;

/// The word on the wire, e.g. "not_found".
std::string_view codeName(ErrorCode code);

/// The code of a word; Internal for a word this version does not know.
ErrorCode codeFromName(std::string_view name);

/// The HTTP status the code is answered with (RFC 9110).
int httpStatus(ErrorCode code);

std::unexpected<Error> fail(ErrorCode code, std::string message,
                            std::map<std::string, std::string> detail = {});

/// The failure that errno `number` means, as "what: reason".
Error errnoError(int number, std::string_view what);
std::unexpected<Error> failErrno(int number, std::string_view what);

/// Reads the thread's errno.
std::unexpected<Error> failErrno(std::string_view what);

} // namespace caisson
