// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QAction;

namespace caisson {

/// What the window shows while there is no sandbox: what one is, and the one way in.
class FirstRunPage : public QWidget
{
    Q_OBJECT
public:
    explicit FirstRunPage(QAction* newSandbox, QWidget* parent = nullptr);
};

} // namespace caisson
