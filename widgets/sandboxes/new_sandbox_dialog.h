// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/models/sandbox_actions.h"

#include <QDialog>

class QAbstractButton;
class QButtonGroup;
class QLabel;
class QLineEdit;
class QPushButton;
class QVBoxLayout;

namespace caisson {

class ActivityLine;
class Prompter;

/// Asks what a new sandbox begins with, and stays until it is there: what goes wrong is said here,
/// with everything that was typed still in place. Window-modal; open it with open().
class NewSandboxDialog : public QDialog
{
    Q_OBJECT
public:
    /// Both outlive it.
    NewSandboxDialog(SandboxActions& actions, Prompter& prompter, QWidget* parent);

    /// What is being created is abandoned.
    void reject() override;

private:
    QAbstractButton* choice(SandboxContent content) const;
    QWidget* makeChoice(SandboxContent content, const QString& name, const QString& title,
                        const QString& explanation);
    QWidget* makeFolderRow();
    SandboxContent content() const;
    void chooseFolder();
    void takeFolder(const QString& folder);
    void refresh();
    void create();
    void showError(const QString& sentence);
    void setCreation(quint64 creation);
    void setBusy(bool isBusy);

    SandboxActions& m_actions;
    Prompter& m_prompter;
    QLineEdit* m_name;
    QLabel* m_nameProblem;
    QButtonGroup* m_choices;
    QVBoxLayout* m_choiceRows;
    QWidget* m_folderRow;
    QLineEdit* m_folder;
    QPushButton* m_choose;
    QLabel* m_error;
    ActivityLine* m_activity;
    QPushButton* m_cancel;
    QPushButton* m_create;
    QString m_suggested;    ///< the name that was taken from the folder's
    quint64 m_creation = 0; ///< under way; 0: none
    bool m_isBusy = false;  ///< with that, or with looking whether it can be
};

} // namespace caisson
