// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/backend.h"
#include "widgets/models/prompt_model.h"

#include <QHash>
#include <QObject>
#include <QTimer>

namespace caisson {

class SandboxModel;

/// Keeps the prompts of all sandboxes true and answers them. On the GUI thread.
class PromptActions : public QObject
{
    Q_OBJECT
public:
    /// All three outlive it.
    PromptActions(desk::Backend& backend, const SandboxModel& sandboxes, PromptModel& model,
                  QObject* parent = nullptr);

    /// Reads the prompts of every sandbox that runs.
    void refresh();
    void answer(const QString& sandbox, const QString& prompt, const api::AnswerPrompt& answer);

signals:
    /// A request waits that did not when this window last looked.
    void arrived(const QString& sandbox, const QString& prompt);
    /// Of an answer of this window.
    void answered(const caisson::api::Prompt& prompt, const caisson::api::PromptAnswered& outcome);
    /// It is over, and not by this window: a sentence for the person. Of several that end alike, one
    /// soon after the other, each sentence tells of all so far.
    void ended(const QString& sandbox, const QString& sentence);
    /// Nobody knows whether the answer arrived; the prompt is as before.
    void failed(const QString& sandbox, const QString& what, const caisson::Error& error);

private:
    void read(const QString& sandbox);
    void removed(const QString& sandbox, const QString& prompt, const QString& why);
    void tellEnd(const QString& sandbox, const api::Prompt& prompt, const QString& why);
    static QString keyOf(const QString& sandbox, const QString& prompt);

    desk::Backend& m_backend;
    const SandboxModel& m_sandboxes;
    PromptModel& m_model;
    /// Answered by this window, the call under way; and, where its end was told meanwhile, why.
    QHash<QString, QString> m_mine;
    struct Ended
    {
        QString sandbox;
        QString why;
        QStringList names;
    };
    Ended m_ended;     ///< what was told last
    QTimer m_together; ///< runs while more of the same belongs to it
};

} // namespace caisson
