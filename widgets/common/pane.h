// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QAbstractItemView;
class QAction;
class QHBoxLayout;
class QLabel;
class QStackedLayout;
class QToolButton;

namespace caisson {

class ActivityLine;

/// A part of the window: a title in small capitals, its tools at the right, and a body.
class Pane : public QWidget
{
    Q_OBJECT

public:
    /// `name` becomes the object name and the prefix of its tools' ("NAME.ACTIONNAME").
    Pane(const QString& name, const QString& title, QWidget* parent = nullptr);

    void setTitle(const QString& title);

    /// A tool shows the action's icon; its text is the tooltip and the accessible name, with the
    /// shortcut.
    QToolButton* addTool(QAction* action);

    /// Something in the pane is on its way; shown when it takes longer than a moment.
    void setBusy(bool isBusy);

    /// The pane owns its pages and shows one at a time; the first is shown at the start.
    int addPage(QWidget* page);
    void showPage(QWidget* page);
    QWidget* currentPage() const;

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    QLabel* m_title;
    QHBoxLayout* m_titleRow;
    QStackedLayout* m_pages;
    ActivityLine* m_activity; ///< over the lower edge of the title row, so that nothing moves
};

/// Shows the top of what is in it where there is no room for all: the parts of a window that are
/// lower than they can be overlap, and are read worse than parts of which the lower end is covered.
class TopClip : public QWidget
{
    Q_OBJECT
public:
    /// `lowest`: so much of it is always there.
    TopClip(QWidget* content, int lowest, QWidget* parent = nullptr);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    bool event(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void place();

    QWidget* m_content;
    int m_lowest;
};

/// An icon-only button for an action, as used in title rows and strips.
QToolButton* makeToolButton(QAction* action, QWidget* parent);

/// Gives a list or tree the look of one that lies on a panel: no frame, the panel's colour, rows of
/// one height.
void layOnPanel(QAbstractItemView* view);

} // namespace caisson
