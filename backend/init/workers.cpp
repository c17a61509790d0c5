// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/workers.h"

namespace caisson::init {

namespace {

/// Three, so that a long copy and a slow disk leave one for the rest.
constexpr std::size_t kFileThreads = 3;

} // namespace

Workers::Workers()
    : m_files(kFileThreads)
    , m_watches(1)
{
}

} // namespace caisson::init
