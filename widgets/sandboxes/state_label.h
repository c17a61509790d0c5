// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"

#include <QModelIndex>
#include <QWidget>

namespace caisson {

/// A sandbox's state: its shape, and the word.
class StateLabel : public QWidget
{
    Q_OBJECT
public:
    explicit StateLabel(QWidget* parent = nullptr);

    /// Of a row of a SandboxModel.
    void setState(const QModelIndex& sandbox);
    const QString& text() const { return m_text; }

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    api::SandboxState m_state = api::SandboxState::Stopped;
    bool m_isBusy = false;
    bool m_isStale = false;
    QString m_text;
};

} // namespace caisson
