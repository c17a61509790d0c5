// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace caisson::init {

/// Whom a command runs as.
struct Identity
{
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups; ///< supplementary
    std::string name;          ///< $USER; the number where the number has no name
    std::string home;
    std::string shell;
};

/// Finds `user` ("dev", "1000", "1000:1000"; empty: `self`, which is root) in the texts of
/// passwd(5) and group(5). NotFound for a name that is not there. A number need not be there: it
/// gets group 0 and home "/", as container engines do.
Result<Identity> findUser(std::string_view user, uid_t self, std::string_view passwd,
                          std::string_view group);

/// The same in the sandbox's own /etc/passwd and /etc/group. Not by getpwnam(3): a static glibc
/// would load the NSS modules of whatever image it happens to be in.
Result<Identity> findUser(std::string_view user);

} // namespace caisson::init
