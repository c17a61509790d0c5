// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/keeper/egress/tls/authority.h"
#include "backend/keeper/egress/tls/openssl_handles.h"

#include <chrono>

namespace caisson::keeper {

/// A certificate and the key that goes with it.
struct Authority::Leaf
{
    CertificatePtr certificate;
    KeyPtr key; ///< one for all leaves of an authority
    std::chrono::system_clock::time_point made;
};

} // namespace caisson::keeper
