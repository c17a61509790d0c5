// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/dpkg_overrides.h"

#include <gtest/gtest.h>

namespace caisson::keeper {

TEST(DpkgOverrides, KeepTheAccountsThatAreThere)
{
    EXPECT_EQ(ownOverrides("root ssl-cert 710 /etc/ssl/private\n"
                           "root mail 2755 /usr/bin/dotlock\n"
                           "root messagebus 4754 /usr/lib/dbus-daemon-launch-helper\n"
                           "postgres root 755 /var/lib/x\n"
                           "#0 #117 755 /usr/bin/y\n"),
              "root mail 2755 /usr/bin/dotlock\n#0 #117 755 /usr/bin/y\n");
    EXPECT_EQ(ownOverrides(""), "");
}

} // namespace caisson::keeper
