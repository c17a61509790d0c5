// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

namespace caisson {

class CodeEditor;

/// The column of line numbers beside the text. A click selects a line.
class LineNumbers : public QWidget
{
    Q_OBJECT

public:
    explicit LineNumbers(CodeEditor* editor);

    /// Wide enough for the last line's number, and for three digits, so that short files do not
    /// differ.
    int wantedWidth() const;

    /// The number of the document's first line, for a part of a larger file.
    void setFirstNumber(qint64 number);
    qint64 firstNumber() const { return m_firstNumber; }

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;

private:
    CodeEditor* m_editor;
    qint64 m_firstNumber = 1;
};

} // namespace caisson
