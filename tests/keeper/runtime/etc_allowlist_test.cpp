// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/etc_allowlist.h"

#include "tests/keeper/runtime/temporary_folder.h"

#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace caisson::keeper {

using namespace caisson::test;

namespace {

std::string text(const std::vector<HostEntry>& entries)
{
    std::vector<std::string> lines;
    for (const HostEntry& entry : entries)
        lines.push_back(entry.path + (S_ISDIR(entry.mode) ? "/" : S_ISLNK(entry.mode) ? "@" : ""));
    std::ranges::sort(lines);
    std::string all;
    for (const std::string& line : lines)
        all += line + "\n";
    return all;
}

} // namespace

TEST(EtcAllowlist, TakesWhatIsListedAndEveryoneMayRead)
{
    const TemporaryFolder host;
    writeFile(host / "etc/profile", "export TOKEN=secret");
    writeFile(host / "etc/profile.d/proxy.sh", "export TOKEN=secret");
    writeFile(host / "etc/bash.bashrc", "export TOKEN=secret");
    writeFile(host / "etc/inputrc", "");
    writeFile(host / "etc/python3.13/sitecustomize.py", "");
    writeFile(host / "etc/ssl/certs/ca.pem", "");
    writeFile(host / "etc/ssl/private/key.pem", "secret");
    writeFile(host / "etc/ssh/ssh_host_key", "secret");
    writeFile(host / "etc/shadow", "secret", 0640);
    writeFile(host / "etc/passwd", "someone");
    writeFile(host / "etc/hostname", "host");
    writeFile(host / "etc/resolv.conf", "nameserver 10.0.0.1");
    writeFile(host / "etc/apt/sources.list", "");
    writeFile(host / "etc/apt/auth.conf", "secret");
    writeFile(host / "etc/apt/auth.conf.d/mirror.conf", "secret");
    writeFile(host / "etc/apt/apt.conf.d/90secret", "secret", 0600);
    writeFile(host / "etc/java-21-openjdk/management/jmxremote.password", "secret");
    writeFile(host / "etc/pip.conf", "secret");
    writeFile(host / "etc/skel/.bashrc.dpkg-old", "");
    writeFile(host / "etc/fonts/closed/x", "");
    ASSERT_EQ(::chmod((host / "etc/fonts/closed").c_str(), 0700), 0);
    std::filesystem::create_directory(host / "etc/alternatives");
    std::filesystem::create_symlink("/usr/bin/vim", host / "etc/alternatives/vi");
    writeFile(host / "var/lib/apt/extended_states", "");
    writeFile(host / "var/lib/other", "secret");

    const auto entries = scanHostConfiguration(host.path());
    ASSERT_TRUE(entries) << entries.error().message;
    EXPECT_EQ(text(*entries), R"(etc/
etc/alternatives/
etc/alternatives/vi@
etc/apt/
etc/apt/apt.conf.d/
etc/apt/sources.list
etc/fonts/
etc/inputrc
etc/java-21-openjdk/
etc/java-21-openjdk/management/
etc/python3.13/
etc/python3.13/sitecustomize.py
etc/skel/
etc/ssl/
etc/ssl/certs/
etc/ssl/certs/ca.pem
var/
var/lib/
var/lib/apt/
var/lib/apt/extended_states
)");
}

TEST(EtcAllowlist, CutsCredentialsOutOfUrls)
{
    EXPECT_EQ(withoutUrlCredentials("deb https://me:pass@mirror.example/debian stable main\n"),
              "deb https://mirror.example/debian stable main\n");
    EXPECT_EQ(withoutUrlCredentials("Acquire::http::Proxy \"http://u:p@ss@proxy:3128\";"),
              "Acquire::http::Proxy \"http://proxy:3128\";");
    EXPECT_EQ(withoutUrlCredentials("http_proxy=http://token@proxy\nhttps_proxy=http://a:b@c"),
              "http_proxy=http://proxy\nhttps_proxy=http://c");
    constexpr const char* innocent = "see https://example.org/~me?at=@home, mail a@b.c, x:// @y";
    EXPECT_EQ(withoutUrlCredentials(innocent), innocent);
    EXPECT_EQ(withoutUrlCredentials("://"), "://");
}

} // namespace caisson::keeper
