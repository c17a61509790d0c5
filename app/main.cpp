// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/application.h"
#include "app/single_window.h"
#include "widgets/workbench/main_window.h"

#include <QApplication>
#include <cstdio>
#include <string_view>

namespace {

constexpr const char* kUsage =
    "Usage: caisson [--help | --version]\n"
    "\n"
    "Opens the window on this machine's sandboxes, or brings it to the front.\n"
    "\n"
    "CAISSON_HOME=DIR keeps everything of Caisson under DIR.\n";

/// The exit code, when the command line asks for words instead of a window. Without a display a
/// QApplication cannot even be made, so this comes first.
std::optional<int> answered(int argc, char** argv)
{
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--help" || argument == "-h") {
            std::fputs(kUsage, stdout);
            return 0;
        }
        if (argument == "--version") {
            std::puts("caisson " CAISSON_VERSION);
            return 0;
        }
    }
    return std::nullopt;
}

int raiseOther(const caisson::SingleWindow& single)
{
    if (single.raiseOther()) {
        std::puts("caisson: the window is open already; it comes to the front");
        return 0;
    }
    std::fprintf(stderr,
                 "caisson: the window is open already (process %lld) and does not answer; end it, "
                 "then start again: nothing that was typed is lost\n",
                 static_cast<long long>(single.owner()));
    return 125;
}

} // namespace

int main(int argc, char** argv)
{
    if (const std::optional<int> code = answered(argc, argv))
        return *code;
    QApplication qt(argc, argv); // takes the options that are Qt's
    QApplication::setApplicationName(QStringLiteral("Caisson"));
    QApplication::setApplicationVersion(QStringLiteral(CAISSON_VERSION));
    QApplication::setDesktopFileName(QStringLiteral("caisson"));
    if (QApplication::arguments().size() > 1) {
        std::fprintf(stderr, "caisson: there is no option %s\n\n%s",
                     qPrintable(QApplication::arguments().at(1)), kUsage);
        return 2;
    }
    caisson::Result<caisson::api::Paths> paths = caisson::api::pathsFromEnvironment();
    if (!paths) {
        std::fprintf(stderr, "caisson: %s\n", paths.error().message.c_str());
        return 125;
    }
    const caisson::SingleWindow single(*paths);
    if (!single.isFirst())
        return raiseOther(single);
    caisson::Application application(qt, {.paths = std::move(*paths)});
    QWidget& window = application.window();
    QObject::connect(&single, &caisson::SingleWindow::raiseAsked, &window, [&window] {
        window.setWindowState(window.windowState() & ~Qt::WindowMinimized);
        window.raise();
        window.activateWindow();
    });
    window.show();
    return QApplication::exec();
}
