// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>

class QAction;

namespace caisson {

/// Every shortcut of the window in a list. Open it with open().
class KeyboardDialog : public QDialog
{
    Q_OBJECT
public:
    KeyboardDialog(const QList<QAction*>& actions, QWidget* parent);
};

} // namespace caisson
