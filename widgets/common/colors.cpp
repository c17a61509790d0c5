// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/colors.h"

#include <algorithm>
#include <cmath>

namespace caisson {

namespace {

double luminance(const QColor& color)
{
    const auto linear = [](double channel) {
        return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) +
           0.0722 * linear(color.blueF());
}

} // namespace

const Colors& darkColors()
{
    static const Colors colors{
        .canvas = QColor(0x14, 0x16, 0x1A),
        .panel = QColor(0x1B, 0x1E, 0x24),
        .raised = QColor(0x23, 0x27, 0x2F),
        .hairline = QColor(0x2C, 0x31, 0x3A),
        .outline = QColor(0x3A, 0x41, 0x4D),
        .text = QColor(0xE6, 0xE9, 0xEF),
        .secondary = QColor(0x9A, 0xA3, 0xB2),
        .disabled = QColor(0x5F, 0x68, 0x78),
        .accent = QColor(0x5B, 0x9D, 0xFF),
        .onAccent = QColor(0x0D, 0x14, 0x21),
        .selection = QColor(0x26, 0x37, 0x53),
        .hover = QColor(0xE6, 0xE9, 0xEF, 18),
        .pressed = QColor(0xE6, 0xE9, 0xEF, 34),
        .running = QColor(0x3F, 0xB6, 0x7F),
        .sleeping = QColor(0x7C, 0x87, 0x9A),
        .failed = QColor(0xE5, 0x64, 0x5F),
        .waiting = QColor(0xF2, 0xA9, 0x3B),
    };
    return colors;
}

const Colors& lightColors()
{
    static const Colors colors{
        .canvas = QColor(0xFF, 0xFF, 0xFF),
        .panel = QColor(0xF5, 0xF6, 0xF8),
        .raised = QColor(0xFF, 0xFF, 0xFF),
        .hairline = QColor(0xE1, 0xE4, 0xEA),
        .outline = QColor(0xCB, 0xD0, 0xD9),
        .text = QColor(0x1B, 0x1F, 0x27),
        .secondary = QColor(0x5B, 0x64, 0x72),
        .disabled = QColor(0xA3, 0xAB, 0xB8),
        .accent = QColor(0x1F, 0x6F, 0xEB),
        .onAccent = QColor(0xFF, 0xFF, 0xFF),
        .selection = QColor(0xD6, 0xE4, 0xFB),
        .hover = QColor(0x1B, 0x1F, 0x27, 14),
        .pressed = QColor(0x1B, 0x1F, 0x27, 28),
        .running = QColor(0x1E, 0x8E, 0x5A),
        .sleeping = QColor(0x7C, 0x87, 0x9A),
        .failed = QColor(0xC9, 0x3C, 0x37),
        .waiting = QColor(0xB8, 0x6E, 0x00),
    };
    return colors;
}

bool isDark(const QPalette& palette)
{
    return palette.color(QPalette::Window).lightness() < 128;
}

const Colors& colorsOf(const QPalette& palette)
{
    return isDark(palette) ? darkColors() : lightColors();
}

QPalette paletteOf(const Colors& colors)
{
    QPalette palette;
    palette.setColor(QPalette::Window, colors.panel);
    palette.setColor(QPalette::WindowText, colors.text);
    palette.setColor(QPalette::Base, colors.canvas);
    palette.setColor(QPalette::AlternateBase, colors.raised);
    palette.setColor(QPalette::Text, colors.text);
    palette.setColor(QPalette::PlaceholderText, colors.secondary);
    palette.setColor(QPalette::Button, colors.raised);
    palette.setColor(QPalette::ButtonText, colors.text);
    palette.setColor(QPalette::BrightText, colors.failed);
    palette.setColor(QPalette::ToolTipBase, colors.raised);
    palette.setColor(QPalette::ToolTipText, colors.text);
    palette.setColor(QPalette::Highlight, colors.selection);
    palette.setColor(QPalette::HighlightedText, colors.text);
    palette.setColor(QPalette::Accent, colors.accent);
    palette.setColor(QPalette::Link, colors.accent);
    palette.setColor(QPalette::LinkVisited, colors.accent);
    palette.setColor(QPalette::Light, colors.raised);
    palette.setColor(QPalette::Midlight, colors.hairline);
    palette.setColor(QPalette::Mid, colors.hairline);
    palette.setColor(QPalette::Dark, colors.outline);
    palette.setColor(QPalette::Shadow, colors.outline);
    for (const QPalette::ColorRole role :
         {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::HighlightedText,
          QPalette::PlaceholderText, QPalette::ToolTipText, QPalette::Link}) {
        palette.setColor(QPalette::Disabled, role, colors.disabled);
    }
    palette.setColor(QPalette::Disabled, QPalette::Highlight, colors.hairline);
    return palette;
}

double contrastRatio(const QColor& one, const QColor& other)
{
    const auto [low, high] = std::minmax({luminance(one), luminance(other)});
    return (high + 0.05) / (low + 0.05);
}

} // namespace caisson
