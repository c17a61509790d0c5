// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QJsonDocument>
#include <QLabel>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTest>
#include <QTextBlock>
#include <QToolButton>

#include "tests/widgets/stall_meter.h"
#include "widgets/common/theme.h"
#include "widgets/editor/code_editor.h"
#include "widgets/editor/editor_page.h"
#include "widgets/editor/syntax.h"

using namespace caisson;

class TestEditorPage : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void cleanup();
    void savesExactlyWhatWasRead_data();
    void savesExactlyWhatWasRead();
    void savingClearsModified();
    void typingDuringASaveStaysUnsaved();
    void changeOnDiskIsAsked();
    void reloadKeepsThePlaceAndCanBeUndone();
    void keepMineSavesOverTheOther();
    void sameContentIsNoChange();
    void undoOfAReloadBringsTheLineEndsBack();
    void reloadWithoutBytesAsksTheOwner();
    void deletedFileCanBeSavedAgain();
    void whatCannotBeKeptCannotBeEdited_data();
    void whatCannotBeKeptCannotBeEdited();
    void mixedLineEndsAreChosen();
    void largeFilesArePlain();
    void theTextOfALargeFileIsThereAtOnce();
    void unsavedTextOfALargeFileComesBack();
    void unsavedTextOutlivesThatItsFileBecameBinary();
    void aLargeChangeThatIsOursAsksNothing();
    void hugeFilesAreShownInParts();
    void longLinesAreShownInParts();
    void statusIsTold();
    void stateComesBack();
    void unsavedTextComesBack();
    void unsavedTextOfAChangedFileAsks();
    void brokenStateIsHarmless();

private:
    QWidget* part(const char* name) const
    {
        return m_page->findChild<QWidget*>(QStringLiteral("page.") + QLatin1String(name));
    }
    void press(const char* name) const { QTest::mouseClick(part(name), Qt::LeftButton); }
    void edit(const QString& text) const { m_page->editor()->textCursor().insertText(text); }

    std::unique_ptr<Syntax> m_syntax;
    std::unique_ptr<EditorPage> m_page;
};

void TestEditorPage::init()
{
    m_syntax = std::make_unique<Syntax>();
    m_page = std::make_unique<EditorPage>(QStringLiteral("page"),
                                          QStringLiteral("/workspace/main.py"), *m_syntax);
    m_page->resize(700, 400);
    m_page->show();
    m_page->activateWindow();
    m_page->setFocus();
    QVERIFY(QTest::qWaitForWindowActive(m_page.get()));
}

void TestEditorPage::cleanup()
{
    m_page.reset();
}

void TestEditorPage::savesExactlyWhatWasRead_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("lf") << QByteArray("a\nb\n");
    QTest::newRow("crlf") << QByteArray("a\r\nb\r\n");
    QTest::newRow("no last line end") << QByteArray("a\nb");
    QTest::newRow("crlf, no last line end") << QByteArray("a\r\nb");
    QTest::newRow("blank lines") << QByteArray("\n\n\na\n\n");
    QTest::newRow("bom") << QByteArray("\xEF\xBB\xBF"
                                       "a\r\n");
    QTest::newRow("no-break space") << QByteArray("a\xC2\xA0"
                                                  "b\n");
    QTest::newRow("line separator") << QByteArray("a\xE2\x80\xA8"
                                                  "b\n");
    QTest::newRow("tabs and controls") << QByteArray("\ta\x0C\x1B[m\n");
    QTest::newRow("emoji") << QByteArray("\xF0\x9F\xA6\x80\n");
}

void TestEditorPage::savesExactlyWhatWasRead()
{
    QFETCH(QByteArray, bytes);
    m_page->setContent(bytes, QStringLiteral("1"));
    QVERIFY(m_page->canEdit());
    QVERIFY(!m_page->isModified());
    QCOMPARE(m_page->beginSave().bytes(), bytes);
    edit(QStringLiteral("x"));
    QVERIFY(m_page->isModified());
    m_page->editor()->undo();
    QVERIFY(!m_page->isModified());
    QCOMPARE(m_page->beginSave().bytes(), bytes);
}

void TestEditorPage::savingClearsModified()
{
    m_page->setContent("a\n", QStringLiteral("1"));
    QSignalSpy modified(m_page.get(), &EditorPage::modifiedChanged);
    QSignalSpy save(m_page.get(), &EditorPage::saveRequested);
    edit(QStringLiteral("b"));
    QTest::keyClick(m_page->editor(), Qt::Key_S, Qt::ControlModifier);
    QCOMPARE(save.size(), 1);
    QCOMPARE(m_page->beginSave().bytes(), QByteArray("ba\n"));
    QCOMPARE(m_page->etag(), QStringLiteral("1"));
    m_page->setSaved(QStringLiteral("2"));
    QCOMPARE(m_page->etag(), QStringLiteral("2"));
    QVERIFY(!m_page->isModified());
    QCOMPARE(modified.size(), 2);
}

void TestEditorPage::typingDuringASaveStaysUnsaved()
{
    m_page->setContent("a\n", QStringLiteral("1"));
    edit(QStringLiteral("b"));
    m_page->beginSave();
    edit(QStringLiteral("c"));
    m_page->setSaved(QStringLiteral("2"));
    QVERIFY(m_page->isModified());
    QCOMPARE(m_page->etag(), QStringLiteral("2"));
}

void TestEditorPage::changeOnDiskIsAsked()
{
    m_page->setContent("a\n", QStringLiteral("1"));
    m_page->externalChange(QStringLiteral("1"));
    QVERIFY(part("changed")->isHidden()); // our own save, heard through the watch
    m_page->externalChange("b\n", QStringLiteral("2"));
    QVERIFY(part("changed")->isVisible());
    QCOMPARE(m_page->editor()->toPlainText(), QStringLiteral("a\n"));
}

void TestEditorPage::reloadKeepsThePlaceAndCanBeUndone()
{
    QByteArray bytes;
    for (int line = 0; line < 200; ++line)
        bytes += "line " + QByteArray::number(line) + "\n";
    m_page->setContent(bytes, QStringLiteral("1"));
    m_page->editor()->moveCursor(QTextCursor::End);
    edit(QStringLiteral("mine"));
    const int scroll = m_page->editor()->verticalScrollBar()->value();
    QVERIFY(scroll > 0);
    QByteArray theirs = bytes;
    theirs.replace("line 195", "changed!");
    m_page->externalChange(theirs, QStringLiteral("2"));
    press("changed.reload");
    QVERIFY(part("changed")->isHidden());
    QCOMPARE(m_page->beginSave().bytes(), theirs);
    QCOMPARE(m_page->etag(), QStringLiteral("2"));
    QVERIFY(!m_page->isModified());
    QCOMPARE(m_page->editor()->verticalScrollBar()->value(), scroll);
    m_page->editor()->undo();
    QCOMPARE(m_page->beginSave().bytes(), bytes + "mine");
    QVERIFY(m_page->isModified());
}

void TestEditorPage::keepMineSavesOverTheOther()
{
    m_page->setContent("a\n", QStringLiteral("1"));
    edit(QStringLiteral("mine "));
    m_page->externalChange("b\n", QStringLiteral("2"));
    press("changed.keep");
    QVERIFY(part("changed")->isHidden());
    QVERIFY(m_page->isModified());
    QCOMPARE(m_page->etag(), QStringLiteral("2")); // If-Match of the next save
    QCOMPARE(m_page->beginSave().bytes(), QByteArray("mine a\n"));
}

void TestEditorPage::sameContentIsNoChange()
{
    m_page->setContent("a\n", QStringLiteral("1"));
    edit(QStringLiteral("b"));
    m_page->externalChange("ba\n", QStringLiteral("2"));
    QVERIFY(part("changed")->isHidden());
    QVERIFY(!m_page->isModified());
    QCOMPARE(m_page->etag(), QStringLiteral("2"));
}

void TestEditorPage::undoOfAReloadBringsTheLineEndsBack()
{
    m_page->setContent("one\r\ntwo\r\n", QStringLiteral("1"));
    m_page->externalChange(QByteArray("one\nthree\n"), QStringLiteral("2"));
    press("changed.reload");
    QCOMPARE(m_page->snapshot().bytes(), QByteArray("one\nthree\n"));
    m_page->editor()->undo();
    QCOMPARE(m_page->snapshot().bytes(), QByteArray("one\r\ntwo\r\n"));
    m_page->editor()->redo();
    QCOMPARE(m_page->snapshot().bytes(), QByteArray("one\nthree\n"));
    m_page->editor()->undo();
    QTest::keyClicks(m_page->editor(), QStringLiteral("x"));
    QCOMPARE(m_page->snapshot().bytes(), QByteArray("xone\r\ntwo\r\n"));
}

void TestEditorPage::reloadWithoutBytesAsksTheOwner()
{
    m_page->setContent("a\n", QStringLiteral("1"));
    QSignalSpy reload(m_page.get(), &EditorPage::reloadRequested);
    m_page->externalChange(QStringLiteral("2"));
    press("changed.reload");
    QCOMPARE(reload.size(), 1);
    m_page->setContent("b\n", QStringLiteral("2"));
    QVERIFY(part("changed")->isHidden());
    QCOMPARE(m_page->editor()->toPlainText(), QStringLiteral("b\n"));
}

void TestEditorPage::deletedFileCanBeSavedAgain()
{
    m_page->setContent("a\n", QStringLiteral("1"));
    QSignalSpy save(m_page.get(), &EditorPage::saveRequested);
    m_page->externalDelete();
    QVERIFY(part("deleted")->isVisible());
    QVERIFY(m_page->isModified());
    QVERIFY(m_page->etag().isEmpty());
    press("deleted.save");
    QCOMPARE(save.size(), 1);
    m_page->beginSave();
    m_page->setSaved(QStringLiteral("2"));
    QVERIFY(part("deleted")->isHidden());
    QVERIFY(!m_page->isModified());
}

void TestEditorPage::whatCannotBeKeptCannotBeEdited_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("strip");
    QTest::newRow("latin-1") << QByteArray("caf\xE9\n") << QStringLiteral("UTF-8");
    QTest::newRow("paragraph separator") << QByteArray("a\xE2\x80\xA9"
                                                       "b")
                                         << QStringLiteral("characters");
}

void TestEditorPage::whatCannotBeKeptCannotBeEdited()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QString, strip);
    m_page->setContent(bytes, QStringLiteral("1"));
    QVERIFY(!m_page->canEdit());
    QVERIFY(part("readOnly")->isVisible());
    QVERIFY(
        m_page->findChild<QLabel*>(QStringLiteral("page.readOnly.what"))->text().contains(strip));
    QSignalSpy save(m_page.get(), &EditorPage::saveRequested);
    QTest::keyClicks(m_page->editor(), QStringLiteral("x"));
    QTest::keyClick(m_page->editor(), Qt::Key_S, Qt::ControlModifier);
    QVERIFY(!m_page->isModified());
    QCOMPARE(save.size(), 0);

    m_page->setContent("fine\n", QStringLiteral("2"));
    QVERIFY(m_page->canEdit());
    QVERIFY(part("readOnly")->isHidden());
}

void TestEditorPage::mixedLineEndsAreChosen()
{
    m_page->setContent("a\r\nb\n", QStringLiteral("1"));
    QVERIFY(!m_page->canEdit());
    QVERIFY(part("lineEnds")->isVisible());
    press("lineEnds.crlf");
    QVERIFY(m_page->canEdit());
    QVERIFY(m_page->isModified());
    QCOMPARE(m_page->beginSave().bytes(), QByteArray("a\r\nb\r\n"));
}

void TestEditorPage::largeFilesArePlain()
{
    const QByteArray bytes = QByteArray("def f(): return 1\n").repeated(200'000);
    QSignalSpy loaded(m_page.get(), &EditorPage::loaded);
    const double startMs = threadMs();
    m_page->setContent(bytes, QStringLiteral("1"));
    const double atOnceMs = threadMs() - startMs;
    QVERIFY(!m_page->canEdit()); // while it loads
    StallMeter stalls;
    QVERIFY(runUntil([&] { return loaded.size() == 1; }, 200'000));
    qInfo("3.6 MB: %.1f ms at once, longest turn %.1f ms of computing", atOnceMs,
          stalls.longestThreadMs());
    QVERIFY(m_page->canEdit());
    QVERIFY(m_page->languageName().contains(QStringLiteral("large")));
    QVERIFY(m_page->editor()->document()->firstBlock().layout()->formats().isEmpty());
    edit(QStringLiteral("x"));
    QCOMPARE(m_page->beginSave().bytes(), "x" + bytes);
}

/// What was typed was encoded as a whole at each pause: 150 ms at 1.5 MB, over a second at 11 MB.
void TestEditorPage::theTextOfALargeFileIsThereAtOnce()
{
    const QByteArray bytes =
        QByteArray("a line of a large file, neither short nor long\n").repeated(300'000);
    QSignalSpy loaded(m_page.get(), &EditorPage::loaded);
    m_page->setContent(bytes, QStringLiteral("1"));
    QVERIFY(runUntil([&] { return loaded.size() == 1; }, 200'000));
    double longestMs = 0;
    QByteArray expected = bytes;
    for (int i = 0; i < 20; ++i) {
        const int at = i * 600'000;
        QTextCursor cursor(m_page->editor()->document());
        cursor.setPosition(at);
        cursor.insertText(QStringLiteral("é\n"));
        expected.insert(at + i, "é\n"); // each é is a byte more than a character
        const double startMs = threadMs();
        const TextSnapshot save = m_page->beginSave();
        m_page->state();
        longestMs = qMax(longestMs, threadMs() - startMs);
    }
    qInfo("14 MB: taking the text, at most %.2f ms of computing", longestMs);
    QVERIFY(longestMs < 5);
    QCOMPARE(m_page->snapshot().bytes(), expected);
}

void TestEditorPage::unsavedTextOfALargeFileComesBack()
{
    const QByteArray bytes = QByteArray("a line of a large file\n").repeated(200'000);
    EditorState left;
    left.etag = QStringLiteral("1");
    left.unsaved = "mine\n" + bytes;
    QSignalSpy loaded(m_page.get(), &EditorPage::loaded);
    m_page->restoreState(left);
    m_page->setContent(bytes, QStringLiteral("2"));
    StallMeter stalls;
    QVERIFY(runUntil([&] { return loaded.size() == 1; }, 200'000));
    qInfo("4.6 MB: longest turn %.1f ms of computing", stalls.longestThreadMs());
    QVERIFY(m_page->isModified());
    QVERIFY(part("changed")->isVisible());
    QCOMPARE(m_page->snapshot().bytes(), *left.unsaved);
    press("changed.reload");
    QVERIFY(runUntil([&] { return loaded.size() == 2; }, 200'000));
    QVERIFY(!m_page->isModified());
    QCOMPARE(m_page->snapshot().bytes(), bytes);
}

void TestEditorPage::unsavedTextOutlivesThatItsFileBecameBinary()
{
    EditorState left;
    left.etag = QStringLiteral("1");
    left.unsaved = "mine\n";
    m_page->restoreState(left);
    m_page->setContent(QByteArray("\0\1", 2), QStringLiteral("2"));
    QVERIFY(m_page->canEdit());
    QVERIFY(m_page->isModified());
    QVERIFY(part("changed")->isVisible());
    QCOMPARE(m_page->snapshot().bytes(), QByteArray("mine\n"));
    press("changed.reload");
    QVERIFY(part("binary")->isVisible());
    QVERIFY(!m_page->isModified());
}

void TestEditorPage::aLargeChangeThatIsOursAsksNothing()
{
    const QByteArray bytes = QByteArray("a line of a large file\n").repeated(100'000);
    QSignalSpy loaded(m_page.get(), &EditorPage::loaded);
    m_page->setContent(bytes, QStringLiteral("1"));
    QVERIFY(runUntil([&] { return loaded.size() == 1; }, 200'000));
    edit(QStringLiteral("x"));
    m_page->externalChange("x" + bytes, QStringLiteral("2"));
    QTRY_COMPARE(m_page->etag(), QStringLiteral("2"));
    QVERIFY(!m_page->isModified());
    QVERIFY(part("changed")->isHidden());
    m_page->externalChange("y" + bytes, QStringLiteral("3"));
    QTRY_VERIFY(part("changed")->isVisible());
}

void TestEditorPage::hugeFilesAreShownInParts()
{
    QByteArray bytes;
    for (int line = 0; bytes.size() <= PreparedFile::kLargestEdited; ++line)
        bytes += "line " + QByteArray::number(line) + " of a very large log file\n";
    QSignalSpy loaded(m_page.get(), &EditorPage::loaded);
    m_page->setFocus();
    m_page->setContent(bytes, QStringLiteral("1"));
    StallMeter stalls;
    QVERIFY(runUntil([&] { return loaded.size() == 1; }, 200'000));
    qInfo("20 MB in parts: longest turn %.1f ms of computing", stalls.longestThreadMs());
    QVERIFY(!m_page->canEdit());
    auto* text = m_page->findChild<CodeEditor*>(QStringLiteral("page.parts.text"));
    QVERIFY(text->isVisible());
    QVERIFY(text->hasFocus());
    QVERIFY(text->toPlainText().startsWith(QStringLiteral("line 0 of")));
    QTest::keyClick(text, Qt::Key_End, Qt::AltModifier);
    QVERIFY(!m_page->findChild<QToolButton*>(QStringLiteral("page.parts.next"))->isEnabled());
    QTest::keyClick(text, Qt::Key_Home, Qt::AltModifier);
    QVERIFY(text->toPlainText().startsWith(QStringLiteral("line 0 of")));
    press("parts.next");
    QVERIFY(!text->toPlainText().startsWith(QStringLiteral("line 0 of")));
    QVERIFY(text->toPlainText().startsWith(QStringLiteral("line ")));
    QTest::keyClick(text, Qt::Key_PageUp, Qt::AltModifier);
    QVERIFY(text->toPlainText().startsWith(QStringLiteral("line 0 of")));
}

void TestEditorPage::longLinesAreShownInParts()
{
    m_page->setContent(QByteArray(200'000, 'x'), QStringLiteral("1"));
    QVERIFY(!m_page->canEdit());
    auto* text = m_page->findChild<CodeEditor*>(QStringLiteral("page.parts.text"));
    QVERIFY(text->isVisible());
    QVERIFY(text->blockCount() > 50);
}

void TestEditorPage::statusIsTold()
{
    m_page->setContent("one\r\ntwo\r\n", QStringLiteral("1"));
    QSignalSpy status(m_page.get(), &EditorPage::statusChanged);
    QCOMPARE(m_page->languageName(), QStringLiteral("Python"));
    QCOMPARE(m_page->positionText(), QStringLiteral("Ln 1, Col 1"));
    QCOMPARE(m_page->formatText(), QStringLiteral("UTF-8 · CRLF"));
    QTest::keyClick(m_page->editor(), Qt::Key_Down);
    QTest::keyClick(m_page->editor(), Qt::Key_Right);
    QCOMPARE(m_page->positionText(), QStringLiteral("Ln 2, Col 2"));
    QVERIFY(status.size() >= 2);
    m_page->setFileName(QStringLiteral("main.rs"));
    QCOMPARE(m_page->languageName(), QStringLiteral("Rust"));
    m_page->setContent(QByteArray("\0\1", 2), QStringLiteral("2"));
    QVERIFY(m_page->positionText().isEmpty());
    QVERIFY(part("binary")->isVisible());
}

void TestEditorPage::stateComesBack()
{
    QByteArray bytes;
    for (int line = 0; line < 300; ++line)
        bytes += "line\n";
    m_page->setContent(bytes, QStringLiteral("1"));
    QTextCursor cursor = m_page->editor()->textCursor();
    cursor.setPosition(700);
    cursor.setPosition(705, QTextCursor::KeepAnchor);
    m_page->editor()->setTextCursor(cursor);
    m_page->editor()->verticalScrollBar()->setValue(130);
    const QByteArray saved = QJsonDocument(m_page->state().toJson()).toJson();

    cleanup();
    init();
    m_page->restoreState(EditorState::fromJson(QJsonDocument::fromJson(saved).object()));
    m_page->setContent(bytes, QStringLiteral("1"));
    QCOMPARE(m_page->editor()->textCursor().anchor(), 700);
    QCOMPARE(m_page->editor()->textCursor().position(), 705);
    QCOMPARE(m_page->editor()->verticalScrollBar()->value(), 130);
    QVERIFY(!m_page->isModified());
}

void TestEditorPage::unsavedTextComesBack()
{
    m_page->setContent("a\r\n", QStringLiteral("1"));
    edit(QStringLiteral("mine "));
    EditorState state = m_page->state();
    state.unsaved = m_page->snapshot().bytes();
    cleanup();
    init();
    m_page->restoreState(state);
    m_page->setContent("a\r\n", QStringLiteral("1"));
    QCOMPARE(m_page->beginSave().bytes(), QByteArray("mine a\r\n"));
    QVERIFY(m_page->isModified());
    QVERIFY(part("changed")->isHidden());
    m_page->editor()->undo();
    QCOMPARE(m_page->beginSave().bytes(), QByteArray("a\r\n"));
    QVERIFY(!m_page->isModified());
}

void TestEditorPage::unsavedTextOfAChangedFileAsks()
{
    m_page->setContent("a\n", QStringLiteral("1"));
    edit(QStringLiteral("mine "));
    EditorState state = m_page->state();
    state.unsaved = m_page->snapshot().bytes();
    cleanup();
    init();
    m_page->restoreState(state);
    m_page->setContent("theirs\n", QStringLiteral("2"));
    QCOMPARE(m_page->beginSave().bytes(), QByteArray("mine a\n"));
    QCOMPARE(m_page->etag(), QStringLiteral("1")); // a save now would get 412
    QVERIFY(part("changed")->isVisible());
    press("changed.reload");
    QCOMPARE(m_page->beginSave().bytes(), QByteArray("theirs\n"));
    QCOMPARE(m_page->etag(), QStringLiteral("2"));
    QVERIFY(!m_page->isModified());
}

void TestEditorPage::brokenStateIsHarmless()
{
    m_page->setContent("ab\n", QStringLiteral("1"));
    QJsonObject json{{QStringLiteral("anchor"), 99999},
                     {QStringLiteral("position"), -5},
                     {QStringLiteral("top_line"), QStringLiteral("x")}};
    m_page->restoreState(EditorState::fromJson(json));
    QVERIFY(!m_page->isModified());
    QCOMPARE(m_page->editor()->textCursor().anchor(), 3);
}

int main(int argc, char** argv)
{
    QApplication application(argc, argv);
    Theme theme(application);
    TestEditorPage test;
    return QTest::qExec(&test, argc, argv);
}
#include "test_editor_page.moc"
