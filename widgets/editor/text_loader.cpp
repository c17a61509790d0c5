// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/editor/text_loader.h"

#include <QElapsedTimer>
#include <QPlainTextEdit>
#include <QTimerEvent>

namespace caisson {

namespace {
/// Characters inserted at once: under a millisecond.
constexpr qsizetype kPiece = 16 * 1024;
} // namespace

TextLoader::TextLoader(QPlainTextEdit* editor)
    : QObject(editor)
    , m_editor(editor)
{
}

void TextLoader::start(const QString& text)
{
    m_timer.stop();
    m_text = text;
    m_at = 0;
    m_editor->setUndoRedoEnabled(false);
    m_editor->setReadOnly(true);
    m_editor->clear();
    if (!loadSlice())
        m_timer.start(0, this);
}

double TextLoader::fraction() const
{
    return m_text.isEmpty() ? 1 : double(m_at) / double(m_text.size());
}

void TextLoader::timerEvent(QTimerEvent* event)
{
    if (event->timerId() != m_timer.timerId())
        return;
    if (!loadSlice())
        emit progressed();
}

/// True when the whole text is in.
bool TextLoader::loadSlice()
{
    QElapsedTimer clock;
    clock.start();
    QTextCursor cursor(m_editor->document());
    cursor.movePosition(QTextCursor::End);
    while (m_at < m_text.size() && clock.durationElapsed() < kSlice) {
        qsizetype end = qMin(m_at + kPiece, m_text.size());
        if (end < m_text.size() && m_text.at(end).isLowSurrogate())
            ++end;
        cursor.insertText(m_text.sliced(m_at, end - m_at));
        if (m_at == 0)
            m_editor->moveCursor(QTextCursor::Start); // else it is pushed along to the end
        m_at = end;
    }
    if (m_at < m_text.size())
        return false;
    m_timer.stop();
    m_text.clear();
    m_editor->setUndoRedoEnabled(true);
    m_editor->document()->setModified(false);
    emit finished();
    return true;
}

} // namespace caisson
