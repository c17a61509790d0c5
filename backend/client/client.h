// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"
#include "backend/api/websocket.h"
#include "backend/client/streams.h"
#include "backend/client/transport.h"

#include <memory>
#include <string>
#include <vector>

namespace caisson::client {

/// Whether a PUT may replace what is there.
struct PutCondition
{
    std::string ifMatch;    ///< an etag; empty: no condition
    bool mustBeNew = false; ///< If-None-Match: *
};

/// The API as calls. Every call opens a connection of its own, so that a slow one holds up no
/// other. On the thread of the transport's executor. The client outlives its calls.
/// `sandbox` is an id or a name; paths are absolute, as seen inside.
class Client
{
public:
    explicit Client(std::shared_ptr<Transport> transport);

    api::Task<Result<api::Health>> health();
    api::Task<Result<api::HostInfo>> host();
    api::Task<Result<EventStream>> events(std::string since);

    api::Task<Result<api::Sandbox>> createSandbox(api::CreateSandbox request);
    api::Task<Result<api::SandboxList>> listSandboxes();
    api::Task<Result<api::Sandbox>> showSandbox(std::string sandbox);
    api::Task<Result<api::Sandbox>> patchSandbox(std::string sandbox, api::PatchSandbox patch);
    api::Task<Result<void>> removeSandbox(std::string sandbox);
    api::Task<Result<api::Sandbox>> startSandbox(std::string sandbox);
    api::Task<Result<api::Sandbox>> stopSandbox(std::string sandbox);

    /// The first message, ExecRequest, is sent; the caller goes on with the socket.
    api::Task<Result<ExecSocket>> exec(std::string sandbox, api::ExecRequest request);

    api::Task<Result<api::Terminal>> createTerminal(std::string sandbox,
                                                    api::CreateTerminal request);
    api::Task<Result<api::TerminalList>> listTerminals(std::string sandbox);
    api::Task<Result<TerminalSocket>> attachTerminal(std::string sandbox, std::string terminal,
                                                     std::int64_t since);
    api::Task<Result<api::Terminal>> patchTerminal(std::string sandbox, std::string terminal,
                                                   api::PatchTerminal patch);
    api::Task<Result<void>> removeTerminal(std::string sandbox, std::string terminal);

    api::Task<Result<api::FileEntry>> statFile(std::string sandbox, std::string path);
    /// Of a symlink, the entry is the symlink's.
    api::Task<Result<api::FileEntry>> lstatFile(std::string sandbox, std::string path);
    api::Task<Result<api::FileList>> listFolder(std::string sandbox, std::string path);
    /// The bytes from `offset` on, at most `length` of them; -1: to the end. BadRange when the file
    /// ends before.
    api::Task<Result<FileDownload>> openFile(std::string sandbox, std::string path,
                                             std::int64_t offset = 0, std::int64_t length = -1);
    api::Task<Result<FileUpload>> putFile(std::string sandbox, std::string path,
                                          PutCondition condition, std::int64_t mode = -1);
    api::Task<Result<api::FileEntry>> fileAction(std::string sandbox, std::string path,
                                                 api::FileAction action);
    api::Task<Result<void>> removeFile(std::string sandbox, std::string path, bool recursive);
    api::Task<Result<WatchStream>> watch(std::string sandbox, std::string path,
                                         std::vector<std::string> include = {},
                                         std::vector<std::string> exclude = {});

    /// The OpenAPI document as text.
    api::Task<Result<std::string>> openApi();

private:
    std::shared_ptr<Transport> m_transport;
};

} // namespace caisson::client
