// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/workbench/prompt_keyboard_bench.h"

#include <QComboBox>
#include <QPushButton>
#include <QTableView>

using namespace caisson;
using test::KeyboardBench;
using test::samplePrompt;

/// Who goes to a waiting request by keyboard, and where they come back to.
class TestWindowPromptKeyboard : public QObject
{
    Q_OBJECT

private slots:
    void escapeGoesBackToTheEditor();
    void anAnswerGoesBackToTheEditor();
    void theRestOfASecretGoesOnInItsField();
    void aTableIsComeBackToFromItsField();
    void halfAFilesNameIsGoneOnWith();
    void whatHasGoneIsNotComeBackTo();
    void aHeldKeyStaysOutOfThePlaceBefore();
    void aClickThatClosesThePanelGoesBack();
    void onesOwnNextIsGoneOnTo();
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

/// The file was called "ren" at once, and the tree took the keyboard back from the panel.
void TestWindowPromptKeyboard::halfAFilesNameIsGoneOnWith()
{
    KeyboardBench bench;
    bench.open();
    bench.select(QStringLiteral("notes.txt"));
    bench.press(Qt::Key_F2);
    bench.type(QStringLiteral("ren"));
    bench.ask(samplePrompt());
    bench.waitForGuard();
    bench.review();
    QVERIFY2(bench.files().contains(QStringLiteral("notes.txt\n")), qPrintable(bench.files()));
    bench.press(Qt::Key_Escape);
    bench.type(QStringLiteral("amed"));
    bench.press(Qt::Key_Return);
    bench.settle();
    QVERIFY2(bench.files().contains(QStringLiteral("renamed.txt\n")), qPrintable(bench.files()));
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

void TestWindowPromptKeyboard::onesOwnNextIsGoneOnTo()
{
    KeyboardBench bench;
    bench.open();
    bench.view()->setFocus();
    bench.ask(samplePrompt("one.example"));
    bench.ask(samplePrompt("two.example"));
    bench.waitForGuard();
    bench.review();
    bench.press(Qt::CTRL | Qt::SHIFT | Qt::Key_J);
    QVERIFY(bench.find<QWidget>("prompt.lineUrl")->toolTip().startsWith("two.example"));
    QCOMPARE(QApplication::focusWidget(), bench.find("prompt.duration"));
    QVERIFY(!bench.isShown("prompt.back"));
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
    bench.press(Qt::CTRL | Qt::SHIFT | Qt::Key_J);
    QVERIFY(!bench.isShown("prompt.methods"));
    QCOMPARE(QApplication::focusWidget(), duration);
    bench.waitForGuard();

    // And from the closed strip.
    bench.press(Qt::Key_Escape);
    bench.find("prompt.next")->setFocus(Qt::TabFocusReason);
    bench.endElsewhere(first);
    QVERIFY(!bench.isShown("prompt.next"));
    bench.waitForGuard();
    bench.press(Qt::Key_Return);
    bench.press(Qt::Key_Space);
    QVERIFY(bench.backend.answers.empty());
    bench.press(Qt::Key_Escape);
    QVERIFY(bench.isInTerminal());
    QCOMPARE(bench.typed(), QByteArray());
}

QTEST_MAIN(TestWindowPromptKeyboard)
#include "test_window_prompt_keyboard.moc"
