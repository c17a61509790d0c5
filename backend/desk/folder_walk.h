// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/base/unique_fd.h"

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace caisson::desk {

/// One thing found in a folder of this machine.
struct WalkedFile
{
    enum class Kind { File, Folder, Symlink };
    Kind kind = Kind::File;
    std::string path;   ///< below the folder, without a leading slash
    mode_t mode = 0;    ///< permission bits
    std::string target; ///< of a symlink
};

struct WalkedFolder
{
    std::vector<WalkedFile> files;
    struct LeftOut
    {
        std::string path;
        Error error;
    };
    std::vector<LeftOut> leftOut; ///< could not be looked at
};

/// A folder of this machine, read without ever following a symlink in it: what a link leads to may
/// lie outside, and is not what the person chose.
class FolderWalk
{
public:
    static Result<FolderWalk> open(const std::string& folder);

    /// Everything below the folder, each folder before what is in it. Sockets, FIFOs and devices
    /// are passed over: they mean nothing as copies. Fails when the folder itself cannot be read.
    /// Waits for the disk.
    Result<WalkedFolder> files() const;

    /// Opens one of the files for reading. Waits for the disk.
    Result<UniqueFd> openFile(const std::string& path) const;

private:
    explicit FolderWalk(UniqueFd folder);
    Result<void> collect(const std::string& path, WalkedFolder& walked) const;
    Result<WalkedFile> look(const std::string& path) const;
    Result<UniqueFd> openBelow(const std::string& path, int flags) const;

    UniqueFd m_folder;
};

} // namespace caisson::desk
