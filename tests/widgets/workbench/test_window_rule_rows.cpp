// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/workbench/egress_bench.h"
#include "widgets/common/fonts.h"
#include "widgets/egress/rule_row.h"
#include "widgets/egress/url_label.h"

#include <QSplitter>

using namespace caisson;
using test::EgressBench;
using test::sampleRule;

/// What a row of the rules tells, in little room.
class TestWindowRuleRows : public QObject
{
    Q_OBJECT

private slots:
    void aHostIsNotCutForWhatIsBesideIt();
    void aRowIsFittedToItsRoom_data();
    void aRowIsFittedToItsRoom();
};

/// "192.0.2.2", for POST to one path and port with a secret, was "…2.0.2.2"; of "*.wild.example.org"
/// nobody saw whether it was one host or all of them. And "files.pythonhosted.org", for GET and HEAD,
/// looked like any method.
void TestWindowRuleRows::aHostIsNotCutForWhatIsBesideIt()
{
    EgressBench bench;
    std::vector<api::EgressRule> rules;
    const auto add = [&](const std::string& host, const std::string& cidr) {
        for (const bool isLimited : {false, true}) {
            api::EgressRule rule =
                sampleRule(("r" + std::to_string(rules.size())).c_str(), "allow", host.c_str());
            rule.cidr = cidr;
            if (isLimited) {
                rule.methods = {"GET", "HEAD"};
                rule.path = "/packages/**";
            }
            rules.push_back(rule);
        }
    };
    add({}, "192.0.2.2");
    add("*.wild.example.org", {});
    add("files.pythonhosted.org", {});
    rules[1].ports = {44249};
    rules[1].isPrivate = true;
    rules[1].inject = api::EgressInjection{.header = "X-Key", .value = "${secret:one}"};
    api::EgressRule bound = rules[4]; // its methods alone, for so long
    bound.id = "bound";
    bound.methods = {"GET"};
    bound.lasts = "session";
    rules.push_back(bound);
    bound.id = "free";
    bound.methods.clear();
    rules.push_back(bound);
    bench.backend.setPolicy(bench.id, rules);
    bench.open();
    bench.showTab(1);
    QTRY_VERIFY(bench.rules());
    bench.find<QSplitter>("columns")->setSizes({100, 1280 - 100 - 340, 340});
    bench.settle();
    QTableView* table = bench.rules();
    QVERIFY(table->isColumnHidden(RuleModel::Path));
    const auto picture = [&](int row, int width) {
        const QRect cell = table->visualRect(table->model()->index(row, RuleModel::Host));
        return table->viewport()
            ->grab(width > 0 ? QRect(cell.topLeft(), QSize(width, cell.height())) : cell)
            .toImage();
    };
    for (int row = 0; row < 6; row += 2) {
        const QModelIndex host = table->model()->index(row, RuleModel::Host);
        const int domain = host.data(RuleModel::DomainRole).toInt();
        const QString text = host.data().toString();
        const int width = urlWidth({text.chopped(domain), text.last(domain), {}, {}}, uiFont());
        QVERIFY(width < table->columnWidth(RuleModel::Host));
        QVERIFY2(picture(row, width) == picture(row + 1, width), qPrintable(text));
        QVERIFY2(picture(row, 0) != picture(row + 1, 0), qPrintable(text));
    }
    QVERIFY(picture(6, 0) != picture(7, 0));
}

void TestWindowRuleRows::aRowIsFittedToItsRoom_data()
{
    QTest::addColumn<UrlParts>("url");
    QTest::addColumn<QStringList>("methods");
    QTest::addColumn<QString>("least"); // of the host, where there is hardly any room
    const QStringList reading{QStringLiteral("GET"), QStringLiteral("HEAD")};
    QTest::newRow("plain") << UrlParts{{}, "example.org", {}, {}} << QStringList() << "example.org";
    QTest::newRow("address") << UrlParts{{}, "192.0.2.2", ":44249", "/v1/**"} << reading
                             << "192.0.2.2";
    QTest::newRow("wild") << UrlParts{"*.", "example.org", {}, "/v1/orders/**"} << reading
                          << "*.example.org";
    QTest::newRow("wild names") << UrlParts{"**.eu.api.", "example.org", ":8443", "/v1/**"}
                                << QStringList{QStringLiteral("DELETE")}
                                << QStringLiteral("**.….example.org");
    QTest::newRow("names") << UrlParts{"files.", "pythonhosted.org", {}, "/packages/**"} << reading
                           << QStringLiteral("….pythonhosted.org");
    QTest::newRow("ports alone") << UrlParts{"a.b.", "example.org", ":443, 8443, 9000", {}}
                                 << QStringList() << QStringLiteral("….example.org");
    QTest::newRow("method alone") << UrlParts{"a.", "b.githubusercontent.com", {}, {}}
                                  << QStringList{QStringLiteral("GET")}
                                  << QStringLiteral("….b.githubusercontent.com");
}

void TestWindowRuleRows::aRowIsFittedToItsRoom()
{
    QFETCH(UrlParts, url);
    QFETCH(QStringList, methods);
    QFETCH(QString, least);
    const QFont font = uiFont();
    const QFont small = secondaryFont();
    const RuleRow row{.url = url, .methods = methods, .isAddress = least.front().isDigit()};
    const int host = urlWidth({url.before, url.domain, {}, {}}, font);
    const int lowest = leastRowWidth(row, font);
    const QString full = url.before + url.domain;
    for (int room = lowest; room < 600; ++room) {
        const FittedRow shown = fittedRow(row, room, font, small);
        const int used =
            urlWidth(shown.url, font) + (shown.hasSign ? ruleRow::kGap + ruleRow::kSign : 0) +
            (shown.methods.isEmpty()
                 ? 0
                 : ruleRow::kGap + QFontMetrics(small).horizontalAdvance(shown.methods));
        const QString told = shown.url.whole() + QLatin1Char(' ') + shown.methods;
        QVERIFY2(used <= room, qPrintable(told));
        QCOMPARE(shown.url.domain, url.domain);
        const QString shownHost = shown.url.before + shown.url.domain;
        if (room >= host + ruleRow::kGap + ruleRow::kSign)
            QCOMPARE(shownHost, full);
        if (room == lowest && full != shownHost)
            QCOMPARE(shownHost, least);
        if (!methods.isEmpty())
            QVERIFY2(shown.hasSign || shown.methods.startsWith(methods.first()), qPrintable(told));
        QVERIFY2(url.path.isEmpty() || !shown.url.path.isEmpty() || shown.hasSign,
                 qPrintable(told));
        QVERIFY2(url.after.isEmpty() || !shown.url.after.isEmpty() || shown.hasSign,
                 qPrintable(told));
    }
    const FittedRow whole = fittedRow(row, 600, font, small);
    QCOMPARE(whole.url, url);
    QCOMPARE(whole.methods, methods.join(QStringLiteral(", ")));
    QVERIFY(!whole.hasSign);
    // That it is about any name stays even where the domain does not.
    const FittedRow narrow = fittedRow(row, lowest - 12, font, small);
    QCOMPARE(narrow.url.before.count(QLatin1Char('*')), url.before.count(QLatin1Char('*')));
    QCOMPARE(narrow.hasSign, row.isLimited());
}

QTEST_MAIN(TestWindowRuleRows)
#include "test_window_rule_rows.moc"
