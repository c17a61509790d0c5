// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/common/elided_label.h"

namespace caisson {

/// A command line in two lines at most, broken anywhere, for it may be one long word. Too long, it
/// loses its middle, and the whole is its tooltip. It can be copied from its context menu. It takes
/// as much room whatever it is, so that nothing moves from one to the next.
class CommandLabel : public ElidedLabel
{
    Q_OBJECT
public:
    explicit CommandLabel(QWidget* parent = nullptr);

    /// The lines as they are shown in that width.
    QStringList linesIn(int width) const;
    bool isElided() const override;

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;
    int heightForWidth(int width) const override;

protected:
    void paintEvent(QPaintEvent* event) override;
};

} // namespace caisson
