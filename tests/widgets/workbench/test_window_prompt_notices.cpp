// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/workbench/prompt_bench.h"
#include "widgets/common/colors.h"
#include "widgets/models/sandbox_model.h"

#include <QListView>
#include <QPaintEvent>
#include <QTimer>
#include <QToolButton>

using namespace caisson;
using test::PromptBench;
using test::samplePrompt;

/// Who hears of a request that waits, and of what became of it.
class TestWindowPromptNotices : public QObject
{
    Q_OBJECT

private slots:
    void promptsOfOtherSandboxesAreSeen();
    void whatNobodyWaitsForIsGrey();
    void whoeverWasFirstIsSaid();
    void anAnswerThatIsNotTakenIsSaid();
    void whoLooksElsewhereIsTold();
    void aFloodIsOneNotification();
    void whoHasSeenItIsNotToldAgain();
    void whatEndsTogetherIsSaidTogether();
    void whatIsSaidGoesByItself();
};

namespace {

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

void TestWindowPromptNotices::promptsOfOtherSandboxesAreSeen()
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

void TestWindowPromptNotices::whatNobodyWaitsForIsGrey()
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

void TestWindowPromptNotices::whoeverWasFirstIsSaid()
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

void TestWindowPromptNotices::anAnswerThatIsNotTakenIsSaid()
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

void TestWindowPromptNotices::whoLooksElsewhereIsTold()
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
    // Its name is set apart here as well, and reorders nothing.
    api::Prompt foreign = samplePrompt();
    foreign.process.exe = "/tmp/אבגד pypi";
    bench.window().findChild<QTimer*>(QStringLiteral("waitingNotice.pause"))->setInterval(0);
    bench.ask(foreign);
    QTRY_COMPARE(bench.notifier.shown.values(),
                 QStringList{"A request of “bench” waits: “" +
                             QString::fromUcs4(U"\u2068אבגד pypi\u2069") +
                             "” wants to POST api.example.com/v1/orders"});
}

/// Of 300 requests each said so on the desktop.
void TestWindowPromptNotices::aFloodIsOneNotification()
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
void TestWindowPromptNotices::whoHasSeenItIsNotToldAgain()
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
void TestWindowPromptNotices::whatEndsTogetherIsSaidTogether()
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

void TestWindowPromptNotices::whatIsSaidGoesByItself()
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

QTEST_MAIN(TestWindowPromptNotices)
#include "test_window_prompt_notices.moc"
