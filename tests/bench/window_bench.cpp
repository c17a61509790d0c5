// SPDX-License-Identifier: GPL-3.0-or-later
// What only the window itself can measure. caisson_bench starts it, with CAISSON_HOME set:
//
//   window_bench frame                       says when the first frame of the whole window is painted
//   window_bench terminal SANDBOX TERMINAL   presses Enter in the terminal and shows what comes until
//                                            it ends: "SECONDS LONGEST_TURN_MS LONGEST_COMPUTED_MS"
//   window_bench prompts                     says of each prompt when it is first painted, and when
//                                            it has slid into its place: "PAINTED_NS IN_PLACE_NS", by
//                                            the clock that all processes share (CLOCK_MONOTONIC)
#include "app/application.h"
#include "backend/desk/local_backend.h"
#include "tests/widgets/stall_meter.h"
#include "widgets/egress/prompt_bar.h"
#include "widgets/terminal/terminal_view.h"
#include "widgets/workbench/main_window.h"
#include "widgets/workbench/terminal_page.h"

#include <QApplication>
#include <QPaintEvent>
#include <cstdio>
#include <ctime>
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

qint64 monotonicNs()
{
    std::timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return qint64(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

/// Tells of each prompt that the strip shows, once it is painted.
class PromptWatch : public QObject
{
public:
    explicit PromptWatch(PromptBar& bar)
        : QObject(&bar)
        , m_bar(bar)
        , m_content(*bar.findChild<QWidget*>(QStringLiteral("prompt.content")))
    {
        m_content.installEventFilter(this);
    }

protected:
    bool eventFilter(QObject*, QEvent* event) override
    {
        // Once the event loop turns, what this event paints can be seen.
        if (event->type() == QEvent::Paint)
            QMetaObject::invokeMethod(this, &PromptWatch::look, Qt::QueuedConnection);
        return false;
    }

private:
    void look()
    {
        const qint64 now = monotonicNs();
        if (m_bar.prompt() != m_prompt) {
            m_prompt = m_bar.prompt();
            m_painted = m_prompt.isEmpty() ? 0 : now;
        }
        if (m_painted == 0 || m_content.y() != 0)
            return;
        std::printf("%lld %lld\n", static_cast<long long>(m_painted), static_cast<long long>(now));
        std::fflush(stdout);
        m_painted = 0;
    }

    PromptBar& m_bar;
    QWidget& m_content;
    QString m_prompt;
    qint64 m_painted = 0;
};

int measurePrompts(QApplication& qt, const api::Paths& paths)
{
    Application application(qt, {.paths = paths});
    new PromptWatch(*application.window().findChild<PromptBar*>());
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
    if (words == QStringList{QStringLiteral("prompts")})
        return measurePrompts(qt, *paths);
    if (words.size() == 3 && words[0] == QStringLiteral("terminal"))
        return measureTerminal(qt, *paths, words[1], words[2]);
    std::fputs("Usage: window_bench frame | prompts | terminal SANDBOX TERMINAL\n", stderr);
    return 2;
}
