// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/workbench/prompt_bench.h"
#include "widgets/egress/url_label.h"
#include "widgets/models/sandbox_model.h"

#include <QComboBox>
#include <QListView>
#include <QMenu>
#include <QPushButton>
#include <QToolButton>

using namespace caisson;
using test::PromptBench;
using test::samplePrompt;

/// A request waits: its strip, and how it is answered.
class TestWindowPrompts : public QObject
{
    Q_OBJECT

private slots:
    void theStripTakesNoFocus();
    void theFirstHalfSecondIsIgnored();
    void anotherPromptIsGuardedAnew();
    void anotherQuestionIsGuardedAnew();
    void whatAnswersKeepsItsPlace();
    void theKeyboardAnswers();
    void aHeldKeyAnswersOnce_data();
    void aHeldKeyAnswersOnce();
    void itsKeysNeverReachTheTerminal();
    void aUrlHidesNothingSilently_data();
    void aUrlHidesNothingSilently();
    void theStripCutsWhatMattersLast_data();
    void theStripCutsWhatMattersLast();
    void theStripSaysWhatLeadsInside();
    void theStripStandsOnOneLine();
    void aClickInTheStripLeavesTheTerminal();
};

void TestWindowPrompts::theStripTakesNoFocus()
{
    PromptBench bench;
    bench.open();
    bench.view()->setFocus();
    const QWidget* before = QApplication::focusWidget();
    QVERIFY(!bench.isShown("prompt"));
    QVERIFY(!bench.isShown("bar.waiting"));
    bench.ask(samplePrompt());
    QVERIFY(bench.isShown("prompt"));
    QCOMPARE(QApplication::focusWidget(), before);
    QCOMPARE(bench.who(), QStringLiteral("curl wants to POST"));
    QCOMPARE(bench.find<QWidget>("prompt.lineUrl")->toolTip(),
             QStringLiteral("api.example.com/v1/orders"));
    QCOMPARE(bench.find<QToolButton>("bar.waiting")->text(), QStringLiteral("1"));
    QCOMPARE(bench.find<QListView>("sandboxes.list")
                 ->model()
                 ->index(0, 0)
                 .data(SandboxModel::WaitingRole)
                 .toInt(),
             1);
}

/// The key or click that was on its way to the terminal must not let anything out.
void TestWindowPrompts::theFirstHalfSecondIsIgnored()
{
    PromptBench bench;
    bench.open();
    // So long that the slowest machine does all of this in it.
    bench.window().findChild<PromptBar*>()->setGuard(std::chrono::hours(1));
    bench.ask(samplePrompt());
    QVERIFY(bench.bar()->isGuarded());
    bench.click("prompt.allow");
    bench.press(Qt::CTRL | Qt::SHIFT | Qt::Key_A);
    bench.press(Qt::CTRL | Qt::SHIFT | Qt::Key_D);
    bench.find("prompt.allow")->setFocus();
    QTest::keyClick(bench.find("prompt.allow"), Qt::Key_Return);
    bench.settle();
    QVERIFY(bench.backend.answers.empty());
    QVERIFY(bench.isShown("prompt"));
    bench.bar()->setGuard(PromptBar::kGuard);
    bench.waitForGuard();
    bench.click("prompt.allow");
    QCOMPARE(bench.backend.answers.size(), 1);
    QVERIFY(!bench.isShown("prompt"));
}

void TestWindowPrompts::anotherPromptIsGuardedAnew()
{
    PromptBench bench;
    bench.open();
    const QString first = bench.ask(samplePrompt());
    bench.ask(samplePrompt("evil.example", "POST", "/take"));
    bench.waitForGuard();
    bench.bar()->setGuard(std::chrono::hours(1));
    bench.backend.endPrompt(bench.id, first, QStringLiteral("timeout"));
    bench.settle();
    QCOMPARE(bench.find<QWidget>("prompt.lineUrl")->toolTip(), QStringLiteral("evil.example/take"));
    bench.press(Qt::CTRL | Qt::SHIFT | Qt::Key_A); // it was meant for the other
    QVERIFY(bench.backend.answers.empty());
    QVERIFY(bench.bar()->isGuarded());
}

/// Also where the prompt is the same one; but who asks the same over and over holds nobody off.
void TestWindowPrompts::anotherQuestionIsGuardedAnew()
{
    PromptBench bench;
    bench.open();
    const QString prompt = bench.ask(samplePrompt());
    bench.waitForGuard();
    bench.bar()->setGuard(std::chrono::hours(1));
    QVERIFY(!bench.bar()->isGuarded());
    bench.backend.countPrompt(bench.id, prompt, 7);
    bench.ask(samplePrompt("two.example"));
    QVERIFY(!bench.bar()->isGuarded());
    api::Prompt changed = bench.backend.at(bench.id).egress.prompts.front();
    changed.isPrivate = true;
    emit bench.backend.promptChanged(bench.id, changed);
    bench.settle();
    QVERIFY(bench.bar()->isGuarded());
}

/// A second Deny, long after the guard, was "Allow once": "Next" had gone, and what was left of it
/// had moved to the right.
void TestWindowPrompts::whatAnswersKeepsItsPlace()
{
    PromptBench bench;
    bench.open();
    bench.ask(samplePrompt("one.example"));
    const auto place = [&](const char* name) {
        const QWidget* button = bench.find(name);
        return button ? QRect(button->mapTo(&bench.window(), QPoint()), button->size()) : QRect();
    };
    const auto places = [&] { return QList<QRect>{place("prompt.deny"), place("prompt.allow")}; };
    bench.waitForGuard();
    QTRY_COMPARE(bench.find("prompt.content")->pos(), QPoint(0, 0)); // it slides in
    const QList<QRect> closed = places();
    const QString second = bench.ask(samplePrompt("a-longer-name.two.example", "DELETE"));
    QVERIFY(bench.isShown("prompt.next"));
    QCOMPARE(places(), closed);
    bench.backend.countPrompt(bench.id, second, 12);
    bench.settle();
    bench.click("prompt.deny");
    QVERIFY(!bench.isShown("prompt.next"));
    QCOMPARE(bench.find<QLabel>("prompt.count")->text(), QStringLiteral("× 12"));
    QCOMPARE(places(), closed);

    bench.waitForGuard();
    bench.click("prompt.more");
    const QList<QRect> open = places();
    QVERIFY(!open[0].intersects(closed[1])); // nor is a Deny an Allow when the strip comes closed
    auto* duration = bench.find<QComboBox>("prompt.duration");
    for (int choice = 0; choice < duration->count(); ++choice) {
        duration->setCurrentIndex(choice);
        bench.settle();
        QCOMPARE(places(), open);
        QVERIFY(open[0].width() >= bench.find("prompt.deny")->sizeHint().width());
        QVERIFY(open[1].width() >= bench.find("prompt.allow")->sizeHint().width());
    }
    for (int number = 0; number < 12; ++number)
        bench.ask(samplePrompt("three-" + std::to_string(number) + ".example"));
    QCOMPARE(places(), open);
    bench.click("prompt.deny");
    QCOMPARE(places(), open);
}

void TestWindowPrompts::theKeyboardAnswers()
{
    PromptBench bench;
    bench.open();
    bench.view()->setFocus();
    bench.ask(samplePrompt("one.example"));
    bench.ask(samplePrompt("two.example"));
    bench.ask(samplePrompt("three.example"));
    QCOMPARE(bench.find<QPushButton>("prompt.next")->text(), QStringLiteral("Next of 3"));
    bench.waitForGuard();
    bench.press(Qt::CTRL | Qt::SHIFT | Qt::Key_J);
    QVERIFY(bench.find<QWidget>("prompt.lineUrl")->toolTip().startsWith("two.example"));
    bench.waitForGuard();
    bench.press(Qt::CTRL | Qt::SHIFT | Qt::Key_D);
    QVERIFY(bench.find<QWidget>("prompt.lineUrl")->toolTip().startsWith("one.example"));
    bench.waitForGuard();
    bench.press(Qt::CTRL | Qt::SHIFT | Qt::Key_A);
    bench.waitForGuard();
    QCOMPARE(bench.backend.calls().filter(QStringLiteral("answerPrompt")).size(), 2);
    QCOMPARE(bench.backend.answers[0].verdict, "deny");
    QCOMPARE(bench.backend.answers[1].verdict, "allow");
    QCOMPARE(bench.backend.answers[1].duration, "once");
    // The strip had no focus to lose.
    QVERIFY(bench.view()->isAncestorOf(QApplication::focusWidget()));
    bench.press(Qt::CTRL | Qt::SHIFT | Qt::Key_M);
    QCOMPARE(QApplication::focusWidget(), bench.find("prompt.duration"));
    bench.press(Qt::Key_Escape);
    QVERIFY(!bench.isShown("prompt.panel"));
    QVERIFY(bench.view()->isAncestorOf(QApplication::focusWidget()));
}

void TestWindowPrompts::aHeldKeyAnswersOnce_data()
{
    QTest::addColumn<bool>("isTold");
    QTest::newRow("told by Qt") << true;
    QTest::newRow("not told") << false; // see KeyHold
}

/// Held, Ctrl+Shift+A let go whatever came next, once in half a second.
void TestWindowPrompts::aHeldKeyAnswersOnce()
{
    QFETCH(const bool, isTold);
    PromptBench bench;
    bench.open();
    bench.window().findChild<PromptBar*>()->setGuard(std::chrono::milliseconds(0));
    for (const char* host : {"one.example", "two.example", "three.example", "four.example"})
        bench.ask(samplePrompt(host));
    bench.waitForGuard();
    ulong time = 1000;
    const auto send = [&](QEvent::Type type, int key, Qt::KeyboardModifiers with, bool isRepeat) {
        QWidget* target = QApplication::focusWidget();
        if (type == QEvent::KeyPress &&
            qt_sendShortcutOverrideEvent(target, time, key, with, {}, isRepeat))
            return;
        QKeyEvent event(type, key, with, {}, isRepeat);
        event.setTimestamp(time);
        qApp->notify(target, &event);
    };
    const auto hold = [&](int key, Qt::KeyboardModifiers with) {
        send(QEvent::KeyPress, key, with, false);
        for (int times = 0; times < 5; ++times) {
            time += 30;
            send(QEvent::KeyRelease, key, with, isTold);
            send(QEvent::KeyPress, key, with, isTold);
            bench.settle();
            bench.waitForGuard();
        }
        time += 30;
        send(QEvent::KeyRelease, key, with, false);
        time += 30;
    };
    hold(Qt::Key_A, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(bench.backend.answers.size(), 1);
    hold(Qt::Key_D, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(bench.backend.answers.size(), 2);
    bench.find("prompt.deny")->setFocus();
    hold(Qt::Key_Return, {});
    QCOMPARE(bench.backend.answers.size(), 3);
    send(QEvent::KeyPress, Qt::Key_Return, {}, false); // the key is held when the mouse is used
    send(QEvent::KeyPress, Qt::Key_Return, {}, true);
    bench.backend.answers.clear();
    bench.ask(samplePrompt("five.example"));
    bench.waitForGuard();
    bench.click("prompt.deny");
    QCOMPARE(bench.backend.answers.size(), 1);
}

/// Ctrl+Shift+D is ^D to a terminal: pressed just after the limit had answered, it ended the shell.
void TestWindowPrompts::itsKeysNeverReachTheTerminal()
{
    PromptBench bench;
    bench.open();
    bench.view()->setFocus();
    const auto pressAll = [&] {
        for (const Qt::Key key : {Qt::Key_A, Qt::Key_D, Qt::Key_J, Qt::Key_M})
            bench.press(Qt::CTRL | Qt::SHIFT | key);
    };
    const auto typed = [&] { return bench.backend.terminalOf(bench.id, bench.terminal).typed; };
    pressAll(); // nothing waits
    QCOMPARE(typed(), QByteArray());
    bench.ask(samplePrompt("one.example"));
    bench.waitForGuard();
    bench.press(Qt::CTRL | Qt::SHIFT | Qt::Key_J); // there is no next one
    bench.press(Qt::CTRL | Qt::SHIFT | Qt::Key_D);
    QCOMPARE(bench.backend.answers.size(), 1);
    pressAll();
    QCOMPARE(typed(), QByteArray());
    QVERIFY(bench.view()->isAncestorOf(QApplication::focusWidget()));

    // The menu still tells.
    auto* menu = bench.window().findChild<QMenu*>(QStringLiteral("menu.request"));
    menu->popup({});
    QVERIFY(!bench.action("denyRequest")->isEnabled());
    bench.ask(samplePrompt("two.example"));
    QVERIFY(bench.action("denyRequest")->isEnabled());
    QVERIFY(!bench.action("nextRequest")->isEnabled());
    menu->close();
    QVERIFY(bench.action("nextRequest")->isEnabled());
}

void TestWindowPrompts::aUrlHidesNothingSilently_data()
{
    QTest::addColumn<QString>("scheme");
    QTest::addColumn<QString>("host");
    QTest::addColumn<QString>("path");
    const auto add = [](const char* scheme, const char* host, const char* path) {
        QTest::addRow("%s %s%s", scheme, host, path)
            << QString(scheme) << QString(host) << QString(path);
    };
    for (const char* scheme : {"http", "https", "tls"}) {
        add(scheme, "h130.flood130.example", "/p130");
        add(scheme, "flood130.example", "/");
        add(scheme, "flood130.example", "");
        add(scheme, "a-very-long-name-that-hides-who-it-is.cdn.evil.example", "/upload/end.bin");
    }
}

/// `http://h130.flood130.example/p130` stood in a narrow list as `flood130.example/p130`: another
/// host, and as if it were https; later as `http://…g.example`, which could be anybody's, and then
/// as `h130.flood130.example/p130`, for https once more.
void TestWindowPrompts::aUrlHidesNothingSilently()
{
    QFETCH(const QString, scheme);
    QFETCH(const QString, host);
    QFETCH(const QString, path);
    const UrlParts whole = urlParts(scheme.toStdString(), host.toStdString(),
                                    scheme == QLatin1String("http") ? 80 : 443, path.toStdString());
    const QFont font = QApplication::font();
    const int full = urlWidth(whole, font);
    const QChar ellipsis(0x2026);
    QCOMPARE(fittedUrl(whole, full, font), whole);
    for (int room = full - 1; room > 90; --room) {
        const UrlParts shown = fittedUrl(whole, room, font);
        const QString text = shown.whole();
        QVERIFY2(urlWidth(shown, font) <= room, qPrintable(text));
        // None means https, everywhere.
        const bool isTold = text.startsWith(scheme + QStringLiteral("://"));
        QVERIFY2(isTold == (scheme != QLatin1String("https")), qPrintable(text));
        const int named = leastUrlWidth(whole, font);
        if (room >= named)
            QCOMPARE(shown.domain, whole.domain);
        QCOMPARE(shown.after, whole.after);
        // Each part is whole, or shows that it is not.
        const auto hostOf = [](const UrlParts& url) {
            return (url.before + url.domain).section(QStringLiteral("://"), -1);
        };
        const QString before = hostOf(shown);
        if (before != hostOf(whole))
            QVERIFY2(before.contains(ellipsis), qPrintable(text));
        if (shown.path != whole.path && room >= named)
            QVERIFY2(shown.path.contains(ellipsis), qPrintable(text));
        if (shown.domain != whole.domain)
            QVERIFY2(shown.path.isEmpty(), qPrintable(text));
        QVERIFY2(shown.domain.endsWith(QStringLiteral("e")), qPrintable(text)); // its right end
    }
}

void TestWindowPrompts::theStripCutsWhatMattersLast_data()
{
    QTest::addColumn<QString>("method");
    QTest::addColumn<QString>("scheme");
    QTest::addColumn<QString>("host");
    QTest::addColumn<QString>("domain");
    QTest::addColumn<bool>("isInner");
    QTest::newRow("a name") << "DELETE" << "http" << "api.staging.flood10.example"
                            << "flood10.example" << false;
    QTest::newRow("a stream") << "" << "tcp" << "db.flood10.example"
                              << "flood10.example" << false;
    QTest::newRow("an address") << "OPTIONS" << "http" << "192.168.1.1"
                                << "192.168.1.1" << true;
}

/// In the smallest window "beta: curl wants to DEL" stood before "…g.example".
void TestWindowPrompts::theStripCutsWhatMattersLast()
{
    QFETCH(const QString, method);
    QFETCH(const QString, scheme);
    QFETCH(const QString, host);
    QFETCH(const QString, domain);
    QFETCH(const bool, isInner);
    PromptBench bench;
    const QString other = bench.backend.addSandbox(QStringLiteral("beta"));
    bench.open();
    auto* list = bench.find<QListView>("sandboxes.list");
    list->setCurrentIndex(list->model()->index(1, 0));
    api::Prompt prompt = samplePrompt(host.toStdString(), method.toStdString(),
                                      method.isEmpty() ? "" : "/v1/orders/of/a/customer");
    prompt.scheme = scheme.toStdString();
    prompt.port = scheme == QLatin1String("tcp") ? 5432 : 80;
    prompt.isPrivate = isInner;
    prompt.count = 3;
    bench.backend.addPrompt(other, prompt);
    for (int number = 0; number < 12; ++number)
        bench.backend.addPrompt(bench.id, samplePrompt());
    bench.settle();
    const auto* url = bench.find<UrlLabel>("prompt.lineUrl");
    for (int width = 1400; width >= 720; width -= 20) {
        bench.window().resize(width, 480);
        bench.settle();
        const QString shown = fittedUrl(url->url(), url->width(), url->font()).domain;
        QVERIFY2(shown == domain, qPrintable(QString::number(width) + ' ' + shown));
        QVERIFY2(method.isEmpty() || bench.who().endsWith(method), qPrintable(bench.who()));
        QVERIFY2(bench.who().startsWith(QStringLiteral("beta")),
                 qPrintable(QStringLiteral("%1: %2 in %3")
                                .arg(width)
                                .arg(bench.who())
                                .arg(bench.find("prompt.summary")->width())));
        QCOMPARE(bench.isShown("prompt.lineInner"), isInner);
        // What is shown has its room, one beside the other.
        int end = 0;
        for (const char* name : {"prompt.icon", "prompt.who", "prompt.lineUrl", "prompt.count",
                                 "prompt.lineInner", "prompt.chain", "prompt.clock", "prompt.next",
                                 "prompt.deny", "prompt.allow", "prompt.more"}) {
            const QWidget* part = bench.find(name);
            if (!part)
                continue;
            const int left = part->mapTo(&bench.window(), QPoint()).x();
            QVERIFY2(left >= end, name);
            end = left + part->width();
            if (const auto* label = qobject_cast<const QLabel*>(part))
                QVERIFY2(label->width() >= label->sizeHint().width(), name);
        }
        QVERIFY(end <= width);
    }
}

void TestWindowPrompts::theStripSaysWhatLeadsInside()
{
    PromptBench bench;
    bench.open();
    bench.ask(samplePrompt());
    QVERIFY(!bench.isShown("prompt.lineInner"));
    api::Prompt prompt = samplePrompt("192.168.1.1", "GET", "/");
    prompt.isPrivate = true;
    bench.ask(prompt);
    bench.waitForGuard();
    bench.click("prompt.next");
    QCOMPARE(bench.find<QLabel>("prompt.lineInner")->text(),
             QStringLiteral("this machine or its network"));
    QVERIFY(bench.bar()->accessibleDescription().endsWith(
        QStringLiteral(", on this machine or its network")));
    bench.window().resize(720, 480);
    bench.settle();
    QCOMPARE(bench.find<QLabel>("prompt.lineInner")->text(), QStringLiteral("not the internet"));
}

/// The chain, in smaller letters, stood above the line of the rest.
void TestWindowPrompts::theStripStandsOnOneLine()
{
    PromptBench bench;
    bench.open();
    bench.ask(samplePrompt());
    const auto base = [&](const char* name) {
        const QWidget* part = bench.find(name);
        return part->mapTo(bench.bar(), QPoint()).y() + part->fontMetrics().ascent();
    };
    QFont small = bench.find("prompt.chain")->font();
    small.setPixelSize(7); // so that it shows, whatever font there is
    bench.find("prompt.chain")->setFont(small);
    bench.window().resize(1290, 800);
    bench.settle();
    QCOMPARE(base("prompt.chain"), base("prompt.who"));
    QCOMPARE(base("prompt.lineUrl"), base("prompt.who"));
}

void TestWindowPrompts::aClickInTheStripLeavesTheTerminal()
{
    PromptBench bench;
    bench.open();
    bench.view()->setFocus();
    bench.ask(samplePrompt("one.example"));
    bench.ask(samplePrompt("two.example"));
    bench.waitForGuard();
    bench.click("prompt.who"); // the line opens
    QVERIFY(bench.isShown("prompt.panel"));
    QVERIFY(bench.view()->isAncestorOf(QApplication::focusWidget()));
    bench.click("prompt.deny");
    QVERIFY(bench.view()->isAncestorOf(QApplication::focusWidget()));
}

QTEST_MAIN(TestWindowPrompts)
#include "test_window_prompts.moc"
