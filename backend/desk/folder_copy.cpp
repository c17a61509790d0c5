// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/desk/folder_copy.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <format>
#include <unistd.h>

namespace caisson::desk {

namespace {

constexpr std::string_view kTarget = "/workspace";
constexpr std::size_t kChunk = 256 * 1024;
constexpr std::chrono::milliseconds kProgressEvery{50};

/// What one run of xargs is fed: less than a pipe holds, so that feeding it never waits for it.
constexpr std::size_t kMaxWords = 32 * 1024;

std::string inside(const std::string& path)
{
    return std::format("{}/{}", kTarget, path);
}

/// Runs `function` on the pool and comes back to the caller's thread.
template<class Function>
api::Task<std::invoke_result_t<Function>> onPool(api::asio::thread_pool& pool, Function function)
{
    co_return co_await api::asio::co_spawn(
        pool.get_executor(),
        [work = std::move(function)]() -> api::Task<std::invoke_result_t<Function>> {
            co_return work();
        },
        api::asio::use_awaitable);
}

/// What is not about one file: no other would fare better.
bool endsAll(const Error& error)
{
    switch (error.code) {
    case ErrorCode::NotRunning:
    case ErrorCode::Stale:
    case ErrorCode::NoSpace:
    case ErrorCode::Unavailable:
        return true;
    case ErrorCode::NotFound:
        return error.detail.contains("sandbox"); // it was removed
    default:
        return false;
    }
}

Result<std::string> readChunk(int fd)
{
    std::string chunk(kChunk, '\0');
    ssize_t count = 0;
    do {
        count = ::read(fd, chunk.data(), chunk.size());
    } while (count < 0 && errno == EINTR);
    if (count < 0)
        return failErrno("cannot read it");
    chunk.resize(static_cast<std::size_t>(count));
    return chunk;
}

} // namespace

FolderCopy::FolderCopy(std::shared_ptr<client::Client> client, std::string sandbox,
                       std::string folder, Progress progress)
    : m_client(std::move(client))
    , m_sandbox(std::move(sandbox))
    , m_folder(std::move(folder))
    , m_progress(std::move(progress))
{
}

api::Task<Result<CopyOutcome>> FolderCopy::run(std::shared_ptr<FolderCopy> self)
{
    const Result<void> done = co_await self->copyAll();
    if (self->m_cancelled)
        co_return fail(ErrorCode::Cancelled, "Copying was stopped.");
    if (!done)
        co_return std::unexpected(done.error());
    co_return self->m_outcome;
}

api::Task<Result<void>> FolderCopy::copyAll()
{
    auto walked = co_await onPool(m_disk, [this]() -> Result<WalkedFolder> {
        Result<FolderWalk> walk = FolderWalk::open(m_folder);
        if (!walk)
            return std::unexpected(walk.error());
        m_walk = std::move(*walk);
        return m_walk->files();
    });
    if (!walked)
        co_return std::unexpected(walked.error());
    for (const WalkedFolder::LeftOut& left : walked->leftOut)
        leaveOut(left.path, left.error);
    m_files = std::move(walked->files);
    tellProgress();
    if (Result<void> made = co_await makeFolders(); !made || m_cancelled)
        co_return made;
    if (Result<void> copied = co_await copyFiles(); !copied || m_cancelled)
        co_return copied;
    if (Result<void> linked = co_await makeSymlinks(); !linked || m_cancelled)
        co_return linked;
    co_return co_await setModes();
}

api::Task<Result<void>> FolderCopy::makeFolders()
{
    for (const WalkedFile& file : m_files) {
        if (file.kind != WalkedFile::Kind::Folder)
            continue;
        if (m_cancelled)
            co_return Result<void>{};
        const std::string path = inside(file.path);
        const Result<api::FileEntry> made =
            co_await m_client->fileAction(m_sandbox, path, {.action = "mkdir"});
        if (!made && endsAll(made.error()))
            co_return std::unexpected(made.error());
        if (!made && made.error().code != ErrorCode::Exists) {
            leaveOut(file.path, made.error());
            ++m_done;
            continue;
        }
        // Set in the end, when nothing has to be put into it any more.
        if (!made || static_cast<mode_t>(made->mode) != file.mode)
            m_folderModes.insert(m_folderModes.end(), {std::format("{:o}", file.mode), path});
        ++m_done;
        tellProgress();
    }
    co_return Result<void>{};
}

api::Task<Result<void>> FolderCopy::copyFiles()
{
    // Each file waits for a round trip and for the disk at the other end; a few at once fill the
    // gaps.
    using namespace api::asio::experimental::awaitable_operators;
    co_await (copyNextFiles() && copyNextFiles() && copyNextFiles() && copyNextFiles());
    if (m_end)
        co_return std::unexpected(*m_end);
    co_return Result<void>{};
}

api::Task<void> FolderCopy::copyNextFiles()
{
    while (m_nextFile < m_files.size() && !m_cancelled && !m_end) {
        const WalkedFile& file = m_files[m_nextFile++];
        if (file.kind != WalkedFile::Kind::File)
            continue;
        const Result<void> copied = co_await copyFile(file);
        if (!copied && endsAll(copied.error()))
            m_end = copied.error();
        else if (!copied)
            leaveOut(file.path, copied.error());
        ++m_done;
        tellProgress();
    }
}

api::Task<Result<void>> FolderCopy::copyFile(const WalkedFile& file)
{
    const Result<UniqueFd> source =
        co_await onPool(m_disk, [this, path = file.path] { return m_walk->openFile(path); });
    if (!source)
        co_return std::unexpected(source.error());
    Result<client::FileUpload> upload =
        co_await m_client->putFile(m_sandbox, inside(file.path), {}, file.mode);
    if (!upload)
        co_return std::unexpected(upload.error());
    for (;;) {
        const Result<std::string> chunk =
            co_await onPool(m_disk, [fd = source->get()] { return readChunk(fd); });
        if (!chunk)
            co_return std::unexpected(chunk.error());
        // A refusal midway is said by finish(), with its reason.
        if (chunk->empty() || !co_await upload->write(*chunk))
            break;
        if (m_cancelled)
            co_return Result<void>{};
    }
    const Result<api::FileEntry> written = co_await upload->finish();
    if (!written)
        co_return std::unexpected(written.error());
    co_return Result<void>{};
}

/// The API has no call for symlinks and modes of folders: they are made by programs inside.
api::Task<Result<void>> FolderCopy::makeSymlinks()
{
    std::vector<std::string> words;
    for (const WalkedFile& file : m_files) {
        if (file.kind != WalkedFile::Kind::Symlink)
            continue;
        words.push_back(file.target);
        words.push_back(inside(file.path));
        ++m_done;
    }
    Result<void> made = co_await inPairs({"ln", "-s", "-T", "--"}, std::move(words));
    tellProgress();
    co_return made;
}

api::Task<Result<void>> FolderCopy::setModes()
{
    co_return co_await inPairs({"chmod", "--"}, std::move(m_folderModes));
}

api::Task<Result<void>> FolderCopy::inPairs(std::vector<std::string> argv,
                                            std::vector<std::string> words)
{
    argv.insert(argv.begin(), {"xargs", "-0", "-n", "2"});
    for (std::size_t at = 0; at < words.size() && !m_cancelled;) {
        std::string input;
        while (at < words.size() && input.size() < kMaxWords) {
            input.append(words[at]).push_back('\0');
            input.append(words[at + 1]).push_back('\0');
            at += 2;
        }
        Result<client::ExecSocket> exec = co_await m_client->exec(m_sandbox, {.argv = argv});
        if (!exec)
            co_return std::unexpected(exec.error());
        if (Result<void> fed = co_await exec->writeInput(input); !fed)
            co_return fed;
        if (Result<void> fed = co_await exec->control({.type = "eof"}); !fed)
            co_return fed;
        std::string complaint;
        for (std::optional<api::ExitStatus> exit; !exit;) {
            Result<client::ExecSocket::Message> message = co_await exec->read();
            if (!message)
                co_return std::unexpected(message.error());
            if (const auto* output = std::get_if<client::Output>(&*message))
                complaint += output->bytes.substr(0, 200);
            else
                exit = std::get<api::StreamControl>(*message).exit;
            if (exit && exit->code != 0)
                co_return fail(ErrorCode::Internal, complaint);
        }
    }
    co_return Result<void>{};
}

void FolderCopy::leaveOut(const std::string& path, const Error& error)
{
    ++m_outcome.leftOut;
    if (m_outcome.reasons.size() < CopyOutcome::kMostReasons)
        m_outcome.reasons.push_back(std::format("{}: {}", path, error.message));
}

void FolderCopy::tellProgress()
{
    const auto now = std::chrono::steady_clock::now();
    const auto total = static_cast<std::int64_t>(m_files.size());
    if (now - m_told < kProgressEvery && m_done != total)
        return;
    m_told = now;
    m_progress(m_done, total);
}

} // namespace caisson::desk
