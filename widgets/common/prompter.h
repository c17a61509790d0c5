// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QPointer>
#include <QString>
#include <QStringList>

#include <functional>
#include <memory>

class QAbstractFileIconProvider;
class QFileDialog;
class QWidget;

namespace caisson {

/// A question asked only where there is no way back.
struct Confirmation
{
    QString title;  ///< the question, e.g. "Remove “bench”?"
    QString text;   ///< names what will be lost
    QString action; ///< the verb on the button, e.g. "Remove"
};

/// A question with two answers that do something, beside the one that leaves all as it is.
struct Choice
{
    QString title;
    QString text;    ///< what each of them means
    QString primary; ///< the verb on the button that Enter presses; "&" marks a key
    QString other;   ///< the same for the other, which is not undone
};

struct FolderQuestion
{
    QString title;
    QString startFolder;
};

struct FileQuestion
{
    enum class Purpose { Open, Save };
    QString title;
    Purpose purpose = Purpose::Open;
    QString name;    ///< that is offered, for Save; may have a folder
    QString pattern; ///< of names, e.g. "Policy files (*.toml)"
};

/// Every question to the person goes through here, so that a test can answer in their place.
/// Answers arrive later, on the GUI thread, and only while `asker` lives; there is no nested event
/// loop. Nothing is called when the asker, or the window it is in, goes away first.
class Prompter
{
public:
    virtual ~Prompter() = default;

    /// Calls `onConfirmed` only when the answer is yes.
    virtual void confirm(QWidget* asker, const Confirmation& question,
                         std::function<void()> onConfirmed) = 0;

    /// Calls one of the two, or none.
    virtual void choose(QWidget* asker, const Choice& question, std::function<void()> onPrimary,
                        std::function<void()> onOther) = 0;

    /// Calls `onChosen` with the absolute path of an existing folder of this machine.
    virtual void chooseFolder(QWidget* asker, const FolderQuestion& question,
                              std::function<void(const QString&)> onChosen) = 0;

    /// Calls `onChosen` with the absolute path of a file of this machine; that it may replace one
    /// that is there, the person has said.
    virtual void chooseFile(QWidget* asker, const FileQuestion& question,
                            std::function<void(const QString&)> onChosen) = 0;
};

/// Asks with window-modal dialogs.
class DialogPrompter : public Prompter
{
public:
    DialogPrompter();
    ~DialogPrompter() override;

    void confirm(QWidget* asker, const Confirmation& question,
                 std::function<void()> onConfirmed) override;
    void choose(QWidget* asker, const Choice& question, std::function<void()> onPrimary,
                std::function<void()> onOther) override;
    void chooseFolder(QWidget* asker, const FolderQuestion& question,
                      std::function<void(const QString&)> onChosen) override;
    void chooseFile(QWidget* asker, const FileQuestion& question,
                    std::function<void(const QString&)> onChosen) override;

private:
    void openFileDialog(QFileDialog* dialog, QWidget* asker,
                        std::function<void(const QString&)> onChosen);

    std::unique_ptr<QAbstractFileIconProvider> m_icons;
};

/// Answers from a script and keeps what was asked: for tests and the tour. A question without an
/// answer waiting is declined.
class ScriptedPrompter : public Prompter
{
public:
    void willConfirm(bool isConfirmed) { m_confirmations.append(isConfirmed); }
    enum class Answer { Primary, Other };
    void willChoose(Answer answer) { m_answers.append(answer); }
    void willChooseFolder(const QString& path) { m_folders.append(path); }
    void willChooseFile(const QString& path) { m_files.append(path); }

    /// "TITLE | TEXT | ACTION" of every question, in order.
    const QStringList& asked() const { return m_asked; }

    void confirm(QWidget* asker, const Confirmation& question,
                 std::function<void()> onConfirmed) override;
    void choose(QWidget* asker, const Choice& question, std::function<void()> onPrimary,
                std::function<void()> onOther) override;
    void chooseFolder(QWidget* asker, const FolderQuestion& question,
                      std::function<void(const QString&)> onChosen) override;
    void chooseFile(QWidget* asker, const FileQuestion& question,
                    std::function<void(const QString&)> onChosen) override;

private:
    QList<bool> m_confirmations;
    QList<Answer> m_answers;
    QStringList m_folders;
    QStringList m_files;
    QStringList m_asked;
};

} // namespace caisson
