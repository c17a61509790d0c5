// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/initwire.h"
#include "backend/base/error.h"
#include "backend/base/unique_fd.h"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace caisson::init {

/// A file that is written beside its place and put there whole: after a crash at any point the old
/// content is there or the new. Blocks: for workers, one call at a time.
class AtomicFile
{
public:
    /// Links are followed, so that a link stays and what it leads to is replaced; a dangling one
    /// gets its target. PreconditionFailed, IsADirectory, BadRequest for other things than files.
    static Result<std::unique_ptr<AtomicFile>> open(const api::WriteRequest& request);

    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;
    ~AtomicFile() { abandon(); }

    Result<void> write(std::string_view bytes);
    /// fsync, a last look at the preconditions, rename, fsync of the folder.
    Result<api::FileEntry> commit();

    /// Removes what is there of the temporary. Any thread.
    void abandon();

private:
    AtomicFile(const api::WriteRequest& request, std::string path);

    Result<void> look();
    Result<void> checkPreconditions() const;
    Result<void> openTemporary();
    Result<void> place();
    std::string newName() const;

    std::string m_asked; ///< the path of the request, for sentences
    std::string m_path;  ///< what it leads to
    std::string m_folder;
    std::string m_ifMatch;
    bool m_mustBeNew;
    std::optional<std::string> m_existing; ///< etag of what is at m_path; nullopt: nothing
    mode_t m_mode;
    std::optional<uid_t> m_uid; ///< of the file that is replaced
    std::optional<gid_t> m_gid;
    UniqueFd m_file;
    std::mutex m_naming;     ///< a worker names and renames, the loop may abandon
    std::string m_temporary; ///< empty while the file has no name (O_TMPFILE)
};

} // namespace caisson::init
