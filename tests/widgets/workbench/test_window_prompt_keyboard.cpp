// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/workbench/prompt_bench.h"

#include <QComboBox>
#include <QLineEdit>
#include <QPushButton>
#include <QTableView>

using namespace caisson;
using test::PromptBench;
using test::samplePrompt;

namespace {

struct KeyboardBench : PromptBench
{
    void review() const
    {
        press(Qt::CTRL | Qt::SHIFT | Qt::Key_M);
        QCOMPARE(QApplication::focusWidget(), find("prompt.duration"));
    }
    /// Whatever has the keyboard gets it, as from a real keyboard.
    void type(const QString& text) const
    {
        QVERIFY(QApplication::focusWidget());
        QTest::keyClicks(QApplication::focusWidget(), text);
        settle();
    }
    QByteArray typed() { return backend.terminalOf(id, terminal).typed; }
    void endElsewhere(const QString& prompt, const char* why = "timeout")
    {
        backend.endPrompt(id, prompt, QString::fromLatin1(why));
        settle();
    }
    bool isInTerminal() const { return view()->isAncestorOf(QApplication::focusWidget()); }
    QLineEdit* newSecret(const QString& name) const
    {
        find<QTabBar>("side.tabs")->setCurrentIndex(2);
        settle();
        click("secrets.addSecret");
        type(name);
        press(Qt::Key_Tab);
        return find<QLineEdit>("secrets.value");
    }
};

} // namespace

/// Who goes to a waiting request by keyboard, where they come back to, and where keys go that were
/// meant for a request that is over.
class TestWindowPromptKeyboard : public QObject
{
    Q_OBJECT

private slots:
    void escapeGoesBackToTheEditor();
    void anAnswerGoesBackToTheEditor();
    void theRestOfASecretGoesOnInItsField();
    void aTableIsComeBackToFromItsField();
    void whatHasGoneIsNotComeBackTo();
    void aHeldKeyStaysOutOfThePlaceBefore();
    void aClickThatClosesThePanelGoesBack();
    void whatEndsElsewhereSwallowsKeys_data();
    void whatEndsElsewhereSwallowsKeys();
    void aListOpenedByTheMouseSwallowsKeysToo();
    void whatIsOverGoesWithTheFocus();
    void aListClosesWithItsPrompt();
    void theNextOneIsNotPressedByChance();
};

void TestWindowPromptKeyboard::escapeGoesBackToTheEditor()
{
    KeyboardBench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    bench.editor()->setFocus();
    bench.type(QStringLiteral("ab"));
    bench.ask(samplePrompt());
    bench.waitForGuard();
    bench.review();
    bench.press(Qt::Key_Escape);
    QVERIFY(!bench.isShown("prompt.panel"));
    QVERIFY(bench.isShown("prompt"));
    bench.type(QStringLiteral("cd"));
    QVERIFY2(bench.editor()->toPlainText().startsWith(QStringLiteral("abcd")),
             qPrintable(bench.editor()->toPlainText()));
    QCOMPARE(bench.typed(), QByteArray());
    // And from the closed strip, where Tab led.
    bench.find("prompt.deny")->setFocus(Qt::TabFocusReason);
    bench.press(Qt::Key_Escape);
    QCOMPARE(QApplication::focusWidget(), bench.editor());
}

void TestWindowPromptKeyboard::anAnswerGoesBackToTheEditor()
{
    KeyboardBench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    bench.editor()->setFocus();
    bench.ask(samplePrompt("one.example"));
    bench.ask(samplePrompt("two.example"));
    bench.waitForGuard();
    bench.review();
    for (int answered = 1; answered <= 2; ++answered) {
        // The next one is answered from where one is.
        QVERIFY(bench.bar()->isAncestorOf(QApplication::focusWidget()));
        bench.waitForGuard();
        while (QApplication::focusWidget() != bench.find("prompt.allow"))
            bench.press(Qt::Key_Tab);
        bench.press(Qt::Key_Return);
        QCOMPARE(bench.backend.answers.size(), answered);
    }
    QVERIFY(!bench.isShown("prompt"));
    bench.type(QStringLiteral("ab"));
    QVERIFY(bench.editor()->toPlainText().startsWith(QStringLiteral("ab")));
    QCOMPARE(bench.typed(), QByteArray());
}

/// "ghp_first", a look at the request, and "SECOND_HALF" stood in the sandbox's terminal.
void TestWindowPromptKeyboard::theRestOfASecretGoesOnInItsField()
{
    KeyboardBench bench;
    bench.open();
    bench.view()->setFocus();
    const QLineEdit* value = bench.newSecret(QStringLiteral("gh"));
    bench.type(QStringLiteral("ghp_first"));
    bench.ask(samplePrompt());
    bench.waitForGuard();
    bench.review();
    bench.press(Qt::Key_Escape);
    bench.type(QStringLiteral("SECOND_HALF"));
    QCOMPARE(value->text(), QStringLiteral("ghp_firstSECOND_HALF"));
    QCOMPARE(bench.typed(), QByteArray());
}

void TestWindowPromptKeyboard::aTableIsComeBackToFromItsField()
{
    KeyboardBench bench;
    bench.backend.setPolicy(bench.id, {test::sampleRule("npm", "allow", "registry.npmjs.org")});
    bench.open();
    bench.find<QTabBar>("side.tabs")->setCurrentIndex(1);
    bench.settle();
    auto* rules = bench.find<QTableView>("rules.table");
    rules->setFocus();
    rules->setCurrentIndex(rules->model()->index(0, 1));
    rules->edit(rules->currentIndex());
    QVERIFY(bench.isShown("rules.edit"));
    bench.ask(samplePrompt());
    bench.waitForGuard();
    bench.review(); // which leaves the field as it is
    // But its rule goes.
    bench.backend.setPolicy(bench.id, {test::sampleRule("pip", "allow", "pypi.org")});
    bench.settle();
    QVERIFY(!bench.isShown("rules.edit"));
    bench.press(Qt::Key_Escape);
    QCOMPARE(QApplication::focusWidget(), rules);
}

void TestWindowPromptKeyboard::whatHasGoneIsNotComeBackTo()
{
    KeyboardBench bench;
    bench.open();
    bench.find("requests.filter")->setFocus();
    bench.ask(samplePrompt());
    bench.waitForGuard();
    bench.review();
    bench.action("toggleSide")->trigger();
    bench.settle();
    QVERIFY(bench.bar()->isAncestorOf(QApplication::focusWidget()));
    bench.press(Qt::Key_Escape);
    QVERIFY(bench.isInTerminal());
}

/// Escape, a moment too long, was also an Escape to the program in the terminal.
void TestWindowPromptKeyboard::aHeldKeyStaysOutOfThePlaceBefore()
{
    KeyboardBench bench;
    bench.open();
    bench.view()->setFocus();
    const auto send = [&](QEvent::Type type, int key, bool isRepeat) {
        QKeyEvent event(type, key, Qt::NoModifier, key == Qt::Key_X ? "x" : "", isRepeat);
        qApp->notify(QApplication::focusWidget(), &event);
        bench.settle();
    };
    const auto hold = [&](int key) {
        send(QEvent::KeyPress, key, false);
        for (int times = 0; times < 3; ++times) {
            send(QEvent::KeyRelease, key, true);
            send(QEvent::KeyPress, key, true);
        }
        send(QEvent::KeyRelease, key, false);
    };
    bench.ask(samplePrompt());
    bench.waitForGuard();
    bench.review();
    hold(Qt::Key_Escape);
    QVERIFY(bench.isInTerminal());
    QCOMPARE(bench.typed(), QByteArray());
    bench.find("prompt.deny")->setFocus();
    hold(Qt::Key_Return);
    QCOMPARE(bench.backend.answers.size(), 1);
    QVERIFY(bench.isInTerminal());
    QCOMPARE(bench.typed(), QByteArray());
    send(QEvent::KeyPress, Qt::Key_X, false);
    send(QEvent::KeyPress, Qt::Key_X, true); // held, it repeats as ever
    QCOMPARE(bench.typed(), QByteArray("xx"));
}

void TestWindowPromptKeyboard::aClickThatClosesThePanelGoesBack()
{
    KeyboardBench bench;
    bench.open();
    bench.view()->setFocus();
    bench.ask(samplePrompt());
    bench.waitForGuard();
    bench.review();
    bench.click("prompt.who");
    QVERIFY(!bench.isShown("prompt.panel"));
    QVERIFY(bench.isInTerminal());
}

void TestWindowPromptKeyboard::whatEndsElsewhereSwallowsKeys_data()
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
void TestWindowPromptKeyboard::whatEndsElsewhereSwallowsKeys()
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
    QCOMPARE(bench.find<QLabel>("prompt.clock")->text(), QStringLiteral("is over – Esc goes back"));
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
void TestWindowPromptKeyboard::aListOpenedByTheMouseSwallowsKeysToo()
{
    KeyboardBench bench;
    bench.open();
    bench.view()->setFocus();
    const QString prompt = bench.ask(samplePrompt());
    bench.waitForGuard();
    bench.click("prompt.more");
    bench.click("prompt.duration");
    QVERIFY(QApplication::activePopupWidget());
    bench.endElsewhere(prompt);
    QVERIFY(!QApplication::activePopupWidget());
    bench.press(Qt::Key_Down);
    bench.press(Qt::Key_Return);
    QCOMPARE(bench.typed(), QByteArray());
    bench.waitForGuard();
    bench.click("prompt.line"); // or a click, which goes back as well
    QVERIFY(!bench.isShown("prompt"));
    QVERIFY(bench.isInTerminal());
}

void TestWindowPromptKeyboard::whatIsOverGoesWithTheFocus()
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
void TestWindowPromptKeyboard::aListClosesWithItsPrompt()
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
    QVERIFY(bench.bar()->isAncestorOf(QApplication::focusWidget()));
    QCOMPARE(bench.typed(), QByteArray());
}

/// The last field of the panel is not there for a stream, nor is "Next" for the last one: the next
/// in the row of Tab, which answers, had the keyboard.
void TestWindowPromptKeyboard::theNextOneIsNotPressedByChance()
{
    KeyboardBench bench;
    bench.open();
    bench.view()->setFocus();
    const QString first = bench.ask(samplePrompt("first.example"));
    bench.ask(samplePrompt("db.example", "", ""));
    bench.waitForGuard();
    bench.review();
    auto* duration = bench.find<QComboBox>("prompt.duration");
    duration->setCurrentIndex(duration->findData(QStringLiteral("always")));
    bench.find("prompt.methods")->setFocus();
    bench.endElsewhere(first);
    QVERIFY(!bench.isShown("prompt.methods"));
    QCOMPARE(QApplication::focusWidget(), duration);
    bench.waitForGuard();

    // And from the closed strip.
    const QString third = bench.ask(samplePrompt("third.example"));
    bench.press(Qt::Key_Escape);
    bench.find("prompt.next")->setFocus(Qt::TabFocusReason);
    bench.endElsewhere(third);
    QVERIFY(!bench.isShown("prompt.next"));
    bench.waitForGuard();
    bench.press(Qt::Key_Return);
    bench.press(Qt::Key_Space);
    QVERIFY(bench.backend.answers.empty());
    bench.press(Qt::Key_Tab); // from here it goes on
    QCOMPARE(QApplication::focusWidget(), bench.find("prompt.deny"));
    bench.press(Qt::Key_Escape);
    QVERIFY(bench.isInTerminal());
    QCOMPARE(bench.typed(), QByteArray());
}

QTEST_MAIN(TestWindowPromptKeyboard)
#include "test_window_prompt_keyboard.moc"
