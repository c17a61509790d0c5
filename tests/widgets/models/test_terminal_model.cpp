// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/model_text.h"
#include "widgets/models/terminal_model.h"

#include <QAbstractItemModelTester>
#include <QTest>

using namespace caisson;
using test::modelText;

namespace {

api::Terminal terminal(const char* id, std::vector<std::string> argv, const char* title = "")
{
    api::Terminal made;
    made.id = id;
    made.argv = std::move(argv);
    made.title = title;
    return made;
}

} // namespace

class TestTerminalModel : public QObject
{
    Q_OBJECT

private slots:
    void titlesAreReadable();
    void theOldestComesFirst();
    void namesakesAreNumbered();
    void theOrderOfAPersonIsKept();
    void anEndIsTold_data();
    void anEndIsTold();
};

void TestTerminalModel::titlesAreReadable()
{
    TerminalModel model;
    const QAbstractItemModelTester tester(&model);
    model.reset({terminal("t1-1", {"/bin/bash"}), terminal("t1-2", {"-zsh"}),
                 terminal("t1-3", {"/usr/bin/node", "server.js"}, "server"), terminal("t1-4", {})});
    QCOMPARE(modelText(model), QStringLiteral("bash\nzsh\nserver\nshell\n"));
}

void TestTerminalModel::theOldestComesFirst()
{
    TerminalModel model;
    const QAbstractItemModelTester tester(&model);
    model.reset({terminal("t1-10", {"ten"}), terminal("t1-9", {"nine"})});
    model.put(terminal("t1-11", {"eleven"}));
    QCOMPARE(modelText(model), QStringLiteral("nine\nten\neleven\n"));
    model.remove(QStringLiteral("t1-10"));
    QCOMPARE(modelText(model), QStringLiteral("nine\neleven\n"));
}

/// Every tab was "shell".
void TestTerminalModel::namesakesAreNumbered()
{
    TerminalModel model;
    const QAbstractItemModelTester tester(&model);
    // The second was moved to the front before the restart; it is the second still.
    model.reset({terminal("t1-1", {}), terminal("t1-2", {}), terminal("t1-3", {"/bin/bash"})},
                {QStringLiteral("t1-2"), QStringLiteral("t1-1")});
    QCOMPARE(modelText(model), QStringLiteral("shell 2\nshell\nbash\n"));
    model.put(terminal("t1-4", {}));
    QCOMPARE(modelText(model), QStringLiteral("shell 2\nshell\nbash\nshell 3\n"));
    model.remove(QStringLiteral("t1-1"));
    QCOMPARE(modelText(model), QStringLiteral("shell 2\nbash\nshell 3\n"));
    model.put(terminal("t1-5", {}));
    QCOMPARE(modelText(model), QStringLiteral("shell 2\nbash\nshell 3\nshell\n"));
    model.put(terminal("t1-3", {"/bin/bash"}, "shell"));
    QCOMPARE(modelText(model), QStringLiteral("shell 2\nshell 4\nshell 3\nshell\n"));
    // A title that looks like the number's place.
    TerminalModel other;
    other.reset({terminal("t1-1", {}, "%2"), terminal("t1-2", {}, "%2")});
    QCOMPARE(modelText(other), QStringLiteral("%2\n%2 2\n"));
}

void TestTerminalModel::theOrderOfAPersonIsKept()
{
    TerminalModel model;
    const QAbstractItemModelTester tester(&model);
    model.reset({terminal("t1-1", {"a"}), terminal("t1-2", {"b"}), terminal("t1-3", {"c"})},
                {QStringLiteral("t1-3"), QStringLiteral("gone"), QStringLiteral("t1-1")});
    QCOMPARE(modelText(model), QStringLiteral("c\na\nb\n"));
    model.move(0, 2);
    QCOMPARE(modelText(model), QStringLiteral("a\nb\nc\n"));
    model.move(2, 0);
    QCOMPARE(model.order(),
             QStringList({QStringLiteral("t1-3"), QStringLiteral("t1-1"), QStringLiteral("t1-2")}));
    model.reset({terminal("t1-1", {"a"}), terminal("t1-3", {"c"}), terminal("t1-4", {"d"})});
    QCOMPARE(modelText(model), QStringLiteral("c\na\nd\n"));
}

void TestTerminalModel::anEndIsTold_data()
{
    QTest::addColumn<int>("code");
    QTest::addColumn<int>("signal");
    QTest::addColumn<QString>("text");
    QTest::newRow("well") << 0 << -1 << "Ended";
    QTest::newRow("code") << 3 << -1 << "Ended with exit code 3";
    QTest::newRow("signal") << -1 << 9 << "Ended by signal 9";
}

void TestTerminalModel::anEndIsTold()
{
    QFETCH(const int, code);
    QFETCH(const int, signal);
    QFETCH(const QString, text);
    TerminalModel model;
    const QAbstractItemModelTester tester(&model);
    model.put(terminal("t1-1", {"a"}));
    api::ExitStatus exit;
    if (signal >= 0)
        exit.signal = signal;
    else
        exit.code = code;
    model.setEnded(QStringLiteral("t1-1"), exit);
    QCOMPARE(modelText(model, {TerminalModel::EndedRole, TerminalModel::EndTextRole}),
             QStringLiteral("a|true|%1\n").arg(text));
}

QTEST_MAIN(TestTerminalModel)
#include "test_terminal_model.moc"
