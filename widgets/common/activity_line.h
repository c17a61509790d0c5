// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QBasicTimer>
#include <QElapsedTimer>
#include <QWidget>

#include <optional>

namespace caisson {

/// A 2-px line that says "it goes on", or how far. Nothing moves, and nothing costs, while it is
/// hidden. Where the desktop asks for less motion, the line of unknown length stands still.
class ActivityLine : public QWidget
{
    Q_OBJECT

public:
    explicit ActivityLine(QWidget* parent = nullptr);

    /// Shows it when this lasts longer than a moment, and hides it when it is over.
    void setBusy(bool isBusy);

    /// 0 to 1, or nullopt when how far is not known.
    void setFraction(std::optional<double> fraction);
    std::optional<double> fraction() const { return m_fraction; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;
    void timerEvent(QTimerEvent* event) override;

private:
    void updateTimer();

    std::optional<double> m_fraction;
    QBasicTimer m_timer;
    QBasicTimer m_patience; ///< until it is shown
    QElapsedTimer m_clock;
};

} // namespace caisson
