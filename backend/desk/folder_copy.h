// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/client/client.h"
#include "backend/desk/copy_outcome.h"
#include "backend/desk/folder_walk.h"

#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace caisson::desk {

/// Copies what is in a folder of this machine into a sandbox's /workspace, with modes and
/// symlinks. Backend thread only; what waits for the disk runs on a thread of its own.
class FolderCopy
{
public:
    /// Called on the backend thread, at most some 20 times a second.
    using Progress = std::function<void(std::int64_t done, std::int64_t total)>;

    FolderCopy(std::shared_ptr<client::Client> client, std::string sandbox, std::string folder,
               Progress progress);

    /// Goes on after a file that cannot be copied, but not where no other could be either.
    static api::Task<Result<CopyOutcome>> run(std::shared_ptr<FolderCopy> self);
    void cancel() { m_cancelled = true; }

private:
    api::Task<Result<void>> copyAll();
    api::Task<Result<void>> makeFolders();
    api::Task<Result<void>> copyFiles();
    api::Task<void> copyNextFiles();
    api::Task<Result<void>> copyFile(const WalkedFile& file);
    api::Task<Result<void>> makeSymlinks();
    api::Task<Result<void>> setModes();
    /// Runs `argv` inside with two words of `words` at a time added to it.
    api::Task<Result<void>> inPairs(std::vector<std::string> argv, std::vector<std::string> words);
    void leaveOut(const std::string& path, const Error& error);
    void tellProgress();

    std::shared_ptr<client::Client> m_client;
    std::string m_sandbox;
    std::string m_folder;
    Progress m_progress;
    std::optional<FolderWalk> m_walk;
    std::vector<WalkedFile> m_files;
    std::vector<std::string> m_folderModes; ///< mode, path, mode, path, …
    std::size_t m_nextFile = 0;
    std::int64_t m_done = 0;
    std::chrono::steady_clock::time_point m_told;
    CopyOutcome m_outcome;
    std::optional<Error> m_end; ///< why nothing more can be copied
    bool m_cancelled = false;
    /// The last member: its thread uses the others and is waited for before they go.
    api::asio::thread_pool m_disk{1};
};

} // namespace caisson::desk
