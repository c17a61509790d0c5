// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/egress_samples.h"
#include "tests/widgets/workbench/bench.h"
#include "widgets/common/colors.h"
#include "widgets/egress/command_label.h"
#include "widgets/egress/prompt_bar.h"
#include "widgets/egress/url_label.h"
#include "widgets/models/sandbox_model.h"

#include <QComboBox>
#include <QLayout>
#include <QListView>
#include <QMenu>
#include <QPaintEvent>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>
#include <QTimer>
#include <QToolButton>

using namespace caisson;
using test::Bench;
using test::samplePrompt;

/// A request waits: the strip, its panel, and who hears of it.
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
    void thePanelSaysWhatAnAnswerMeans();
    void thePanelSaysWhatLeadsInside();
    void thePanelNamesAnExec();
    void thePanelKeepsItsHeight();
    void thePanelCrushesNothing();
    void thePanelIsReadInASmallWindow_data();
    void thePanelIsReadInASmallWindow();
    void theNextOneKeepsNoChoice();
    void aFloodIsDeniedAtOnce();
    void promptsOfOtherSandboxesAreSeen();
    void theTerminalIsAJumpAway();
    void whatNobodyWaitsForIsGrey();
    void whoeverWasFirstIsSaid();
    void anAnswerThatIsNotTakenIsSaid();
    void whoLooksElsewhereIsTold();
    void aFloodIsOneNotification();
    void whoHasSeenItIsNotToldAgain();
    void whatEndsTogetherIsSaidTogether();
    void whatIsSaidGoesByItself();
    void aKeyIsOfOneButton();
    void aClickInTheStripLeavesTheTerminal();
};

namespace {

struct PromptBench : Bench
{
    PromptBar* bar() const { return find<PromptBar>("prompt"); }
    QString who() const
    {
        const auto* label = find<QLabel>("prompt.who");
        return label ? label->text() : QString();
    }
    void waitForGuard() const { QTRY_VERIFY(bar() && !bar()->isGuarded()); }
    QString ask(const api::Prompt& prompt)
    {
        const QString asked = backend.addPrompt(id, prompt);
        settle();
        return asked;
    }
};

/// Whether the edge at the left of the strip was painted anew.
class EdgeWatch : public QObject
{
public:
    bool isPainted = false;

protected:
    bool eventFilter(QObject*, QEvent* event) override
    {
        if (event->type() == QEvent::Paint)
            isPainted |= static_cast<QPaintEvent*>(event)->region().contains(QPoint(1, 20));
        return false;
    }
};

} // namespace

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
/// host, and as if it were https; later as `http://…g.example`, which could be anybody's.
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
        // Only whose it is comes before that it is not https.
        const bool isTold = text.startsWith(scheme + QStringLiteral("://"));
        const int named = leastUrlWidth(whole, font);
        const int withScheme =
            named + QFontMetrics(font).horizontalAdvance(scheme + QStringLiteral("://"));
        if (scheme == QLatin1String("https"))
            QVERIFY(!isTold);
        else if (room >= withScheme)
            QVERIFY2(isTold, qPrintable(text));
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
        if (shown.path != whole.path)
            QVERIFY2(shown.path.contains(ellipsis), qPrintable(text));
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

void TestWindowPrompts::thePanelSaysWhatAnAnswerMeans()
{
    PromptBench bench;
    bench.open();
    bench.ask(samplePrompt());
    bench.waitForGuard();
    bench.click("prompt.more");
    QVERIFY(bench.isShown("prompt.panel"));
    QCOMPARE(bench.find<QLabel>("prompt.program")->text(),
             QStringLiteral("agent › npm › node › curl, process 4312"));
    QVERIFY(bench.find<CommandLabel>("prompt.command")->text().startsWith("curl -fsS -X POST"));
    QCOMPARE(bench.find<QLabel>("prompt.meaning")->text(),
             QStringLiteral("Counts for what waits now. Nothing is remembered."));
    QVERIFY(!bench.find("prompt.scope")->isEnabled());
    auto* duration = bench.find<QComboBox>("prompt.duration");
    auto* scope = bench.find<QComboBox>("prompt.scope");
    auto* methods = bench.find<QComboBox>("prompt.methods");
    duration->setCurrentIndex(duration->findData(QStringLiteral("15m")));
    QVERIFY(scope->isEnabled());
    QCOMPARE(scope->currentText(), QStringLiteral("this host: api.example.com"));
    QCOMPARE(bench.find<QLabel>("prompt.meaning")->text(),
             QStringLiteral("Becomes a rule, for 15 minutes: POST api.example.com"));
    scope->setCurrentIndex(scope->findData(QStringLiteral("domain")));
    methods->setCurrentIndex(1);
    const QString meaning = bench.find<QLabel>("prompt.meaning")->text();
    QVERIFY2(meaning.contains(QStringLiteral("example.com")) &&
                 !meaning.contains(QStringLiteral("POST")),
             qPrintable(meaning));
    QCOMPARE(bench.find<QPushButton>("prompt.allow")->text(), QStringLiteral("Allow for 15 min"));
    QCOMPARE(bench.find<QPushButton>("prompt.deny")->text(), QStringLiteral("Deny for 15 min"));
    bench.click("prompt.more"); // closed, it answers once
    QCOMPARE(bench.find<QPushButton>("prompt.allow")->text(), QStringLiteral("Allow once"));
    QCOMPARE(bench.find<QPushButton>("prompt.deny")->text(), QStringLiteral("Deny"));
    bench.click("prompt.more");
    bench.click("prompt.allow");
    QCOMPARE(bench.backend.answers.size(), 1);
    QCOMPARE(bench.backend.answers[0].scope, "domain");
    QCOMPARE(bench.backend.answers[0].duration, "15m");
    QVERIFY(bench.backend.answers[0].methods.empty());
}

void TestWindowPrompts::thePanelSaysWhatLeadsInside()
{
    PromptBench bench;
    bench.open();
    bench.ask(samplePrompt());
    bench.waitForGuard();
    bench.click("prompt.more");
    QVERIFY(bench.isShown("prompt.panel"));
    QVERIFY(!bench.isShown("prompt.inner"));
    api::Prompt prompt = samplePrompt("192.168.1.1");
    prompt.isPrivate = true;
    bench.ask(prompt);
    bench.waitForGuard();
    bench.click("prompt.next");
    QVERIFY(bench.isShown("prompt.inner"));
    const auto* scope = bench.find<QComboBox>("prompt.scope");
    QVERIFY(scope->findData(QStringLiteral("host")) >= 0);
    QCOMPARE(scope->findData(QStringLiteral("domain")), -1); // "**.168.1.1" is no domain
}

/// "no terminal" stood there, of what `caissonctl exec` had started.
void TestWindowPrompts::thePanelNamesAnExec()
{
    PromptBench bench;
    bench.open();
    api::Prompt prompt = samplePrompt();
    prompt.exec = "x1-7";
    bench.ask(prompt);
    bench.waitForGuard();
    bench.click("prompt.more");
    QCOMPARE(bench.find<QLabel>("prompt.terminal")->text(),
             QStringLiteral("exec x1-7, no terminal"));
    QVERIFY(!bench.isShown("prompt.jump"));
}

void TestWindowPrompts::thePanelKeepsItsHeight()
{
    PromptBench bench;
    const QString other = bench.backend.addSandbox(QStringLiteral("web-preview"));
    bench.open();
    api::Prompt prompt = samplePrompt("one.example", "GET", "/");
    prompt.process.cmdline = "curl";
    bench.ask(prompt);
    prompt = samplePrompt("192.168.1.1");
    prompt.isPrivate = true;
    prompt.terminal = bench.terminal.toStdString();
    prompt.process.cmdline = "curl " + std::string(400, 'x');
    bench.ask(prompt);
    bench.ask(samplePrompt("", "", ""));
    bench.backend.addPrompt(other, samplePrompt("two.example"));
    bench.settle();
    bench.waitForGuard();
    bench.click("prompt.more");
    const int height = bench.bar()->height();
    QSet<QString> seen;
    for (int step = 0; step < 4; ++step) {
        bench.waitForGuard();
        bench.click("prompt.next");
        seen.insert(bench.bar()->prompt());
        QCOMPARE(bench.bar()->height(), height);
    }
    QCOMPARE(seen.size(), 4);
    // The flag, "Next" and "Deny all" agree on what they count.
    QCOMPARE(bench.find<QToolButton>("bar.waiting")->text(), QStringLiteral("4"));
    QCOMPARE(bench.find<QPushButton>("prompt.next")->text(), QStringLiteral("Next of 4"));
    while (bench.bar()->sandbox() != bench.id) {
        bench.waitForGuard();
        bench.click("prompt.next");
    }
    QVERIFY2(
        bench.find<QPushButton>("prompt.denyAll")->text().startsWith(QStringLiteral("Deny all 3 ")),
        qPrintable(bench.find<QPushButton>("prompt.denyAll")->text()));
}

/// In the smallest window the texts of the terminals' tabs went, and others lay over each other.
void TestWindowPrompts::thePanelCrushesNothing()
{
    PromptBench bench;
    bench.size = QSize(720, 480);
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    bench.ask(samplePrompt());
    bench.waitForGuard();
    bench.click("prompt.more");
    for (const char* name : {"terminals.tabs", "editors.tabs"}) {
        const QWidget* part = bench.find(name);
        QVERIFY2(part->height() >= part->minimumSizeHint().height(), name);
        for (const QWidget* outer = part->parentWidget(); outer->objectName() != "body";
             outer = outer->parentWidget()) {
            const int least = outer->minimumHeight() > 0 ? outer->minimumHeight()
                                                         : outer->minimumSizeHint().height();
            QVERIFY2(outer->height() >= least, qPrintable(outer->objectName()));
        }
    }
    QVERIFY(bench.find("terminals.tabs")->mapTo(&bench.window(), QPoint()).y() +
                bench.find("terminals.tabs")->height() <=
            bench.bar()->y());
}

void TestWindowPrompts::thePanelIsReadInASmallWindow_data()
{
    QTest::addColumn<QSize>("size");
    QTest::newRow("small") << QSize(900, 600);
    QTest::newRow("smallest") << QSize(720, 480);
}

/// At 900 by 600 the panel's lines overlapped, its answer was squeezed to half its height, and of
/// the command one line was there, with nothing to say that it went on.
void TestWindowPrompts::thePanelIsReadInASmallWindow()
{
    QFETCH(const QSize, size);
    PromptBench bench;
    bench.size = size;
    bench.open();
    api::Prompt prompt = samplePrompt("api.example.com", "POST", "/" + std::string(150, 'x'));
    prompt.process.cmdline =
        "curl -fsS https://api.example.com/" + std::string(400, 'x') + " -o end";
    prompt.isPrivate = true; // all rows that there are
    prompt.terminal = bench.terminal.toStdString();
    bench.ask(prompt);
    bench.ask(samplePrompt("two.example"));
    bench.waitForGuard();
    bench.click("prompt.more");
    const QRect bar = bench.bar()->rect();
    QVERIFY(bar.height() <= size.height() / 2);
    QVERIFY(bench.bar()->sizeHint().height() <= size.height() / 2); // nor asks for more
    const auto whereIs = [&](const char* name) {
        const QWidget* part = bench.find(name);
        return part ? QRect(part->mapTo(bench.bar(), QPoint()), part->size()) : QRect();
    };
    // What it is answered with is whole, and in nobody's way.
    QRect above = whereIs("prompt.info");
    QVERIFY(above.height() >= 48);
    for (const char* name : {"prompt.duration", "prompt.scope", "prompt.methods", "prompt.meaning",
                             "prompt.line", "prompt.allow", "prompt.deny"}) {
        const QRect part = whereIs(name);
        QVERIFY2(bar.contains(part), name);
        const QWidget* widget = bench.find(name);
        const int least = widget->hasHeightForWidth() ? widget->heightForWidth(widget->width())
                                                      : widget->sizeHint().height();
        QVERIFY2(part.height() >= least, name);
        QVERIFY2(!part.intersects(above), name);
    }
    QVERIFY(whereIs("prompt.duration").bottom() < whereIs("prompt.meaning").top());
    QVERIFY(whereIs("prompt.meaning").bottom() < whereIs("prompt.line").top());
    // What it is about scrolls where there is no room for it.
    auto* info = bench.find<QScrollArea>("prompt.info");
    const auto* body = info->widget();
    QVERIFY(body->height() >= body->layout()->totalMinimumHeightForWidth(body->width()));
    QCOMPARE(info->verticalScrollBar()->maximum() > 0, body->height() > info->viewport()->height());
    QCOMPARE(body->width(), info->viewport()->width());
    const auto* command = body->findChild<CommandLabel*>();
    const QStringList lines = command->linesIn(command->width());
    QCOMPARE(lines.size(), 2);
    QVERIFY(lines[0].startsWith(QStringLiteral("curl -fsS")));
    QVERIFY(lines[1].contains(QChar(0x2026)));
    QVERIFY(lines[1].endsWith(QStringLiteral(" -o end")));
    QVERIFY(command->toolTip().startsWith(QStringLiteral("curl -fsS")));
    QCOMPARE(command->height(), command->heightForWidth(command->width()));
    // A larger window makes room.
    const int before = bench.bar()->height();
    bench.window().resize(1280, 800);
    bench.settle();
    QVERIFY(bench.bar()->height() > before || info->verticalScrollBar()->maximum() == 0);
    QCOMPARE(info->verticalScrollBar()->maximum(), 0);
}

void TestWindowPrompts::theNextOneKeepsNoChoice()
{
    PromptBench bench;
    bench.open();
    bench.ask(samplePrompt("one.example"));
    bench.ask(samplePrompt("two.example"));
    bench.waitForGuard();
    bench.click("prompt.more");
    auto* duration = bench.find<QComboBox>("prompt.duration");
    duration->setCurrentIndex(duration->findData(QStringLiteral("always")));
    bench.click("prompt.deny");
    QCOMPARE(bench.backend.answers[0].duration, "always");
    QVERIFY(bench.isShown("prompt.panel")); // who had it open wants it open
    QCOMPARE(duration->currentData().toString(), QStringLiteral("once"));
}

void TestWindowPrompts::aFloodIsDeniedAtOnce()
{
    PromptBench bench;
    bench.open();
    bench.ask(samplePrompt());
    bench.waitForGuard();
    bench.click("prompt.more");
    QVERIFY(!bench.isShown("prompt.denyAll"));
    for (int number = 0; number < 30; ++number)
        bench.ask(samplePrompt("host-" + std::to_string(number) + ".example.com"));
    QVERIFY(bench.isShown("prompt.denyAll"));
    QCOMPARE(bench.find<QPushButton>("prompt.denyAll")->text(), QStringLiteral("Deny all 31"));
    bench.click("prompt.denyAll");
    QCOMPARE(bench.backend.answers.size(), 31);
    for (const api::AnswerPrompt& answer : bench.backend.answers) {
        QCOMPARE(answer.verdict, "deny");
        QCOMPARE(answer.duration, "once");
    }
    QTRY_VERIFY(!bench.isShown("prompt"));
}

void TestWindowPrompts::promptsOfOtherSandboxesAreSeen()
{
    PromptBench bench;
    const QString other = bench.backend.addSandbox(QStringLiteral("web-preview"));
    bench.backend.addPrompt(other, samplePrompt());
    bench.open();
    bench.find<QListView>("sandboxes.list")
        ->setCurrentIndex(bench.find<QListView>("sandboxes.list")->model()->index(1, 0));
    bench.settle();
    QCOMPARE(bench.find<QToolButton>("bar.switcher")->text(), QStringLiteral("bench"));
    QTRY_COMPARE(bench.who(), QStringLiteral("web-preview: curl wants to POST"));
    bench.find<QListView>("sandboxes.list")
        ->setCurrentIndex(bench.find<QListView>("sandboxes.list")->model()->index(0, 0));
    bench.settle();
    QCOMPARE(bench.who(), QStringLiteral("curl wants to POST"));
}

void TestWindowPrompts::theTerminalIsAJumpAway()
{
    PromptBench bench;
    const QString second = bench.backend.addTerminal(bench.id, "$ ");
    bench.open();
    QCOMPARE(bench.terminalTabs()->currentIndex(), 0);
    api::Prompt prompt = samplePrompt();
    prompt.terminal = second.toStdString();
    bench.ask(prompt);
    bench.waitForGuard();
    bench.click("prompt.more");
    QCOMPARE(bench.find<QLabel>("prompt.terminal")->text(),
             QStringLiteral("the terminal “bash 2”"));
    bench.click("prompt.jump");
    QCOMPARE(bench.terminalTabs()->currentIndex(), 1);
    QVERIFY(bench.view()->isAncestorOf(QApplication::focusWidget()));
}

void TestWindowPrompts::whatNobodyWaitsForIsGrey()
{
    PromptBench bench;
    bench.open();
    const QString prompt = bench.ask(samplePrompt());
    bench.waitForGuard();
    bench.backend.countPrompt(bench.id, prompt, 3);
    bench.settle();
    QCOMPARE(bench.find<QLabel>("prompt.count")->text(), QStringLiteral("× 3"));
    bench.click("prompt.more");
    QVERIFY(bench.find<QLabel>("prompt.waits")->text().endsWith(QStringLiteral(", asked 3 times")));
    bench.click("prompt.more");
    const QImage before = bench.bar()->grab().toImage();
    EdgeWatch edge;
    bench.bar()->installEventFilter(&edge);
    bench.backend.countPrompt(bench.id, prompt, 0);
    bench.settle();
    QVERIFY(bench.isShown("prompt"));
    QVERIFY(!bench.find("prompt.allow")->isEnabled());
    QVERIFY(!bench.find("prompt.deny")->isEnabled());
    QCOMPARE(bench.find<QLabel>("prompt.clock")->text(), QStringLiteral("nobody waits any more"));
    QVERIFY(!bench.isShown("bar.waiting"));
    // All of it, at once: the amber edge and the bold URL stayed until something else painted them.
    QVERIFY(edge.isPainted);
    const QImage after = bench.bar()->grab().toImage();
    const Colors& colors = colorsOf(bench.bar()->palette());
    const auto shows = [](const QImage& image, const QRect& where, const QColor& color) {
        for (int y = where.top(); y <= where.bottom(); ++y) {
            for (int x = where.left(); x <= where.right(); ++x) {
                if (image.pixelColor(x, y) == color)
                    return true;
            }
        }
        return false;
    };
    QVERIFY(shows(before, before.rect(), colors.waiting));
    QVERIFY(!shows(after, after.rect(), colors.waiting));
    for (const char* part : {"prompt.who", "prompt.lineUrl", "prompt.chain", "prompt.count"}) {
        if (const QWidget* shown = bench.find(part))
            QVERIFY2(!shown->isEnabled(), part);
    }
    const auto* url = bench.find("prompt.lineUrl");
    QVERIFY(!shows(after, QRect(url->mapTo(bench.bar(), QPoint()), url->size()), colors.text));
    bench.press(Qt::CTRL | Qt::SHIFT | Qt::Key_A);
    QVERIFY(bench.backend.answers.empty());
    bench.ask(samplePrompt("two.example")); // comes before it
    QVERIFY(bench.find<QWidget>("prompt.lineUrl")->toolTip().startsWith("two.example"));
}

void TestWindowPrompts::whoeverWasFirstIsSaid()
{
    PromptBench bench;
    bench.open();
    const QString prompt = bench.ask(samplePrompt());
    bench.backend.endPrompt(bench.id, prompt, QStringLiteral("allowed"));
    bench.settle();
    QVERIFY(!bench.isShown("prompt"));
    QCOMPARE(
        bench.find<QLabel>("note.what")->text(),
        QStringLiteral("POST api.example.com/v1/orders was allowed meanwhile, by the policy or "
                       "from elsewhere."));
}

void TestWindowPrompts::anAnswerThatIsNotTakenIsSaid()
{
    PromptBench bench;
    bench.open();
    bench.ask(samplePrompt());
    bench.waitForGuard();
    bench.backend.failNext(QStringLiteral("answerPrompt"), ErrorCode::Unavailable,
                           QStringLiteral("the service is gone"));
    bench.click("prompt.deny");
    QTRY_COMPARE(bench.errorText(),
                 QStringLiteral("Your answer to POST api.example.com/v1/orders was not taken."));
    QVERIFY(bench.isShown("prompt"));
}

void TestWindowPrompts::whoLooksElsewhereIsTold()
{
    PromptBench bench;
    bench.open();
    bench.ask(samplePrompt("seen.example"));
    QVERIFY(bench.notifier.shown.isEmpty());
    QWidget other;
    other.show();
    other.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&other));
    const QString prompt = bench.ask(samplePrompt());
    QCOMPARE(bench.notifier.shown.values(),
             QStringList{"A request of “bench” waits: curl wants to POST "
                         "api.example.com/v1/orders"});
    bench.backend.endPrompt(bench.id, prompt, QStringLiteral("timeout"));
    bench.settle();
    QVERIFY(bench.notifier.shown.isEmpty());
}

/// Of 300 requests each said so on the desktop.
void TestWindowPrompts::aFloodIsOneNotification()
{
    PromptBench bench;
    bench.open();
    QWidget other;
    other.show();
    other.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&other));
    for (int number = 0; number < 50; ++number)
        bench.ask(samplePrompt("h" + std::to_string(number) + ".example"));
    QCOMPARE(bench.notifier.notified, 1);
    QVERIFY(bench.notifier.shown.first().startsWith(QStringLiteral("A request of “bench” waits")));
    bench.window().findChild<QTimer*>(QStringLiteral("waitingNotice.pause"))->setInterval(0);
    QTRY_COMPARE(bench.notifier.notified, 2);
    QCOMPARE(bench.notifier.shown.size(), 1);
    QVERIFY2(bench.notifier.shown.first().startsWith(QStringLiteral("50 requests wait: ")),
             qPrintable(bench.notifier.shown.first()));
    emit bench.notifier.activated(bench.notifier.shown.firstKey());
    QVERIFY(QTest::qWaitForWindowActive(&bench.window()));
    QVERIFY(bench.isShown("prompt"));
}

/// Brought up by the notification, the window was told of the same by another, five seconds later.
void TestWindowPrompts::whoHasSeenItIsNotToldAgain()
{
    PromptBench bench;
    bench.open();
    QWidget other;
    other.show();
    other.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&other));
    bench.ask(samplePrompt("one.example"));
    bench.ask(samplePrompt("two.example"));
    QCOMPARE(bench.notifier.notified, 1);
    bench.window().activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&bench.window()));
    QVERIFY(bench.notifier.shown.isEmpty());
    auto* pause = bench.window().findChild<QTimer*>(QStringLiteral("waitingNotice.pause"));
    pause->setInterval(0);
    QTRY_VERIFY(!pause->isActive());
    QCOMPARE(bench.notifier.notified, 1);
    other.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&other));
    bench.ask(samplePrompt("three.example")); // is news again, and alone
    QCOMPARE(bench.notifier.shown.values(),
             QStringList{"A request of “bench” waits: curl wants to POST three.example/v1/orders"});
}

/// Of three that a changed policy let go, one was named; nor was it said in which sandbox.
void TestWindowPrompts::whatEndsTogetherIsSaidTogether()
{
    PromptBench bench;
    const QString other = bench.backend.addSandbox(QStringLiteral("beta"));
    bench.open();
    auto* list = bench.find<QListView>("sandboxes.list");
    for (int row = 0; row < list->model()->rowCount(); ++row) {
        const QModelIndex index = list->model()->index(row, 0);
        if (index.data(SandboxModel::IdRole).toString() == bench.id)
            list->setCurrentIndex(index);
    }
    const auto note = [&] { return bench.find<QLabel>("note.what")->text(); };
    QStringList asked;
    for (const char* host : {"a.example", "b.example", "c.example", "d.example", "e.example"})
        asked += bench.backend.addPrompt(bench.id, samplePrompt(host, "GET", "/"));
    const QString elsewhere = bench.backend.addPrompt(other, samplePrompt("f.example", "GET", "/"));
    bench.settle();
    for (const QString& prompt : asked.first(2))
        bench.backend.endPrompt(bench.id, prompt, QStringLiteral("allowed"));
    bench.settle();
    const QString together =
        QStringLiteral("%1 requests were allowed meanwhile, by the policy or from elsewhere: %2.");
    const auto listed = [](const QStringList& names) {
        return QLocale().createSeparatedList(names);
    };
    QCOMPARE(note(), together.arg("2", listed({"GET a.example/", "GET b.example/"})));
    for (const QString& prompt : asked.sliced(2))
        bench.backend.endPrompt(bench.id, prompt, QStringLiteral("allowed"));
    bench.settle();
    QCOMPARE(note(), together.arg("5", listed({"GET a.example/", "GET b.example/", "GET c.example/",
                                               "2 more"})));
    bench.backend.endPrompt(other, elsewhere, QStringLiteral("denied"));
    bench.settle();
    QCOMPARE(note(), QStringLiteral("beta: GET f.example/ was denied meanwhile, by the policy or "
                                    "from elsewhere."));
}

void TestWindowPrompts::whatIsSaidGoesByItself()
{
    PromptBench bench;
    bench.open();
    const QString prompt = bench.ask(samplePrompt());
    bench.backend.endPrompt(bench.id, prompt, QStringLiteral("allowed"));
    bench.settle();
    QVERIFY(bench.isShown("note"));
    bench.window().findChild<QTimer*>(QStringLiteral("noteTime"))->setInterval(0);
    QTRY_VERIFY(!bench.isShown("note"));
}

/// Alt+T was of two buttons, and pressed neither.
void TestWindowPrompts::aKeyIsOfOneButton()
{
    PromptBench bench;
    bench.open();
    api::EgressEntry entry = test::sampleEntry("allow", "GET", "registry.npmjs.org", "/a", 200);
    entry.terminal = bench.terminal.toStdString();
    bench.backend.logEntry(bench.id, entry);
    api::Prompt prompt = samplePrompt();
    prompt.terminal = bench.terminal.toStdString();
    bench.ask(prompt);
    bench.waitForGuard();
    auto* requests = bench.find<QAbstractItemView>("requests.table");
    QVERIFY(requests);
    QTRY_VERIFY(requests->model()->rowCount() > 0);
    requests->setCurrentIndex(requests->model()->index(0, 0));
    bench.click("prompt.more");
    QTRY_VERIFY(bench.isShown("request.jump"));
    QVERIFY(bench.isShown("prompt.jump"));
    QMap<QString, QString> known;
    for (const QAbstractButton* button : bench.window().findChildren<QAbstractButton*>()) {
        const QString keys = button->shortcut().toString();
        if (keys.isEmpty() || !button->isVisible())
            continue;
        QVERIFY2(!known.contains(keys),
                 qPrintable(keys + ": " + known.value(keys) + ", " + button->objectName()));
        known.insert(keys, button->objectName());
    }
    QVERIFY(known.size() >= 2);
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
