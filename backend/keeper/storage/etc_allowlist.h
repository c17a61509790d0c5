// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <string>
#include <sys/types.h>
#include <time.h>
#include <vector>

namespace caisson::keeper {

/// A file, folder or link of the host's configuration that a sandbox gets a copy of.
struct HostEntry
{
    std::string path; ///< below "/", e.g. "etc/ssl/certs"; parents come before what is in them
    mode_t mode = 0;
    ino_t inode = 0;
    off_t size = 0;
    timespec modified{};
};

/// What of the host's /etc (and apt's extended_states) belongs to image `host`: what the programs
/// in /usr need to run as they do on the host, and nothing that tells about the host or its
/// people. Only what everyone on the host may read is taken, whatever the list says.
/// `hostRoot` is "" but in tests.
Result<std::vector<HostEntry>> scanHostConfiguration(const std::string& hostRoot);

/// Cuts "user:password@" out of the URLs in a text: proxies and package sources have such.
std::string withoutUrlCredentials(std::string text);

} // namespace caisson::keeper
