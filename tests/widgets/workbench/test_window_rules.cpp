// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/workbench/egress_bench.h"
#include "widgets/common/colors.h"
#include "widgets/common/style.h"

#include <QMenu>
#include <QPushButton>
#include <QScrollArea>
#include <QSplitter>
#include <QTemporaryDir>
#include <QToolButton>
#include <QToolTip>

using namespace caisson;
using test::EgressBench;
using test::sampleRule;

/// The right column's rules: edited in place, imported, asked.
class TestWindowRules : public QObject
{
    Q_OBJECT

private slots:
    void rulesAreEditedInPlace();
    void aFieldKeepsItsOwnProblem();
    void aRuleThatGoesTakesNoMoreKeys();
    void aRuleThatGoesWhileAnotherWindowIsInFront();
    void aFieldOfTheTableThatGoesTakesItsKeysAlong();
    void theDetailTellsTheLastMatch();
    void aRuleThatIsNotNamedIsNone();
    void theLastRuleIsHadBack();
    void theSpaceBarSwitchesARule();
    void aRefusedChangeIsSaid();
    void presetsAddRules();
    void theirMenuEndsWhereTheWindowDoes();
    void aRowTellsWhatARuleIsAbout();
    void aPolicyFileIsImportedAndExported();
    void aQuestionIsAnswered();
};

void TestWindowRules::rulesAreEditedInPlace()
{
    EgressBench bench;
    bench.backend.setPolicy(bench.id, {sampleRule("r1", "deny", "one.example"),
                                       sampleRule("r2", "allow", "two.example")});
    bench.open();
    bench.showTab(1);
    QTRY_VERIFY(bench.rules());
    QTableView* table = bench.rules();
    table->setFocus();
    table->setCurrentIndex(table->model()->index(0, RuleModel::Host));
    bench.press(Qt::Key_F2);
    auto* edit = bench.find<QLineEdit>("rules.edit");
    QVERIFY(edit);
    QCOMPARE(edit->text(), QStringLiteral("one.example"));
    QTest::keyClicks(edit, QStringLiteral("a b"));
    QTest::keyClick(edit, Qt::Key_Return);
    QVERIFY(bench.isShown("rules.edit")); // it is no host
    QVERIFY(bench.isShown("rules.edit.problem"));
    // As a field of the form below; and the next rule's box is to be seen.
    QVERIFY(edit->property("isWrong").toBool());
    QVERIFY(!bench.find("rules.edit.problem")
                 ->geometry()
                 .intersects(table->visualRect(table->model()->index(1, RuleModel::Action))));
    edit->selectAll();
    QTest::keyClicks(edit, QStringLiteral("**.example.org"));
    QTest::keyClick(edit, Qt::Key_Return);
    bench.settle();
    QCOMPARE(bench.backend.policyOf(bench.id).rules[0].host, "**.example.org");

    table->setFocus();
    QTest::keyClick(table, Qt::Key_Down, Qt::AltModifier);
    bench.settle();
    QCOMPARE(bench.hosts(), (QStringList{"two.example", "**.example.org"}));
    QTest::keyClick(table, Qt::Key_Delete);
    bench.settle();
    QCOMPARE(bench.hosts(), QStringList{"two.example"});
    bench.click("rules.undoRule");
    bench.click("rules.undoRule");
    QCOMPARE(bench.hosts(), (QStringList{"**.example.org", "two.example"}));
    bench.click("rules.redoRule");
    QCOMPARE(bench.hosts(), (QStringList{"two.example", "**.example.org"}));

    table->setCurrentIndex(table->model()->index(0, RuleModel::Host));
    bench.type("rule.ports", QStringLiteral("8443"));
    QTest::keyClick(bench.find("rule.ports"), Qt::Key_Return);
    bench.settle();
    QCOMPARE(bench.backend.policyOf(bench.id).rules[0].ports, std::vector<std::int64_t>{8443});
    bench.find<QLineEdit>("rule.ports")->selectAll();
    QTest::keyClicks(bench.find("rule.ports"), QStringLiteral("99999"));
    QVERIFY(bench.isShown("rule.ports.problem"));
}

/// `GET, P@ST` stood in its field, unmarked, while the rule in force allowed any method: one line far
/// below told the problem of whichever field was left last.
void TestWindowRules::aFieldKeepsItsOwnProblem()
{
    EgressBench bench;
    bench.backend.setPolicy(bench.id, {sampleRule("r1", "allow", "one.example"),
                                       sampleRule("r2", "allow", "two.example")});
    bench.open();
    bench.showTab(1);
    QTRY_VERIFY(bench.rules());
    const auto select = [&](int row) {
        bench.rules()->setFocus();
        bench.rules()->setCurrentIndex(bench.rules()->model()->index(row, RuleModel::Host));
        bench.settle();
    };
    const auto textOf = [&](const char* name) { return bench.find<QLineEdit>(name)->text(); };
    const auto isWrong = [&](const char* name) {
        return bench.find(name)->property("isWrong").toBool();
    };
    const auto isInSight = [&](const char* name) {
        const QWidget* part = bench.find(name);
        const QWidget* port = bench.find<QScrollArea>("rule")->viewport();
        return part && port->rect().contains(QRect(part->mapTo(port, QPoint()), part->size()));
    };
    select(0);
    bench.type("rule.methods", QStringLiteral("GET, P@ST"));
    bench.press(Qt::Key_Tab);
    QVERIFY(isInSight("rule.methods.problem"));
    QVERIFY(bench.find<QLabel>("rule.methods.problem")
                ->text()
                .endsWith(QStringLiteral("Until it is mended, the rule has: any.")));
    QVERIFY(isWrong("rule.methods"));
    bench.type("rule.expires", QStringLiteral("yesterday"));
    QVERIFY(isInSight("rule.expires.problem"));
    QVERIFY(isInSight("rule.expires"));
    bench.type("rule.path", QStringLiteral("/repos/**"));
    bench.press(Qt::Key_Return);
    bench.settle();
    QCOMPARE(bench.backend.policyOf(bench.id).rules[0].path, "/repos/**");
    QVERIFY(bench.backend.policyOf(bench.id).rules[0].methods.empty());
    for (const char* name : {"rule.methods", "rule.expires"})
        QVERIFY2(isWrong(name), name);
    QVERIFY(bench.isShown("rule.methods.problem"));
    QVERIFY(bench.isShown("rule.expires.problem"));

    select(1);
    QCOMPARE(textOf("rule.methods"), QString());
    QVERIFY(!isWrong("rule.methods"));
    QVERIFY(!bench.isShown("rule.methods.problem"));
    select(0);
    QCOMPARE(textOf("rule.methods"), QStringLiteral("GET, P@ST"));
    QCOMPARE(textOf("rule.expires"), QStringLiteral("yesterday"));
    QVERIFY(isWrong("rule.methods"));
    QVERIFY(bench.isShown("rule.methods.problem"));

    bench.find("rule.expires")->setFocus();
    bench.press(Qt::Key_Escape);
    QCOMPARE(textOf("rule.expires"), QString());
    QVERIFY(!isWrong("rule.expires"));
    QVERIFY(isWrong("rule.methods"));
    bench.find<QLineEdit>("rule.methods")->selectAll();
    bench.type("rule.methods", QStringLiteral("GET, POST"));
    bench.press(Qt::Key_Return);
    bench.settle();
    QVERIFY(!isWrong("rule.methods"));
    QVERIFY(bench.backend.policyOf(bench.id).rules[0].methods ==
            (std::vector<std::string>{"GET", "POST"}));
}

/// The selection slid to the neighbour under the caret, and the rest of the word changed that one.
void TestWindowRules::aRuleThatGoesTakesNoMoreKeys()
{
    EgressBench bench;
    bench.backend.setPolicy(bench.id, {sampleRule("r1", "allow", "one.example"),
                                       sampleRule("r2", "allow", "two.example")});
    bench.open();
    bench.showTab(1);
    QTRY_VERIFY(bench.rules());
    bench.rules()->setCurrentIndex(bench.rules()->model()->index(0, RuleModel::Host));
    bench.type("rule.note", QStringLiteral("for "));
    bench.backend.setPolicy(bench.id, {sampleRule("r2", "allow", "two.example")});
    bench.settle();
    QTRY_COMPARE(bench.hosts(), QStringList{"two.example"});
    QVERIFY(bench.isShown("rule.lost"));
    QCOMPARE(QApplication::focusWidget(), bench.find("rule.note"));
    QTest::keyClicks(bench.find("rule.note"), QStringLiteral("the build"));
    bench.press(Qt::Key_Return);
    bench.settle();
    QCOMPARE(bench.find<QLineEdit>("rule.note")->text(), QStringLiteral("for "));
    QVERIFY(bench.backend.policyOf(bench.id).rules[0].note.empty());
    bench.rules()->setFocus();
    QVERIFY(!bench.isShown("rule.lost"));
    QCOMPARE(bench.find<QLineEdit>("rule.note")->text(), QString());
    bench.type("rule.note", QStringLiteral("mine"));
    bench.press(Qt::Key_Return);
    bench.settle();
    QCOMPARE(bench.backend.policyOf(bench.id).rules[0].note, "mine");

    // Nobody types: there is nothing to hold up.
    bench.rules()->setFocus();
    bench.backend.setPolicy(bench.id, {});
    bench.settle();
    QTRY_VERIFY(bench.isShown("rules.empty"));
    QVERIFY(!bench.isShown("rule"));
}

/// The rule was removed on the command line, where somebody had gone to do it: the form became the
/// neighbour's, and what was typed after coming back was typed into that.
void TestWindowRules::aRuleThatGoesWhileAnotherWindowIsInFront()
{
    EgressBench bench;
    bench.backend.setPolicy(bench.id, {sampleRule("r1", "allow", "one.example"),
                                       sampleRule("r2", "allow", "two.example"),
                                       sampleRule("r3", "allow", "three.example")});
    bench.open();
    bench.showTab(1);
    QTRY_VERIFY(bench.rules());
    bench.rules()->setCurrentIndex(bench.rules()->model()->index(2, RuleModel::Host));
    bench.type("rule.note", QStringLiteral("for "));
    QWidget elsewhere;
    elsewhere.show();
    elsewhere.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&elsewhere));
    QVERIFY(!bench.find("rules")->isAncestorOf(QApplication::focusWidget()));
    bench.backend.setPolicy(bench.id, {sampleRule("r1", "allow", "one.example"),
                                       sampleRule("r2", "allow", "two.example")});
    bench.settle();
    QTRY_COMPARE(bench.hosts(), (QStringList{"one.example", "two.example"}));
    elsewhere.close();
    bench.window().activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&bench.window()));
    QTRY_COMPARE(QApplication::focusWidget(), bench.find("rule.note"));
    QVERIFY(bench.isShown("rule.lost"));
    QTest::keyClicks(QApplication::focusWidget(), QStringLiteral("the build"));
    bench.press(Qt::Key_Return);
    for (const api::EgressRule& rule : bench.backend.policyOf(bench.id).rules)
        QVERIFY(rule.note.empty());
}

/// The keyboard went from the field that was gone to the choice of what happens to everything else,
/// and the "a" of what was typed made that "allow".
void TestWindowRules::aFieldOfTheTableThatGoesTakesItsKeysAlong()
{
    EgressBench bench;
    const auto set = [&](const QStringList& hosts) {
        std::vector<api::EgressRule> rules;
        for (const QString& host : hosts)
            rules.push_back(sampleRule(host.section(QLatin1Char('.'), 0, 0).toStdString(), "deny",
                                       host.toStdString()));
        bench.backend.setPolicy(bench.id, rules);
        bench.settle();
    };
    set({"one.example", "allow.example", "two.example"});
    bench.open();
    bench.showTab(1);
    QTRY_VERIFY(bench.rules());
    QTableView* table = bench.rules();
    const auto typeIn = [&](int row) {
        table->setFocus();
        table->setCurrentIndex(table->model()->index(row, RuleModel::Host));
        bench.press(Qt::Key_F2);
        QTest::keyClicks(bench.find("rules.edit"), QStringLiteral("sta"));
    };
    const auto typeOn = [&] {
        for (const QChar letter : QStringLiteral("allow d"))
            QTest::keyClick(QApplication::focusWidget(), letter.toLatin1());
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Backspace);
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Delete);
    };
    typeIn(0);
    set({"allow.example", "two.example"});
    QTRY_COMPARE(bench.hosts(), (QStringList{"allow.example", "two.example"}));
    QCOMPARE(QApplication::focusWidget(), table);
    QVERIFY2(bench.note().startsWith(QStringLiteral("The rule about one.example is gone")),
             qPrintable(bench.note()));
    typeOn();
    bench.press(Qt::Key_Return);
    bench.settle();
    QCOMPARE(QApplication::focusWidget(), table);
    QVERIFY(!bench.isShown("rules.edit"));
    QVERIFY(!table->currentIndex().isValid());
    QCOMPARE(bench.hosts(), (QStringList{"allow.example", "two.example"}));
    QCOMPARE(bench.backend.policyOf(bench.id).defaultAction, "ask");
    QVERIFY(bench.backend.policyOf(bench.id).rules[0].enabled);
    QCOMPARE(bench.errorText(), QString());
    // The arrows choose again, and what is typed then is meant.
    bench.press(Qt::Key_Down);
    QVERIFY(table->currentIndex().isValid());
    typeIn(0);
    QVERIFY(bench.isShown("rules.edit"));
    set({"two.example"});
    QTRY_COMPARE(bench.hosts(), QStringList{"two.example"});
    QCOMPARE(QApplication::focusWidget(), table);
    bench.press(Qt::Key_Escape);
    bench.rules()->setCurrentIndex(table->model()->index(0, RuleModel::Host));
    QCOMPARE(QApplication::focusWidget(), table);
    bench.press(Qt::Key_Space);
    QVERIFY(!bench.backend.policyOf(bench.id).rules[0].enabled);

    // With the last rule the button of the empty page came to the keys.
    typeIn(0);
    set({});
    QTRY_VERIFY(bench.isShown("rules.empty"));
    typeOn();
    bench.press(Qt::Key_Return);
    QVERIFY(bench.isShown("rules.empty"));
    QVERIFY(!bench.isShown("rules.edit"));
    QVERIFY(bench.find("rules")->isAncestorOf(QApplication::focusWidget()) ||
            bench.find("rules") == QApplication::focusWidget());
}

/// In the column's usual width there is no room for it in the table.
void TestWindowRules::theDetailTellsTheLastMatch()
{
    EgressBench bench;
    bench.backend.setPolicy(bench.id, {sampleRule("r1", "allow", "one.example"),
                                       sampleRule("r2", "allow", "two.example")});
    bench.open();
    bench.showTab(1);
    QTRY_VERIFY(bench.rules());
    bench.rules()->setCurrentIndex(bench.rules()->model()->index(0, RuleModel::Host));
    const auto matches = [&] { return bench.find<QLabel>("rule.matches")->text(); };
    QCOMPARE(matches(), QStringLiteral("Never matched"));
    bench.type("rule.note", QStringLiteral("for "));
    const QDateTime last(QDate(2026, 11, 3), QTime(9, 30));
    api::EgressRule& rule = bench.backend.at(bench.id).egress.policy.rules[0];
    rule.hits = 3;
    rule.last = last.toUTC().toString(Qt::ISODateWithMs).toStdString();
    qobject_cast<RuleModel*>(bench.rules()->model())->refresh(); // as it does time and again
    bench.settle();
    QCOMPARE(matches(), QStringLiteral("Matched 3 times, the last time on 3 Nov 2026 09:30"));
    QCOMPARE(bench.find<QLineEdit>("rule.note")->text(), QStringLiteral("for "));
    bench.rules()->setCurrentIndex(bench.rules()->model()->index(1, RuleModel::Host));
    QCOMPARE(matches(), QStringLiteral("Never matched"));
}

/// A host that nobody has was left behind by every "Add" that was thought better of.
void TestWindowRules::aRuleThatIsNotNamedIsNone()
{
    EgressBench bench;
    bench.open();
    bench.showTab(1);
    bench.click("rules.empty.action");
    auto* edit = bench.find<QLineEdit>("rules.edit");
    QVERIFY(edit);
    QTest::keyClick(edit, Qt::Key_Escape);
    bench.settle();
    QVERIFY(bench.isShown("rules.empty"));
    QVERIFY(bench.backend.policyOf(bench.id).rules.empty());
    QVERIFY(!bench.find("rules.redoRule")->isEnabled()); // it never was
    QVERIFY(!bench.find("rules.undoRule")->isEnabled());
    bench.click("rules.addRule");
    edit = bench.find<QLineEdit>("rules.edit");
    edit->selectAll();
    QTest::keyClicks(edit, QStringLiteral("api.example.com"));
    QTest::keyClick(edit, Qt::Key_Return);
    bench.settle();
    QCOMPARE(bench.hosts(), QStringList{"api.example.com"});
    QCOMPARE(bench.backend.policyOf(bench.id).rules[0].host, "api.example.com");
}

/// Ctrl+Z belonged to the table, which is not there when its last rule is gone.
void TestWindowRules::theLastRuleIsHadBack()
{
    EgressBench bench;
    bench.backend.setPolicy(bench.id, {sampleRule("r1", "deny", "one.example")});
    bench.open();
    bench.showTab(1);
    QTRY_VERIFY(bench.rules());
    bench.rules()->setFocus();
    bench.rules()->setCurrentIndex(bench.rules()->model()->index(0, RuleModel::Host));
    bench.press(Qt::Key_Delete);
    QTRY_VERIFY(bench.isShown("rules.empty"));
    QVERIFY(bench.find("rules")->isAncestorOf(QApplication::focusWidget()));
    bench.press(QKeySequence::Undo);
    QCOMPARE(bench.hosts(), QStringList{"one.example"});
}

void TestWindowRules::theSpaceBarSwitchesARule()
{
    EgressBench bench;
    bench.backend.setPolicy(bench.id, {sampleRule("r1", "deny", "one.example")});
    bench.open();
    bench.showTab(1);
    QTRY_VERIFY(bench.rules());
    bench.rules()->setFocus();
    bench.rules()->setCurrentIndex(bench.rules()->model()->index(0, RuleModel::Host));
    bench.press(Qt::Key_Space);
    QVERIFY(!bench.isShown("rules.edit"));
    QVERIFY(!bench.backend.policyOf(bench.id).rules[0].enabled);
    QCOMPARE(bench.rules()->model()->headerData(RuleModel::Host, Qt::Horizontal).toString(),
             QStringLiteral("Host, path and methods")); // there is no room for more columns
}

void TestWindowRules::aRefusedChangeIsSaid()
{
    EgressBench bench;
    bench.backend.setPolicy(bench.id, {sampleRule("r1", "deny", "one.example")});
    bench.open();
    bench.showTab(1);
    QTRY_VERIFY(bench.rules());
    bench.backend.failNext(QStringLiteral("putEgressPolicy"), ErrorCode::BadRequest,
                           QStringLiteral("there is no secret “github”"));
    QVERIFY(bench.rules()->model()->setData(bench.rules()->model()->index(0, RuleModel::Host),
                                            QStringLiteral("two.example")));
    QTRY_COMPARE(bench.errorText(),
                 QStringLiteral("“Change one.example” was not done; the rules are as they were."));
    QCOMPARE(bench.find<QLabel>("errorStrip.detail")->text(),
             QStringLiteral("There is no secret “github”."));
    QCOMPARE(bench.hosts(), QStringList{"one.example"});

    // It stayed above an import that was done, and sent whoever read it to the command line.
    const QTemporaryDir folder;
    const auto import = [&](const QByteArray& rules) {
        const QString path = folder.filePath(QStringLiteral("policy.toml"));
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(rules);
        file.close();
        bench.prompter.willChooseFile(path);
        bench.click("rules.importRules");
    };
    bench.backend.failNext(
        QStringLiteral("putEgressPolicy"), ErrorCode::BadRequest,
        QStringLiteral("line 3: there is no secret \"github\"; store it first, with `caissonctl "
                       "secret set github`"),
        {{"secret", "github"}});
    import("[[rule]]\nhost = \"a.example\"\naction = \"allow\"\n");
    QTRY_COMPARE(
        bench.errorText(),
        QStringLiteral("“Import of a policy file” was not done; the rules are as they were."));
    QCOMPARE(bench.find<QLabel>("errorStrip.detail")->text(),
             QStringLiteral("Line 3: there is no secret “github”; add it on the Secrets page "
                            "first."));
    // It said where, and there was no button that went there.
    const auto* action = bench.find<QPushButton>("errorStrip.action");
    QVERIFY(action);
    QCOMPARE(action->text(), QStringLiteral("Add the secret…"));
    bench.click("side.hide");
    bench.click("errorStrip.action");
    QVERIFY(bench.isShown("secrets.form"));
    QCOMPARE(bench.find<QLineEdit>("secrets.name")->text(), QStringLiteral("github"));
    QCOMPARE(QApplication::focusWidget(), bench.find("secrets.value"));
    bench.press(Qt::Key_Escape);
    bench.showTab(1);
    bench.backend.failNext(QStringLiteral("putEgressPolicy"), ErrorCode::BadRequest,
                           QStringLiteral("no"));
    import("[[rule]]\nhost = \"a.example\"\naction = \"allow\"\n");
    QTRY_COMPARE(bench.find<QLabel>("errorStrip.detail")->text(), QStringLiteral("No."));
    QVERIFY(!bench.isShown("errorStrip.action"));
    import("[[rule]]\nhost = \"b.example\"\naction = \"allow\"\n");
    QTRY_COMPARE(bench.hosts(), QStringList{"b.example"});
    QTRY_VERIFY(!bench.isShown("errorStrip.what"));
}

void TestWindowRules::presetsAddRules()
{
    EgressBench bench;
    bench.open();
    bench.showTab(1);
    QMenu* menu = bench.find<QToolButton>("rules.presets")->menu();
    menu->findChild<QAction*>(QStringLiteral("preset.package-registries"))->trigger();
    bench.settle();
    QVERIFY(bench.hosts().contains(QStringLiteral("registry.npmjs.org")));
    QCOMPARE(bench.backend.policyOf(bench.id).defaultAction, "ask");
    menu->findChild<QAction*>(QStringLiteral("preset.deny-all"))->trigger();
    bench.settle();
    QCOMPARE(bench.backend.policyOf(bench.id).defaultAction, "deny");
    QVERIFY(bench.hosts().contains(QStringLiteral("registry.npmjs.org")));
}

/// With the window at the left of the screen it lay across what was beside the window.
void TestWindowRules::theirMenuEndsWhereTheWindowDoes()
{
    EgressBench bench;
    bench.size = QSize(720, 480);
    bench.open();
    bench.window().move(40, 0);                  // and 40 to the right of it
    bench.press(Qt::CTRL | Qt::ALT | Qt::Key_5); // the column is there only when asked for
    bench.showTab(1);
    const auto inside = [&](const QMenu* menu) {
        return bench.window().frameGeometry().contains(menu->geometry());
    };
    auto* button = bench.find<QToolButton>("rules.presets");
    QVERIFY(button);
    QMenu* menu = button->menu();
    menu->popup(button->mapToGlobal(QPoint(0, button->height())));
    bench.settle();
    QVERIFY(inside(menu));
    for (const QAction* preset : menu->actions()) {
        for (const QString& line : preset->toolTip().split(QLatin1Char('\n')))
            QVERIFY(QFontMetrics(QToolTip::font()).horizontalAdvance(line) <= 402);
    }
    menu->close();

    // From the bar's menu it opens to the left, where there is no room at the right.
    auto* policy = bench.find<QToolButton>("bar.policy");
    emit policy->menu()->aboutToShow();
    policy->menu()->popup(policy->mapToGlobal(QPoint(policy->width() - 20, policy->height())));
    auto* presets = policy->menu()->findChild<QMenu*>(QStringLiteral("bar.presets"));
    policy->menu()->setActiveAction(presets->menuAction());
    QTest::keyClick(policy->menu(), Qt::Key_Right);
    bench.settle();
    QVERIFY(presets->isVisible());
    QVERIFY(inside(presets));
    QVERIFY(!presets->geometry().intersects(policy->menu()->geometry()));
    presets->close();
    policy->menu()->close();
}

/// In a wide column the ports were left out, and program and "private" in either.
void TestWindowRules::aRowTellsWhatARuleIsAbout()
{
    EgressBench bench;
    std::vector<api::EgressRule> rules;
    for (const char* id : {"plain", "ports", "program", "private", "off"})
        rules.push_back(sampleRule(id, "allow", "one.example"));
    rules[1].ports = {8443};
    rules[2].process = "/usr/bin/git";
    rules[3].isPrivate = true;
    rules[4].enabled = false;
    bench.backend.setPolicy(bench.id, rules);
    bench.open();
    bench.showTab(1);
    QTRY_VERIFY(bench.rules());
    QTableView* table = bench.rules();
    const auto picture = [&](int row) {
        return table->viewport()
            ->grab(table->visualRect(table->model()->index(row, RuleModel::Host)))
            .toImage();
    };
    auto* columns = bench.find<QSplitter>("columns");
    for (const int width : {360, 700}) {
        columns->setSizes({100, 1280 - 100 - width, width});
        bench.settle();
        QCOMPARE(table->isColumnHidden(RuleModel::Path), width == 360);
        for (int row = 1; row < 4; ++row)
            QVERIFY2(picture(row) != picture(0), rules[row].id.c_str());
    }
    const auto tip = [&](int row) {
        return table->model()->index(row, 0).data(Qt::ToolTipRole).toString();
    };
    QVERIFY(tip(2).contains(QStringLiteral("Only for /usr/bin/git")));
    QVERIFY(tip(3).contains(QStringLiteral("May lead to this machine or its network")));

    // Switched off and chosen, it could not be read.
    Style style;
    table->setStyle(&style);
    table->setPalette(paletteOf(lightColors()));
    table->setFocus();
    table->setCurrentIndex(table->model()->index(4, RuleModel::Action));
    bench.settle();
    const QImage chosen = picture(4);
    const QColor ground = chosen.pixelColor(chosen.width() - 12, 4);
    double best = 0;
    for (int y = 0; y < chosen.height(); ++y) {
        for (int x = 0; x < chosen.width(); ++x)
            best = qMax(best, contrastRatio(chosen.pixelColor(x, y), ground));
    }
    QVERIFY2(best >= 3.5, qPrintable(QString::number(best))); // strokes are smoothed
    table->setStyle(nullptr);
}

void TestWindowRules::aPolicyFileIsImportedAndExported()
{
    EgressBench bench;
    bench.open();
    bench.showTab(1);
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("policy.toml"));
    bench.prompter.willChooseFile(path);
    bench.click("rules.exportRules");
    QTRY_COMPARE(bench.note(), QStringLiteral("The rules are in %1.").arg(path));
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadWrite));
    QCOMPARE(QString::fromUtf8(file.readAll()),
             QString::fromStdString(bench.backend.policyOf(bench.id).toml));
    file.resize(0);
    file.write("default = \"deny\"\n[[rule]]\nhost = \"*.github.com\"\naction = \"allow\"\n");
    file.close();
    bench.prompter.willChooseFile(path);
    bench.click("rules.importRules");
    QTRY_COMPARE(bench.hosts(), QStringList{"*.github.com"});
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write("default = perhaps\n");
    file.close();
    bench.prompter.willChooseFile(path);
    bench.click("rules.importRules");
    QTRY_COMPARE(bench.errorText(),
                 QStringLiteral("%1 was not imported; the rules are as they were.").arg(path));
    QCOMPARE(bench.hosts(), QStringList{"*.github.com"});
    // What was said of one file is over when another is taken.
    const QString other = folder.filePath(QStringLiteral("other.toml"));
    QFile good(other);
    QVERIFY(good.open(QIODevice::WriteOnly));
    good.write("[[rule]]\nhost = \"b.example\"\naction = \"allow\"\n");
    good.close();
    bench.prompter.willChooseFile(other);
    bench.click("rules.importRules");
    QTRY_COMPARE(bench.hosts(), QStringList{"b.example"});
    QTRY_VERIFY(!bench.isShown("errorStrip.what"));
    const QString nowhere = folder.filePath(QStringLiteral("no/policy.toml"));
    bench.prompter.willChooseFile(nowhere);
    bench.click("rules.exportRules");
    QTRY_COMPARE(bench.errorText(),
                 QStringLiteral("Could not export the rules to %1.").arg(nowhere));
}

void TestWindowRules::aQuestionIsAnswered()
{
    EgressBench bench;
    bench.backend.setPolicy(bench.id, {sampleRule("r1", "allow", "one.example"),
                                       sampleRule("r2", "deny", "two.example")});
    bench.backend.explanation = {.verdict = "deny",
                                 .rule = "r2",
                                 .why = "The rule “r2” denies it.",
                                 .generation = 2,
                                 .secrets = {}};
    bench.open();
    bench.showTab(1);
    QTRY_VERIFY(bench.rules());
    bench.type("rules.question", QStringLiteral("post https://two.example/x"));
    bench.press(Qt::Key_Return);
    QTRY_COMPARE(bench.find<QLabel>("rules.answer")->text(),
                 QStringLiteral("Deny: The rule “r2” denies it.")); // it named the rule twice
    QVERIFY(bench.backend.calls().contains(
        QStringLiteral("explainEgress bench POST https://two.example/x")));
    QCOMPARE(bench.rules()->currentIndex().row(), 1);
    QTest::keyClicks(bench.find("rules.question"), QStringLiteral("y"));
    QVERIFY(!bench.isShown("rules.answer")); // it was about something else
    bench.backend.forgetCalls();
    bench.find<QLineEdit>("rules.question")->clear();
    bench.type("rules.question", QStringLiteral("foo bar baz"));
    bench.press(Qt::Key_Return);
    QVERIFY(bench.find<QLabel>("rules.answer")->text().startsWith(QStringLiteral("Ask like this")));
    QVERIFY(bench.backend.calls().filter(QStringLiteral("explainEgress")).isEmpty());
}

QTEST_MAIN(TestWindowRules)
#include "test_window_rules.moc"
