// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QScrollArea>

namespace caisson {

/// How much height `widget` needs at that width for nothing in it to overlap or be cut. Of a stack
/// only the page that is shown counts: what is not seen takes no room.
int leastHeight(const QWidget& widget, int width);

/// Gives its content the room that there is, and scrolls it only where that is less than it needs.
/// (A QScrollArea of its own makes a content that wraps as high as it would like to be.)
class RoomScroll : public QScrollArea
{
    Q_OBJECT
public:
    /// The area's object name becomes `name`.
    RoomScroll(const QString& name, QWidget* content, QWidget* parent = nullptr);

    /// The content may need another height now. By itself it hears of what its layout tells.
    void fit();

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    bool event(QEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void keepFocusInSight();
};

} // namespace caisson
