// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/application.h"
#include "backend/desk/secret_store.h"
#include "tests/tour/origin.h"
#include "tests/tour/stall_watch.h"
#include "widgets/common/prompter.h"

#include <QApplication>
#include <QDir>
#include <QElapsedTimer>
#include <functional>
#include <memory>

class QTableView;

namespace caisson {
class CodeEditor;
}

namespace caisson::tour {

/// Drives the real window through its main job by object names, as a person would with mouse and
/// keyboard, and keeps a picture of each step in light and dark.
class Tour
{
public:
    /// `home` is Caisson's for the time of the tour; `pictures` exists.
    Tour(QApplication& qt, const QString& home, const QDir& pictures);
    ~Tour();

    /// All steps. Stops at the first that fails.
    bool run();

private:
    struct Step
    {
        QString name;
        std::function<bool()> act;
    };

    bool firstRun();
    bool newSandbox();
    bool createSandbox();
    bool isPromptBack() const;
    bool typeIntoTerminal();
    bool seeFileAppear();
    bool openFile();
    bool editAndSave();
    bool programChangesFile();
    bool reloadFile();
    bool typeIntoLargeFile();
    bool requestWaits();
    bool openPrompt();
    bool answerPrompt();
    bool editRule();
    bool keepSecret();
    bool useSecret();
    bool denyTheRest();
    bool readLog();
    bool restartWindow();
    bool stopSandbox();
    bool startAgain();
    bool removeSandbox();

    void openWindow();
    void takePictures(int number, const QString& name);
    bool standsStill() const;
    bool waitFor(const std::function<bool()>& condition, const char* what);
    bool showSideTab(int tab);
    bool typeInto(const QString& field, const QString& text) const;
    bool isRuleCounted(qint64 hits) const;
    QTableView* table(const QString& name) const;
    QWidget* shown(const QString& name) const;
    CodeEditor* editor() const;
    bool openFromTree(const QByteArray& path);
    bool click(const QString& name);
    bool enterCommand(const QString& command);
    QString terminalText() const;
    bool trigger(const QString& owner, const QString& action);

    QApplication& m_qt;
    api::Paths m_paths;
    QDir m_pictures;
    ScriptedPrompter m_prompter;
    desk::MemoryStore m_secrets;
    Origin m_origin;
    std::unique_ptr<Application> m_application;
    StallWatch m_watch;
    QElapsedTimer m_sinceOpen;
    qint64 m_firstFrame = -1;
};

} // namespace caisson::tour
