// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/base/unique_fd.h"

#include <vector>

namespace caisson::keeper {

/// Where overlayfs keeps its marks: "trusted." needs root in the host's user namespace.
enum class OverlayMarks { Trusted, User };

/// Open folders of one overlay. `upper` and `work` lie on one file system; without them the overlay
/// cannot be written to, and has at least two lowers.
struct OverlayLayers
{
    std::vector<int> lowers; ///< topmost first
    int upper = -1;
    int work = -1;
};

/// A detached overlay mount. Renaming a folder of a lower layer gives EXDEV inside (no redirect is
/// ever written), so that a lower layer may change between two mounts, as the host's /usr does when
/// packages are upgraded: see "Changes to underlying filesystems" in the kernel's overlayfs.rst.
Result<UniqueFd> makeOverlay(const OverlayLayers& layers, OverlayMarks marks);

} // namespace caisson::keeper
