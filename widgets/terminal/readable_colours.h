// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QRgb>

#include <array>
#include <optional>

class QString;

namespace caisson {

/// What text is shown in where its own colour could not be read on its ground: for each pair of the
/// sixteen colours (the eight of ECMA-48 and their bright sisters), and the default text on each.
struct ReadableColours
{
    static constexpr int kColours = 16;
    static constexpr int kDefaultText = kColours; ///< as a foreground

    /// By background, then foreground. Nothing: it can be read as it is.
    std::array<std::array<std::optional<QRgb>, kColours + 1>, kColours> instead;
};

/// For a colour scheme in QTermWidget's format: where the contrast is less than 4.5, the scheme's
/// text or canvas, whichever can be read better.
ReadableColours readableColours(const QString& schemePath);

} // namespace caisson
