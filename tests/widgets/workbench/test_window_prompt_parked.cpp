// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/workbench/prompt_keyboard_bench.h"
#include "widgets/egress/url_label.h"

#include <QComboBox>
#include <QPushButton>

using namespace caisson;
using test::KeyboardBench;
using test::samplePrompt;

/// Where keys go that were meant for a request that is over, or that nobody waits for any more, or
/// in whose place another one is shown.
class TestWindowPromptParked : public QObject
{
    Q_OBJECT

private slots:
    void whatEndsElsewhereSwallowsKeys_data();
    void whatEndsElsewhereSwallowsKeys();
    void aListOpenedByTheMouseSwallowsKeysToo();
    void theNextOneComesWithoutTheKeyboard_data();
    void theNextOneComesWithoutTheKeyboard();
    void aFloodKeepsNobody();
    void whatNobodyWaitsForSwallowsKeys_data();
    void whatNobodyWaitsForSwallowsKeys();
    void aButtonGoesBack();
    void anyClickGoesBack_data();
    void anyClickGoesBack();
    void aClickInTheNextOneGoesBack();
    void theMouseAloneIsKeptByNothing();
    void whatIsOverGoesWithTheFocus();
    void aListClosesWithItsPrompt();
};

void TestWindowPromptParked::whatEndsElsewhereSwallowsKeys_data()
{
    QTest::addColumn<QString>("place");
    QTest::addColumn<QString>("why");
    for (const char* why : {"allowed", "denied", "timeout", "gone"}) {
        QTest::addRow("choice, %s", why) << "prompt.duration" << why;
        QTest::addRow("button, %s", why) << "prompt.allow" << why;
        QTest::addRow("list, %s", why) << "" << why;
    }
}

/// "Down, Return" for a choice of the panel ran what stood unsent in the terminal: somebody else
/// had answered in between.
void TestWindowPromptParked::whatEndsElsewhereSwallowsKeys()
{
    QFETCH(const QString, place);
    QFETCH(const QString, why);
    KeyboardBench bench;
    bench.open();
    bench.view()->setFocus();
    bench.type(QStringLiteral("echo DANGEROUS"));
    const QByteArray before = bench.typed();
    const QString prompt = bench.ask(samplePrompt());
    bench.waitForGuard();
    bench.review();
    if (place.isEmpty()) {
        bench.press(Qt::Key_Space);
        QVERIFY(QApplication::activePopupWidget());
    } else {
        bench.find(place.toLatin1())->setFocus();
    }
    bench.backend.countPrompt(bench.id, prompt, why == QLatin1String("gone") ? 0 : 1);
    bench.settle();
    bench.bar()->setGuard(std::chrono::hours(1));
    bench.endElsewhere(prompt, why.toLatin1());
    QVERIFY(!QApplication::activePopupWidget());
    for (const Qt::Key key : {Qt::Key_Down, Qt::Key_Return, Qt::Key_Space, Qt::Key_Tab, Qt::Key_Tab,
                              Qt::Key_Return, Qt::Key_Escape})
        bench.press(key);
    bench.type(QStringLiteral("y"));
    QCOMPARE(bench.typed(), before);
    QVERIFY(bench.backend.answers.empty());
    // It says so, and offers nothing that could be pressed.
    QVERIFY(bench.isShown("prompt"));
    QVERIFY(!bench.isShown("prompt.panel"));
    QCOMPARE(bench.find<QLabel>("prompt.clock")->text(), QStringLiteral("This request is over"));
    QCOMPARE(bench.find<QPushButton>("prompt.back")->text(), QStringLiteral("Back (Esc)"));
    for (const char* button : {"prompt.allow", "prompt.deny", "prompt.next", "prompt.more"})
        QVERIFY2(!bench.isShown(button), button);
    bench.bar()->setGuard(std::chrono::milliseconds(0));
    bench.waitForGuard();
    for (const Qt::Key key : {Qt::Key_Down, Qt::Key_Return, Qt::Key_Tab, Qt::Key_Return})
        bench.press(key);
    QCOMPARE(bench.typed(), before);
    bench.press(Qt::Key_Escape);
    QVERIFY(!bench.isShown("prompt"));
    QVERIFY(bench.isInTerminal());
    QCOMPARE(bench.typed(), before);
    bench.type(QStringLiteral("y"));
    QCOMPARE(bench.typed(), before + "y");
    // The next one comes as any.
    bench.ask(samplePrompt("two.example"));
    QVERIFY(bench.isShown("prompt.allow"));
    QVERIFY(bench.isShown("prompt.more"));
    QVERIFY(bench.isInTerminal());
}

/// A click moves no focus, but an open list has the keys.
void TestWindowPromptParked::aListOpenedByTheMouseSwallowsKeysToo()
{
    KeyboardBench bench;
    bench.open();
    bench.view()->setFocus();
    const QString prompt = bench.ask(samplePrompt());
    bench.waitForGuard();
    bench.click("prompt.more");
    bench.click("prompt.duration");
    QVERIFY(QApplication::activePopupWidget());
    bench.bar()->setGuard(std::chrono::hours(1));
    bench.endElsewhere(prompt);
    QVERIFY(!QApplication::activePopupWidget());
    bench.press(Qt::Key_Down);
    bench.bar()->setGuard(std::chrono::milliseconds(0));
    bench.waitForGuard();
    bench.press(Qt::Key_Return);
    QCOMPARE(bench.typed(), QByteArray());
    QVERIFY(bench.isParked());
    bench.click("prompt.line"); // or a click, which goes back as well
    QVERIFY(!bench.isShown("prompt"));
    QVERIFY(bench.isInTerminal());
}

void TestWindowPromptParked::theNextOneComesWithoutTheKeyboard_data()
{
    QTest::addColumn<QString>("place");
    QTest::addColumn<bool>("isWaiting");
    for (const char* place : {"prompt.duration", "prompt.allow", "prompt.deny"}) {
        QTest::addRow("%s, later", place) << place << false;
        QTest::addRow("%s, at once", place) << place << true;
    }
}

/// "Tab, Tab, Return", meant for the first one, allowed the second: it took the place of the first,
/// which its process had let go of, and the keyboard.
void TestWindowPromptParked::theNextOneComesWithoutTheKeyboard()
{
    QFETCH(const QString, place);
    QFETCH(const bool, isWaiting);
    KeyboardBench bench;
    bench.open();
    bench.view()->setFocus();
    const QString first = bench.ask(samplePrompt("first.example"));
    if (isWaiting)
        bench.ask(samplePrompt("evil.example"));
    bench.bar()->setGuard(std::chrono::milliseconds(0));
    bench.waitForGuard();
    bench.review();
    if (place == QLatin1String("prompt.deny")) // of the closed strip
        bench.click("prompt.more");
    bench.find(place.toLatin1())->setFocus(Qt::TabFocusReason);
    bench.endElsewhere(first);
    if (!isWaiting) {
        bench.waitForGuard();
        QVERIFY(bench.isParked());
        bench.ask(samplePrompt("evil.example"));
    }
    bench.waitForGuard();
    QCOMPARE(bench.find<QWidget>("prompt.lineUrl")->toolTip(),
             QStringLiteral("evil.example/v1/orders"));
    QVERIFY(bench.isShown("prompt.allow"));
    QVERIFY(bench.isParked());
    bench.window().resize(720, 480);
    bench.backend.addPrompt(bench.id, samplePrompt("third.example"));
    bench.settle();
    const auto* url = bench.find<UrlLabel>("prompt.lineUrl");
    QCOMPARE(fittedUrl(url->url(), url->width(), url->font()).domain,
             QStringLiteral("evil.example"));
    QVERIFY(!bench.isShown("prompt.next")); // nor is it needed now
    bench.pressWhatFalls();
    QVERIFY(bench.isParked());
    QVERIFY(bench.backend.answers.empty());
    QCOMPARE(bench.typed(), QByteArray());
    // Asked for, it comes, and is guarded as if new.
    bench.bar()->setGuard(std::chrono::hours(1));
    bench.review();
    QVERIFY(!bench.isShown("prompt.back"));
    bench.find("prompt.deny")->setFocus(Qt::TabFocusReason);
    bench.press(Qt::Key_Return);
    QVERIFY(bench.backend.answers.empty());
    bench.bar()->setGuard(std::chrono::milliseconds(0));
    bench.waitForGuard();
    bench.press(Qt::Key_Return);
    QCOMPARE(bench.backend.answers.size(), 1);
    bench.waitForGuard();
    bench.press(Qt::Key_Escape);
    QVERIFY(bench.isInTerminal()); // the place before has been remembered all the while
    QVERIFY(bench.isShown("prompt"));
    QCOMPARE(bench.typed(), QByteArray());
}

/// Escape goes back however many come, one soon after the other.
void TestWindowPromptParked::aFloodKeepsNobody()
{
    KeyboardBench bench;
    bench.open();
    bench.view()->setFocus();
    QString prompt = bench.ask(samplePrompt("first.example"));
    bench.waitForGuard();
    bench.review();
    bench.endElsewhere(prompt);
    bench.waitForGuard();
    bench.bar()->setGuard(std::chrono::hours(1));
    prompt = bench.ask(samplePrompt("second.example"));
    bench.endElsewhere(prompt);
    bench.ask(samplePrompt("third.example"));
    QVERIFY(bench.isParked());
    QVERIFY(bench.bar()->isGuarded());
    bench.press(Qt::Key_Escape);
    QVERIFY(bench.isInTerminal());
    QVERIFY(!bench.isShown("prompt.back"));
    QVERIFY(bench.isShown("prompt.allow"));
    bench.ask(samplePrompt("fourth.example"));
    QVERIFY(bench.isShown("prompt.next"));
}

void TestWindowPromptParked::whatNobodyWaitsForSwallowsKeys_data()
{
    QTest::addColumn<QString>("place");
    for (const char* place : {"prompt.duration", "prompt.allow", "prompt.more", "later"})
        QTest::newRow(place) << place;
}

/// Tab left the strip, which offered nothing any more, and Return opened the menu of sandboxes.
void TestWindowPromptParked::whatNobodyWaitsForSwallowsKeys()
{
    QFETCH(const QString, place);
    KeyboardBench bench;
    bench.open();
    bench.view()->setFocus();
    const QString prompt = bench.ask(samplePrompt());
    bench.bar()->setGuard(std::chrono::milliseconds(0));
    bench.waitForGuard();
    if (place != QLatin1String("later")) {
        bench.review();
        bench.find(place.toLatin1())->setFocus(Qt::TabFocusReason);
    }
    bench.backend.countPrompt(bench.id, prompt, 0);
    bench.settle();
    bench.waitForGuard();
    if (place == QLatin1String("later"))
        bench.press(Qt::CTRL | Qt::SHIFT | Qt::Key_M);
    const bool isOpen = bench.isShown("prompt.panel");
    QVERIFY(bench.isParked());
    bench.pressWhatFalls();
    QVERIFY(bench.isParked());
    QVERIFY(!QApplication::activePopupWidget());
    QCOMPARE(bench.isShown("prompt.panel"), isOpen);
    bench.endElsewhere(prompt, "gone");
    bench.waitForGuard();
    QCOMPARE(bench.find<QLabel>("prompt.clock")->text(), QStringLiteral("This request is over"));
    bench.pressWhatFalls();
    QVERIFY(bench.isParked());
    QVERIFY(bench.backend.answers.empty());
    QCOMPARE(bench.typed(), QByteArray());
    bench.press(Qt::Key_Escape);
    QVERIFY(!bench.isShown("prompt"));
    QVERIFY(bench.isInTerminal());
}

void TestWindowPromptParked::aButtonGoesBack()
{
    KeyboardBench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    bench.editor()->setFocus();
    const QString prompt = bench.ask(samplePrompt());
    bench.waitForGuard();
    QVERIFY(!bench.isShown("prompt.back"));
    bench.review();
    QVERIFY(!bench.isShown("prompt.back"));
    bench.bar()->setGuard(std::chrono::hours(1));
    bench.endElsewhere(prompt);
    bench.click("prompt.back"); // meant for what was there
    QVERIFY(bench.isParked());
    bench.bar()->setGuard(std::chrono::milliseconds(0));
    bench.waitForGuard();
    bench.click("prompt.back");
    QVERIFY(!bench.isShown("prompt"));
    QCOMPARE(QApplication::focusWidget(), bench.editor());
}

void TestWindowPromptParked::anyClickGoesBack_data()
{
    QTest::addColumn<bool>("isNext");
    QTest::newRow("is over") << false;
    QTest::newRow("another waits") << true;
}

/// A click on what takes no focus left the strip, and every key fell. The click does what it does,
/// though the strip that goes moves what is pressed.
void TestWindowPromptParked::anyClickGoesBack()
{
    QFETCH(const bool, isNext);
    KeyboardBench bench;
    bench.open();
    bench.view()->setFocus();
    const auto park = [&] {
        const QString prompt = bench.ask(samplePrompt("one.example"));
        bench.bar()->setGuard(std::chrono::milliseconds(0));
        bench.waitForGuard();
        bench.review();
        // Nor is it too early for a click that is not in the strip.
        bench.bar()->setGuard(std::chrono::hours(1));
        if (isNext)
            bench.ask(samplePrompt("two.example"));
        bench.endElsewhere(prompt);
        QVERIFY(bench.isParked());
    };
    // As from the real mouse, whose press and release are seen where they happen.
    const auto clickAt = [&](const QWidget* target, QPoint at) {
        const QPoint place = target->mapTo(&bench.window(), at);
        QTest::mousePress(bench.window().windowHandle(), Qt::LeftButton, {}, place);
        bench.settle();
        QVERIFY(bench.isShown("prompt"));
        QTest::mouseRelease(bench.window().windowHandle(), Qt::LeftButton, {}, place);
        bench.settle();
        QCOMPARE(bench.isShown("prompt"), isNext);
        QVERIFY(!bench.isShown("prompt.back"));
        for (const api::Prompt& left : std::vector(bench.backend.at(bench.id).egress.prompts))
            bench.endElsewhere(QString::fromStdString(left.id));
    };
    park();
    const auto* tabs = bench.find<QTabBar>("side.tabs");
    clickAt(tabs, tabs->tabRect(1).center());
    QCOMPARE(tabs->currentIndex(), 1);
    QVERIFY(bench.isInTerminal());
    park();
    const auto* sentence = bench.find("editors.empty.sentence");
    clickAt(sentence, sentence->rect().center());
    QVERIFY(bench.isInTerminal());
    park(); // it comes down when the strip goes
    const qsizetype count = bench.terminalTabs()->count();
    const QWidget* add = bench.find("terminals.new");
    QVERIFY(add);
    clickAt(add, QPoint(add->width() / 2, 3));
    QCOMPARE(bench.terminalTabs()->count(), count + 1);
    park();
    clickAt(bench.tree()->viewport(), QPoint(20, 10));
    QCOMPARE(QApplication::focusWidget(), bench.tree());
}

void TestWindowPromptParked::aClickInTheNextOneGoesBack()
{
    KeyboardBench bench;
    bench.open();
    bench.view()->setFocus();
    const QString first = bench.ask(samplePrompt("one.example"));
    bench.ask(samplePrompt("two.example"));
    bench.ask(samplePrompt("three.example"));
    bench.waitForGuard();
    bench.review();
    bench.bar()->setGuard(std::chrono::hours(1));
    bench.endElsewhere(first);
    bench.click("prompt.line"); // meant for the one before
    QVERIFY(bench.isParked());
    QVERIFY(bench.isShown("prompt.panel"));
    bench.bar()->setGuard(std::chrono::milliseconds(0));
    bench.waitForGuard();
    bench.click("prompt.deny");
    QCOMPARE(bench.backend.answers.size(), 1);
    QVERIFY(bench.isInTerminal()); // as any click in the strip leaves it
    QVERIFY(!bench.isShown("prompt.back"));
    QVERIFY(bench.bar()->prompt() != first);
}

/// Who has not touched a key since the list opened by the mouse is soon where they were.
void TestWindowPromptParked::theMouseAloneIsKeptByNothing()
{
    KeyboardBench bench;
    bench.open();
    bench.view()->setFocus();
    for (const bool isNext : {false, true}) {
        const QString prompt = bench.ask(samplePrompt("one.example"));
        bench.waitForGuard();
        if (!bench.isShown("prompt.panel"))
            bench.click("prompt.more");
        bench.click("prompt.duration");
        QVERIFY(QApplication::activePopupWidget());
        if (isNext)
            bench.ask(samplePrompt("two.example"));
        bench.endElsewhere(prompt);
        QTRY_VERIFY(bench.isInTerminal());
        QCOMPARE(bench.isShown("prompt"), isNext);
        QVERIFY(!bench.isShown("prompt.back"));
    }
    bench.type(QStringLiteral("y"));
    QCOMPARE(bench.typed(), QByteArray("y"));
    QVERIFY(bench.backend.answers.empty());
}

void TestWindowPromptParked::whatIsOverGoesWithTheFocus()
{
    KeyboardBench bench;
    bench.open();
    const QString prompt = bench.ask(samplePrompt());
    bench.waitForGuard();
    bench.review();
    bench.endElsewhere(prompt);
    QVERIFY(bench.isShown("prompt"));
    bench.find("files.tree")->setFocus(Qt::MouseFocusReason);
    QVERIFY(!bench.isShown("prompt"));
}

/// The list of the first stayed open over the second, and "Down, Return" chose for that.
void TestWindowPromptParked::aListClosesWithItsPrompt()
{
    KeyboardBench bench;
    bench.open();
    bench.view()->setFocus();
    const QString first = bench.ask(samplePrompt("first.example"));
    bench.ask(samplePrompt("second-evil.example"));
    bench.waitForGuard();
    bench.review();
    bench.press(Qt::Key_Space);
    QVERIFY(QApplication::activePopupWidget());
    bench.bar()->setGuard(std::chrono::hours(1));
    bench.endElsewhere(first);
    QVERIFY(!QApplication::activePopupWidget());
    bench.press(Qt::Key_Down);
    bench.press(Qt::Key_Return);
    QCOMPARE(bench.find<QComboBox>("prompt.duration")->currentData().toString(),
             QStringLiteral("once"));
    QVERIFY(bench.isParked());
    QCOMPARE(bench.typed(), QByteArray());
}

QTEST_MAIN(TestWindowPromptParked)
#include "test_window_prompt_parked.moc"
