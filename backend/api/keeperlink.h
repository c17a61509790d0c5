// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"

#include <cstdint>
#include <optional>
#include <string>

/// What caissond and a keeper say to one another, over a SOCK_SEQPACKET Unix socket at
/// paths.h:keeperSocket(). One message a packet; the first byte is its kind.
///
///   kind            direction          packet
///   Connection 'c'  caissond → keeper  the bytes of a client's connection read so far (a whole
///                                      request head and maybe more); the connection itself
///                                      travels beside it (SCM_RIGHTS)
///   Stop 's'        caissond → keeper  StopKeeper as JSON; it ends its sandbox, then itself
///   Update 'u'      caissond → keeper  Sandbox as JSON: the name or labels were changed
///   Secrets 'k'     caissond → keeper  SecretValues as JSON: all that its status asks for and are
///                                      known, in one packet or in several of which all but the
///                                      last say `more`; together they replace what came before.
///                                      Again when one of them changes
///   Status 'S'      keeper → caissond  KeeperStatus as JSON: first on connecting, then each change
///   Event 'e'       keeper → caissond  Event as JSON, to be published
namespace caisson::api {

enum class KeeperMessage : char {
    Connection = 'c',
    Stop = 's',
    Update = 'u',
    Secrets = 'k',
    Status = 'S',
    Event = 'e'
};

/// Head and read-ahead of a handed-over connection fit one packet, and so does a secret of 64 KiB
/// with every character of it escaped.
inline constexpr std::size_t kMaxKeeperPacket = 160 * 1024;

struct StopKeeper
{
    std::string why;
};

struct KeeperStatus
{
    std::string version;
    std::string sandbox; ///< id
    SandboxState state = SandboxState::Starting;
    std::string why;
    std::int64_t incarnation = 0;
    std::int64_t pid = 0;
    std::string started;
    std::string workspaceHost;
    AppliedLimits applied;
    std::vector<std::string> secrets; ///< names that the policy in force puts in
};

/// Never written anywhere but into memory.
struct SecretValues
{
    std::map<std::string, std::string> values;
    std::vector<std::string> names; ///< of all that are stored, wanted or not; in the last packet
    bool more = false;              ///< the next packet goes on
};

/// What caissond keeps of a sandbox on disk, as JSON in its folder's sandbox.json.
struct SandboxRecord
{
    Sandbox sandbox;
    std::int64_t idBase = 0; ///< first of its 65,536 host ids, when caissond is root; else 0
    std::string boot;        ///< boot_id of the host (random(4)) when it was last started
};

/// What a keeper keeps beside a sandbox's policy.toml, as policy.json: all that a policy file has no
/// place for.
struct PolicyState
{
    struct Rule
    {
        std::string id;
        std::string expires;     ///< as policy.toml has it; another text is another end
        std::int64_t moment = 0; ///< CLOCK_BOOTTIME in nanoseconds at which it ends; 0: never
        std::int64_t hits = 0;
        std::string last; ///< RFC 3339
    };
    std::int64_t generation = 0;
    std::string boot; ///< boot_id of the host that the moments are of
    std::vector<Rule> rules;
};

/// The encrypted file of secrets, as JSON in caissond's secrets.sealed. `values` are sealed one by
/// one, so that one can be taken out without the passphrase: base64 of a nonce, what AES-256-GCM
/// makes of the value, and its tag; the name is authenticated with it. `check` is a value that is
/// always there: whether a passphrase is the file's.
struct SealedSecrets
{
    std::string kdf = "argon2id"; ///< RFC 9106
    std::int64_t memory = 0;      ///< KiB
    std::int64_t passes = 0;
    std::int64_t lanes = 0;
    std::string salt; ///< base64
    std::string check;
    std::map<std::string, std::string> values;
};

/// What a keeper is started with, as JSON on its standard input.
struct KeeperStart
{
    Sandbox sandbox;         ///< incarnation already counted up
    std::int64_t idBase = 0; ///< first host id of the sandbox's 65,536, when root; else 0
};

} // namespace caisson::api
