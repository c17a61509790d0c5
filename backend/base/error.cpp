// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/error.h"

#include <array>
#include <cerrno>
#include <system_error>

namespace caisson {

namespace {

struct CodeRow
{
    ErrorCode code;
    std::string_view name;
    int status;
};

constexpr std::array kCodes{
    CodeRow{ErrorCode::BadRequest, "bad_request", 400},
    CodeRow{ErrorCode::InvalidName, "invalid_name", 400},
    CodeRow{ErrorCode::NotFound, "not_found", 404},
    CodeRow{ErrorCode::MethodNotAllowed, "method_not_allowed", 405},
    CodeRow{ErrorCode::Exists, "exists", 409},
    CodeRow{ErrorCode::Conflict, "conflict", 409},
    CodeRow{ErrorCode::NotRunning, "not_running", 409},
    CodeRow{ErrorCode::Gone, "gone", 410},
    CodeRow{ErrorCode::Stale, "stale", 410},
    CodeRow{ErrorCode::PreconditionFailed, "precondition_failed", 412},
    CodeRow{ErrorCode::PermissionDenied, "permission_denied", 403},
    CodeRow{ErrorCode::NotADirectory, "not_a_directory", 409},
    CodeRow{ErrorCode::IsADirectory, "is_a_directory", 409},
    CodeRow{ErrorCode::NotEmpty, "not_empty", 409},
    CodeRow{ErrorCode::TooLarge, "too_large", 413},
    CodeRow{ErrorCode::HeadTooLarge, "head_too_large", 431},
    CodeRow{ErrorCode::BadRange, "bad_range", 416},
    CodeRow{ErrorCode::NoSpace, "no_space", 507},
    CodeRow{ErrorCode::CommandNotFound, "command_not_found", 422},
    CodeRow{ErrorCode::CommandNotExecutable, "command_not_executable", 422},
    CodeRow{ErrorCode::NotBuilt, "not_built", 501},
    CodeRow{ErrorCode::RuntimeFailed, "runtime_failed", 500},
    CodeRow{ErrorCode::Unavailable, "unavailable", 503},
    CodeRow{ErrorCode::Timeout, "timeout", 408},
    CodeRow{ErrorCode::Cancelled, "cancelled", 499},
    CodeRow{ErrorCode::Protocol, "protocol", 502},
    CodeRow{ErrorCode::Internal, "internal", 500},
};

ErrorCode codeOfErrno(int number)
{
    switch (number) {
    case ENOENT:
        return ErrorCode::NotFound;
    case EEXIST:
        return ErrorCode::Exists;
    case EACCES:
    case EPERM:
    case EROFS:
        return ErrorCode::PermissionDenied;
    case ENOTDIR:
        return ErrorCode::NotADirectory;
    case EISDIR:
        return ErrorCode::IsADirectory;
    case ENOTEMPTY:
        return ErrorCode::NotEmpty;
    case ENOSPC:
    case EDQUOT:
        return ErrorCode::NoSpace;
    case EINVAL:
    case ENAMETOOLONG:
    case ELOOP:
        return ErrorCode::BadRequest;
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
        return ErrorCode::Unavailable;
    case ETIMEDOUT:
        return ErrorCode::Timeout;
    default:
        return ErrorCode::Internal;
    }
}

} // namespace

std::string_view codeName(ErrorCode code)
{
    for (const CodeRow& row : kCodes) {
        if (row.code == code)
            return row.name;
    }
    return "internal";
}

ErrorCode codeFromName(std::string_view name)
{
    for (const CodeRow& row : kCodes) {
        if (row.name == name)
            return row.code;
    }
    return ErrorCode::Internal;
}

int httpStatus(ErrorCode code)
{
    for (const CodeRow& row : kCodes) {
        if (row.code == code)
            return row.status;
    }
    return 500;
}

std::unexpected<Error> fail(ErrorCode code, std::string message,
                            std::map<std::string, std::string> detail)
{
    return std::unexpected(Error{code, std::move(message), std::move(detail)});
}

Error errnoError(int number, std::string_view what)
{
    std::string message(what);
    message += ": ";
    message += std::generic_category().message(number);
    return Error{codeOfErrno(number), std::move(message), {}};
}

std::unexpected<Error> failErrno(int number, std::string_view what)
{
    return std::unexpected(errnoError(number, what));
}

std::unexpected<Error> failErrno(std::string_view what)
{
    return failErrno(errno, what);
}

} // namespace caisson
