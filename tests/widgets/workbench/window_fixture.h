// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/secret_keeper.h"
#include "tests/support/fake_backend.h"
#include "widgets/common/notifier.h"
#include "widgets/common/prompter.h"
#include "widgets/editor/syntax.h"
#include "widgets/models/draft_store.h"
#include "widgets/models/state_file.h"
#include "widgets/workbench/main_window.h"

#include <QAction>
#include <QDir>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>
#include <QThreadPool>
#include <memory>

namespace caisson::test {

/// Keeps what was said outside of the window.
class FakeNotifier : public Notifier
{
public:
    void notify(const QString& key, const QString& title, const QString& text) override
    {
        ++notified;
        shown.insert(key, title + QStringLiteral(": ") + text);
    }
    void withdraw(const QString& key) override { shown.remove(key); }
    QMap<QString, QString> shown;
    int notified = 0;
};

/// The real window on a host in memory, driven by object names.
class WindowFixture
{
public:
    WindowFixture() { m_folder.setAutoRemove(true); }

    void open()
    {
        m_stateFile = std::make_unique<StateFile>(statePath());
        m_drafts = std::make_unique<DraftStore>(m_folder.filePath(QStringLiteral("unsaved")));
        m_keeper = std::make_unique<desk::SecretKeeper>(backend, secretStore);
        m_window = std::make_unique<MainWindow>(WindowServices{.backend = backend,
                                                               .stateFile = *m_stateFile,
                                                               .drafts = *m_drafts,
                                                               .syntax = m_syntax,
                                                               .prompter = prompter,
                                                               .secrets = *m_keeper,
                                                               .notifier = notifier});
        if (size.isValid())
            m_window->resize(size);
        m_window->show();
        QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
        if (backend.whyUnreachable.isEmpty())
            QTRY_VERIFY(m_window->isReady());
        settle();
    }
    void close()
    {
        m_window->close();
        m_window.reset();
        m_stateFile.reset();
        m_drafts.reset();
    }
    /// The window is gone without having been closed.
    void crash()
    {
        m_window.reset();
        m_stateFile.reset();
        m_drafts.reset();
    }
    QString statePath() const { return m_folder.filePath(QStringLiteral("window.json")); }
    QByteArray state() const
    {
        QFile file(statePath());
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    /// The files in which unsaved text is kept.
    QStringList drafts() const
    {
        QStringList paths;
        const QDir folder(m_folder.filePath(QStringLiteral("unsaved")));
        for (const QString& name : folder.entryList(QDir::Files))
            paths += folder.filePath(name);
        return paths;
    }
    /// Of the only one of them, with its head.
    qint64 draftSize() const
    {
        const QStringList paths = drafts();
        return paths.isEmpty() ? 0 : QFileInfo(paths.first()).size();
    }
    /// The window is closed and opened again on the same host.
    void reopen()
    {
        close();
        open();
    }

    /// What is on the screen under that name; the test fails where there is none.
    template<class T = QWidget>
    T* find(const char* name) const
    {
        for (T* widget : m_window->findChildren<T*>(QString::fromLatin1(name))) {
            if (widget->isVisible())
                return widget;
        }
        return nullptr;
    }
    bool isShown(const char* name) const { return find(name) != nullptr; }
    void click(const char* name) const
    {
        QWidget* widget = find(name);
        QVERIFY2(widget, name);
        QVERIFY2(widget->isEnabled(), name);
        QTest::mouseClick(widget, Qt::LeftButton);
        settle();
    }
    void press(const QKeySequence& keys) const
    {
        QWidget* target = QApplication::focusWidget();
        QTest::keySequence(target ? target : m_window.get(), keys);
        settle();
    }
    QAction* action(const char* name) const
    {
        return m_window->findChild<QAction*>(QString::fromLatin1(name));
    }
    MainWindow& window() const { return *m_window; }

    /// Everything that was asked is answered and shown.
    static void settle()
    {
        for (int turn = 0; turn < 30; ++turn) {
            QCoreApplication::processEvents();
            QThreadPool::globalInstance()->waitForDone(); // texts are encoded there
        }
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    }

    QSize size{1280, 800}; ///< not valid: the window's own
    FakeBackend backend;
    ScriptedPrompter prompter;
    desk::MemoryStore secretStore;
    FakeNotifier notifier;

private:
    QTemporaryDir m_folder;
    Syntax m_syntax;
    std::unique_ptr<StateFile> m_stateFile;
    std::unique_ptr<DraftStore> m_drafts;
    std::unique_ptr<desk::SecretKeeper> m_keeper;
    std::unique_ptr<MainWindow> m_window;
};

} // namespace caisson::test
