// SPDX-License-Identifier: GPL-3.0-or-later
// What only the window itself can measure. caisson_bench starts it, with CAISSON_HOME set:
//
//   window_bench frame                       says when the first frame of the whole window is painted
//   window_bench terminal SANDBOX TERMINAL   presses Enter in the terminal and shows what comes until
//                                            it ends: "SECONDS LONGEST_TURN_MS LONGEST_COMPUTED_MS"
#include "app/application.h"
#include "backend/desk/local_backend.h"
#include "tests/widgets/stall_meter.h"
#include "widgets/terminal/terminal_view.h"
#include "widgets/workbench/main_window.h"
#include "widgets/workbench/terminal_page.h"

#include <QApplication>
#include <QPaintEvent>
#include <cstdio>
#include <optional>

namespace {

using namespace caisson;

constexpr int kTooLongMs = 120'000;

/// Ends the program once the event loop turns after the widget's first painting.
class FirstFrame : public QObject
{
public:
    explicit FirstFrame(QWidget* window)
        : QObject(window)
    {
        window->installEventFilter(this);
    }

protected:
    bool eventFilter(QObject*, QEvent* event) override
    {
        if (event->type() == QEvent::Paint) {
            QMetaObject::invokeMethod(
                qApp,
                [] {
                    std::puts("painted");
                    std::fflush(stdout);
                    QApplication::quit();
                },
                Qt::QueuedConnection);
        }
        return false;
    }
};

int measureFrame(QApplication& qt, const api::Paths& paths)
{
    Application application(qt, {.paths = paths});
    new FirstFrame(&application.window());
    application.window().show();
    return QApplication::exec();
}

int measureTerminal(QApplication& qt, const api::Paths& paths, const QString& sandbox,
                    const QString& terminal)
{
    const Theme theme(qt, Appearance::Dark);
    desk::LocalBackend backend(paths);
    backend.connectToHost();
    TerminalPage page(backend, sandbox, terminal);
    // About what a window of 1280 by 800 has left for its terminals when they fill it.
    page.resize(1000, 600);
    page.show();
    if (!runUntil([&] { return page.isCaughtUp(); }, kTooLongMs)) {
        std::fputs("window_bench: the terminal did not come\n", stderr);
        return 1;
    }
    page.repaint(); // the first painting, with its new buffer, is not the terminal's
    bool isOver = false;
    QObject::connect(&page, &TerminalPage::ended, [&] { isOver = true; });
    QElapsedTimer clock;
    std::optional<StallMeter> stalls;
    stalls.emplace();
    clock.start();
    emit page.view()->typed(QByteArray("\r"));
    const bool isShown =
        runUntil([&] { return isOver && page.view()->pendingBytes() == 0; }, kTooLongMs);
    const double seconds = double(clock.nsecsElapsed()) / 1e9;
    if (!isShown) {
        std::fputs("window_bench: the output did not come to its end\n", stderr);
        return 1;
    }
    std::printf("%.4f %.2f %.2f\n", seconds, stalls->longestMs(), stalls->longestThreadMs());
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    QApplication qt(argc, argv);
    const QStringList words = QApplication::arguments().sliced(1);
    const Result<api::Paths> paths = api::pathsFromEnvironment();
    if (!paths) {
        std::fprintf(stderr, "window_bench: %s\n", paths.error().message.c_str());
        return 1;
    }
    if (words == QStringList{QStringLiteral("frame")})
        return measureFrame(qt, *paths);
    if (words.size() == 3 && words[0] == QStringLiteral("terminal"))
        return measureTerminal(qt, *paths, words[1], words[2]);
    std::fputs("Usage: window_bench frame | terminal SANDBOX TERMINAL\n", stderr);
    return 2;
}
