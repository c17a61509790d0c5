// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/desk/secret_keeper.h"
#include "widgets/models/reason.h"
#include "widgets/models/secret_model.h"
#include "widgets/models/secret_users.h"

#include <QPointer>
#include <QTimer>
#include <QWidget>

class QAction;
class QLabel;
class QLineEdit;
class QPushButton;
class QStackedLayout;
class QTableView;

namespace caisson {

class ActivityLine;
class EmptyState;
class NoticeStrip;
class Prompter;
class SecretDetail;

/// The person's secrets by name: where they were used, when, and by what. A value goes in here, and
/// never comes out.
class SecretsPage : public QWidget
{
    Q_OBJECT
public:
    /// All three outlive it.
    SecretsPage(desk::Backend& backend, desk::SecretKeeper& keeper, Prompter& prompter,
                QWidget* parent = nullptr);

    /// Sandboxes are told by id, and shown by name.
    void setNaming(std::function<QString(const QString&)> nameOf);
    void focusTable();
    /// Opens the form for one of this name, which may be changed.
    void addSecret(const QString& name);

signals:
    void failed(const caisson::Failure& failure);
    void settled(const QString& what);
    void noted(const QString& sentence);

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    enum class Form { Add, Replace, Unlock };
    QAction* makeAction(const QString& name, const QString& text);
    void layOut();
    QWidget* makeForm();
    void connectKeeper();
    void openForm(Form form);
    void closeForm();
    void updateForm();
    void say(const QString& text, QPalette::ColorRole color);
    /// Without the line break that comes along when a file's only line is copied.
    QString value() const;
    void submit();
    void removeCurrent();
    void updatePage();
    void updateActions();
    QString current() const;
    QString lossText(const QString& name) const;

    desk::SecretKeeper& m_keeper;
    Prompter& m_prompter;
    SecretModel m_model;
    SecretUsers m_users;
    QTableView* m_table;
    QStackedLayout* m_pages;
    EmptyState* m_empty;
    ActivityLine* m_activity;
    QWidget* m_tools;
    NoticeStrip* m_locked;
    SecretDetail* m_detail;
    QWidget* m_form;
    QLabel* m_title;
    QLabel* m_nameLabel;
    QLineEdit* m_name;
    QLineEdit* m_value;
    QLabel* m_problem;
    QPushButton* m_accept;
    QPushButton* m_cancel;
    QAction* m_add;
    QAction* m_replace;
    QAction* m_remove;
    Form m_kind = Form::Add;
    QPointer<QWidget> m_opener; ///< had the keyboard before the form
    QString m_sending;          ///< the name whose value is under way
    QString m_stored;           ///< the name that was just put in, until it is listed
    QTimer m_uses;              ///< what uses them is nobody's event
    bool m_isRead = false;
    bool m_isEmptied = false; ///< of a value that was typed, when somebody looked elsewhere
};

} // namespace caisson
