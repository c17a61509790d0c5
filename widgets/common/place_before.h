// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QPointer>
#include <QWidget>

namespace caisson {

/// Where the keyboard was before it came to a part of the window, so that it can go back there. Who
/// looks at something else for a moment goes on typing where they were: the second half of a secret
/// ended in a terminal.
class PlaceBefore : public QObject
{
    Q_OBJECT
public:
    /// `part` owns it.
    explicit PlaceBefore(QWidget* part);

    /// False: nothing is left of it that can be seen.
    bool goBack() const;

private:
    void remember(QWidget* focus);

    const QWidget* m_part;
    /// The field, and what it is in, the innermost first: a field in a table goes when it is left,
    /// and the table stays.
    QList<QPointer<QWidget>> m_places;
};

} // namespace caisson
