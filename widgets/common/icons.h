// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QIcon>
#include <QPalette>

#include <optional>

namespace caisson {

/// The bundled set: 16-px grid, 1.5-px strokes, one colour. Each is resources/icons/NAME.svg.
enum class Icon {
    ArrowDown,
    ArrowUp,
    Check,
    ChevronDown,
    ChevronLeft,
    ChevronRight,
    ChevronUp,
    Close,
    Copy,
    Deny,
    Error,
    Export,
    Eye,
    EyeOff,
    File,
    FileArchive,
    FileC,
    FileCode,
    FileConfig,
    FileImage,
    FileJs,
    FilePython,
    FileShell,
    FileText,
    Flag,
    Folder,
    FolderOpen,
    Globe,
    Import,
    Info,
    Key,
    More,
    Mount,
    NewFile,
    NewFolder,
    Paste,
    Play,
    Plus,
    Redo,
    Reload,
    Rename,
    Rules,
    Sandbox,
    Save,
    Search,
    Side,
    Stop,
    Symlink,
    Terminal,
    Trash,
    Tunnel,
    Undo,
    Warning,
};

/// Takes its colour from the application's palette whenever it is painted, so it follows light and
/// dark by itself: text when active or selected, secondary text otherwise, disabled when disabled.
/// A fixed `color` wins over the first two.
QIcon icon(Icon name, std::optional<QColor> color = std::nullopt);

/// Sharp at the painter's device pixel ratio. `size` in device-independent pixels.
QPixmap iconPixmap(Icon name, int size, const QColor& color, qreal devicePixelRatio);

/// The application's own icon, in its own colours.
QIcon applicationIcon();

} // namespace caisson
