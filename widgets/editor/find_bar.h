// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;
class QLineEdit;
class QToolButton;

namespace caisson {

class CodeEditor;

/// Finds text in an editor, in place: typing goes to the next match, Enter and Shift+Enter step,
/// Escape closes.
class FindBar : public QWidget
{
    Q_OBJECT

public:
    FindBar(const QString& name, CodeEditor* editor, QWidget* parent = nullptr);

    /// Shows the bar with the editor's selection as the text, if it is within a line, and takes the
    /// focus.
    void open();
    void close();

    void findNext();
    void findPrevious();

protected:
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void onTextEdited();
    void step(bool isForward, int from);
    void updateCount();

    CodeEditor* m_editor;
    QLineEdit* m_edit;
    QToolButton* m_caseButton;
    QLabel* m_count;
    int m_origin = 0; ///< where the cursor was when the bar was opened: typing searches from here
};

} // namespace caisson
