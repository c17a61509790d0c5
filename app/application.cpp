// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/application.h"

#include "backend/desk/keychain_store.h"
#include "backend/desk/local_backend.h"
#include "backend/desk/secret_keeper.h"
#include "widgets/common/icons.h"
#include "widgets/common/notifier.h"
#include "widgets/common/prompter.h"
#include "widgets/editor/syntax.h"
#include "widgets/models/draft_store.h"
#include "widgets/models/state_file.h"
#include "widgets/workbench/main_window.h"

#include <QApplication>
#include <QLoggingCategory>

namespace caisson {

Application::Application(QApplication& qt, const ApplicationOptions& options)
    : m_theme(qt, options.appearance)
    , m_dialogs(std::make_unique<DialogPrompter>())
    , m_syntax(std::make_unique<Syntax>())
    , m_stateFile(std::make_unique<StateFile>(
          QString::fromStdString(options.paths.config + "/window.json")))
    , m_drafts(
          std::make_unique<DraftStore>(QString::fromStdString(options.paths.config + "/unsaved")))
    , m_backend(std::make_unique<desk::LocalBackend>(options.paths))
    , m_keychain(std::make_unique<desk::KeychainStore>())
    , m_secrets(std::make_unique<desk::SecretKeeper>(*m_backend, options.secrets ? *options.secrets
                                                                                 : *m_keychain))
    , m_notifier(std::make_unique<DesktopNotifier>())
{
    // What libraries think aloud, such as QTermWidget about its font before it is given ours.
    // QT_LOGGING_RULES overrides it.
    QLoggingCategory::setFilterRules(QStringLiteral("default.debug=false"));
    qt.setWindowIcon(applicationIcon());
    m_window = std::make_unique<MainWindow>(
        WindowServices{.backend = *m_backend,
                       .stateFile = *m_stateFile,
                       .drafts = *m_drafts,
                       .syntax = *m_syntax,
                       .prompter = options.prompter ? *options.prompter : *m_dialogs,
                       .secrets = *m_secrets,
                       .notifier = *m_notifier});
}

Application::~Application() = default;

} // namespace caisson
