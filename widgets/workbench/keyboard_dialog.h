// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/workbench/shortcut_groups.h"

#include <QDialog>

namespace caisson {

/// Every shortcut of the window, by the place where it works. Open it with open().
class KeyboardDialog : public QDialog
{
    Q_OBJECT
public:
    KeyboardDialog(const QList<ShortcutGroup>& groups, QWidget* parent);

private:
    QWidget* makeGroup(const ShortcutGroup& group);
};

} // namespace caisson
