// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/workbench/bench.h"

#include <QAbstractButton>
#include <QLineEdit>
#include <QListView>

using namespace caisson;
using test::Bench;

namespace {

/// Qt's own parts of a widget, and the terminal emulator's.
bool isForeign(const QWidget* widget)
{
    for (; widget; widget = widget->parentWidget()) {
        if (widget->objectName().startsWith(QStringLiteral("qt_")) ||
            widget->inherits("QTermWidget") || widget->inherits("QComboBoxPrivateContainer"))
            return true;
    }
    return false;
}

QString pathOf(const QWidget* widget)
{
    QStringList path;
    for (; widget; widget = widget->parentWidget())
        path.prepend(widget->objectName().isEmpty()
                         ? QLatin1Char('<') +
                               QString::fromLatin1(widget->metaObject()->className()) +
                               QLatin1Char('>')
                         : widget->objectName());
    return path.join(QLatin1Char('/'));
}

/// All that a person meets: files of every kind, a terminal, strips, dialogs, menus.
void openEverything(Bench& bench)
{
    bench.openFile(QStringLiteral("notes.txt"));
    bench.press(QKeySequence::Find);
    bench.select(QStringLiteral("image.bin"));
    bench.press(Qt::Key_Return);
    bench.backend.failNext(QStringLiteral("readFile"), ErrorCode::PermissionDenied);
    bench.select(QStringLiteral("built.o"));
    bench.press(Qt::Key_Return);
    bench.press(Qt::CTRL | Qt::ALT | Qt::Key_1);
    bench.press(Qt::Key_F2);
    bench.find<QLineEdit>("sandboxes.rename")->setText(QStringLiteral("Not a name"));
    bench.tree()->setFocus();
    bench.press(Qt::CTRL | Qt::Key_N);
    bench.action("new")->trigger();
    bench.action("showKeyboard")->trigger();
    bench.action("showMenu")->trigger();
    bench.settle();
}

} // namespace

class TestWindowNames : public QObject
{
    Q_OBJECT

private slots:
    void everyWidgetHasAnObjectName();
    void everythingHasANameForWhoCannotSee();
};

void TestWindowNames::everyWidgetHasAnObjectName()
{
    Bench bench;
    bench.backend.putFile(bench.id, "/workspace/image.bin", QByteArray("\0\1", 2));
    bench.backend.putFile(bench.id, "/workspace/built.o", "x");
    bench.open();
    openEverything(bench);
    DialogPrompter prompter;
    prompter.confirm(&bench.window(), {}, [] {});
    prompter.choose(&bench.window(), {}, [] {}, [] {});
    bench.settle();
    QStringList nameless;
    QList<QWidget*> widgets = bench.window().findChildren<QWidget*>();
    widgets.prepend(&bench.window());
    for (const QWidget* widget : std::as_const(widgets)) {
        if (widget->objectName().isEmpty() && !isForeign(widget))
            nameless += pathOf(widget);
    }
    QCOMPARE(nameless.join(QLatin1Char('\n')), QString());
}

void TestWindowNames::everythingHasANameForWhoCannotSee()
{
    Bench bench;
    bench.open();
    bench.openFile(QStringLiteral("notes.txt"));
    for (const QWidget* widget : bench.window().findChildren<QWidget*>()) {
        if (!widget->isVisible() || widget->focusPolicy() == Qt::NoFocus || widget->focusProxy())
            continue;
        const auto* button = qobject_cast<const QAbstractButton*>(widget);
        const bool isNamed =
            !widget->accessibleName().isEmpty() || (button && !button->text().isEmpty());
        const bool isPart = widget->objectName().startsWith(QStringLiteral("qt_"));
        QVERIFY2(isNamed || isPart, qPrintable(pathOf(widget)));
    }
}

QTEST_MAIN(TestWindowNames)
#include "test_window_names.moc"
