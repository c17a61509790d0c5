// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/backend.h"

#include <QWidget>

class QLabel;

namespace caisson {

/// The line below everything: at the left the file that is edited, at the right the connection.
class StatusLine : public QWidget
{
    Q_OBJECT
public:
    explicit StatusLine(QWidget* parent = nullptr);

    /// Empty texts are left out.
    void setFile(const QString& language, const QString& position, const QString& format);
    void setLink(desk::LinkState state);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QLabel* makeLabel(const QString& name, const QString& what);
    static void show(QLabel* label, const QString& text);

    QLabel* m_language;
    QLabel* m_position;
    QLabel* m_format;
    QLabel* m_link;
};

} // namespace caisson
