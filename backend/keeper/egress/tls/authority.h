// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <memory>
#include <string>
#include <string_view>

namespace caisson::keeper {

/// The certificate authority of one sandbox: an ECDSA P-256 key that never leaves this process's
/// memory, and a self-signed certificate that the sandbox trusts. Made at start, gone at the end.
class Authority
{
public:
    static Result<std::unique_ptr<Authority>> create(const std::string& sandboxName);
    ~Authority();

    const std::string& certificatePem() const;

    /// A leaf for one host (canonical name or address), valid from a day ago for 30 days; cached,
    /// the 1,024 most recently used. Opaque to all but tls_stream.cpp.
    struct Leaf;
    Result<std::shared_ptr<const Leaf>> leafFor(std::string_view host);

private:
    Authority();
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace caisson::keeper
