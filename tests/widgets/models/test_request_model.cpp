// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/fake_backend.h"
#include "tests/support/model_text.h"
#include "widgets/models/request_model.h"
#include "widgets/models/request_text.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>

using namespace caisson;
using test::FakeBackend;

namespace {

api::EgressEntry entry(const std::string& host, const std::string& verdict = "allow")
{
    api::EgressEntry made;
    made.host = host;
    made.verdict = verdict;
    made.method = "GET";
    made.scheme = "https";
    made.port = 443;
    made.path = "/x";
    made.status = verdict == "deny" ? 403 : 200;
    return made;
}

void settle()
{
    for (int turn = 0; turn < 40; ++turn)
        QCoreApplication::processEvents();
}

QString textOf(const RequestModel& model)
{
    QString text;
    for (int row = 0; row < model.rowCount(); ++row) {
        for (int column = 0; column < RequestModel::Time; ++column)
            text += model.index(row, column).data().toString() + QLatin1Char(' ');
        text =
            text.trimmed().replace(QStringLiteral("  "), QStringLiteral(" ")) + QLatin1Char('\n');
    }
    return text;
}

struct Desk
{
    Desk() { id = backend.addSandbox(QStringLiteral("bench")); }
    void log(int count, const std::string& name = "h")
    {
        for (int number = 0; number < count; ++number)
            backend.logEntry(id, entry(name + std::to_string(++made) + ".example"));
    }
    FakeBackend backend;
    QString id;
    int made = 0;
};

} // namespace

class TestRequestModel : public QObject
{
    Q_OBJECT

private slots:
    void theNewestComesFirst();
    void aFailureIsNoSuccess();
    void timesAreInTheOrderOfTheRows();
    void newOnesComeByThemselves();
    void whatLastsIsShownOpenAndThenAsItEnded();
    void whatEndedBeforeItWasSeenHasItsPlace();
    void nothingIsLostBetweenTwoLooks();
    void whatIsOlderComesAPageAtATime();
    void theServiceFilters();
    void onlyTheLatestFilterCounts();
    void aFailureIsTold();
    void aFloodIsBounded();
    void sizesAndTimesAreShort_data();
    void sizesAndTimesAreShort();
};

void TestRequestModel::theNewestComesFirst()
{
    Desk desk;
    desk.backend.logEntry(desk.id, entry("one.example"));
    desk.backend.logEntry(desk.id, entry("two.example", "deny"));
    api::EgressEntry stream = entry("db.example", "tunnel");
    stream.method.clear();
    stream.scheme = "tls";
    stream.path.clear();
    stream.status = 0;
    stream.address = "203.0.113.7";
    desk.backend.logEntry(desk.id, stream);
    RequestModel model(desk.backend, desk.id);
    const QAbstractItemModelTester tester(&model);
    QCOMPARE(model.rowCount(), 0);
    QVERIFY(!model.isRead());
    model.setLive(true);
    settle();
    QCOMPARE(textOf(model), QStringLiteral("tunnel tls tls://db.example\n"
                                           "denied GET two.example/x 403\n"
                                           "allowed GET one.example/x 200\n"));
    QCOMPARE(model.total(), 3);
}

/// One that found no address had the same sign and word as one that was answered, and later an
/// origin's own 502 that of one that found none.
void TestRequestModel::aFailureIsNoSuccess()
{
    Desk desk;
    const auto log = [&](const char* host, std::int64_t status, const char* type,
                         const char* failure) {
        api::EgressEntry made = entry(host);
        made.status = status;
        made.contentType = type;
        made.bytesIn = 0;
        made.why = std::string("Rule a allows everything to *.example.") + failure;
        desk.backend.logEntry(desk.id, made);
    };
    log("theirs.example", 502, "text/html", "");
    log("bare.example", 504, "", ""); // theirs as well: a gateway of few words
    log("nowhere.example", 502, "", " But bare.example has no address.");
    log("late.example", 504, "", " But bare.example did not answer in time.");
    log("packed.example", 502, "text/plain", " But the server packed its answer.");
    log("silent.example", 0, "", "");
    api::EgressEntry nowhere = entry("db.example", "tunnel");
    nowhere.method.clear();
    nowhere.scheme = "tls";
    nowhere.path.clear();
    nowhere.status = 0;
    desk.backend.logEntry(desk.id, nowhere);
    api::EgressEntry garbage = entry("bad.example", "deny");
    garbage.method.clear();
    garbage.scheme = "http";
    garbage.path.clear();
    garbage.status = 400;
    desk.backend.logEntry(desk.id, garbage);
    RequestModel model(desk.backend, desk.id);
    model.setLive(true);
    settle();
    const auto text = [&](int row, int column) {
        return model.index(row, column).data().toString();
    };
    QStringList verdicts;
    for (int row = 0; row < model.rowCount(); ++row)
        verdicts += text(row, RequestModel::Verdict);
    QCOMPARE(verdicts,
             (QStringList{"denied", "tunnel, failed", "allowed, failed", "allowed, failed",
                          "allowed, failed", "allowed, failed", "allowed", "allowed"}));
    QVERIFY(model.index(2, 0).data(RequestModel::FailedRole).toBool());
    QVERIFY(!model.index(6, 0).data(RequestModel::FailedRole).toBool());
    QCOMPARE(text(0, RequestModel::Method), QStringLiteral("–"));
    QCOMPARE(text(1, RequestModel::Method), QStringLiteral("tls"));
}

/// Rows are written at their end and told when they began: one that had waited for an answer stood
/// above others with a time before theirs.
void TestRequestModel::timesAreInTheOrderOfTheRows()
{
    Desk desk;
    const QDateTime noon(QDate(2024, 6, 12), QTime(12, 0));
    const auto log = [&](const char* host, int second, double ms, const char* protocol) {
        api::EgressEntry made = entry(host);
        made.time = noon.addSecs(second).toUTC().toString(Qt::ISODateWithMs).toStdString();
        made.ms = ms;
        made.protocol = protocol;
        desk.backend.logEntry(desk.id, made);
    };
    log("chat.example", 0, 3'600'000, "websocket"); // written while it was open
    log("quick.example", 90, 10, "h2");
    log("waited.example", 5, 120'000, "h2");
    RequestModel model(desk.backend, desk.id);
    model.setLive(true);
    settle();
    QStringList times;
    for (int row = 0; row < model.rowCount(); ++row)
        times += model.index(row, RequestModel::Time).data().toString();
    QCOMPARE(times, (QStringList{"12 Jun 12:02", "12 Jun 12:01", "12 Jun 12:00"}));
    QVERIFY2(model.index(0, 0)
                 .data(Qt::ToolTipRole)
                 .toString()
                 .contains(
                     QStringLiteral("Asked on 12 Jun 2024 12:00:05, over on 12 Jun 2024 12:02:05")),
             qPrintable(model.index(0, 0).data(Qt::ToolTipRole).toString()));
}

void TestRequestModel::newOnesComeByThemselves()
{
    Desk desk;
    RequestModel model(desk.backend, desk.id);
    const QAbstractItemModelTester tester(&model);
    model.setLive(true);
    settle();
    QVERIFY(model.isRead());
    desk.log(2);
    settle();
    QCOMPARE(textOf(model), QStringLiteral("allowed GET h2.example/x 200\n"
                                           "allowed GET h1.example/x 200\n"));
    QCOMPARE(model.total(), 2);
    QCOMPARE(model.rowOf(2), 0);
    QCOMPARE(model.rowOf(1), 1);
    QCOMPARE(model.rowOf(3), -1);
}

/// A WebSocket was in the log only once it had ended.
void TestRequestModel::whatLastsIsShownOpenAndThenAsItEnded()
{
    Desk desk;
    desk.log(1);
    api::EgressEntry lasting = entry("lasting.example");
    lasting.flag = "open";
    lasting.status = 0; // it has not been answered yet, which is no failure
    desk.backend.logEntry(desk.id, lasting);
    desk.log(1);
    RequestModel model(desk.backend, desk.id);
    const QAbstractItemModelTester tester(&model);
    model.setLive(true);
    settle();
    QCOMPARE(textOf(model), QStringLiteral("allowed GET h2.example/x 200\n"
                                           "allowed, open GET lasting.example/x\n"
                                           "allowed GET h1.example/x 200\n"));
    QVERIFY(!model.index(1, 0).data(RequestModel::FailedRole).toBool());
    QVERIFY(model.index(1, 0).data(Qt::ToolTipRole).toString().contains(QStringLiteral("goes on")));
    const QPersistentModelIndex row = model.index(1, 0);
    QSignalSpy changes(&model, &RequestModel::dataChanged);
    QSignalSpy insertions(&model, &RequestModel::rowsInserted);
    lasting.id = 2;
    lasting.flag.clear();
    lasting.status = 101;
    desk.backend.endEntry(desk.id, lasting);
    settle();
    QCOMPARE(textOf(model), QStringLiteral("allowed GET h2.example/x 200\n"
                                           "allowed GET lasting.example/x 101\n"
                                           "allowed GET h1.example/x 200\n"));
    QCOMPARE(row.row(), 1); // who has chosen it still has
    QCOMPARE(changes.count(), 1);
    QCOMPARE(insertions.count(), 0);
    QCOMPARE(model.total(), 3);

    // Both within one frame.
    lasting.id = 0;
    lasting.flag = "open";
    desk.backend.logEntry(desk.id, lasting);
    lasting.id = 4;
    lasting.flag.clear();
    desk.backend.endEntry(desk.id, lasting);
    settle();
    QCOMPARE(model.rowCount(), 4);
    QCOMPARE(model.index(0, 0).data().toString(), QStringLiteral("allowed"));
    QCOMPARE(model.total(), 4);
}

/// Such a row comes with its last cursor only, behind those with greater ids.
void TestRequestModel::whatEndedBeforeItWasSeenHasItsPlace()
{
    Desk desk;
    desk.log(4);
    RequestModel model(desk.backend, desk.id);
    const QAbstractItemModelTester tester(&model);
    std::vector<api::EgressEntry>& log = desk.backend.at(desk.id).egress.log;
    const api::EgressEntry second = log[1];
    log.erase(log.begin() + 1);
    model.setLive(true);
    settle();
    QCOMPARE(model.rowCount(), 3);
    log.insert(log.begin() + 1, second);
    desk.backend.endEntry(desk.id, second);
    settle();
    QCOMPARE(model.rowCount(), 4);
    for (int row = 0; row < model.rowCount(); ++row)
        QCOMPARE(model.at(row).id, 4 - row);
    QCOMPARE(model.total(), 4);
}

void TestRequestModel::nothingIsLostBetweenTwoLooks()
{
    Desk desk;
    RequestModel model(desk.backend, desk.id);
    const QAbstractItemModelTester tester(&model);
    model.setLive(true);
    settle();
    desk.log(1);
    settle();
    model.setLive(false);
    desk.log(2); // nobody looks
    settle();
    QCOMPARE(model.rowCount(), 1);
    desk.backend.forgetCalls();
    model.setLive(true);
    settle();
    QCOMPARE(model.rowCount(), 3);
    QCOMPARE(desk.backend.calls(), QStringList{"followEgress bench 1"});
}

void TestRequestModel::whatIsOlderComesAPageAtATime()
{
    Desk desk;
    desk.log(450);
    RequestModel model(desk.backend, desk.id); // no tester, which fetches whatever there is
    model.setLive(true);
    settle();
    QCOMPARE(model.rowCount(), 200);
    QCOMPARE(model.total(), 450);
    QVERIFY(model.canFetchMore({}));
    model.fetchMore({});
    QVERIFY(!model.canFetchMore({})); // one is under way
    desk.log(1);                      // moves nothing
    settle();
    QCOMPARE(model.rowCount(), 401);
    model.fetchMore({});
    settle();
    QCOMPARE(model.rowCount(), 451);
    QVERIFY(!model.canFetchMore({}));
    for (int row = 0; row < model.rowCount(); ++row)
        QCOMPARE(model.at(row).id, 451 - row);
}

void TestRequestModel::theServiceFilters()
{
    Desk desk;
    desk.backend.logEntry(desk.id, entry("one.example"));
    desk.backend.logEntry(desk.id, entry("two.example", "deny"));
    desk.backend.logEntry(desk.id, entry("three.example", "deny"));
    RequestModel model(desk.backend, desk.id);
    const QAbstractItemModelTester tester(&model);
    model.setLive(true);
    settle();
    model.setFilter(QString(), QStringLiteral("deny"));
    settle();
    QCOMPARE(textOf(model), QStringLiteral("denied GET three.example/x 403\n"
                                           "denied GET two.example/x 403\n"));
    model.setFilter(QStringLiteral("TWO"), QStringLiteral("deny"));
    settle();
    QCOMPARE(model.rowCount(), 1);
    desk.backend.logEntry(desk.id, entry("two.example", "deny"));
    desk.backend.logEntry(desk.id, entry("two.example"));
    settle();
    QCOMPARE(model.rowCount(), 2); // what is new is filtered, too
    model.setFilter({}, {});
    settle();
    QCOMPARE(model.rowCount(), 5);
}

void TestRequestModel::onlyTheLatestFilterCounts()
{
    Desk desk;
    desk.backend.logEntry(desk.id, entry("one.example"));
    desk.backend.logEntry(desk.id, entry("two.example"));
    RequestModel model(desk.backend, desk.id);
    const QAbstractItemModelTester tester(&model);
    model.setLive(true);
    settle();
    QSignalSpy reads(&model, &RequestModel::read);
    desk.backend.hold();
    model.setFilter(QStringLiteral("one"), {});
    model.setFilter(QStringLiteral("two"), {});
    desk.backend.release();
    settle();
    QCOMPARE(reads.count(), 1);
    QCOMPARE(textOf(model), QStringLiteral("allowed GET two.example/x 200\n"));
}

void TestRequestModel::aFailureIsTold()
{
    Desk desk;
    desk.log(1);
    RequestModel model(desk.backend, desk.id);
    QStringList failures;
    QObject::connect(&model, &RequestModel::failed, [&](const Error& error) {
        failures += QString::fromStdString(error.message);
    });
    desk.backend.failNext(QStringLiteral("egressLog"), ErrorCode::Internal, QStringLiteral("no"));
    model.setLive(true);
    settle();
    QCOMPARE(failures, QStringList{"no"});
    QVERIFY(!model.isRead());
    model.reload();
    settle();
    QCOMPARE(model.rowCount(), 1);
}

void TestRequestModel::aFloodIsBounded()
{
    Desk desk;
    RequestModel model(desk.backend, desk.id);
    model.setLive(true);
    settle();
    desk.log(RequestModel::kMostRows + 500);
    settle();
    QCOMPARE(model.rowCount(), RequestModel::kMostRows);
    QCOMPARE(model.at(0).id, RequestModel::kMostRows + 500);
    QCOMPARE(model.total(), RequestModel::kMostRows + 500);
}

void TestRequestModel::sizesAndTimesAreShort_data()
{
    QTest::addColumn<QString>("shown");
    QTest::addColumn<QString>("expected");
    QTest::newRow("0") << shortSize(0) << "0 B";
    QTest::newRow("999") << shortSize(999) << "999 B";
    QTest::newRow("1,200") << shortSize(1200) << "1.2 kB";
    QTest::newRow("99,999") << shortSize(99'999) << "100 kB";
    QTest::newRow("999,999") << shortSize(999'999) << "1.0 MB";
    QTest::newRow("5 GB") << shortSize(5'000'000'000) << "5.0 GB";
    QTest::newRow("0.4 ms") << shortTime(0.41) << "0.4 ms";
    QTest::newRow("12 ms") << shortTime(12.3) << "12 ms";
    QTest::newRow("1.2 s") << shortTime(1234) << "1.2 s";
    QTest::newRow("2 min") << shortTime(125'000) << "2.1 min";
}

void TestRequestModel::sizesAndTimesAreShort()
{
    QFETCH(QString, shown);
    QFETCH(QString, expected);
    QCOMPARE(shown, expected);
}

QTEST_GUILESS_MAIN(TestRequestModel)
#include "test_request_model.moc"
