// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/tour/stall_watch.h"

#include <QTest>
#include <poll.h>

using namespace caisson;
using namespace std::chrono_literals;

/// What does not count for a stall must not hide one.
class TestStallWatch : public QObject
{
    Q_OBJECT

private slots:
    void namesWhatStalls_data();
    void namesWhatStalls();
};

void TestStallWatch::namesWhatStalls_data()
{
    QTest::addColumn<bool>("computes");
    QTest::newRow("by computing") << true;
    QTest::newRow("by waiting") << false;
}

void TestStallWatch::namesWhatStalls()
{
    QFETCH(const bool, computes);
    tour::StallWatch watch;
    watch.setStep(QStringLiteral("work"));
    QCoreApplication::processEvents();
    const auto end = std::chrono::steady_clock::now() + 200ms;
    while (std::chrono::steady_clock::now() < end) {
        if (!computes)
            ::poll(nullptr, 0, 200); // until the watch's signal, and again
    }
    QTRY_VERIFY(!watch.stalls().isEmpty());
    QVERIFY(watch.stalls().last().startsWith(QStringLiteral("work: ")));
}

QTEST_GUILESS_MAIN(TestStallWatch)
#include "test_stall_watch.moc"
