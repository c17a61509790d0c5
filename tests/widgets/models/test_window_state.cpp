// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/file_names.h"
#include "widgets/models/state_file.h"
#include "widgets/models/window_state.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace caisson;

namespace {

WindowState someState()
{
    WindowState state;
    state.geometry = QByteArray("\x01\x02\xff", 3);
    state.columns = {240, 960};
    state.panes = {200, 400};
    state.sandbox = QStringLiteral("0123456789ab");
    state.focus = WindowPart::Side;
    state.side = SideTab::Secrets;
    state.isSideHidden = true;
    state.requests = {300, 200};
    state.rules = {250, 250};
    state.copies = {{.sandbox = state.sandbox, .folder = QStringLiteral("/home/ä b")}};
    SandboxViewState& view = state.sandboxes[state.sandbox];
    view.files = {{.path = "/workspace/a b\xff", .view = {{"position", 12}}},
                  {.path = "/workspace/c", .view = {{"unsaved", "dW5zYXZlZA=="}}}};
    view.activeFile = "/workspace/c";
    view.terminals = {QStringLiteral("t1-2"), QStringLiteral("t1-1")};
    view.activeTerminal = QStringLiteral("t1-1");
    view.splitter = {500, 300};
    view.expandedFolders = {"/workspace/src"};
    view.hiddenFiles = true;
    return state;
}

} // namespace

class TestWindowState : public QObject
{
    Q_OBJECT

private slots:
    void everythingComesBack();
    void aBrokenFileGivesAPlainWindow_data();
    void aBrokenFileGivesAPlainWindow();
    void theFileIsThePersonsAlone();
    void theLastStateWins();
    void namesSortNaturally();
};

void TestWindowState::everythingComesBack()
{
    const WindowState state = someState();
    QCOMPARE(windowStateFromJson(toJson(state)), state);
}

void TestWindowState::aBrokenFileGivesAPlainWindow_data()
{
    QTest::addColumn<QByteArray>("json");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("not JSON") << QByteArray("{\"version\": ");
    QTest::newRow("another shape") << QByteArray("[1, 2]");
    QTest::newRow("wrong types") << QByteArray(
        R"({"columns": "x", "sandboxes": [], "sandbox": 7})");
}

void TestWindowState::aBrokenFileGivesAPlainWindow()
{
    QFETCH(const QByteArray, json);
    QCOMPARE(windowStateFromJson(json), WindowState());
}

void TestWindowState::theFileIsThePersonsAlone()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("new/window.json"));
    {
        StateFile file(path);
        QCOMPARE(file.load(), WindowState());
        file.save(someState());
    }
    QCOMPARE(StateFile(path).load(), someState());
    const auto others = QFileDevice::ReadGroup | QFileDevice::ReadOther;
    QVERIFY(!(QFile::permissions(path) & others));
}

void TestWindowState::theLastStateWins()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("window.json"));
    WindowState state = someState();
    {
        StateFile file(path);
        for (int i = 0; i < 50; ++i) {
            state.columns = {i, i};
            file.save(state);
        }
    }
    QCOMPARE(StateFile(path).load(), state);
}

void TestWindowState::namesSortNaturally()
{
    QVERIFY(naturalLess(u"a2", u"a10"));
    QVERIFY(!naturalLess(u"a10", u"a2"));
    QVERIFY(naturalLess(u"a", u"B"));
    QVERIFY(naturalLess(u"a", u"a1"));
    QVERIFY(!naturalLess(u"a01", u"a1"));
    QVERIFY(!naturalLess(u"a1", u"a01"));
    QVERIFY(naturalLess(u"9999999999999999999998", u"9999999999999999999999"));
}

QTEST_GUILESS_MAIN(TestWindowState)
#include "test_window_state.moc"
