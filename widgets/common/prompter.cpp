// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/prompter.h"

#include <QCoreApplication>
#include <QDialog>
#include <QFileDialog>
#include <QLabel>
#include <QLineEdit>
#include <QMetaObject>
#include <QPushButton>
#include <QVBoxLayout>

#include "widgets/common/fonts.h"
#include "widgets/common/style.h"

namespace caisson {

namespace {

constexpr int kDialogWidth = 420;

QString tr(const char* text)
{
    return QCoreApplication::translate("Prompter", text);
}

/// Title, body and the row of buttons. The caller adds the body and the accepting button's meaning.
struct DialogParts
{
    QDialog* dialog;
    QVBoxLayout* body;
    QPushButton* cancel;
    QPushButton* accept;
};

DialogParts makeDialog(QWidget* asker, const QString& name, const QString& title,
                       const QString& action)
{
    auto* dialog = new QDialog(asker);
    dialog->setObjectName(name);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowModality(Qt::WindowModal);
    dialog->setWindowTitle(title);
    dialog->setAccessibleName(title);

    auto* heading = new QLabel(title);
    heading->setFont(headingFont());
    heading->setTextFormat(Qt::PlainText);
    heading->setWordWrap(true);

    auto* cancel = new QPushButton(tr("Cancel"));
    cancel->setObjectName(name + QStringLiteral(".cancel"));
    auto* accept = new QPushButton(action);
    accept->setObjectName(name + QStringLiteral(".accept"));
    QObject::connect(cancel, &QPushButton::clicked, dialog, &QDialog::reject);
    QObject::connect(accept, &QPushButton::clicked, dialog, &QDialog::accept);

    auto* body = new QVBoxLayout;
    body->setSpacing(8);
    auto* buttons = new QHBoxLayout;
    buttons->addStretch();
    buttons->addWidget(cancel);
    buttons->addWidget(accept);

    auto* layout = new QVBoxLayout(dialog);
    layout->setContentsMargins(24, 20, 24, 20);
    layout->setSpacing(12);
    layout->addWidget(heading);
    layout->addLayout(body);
    layout->addSpacing(8);
    layout->addLayout(buttons);
    dialog->setFixedWidth(kDialogWidth);
    return {dialog, body, cancel, accept};
}

QLabel* makeText(const QString& text)
{
    auto* label = new QLabel(text);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setForegroundRole(QPalette::PlaceholderText);
    return label;
}

/// Runs `act` from the event loop while `asker` lives: a scripted answer then comes as late as a
/// person's.
void later(QWidget* asker, std::function<void()> act)
{
    QMetaObject::invokeMethod(asker, std::move(act), Qt::QueuedConnection);
}

} // namespace

void DialogPrompter::confirm(QWidget* asker, const Confirmation& question,
                             std::function<void()> onConfirmed)
{
    const DialogParts parts =
        makeDialog(asker, QStringLiteral("confirm"), question.title, question.action);
    parts.body->addWidget(makeText(question.text));
    setButtonKind(parts.accept, ButtonKind::Destructive);
    // Enter must not destroy by reflex: the harmless answer has the focus.
    parts.accept->setAutoDefault(false);
    parts.cancel->setDefault(true);
    parts.cancel->setFocus();
    QObject::connect(parts.dialog, &QDialog::accepted, asker, std::move(onConfirmed));
    parts.dialog->open();
}

void DialogPrompter::askText(QWidget* asker, const TextQuestion& question,
                             std::function<void(const QString&)> onAnswer)
{
    const DialogParts parts =
        makeDialog(asker, QStringLiteral("askText"), question.title, question.action);
    auto* edit = new QLineEdit(question.initial);
    edit->setObjectName(QStringLiteral("askText.edit"));
    edit->setAccessibleName(question.label);
    auto* label = makeText(question.label);
    label->setBuddy(edit);
    auto* objection = makeText({});
    objection->setObjectName(QStringLiteral("askText.objection"));
    objection->setFont(secondaryFont());
    objection->setMinimumHeight(objection->fontMetrics().height());
    parts.body->addWidget(label);
    parts.body->addWidget(edit);
    parts.body->addWidget(objection);
    setButtonKind(parts.accept, ButtonKind::Primary);
    parts.accept->setDefault(true);

    const auto check = [edit, objection, accept = parts.accept, rule = question.objection] {
        const QString text = edit->text();
        const QString why = rule && !text.isEmpty() ? rule(text) : QString();
        objection->setText(why);
        accept->setEnabled(!text.isEmpty() && why.isEmpty());
    };
    QObject::connect(edit, &QLineEdit::textChanged, parts.dialog, check);
    check();
    QObject::connect(parts.dialog, &QDialog::accepted, asker,
                     [edit, answer = std::move(onAnswer)] { answer(edit->text()); });
    // The name without its suffix is what a person wants to replace.
    const qsizetype dot = question.initial.lastIndexOf(u'.');
    edit->setSelection(0, static_cast<int>(dot > 0 ? dot : question.initial.size()));
    edit->setFocus();
    parts.dialog->open();
}

void DialogPrompter::chooseFolder(QWidget* asker, const FolderQuestion& question,
                                  std::function<void(const QString&)> onChosen)
{
    auto* dialog = new QFileDialog(asker, question.title, question.startFolder);
    dialog->setObjectName(QStringLiteral("chooseFolder"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    dialog->setWindowModality(Qt::WindowModal);
    QObject::connect(dialog, &QFileDialog::fileSelected, asker, std::move(onChosen));
    dialog->open();
}

void ScriptedPrompter::confirm(QWidget* asker, const Confirmation& question,
                               std::function<void()> onConfirmed)
{
    m_asked.append(QStringList{question.title, question.text, question.action}.join(u" | "));
    if (!m_confirmations.isEmpty() && m_confirmations.takeFirst())
        later(asker, std::move(onConfirmed));
}

void ScriptedPrompter::askText(QWidget* asker, const TextQuestion& question,
                               std::function<void(const QString&)> onAnswer)
{
    m_asked.append(QStringList{question.title, question.label, question.action}.join(u" | "));
    if (m_texts.isEmpty())
        return;
    const QString text = m_texts.takeFirst();
    if (question.objection && !question.objection(text).isEmpty())
        return;
    later(asker, [text, answer = std::move(onAnswer)] { answer(text); });
}

void ScriptedPrompter::chooseFolder(QWidget* asker, const FolderQuestion& question,
                                    std::function<void(const QString&)> onChosen)
{
    m_asked.append(question.title);
    if (m_folders.isEmpty())
        return;
    later(asker, [path = m_folders.takeFirst(), chosen = std::move(onChosen)] { chosen(path); });
}

} // namespace caisson
