// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QLabel>
#include <QLineEdit>
#include <QScrollBar>
#include <QTest>

#include "tests/widgets/stall_meter.h"
#include "widgets/common/theme.h"
#include "widgets/editor/code_editor.h"
#include "widgets/editor/find_bar.h"
#include "widgets/editor/text_loader.h"

using namespace caisson;

class TestCodeEditor : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void cleanup();
    void newLineIndents();
    void shiftReturnIsALineEnd();
    void altTypesNothing();
    void tabIndents();
    void tabIndentsASelection();
    void lineNumberSelectsItsLine();
    void findSteps();
    void findGoesRoundAndBack();
    void escapeClosesFind();
    void loaderLoadsInSlices();
    void everyCharacterSurvives();

private:
    void type(const char* keys) { QTest::keyClicks(m_editor.get(), QString::fromLatin1(keys)); }
    QString selected() const { return m_editor->textCursor().selectedText(); }

    std::unique_ptr<CodeEditor> m_editor;
};

void TestCodeEditor::init()
{
    m_editor = std::make_unique<CodeEditor>(QStringLiteral("editor"));
    m_editor->resize(600, 400);
    m_editor->show();
    m_editor->activateWindow();
    m_editor->setFocus();
    QVERIFY(QTest::qWaitForWindowActive(m_editor.get()));
}

void TestCodeEditor::cleanup()
{
    m_editor.reset();
}

void TestCodeEditor::newLineIndents()
{
    type("def f():");
    QTest::keyClick(m_editor.get(), Qt::Key_Return);
    type("return 1");
    QTest::keyClick(m_editor.get(), Qt::Key_Return);
    type("x");
    QCOMPARE(m_editor->toPlainText(), QStringLiteral("def f():\n    return 1\n    x"));
    m_editor->undo();
    m_editor->undo();
    QVERIFY(!m_editor->toPlainText().endsWith(u'x'));
}

void TestCodeEditor::shiftReturnIsALineEnd()
{
    type("a");
    QTest::keyClick(m_editor.get(), Qt::Key_Return, Qt::ShiftModifier);
    type("b");
    QCOMPARE(m_editor->blockCount(), 2);
}

/// The key of a button that had gone was typed into the text.
void TestCodeEditor::altTypesNothing()
{
    QTest::keyClick(m_editor.get(), Qt::Key_U, Qt::AltModifier);
    QCOMPARE(m_editor->toPlainText(), QString());
}

void TestCodeEditor::tabIndents()
{
    type("ab");
    QTest::keyClick(m_editor.get(), Qt::Key_Tab);
    QCOMPARE(m_editor->toPlainText(), QStringLiteral("ab  "));
    m_editor->setIndentation({true, 4});
    QTest::keyClick(m_editor.get(), Qt::Key_Tab);
    QCOMPARE(m_editor->toPlainText(), QStringLiteral("ab  \t"));
}

void TestCodeEditor::tabIndentsASelection()
{
    m_editor->setPlainText(QStringLiteral("a\n\nb\nc"));
    QTextCursor cursor = m_editor->textCursor();
    cursor.setPosition(0);
    cursor.setPosition(5, QTextCursor::KeepAnchor); // up to the start of c, which does not count
    m_editor->setTextCursor(cursor);
    QTest::keyClick(m_editor.get(), Qt::Key_Tab);
    QCOMPARE(m_editor->toPlainText(), QStringLiteral("    a\n\n    b\nc"));
    QTest::keyClick(m_editor.get(), Qt::Key_Backtab, Qt::ShiftModifier);
    QCOMPARE(m_editor->toPlainText(), QStringLiteral("a\n\nb\nc"));
    m_editor->undo();
    QCOMPARE(m_editor->toPlainText(), QStringLiteral("    a\n\n    b\nc"));
}

void TestCodeEditor::lineNumberSelectsItsLine()
{
    m_editor->setPlainText(QStringLiteral("one\ntwo\nthree"));
    auto* numbers = m_editor->findChild<QWidget*>(QStringLiteral("editor.lineNumbers"));
    const int y = qRound(m_editor->cursorRect().height() * 1.5) + 4;
    QTest::mouseClick(numbers, Qt::LeftButton, {}, QPoint(5, y));
    QCOMPARE(selected(), QStringLiteral("two\u2029"));
}

void TestCodeEditor::findSteps()
{
    m_editor->setPlainText(QStringLiteral("cat Cat\ndog cat"));
    FindBar bar(QStringLiteral("find"), m_editor.get());
    bar.open();
    auto* edit = bar.findChild<QLineEdit*>(QStringLiteral("find.text"));
    auto* count = bar.findChild<QLabel*>(QStringLiteral("find.count"));
    QTest::keyClicks(edit, QStringLiteral("cat"));
    QCOMPARE(m_editor->textCursor().selectionStart(), 0);
    QCOMPARE(count->text(), QStringLiteral("1 of 3"));
    QTest::keyClick(edit, Qt::Key_Return);
    QCOMPARE(m_editor->textCursor().selectionStart(), 4);
    QCOMPARE(m_editor->extraSelections().size(), 3);
    QTest::keyClicks(edit, QStringLiteral("x"));
    QCOMPARE(count->text(), QStringLiteral("No match"));
}

void TestCodeEditor::findGoesRoundAndBack()
{
    m_editor->setPlainText(QStringLiteral("a b a"));
    FindBar bar(QStringLiteral("find"), m_editor.get());
    bar.open();
    auto* edit = bar.findChild<QLineEdit*>(QStringLiteral("find.text"));
    QTest::keyClicks(edit, QStringLiteral("a"));
    bar.findNext();
    QCOMPARE(m_editor->textCursor().selectionStart(), 4);
    bar.findNext();
    QCOMPARE(m_editor->textCursor().selectionStart(), 0);
    bar.findPrevious();
    QCOMPARE(m_editor->textCursor().selectionStart(), 4);
}

void TestCodeEditor::escapeClosesFind()
{
    m_editor->setPlainText(QStringLiteral("word"));
    m_editor->selectAll();
    FindBar bar(QStringLiteral("find"), m_editor.get());
    bar.open();
    auto* edit = bar.findChild<QLineEdit*>(QStringLiteral("find.text"));
    QCOMPARE(edit->text(), QStringLiteral("word"));
    QTest::keyClick(edit, Qt::Key_Escape);
    QVERIFY(bar.isHidden());
    QVERIFY(m_editor->extraSelections().isEmpty());
}

void TestCodeEditor::loaderLoadsInSlices()
{
    QString text;
    while (text.size() < 8'000'000)
        text += QStringLiteral("a line of some length, number %1\n").arg(text.size());
    TextLoader loader(m_editor.get());
    const double startMs = threadMs();
    loader.start(text);
    const double atOnceMs = threadMs() - startMs;
    QVERIFY(loader.isLoading());
    QVERIFY(m_editor->isReadOnly());
    StallMeter stalls;
    QVERIFY(runUntil([&] { return !loader.isLoading(); }, 200'000));
    qInfo("8 MB: %.1f ms at once, longest turn %.1f ms of computing", atOnceMs,
          stalls.longestThreadMs());
    QVERIFY(m_editor->toPlainText() == text);
    QVERIFY(!m_editor->document()->isUndoAvailable());

    loader.start(QStringLiteral("short"));
    QVERIFY(!loader.isLoading());
    QCOMPARE(m_editor->toPlainText(), QStringLiteral("short"));
}

void TestCodeEditor::everyCharacterSurvives()
{
    // What decodeText() lets through as editable must come out of the document as it went in.
    QString text;
    for (int code = 1; code <= 0xFFFF; ++code) {
        const QChar c(static_cast<char16_t>(code));
        const bool isKnownLoss = c == u'\r' || c == QChar::ParagraphSeparator ||
                                 c == QChar(0xFDD0) || c == QChar(0xFDD1) ||
                                 c == QChar::ObjectReplacementCharacter;
        if (!c.isSurrogate() && !isKnownLoss)
            text += c;
    }
    m_editor->hide(); // no font has them all, and Qt says so at length
    TextLoader loader(m_editor.get());
    loader.start(text);
    QTRY_VERIFY(!loader.isLoading());
    QString back = m_editor->document()->toRawText();
    back.replace(QChar::ParagraphSeparator, u'\n');
    QVERIFY(back == text);
}

int main(int argc, char** argv)
{
    QApplication application(argc, argv);
    Theme theme(application);
    TestCodeEditor test;
    return QTest::qExec(&test, argc, argv);
}
#include "test_code_editor.moc"
