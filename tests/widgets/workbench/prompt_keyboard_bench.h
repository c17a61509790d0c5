// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/widgets/workbench/prompt_bench.h"

#include <QLineEdit>

namespace caisson::test {

/// The same window, and the keyboard that goes to a request and comes back.
struct KeyboardBench : PromptBench
{
    void review() const
    {
        press(Qt::CTRL | Qt::SHIFT | Qt::Key_M);
        QCOMPARE(QApplication::focusWidget(), find("prompt.duration"));
    }
    /// Whatever has the keyboard gets it, as from a real keyboard.
    void type(const QString& text) const
    {
        QVERIFY(QApplication::focusWidget());
        QTest::keyClicks(QApplication::focusWidget(), text);
        settle();
    }
    QByteArray typed() { return backend.terminalOf(id, terminal).typed; }
    void endElsewhere(const QString& prompt, const char* why = "timeout")
    {
        backend.endPrompt(id, prompt, QString::fromLatin1(why));
        settle();
    }
    /// In the strip, and in nothing of it; where nothing is, keys fall.
    bool isParked() const { return QApplication::focusWidget() == bar() && isShown("prompt.back"); }
    /// The keys that go through a panel and answer, and some for whatever else might get them.
    void pressWhatFalls() const
    {
        for (const Qt::Key key : {Qt::Key_Tab, Qt::Key_Tab, Qt::Key_Return, Qt::Key_Down,
                                  Qt::Key_Return, Qt::Key_Space, Qt::Key_Backtab, Qt::Key_Enter}) {
            QVERIFY(isParked()); // a menu that opens stops the test
            press(key);
        }
        type(QStringLiteral("y"));
    }
    bool isInTerminal() const { return view()->isAncestorOf(QApplication::focusWidget()); }
    QLineEdit* newSecret(const QString& name) const
    {
        find<QTabBar>("side.tabs")->setCurrentIndex(2);
        settle();
        click("secrets.addSecret");
        type(name);
        press(Qt::Key_Tab);
        return find<QLineEdit>("secrets.value");
    }
};

} // namespace caisson::test
