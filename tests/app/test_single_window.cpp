// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/single_window.h"

#include <QCoreApplication>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QtConcurrentRun>
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

using namespace caisson;

class TestSingleWindow : public QObject
{
    Q_OBJECT

private slots:
    void theSecondRaisesTheFirst();
    void aWindowThatWasKilledIsNoFirst();
    void homesHaveTheirOwn();
    void aHomeThatCannotBeMadeStopsNobody();
};

void TestSingleWindow::theSecondRaisesTheFirst()
{
    const QTemporaryDir home;
    const api::Paths paths = api::pathsForHome(home.path().toStdString());
    const SingleWindow first(paths);
    QVERIFY(first.isFirst());
    const QSignalSpy raised(&first, &SingleWindow::raiseAsked);
    const SingleWindow second(paths);
    QVERIFY(!second.isFirst());
    QCOMPARE(second.owner(), QCoreApplication::applicationPid());
    // It waits for the answer, which this thread gives.
    const QFuture<bool> answered = QtConcurrent::run([&second] { return second.raiseOther(); });
    QTRY_VERIFY(answered.isFinished());
    QVERIFY(answered.result());
    QCOMPARE(raised.size(), 1);
}

void TestSingleWindow::aWindowThatWasKilledIsNoFirst()
{
    const QTemporaryDir home;
    const api::Paths paths = api::pathsForHome(home.path().toStdString());
    const pid_t other = ::fork();
    QVERIFY(other >= 0);
    if (other == 0) {
        const SingleWindow window(paths);
        ::kill(::getpid(), SIGKILL);
    }
    QCOMPARE(::waitpid(other, nullptr, 0), other);
    const SingleWindow next(paths);
    QVERIFY(next.isFirst());
    const SingleWindow second(paths);
    const QFuture<bool> answered = QtConcurrent::run([&second] { return second.raiseOther(); });
    QTRY_VERIFY(answered.isFinished());
    QVERIFY(answered.result());
}

void TestSingleWindow::homesHaveTheirOwn()
{
    const QTemporaryDir one;
    const QTemporaryDir other;
    const SingleWindow first(api::pathsForHome(one.path().toStdString()));
    const SingleWindow second(api::pathsForHome(other.path().toStdString()));
    QVERIFY(first.isFirst() && second.isFirst());
}

void TestSingleWindow::aHomeThatCannotBeMadeStopsNobody()
{
    const SingleWindow window(api::pathsForHome("/proc/none"));
    QVERIFY(window.isFirst());
}

QTEST_GUILESS_MAIN(TestSingleWindow)
#include "test_single_window.moc"
