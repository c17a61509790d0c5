// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/tour/tour.h"

#include <QProcess>
#include <QTemporaryDir>
#include <cstdio>

/// caisson_tour FOLDER: exits with 1 when a step fails; the pictures are in FOLDER.
int main(int argc, char** argv)
{
    if (argc != 2) {
        std::fprintf(stderr, "Usage: caisson_tour FOLDER\n");
        return 2;
    }
    QApplication qt(argc, argv);
    const QDir pictures(QString::fromLocal8Bit(argv[1]));
    if (!pictures.mkpath(QStringLiteral("."))) {
        std::fprintf(stderr, "caisson_tour: cannot make %s\n", argv[1]);
        return 2;
    }
    // Not below the build: a sandbox's root is an overlay, which not every file system carries.
    const QTemporaryDir home(QStringLiteral("/var/tmp/caisson-tour-XXXXXX"));
    if (!home.isValid()) {
        std::fprintf(stderr, "caisson_tour: cannot make a home: %s\n",
                     qPrintable(home.errorString()));
        return 2;
    }
    const bool passed = caisson::tour::Tour(qt, home.path(), pictures).run();
    // An ordinary user's has files of subordinate ids, which only their namespace can remove.
    QProcess::execute(QCoreApplication::applicationDirPath() + QStringLiteral("/caisson-keeper"),
                      {QStringLiteral("--home"), home.path(), QStringLiteral("--sandbox"),
                       QStringLiteral("none"), QStringLiteral("--remove-folder"),
                       home.filePath(QStringLiteral("bases"))});
    return passed ? 0 : 1;
}
