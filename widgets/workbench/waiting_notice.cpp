// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/workbench/waiting_notice.h"

#include <QLocale>

#include "widgets/common/notifier.h"
#include "widgets/models/prompt_model.h"

namespace caisson {

namespace {

constexpr std::chrono::seconds kPause{5};
/// One for all, so that each replaces the one before.
const QString kKey = QStringLiteral("requests");

} // namespace

WaitingNotice::WaitingNotice(Notifier& notifier, const PromptModel& model, QObject* parent)
    : QObject(parent)
    , m_notifier(notifier)
    , m_model(model)
{
    m_pause.setObjectName(QStringLiteral("waitingNotice.pause"));
    m_pause.setParent(this); // so that it is found
    m_pause.setSingleShot(true);
    m_pause.setInterval(kPause);
    connect(&m_pause, &QTimer::timeout, this, [this] {
        if (m_hasNews)
            tell();
    });
    connect(&m_model, &PromptModel::waitingChanged, this, &WaitingNotice::follow);
    connect(&m_notifier, &Notifier::activated, this, [this](const QString& key) {
        if (key == kKey)
            emit chosen();
    });
}

void WaitingNotice::arrived(const QString& sandbox, const QString& prompt, const QString& sentence,
                            const QString& sandboxName)
{
    m_told.insert({sandbox, prompt});
    m_sentence = sentence;
    m_sandboxName = sandboxName;
    m_hasNews = true;
    if (!m_pause.isActive())
        tell();
}

void WaitingNotice::tell()
{
    m_hasNews = false;
    m_isShown = true;
    const auto waiting = static_cast<int>(m_told.size());
    QString title = tr("A request waits");
    if (waiting > 1)
        title = tr("%1 requests wait").arg(QLocale().toString(waiting));
    else if (!m_sandboxName.isEmpty())
        title = tr("A request of “%1” waits").arg(m_sandboxName);
    m_notifier.notify(kKey, title, m_sentence);
    m_pause.start();
}

void WaitingNotice::follow()
{
    forgetGone();
    if (m_told.isEmpty())
        seen();
}

void WaitingNotice::seen()
{
    m_told.clear();
    m_hasNews = false;
    if (std::exchange(m_isShown, false))
        m_notifier.withdraw(kKey);
}

void WaitingNotice::forgetGone()
{
    QSet<std::pair<QString, QString>> waiting;
    for (int row = 0; row < m_model.rowCount() && !m_told.isEmpty(); ++row) {
        const std::pair key(m_model.sandboxAt(row), QString::fromStdString(m_model.at(row).id));
        if (m_model.at(row).count > 0 && m_told.contains(key))
            waiting.insert(key);
    }
    m_told = std::move(waiting);
}

} // namespace caisson
