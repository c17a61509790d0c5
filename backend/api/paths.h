// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <memory>
#include <string>

namespace caisson::api {

/// Where Caisson keeps what it has, for the user it runs as.
///   CAISSON_HOME set:  data and config in it, sockets in $CAISSON_HOME/run
///   else:              the XDG folders; sockets in /run/user/UID/caisson if /run/user/UID is there
///                      and the user's, else /tmp/caisson-UID (0700, owner checked)
struct Paths
{
    std::string home; ///< CAISSON_HOME or the data folder; the --home of caissond and keepers
    std::string data;
    std::string config;
    std::string run;

    std::string daemonSocket() const { return run + "/caissond.sock"; }
    std::string daemonLock() const { return run + "/caissond.lock"; }
    std::string sandboxes() const { return data + "/sandboxes"; }
    std::string sandbox(const std::string& id) const { return sandboxes() + "/" + id; }
    /// Of a running keeper: its control socket.
    std::string keeperSocket(const std::string& id) const
    {
        return run + "/keeper-" + id + ".sock";
    }
};

/// From the environment of this process.
Result<Paths> pathsFromEnvironment();

/// For `--home DIR`: the home that pathsFromEnvironment() of the starter found.
Paths pathsForHome(const std::string& home);

/// Makes the folders, 0700, and checks that they are this user's.
Result<void> ensureFolders(const Paths& paths);

/// An address for bind(2) and connect(2). Paths over 107 bytes (unix(7)) are reached through
/// /proc/self/fd: the descriptor of their folder must stay open as long as the address is used.
class UnixAddress
{
public:
    static Result<UnixAddress> of(const std::string& path);
    const std::string& path() const { return m_path; }

private:
    explicit UnixAddress(std::string path, int folder);
    std::string m_path;
    struct Folder;
    std::shared_ptr<Folder> m_folder;
};

} // namespace caisson::api
