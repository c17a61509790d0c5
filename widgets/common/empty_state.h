// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "widgets/common/icons.h"

class QLabel;
class QPushButton;

namespace caisson {

class RoomScroll;

/// What a pane shows while it has nothing to show: what will be here, and the one action that
/// brings it. In little height the icon gives way, and where that does not do, it scrolls.
class EmptyState : public QWidget
{
    Q_OBJECT

public:
    /// Without `action` there is no button. `name` becomes the object name; the button's is
    /// "NAME.action".
    EmptyState(const QString& name, Icon iconName, const QString& sentence,
               const QString& action = {}, QWidget* parent = nullptr);

    void setIcon(Icon iconName);
    void setSentence(const QString& sentence);
    void setAction(const QString& action);
    QPushButton* button() const { return m_button; }

signals:
    void activated();

protected:
    void changeEvent(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void updateIcon();
    void fit();
    void setTight(bool isTight);

    Icon m_iconName;
    QWidget* m_content;
    RoomScroll* m_scroll;
    QLabel* m_icon;
    QLabel* m_sentence;
    QPushButton* m_button;
};

} // namespace caisson
