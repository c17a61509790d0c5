// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/paths.h"
#include "widgets/common/theme.h"

#include <memory>

class QApplication;

namespace caisson {

class DraftStore;
class MainWindow;
class Notifier;
class Prompter;
class StateFile;
class Syntax;

namespace desk {
class Backend;
class SecretKeeper;
class SecretStore;
} // namespace desk

struct ApplicationOptions
{
    api::Paths paths;
    Appearance appearance = Appearance::System;
    /// Who answers in the person's place; outlives the application. Null: the person.
    Prompter* prompter = nullptr;
    /// Where secrets outlive a restart; outlives the application. Null: the desktop's keychain.
    desk::SecretStore* secrets = nullptr;
};

/// The one place where the window's objects are made and handed to each other. Made again, it is
/// the window as it was left.
class Application
{
public:
    Application(QApplication& qt, const ApplicationOptions& options);
    ~Application();
    Application(const Application&) = delete;
    Application& operator=(const Application&) = delete;

    MainWindow& window() { return *m_window; }
    Theme& theme() { return m_theme; }

private:
    // In the order in which they need one another; taken down in the reverse.
    Theme m_theme;
    std::unique_ptr<Prompter> m_dialogs;
    std::unique_ptr<Syntax> m_syntax;
    std::unique_ptr<StateFile> m_stateFile;
    std::unique_ptr<DraftStore> m_drafts;
    std::unique_ptr<desk::Backend> m_backend;
    std::unique_ptr<desk::SecretStore> m_keychain;
    std::unique_ptr<desk::SecretKeeper> m_secrets;
    std::unique_ptr<Notifier> m_notifier;
    std::unique_ptr<MainWindow> m_window;
};

} // namespace caisson
