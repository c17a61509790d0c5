// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/workbench/main_window.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QLocale>
#include <QStackedWidget>

#include "widgets/common/activity_line.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/error_strip.h"
#include "widgets/models/draft_store.h"
#include "widgets/models/file_names.h"
#include "widgets/models/reason.h"
#include "widgets/workbench/sandbox_page.h"
#include "widgets/workbench/status_line.h"
#include "widgets/workbench/workspace.h"

/// What MainWindow tells the person: in a strip, or in the whole window while there is nothing else.
namespace caisson {

namespace {

const QString kLinkTopic = QStringLiteral("link");

} // namespace

void MainWindow::say(const QString& what, const QString& sandbox)
{
    m_noteAbout = sandbox;
    const SandboxPage* page = m_workspace->current();
    const QString name = page && page->id() == sandbox ? QString() : nameAmongSeveral(sandbox);
    m_note->setText(name.isEmpty() ? what : tr("%1: %2").arg(name, what));
    m_note->show();
    m_noteTime.start();
}

void MainWindow::reportCopy(const FolderCopying& copying, const Error& error)
{
    if (error.code != ErrorCode::Cancelled)
        report({.what = tr("Could not copy all of “%1” into “%2”.")
                            .arg(copying.folder, copying.sandboxName),
                .error = error,
                .subject = Subject::Other,
                .again = {}});
}

/// The person may look at another by now.
QString MainWindow::nameAmongSeveral(const QString& sandbox) const
{
    const api::Sandbox* of = m_model.rowCount() > 1 ? m_model.find(sandbox) : nullptr;
    return of ? QString::fromStdString(of->name) : QString();
}

void MainWindow::report(const Failure& failure, const QString& sandbox)
{
    const QString why = reason(failure.error, failure.subject);
    if (!isReady() && failure.again) {
        // There is nothing else to see yet.
        showUnreached(failure.what + QLatin1Char(' ') + why, failure.again);
        return;
    }
    m_errors->report({.what = failure.what,
                      .why = why,
                      .remedy = remedy(failure.error, failure.subject),
                      .action = !failure.again             ? QString()
                                : failure.action.isEmpty() ? tr("Try again")
                                                           : failure.action,
                      .act = failure.again,
                      .dismissed = {},
                      .about = sandbox,
                      .topic = failure.what});
}

/// Not about the sandbox: the report stays when that has gone, and the drafts as long as the report.
void MainWindow::reportLost(const QString& sandbox, const QString& name)
{
    QStringList files;
    for (const QByteArray& path : m_services.drafts.pathsOf(sandbox))
        files += QStringLiteral("“%1”").arg(displayName(lastComponent(path)));
    m_errors->report({.what = name.isEmpty() ? tr("A sandbox was removed by another program.")
                                             : tr("“%1” was removed by another program.").arg(name),
                      .why = tr("What you had not saved in it is kept until you dismiss this: %1.")
                                 .arg(QLocale().createSeparatedList(files)),
                      .remedy = {},
                      .action = tr("Copy the text"),
                      .act = [this, sandbox, name] { copyLost(sandbox, name); },
                      .dismissed = [this, sandbox] { m_services.drafts.removeSandbox(sandbox); },
                      .about = {},
                      .topic = QStringLiteral("lost ") + sandbox});
}

/// Into the clipboard; of several files each below its name, as tail(1) writes them.
void MainWindow::copyLost(const QString& sandbox, const QString& name)
{
    const QList<QByteArray> paths = m_services.drafts.pathsOf(sandbox);
    QList<QFuture<std::optional<Draft>>> drafts;
    for (const QByteArray& path : paths)
        drafts += m_services.drafts.read(sandbox, path);
    QtFuture::whenAll(drafts.begin(), drafts.end())
        .then(this, [this, paths](const QList<QFuture<std::optional<Draft>>>& read) {
            QString text;
            for (qsizetype at = 0; at < read.size(); ++at) {
                const std::optional<Draft> draft = read[at].result();
                if (paths.size() > 1)
                    text += QStringLiteral("==> %1 <==\n").arg(displayName(paths[at]));
                if (draft)
                    text += QString::fromUtf8(draft->bytes);
            }
            QGuiApplication::clipboard()->setText(text);
            say(tr("Copied. You can paste it elsewhere."));
        });
    reportLost(sandbox, name); // a clipboard is soon another's
}

void MainWindow::showUnreached(const QString& sentence, std::function<void()> again)
{
    m_activity->setBusy(false);
    m_unreached->setSentence(sentence);
    m_tryAgain = std::move(again);
    m_body->setCurrentWidget(m_unreached);
}

void MainWindow::showWaiting()
{
    m_body->setCurrentWidget(m_waiting);
    m_activity->setBusy(true);
}

void MainWindow::reportLink(desk::LinkState state, const QString& why)
{
    m_status->setLink(state);
    if (state != desk::LinkState::Connecting)
        m_model.setReachable(state == desk::LinkState::Connected);
    const QString what = tr("Caisson’s service cannot be reached.");
    const QString sentence = asSentence(why);
    if (state == desk::LinkState::Connected) {
        m_isLinkLost = false;
        m_errors->withdraw({}, kLinkTopic);
        if (!isReady())
            showWaiting();
    } else if (state == desk::LinkState::Lost && isReady()) {
        const ErrorReport lost{.what = what,
                               .why = sentence,
                               .remedy = tr("Sandboxes go on; this window tries again by itself."),
                               .action = tr("Try again"),
                               .act = [this] { m_services.backend.retry(); },
                               .dismissed = {},
                               .about = {},
                               .topic = kLinkTopic};
        if (std::exchange(m_isLinkLost, true))
            m_errors->update(lost);
        else
            m_errors->report(lost);
    } else if (state == desk::LinkState::Lost) {
        QStringList sentences{what};
        if (!sentence.isEmpty())
            sentences += sentence;
        sentences += tr("This window tries again by itself.");
        showUnreached(sentences.join(QLatin1Char(' ')), [this] { m_services.backend.retry(); });
    }
}

} // namespace caisson
