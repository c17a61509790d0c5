// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSet>
#include <QTimer>
#include <utility>

namespace caisson {

class Notifier;
class PromptModel;

/// Tells a person who looks elsewhere that requests wait. A flood of them is one notification that
/// counts: the first is told at once, what comes after it at most once in five seconds.
class WaitingNotice : public QObject
{
    Q_OBJECT
public:
    /// Both outlive it.
    WaitingNotice(Notifier& notifier, const PromptModel& model, QObject* parent = nullptr);

    /// `sandboxName`: empty where nobody knows it.
    void arrived(const QString& sandbox, const QString& prompt, const QString& sentence,
                 const QString& sandboxName);

    /// The person looks at the window, where all that waits is to be seen.
    void seen();

signals:
    /// The person has chosen it.
    void chosen();

private:
    void tell();
    void follow();
    void forgetGone();

    Notifier& m_notifier;
    const PromptModel& m_model;
    QSet<std::pair<QString, QString>>
        m_told; ///< sandbox and prompt, of those that still wait unseen
    QString m_sentence;
    QString m_sandboxName;
    QTimer m_pause;
    bool m_hasNews = false;
    bool m_isShown = false;
};

} // namespace caisson
