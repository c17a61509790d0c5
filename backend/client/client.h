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

/// Which rows of the log. Texts that are empty and numbers that are 0 leave nothing out.
struct LogFilter
{
    std::int64_t before = 0;
    std::int64_t after = 0;
    std::int64_t limit = 0; ///< 0: as many as the service gives at once
    std::string text;
    std::string verdict;
    std::string host;
    std::string method;
    std::string rule;
    std::string terminal;
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

    api::Task<Result<api::EgressPolicy>> showPolicy(std::string sandbox);
    api::Task<Result<api::EgressPolicy>> putPolicy(std::string sandbox, api::PutPolicy policy);
    api::Task<Result<api::EgressPolicy>> patchPolicy(std::string sandbox, api::PatchPolicy patch);
    api::Task<Result<api::Explanation>> explainEgress(std::string sandbox,
                                                      api::ExplainRequest request);
    api::Task<Result<api::PromptList>> listPrompts(std::string sandbox);
    /// Gone when somebody else has answered, or nobody waits any more; the sentence says which.
    api::Task<Result<api::PromptAnswered>> answerPrompt(std::string sandbox, std::string prompt,
                                                        api::AnswerPrompt answer);
    api::Task<Result<api::EgressLog>> egressLog(std::string sandbox, LogFilter filter);
    /// The rows after `filter.after`, or from now on; goes on as they come.
    api::Task<Result<LogStream>> followEgressLog(std::string sandbox, LogFilter filter);
    /// The whole log as HAR 1.2, to be read piece by piece.
    api::Task<Result<FileDownload>> egressHar(std::string sandbox);

    api::Task<Result<api::SecretList>> listSecrets();
    api::Task<Result<api::SecretInfo>> putSecret(std::string name, api::PutSecret secret);
    api::Task<Result<void>> removeSecret(std::string name);
    api::Task<Result<api::SecretList>> unlockSecrets(std::string passphrase);

    /// The OpenAPI document as text.
    api::Task<Result<std::string>> openApi();

private:
    std::shared_ptr<Transport> m_transport;
};

} // namespace caisson::client
