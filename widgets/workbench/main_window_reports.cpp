// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/workbench/main_window.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QLocale>
#include <QStackedWidget>
#include <algorithm>

#include "widgets/common/activity_line.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/error_strip.h"
#include "widgets/models/reason.h"
#include "widgets/workbench/lost_text.h"
#include "widgets/workbench/status_line.h"

/// What MainWindow tells the person: in a strip, or in the whole window while there is nothing else.
namespace caisson {

namespace {

const QString kLinkTopic = QStringLiteral("link");

} // namespace

void MainWindow::say(const QString& what, const QString& detail)
{
    m_note->setText(what, detail);
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

void MainWindow::report(const Failure& failure, const QString& sandbox)
{
    const QString why = reason(failure.error, failure.subject);
    if (!isReady() && failure.again) {
        // There is nothing else to see yet.
        showUnreached(failure.what + QLatin1Char(' ') + why, failure.again);
        return;
    }
    // The person may look at another by now.
    const api::Sandbox* of = m_model.rowCount() > 1 ? m_model.find(sandbox) : nullptr;
    m_errors->report({.what = of ? tr("%1: %2").arg(QString::fromStdString(of->name), failure.what)
                                 : failure.what,
                      .why = why,
                      .remedy = remedy(failure.error, failure.subject),
                      .action = !failure.again             ? QString()
                                : failure.action.isEmpty() ? tr("Try again")
                                                           : failure.action,
                      .act = failure.again,
                      .about = sandbox,
                      .topic = failure.what});
}

/// Not about the sandbox's id: the report stays when the sandbox has gone.
void MainWindow::reportLost(const QString& sandbox, const QList<LostText>& texts)
{
    QStringList names;
    QStringList parts;
    for (const LostText& lost : texts) {
        names += QStringLiteral("“%1”").arg(lost.name);
        if (texts.size() > 1)
            parts += QStringLiteral("==> %1 <==").arg(lost.name); // as tail(1) parts its files
        parts += lost.text;
    }
    const bool hasText =
        std::ranges::any_of(texts, [](const LostText& lost) { return !lost.text.isEmpty(); });
    m_errors->report({.what = tr("“%1” was removed by another program.").arg(sandbox),
                      .why = tr("What you had not saved in it went with it: %1.")
                                 .arg(QLocale().createSeparatedList(names)),
                      .remedy = {},
                      .action = hasText ? tr("Copy the text") : QString(),
                      .act = [all = parts.join(QLatin1Char(
                                  '\n'))] { QGuiApplication::clipboard()->setText(all); },
                      .about = {},
                      .topic = QStringLiteral("lost ") + sandbox});
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
