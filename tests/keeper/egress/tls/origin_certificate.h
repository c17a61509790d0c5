// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace caisson::keeper {

/// Certificates such as origins have, good and bad. Times are in days from now.
struct OriginCertificate
{
    std::string name = "origin.example";
    std::vector<std::string> dnsNames = {"origin.example"};
    std::vector<std::string> addresses;
    int validFrom = -1;
    int validUntil = 30;
};

struct KeyAndCertificate
{
    std::string key; ///< PEM, as is the other
    std::string certificate;
};

/// An authority for tests, another than the code's.
KeyAndCertificate makeTestAuthority(const std::string& name);
KeyAndCertificate issue(const KeyAndCertificate& authority, const OriginCertificate& what);
KeyAndCertificate selfSigned(const OriginCertificate& what);

/// A TLS origin on loopback, on a thread of its own: takes so many connections one after another,
/// says "hello" on each, and ends it.
class Origin
{
public:
    struct Options
    {
        std::vector<std::string> alpn; ///< which it chooses from
        int maxVersion = 0;            ///< e.g. TLS1_2_VERSION
        bool closesCleanly = true;     ///< with close_notify
        bool isSilent = false;         ///< accepts TCP and says nothing
        std::string plainAnswer;       ///< this instead of TLS
        int connections = 1;
    };
    Origin(const KeyAndCertificate& certificate, const Options& options);
    ~Origin();

    std::uint16_t port() const { return m_port; }
    /// How many handshakes were resumptions. After the last connection.
    int resumed();
    /// The SNI of the last.
    std::string serverName();

private:
    void serve(const KeyAndCertificate& certificate, const Options& options);
    void join();

    int m_listener = -1;
    std::uint16_t m_port = 0;
    int m_resumed = 0;
    std::string m_serverName;
    std::thread m_thread;
};

} // namespace caisson::keeper
