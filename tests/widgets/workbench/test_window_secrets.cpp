// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/workbench/egress_bench.h"
#include "widgets/models/secret_model.h"

#include <QPushButton>

using namespace caisson;
using test::EgressBench;
using test::sampleRule;

/// The right column's secrets.
class TestWindowSecrets : public QObject
{
    Q_OBJECT

private slots:
    void secretsAreKept();
    void theKeyboardStaysWithTheSecrets();
    void theSecretsFormStaysWhereItIs();
    void aSecretIsRemoved();
    void whatPutsASecretInIsTold();
    void aLockedFileIsOpened();
};

void TestWindowSecrets::secretsAreKept()
{
    EgressBench bench;
    bench.open();
    bench.showTab(2);
    bench.click("secrets.empty.action");
    QCOMPARE(QApplication::focusWidget(), bench.find("secrets.name"));
    bench.type("secrets.name", QStringLiteral("my key"));
    bench.type("secrets.value", QStringLiteral("hunter2"));
    QVERIFY(!bench.find("secrets.accept")->isEnabled());
    QVERIFY(!bench.find<QLabel>("secrets.problem")->text().isEmpty());
    bench.find<QLineEdit>("secrets.name")->setText(QStringLiteral("github"));
    QCOMPARE(bench.find<QLineEdit>("secrets.value")->echoMode(), QLineEdit::Password);
    bench.click("secrets.accept");
    QTRY_COMPARE(bench.note(), QStringLiteral("“github” is kept in the desktop’s keychain."));
    QVERIFY(!bench.isShown("secrets.form"));
    QVERIFY(bench.secrets());
    QCOMPARE(bench.secretStore.values.value(QStringLiteral("github")), QStringLiteral("hunter2"));
    QCOMPARE(bench.backend.secretValues["github"], "hunter2");
    // Nothing of it stays in the window.
    for (const QLineEdit* edit : bench.window().findChildren<QLineEdit*>())
        QVERIFY(!edit->text().contains(QStringLiteral("hunter2")));
    bench.secrets()->setCurrentIndex(bench.secrets()->model()->index(0, 0));
    bench.click("secrets.replaceSecret");
    QCOMPARE(QApplication::focusWidget(), bench.find("secrets.value"));
    bench.type("secrets.value", QStringLiteral("hunter3"));
    bench.showTab(1); // thought better of
    bench.showTab(2);
    QVERIFY(bench.find<QLineEdit>("secrets.value")->text().isEmpty());
    bench.type("secrets.value", QStringLiteral("hunter4"));
    bench.press(Qt::Key_Return);
    QTRY_COMPARE(bench.backend.secretValues["github"], "hunter4");
}

/// Fields that were disabled while a value was sent gave the keyboard to the sandbox switcher.
void TestWindowSecrets::theKeyboardStaysWithTheSecrets()
{
    EgressBench bench;
    bench.open();
    bench.showTab(2);
    const auto keep = [&](const char* name) {
        bench.type("secrets.name", QString::fromLatin1(name));
        bench.type("secrets.value", QStringLiteral("hunter2"));
    };
    const auto isOnRow = [&](const char* name) {
        return QApplication::focusWidget() == bench.secrets() &&
               bench.secrets()->currentIndex().data().toString() == QLatin1String(name);
    };
    auto* start = bench.find<QPushButton>("secrets.empty.action");
    start->setFocus(Qt::TabFocusReason);
    bench.press(Qt::Key_Space);
    bench.press(Qt::Key_Escape);
    QCOMPARE(QApplication::focusWidget(), start); // thought better of
    bench.press(Qt::Key_Space);
    keep("zebra");
    bench.press(Qt::Key_Return);
    QTRY_VERIFY(bench.secrets());
    QTRY_VERIFY(isOnRow("zebra")); // in place of the page with the button
    bench.click("secrets.addSecret");
    keep("apple");
    bench.find("secrets.accept")->setFocus(Qt::TabFocusReason);
    bench.press(Qt::Key_Space);
    QTRY_VERIFY(isOnRow("apple"));

    auto* add = bench.find("secrets.addSecret");
    add->setFocus(Qt::TabFocusReason);
    bench.press(Qt::Key_Space);
    bench.press(Qt::Key_Escape);
    QCOMPARE(QApplication::focusWidget(), add);
    // What was not taken is still in front of whoever typed it.
    bench.press(Qt::Key_Space);
    keep("other");
    bench.backend.failNext(QStringLiteral("putSecret"), ErrorCode::Internal);
    bench.press(Qt::Key_Return);
    QTRY_VERIFY(bench.isShown("errorStrip"));
    QCOMPARE(QApplication::focusWidget(), bench.find("secrets.value"));
    QVERIFY(!bench.find<QLineEdit>("secrets.value")->isReadOnly());
    bench.press(Qt::Key_Return);
    QTRY_VERIFY(isOnRow("other"));
}

/// It jumped when the name became one, Name to where Value had been: a value was typed in clear.
void TestWindowSecrets::theSecretsFormStaysWhereItIs()
{
    EgressBench bench;
    bench.open();
    bench.showTab(2);
    bench.click("secrets.empty.action");
    const auto places = [&] {
        QList<QRect> rects;
        for (const char* name : {"secrets.form", "secrets.name", "secrets.value", "secrets.accept"})
            rects += QRect(bench.find(name)->mapToGlobal(QPoint()), bench.find(name)->size());
        return rects;
    };
    const auto problem = [&] { return bench.find<QLabel>("secrets.problem"); };
    const QList<QRect> before = places();
    for (const char* name : {"-", "a key", "github"}) {
        bench.find<QLineEdit>("secrets.name")->setText(QLatin1String(name));
        bench.settle();
        QCOMPARE(places(), before);
        QVERIFY(problem()->heightForWidth(problem()->width()) <= problem()->height());
        const bool isName = QLatin1String(name) == QLatin1String("github");
        QCOMPARE(problem()->foregroundRole(),
                 isName ? QPalette::PlaceholderText : QPalette::BrightText);
        QCOMPARE(bench.find("secrets.name")->property("isWrong").toBool(), !isName);
    }

    // What could not stand in a request is refused here, with its reason.
    auto* value = bench.find<QLineEdit>("secrets.value");
    value->setFocus();
    value->insert(QStringLiteral("-----BEGIN\nabc\n"));
    QCOMPARE(problem()->text(),
             QStringLiteral("A value stands in one line of a request, and this one has several."));
    QVERIFY(!bench.find("secrets.accept")->isEnabled());
    value->clear();
    value->insert(QStringLiteral("hunter2\n")); // copied from a file
    QVERIFY(bench.find("secrets.accept")->isEnabled());

    bench.showTab(1);
    bench.showTab(2);
    QVERIFY(bench.find<QLineEdit>("secrets.value")->text().isEmpty());
    QCOMPARE(bench.find<QLineEdit>("secrets.name")->text(), QStringLiteral("github"));
    QCOMPARE(problem()->text(),
             QStringLiteral("The value was emptied when you looked elsewhere. Put it in again."));
    QCOMPARE(places(), before);
    bench.find<QLineEdit>("secrets.value")->insert(QStringLiteral("hunter2\n"));
    bench.click("secrets.accept");
    QTRY_COMPARE(bench.backend.secretValues["github"], "hunter2");
}

void TestWindowSecrets::aSecretIsRemoved()
{
    EgressBench bench;
    bench.backend.addSecret(
        {.name = "github", .created = {}, .lasts = "reboot", .known = true, .uses = {}});
    bench.open();
    bench.showTab(2);
    QTRY_VERIFY(bench.secrets());
    bench.secrets()->setCurrentIndex(bench.secrets()->model()->index(0, 0));
    bench.prompter.willConfirm(true);
    bench.click("secrets.removeSecret");
    QTRY_VERIFY(bench.isShown("secrets.empty"));
    QVERIFY(bench.backend.secrets.empty());
    QVERIFY(
        bench.prompter.asked().last().startsWith(QStringLiteral("Remove the secret “github”?")));
}

/// Where it was used was the last place of one sandbox, nothing told the rules, and the question spoke
/// of a keychain that had never held it. A rule whose secret was gone looked like any other.
void TestWindowSecrets::whatPutsASecretInIsTold()
{
    EgressBench bench;
    const QString other = bench.backend.addSandbox(QStringLiteral("other"));
    api::EgressRule rule = sampleRule("gh", "allow", "api.github.com");
    rule.inject = api::EgressInjection{
        .header = "Authorization", .value = "Bearer ${secret:github}", .user = {}, .password = {}};
    bench.backend.setPolicy(bench.id, {rule});
    rule.id = "raw";
    rule.host = "raw.github.com";
    bench.backend.setPolicy(other, {rule});
    api::SecretInfo secret{
        .name = "github", .created = {}, .lasts = "reboot", .known = true, .uses = {}};
    const auto use = [&](const QString& sandbox, const char* host) {
        secret.uses.insert(secret.uses.begin(), {.sandbox = sandbox.toStdString(),
                                                 .rule = "gh",
                                                 .host = host,
                                                 .time = "2026-01-02T12:00:00.000Z",
                                                 .process = test::sampleProcess()});
        bench.backend.secrets[secret.name] = secret; // no event tells of it
    };
    use(bench.id, "api.github.com");
    bench.open();
    bench.showTab(2);
    QTRY_VERIFY(bench.secrets());
    const auto where = [&] {
        return bench.secrets()->model()->index(0, SecretModel::Where).data().toString();
    };
    QCOMPARE(where(), QStringLiteral("api.github.com in bench"));
    bench.secrets()->setCurrentIndex(bench.secrets()->model()->index(0, 0));
    const auto detail = [&] {
        return bench.find<QLabel>("secrets.rules")->text() + QLatin1Char('\n') +
               bench.find<QLabel>("secrets.uses")->text();
    };
    QTRY_VERIFY2(detail().contains(QStringLiteral("rule gh in bench, for api.github.com")),
                 qPrintable(detail()));
    QVERIFY(detail().contains(QStringLiteral("rule raw in other, for raw.github.com")));
    // Those of one that does not run, too: it will need the secret when it is started.
    bench.backend.setState(other, api::SandboxState::Stopped);
    bench.showTab(1);
    bench.showTab(2);
    QTRY_VERIFY(bench.secrets());
    bench.secrets()->setCurrentIndex(bench.secrets()->model()->index(0, 0));
    QTRY_VERIFY(detail().contains(QStringLiteral("rule raw in other")));
    use(other, "raw.github.com");
    QTRY_COMPARE_WITH_TIMEOUT(where(), QStringLiteral("raw.github.com in other, and 1 more"),
                              30'000);
    QVERIFY(detail().contains(QStringLiteral("api.github.com in bench, rule gh, by")));

    bench.showTab(1);
    QTRY_VERIFY(bench.rules());
    const auto missing = [&] {
        return bench.rules()->model()->index(0, 0).data(RuleModel::MissingRole).toString();
    };
    QCOMPARE(missing(), QString());
    bench.rules()->setCurrentIndex(bench.rules()->model()->index(0, RuleModel::Host));
    QVERIFY(!bench.isShown("rule.missing"));
    bench.showTab(2);
    bench.prompter.willConfirm(true);
    bench.click("secrets.removeSecret");
    const QString asked = bench.prompter.asked().last();
    QVERIFY2(asked.contains(QStringLiteral("rule gh in bench, for api.github.com; rule raw in "
                                           "other, for raw.github.com")),
             qPrintable(asked));
    QVERIFY(!asked.contains(QStringLiteral("keychain")));
    QTRY_VERIFY(bench.isShown("secrets.empty"));
    bench.showTab(1);
    QTRY_COMPARE(missing(), QStringLiteral("github"));
    QVERIFY(bench.isShown("rule.missing"));
    QVERIFY(bench.find<QLabel>("rule.missing")
                ->text()
                .startsWith(QStringLiteral("There is no secret “github”.")));
}

void TestWindowSecrets::aLockedFileIsOpened()
{
    EgressBench bench;
    bench.backend.secretsLocked = true;
    bench.open();
    bench.showTab(2);
    QTRY_VERIFY(bench.isShown("secrets.locked"));
    bench.click("secrets.locked.unlock");
    bench.type("secrets.value", QStringLiteral("wrong"));
    bench.backend.failNext(QStringLiteral("unlockSecrets"), ErrorCode::PermissionDenied,
                           QStringLiteral("that is not its passphrase"));
    bench.press(Qt::Key_Return);
    QTRY_VERIFY(bench.isShown("secrets.problem"));
    QCOMPARE(bench.find<QLabel>("secrets.problem")->text(),
             QStringLiteral("That is not its passphrase."));
    QVERIFY(bench.find<QLineEdit>("secrets.value")->text().isEmpty());
    bench.type("secrets.value", QStringLiteral("right"));
    bench.press(Qt::Key_Return);
    QTRY_VERIFY(!bench.isShown("secrets.locked"));
    QVERIFY(!bench.isShown("secrets.form"));
}

QTEST_MAIN(TestWindowSecrets)
#include "test_window_secrets.moc"
