// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/stall_meter.h"
#include "tests/widgets/workbench/bench.h"

#include <QScrollBar>

using namespace caisson;
using test::Bench;

namespace {

/// Computing in one turn of the event loop. Unlike time by the clock it is the same beside other
/// programs.
constexpr double kLongestTurnMs = 50;

} // namespace

class TestWindowLargeFiles : public QObject
{
    Q_OBJECT

private slots:
    void typingAndSavingDoNotStall();
    void whatIsTooLargeIsShownInATerminal();
};

/// Each pause in typing encoded the whole text for the window's state: over a second at 11 MB.
void TestWindowLargeFiles::typingAndSavingDoNotStall()
{
    Bench bench;
    const QByteArray bytes =
        QByteArray("a line of a large file, as long as lines are\n").repeated(110'000);
    bench.backend.putFile(bench.id, "/workspace/large.log", bytes);
    bench.open();
    bench.openFile(QStringLiteral("large.log"));
    QVERIFY(runUntil([&] { return !bench.editor()->isReadOnly(); }, 60'000));

    StallMeter stalls;
    for (int i = 0; i < 4; ++i) {
        QTest::keyClicks(bench.editor(), QStringLiteral("typed "));
        bench.editor()->verticalScrollBar()->setValue(i * 20'000);
        const qint64 size = bytes.size() + (i + 1) * 6;
        const auto kept = [&] { return bench.draftSize() > size; };
        QVERIFY(runUntil(kept, 30'000));
    }
    qInfo("5 MB: longest turn while typing %.1f ms of computing, %.1f ms by the clock",
          stalls.longestThreadMs(), stalls.longestMs());
    QVERIFY(stalls.longestThreadMs() < kLongestTurnMs);

    StallMeter saving;
    QTest::keySequence(bench.editor(), QKeySequence::Save);
    QVERIFY(runUntil([&] { return !bench.editor()->document()->isModified(); }, 30'000));
    qInfo("5 MB: longest turn while saving %.1f ms of computing", saving.longestThreadMs());
    QVERIFY(saving.longestThreadMs() < kLongestTurnMs);
    const QByteArray expected = QByteArray("typed ").repeated(4) + bytes;
    QVERIFY(bench.backend.bytesOf(bench.id, "/workspace/large.log") == expected);
}

/// "Try again" was offered for a file that would be no smaller then.
void TestWindowLargeFiles::whatIsTooLargeIsShownInATerminal()
{
    Bench bench;
    bench.open();
    bench.backend.failNext(QStringLiteral("readFile"), ErrorCode::TooLarge);
    bench.select(QStringLiteral("notes.txt"));
    bench.press(Qt::Key_Return);
    QVERIFY(!bench.isShown("editor.failure"));
    QCOMPARE(bench.find<QLabel>("editor.tooLarge.sentence")->text(),
             QStringLiteral("“notes.txt” is larger than 64 MiB, too large to be shown here. In a "
                            "terminal you can page through it."));
    bench.click("editor.tooLarge.action");
    QCOMPARE(bench.tabsOf(bench.terminalTabs()).last(), QStringLiteral("notes.txt"));
    const auto& terminals = bench.backend.at(bench.id).terminals;
    QCOMPARE(terminals.rbegin()->second.terminal.argv.back(), "/workspace/notes.txt");
}

QTEST_MAIN(TestWindowLargeFiles)
#include "test_window_large_files.moc"
