// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/workbench/window_fixture.h"
#include "widgets/common/theme.h"
#include "widgets/sandboxes/new_sandbox_dialog.h"

#include <QApplication>
#include <QDir>
#include <QLineEdit>
#include <QListView>
#include <QPlainTextEdit>
#include <QRadioButton>
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
    const QString first = backend.addTerminal(id, kSession);
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
    theme.setAppearance(Appearance::Light);
    shootAll({folder, QStringLiteral("light")});
    return 0;
}
