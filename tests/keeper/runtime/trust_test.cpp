// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/keeper/runtime/container_fixture.h"

#include <filesystem>
#include <format>

namespace caisson::test {

/// Sandboxes with an authority, seen from inside by the host's own programs.
class Trust : public ContainerTest
{
protected:
    /// A new one at every call, as at every start.
    std::string authority()
    {
        const std::string file = std::format("{}/authority{}.pem", home(), ++m_made);
        onHost("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 "
               "-subj '/O=Caisson/CN=Caisson probe' -keyout /dev/null -out " +
               file);
        EXPECT_TRUE(contentOf(file).contains("BEGIN CERTIFICATE")) << contentOf(file);
        return file;
    }

private:
    int m_made = 0;
};

INSTANTIATE_TEST_SUITE_P(As, Trust, testing::Values(As::Root, As::User), asName);

constexpr const char* kVerify =
    "cert=/etc/caisson/authority.pem;"
    "openssl verify -CAfile $SSL_CERT_FILE $cert;"
    "openssl verify -no-CAfile -CApath /etc/ssl/certs $cert;"
    "grep -c 'Caisson sandbox: begin' $SSL_CERT_FILE;"
    "test $(grep -c 'BEGIN CERT' $SSL_CERT_FILE) -gt 1 && echo the host\\'s too";
constexpr const char* kVerified = "/etc/caisson/authority.pem: OK\n"
                                  "/etc/caisson/authority.pem: OK\n"
                                  "1\nthe host's too";

TEST_P(Trust, ProgramsTrustTheAuthorityAndTheHosts)
{
    if (!exists("/etc/ssl/certs/ca-certificates.crt"))
        GTEST_SKIP() << "this host has no bundle: apt install ca-certificates";
    const std::string file = authority();
    const auto container = start({"--authority", file});
    EXPECT_EQ(container->run(kVerify), kVerified);
    EXPECT_TRUE(
        (container->run("cat /etc/caisson/authority.pem") + "\n").contains(contentOf(file)));
    EXPECT_EQ(container->run("env | grep -c ="
                             " && env | grep -E 'CERT|CA_BUNDLE|CAINFO' | sort"),
              container->run("env | grep -c =") +
                  "\nAWS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt"
                  "\nCARGO_HTTP_CAINFO=/etc/ssl/certs/ca-certificates.crt"
                  "\nCURL_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt"
                  "\nDENO_CERT=/etc/ssl/certs/ca-certificates.crt"
                  "\nGIT_SSL_CAINFO=/etc/ssl/certs/ca-certificates.crt"
                  "\nNODE_EXTRA_CA_CERTS=/etc/caisson/authority.pem"
                  "\nPIP_CERT=/etc/ssl/certs/ca-certificates.crt"
                  "\nREQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt"
                  "\nSSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt");
    EXPECT_EQ(container->run("stat -c '%u %g %a' /etc/ssl/certs/ca-certificates.crt "
                             "/etc/caisson /etc/ssl/certs"),
              "0 0 644\n0 0 755\n0 0 755");
}

TEST_P(Trust, JavaTrustsIt)
{
    if (!exists("/etc/ssl/certs/java/cacerts") || !exists("/usr/bin/keytool"))
        GTEST_SKIP() << "this host has no Java: apt install default-jre-headless";
    const auto container = start({"--authority", authority()});
    const std::string listed = container->run(
        "keytool -list -keystore /etc/ssl/certs/java/cacerts -storepass changeit 2>&1");
    EXPECT_TRUE(listed.contains("caisson, ")) << listed.substr(0, 500);
    EXPECT_TRUE(listed.contains("debian:")) << listed.substr(0, 500);
}

TEST_P(Trust, NothingOfItIsInWhatTheSandboxHasWritten)
{
    start({"--authority", authority()})->finish();
    EXPECT_EQ(onHost("find " + sandboxFolder() +
                     "/layers -path '*ssl*' -o -name '*caisson*.pem' -o "
                     "-name '*.crt'"),
              "");
}

TEST_P(Trust, EveryStartHasAnAuthorityOfItsOwn)
{
    start({"--authority", authority()})->finish();
    const std::string file = authority();
    const auto container = start({"--authority", file});
    EXPECT_EQ(container->run(kVerify), kVerified);
    EXPECT_TRUE((container->run("cat $SSL_CERT_FILE") + "\n").contains(contentOf(file)));
}

TEST_P(Trust, UpdateCaCertificatesLosesNothing)
{
    if (!exists("/usr/sbin/update-ca-certificates"))
        GTEST_SKIP() << "this host has no update-ca-certificates: apt install ca-certificates";
    {
        const auto container = start({"--authority", authority()});
        // With a few of the host's authorities, since it takes a process for each, and without the
        // hooks of other packages.
        const std::string said = container->run(
            "grep -m3 '^mozilla' /etc/ca-certificates.conf > /tmp/few;"
            "update-ca-certificates --certsconf /tmp/few --hooksdir /nonexistent 2>&1");
        EXPECT_TRUE(said.contains("done.")) << said;
        EXPECT_EQ(container->run(kVerify), kVerified);
        // Somebody's own authority stays, too.
        container->run("printf '# mine\\n' >> /etc/ssl/certs/ca-certificates.crt");
        container->finish();
    }
    const auto container = start({"--authority", authority()});
    EXPECT_EQ(container->run(kVerify), kVerified);
    EXPECT_EQ(container->run("grep -c '^# mine$' $SSL_CERT_FILE"), "1");
}

TEST_P(Trust, LinksOfTheSandboxLeadNowhere)
{
    {
        const auto container = start({"--authority", authority()});
        container->run("rm -r /etc/caisson /etc/ssl/certs; mkdir /trap; ln -s /trap /etc/caisson; "
                       "ln -s /../../../../tmp /etc/ssl/certs; "
                       "echo old > /trap/authority.pem; ln -s /etc/passwd /trap/bundle.pem");
        container->finish();
    }
    const std::string file = authority();
    const auto container = start({"--authority", file});
    EXPECT_TRUE((container->run("cat /trap/authority.pem") + "\n").contains(contentOf(file)));
    EXPECT_EQ(container->run("grep -c Caisson /etc/passwd"), "0");
}

TEST_P(Trust, WhatThePersonSetsStays)
{
    const auto container = start(
        {"--authority", authority(), "--env", "SSL_CERT_FILE=/mine.pem", "--env", "PIP_CERT="});
    EXPECT_EQ(container->run("echo \"$SSL_CERT_FILE|$PIP_CERT|$DENO_CERT\""),
              "/mine.pem||/etc/ssl/certs/ca-certificates.crt");
}

TEST_P(Trust, WithoutAnAuthorityNothingIsAdded)
{
    const auto container = start();
    EXPECT_EQ(container->run("env | grep -cE 'CERT|CA_BUNDLE|CAINFO'; ls -d /etc/caisson 2>&1 | "
                             "grep -c 'cannot access'"),
              "0\n1");
}

} // namespace caisson::test
