// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/tour/tour.h"

#include "widgets/editor/code_editor.h"
#include "widgets/files/file_tree.h"
#include "widgets/models/file_tree_model.h"
#include "widgets/terminal/terminal_view.h"
#include "widgets/workbench/main_window.h"

#include <QAbstractAnimation>
#include <QAbstractButton>
#include <QAction>
#include <QDeadlineTimer>
#include <QLineEdit>
#include <QPainter>
#include <QPixmap>
#include <QTest>

namespace caisson::tour {

namespace {

constexpr int kPatienceMs = 20'000;
constexpr int kStillMs = 3'000;
constexpr int kLookMs = 80;
constexpr QSize kSize(1280, 800);
const QByteArray kFile = "/workspace/greet.py";

} // namespace

Tour::Tour(QApplication& qt, const QString& home, const QDir& pictures)
    : m_qt(qt)
    , m_paths(api::pathsForHome(home.toStdString()))
    , m_pictures(pictures)
{
}

Tour::~Tour() = default;

bool Tour::run()
{
    QList<Step> steps{
        {QStringLiteral("first-run"), [this] { return firstRun(); }},
        {QStringLiteral("new-sandbox"), [this] { return newSandbox(); }},
        {QStringLiteral("created"), [this] { return createSandbox(); }},
        {QStringLiteral("terminal"), [this] { return typeIntoTerminal(); }},
        {QStringLiteral("file-appears"), [this] { return seeFileAppear(); }},
        {QStringLiteral("file-open"), [this] { return openFile(); }},
        {QStringLiteral("edited-and-saved"), [this] { return editAndSave(); }},
        {QStringLiteral("changed-on-disk"), [this] { return programChangesFile(); }},
        {QStringLiteral("reloaded"), [this] { return reloadFile(); }},
        {QStringLiteral("large-file"), [this] { return typeIntoLargeFile(); }},
        {QStringLiteral("request-waits"), [this] { return requestWaits(); }},
        {QStringLiteral("prompt-open"), [this] { return openPrompt(); }},
        {QStringLiteral("prompt-answered"), [this] { return answerPrompt(); }},
        {QStringLiteral("rule-edited"), [this] { return editRule(); }},
        {QStringLiteral("secret-kept"), [this] { return keepSecret(); }},
        {QStringLiteral("secret-used"), [this] { return useSecret(); }},
        {QStringLiteral("denied"), [this] { return denyTheRest(); }},
        {QStringLiteral("log"), [this] { return readLog(); }},
        {QStringLiteral("restarted"), [this] { return restartWindow(); }},
        {QStringLiteral("stopped"), [this] { return stopSandbox(); }},
        {QStringLiteral("started-again"), [this] { return startAgain(); }},
        {QStringLiteral("removed"), [this] { return removeSandbox(); }},
    };
    if (!m_origin.isThere()) {
        std::printf("SKIP   what goes out: this machine has no address but its loopback\n");
        steps.removeIf([](const Step& step) {
            return QStringList{"request-waits", "prompt-open", "prompt-answered", "rule-edited",
                               "secret-kept",   "secret-used", "denied",          "log"}
                .contains(step.name);
        });
    }
    bool passed = true;
    int number = 0;
    for (const Step& step : steps) {
        m_watch.setStep(step.name);
        passed = step.act();
        std::printf("%s %s\n", passed ? "PASS  " : "FAIL! ", qPrintable(step.name));
        std::fflush(stdout);
        takePictures(++number, passed ? step.name : step.name + QStringLiteral("-failed"));
        if (!passed)
            break;
    }
    std::printf("first frame after %lld ms\n", static_cast<long long>(m_firstFrame));
    std::printf("longest stall of the GUI thread %lld ms\n",
                static_cast<long long>(m_watch.longest().count()));
    for (const QString& stall : m_watch.stalls())
        std::printf("FAIL! stall over 50 ms in %s\n", qPrintable(stall));
    if (m_application)
        m_application->window().close();
    return passed && m_watch.stalls().isEmpty();
}

// ---- the steps ---------------------------------------------------------------------------------

bool Tour::firstRun()
{
    openWindow();
    return waitFor([this] { return shown(QStringLiteral("firstRun.new")) != nullptr; },
                   "the way in");
}

bool Tour::newSandbox()
{
    return click(QStringLiteral("firstRun.new")) &&
           waitFor([this] { return shown(QStringLiteral("newSandbox.name")) != nullptr; },
                   "the question what the sandbox begins with");
}

bool Tour::createSandbox()
{
    auto* name = qobject_cast<QLineEdit*>(shown(QStringLiteral("newSandbox.name")));
    if (!name)
        return false;
    name->setFocus();
    name->selectAll();
    QTest::keyClicks(name, QStringLiteral("api-refactor"));
    if (!click(QStringLiteral("newSandbox.create")) ||
        !waitFor([this] { return terminalText().contains(u'#'); }, "the shell's prompt"))
        return false;
    // Off screen no window manager does it when the dialog has gone.
    m_application->window().activateWindow();
    return true;
}

/// A picture is of something that has come to its end.
bool Tour::isPromptBack() const
{
    return terminalText().trimmed().endsWith(u'#');
}

bool Tour::typeIntoTerminal()
{
    return enterCommand(QStringLiteral("uname -s; pwd; id -un")) &&
           waitFor(
               [this] {
                   return terminalText().contains(QStringLiteral("\nroot")) && isPromptBack();
               },
               "the commands' output");
}

bool Tour::seeFileAppear()
{
    if (!enterCommand(QStringLiteral(
            "mkdir -p src && printf 'def greet(name):\\n    \"\"\"Say hello.\"\"\"\\n"
            "    return f\"Hello, {name}!\"\\n\\n\\nprint(greet(\"world\"))\\n' > "
            "greet.py && python3 greet.py")))
        return false;
    return waitFor([this] { return isPromptBack(); }, "the program's end") &&
           waitFor(
               [this] {
                   const auto trees = m_application->window().findChildren<FileTree*>();
                   return std::ranges::any_of(trees, [](FileTree* tree) {
                       return static_cast<FileTreeModel*>(tree->model())->indexOf(kFile).isValid();
                   });
               },
               "the file in the tree");
}

bool Tour::openFile()
{
    const auto showsText = [this] {
        return editor() && editor()->toPlainText().contains(QStringLiteral("Say hello."));
    };
    return openFromTree(kFile) && waitFor(showsText, "the file's text in an editor");
}

bool Tour::editAndSave()
{
    editor()->setFocus();
    QTest::keyClick(editor(), Qt::Key_End, Qt::ControlModifier);
    QTest::keyClicks(editor(), QStringLiteral("print(greet(\"Caisson\"))"));
    QTest::keyClick(editor(), Qt::Key_Return);
    QTest::keySequence(editor(), QKeySequence::Save);
    return waitFor([this] { return !editor()->document()->isModified(); },
                   "the file to be saved") &&
           enterCommand(QStringLiteral("clear; python3 greet.py")) &&
           waitFor(
               [this] {
                   return terminalText().contains(QStringLiteral("Hello, Caisson!")) &&
                          isPromptBack();
               },
               "the saved file's output");
}

bool Tour::programChangesFile()
{
    editor()->setFocus();
    QTest::keyClicks(editor(), QStringLiteral("# not saved yet"));
    return enterCommand(QStringLiteral("clear; sed -i s/Hello/Welcome/ greet.py; git --version")) &&
           waitFor([this] { return isPromptBack(); }, "the program's end") &&
           waitFor([this] { return shown(QStringLiteral("editor.changed.reload")) != nullptr; },
                   "the question whether to reload");
}

bool Tour::reloadFile()
{
    return click(QStringLiteral("editor.changed.reload")) &&
           waitFor(
               [this] {
                   return editor()->toPlainText().contains(QStringLiteral("Welcome")) &&
                          !editor()->toPlainText().contains(QStringLiteral("not saved yet"));
               },
               "the file as it is on disk");
}

/// Typing in it must be as smooth as in a small one, also where what is not saved is kept.
bool Tour::typeIntoLargeFile()
{
    const auto lengthIs = [this](int lines) {
        return editor() && !editor()->isReadOnly() && editor()->blockCount() == lines;
    };
    if (!enterCommand(QStringLiteral(
            "clear; seq -f 'line %.0f of a large file, as long as a line of a log is' 100000 > "
            "large.log; ls -sh large.log")) ||
        !waitFor([this] { return terminalText().contains(QStringLiteral("M large.log")); },
                 "the large file") ||
        !waitFor([this] { return openFromTree("/workspace/large.log"); },
                 "the large file in the tree") ||
        !waitFor([&] { return lengthIs(100'001); }, "the large file's text"))
        return false;
    editor()->setFocus();
    const QDir unsaved(QString::fromStdString(m_paths.config) + QStringLiteral("/unsaved"));
    const auto draftSize = [&] {
        const QFileInfoList drafts = unsaved.entryInfoList(QDir::Files);
        return drafts.isEmpty() ? 0 : drafts.first().size();
    };
    qint64 kept = editor()->document()->characterCount();
    for (int line = 0; line < 5; ++line) {
        QTest::keyClicks(editor(), QStringLiteral("typed"));
        QTest::keyClick(editor(), Qt::Key_Return);
        if (!waitFor([&] { return draftSize() > kept; }, "what was typed to be kept"))
            return false;
        kept = draftSize();
    }
    QTest::keySequence(editor(), QKeySequence::Save);
    if (!waitFor([this] { return !editor()->document()->isModified(); }, "the file to be saved"))
        return false;
    return enterCommand(QStringLiteral("clear; head -n 6 large.log")) &&
           waitFor([this] { return terminalText().contains(QStringLiteral("\nline 1 of")); },
                   "the saved file's head");
}

bool Tour::restartWindow()
{
    if (!trigger(QString(), QStringLiteral("showEditors")) ||
        !trigger(QString(), QStringLiteral("closeTab")) ||
        !enterCommand(QStringLiteral("clear; echo before the window was closed")))
        return false;
    const QString line = QStringLiteral("before the window was closed");
    const auto showsLine = [&] { return terminalText().split(u'\n').contains(line); };
    if (!waitFor(showsLine, "the line to be found again"))
        return false;
    m_application->window().close();
    m_application.reset();
    openWindow();
    return waitFor(showsLine, "the terminal as it was") &&
           waitFor(
               [this] {
                   return editor() && editor()->toPlainText().contains(QStringLiteral("Welcome"));
               },
               "the open file as it was") &&
           enterCommand(QStringLiteral("echo and it goes on")) &&
           waitFor([this] { return terminalText().contains(QStringLiteral("\nand it goes on")); },
                   "the shell to go on");
}

bool Tour::stopSandbox()
{
    return trigger(QStringLiteral("sandboxes"), QStringLiteral("stop")) &&
           waitFor([this] { return shown(QStringLiteral("files.stopped.action")) != nullptr; },
                   "the offer to start the sandbox");
}

bool Tour::startAgain()
{
    return click(QStringLiteral("files.stopped.action")) &&
           waitFor([this] { return terminalText().contains(u'#'); }, "a new shell") &&
           enterCommand(QStringLiteral("python3 greet.py")) &&
           waitFor([this] { return terminalText().contains(QStringLiteral("Welcome, Caisson!")); },
                   "the file that outlived the stop");
}

bool Tour::removeSandbox()
{
    m_prompter.willConfirm(true);
    return trigger(QStringLiteral("sandboxes"), QStringLiteral("remove")) &&
           waitFor([this] { return shown(QStringLiteral("firstRun.new")) != nullptr; },
                   "the way in again") &&
           m_prompter.asked().size() == 1;
}

// ---- hands and eyes ----------------------------------------------------------------------------

void Tour::openWindow()
{
    m_watch.pause();
    m_sinceOpen.start();
    m_application =
        std::make_unique<Application>(m_qt, ApplicationOptions{.paths = m_paths,
                                                               .appearance = Appearance::Dark,
                                                               .prompter = &m_prompter,
                                                               .secrets = &m_secrets});
    MainWindow& window = m_application->window();
    window.resize(kSize);
    window.show();
    if (!QTest::qWaitForWindowExposed(&window, kPatienceMs))
        std::printf("the window is not exposed\n");
    if (m_firstFrame < 0)
        m_firstFrame = m_sinceOpen.elapsed();
    m_watch.resume();
}

void Tour::takePictures(int number, const QString& name)
{
    m_watch.pause();
    // Away from all that changes under a pointer: the status line's middle.
    MainWindow& window = m_application->window();
    QTest::mouseMove(&window, QPoint(window.width() / 2, window.height() - 4));
    for (const auto& [appearance, word] :
         {std::pair(Appearance::Light, "light"), std::pair(Appearance::Dark, "dark")}) {
        m_application->theme().setAppearance(appearance);
        if (!standsStill())
            std::printf("the window never stands still in %s\n", qPrintable(name));
        const QString file = QStringLiteral("%1-%2-%3.png")
                                 .arg(number, 2, 10, QLatin1Char('0'))
                                 .arg(name, QLatin1String(word));
        QPixmap picture = m_application->window().grab();
        // A window-modal dialog is a window of its own; in the picture it is where a person sees
        // it.
        if (QWidget* dialog = QApplication::activeModalWidget()) {
            QPainter painter(&picture);
            painter.fillRect(QRect(QPoint(), kSize), QColor(0, 0, 0, 60));
            const QPoint corner((kSize.width() - dialog->width()) / 2,
                                (kSize.height() - dialog->height()) / 3);
            painter.drawPixmap(corner, dialog->grab());
        }
        if (!picture.save(m_pictures.filePath(file)))
            std::printf("cannot write %s\n", qPrintable(file));
    }
    m_watch.resume();
}

/// A slide has ended, and what comes through the event loop (texts, a changed palette) is painted: two
/// looks in a row see the same. A caret that blinks is no news for ever.
bool Tour::standsStill() const
{
    MainWindow& window = m_application->window();
    const QDeadlineTimer deadline(kStillMs);
    QImage before;
    while (!deadline.hasExpired()) {
        QTest::qWait(kLookMs);
        const auto slides = window.findChildren<QAbstractAnimation*>();
        if (std::ranges::any_of(slides, [](const QAbstractAnimation* slide) {
                return slide->state() == QAbstractAnimation::Running && slide->totalDuration() > 0;
            }))
            continue;
        const QImage now = window.grab().toImage();
        if (now == before)
            return true;
        before = now;
    }
    return false;
}

bool Tour::waitFor(const std::function<bool()>& condition, const char* what)
{
    // Not QTest::qWaitFor(): it sleeps outside the event loop, which would look like a stall. The
    // watch's beats wake the loop.
    const QDeadlineTimer deadline(kPatienceMs);
    while (!condition() && !deadline.hasExpired())
        QCoreApplication::processEvents(QEventLoop::AllEvents | QEventLoop::WaitForMoreEvents);
    if (condition())
        return true;
    std::printf("waited in vain for %s; the terminal shows:\n%s\n", what,
                qPrintable(terminalText()));
    return false;
}

QWidget* Tour::shown(const QString& name) const
{
    for (QWidget* top : QApplication::topLevelWidgets()) {
        for (QWidget* widget : top->findChildren<QWidget*>(name)) {
            if (widget->isVisible())
                return widget;
        }
    }
    return nullptr;
}

CodeEditor* Tour::editor() const
{
    return qobject_cast<CodeEditor*>(shown(QStringLiteral("editor.text")));
}

bool Tour::openFromTree(const QByteArray& path)
{
    auto* tree = m_application->window().findChild<FileTree*>();
    const QModelIndex index =
        tree ? static_cast<FileTreeModel*>(tree->model())->indexOf(path) : QModelIndex();
    if (!index.isValid())
        return false;
    tree->setCurrentIndex(index);
    tree->setFocus();
    QTest::keyClick(tree, Qt::Key_Return);
    return true;
}

bool Tour::click(const QString& name)
{
    QWidget* widget = shown(name);
    if (!widget || !widget->isEnabled()) {
        std::printf("there is no %s to click\n", qPrintable(name));
        return false;
    }
    QTest::mouseClick(widget, Qt::LeftButton);
    return true;
}

bool Tour::enterCommand(const QString& command)
{
    for (TerminalView* view : m_application->window().findChildren<TerminalView*>()) {
        if (!view->isVisible())
            continue;
        auto* display = view->findChild<QWidget*>(view->objectName() + QStringLiteral(".display"));
        if (!display)
            continue;
        display->setFocus();
        QTest::keyClicks(display, command);
        QTest::keyClick(display, Qt::Key_Return);
        return true;
    }
    std::printf("there is no terminal to type into\n");
    return false;
}

QString Tour::terminalText() const
{
    if (!m_application)
        return {};
    for (const TerminalView* view : m_application->window().findChildren<TerminalView*>()) {
        if (view->isVisible())
            return view->screenText();
    }
    return {};
}

bool Tour::trigger(const QString& owner, const QString& action)
{
    for (QAction* found : m_application->window().findChildren<QAction*>(action)) {
        if ((owner.isEmpty() || found->parent()->objectName() == owner) && found->isEnabled()) {
            found->trigger();
            return true;
        }
    }
    std::printf("there is no action %s of %s\n", qPrintable(action), qPrintable(owner));
    return false;
}

} // namespace caisson::tour
