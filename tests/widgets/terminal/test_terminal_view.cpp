// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QClipboard>
#include <QElapsedTimer>
#include <QPushButton>
#include <QRandomGenerator>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTest>

#include "tests/widgets/stall_meter.h"
#include "widgets/common/notice_strip.h"
#include "widgets/common/theme.h"
#include "widgets/terminal/terminal_view.h"

using namespace caisson;

namespace {
/// Far more than any machine needs: what is held here is that it ends, not how soon.
constexpr int kPatienceMs = 280'000;
} // namespace

class TestTerminalView : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void cleanup();
    void showsWhatIsFed();
    void announcesItsSize();
    void sendsKeys_data();
    void sendsKeys();
    void leavesShortcutsToTheWindow();
    void answersQueriesWhenLive();
    void replayKeepsAnswersBack();
    void afterAReplayTheEndIsShown();
    void typingGoesToTheEnd();
    void keysPassDuringReplay();
    void liveBytesWaitForTheEndOfReplay();
    void emptyReplayEndsAtOnce();
    void takesTitles();
    void pastesOneLineAtOnce();
    void asksBeforePastingLines();
    void theQuestionLeavesTheCursorInView();
    void bracketsPaste();
    void middleClickPastes();
    void losesNothingUnderBackPressure();
    void floodIsFastAndSmooth();
    void survivesNoise();
    void diesWhileFed();
    void followsThePalette();

private:
    QByteArray typedSoFar() const;
    void waitUntilParsed();
    NoticeStrip* strip() const;

    std::unique_ptr<TerminalView> m_view;
    std::unique_ptr<QSignalSpy> m_typed;
};

void TestTerminalView::init()
{
    m_view = std::make_unique<TerminalView>(QStringLiteral("terminal"));
    m_view->resize(800, 480);
    m_typed = std::make_unique<QSignalSpy>(m_view.get(), &TerminalView::typed);
    m_view->show();
    m_view->activateWindow();
    m_view->setFocus();
    QVERIFY(QTest::qWaitForWindowActive(m_view.get()));
    QTRY_VERIFY(m_view->columns() > 40);
}

void TestTerminalView::cleanup()
{
    m_typed.reset();
    m_view.reset();
}

QByteArray TestTerminalView::typedSoFar() const
{
    QByteArray all;
    for (const QList<QVariant>& arguments : *m_typed)
        all += arguments.first().toByteArray();
    return all;
}

void TestTerminalView::waitUntilParsed()
{
    QVERIFY(runUntil([this] { return m_view->pendingBytes() == 0; }, kPatienceMs));
}

NoticeStrip* TestTerminalView::strip() const
{
    return m_view->findChild<NoticeStrip*>(QStringLiteral("terminal.paste"));
}

void TestTerminalView::showsWhatIsFed()
{
    m_view->feed("hello \x1B[31mred\x1B[0m\r\nna\xC3");
    m_view->feed("\xAFve \xE6\xBC\xA2 \x1BPq~~\x1B\\end");
    waitUntilParsed();
    QCOMPARE(m_view->screenText(), QStringLiteral("hello red\nnaïve 漢 end"));
}

void TestTerminalView::announcesItsSize()
{
    QSignalSpy resized(m_view.get(), &TerminalView::resized);
    m_view->resize(640, 300);
    QTRY_COMPARE(resized.size(), 1);
    QCOMPARE(resized.first().at(0).toInt(), m_view->columns());
    QCOMPARE(resized.first().at(1).toInt(), m_view->lines());
    QVERIFY(m_view->columns() < 80);
    m_view->resize(641, 300); // not another cell
    QTest::qWait(20);
    QCOMPARE(resized.size(), 1);
}

void TestTerminalView::sendsKeys_data()
{
    QTest::addColumn<int>("key");
    QTest::addColumn<Qt::KeyboardModifiers>("modifiers");
    QTest::addColumn<QByteArray>("bytes");
    const Qt::KeyboardModifiers none = Qt::NoModifier;
    const Qt::KeyboardModifiers control = Qt::ControlModifier;
    QTest::newRow("a") << int(Qt::Key_A) << none << QByteArray("a");
    QTest::newRow("return") << int(Qt::Key_Return) << none << QByteArray("\r");
    QTest::newRow("back tab") << int(Qt::Key_Backtab) << Qt::KeyboardModifiers(Qt::ShiftModifier)
                              << QByteArray("\x1B[Z");
    QTest::newRow("tab") << int(Qt::Key_Tab) << none << QByteArray("\t");
    QTest::newRow("escape") << int(Qt::Key_Escape) << none << QByteArray("\x1B");
    QTest::newRow("backspace") << int(Qt::Key_Backspace) << none << QByteArray("\x7F");
    QTest::newRow("up") << int(Qt::Key_Up) << none << QByteArray("\x1B[A");
    QTest::newRow("ctrl-c") << int(Qt::Key_C) << control << QByteArray("\x03");
    QTest::newRow("ctrl-d") << int(Qt::Key_D) << control << QByteArray("\x04");
    QTest::newRow("ctrl-s") << int(Qt::Key_S) << control << QByteArray("\x13");
    QTest::newRow("ctrl-w") << int(Qt::Key_W) << control << QByteArray("\x17");
    QTest::newRow("ctrl-z") << int(Qt::Key_Z) << control << QByteArray("\x1A");
    QTest::newRow("f6") << int(Qt::Key_F6) << none << QByteArray("\x1B[17~");
    QTest::newRow("alt-b") << int(Qt::Key_B) << Qt::KeyboardModifiers(Qt::AltModifier)
                           << QByteArray("\x1B"
                                         "b");
}

void TestTerminalView::sendsKeys()
{
    QFETCH(int, key);
    QFETCH(Qt::KeyboardModifiers, modifiers);
    QFETCH(QByteArray, bytes);
    // A window that wants these keys must not get them while the terminal has the focus.
    QAction greedy;
    greedy.setShortcuts({QKeySequence(Qt::CTRL | Qt::Key_W), QKeySequence(Qt::CTRL | Qt::Key_S),
                         QKeySequence(Qt::CTRL | Qt::Key_C), QKeySequence(Qt::Key_F6)});
    m_view->addAction(&greedy);
    QSignalSpy stolen(&greedy, &QAction::triggered);
    QTest::keyClick(m_view->focusProxy(), Qt::Key(key), modifiers);
    QCOMPARE(typedSoFar(), bytes);
    QCOMPARE(stolen.size(), 0);
}

void TestTerminalView::leavesShortcutsToTheWindow()
{
    QAction action;
    action.setShortcut(Qt::CTRL | Qt::SHIFT | Qt::Key_T);
    m_view->addAction(&action);
    QSignalSpy triggered(&action, &QAction::triggered);
    QTest::keyClick(m_view->focusProxy(), Qt::Key_T, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(triggered.size(), 1);
    QCOMPARE(typedSoFar(), QByteArray());
}

void TestTerminalView::answersQueriesWhenLive()
{
    m_view->feed("\x1B[6n");
    QTRY_COMPARE(typedSoFar(), QByteArray("\x1B[1;1R"));
    m_typed->clear();
    m_view->feed("\x1B[c");
    QTRY_COMPARE(typedSoFar(), QByteArray("\x1B[?1;2c"));
}

void TestTerminalView::replayKeepsAnswersBack()
{
    QSignalSpy finished(m_view.get(), &TerminalView::replayFinished);
    m_view->beginReplay();
    m_view->feed("old \x1B[6n\x1B[c\x1B[5n prompt$ ");
    m_view->endReplay();
    QVERIFY(m_view->isReplaying());
    QTRY_COMPARE(finished.size(), 1);
    QVERIFY(!m_view->isReplaying());
    QCOMPARE(typedSoFar(), QByteArray());
    QCOMPARE(m_view->screenText(), QStringLiteral("old  prompt$"));
    m_view->feed("\x1B[5n");
    QTRY_COMPARE(typedSoFar(), QByteArray("\x1B[0n"));
}

void TestTerminalView::keysPassDuringReplay()
{
    m_view->beginReplay();
    m_view->feed("\x1B[6n");
    QTest::keyClick(m_view->focusProxy(), Qt::Key_A);
    waitUntilParsed();
    QTest::keyClick(m_view->focusProxy(), Qt::Key_B);
    QCOMPARE(typedSoFar(), QByteArray("ab"));
    m_view->endReplay();
}

void TestTerminalView::liveBytesWaitForTheEndOfReplay()
{
    m_view->beginReplay();
    m_view->feed("\x1B[6nhistory ");
    m_view->endReplay();
    m_view->feed("live\x1B[6n"); // asked now: this one is answered
    waitUntilParsed();
    QTRY_COMPARE(typedSoFar(), QByteArray("\x1B[1;13R"));
    QCOMPARE(m_view->screenText(), QStringLiteral("history live"));
}

void TestTerminalView::emptyReplayEndsAtOnce()
{
    QSignalSpy finished(m_view.get(), &TerminalView::replayFinished);
    m_view->beginReplay();
    m_view->endReplay();
    QCOMPARE(finished.size(), 1);
    QVERIFY(!m_view->isReplaying());
}

/// Long ones were left at their beginning.
void TestTerminalView::afterAReplayTheEndIsShown()
{
    QByteArray history;
    for (int line = 0; line < 3000; ++line)
        history += "line " + QByteArray::number(line) + "\r\n";
    m_view->beginReplay();
    m_view->feed(history);
    m_view->endReplay();
    const auto* bar = m_view->focusProxy()->findChild<QScrollBar*>();
    QVERIFY(bar);
    QTRY_VERIFY(bar->maximum() > 2900);
    QTRY_COMPARE(bar->value(), bar->maximum());
    m_view->feed(history);
    QTRY_VERIFY(bar->maximum() > 5900);
    QTRY_COMPARE(bar->value(), bar->maximum());
}

void TestTerminalView::typingGoesToTheEnd()
{
    QByteArray lines;
    for (int line = 0; line < 200; ++line)
        lines += "line\r\n";
    m_view->feed(lines);
    auto* bar = m_view->focusProxy()->findChild<QScrollBar*>();
    QTRY_VERIFY(bar->maximum() > 100);
    bar->setValue(3);
    m_view->feed(lines);
    waitUntilParsed(); // but not shown yet
    QApplication::clipboard()->setText(QStringLiteral("x"));
    QTest::keyClick(m_view->focusProxy(), Qt::Key_V, Qt::ControlModifier | Qt::ShiftModifier);
    QTRY_VERIFY(bar->maximum() > 300);
    QTRY_COMPARE(bar->value(), bar->maximum());
}

void TestTerminalView::takesTitles()
{
    QSignalSpy titles(m_view.get(), &TerminalView::titleChanged);
    m_view->feed("\x1B]0;vim main.py\a\x1B]0;vim main.py\a");
    QCOMPARE(titles.size(), 1);
    QCOMPARE(m_view->title(), QStringLiteral("vim main.py"));
}

void TestTerminalView::pastesOneLineAtOnce()
{
    QApplication::clipboard()->setText(QStringLiteral("echo hi\n"));
    QTest::keyClick(m_view->focusProxy(), Qt::Key_V, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(typedSoFar(), QByteArray("echo hi"));
    QVERIFY(strip()->isHidden());
}

void TestTerminalView::asksBeforePastingLines()
{
    QApplication::clipboard()->setText(QStringLiteral("one\ntwo\n"));
    QTest::keyClick(m_view->focusProxy(), Qt::Key_Insert, Qt::ShiftModifier);
    QCOMPARE(typedSoFar(), QByteArray());
    QVERIFY(strip()->isVisible());
    QVERIFY(strip()->detail().contains(QStringLiteral("one")));

    // Escape in the strip declines and the terminal has the focus again.
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Escape);
    QVERIFY(strip()->isHidden());
    QVERIFY(m_view->focusProxy()->hasFocus());
    QCOMPARE(typedSoFar(), QByteArray());

    m_view->paste(QStringLiteral("one\ntwo"));
    auto* accept = m_view->findChild<QPushButton*>(QStringLiteral("terminal.paste.accept"));
    QVERIFY(accept->hasFocus());
    QTest::keyClick(accept, Qt::Key_Return);
    QCOMPARE(typedSoFar(), QByteArray("one\rtwo"));
    QVERIFY(strip()->isHidden());
}

/// It covered the very line that the paste was about to go into.
void TestTerminalView::theQuestionLeavesTheCursorInView()
{
    m_view->paste(QStringLiteral("one\ntwo\n"));
    QVERIFY(strip()->isVisible());
    QCOMPARE(strip()->geometry().bottom(), m_view->rect().bottom());
    QTest::keyClick(strip(), Qt::Key_Escape);
    m_view->feed(QByteArray("line\r\n").repeated(100) + "$ ");
    waitUntilParsed();
    const auto isAboveStrip = [this] {
        m_view->paste(QStringLiteral("one\ntwo\n"));
        return strip()->geometry().top() == 0;
    };
    QTRY_VERIFY(isAboveStrip());
}

void TestTerminalView::bracketsPaste()
{
    m_view->feed("\x1B[?2004h");
    waitUntilParsed();
    m_view->paste(QStringLiteral("a\x1B[201~b"));
    QCOMPARE(typedSoFar(), QByteArray("\x1B[200~a[201~b\x1B[201~"));
}

void TestTerminalView::middleClickPastes()
{
    QApplication::clipboard()->setText(QStringLiteral("middle"));
    QTest::mouseClick(m_view->focusProxy(), Qt::MiddleButton);
    QCOMPARE(typedSoFar(), QByteArray("middle"));

    // A program that reads the mouse gets the click instead.
    m_typed->clear();
    m_view->feed("\x1B[?1000h");
    waitUntilParsed();
    QTest::mouseClick(m_view->focusProxy(), Qt::MiddleButton);
    QVERIFY(typedSoFar().startsWith("\x1B[M"));
}

void TestTerminalView::losesNothingUnderBackPressure()
{
    // Ten thousand numbered lines, pushed by a source that honours the marks; the emulator must
    // have seen every one.
    constexpr int kLines = 10'000;
    int next = 0;
    const auto push = [&] {
        while (next < kLines && m_view->pendingBytes() < TerminalView::kHighWater) {
            m_view->feed(QByteArray::number(next).rightJustified(600, '.') + "\r\n");
            ++next;
        }
    };
    connect(m_view.get(), &TerminalView::drained, m_view.get(), push);
    push();
    QVERIFY(next < kLines); // the high mark was reached: the rest came through drained()
    waitUntilParsed();
    QVERIFY(m_view->screenText().trimmed().endsWith(QStringLiteral(".9999")));
    m_view->feed("\x1B[6n"); // the cursor is at the start of the last line
    QTRY_COMPARE(typedSoFar(), QByteArray("\x1B[" + QByteArray::number(m_view->lines()) + ";1R"));
}

void TestTerminalView::floodIsFastAndSmooth()
{
    // What a build's log looks like: 50 MB in lines of about 90 bytes with colours.
    QByteArray block;
    int line = 0;
    while (block.size() < 64 * 1024) {
        block +=
            "\x1B[32m[" + QByteArray::number(++line % 1000) +
            "/1000]\x1B[0m Building CXX object backend/keeper/CMakeFiles/keeper.dir/file.cpp.o\r\n";
    }
    qint64 total = 50'000'000;
    qint64 fed = 0;
    const auto push = [&] {
        while (fed < total && m_view->pendingBytes() < TerminalView::kHighWater) {
            m_view->feed(block);
            fed += block.size();
        }
    };
    connect(m_view.get(), &TerminalView::drained, m_view.get(), push);
    QElapsedTimer clock;
    clock.start();
    const double startMs = threadMs();
    push();
    QVERIFY(runUntil([&] { return fed >= total && m_view->pendingBytes() == 0; }, kPatienceMs));
    const double megabytes = double(fed) / 1e6;
    qInfo("shown: %.1f MB/s by the clock, %.1f MB a second of computing",
          megabytes / (double(clock.elapsed()) / 1e3), megabytes / ((threadMs() - startMs) / 1e3));

    // Once more for the stalls: looking at the clock in every turn costs throughput.
    fed = 0;
    total = 10'000'000;
    StallMeter stalls;
    push();
    QVERIFY(runUntil([&] { return fed >= total && m_view->pendingBytes() == 0; }, kPatienceMs));
    qInfo("longest stall %.1f ms, %.1f ms computing", stalls.longestMs(), stalls.longestThreadMs());
    QVERIFY(m_view->screenText().contains(QStringLiteral("Building CXX object")));
}

void TestTerminalView::survivesNoise()
{
    // The output of a sandbox is untrusted: bytes at random, with many beginnings of sequences, in
    // many cuts.
    QRandomGenerator random(20240517);
    const QByteArrayList starts{"\x1B[",
                                "\x1B]",
                                "\x1BP",
                                "\x1B",
                                "\xC2\x9B",
                                "\x1B[?",
                                ";",
                                "999999999",
                                "H",
                                "m",
                                "r",
                                "L",
                                "M",
                                "P",
                                "@",
                                "X",
                                "S",
                                "T",
                                "h",
                                "l",
                                "\x1B#8",
                                "\x1B"
                                "c"};
    for (int round = 0; round < 2000; ++round) {
        QByteArray noise;
        for (int part = 0; part < 40; ++part) {
            if (random.bounded(2))
                noise += starts[random.bounded(starts.size())];
            else
                noise += static_cast<char>(random.bounded(256));
        }
        m_view->feed(noise);
        if (round % 100 == 0)
            m_view->resize(400 + static_cast<int>(random.bounded(600)),
                           200 + static_cast<int>(random.bounded(400)));
    }
    waitUntilParsed();
    m_view->feed("\x18\x1B\\\x1B"
                 "c\x1B[2Jstill here");
    waitUntilParsed();
    QCOMPARE(m_view->screenText().trimmed(), QStringLiteral("still here"));
}

void TestTerminalView::diesWhileFed()
{
    m_view->beginReplay();
    for (int round = 0; round < 100; ++round)
        m_view->feed(QByteArray(64 * 1024, 'x'));
    QTest::qWait(5);
    QSignalSpy typed(m_view.get(), &TerminalView::typed);
    m_view.reset();
    QTest::qWait(20);
    QCOMPARE(typed.size(), 0);
}

void TestTerminalView::followsThePalette()
{
    auto* theme = qApp->findChild<Theme*>();
    for (const Appearance appearance : {Appearance::Dark, Appearance::Light}) {
        theme->setAppearance(appearance);
        QCoreApplication::processEvents();
        const QImage image = m_view->grab().toImage();
        const QColor canvas = colorsOf(QApplication::palette()).canvas;
        QCOMPARE(image.pixelColor(image.width() / 2, image.height() / 2), canvas);
        QCOMPARE(image.pixelColor(2, 2), canvas); // the margin, which has a colour of its own
    }
}

int main(int argc, char** argv)
{
    QApplication application(argc, argv);
    Theme theme(application);
    TestTerminalView test;
    return QTest::qExec(&test, argc, argv);
}
#include "test_terminal_view.moc"
