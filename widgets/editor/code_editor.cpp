// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/editor/code_editor.h"

#include <KSyntaxHighlighting/Definition>
#include <QMimeData>
#include <QPainter>
#include <QResizeEvent>
#include <QScrollBar>
#include <QTextBlock>

#include "widgets/common/colors.h"
#include "widgets/common/fonts.h"
#include "widgets/common/style_painting.h"
#include "widgets/editor/highlighter.h"
#include "widgets/editor/line_numbers.h"
#include "widgets/editor/selected_text.h"
#include "widgets/editor/text_mirror.h"

namespace caisson {

CodeEditor::CodeEditor(const QString& name, QWidget* parent)
    : QPlainTextEdit(parent)
    , m_lineNumbers(new LineNumbers(this))
    , m_highlighter(new Highlighter(document()))
{
    setObjectName(name);
    setAccessibleName(tr("Editor"));
    setFrameShape(QFrame::NoFrame);
    setFont(monoFont());
    setLineWrapMode(QPlainTextEdit::NoWrap);
    setCursorWidth(2);
    document()->setDocumentMargin(4);
    setIndentation({});
    m_lineNumbers->setObjectName(name + QStringLiteral(".lineNumbers"));
    m_highlighter->setDark(isDark(palette()));

    connect(this, &QPlainTextEdit::blockCountChanged, this, &CodeEditor::placeLineNumbers);
    connect(this, &QPlainTextEdit::updateRequest, this, [this](const QRect& rect, int dy) {
        if (dy)
            m_lineNumbers->scroll(0, dy);
        else
            m_lineNumbers->update(0, rect.y(), m_lineNumbers->width(), rect.height());
    });
    connect(this, &QPlainTextEdit::cursorPositionChanged, this, [this] {
        m_lineNumbers->update();
        viewport()->update();
    });
    connect(document(), &QTextDocument::contentsChanged, this, &CodeEditor::updateVisibleBlocks);
    placeLineNumbers();
}

void CodeEditor::setDefinition(const KSyntaxHighlighting::Definition& definition)
{
    m_highlighter->setDefinition(definition);
}

void CodeEditor::setIndentation(const Indentation& indentation)
{
    m_indentation = indentation;
    setTabStopDistance(indentation.width * QFontMetricsF(font()).horizontalAdvance(u' '));
}

void CodeEditor::setFirstLineNumber(qint64 number)
{
    m_lineNumbers->setFirstNumber(number);
    placeLineNumbers();
}

void CodeEditor::setLineNumbersVisible(bool isVisible)
{
    m_lineNumbers->setVisible(isVisible);
    placeLineNumbers();
}

void CodeEditor::setMarkedText(const QString& text, bool isCaseSensitive)
{
    m_markedText = text;
    m_isMarkingCaseSensitive = isCaseSensitive;
    updateMarks();
}

void CodeEditor::forEachVisibleBlock(
    const std::function<void(const QTextBlock&, const QRectF&)>& visit) const
{
    QTextBlock block = firstVisibleBlock();
    qreal top = blockBoundingGeometry(block).translated(contentOffset()).top();
    while (block.isValid() && top <= viewport()->height()) {
        const qreal height = blockBoundingRect(block).height();
        if (block.isVisible())
            visit(block, QRectF(0, top, viewport()->width(), height));
        top += height;
        block = block.next();
    }
}

void CodeEditor::resizeEvent(QResizeEvent* event)
{
    // For a new width QPlainTextEdit lays out every line anew, 1.5 µs each. Without wrapping no
    // line depends on the width, so it is told of the height alone.
    QResizeEvent heightOnly(event->size(), QSize(event->size().width(), event->oldSize().height()));
    QPlainTextEdit::resizeEvent(&heightOnly);
    placeLineNumbers();
    updateVisibleBlocks();
}

void CodeEditor::scrollContentsBy(int dx, int dy)
{
    QPlainTextEdit::scrollContentsBy(dx, dy);
    updateVisibleBlocks();
}

void CodeEditor::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange) {
        m_highlighter->setDark(isDark(palette()));
        updateMarks();
    } else if (event->type() == QEvent::FontChange) {
        setIndentation(m_indentation);
        placeLineNumbers();
    }
    QPlainTextEdit::changeEvent(event);
}

void CodeEditor::paintEvent(QPaintEvent* event)
{
    if (!textCursor().hasSelection() && !isReadOnly()) {
        const QRectF line = cursorRect();
        const Colors& colors = colorsOf(palette());
        QPainter painter(viewport());
        QColor tone = colors.hover;
        tone.setAlpha(tone.alpha() * 2 / 3);
        painter.fillRect(QRectF(0, line.top(), viewport()->width(), line.height()), tone);
    }
    QPlainTextEdit::paintEvent(event);
}

/// Qt's own copies that part of the document, formats and all, at each change of the selection
/// where there is a primary selection: over a second for 10 MB.
QMimeData* CodeEditor::createMimeDataFromSelection() const
{
    const QTextCursor cursor = textCursor();
    const qsizetype from = cursor.selectionStart();
    const qsizetype size = cursor.selectionEnd() - from;
    if (m_mirror && m_mirror->text().size() >= from + size)
        return new SelectedText(m_mirror->text(), from, size);
    auto* data = new QMimeData;
    data->setText(textOf(*document(), from, size));
    return data;
}

void CodeEditor::placeLineNumbers()
{
    const int width = m_lineNumbers->isHidden() ? 0 : m_lineNumbers->wantedWidth();
    if (viewportMargins().left() != width)
        setViewportMargins(width, 0, 0, 0);
    const QRect contents = contentsRect();
    m_lineNumbers->setGeometry(contents.left(), contents.top(), width, contents.height());
}

void CodeEditor::updateVisibleBlocks()
{
    const int first = firstVisibleBlock().blockNumber();
    const int rows = viewport()->height() / qMax(1, fontMetrics().height()) + 2;
    m_highlighter->setVisibleBlocks(first, first + rows);
    if (!m_markedText.isEmpty())
        updateMarks();
}

void CodeEditor::updateMarks()
{
    QList<QTextEdit::ExtraSelection> marks;
    if (!m_markedText.isEmpty()) {
        QTextCharFormat format;
        // Fainter than the selection, which shows the match that the cursor is on.
        const Colors& colors = colorsOf(palette());
        format.setBackground(blended(colors.pressed, colors.canvas));
        const Qt::CaseSensitivity sensitivity =
            m_isMarkingCaseSensitive ? Qt::CaseSensitive : Qt::CaseInsensitive;
        forEachVisibleBlock([&](const QTextBlock& block, const QRectF&) {
            const QString line = block.text();
            qsizetype at = line.indexOf(m_markedText, 0, sensitivity);
            while (at >= 0) {
                QTextCursor cursor(block);
                cursor.setPosition(block.position() + static_cast<int>(at));
                cursor.setPosition(block.position() + static_cast<int>(at + m_markedText.size()),
                                   QTextCursor::KeepAnchor);
                marks.append({cursor, format});
                at = line.indexOf(m_markedText, at + m_markedText.size(), sensitivity);
            }
        });
    }
    setExtraSelections(marks);
}

void CodeEditor::keyPressEvent(QKeyEvent* event)
{
#ifndef Q_OS_MACOS
    // The key of a button that is not there, and no letter: those of other layouts come with
    // another modifier. On macOS this one types them.
    if (event->modifiers() == Qt::AltModifier && !event->text().isEmpty()) {
        event->ignore();
        return;
    }
#endif
    if (!isReadOnly()) {
        const bool isReturn = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
        if (isReturn && !(event->modifiers() & ~(Qt::KeypadModifier | Qt::ShiftModifier))) {
            // With Shift QPlainTextEdit would put a line separator, which is no line end in a file.
            insertNewLine();
            return;
        }
        if (indentKey(*event))
            return;
    }
    QPlainTextEdit::keyPressEvent(event);
}

void CodeEditor::insertNewLine()
{
    QTextCursor cursor = textCursor();
    cursor.beginEditBlock();
    cursor.removeSelectedText();
    const QString line = cursor.block().text().first(cursor.positionInBlock());
    cursor.insertText(u'\n' + indentAfter(line, m_indentation));
    cursor.endEditBlock();
    setTextCursor(cursor);
    ensureCursorVisible();
}

bool CodeEditor::indentKey(const QKeyEvent& event)
{
    if (event.key() == Qt::Key_Backtab) {
        changeIndentOfSelection(false);
        return true;
    }
    if (event.key() != Qt::Key_Tab || event.modifiers() != Qt::NoModifier)
        return false;
    QTextCursor cursor = textCursor();
    const QTextBlock first = document()->findBlock(cursor.selectionStart());
    const QTextBlock last = document()->findBlock(cursor.selectionEnd());
    if (first != last) {
        changeIndentOfSelection(true);
    } else if (m_indentation.usesTabs) {
        cursor.insertText(QStringLiteral("\t"));
    } else {
        cursor.removeSelectedText();
        const int column = cursor.positionInBlock();
        cursor.insertText(QString(m_indentation.width - column % m_indentation.width, u' '));
    }
    return true;
}

void CodeEditor::changeIndentOfSelection(bool isDeeper)
{
    QTextCursor cursor = textCursor();
    QTextBlock block = document()->findBlock(cursor.selectionStart());
    QTextBlock last = document()->findBlock(cursor.selectionEnd());
    // A selection that ends at the start of a line does not mean that line.
    if (block != last && last.position() == cursor.selectionEnd())
        last = last.previous();
    const int lastNumber = last.blockNumber();
    cursor.beginEditBlock();
    for (; block.isValid() && block.blockNumber() <= lastNumber; block = block.next()) {
        QTextCursor edit(block);
        const QString line = block.text();
        if (isDeeper) {
            if (!line.isEmpty())
                edit.insertText(m_indentation.step());
        } else {
            const auto count = line.size() - outdented(line, m_indentation).size();
            edit.movePosition(QTextCursor::NextCharacter, QTextCursor::KeepAnchor,
                              static_cast<int>(count));
            edit.removeSelectedText();
        }
    }
    cursor.endEditBlock();
}

} // namespace caisson
