// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPlainTextEdit>

#include <functional>

#include "widgets/editor/indentation.h"

namespace KSyntaxHighlighting {
class Definition;
}

namespace caisson {

class Highlighter;
class LineNumbers;
class TextMirror;

/// A text widget for code: line numbers, the current line, colours in slices, indentation. It knows
/// nothing of files.
class CodeEditor : public QPlainTextEdit
{
    Q_OBJECT

public:
    /// `name` becomes the object name.
    explicit CodeEditor(const QString& name, QWidget* parent = nullptr);

    /// Not valid: plain text.
    void setDefinition(const KSyntaxHighlighting::Definition& definition);
    Highlighter* highlighter() const { return m_highlighter; }

    void setIndentation(const Indentation& indentation);
    const Indentation& indentation() const { return m_indentation; }

    /// Where the document's text is had at once. It outlives the editor, or is a child of its document.
    void setMirror(const TextMirror* mirror) { m_mirror = mirror; }

    void setFirstLineNumber(qint64 number);
    void setLineNumbersVisible(bool isVisible);

    /// Marks every place on the screen where `text` stands. Empty: none.
    void setMarkedText(const QString& text, bool isCaseSensitive);

    /// Calls `visit` with each block on the screen and its place in the viewport.
    void
    forEachVisibleBlock(const std::function<void(const QTextBlock&, const QRectF&)>& visit) const;

protected:
    void resizeEvent(QResizeEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void changeEvent(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void scrollContentsBy(int dx, int dy) override;
    QMimeData* createMimeDataFromSelection() const override;

private:
    void placeLineNumbers();
    void updateVisibleBlocks();
    void updateMarks();
    void insertNewLine();
    bool indentKey(const QKeyEvent& event);
    void changeIndentOfSelection(bool isDeeper);

    LineNumbers* m_lineNumbers;
    Highlighter* m_highlighter;
    const TextMirror* m_mirror = nullptr;
    Indentation m_indentation;
    QString m_markedText;
    bool m_isMarkingCaseSensitive = false;
};

} // namespace caisson
