// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "widgets/common/style.h"

class QHBoxLayout;
class QLabel;
class QPushButton;
class QToolButton;

namespace caisson {

/// A line across a view that says something in place, without a box in the way and without taking
/// the focus.
class NoticeStrip : public QWidget
{
    Q_OBJECT

public:
    enum class Tone {
        Note,     ///< good to know
        Decision, ///< waits for the person; the only warm thing on the screen
        Error,
    };

    /// `name` becomes the object name and the prefix of its parts' names. Hidden at the start.
    NoticeStrip(const QString& name, Tone tone, QWidget* parent = nullptr);

    /// `what` is one sentence; `detail`, in secondary text below it, may be empty. Plain text,
    /// both.
    void setText(const QString& what, const QString& detail = {});
    QString what() const;
    QString detail() const;

    /// The button's object name is "NAME.ID".
    QPushButton* addButton(const QString& id, const QString& text,
                           ButtonKind kind = ButtonKind::Plain);

    /// Shows a close button ("NAME.dismiss"), which hides the strip; Escape inside the strip does
    /// the same.
    void setDismissible(bool isDismissible);

signals:
    /// The person closed the strip. hide() by the program does not emit it.
    void dismissed();

protected:
    void paintEvent(QPaintEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void changeEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void updateIcon();
    void dismiss();

    Tone m_tone;
    QHBoxLayout* m_row;
    QLabel* m_icon;
    QLabel* m_what;
    QLabel* m_detail;
    QToolButton* m_dismiss;
};

} // namespace caisson
