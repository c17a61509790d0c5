// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLineEdit>
#include <functional>

class QLabel;

namespace caisson {

/// A line edit in a list that says right below itself why its text is no name.
class NameEdit : public QLineEdit
{
    Q_OBJECT
public:
    /// Why a text is no name, as a sentence; empty when it is one.
    using Objection = std::function<QString(const QString&)>;

    NameEdit(const QString& name, Objection objection, QWidget* parent);

    bool isAcceptable() const { return m_objection(text()).isEmpty(); }
    /// Shows what is wrong with the text, if anything. Comes by itself while it is typed.
    void check();

protected:
    void moveEvent(QMoveEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void placeProblem();

    Objection m_objection;
    QLabel* m_problem; ///< a child of the list, for the line has no room
};

} // namespace caisson
