// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/trust_bundle.h"

#include "tests/keeper/runtime/temporary_folder.h"

#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::keeper {

using namespace caisson::test;

namespace {

// Of a P-256 key that was thrown away; O=Caisson, CN=Caisson probe.
constexpr const char* kAuthority = R"(-----BEGIN CERTIFICATE-----
MIIBqzCCAVGgAwIBAgIUHvK96s3+w7Wc3Aif+Ivco5L+UAgwCgYIKoZIzj0EAwIw
KjEQMA4GA1UECgwHQ2Fpc3NvbjEWMBQGA1UEAwwNQ2Fpc3NvbiBwcm9iZTAgFw0y
NjExMjYwNzU0MzBaGA8yMTI2MTEwMjA3NTQzMFowKjEQMA4GA1UECgwHQ2Fpc3Nv
bjEWMBQGA1UEAwwNQ2Fpc3NvbiBwcm9iZTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABMp6pxUiwOKEptoQDcmVjnA+EpsrPFTwWVXCEhBeGQX6qeELhzxgP2tRzToi
6ZOq6iNoVCKYsyzvDi20THOAJZyjUzBRMB0GA1UdDgQWBBRX6Q6NG9zMS5LtmyGG
Hn9iUYLsGDAfBgNVHSMEGDAWgBRX6Q6NG9zMS5LtmyGGHn9iUYLsGDAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQC4OVIomCwc6ttAG1pLI++NRLB6
qUuyvy+cQIJaCANiQQIgaEsx+piUVTdx2siN82x5xx3TekI7ZxqWZb5cGyIOl6g=
-----END CERTIFICATE-----
)";

/// One line an entry: path, and "/" for a folder or "-> target" for a link.
std::string text(const std::vector<OwnFile>& files)
{
    std::string lines;
    for (const OwnFile& file : files) {
        lines += file.path;
        if (S_ISDIR(file.mode))
            lines += "/";
        if (S_ISLNK(file.mode))
            lines += " -> " + file.content;
        lines += "\n";
    }
    return lines;
}

std::string contentIn(const TrustFiles& files, const std::string& path)
{
    for (const OwnFile& file : files.root) {
        if (file.path == path)
            return file.content;
    }
    return "(not there)";
}

} // namespace

TEST(TrustBundle, IsTheHostsAndOneMore)
{
    const TemporaryFolder host;
    writeFile(host / "etc/ssl/certs/ca-certificates.crt", "the host's\n");
    std::filesystem::create_symlink("x.pem", host / "etc/ssl/certs/7411f470.0");
    const auto files = trustFiles(kAuthority, host.path());
    ASSERT_TRUE(files) << files.error().message;
    EXPECT_EQ(files->bundle, "/etc/ssl/certs/ca-certificates.crt");
    EXPECT_EQ(contentIn(*files, "etc/ssl/certs/ca-certificates.crt"),
              "the host's\n" + files->block);
    EXPECT_TRUE(files->block.contains(kAuthority));
    // The number is taken by another authority of the same hash.
    EXPECT_EQ(text(files->root), "etc/\n"
                                 "etc/caisson/\n"
                                 "etc/caisson/authority.pem\n"
                                 "etc/ssl/\n"
                                 "etc/ssl/certs/\n"
                                 "etc/ssl/certs/ca-certificates.crt\n"
                                 "etc/ssl/certs/caisson.pem -> /etc/caisson/authority.pem\n"
                                 "etc/ssl/certs/7411f470.1 -> caisson.pem\n");
    EXPECT_EQ(text(files->usr), "local/\nlocal/share/\nlocal/share/ca-certificates/\n"
                                "local/share/ca-certificates/caisson.crt\n");
}

TEST(TrustBundle, IsFoundBehindLinks)
{
    // As Fedora has it.
    const TemporaryFolder host;
    const std::string extracted = "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem";
    writeFile(host / extracted, "the host's"); // without an end of its last line
    writeFile(host / "etc/pki/ca-trust/source/anchors/own.pem", "x");
    std::filesystem::create_directories(host / "etc/pki/tls/certs");
    std::filesystem::create_symlink("/" + extracted, host / "etc/pki/tls/certs/not-followed");
    std::filesystem::create_symlink("../../ca-trust/extracted/pem/tls-ca-bundle.pem",
                                    host / "etc/pki/tls/certs/ca-bundle.crt");
    std::filesystem::create_directories(host / "etc/ssl");
    std::filesystem::create_symlink("../pki/tls/certs", host / "etc/ssl/certs");
    const auto files = trustFiles(kAuthority, host.path());
    ASSERT_TRUE(files) << files.error().message;
    EXPECT_EQ(files->bundle, "/" + extracted);
    EXPECT_EQ(contentIn(*files, extracted), "the host's\n" + files->block);
    EXPECT_EQ(contentIn(*files, "etc/pki/ca-trust/source/anchors/caisson.pem"), files->block);
    EXPECT_FALSE(text(files->root).contains("etc/ssl")) << text(files->root);
}

TEST(TrustBundle, IsThereOnAHostWithoutOne)
{
    const TemporaryFolder host;
    const auto files = trustFiles(kAuthority, host.path());
    ASSERT_TRUE(files) << files.error().message;
    EXPECT_EQ(files->bundle, "/etc/ssl/certs/ca-certificates.crt");
    EXPECT_EQ(contentIn(*files, "etc/ssl/certs/ca-certificates.crt"), files->block);
}

TEST(TrustBundle, NoCertificateIsAnError)
{
    const TemporaryFolder host;
    EXPECT_EQ(trustFiles("nothing", host.path()).error().code, ErrorCode::BadRequest);
}

TEST(TrustBundle, AnEarlierAuthorityGoes)
{
    const TemporaryFolder host;
    const auto files = trustFiles(kAuthority, host.path());
    ASSERT_TRUE(files) << files.error().message;
    const std::string begin = files->block.substr(0, files->block.find('\n') + 1);
    const std::string end = files->block.substr(files->block.rfind('#'));
    const std::string old = begin + "an older one\n" + end;
    EXPECT_EQ(withAuthority("a\n" + old + "b\n" + old + "c", files->block),
              "a\nb\nc\n" + files->block);
    EXPECT_EQ(withAuthority(files->block, files->block), files->block);
    EXPECT_EQ(withAuthority("", files->block), files->block);
    // An end that is missing takes nothing with it.
    EXPECT_EQ(withAuthority(begin + "a\n", files->block), begin + "a\n" + files->block);
}

TEST(TrustBundle, ASandboxsOwnCopyIsMendedAndItsLinksAreLeft)
{
    const TemporaryFolder host;
    const TemporaryFolder inside;
    const auto files = trustFiles(kAuthority, host.path());
    ASSERT_TRUE(files) << files.error().message;
    writeFile(inside / "etc/ssl/certs/ca-certificates.crt", "its own\n");
    writeFile(inside / "elsewhere", "untouched");
    std::filesystem::create_directories(inside / "etc/caisson");
    std::filesystem::create_symlink("/elsewhere", inside / "etc/caisson/authority.pem");
    const IdRange ids{static_cast<std::int64_t>(::geteuid()), 1};
    const auto done = refreshTrust(::open(inside.path().c_str(), O_PATH), *files, ids);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(contentOf(inside / "etc/ssl/certs/ca-certificates.crt"), "its own\n" + files->block);
    EXPECT_EQ(contentOf(inside / "elsewhere"), "untouched");
    EXPECT_TRUE(std::filesystem::is_symlink(inside / "etc/caisson/authority.pem"));
}

} // namespace caisson::keeper
