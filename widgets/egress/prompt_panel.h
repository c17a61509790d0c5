// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"

#include <QWidget>

class QComboBox;
class QGridLayout;
class QLabel;
class QPushButton;
class QScrollArea;

namespace caisson {

class CommandLabel;
class UrlLabel;

/// A request that waits, in all its parts, and what an answer to it means: for how long, how far,
/// and which rule it becomes. In little height what is told of the request scrolls, and what it is
/// answered with stays.
class PromptPanel : public QWidget
{
    Q_OBJECT
public:
    explicit PromptPanel(QWidget* parent = nullptr);

    /// `sandboxName` is empty where it goes without saying. Another prompt than before is answered
    /// with "once" again, whatever was chosen for the one before.
    void setPrompt(const QString& sandbox, const api::Prompt& prompt, const QString& sandboxName,
                   const QString& terminalTitle);
    /// How many requests of the sandbox wait, this one included, and how many in all.
    void setWaiting(int count, int inAll);

    /// What is chosen, without the verdict.
    api::AnswerPrompt answer() const;
    bool isOnce() const;
    /// "Allow for 15 min": what the buttons say, for what is chosen.
    QString allowText() const;
    QString denyText() const;
    /// All that they could say, for a button that keeps its width.
    static QStringList allowTexts();
    static QStringList denyTexts();
    void focusFirst();
    /// So that nothing scrolls.
    int wantedHeight(int width) const;
    /// So that it can be read and answered.
    int leastHeight(int width) const;

signals:
    void terminalAsked();
    void denyAllAsked();
    void chosen(); ///< something else is chosen now

private:
    QWidget* makeInfo();
    QWidget* makeAnswer();
    void addRow(const QString& title, QWidget* field);
    void fillChoices();
    void updateMeaning();
    QString meaningOf(const std::string& verdict) const;

    QString m_key; ///< sandbox and prompt
    QString m_sandboxName;
    api::Prompt m_prompt;
    QScrollArea* m_scroll;
    QGridLayout* m_grid;
    QWidget* m_answer;
    UrlLabel* m_url;
    QLabel* m_method;
    QLabel* m_inner;
    QLabel* m_chain;
    CommandLabel* m_command;
    QLabel* m_terminal;
    QPushButton* m_jump;
    QLabel* m_waits;
    QPushButton* m_denyAll;
    QComboBox* m_duration;
    QComboBox* m_scope;
    QComboBox* m_methods;
    QLabel* m_meaning;
};

} // namespace caisson
