// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTabBar>

namespace caisson {

/// The tabs of documents and terminals: movable, closable by button, middle click and keyboard
/// (Delete is left alone; the owner binds its own close shortcut), elided in the middle. A tab that
/// is neither the current one nor under the mouse has no close button, and no room for it.
class TabBar : public QTabBar
{
    Q_OBJECT

public:
    /// `name` becomes the object name.
    explicit TabBar(const QString& name, QWidget* parent = nullptr);

    QSize minimumSizeHint() const override;

protected:
    void mouseReleaseEvent(QMouseEvent* event) override;
    QSize tabSizeHint(int index) const override;
    QSize minimumTabSizeHint(int index) const override;
    void tabInserted(int index) override;
};

} // namespace caisson
