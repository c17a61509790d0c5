// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QString>

namespace caisson {

class Commands;
class FilesPane;
class SandboxesPane;

struct Shortcut
{
    QString text;
    QString keys; ///< "Ctrl+S", or several
};

/// The shortcuts that work in one place.
struct ShortcutGroup
{
    enum class Side { Left, Right };
    QString name; ///< for object names
    QString title;
    Side side = Side::Left;
    QList<Shortcut> shortcuts;
};

/// Every shortcut of the window. Those of editors and terminals are theirs, and told by them.
QList<ShortcutGroup> shortcutGroups(const Commands& commands, const SandboxesPane& sandboxes,
                                    const FilesPane& files);

} // namespace caisson
