// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/prompter.h"

#include <QAbstractFileIconProvider>
#include <QCoreApplication>
#include <QDialog>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QLabel>
#include <QMetaObject>
#include <QPushButton>
#include <QVBoxLayout>

#include "widgets/common/file_icons.h"
#include "widgets/common/fonts.h"
#include "widgets/common/icons.h"
#include "widgets/common/keyboard_focus.h"
#include "widgets/common/style.h"

namespace caisson {

namespace {

constexpr int kDialogWidth = 420;

QString tr(const char* text)
{
    return QCoreApplication::translate("Prompter", text);
}

/// The window's own icons instead of the desktop's, which a bare machine has none of.
class FileIcons : public QAbstractFileIconProvider
{
public:
    QIcon icon(IconType type) const override
    {
        return caisson::icon(type == File ? Icon::File : Icon::Folder);
    }
    QIcon icon(const QFileInfo& info) const override
    {
        return caisson::icon(info.isDir() ? Icon::Folder : fileIcon(info.fileName()));
    }
};

void hideParts(QFileDialog& dialog, std::initializer_list<const char*> names)
{
    for (const char* name : names) {
        if (auto* part = dialog.findChild<QWidget*>(QLatin1String(name)))
            part->hide();
    }
}

/// Title, body and the row of buttons. The caller adds the body and the accepting button's meaning.
struct DialogParts
{
    QDialog* dialog;
    QVBoxLayout* body;
    QHBoxLayout* buttons;
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
    heading->setObjectName(name + QStringLiteral(".title"));
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
    return {dialog, body, buttons, cancel, accept};
}

QLabel* makeText(const QString& name, const QString& text)
{
    auto* label = new QLabel(text);
    label->setObjectName(name + QStringLiteral(".text"));
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

DialogPrompter::DialogPrompter()
    : m_icons(std::make_unique<FileIcons>())
{
}

DialogPrompter::~DialogPrompter() = default;

void DialogPrompter::confirm(QWidget* asker, const Confirmation& question,
                             std::function<void()> onConfirmed)
{
    const DialogParts parts =
        makeDialog(asker, QStringLiteral("confirm"), question.title, question.action);
    parts.body->addWidget(makeText(QStringLiteral("confirm"), question.text));
    setButtonKind(parts.accept, ButtonKind::Destructive);
    // Enter must not destroy by reflex: the harmless answer has the focus. Enter presses whichever
    // button has it.
    parts.cancel->setDefault(true);
    parts.cancel->setFocus();
    QObject::connect(parts.dialog, &QDialog::accepted, asker, std::move(onConfirmed));
    openWithRing(*parts.dialog); // which answer Enter gives is always seen
}

void DialogPrompter::choose(QWidget* asker, const Choice& question, std::function<void()> onPrimary,
                            std::function<void()> onOther)
{
    const DialogParts parts =
        makeDialog(asker, QStringLiteral("choose"), question.title, question.primary);
    parts.body->addWidget(makeText(QStringLiteral("choose"), question.text));
    auto* other = new QPushButton(question.other);
    other->setObjectName(QStringLiteral("choose.other"));
    // Away from the others, so that it is not hit for one of them.
    parts.buttons->insertWidget(0, other);
    setButtonKind(parts.accept, ButtonKind::Primary);
    parts.accept->setDefault(true);
    parts.accept->setFocus();
    QWidget::setTabOrder(parts.cancel, parts.accept);
    QWidget::setTabOrder(parts.accept, other);
    QObject::connect(parts.dialog, &QDialog::accepted, asker, std::move(onPrimary));
    QObject::connect(other, &QPushButton::clicked, asker,
                     [dialog = parts.dialog, act = std::move(onOther)] {
                         dialog->reject();
                         act();
                     });
    openWithRing(*parts.dialog); // which answer Enter gives is always seen
}

void DialogPrompter::chooseFolder(QWidget* asker, const FolderQuestion& question,
                                  std::function<void(const QString&)> onChosen)
{
    auto* dialog = new QFileDialog(asker, question.title, question.startFolder);
    dialog->setObjectName(QStringLiteral("chooseFolder"));
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    dialog->setLabelText(QFileDialog::FileName, tr("Folder:"));
    // Where the desktop has no dialog of its own: what means nothing for folders.
    hideParts(*dialog, {"fileTypeLabel", "fileTypeCombo"});
    openFileDialog(dialog, asker, std::move(onChosen));
}

void DialogPrompter::chooseFile(QWidget* asker, const FileQuestion& question,
                                std::function<void(const QString&)> onChosen)
{
    const bool isSaved = question.purpose == FileQuestion::Purpose::Save;
    auto* dialog = new QFileDialog(asker, question.title, QDir::homePath());
    dialog->setObjectName(QStringLiteral("chooseFile"));
    dialog->setFileMode(isSaved ? QFileDialog::AnyFile : QFileDialog::ExistingFile);
    dialog->setAcceptMode(isSaved ? QFileDialog::AcceptSave : QFileDialog::AcceptOpen);
    if (!question.pattern.isEmpty())
        dialog->setNameFilters({question.pattern, tr("All files (*)")});
    if (isSaved) {
        dialog->setDefaultSuffix(QFileInfo(question.name).suffix());
        dialog->selectFile(question.name);
    }
    openFileDialog(dialog, asker, std::move(onChosen));
}

void DialogPrompter::openFileDialog(QFileDialog* dialog, QWidget* asker,
                                    std::function<void(const QString&)> onChosen)
{
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setIconProvider(m_icons.get());
    dialog->setViewMode(QFileDialog::List);
    hideParts(*dialog, {"listModeButton", "detailModeButton"});
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

void ScriptedPrompter::choose(QWidget* asker, const Choice& question,
                              std::function<void()> onPrimary, std::function<void()> onOther)
{
    m_asked.append(
        QStringList{question.title, question.text, question.primary, question.other}.join(u" | "));
    if (!m_answers.isEmpty())
        later(asker,
              m_answers.takeFirst() == Answer::Primary ? std::move(onPrimary) : std::move(onOther));
}

void ScriptedPrompter::chooseFolder(QWidget* asker, const FolderQuestion& question,
                                    std::function<void(const QString&)> onChosen)
{
    m_asked.append(question.title);
    if (m_folders.isEmpty())
        return;
    later(asker, [path = m_folders.takeFirst(), chosen = std::move(onChosen)] { chosen(path); });
}

void ScriptedPrompter::chooseFile(QWidget* asker, const FileQuestion& question,
                                  std::function<void(const QString&)> onChosen)
{
    m_asked.append(question.title);
    if (m_files.isEmpty())
        return;
    later(asker, [path = m_files.takeFirst(), chosen = std::move(onChosen)] { chosen(path); });
}

} // namespace caisson
