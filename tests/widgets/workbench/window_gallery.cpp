// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/egress_samples.h"
#include "tests/widgets/workbench/window_fixture.h"
#include "widgets/common/theme.h"
#include "widgets/egress/prompt_bar.h"
#include "widgets/models/request_model.h"
#include "widgets/sandboxes/new_sandbox_dialog.h"

#include <QApplication>
#include <QComboBox>
#include <QDir>
#include <QLineEdit>
#include <QListView>
#include <QPlainTextEdit>
#include <QRadioButton>
#include <QTabBar>
#include <QTableView>
#include <QTemporaryDir>
#include <QTreeView>
#include <cstdio>

/// window_gallery DIR writes a picture of the window in each of its states, in light and dark, for
/// a person to look at.
using namespace caisson;
using test::WindowFixture;

namespace {

constexpr const char* kProgram = R"(from flask import Flask, jsonify

app = Flask(__name__)
ORDERS = {17: "shipped", 18: "waiting"}


@app.get("/orders/<int:number>")
def order(number):
    """One order, or 404."""
    state = ORDERS.get(number)
    if state is None:
        return jsonify(error=f"no order {number}"), 404
    return jsonify(number=number, state=state)


if __name__ == "__main__":
    app.run(port=3000)
)";

constexpr const char* kSession =
    "\x1b[32mroot@api-refactor\x1b[0m:\x1b[34m/workspace\x1b[0m# pytest -q\r\n"
    "\x1b[32m........................................................\x1b[0m [ 74%]\r\n"
    "\x1b[32m...................\x1b[0m                                      [100%]\r\n"
    "\x1b[32m75 passed\x1b[0m in 1.92s\r\n"
    "\x1b[32mroot@api-refactor\x1b[0m:\x1b[34m/workspace\x1b[0m# ";

QString fill(test::FakeBackend& backend)
{
    backend.addSandbox(QStringLiteral("bench"), api::SandboxState::Stopped);
    const QString failed =
        backend.addSandbox(QStringLiteral("web-preview"), api::SandboxState::Failed);
    backend.at(failed).sandbox.why = "its keeper was killed";
    const QString id = backend.addSandbox(QStringLiteral("api-refactor"));
    for (const char* folder : {"src", "src/static", "tests", "docs"})
        backend.putFolder(id, QByteArray("/workspace/") + folder);
    backend.putFile(id, "/workspace/src/main.py", kProgram);
    backend.putFile(id, "/workspace/src/orders.py", "ORDERS = {}\n");
    backend.putFile(id, "/workspace/src/server.ts", "export const port = 3000;\n");
    backend.putFile(id, "/workspace/README.md", "# Orders\n");
    backend.putFile(id, "/workspace/package.json", "{}\n");
    backend.putFile(id, "/workspace/run.sh", "#!/bin/sh\n");
    backend.putFile(id, "/workspace/.gitignore", "*.pyc\n");
    backend.putSymlink(id, "/workspace/latest", "src");
    backend.addTerminal(id, kSession);
    backend.addTerminal(id, "$ \r\n");
    return id;
}

class Gallery
{
public:
    Gallery(QString folder, QString suffix)
        : m_folder(std::move(folder))
        , m_suffix(std::move(suffix))
    {
    }
    void shoot(const QString& name, const QWidget& widget) const
    {
        WindowFixture::settle();
        QTest::qWait(60); // the terminal paints by a timer of its own
        const QString path = QStringLiteral("%1/%2-%3.png").arg(m_folder, name, m_suffix);
        const_cast<QWidget&>(widget).grab().save(path);
        std::puts(qPrintable(path));
    }

private:
    QString m_folder;
    QString m_suffix;
};

void openFile(const WindowFixture& fixture, const QString& name)
{
    auto* tree = fixture.find<QTreeView>("files.tree");
    const QModelIndexList found =
        tree->model()->match(tree->model()->index(0, 0), Qt::DisplayRole, name, 1,
                             Qt::MatchExactly | Qt::MatchRecursive);
    tree->setCurrentIndex(found.value(0));
    tree->setFocus();
    fixture.press(Qt::Key_Return);
}

QString ago(int seconds)
{
    return QDateTime::currentDateTimeUtc().addSecs(-seconds).toString(Qt::ISODateWithMs);
}

/// What a sandbox did in an hour of work.
void fillEgress(test::FakeBackend& backend, const QString& id)
{
    using test::sampleEntry;
    using test::sampleRule;
    const auto log = [&](int secondsAgo, api::EgressEntry entry) {
        entry.time = ago(secondsAgo).toStdString();
        backend.logEntry(id, std::move(entry));
    };
    for (int turn = 0; turn < 12; ++turn)
        log(3000 - turn,
            sampleEntry("allow", "GET", "registry.npmjs.org",
                        "/@types%2fnode/-/node-22.10." + std::to_string(turn) + ".tgz", 200));
    log(900, sampleEntry("allow", "GET", "api.github.com", "/repos/example/orders/pulls", 200));
    log(820, sampleEntry("deny", "POST", "telemetry.example-metrics.io", "/v2/collect", 403));
    log(640, sampleEntry("allow", "GET", "pypi.org", "/simple/flask/", 200));
    log(610, sampleEntry("allow", "GET", "files.pythonhosted.org",
                         "/packages/4a/7d/d6b4ef1f5a0b/flask-3.1.0-py3-none-any.whl", 200));
    api::EgressEntry secret =
        sampleEntry("allow", "POST", "api.anthropic.com", "/v1/messages", 200);
    secret.secret = "anthropic";
    log(300, secret);
    api::EgressEntry pinned = sampleEntry("deny", "", "updates.pinned-client.dev", "", 0);
    pinned.scheme = "tls";
    pinned.flag = "pinned";
    pinned.why = "The program ended the connection when it saw the sandbox's certificate.";
    pinned.terminal = "t1-1";
    log(120, pinned);
    api::EgressEntry stream = sampleEntry("tunnel", "", "db.example.co.uk", "", 0);
    stream.scheme = "tcp";
    stream.port = 5432;
    log(60, stream);
    api::EgressEntry nowhere =
        sampleEntry("allow", "GET", "registry.npmjs.org", "/left-pad/-/left-pad-1.3.0.tgz", 502);
    nowhere.why = "The rule “npm” allows it. But the name has no address.";
    nowhere.address = nowhere.contentType = {};
    nowhere.bytesIn = 0;
    log(30, nowhere);
    api::EgressEntry garbage = sampleEntry("deny", "", "api.example.com", "", 400);
    garbage.scheme = "http";
    log(20, garbage);
    log(4, sampleEntry("deny", "DELETE", "api.example.com", "/v1/orders/18", 403));

    std::vector<api::EgressRule> rules{sampleRule("github-read", "allow", "*.github.com"),
                                       sampleRule("npm", "allow", "registry.npmjs.org"),
                                       sampleRule("anthropic", "allow", "api.anthropic.com"),
                                       sampleRule("db", "tunnel", "db.example.co.uk"),
                                       sampleRule("telemetry", "deny", "**.example-metrics.io"),
                                       sampleRule("orders", "ask", "api.example.com"),
                                       sampleRule("old", "allow", "staging.example.com"),
                                       sampleRule("wheels", "allow", "files.pythonhosted.org"),
                                       sampleRule("lab", "allow", ""),
                                       sampleRule("all", "deny", "**.eu.warehouse-gateway.org")};
    rules[0].methods = {"GET", "HEAD"};
    rules[0].path = "/repos/**";
    rules[0].note = "read-only clone";
    rules[1].methods = {"GET", "HEAD"};
    rules[1].expires = ago(-14 * 60 + 20).toStdString();
    rules[5].lasts = "session";
    rules[2].inject = api::EgressInjection{
        .header = "x-api-key", .value = "${secret:anthropic}", .user = {}, .password = {}};
    rules[3].ports = {5432};
    rules[3].isPrivate = true;
    rules[1].process = "/usr/bin/npm";
    rules[5].inject = api::EgressInjection{
        .header = "x-gone", .value = "${secret:gone}", .user = {}, .password = {}};
    rules[6].enabled = false;
    rules[7].methods = {"GET", "HEAD"};
    rules[7].path = "/packages/**";
    rules[8].cidr = "192.0.2.2";
    rules[8].ports = {44249};
    rules[8].methods = {"POST"};
    rules[8].path = "/v1/**";
    rules[8].isPrivate = true;
    rules[8].inject = rules[2].inject;
    rules[9] = rules[8]; // all that there is
    rules[9].id = "all";
    rules[9].action = "deny";
    rules[9].cidr.clear();
    rules[9].host = "**.eu.warehouse-gateway.org";
    rules[9].process = "/usr/bin/npm";
    rules[9].lasts = "session";
    const std::int64_t hits[] = {41, 1204, 7, 1, 3, 0, 0, 0, 2, 0};
    for (std::size_t row = 0; row < rules.size(); ++row) {
        rules[row].hits = hits[row];
        if (hits[row] > 0)
            rules[row].last = ago(static_cast<int>(row) * 700 + 20).toStdString();
    }
    backend.setPolicy(id, rules);
    api::SecretInfo used{.name = "anthropic", .created = {}, .lasts = "keychain", .known = true};
    used.uses.push_back({.sandbox = id.toStdString(),
                         .rule = "anthropic",
                         .host = "api.anthropic.com",
                         .time = ago(300).toStdString(),
                         .process = test::sampleProcess()});
    backend.addSecret(used);
    backend.addSecret({.name = "github", .created = {}, .lasts = "reboot", .known = true});
}

void shootEgress(const Gallery& gallery)
{
    WindowFixture fixture;
    const QString id = fill(fixture.backend);
    fixture.open();
    auto* tabs = fixture.find<QTabBar>("side.tabs");
    gallery.shoot(QStringLiteral("requests-empty"), fixture.window());
    tabs->setCurrentIndex(1);
    gallery.shoot(QStringLiteral("rules-empty"), fixture.window());
    tabs->setCurrentIndex(2);
    gallery.shoot(QStringLiteral("secrets-empty"), fixture.window());
    fillEgress(fixture.backend, id);
    WindowFixture::settle();
    openFile(fixture, QStringLiteral("README.md"));
    auto* secrets = fixture.find<QTableView>("secrets.table");
    secrets->setCurrentIndex(secrets->model()->index(0, 0));
    fixture.click("secrets.replaceSecret");
    gallery.shoot(QStringLiteral("secrets"), fixture.window());
    tabs->setCurrentIndex(0);
    WindowFixture::settle();
    gallery.shoot(QStringLiteral("requests"), fixture.window());
    auto* requests = fixture.find<QTableView>("requests.table");
    const QModelIndexList pinned = requests->model()->match(
        requests->model()->index(0, 0), RequestModel::FlagRole, QStringLiteral("pinned"));
    requests->setCurrentIndex(pinned.first());
    gallery.shoot(QStringLiteral("request-pinned"), fixture.window());
    tabs->setCurrentIndex(1);
    WindowFixture::settle();
    gallery.shoot(QStringLiteral("rules"), fixture.window());
    auto* rules = fixture.find<QTableView>("rules.table");
    rules->setCurrentIndex(rules->model()->index(2, 1));
    fixture.backend.explanation = {.verdict = "allow",
                                   .rule = "anthropic",
                                   .why = "The rule “anthropic” allows api.anthropic.com.",
                                   .generation = 2,
                                   .secrets = {"anthropic"}};
    fixture.find<QLineEdit>("rules.question")
        ->setText(QStringLiteral("POST https://api.anthropic.com/v1/messages"));
    QTest::keyClick(fixture.find("rules.question"), Qt::Key_Return);
    gallery.shoot(QStringLiteral("rule"), fixture.window());
    rules->setFocus();
    rules->edit(rules->model()->index(2, 1));
    fixture.find<QLineEdit>("rules.edit")->setText(QStringLiteral("api*.anthropic.com"));
    gallery.shoot(QStringLiteral("rule-problem"), fixture.window());
    QTest::keyClick(fixture.find("rules.edit"), Qt::Key_Escape);
    fixture.click("rules.addRule");
    gallery.shoot(QStringLiteral("rule-new"), fixture.window());
    QTest::keyClick(fixture.find("rules.edit"), Qt::Key_Escape);
    WindowFixture::settle();
    rules->setCurrentIndex(rules->model()->index(2, 1));
    fixture.find("rule.methods")->setFocus();
    QTest::keyClicks(fixture.find("rule.methods"), QStringLiteral("GET, P@ST"));
    QTest::keyClick(fixture.find("rule.methods"), Qt::Key_Return);
    gallery.shoot(QStringLiteral("rule-wrong"), fixture.window());
    tabs->setCurrentIndex(2);
    fixture.click("secrets.addSecret");
    fixture.find<QLineEdit>("secrets.name")->setText(QStringLiteral("my key"));
    gallery.shoot(QStringLiteral("secret-problem"), fixture.window());
    fixture.find<QLineEdit>("secrets.name")->setText(QStringLiteral("deploy"));
    gallery.shoot(QStringLiteral("secret-new"), fixture.window());
    fixture.click("secrets.cancel");
    tabs->setCurrentIndex(0);

    api::Prompt prompt = test::samplePrompt();
    prompt.terminal = "t1-1";
    fixture.backend.addPrompt(id, prompt);
    WindowFixture::settle();
    QTest::qWait(200);
    gallery.shoot(QStringLiteral("prompt"), fixture.window());
    prompt = test::samplePrompt("a-very-long-name-that-hides-who-it-is.cdn.evil.example", "PUT",
                                "/upload/" + std::string(180, 'x') + "/end.bin");
    prompt.count = 12;
    fixture.backend.addPrompt(id, prompt);
    fixture.backend.addPrompt(fixture.backend.idOf(QStringLiteral("web-preview")),
                              test::samplePrompt("two.example"));
    WindowFixture::settle();
    QTest::qWait(600);
    fixture.click("prompt.more");
    gallery.shoot(QStringLiteral("prompt-open"), fixture.window());
    auto* duration = fixture.find<QComboBox>("prompt.duration");
    duration->setCurrentIndex(duration->findData(QStringLiteral("15m")));
    gallery.shoot(QStringLiteral("prompt-rule"), fixture.window());
    fixture.click("prompt.more");
    fixture.click("prompt.next");
    QTest::qWait(600);
    gallery.shoot(QStringLiteral("prompt-long"), fixture.window());
    const QString gone = fixture.backend.addPrompt(id, test::samplePrompt("gone.example"));
    WindowFixture::settle();
    for (const QString& of : {id, fixture.backend.idOf(QStringLiteral("web-preview"))}) {
        for (const api::Prompt& other : std::vector(fixture.backend.at(of).egress.prompts)) {
            if (other.id != gone.toStdString())
                fixture.backend.endPrompt(of, QString::fromStdString(other.id),
                                          QStringLiteral("gone"));
        }
    }
    fixture.backend.countPrompt(id, gone, 0);
    gallery.shoot(QStringLiteral("prompt-gone"), fixture.window());
    fixture.window().resize(860, 560);
    gallery.shoot(QStringLiteral("narrow"), fixture.window());
    api::Prompt inside =
        test::samplePrompt("h130.flood130.example", "GET", "/p130?" + std::string(200, 'q'));
    inside.scheme = "http";
    inside.port = 80;
    inside.process.cmdline =
        "curl -fsS http://h130.flood130.example/" + std::string(500, 'x') + " -o all.bin";
    fixture.backend.addPrompt(id, inside);
    WindowFixture::settle();
    const auto* bar = fixture.find<PromptBar>("prompt");
    if (!QTest::qWaitFor([&] { return bar && !bar->isGuarded(); }))
        qFatal("The prompt takes no clicks.");
    fixture.click("prompt.more");
    auto* lasting = fixture.find<QComboBox>("prompt.duration");
    lasting->setCurrentIndex(lasting->findData(QStringLiteral("process")));
    gallery.shoot(QStringLiteral("prompt-narrow"), fixture.window());
    fixture.window().resize(720, 480);
    gallery.shoot(QStringLiteral("prompt-narrowest"), fixture.window());
}

/// The panel where there is little room for it, over each page of the right column; and what is over
/// while the keyboard is in it.
void shootSmall(const Gallery& gallery)
{
    WindowFixture fixture;
    fixture.size = QSize(900, 600);
    const QString id = fixture.backend.addSandbox(QStringLiteral("box"));
    fixture.backend.addTerminal(id, kSession);
    fillEgress(fixture.backend, id);
    fixture.open();
    api::Prompt prompt = test::samplePrompt();
    prompt.terminal = "t1-1";
    const QString asked = fixture.backend.addPrompt(id, prompt);
    WindowFixture::settle();
    fixture.find("terminal")->setFocus();
    fixture.press(Qt::CTRL | Qt::SHIFT | Qt::Key_M);
    const QList<std::pair<const char*, const char*>> pages{
        {"requests", "requests.table"}, {"rules", "rules.table"}, {"secrets", "secrets.table"}};
    for (int tab = 0; tab < pages.size(); ++tab) {
        fixture.find<QTabBar>("side.tabs")->setCurrentIndex(tab);
        WindowFixture::settle();
        auto* table = fixture.find<QTableView>(pages[tab].second);
        table->setCurrentIndex(table->model()->index(0, 1));
        gallery.shoot(QStringLiteral("small-") + QLatin1String(pages[tab].first), fixture.window());
    }
    fixture.window().resize(720, 480);
    gallery.shoot(QStringLiteral("smallest-secrets"), fixture.window());
    fixture.window().resize(900, 600);
    WindowFixture::settle();
    fixture.backend.endPrompt(id, fixture.backend.addPrompt(id, test::samplePrompt("two.example")),
                              QStringLiteral("allowed"));
    gallery.shoot(QStringLiteral("small-noted"), fixture.window());
    fixture.backend.endPrompt(id, asked, QStringLiteral("timeout"));
    gallery.shoot(QStringLiteral("prompt-over"), fixture.window());
    fixture.backend.addPrompt(id, test::samplePrompt("two.example"));
    gallery.shoot(QStringLiteral("prompt-parked"), fixture.window());
    fixture.backend.addPrompt(id, test::samplePrompt("three.example"));
    fixture.window().resize(720, 480);
    gallery.shoot(QStringLiteral("prompt-parked-narrowest"), fixture.window());
}

void shootAll(const Gallery& gallery)
{
    {
        WindowFixture fixture;
        fixture.open();
        gallery.shoot(QStringLiteral("first-run"), fixture.window());
        fixture.click("firstRun.new");
        auto* dialog = fixture.find<NewSandboxDialog>("newSandbox");
        const QTemporaryDir home;
        const QString folder = home.filePath(QStringLiteral("Orders API"));
        QDir().mkpath(folder);
        fixture.prompter.willChooseFolder(folder);
        fixture.find<QRadioButton>("newSandbox.copy")->setChecked(true);
        fixture.click("newSandbox.choose");
        gallery.shoot(QStringLiteral("new-sandbox"), *dialog);
        fixture.backend.failNext(QStringLiteral("createSandbox"), ErrorCode::RuntimeFailed,
                                 QStringLiteral("crun could not mount the root: no space is left"));
        fixture.click("newSandbox.create");
        if (!QTest::qWaitFor([&] { return fixture.isShown("newSandbox.error"); }))
            qFatal("the failure is not shown");
        gallery.shoot(QStringLiteral("new-sandbox-failed"), *dialog);
        fixture.find<QRadioButton>("newSandbox.empty")->setChecked(true);
        fixture.find<QLineEdit>("newSandbox.name")->setText(QStringLiteral("orders"));
        fixture.click("newSandbox.create");
        gallery.shoot(QStringLiteral("fresh"), fixture.window());
        for (const char* name : {"orders-2", "orders-3"}) {
            fixture.action("new")->trigger();
            fixture.find<QRadioButton>("newSandbox.copy")->setChecked(true);
            fixture.find<QLineEdit>("newSandbox.name")->setText(QLatin1String(name));
            fixture.find<QLineEdit>("newSandbox.folder")->setText(folder);
            fixture.click("newSandbox.create");
            if (!QTest::qWaitFor([&] { return !fixture.isShown("newSandbox"); }))
                qFatal("the sandbox is not created");
            emit fixture.backend.copyProgress(fixture.backend.copy, 120, 3000);
        }
        fixture.backend.endCopy(desk::CopyOutcome{
            .leftOut = 2, .reasons = {"secret: cannot read it", "key: cannot read it"}});
        gallery.shoot(QStringLiteral("copying"), fixture.window());
    }
    {
        WindowFixture fixture;
        const QString id = fill(fixture.backend);
        fixture.open();
        auto* tree = fixture.find<QTreeView>("files.tree");
        tree->expand(tree->model()->index(2, 0));
        WindowFixture::settle();
        openFile(fixture, QStringLiteral("server.ts"));
        openFile(fixture, QStringLiteral("main.py"));
        gallery.shoot(QStringLiteral("work"), fixture.window());
        QTest::keyClicks(fixture.find<QPlainTextEdit>("editor.text"), QStringLiteral("# mine"));
        QTest::keyClick(fixture.find("editor.text"), Qt::Key_Return);
        fixture.backend.putFile(id, "/workspace/src/main.py", QByteArray(kProgram) + "# theirs\n");
        QTest::qWait(300);
        gallery.shoot(QStringLiteral("changed-on-disk"), fixture.window());
        fixture.action("showKeyboard")->trigger();
        gallery.shoot(QStringLiteral("keyboard"), *fixture.find("keyboard"));
        fixture.click("keyboard.close");
        fixture.window().activateWindow(); // off screen no window manager does it
        fixture.settle();
        auto* list = fixture.find<QListView>("sandboxes.list");
        list->edit(list->currentIndex());
        fixture.find<QLineEdit>("sandboxes.rename")->setText(QStringLiteral("API refactor"));
        gallery.shoot(QStringLiteral("rename"), fixture.window());
        QTest::keyClick(fixture.find("sandboxes.rename"), Qt::Key_Escape);
        DialogPrompter dialogs;
        dialogs.chooseFolder(&fixture.window(),
                             {QStringLiteral("Copy a folder"), QStringLiteral("/usr/share")},
                             [](const QString&) {});
        if (QWidget* dialog = fixture.find("chooseFolder")) {
            gallery.shoot(QStringLiteral("choose-folder"), *dialog);
            dialog->close();
        }
        fixture.backend.setLink(desk::LinkState::Lost,
                                QStringLiteral("Nothing listens at /run/user/1000/caisson."));
        gallery.shoot(QStringLiteral("lost"), fixture.window());
        fixture.backend.setLink(desk::LinkState::Connected);
        fixture.backend.endTerminal(id, QStringLiteral("t1-1"), {.code = 2});
        gallery.shoot(QStringLiteral("ended"), fixture.window());
        fixture.backend.stopSandbox(id);
        gallery.shoot(QStringLiteral("stopped"), fixture.window());
    }
}

} // namespace

int main(int argc, char** argv)
{
    QApplication qt(argc, argv);
    const QString folder = QString::fromLocal8Bit(argc > 1 ? argv[1] : "gallery");
    QDir().mkpath(folder);
    Theme theme(qt, Appearance::Dark);
    shootAll({folder, QStringLiteral("dark")});
    shootEgress({folder, QStringLiteral("dark")});
    shootSmall({folder, QStringLiteral("dark")});
    theme.setAppearance(Appearance::Light);
    shootEgress({folder, QStringLiteral("light")});
    shootSmall({folder, QStringLiteral("light")});
    shootAll({folder, QStringLiteral("light")});
    return 0;
}
