// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/editor/line_numbers.h"

#include <QApplication>
#include <QMouseEvent>
#include <QPainter>
#include <QTextBlock>

#include "widgets/common/colors.h"
#include "widgets/editor/code_editor.h"

namespace caisson {

namespace {
constexpr int kLeft = 16;
constexpr int kRight = 12;
constexpr int kLeastDigits = 3;
} // namespace

LineNumbers::LineNumbers(CodeEditor* editor)
    : QWidget(editor)
    , m_editor(editor)
{
    setAttribute(Qt::WA_OpaquePaintEvent);
}

int LineNumbers::wantedWidth() const
{
    const qint64 last = m_firstNumber + m_editor->blockCount() - 1;
    const auto digits = qMax<qsizetype>(kLeastDigits, QString::number(last).size());
    return kLeft + static_cast<int>(digits) * m_editor->fontMetrics().horizontalAdvance(u'0') +
           kRight;
}

void LineNumbers::setFirstNumber(qint64 number)
{
    m_firstNumber = number;
    update();
}

void LineNumbers::paintEvent(QPaintEvent* event)
{
    const Colors& colors = colorsOf(palette());
    QPainter painter(this);
    painter.fillRect(event->rect(), colors.canvas);
    painter.setFont(m_editor->font());
    const int current = m_editor->textCursor().blockNumber();
    m_editor->forEachVisibleBlock([&](const QTextBlock& block, const QRectF& geometry) {
        const QRectF row(0, geometry.top(), width() - kRight, m_editor->fontMetrics().height());
        if (!row.intersects(event->rect()))
            return;
        // A number is read, too: the current line stands out by full text, not by the others
        // fading.
        painter.setPen(block.blockNumber() == current ? colors.text : colors.secondary);
        painter.drawText(row, Qt::AlignRight | Qt::AlignVCenter,
                         QString::number(m_firstNumber + block.blockNumber()));
    });
}

void LineNumbers::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton)
        return;
    QTextCursor cursor = m_editor->cursorForPosition(QPoint(0, event->position().toPoint().y()));
    cursor.movePosition(QTextCursor::StartOfBlock);
    if (!cursor.movePosition(QTextCursor::NextBlock, QTextCursor::KeepAnchor))
        cursor.movePosition(QTextCursor::EndOfBlock, QTextCursor::KeepAnchor);
    m_editor->setTextCursor(cursor);
    m_editor->setFocus(Qt::MouseFocusReason);
}

void LineNumbers::wheelEvent(QWheelEvent* event)
{
    QApplication::sendEvent(m_editor->viewport(), event);
}

} // namespace caisson
