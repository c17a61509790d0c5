// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/sandboxes/new_sandbox_dialog.h"

#include <QButtonGroup>
#include <QDir>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QtConcurrentRun>

#include "widgets/common/activity_line.h"
#include "widgets/common/fonts.h"
#include "widgets/common/prompter.h"
#include "widgets/common/style.h"
#include "widgets/models/reason.h"
#include "widgets/models/sandbox_name.h"

namespace caisson {

namespace {

constexpr int kWidth = 460;
constexpr int kMargin = 24;

QLabel* makeNote(const QString& name)
{
    auto* label = new QLabel;
    label->setObjectName(name);
    label->setFont(secondaryFont());
    label->setForegroundRole(QPalette::PlaceholderText);
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    return label;
}

/// "~" as a shell has it.
QString withHome(const QString& path)
{
    if (path == QLatin1String("~") || path.startsWith(QLatin1String("~/")))
        return QDir::homePath() + path.sliced(1);
    return path;
}

/// Why a folder can be neither copied nor shared, with what to do; empty when it can.
QString folderProblem(const QString& path)
{
    const auto tr = [](const char* text) { return NewSandboxDialog::tr(text); };
    if (!QDir::isAbsolutePath(path))
        return tr("Give the folder’s whole path, beginning with “/”, or choose one.");
    const QFileInfo folder(path);
    if (!folder.exists())
        return tr("There is no folder %1 on this machine. Correct the path, or choose one.")
            .arg(path);
    if (!folder.isDir())
        return tr("%1 is a file. Choose the folder it is in, or another one.").arg(path);
    if (!folder.isReadable() || !folder.isExecutable())
        return tr("You may not read the folder %1. Choose another, or change its permissions.")
            .arg(path);
    return {};
}

} // namespace

NewSandboxDialog::NewSandboxDialog(SandboxActions& actions, Prompter& prompter, QWidget* parent)
    : QDialog(parent)
    , m_actions(actions)
    , m_prompter(prompter)
    , m_name(new QLineEdit)
    , m_nameProblem(makeNote(QStringLiteral("newSandbox.nameProblem")))
    , m_choices(new QButtonGroup(this))
    , m_choiceRows(new QVBoxLayout)
    , m_folderRow(makeFolderRow())
    , m_error(makeNote(QStringLiteral("newSandbox.error")))
    , m_activity(new ActivityLine)
    , m_cancel(new QPushButton(tr("Cancel")))
    , m_create(new QPushButton(tr("Create")))
{
    setObjectName(QStringLiteral("newSandbox"));
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowModality(Qt::WindowModal);
    setWindowTitle(tr("New sandbox"));
    setAccessibleName(windowTitle());
    setFixedWidth(kWidth);

    auto* heading = new QLabel(windowTitle());
    heading->setObjectName(QStringLiteral("newSandbox.title"));
    heading->setFont(headingFont());
    m_name->setObjectName(QStringLiteral("newSandbox.name"));
    m_name->setAccessibleName(tr("Name"));
    m_name->setPlaceholderText(tr("Made up if left empty"));
    auto* nameLabel = new QLabel(tr("&Name"));
    nameLabel->setObjectName(QStringLiteral("newSandbox.nameLabel"));
    nameLabel->setBuddy(m_name);

    auto* beginsLabel = new QLabel(tr("What is in it at first"));
    beginsLabel->setObjectName(QStringLiteral("newSandbox.begins"));
    m_choiceRows->setSpacing(4);
    m_choiceRows->addWidget(makeChoice(SandboxContent::Empty, QStringLiteral("newSandbox.empty"),
                                       tr("N&othing"), tr("A place to start from scratch.")));
    m_choiceRows->addWidget(makeChoice(SandboxContent::CopiedFolder,
                                       QStringLiteral("newSandbox.copy"), tr("A &copy of a folder"),
                                       tr("Your folder stays as it is, whatever happens inside.")));
    m_choiceRows->addWidget(makeChoice(SandboxContent::MountedFolder,
                                       QStringLiteral("newSandbox.mount"),
                                       tr("A folder &shared with this machine"),
                                       tr("Inside and here are the same files: what is changed or "
                                          "deleted inside is so here, too.")));
    choice(SandboxContent::Empty)->setChecked(true);

    m_activity->setObjectName(QStringLiteral("newSandbox.activity"));
    m_activity->hide();
    m_error->setForegroundRole(QPalette::BrightText);
    m_error->hide();
    m_cancel->setObjectName(QStringLiteral("newSandbox.cancel"));
    m_create->setObjectName(QStringLiteral("newSandbox.create"));
    m_create->setDefault(true);
    setButtonKind(m_create, ButtonKind::Primary);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addStretch();
    buttons->addWidget(m_cancel);
    buttons->addWidget(m_create);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(kMargin, 20, kMargin, 20);
    layout->setSpacing(4);
    layout->addWidget(heading);
    layout->addSpacing(12);
    layout->addWidget(nameLabel);
    layout->addWidget(m_name);
    layout->addWidget(m_nameProblem);
    layout->addSpacing(8);
    layout->addWidget(beginsLabel);
    layout->addLayout(m_choiceRows);
    layout->addSpacing(8);
    layout->addWidget(m_error);
    layout->addWidget(m_activity);
    layout->addSpacing(8);
    layout->addLayout(buttons);

    const auto wishChanged = [this] {
        m_error->hide(); // it was about another wish
        refresh();
    };
    connect(m_name, &QLineEdit::textChanged, this, wishChanged);
    connect(m_folder, &QLineEdit::textChanged, this, wishChanged);
    connect(m_choices, &QButtonGroup::idToggled, this, wishChanged);
    connect(m_cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_create, &QPushButton::clicked, this, &NewSandboxDialog::create);
    connect(&m_actions, &SandboxActions::created, this, [this](const QString&, quint64 creation) {
        if (creation == m_creation)
            accept();
    });
    connect(&m_actions, &SandboxActions::createFailed, this,
            [this](const Error& error, quint64 creation) {
                if (creation != m_creation)
                    return;
                setCreation(0);
                showError(tr("The sandbox was not created. %1").arg(reason(error, Subject::Other)));
            });
    refresh();
    // The row of the folder is put in later than the buttons, and moves.
    setTabOrder({m_name, choice(SandboxContent::Empty), choice(SandboxContent::CopiedFolder),
                 choice(SandboxContent::MountedFolder), m_folder, m_choose, m_cancel, m_create});
    m_name->setFocus();
}

QAbstractButton* NewSandboxDialog::choice(SandboxContent content) const
{
    return m_choices->button(static_cast<int>(content));
}

QWidget* NewSandboxDialog::makeChoice(SandboxContent content, const QString& name,
                                      const QString& title, const QString& explanation)
{
    auto* button = new QRadioButton(title);
    button->setObjectName(name);
    button->setAccessibleDescription(explanation);
    m_choices->addButton(button, static_cast<int>(content));
    auto* note = makeNote(name + QStringLiteral(".note"));
    note->setText(explanation);
    auto* choice = new QWidget;
    choice->setObjectName(name + QStringLiteral(".row"));
    auto* layout = new QVBoxLayout(choice);
    layout->setContentsMargins(0, 4, 0, 4);
    layout->setSpacing(0);
    layout->addWidget(button);
    // Under the title, past the button's circle.
    note->setContentsMargins(22, 0, 0, 0);
    // The dialog is sized before its layout knows how high a text is that is wrapped.
    note->setMinimumHeight(note->heightForWidth(kWidth - 2 * kMargin));
    layout->addWidget(note);
    return choice;
}

QWidget* NewSandboxDialog::makeFolderRow()
{
    m_folder = new QLineEdit;
    m_folder->setObjectName(QStringLiteral("newSandbox.folder"));
    m_folder->setAccessibleName(tr("Folder of this machine"));
    m_folder->setPlaceholderText(tr("Folder of this machine"));
    m_choose = new QPushButton(tr("Choose…"));
    m_choose->setObjectName(QStringLiteral("newSandbox.choose"));
    connect(m_choose, &QPushButton::clicked, this, &NewSandboxDialog::chooseFolder);
    auto* row = new QWidget;
    row->setObjectName(QStringLiteral("newSandbox.folderRow"));
    auto* layout = new QHBoxLayout(row);
    layout->setContentsMargins(22, 0, 0, 4);
    layout->addWidget(m_folder, 1);
    layout->addWidget(m_choose);
    return row;
}

SandboxContent NewSandboxDialog::content() const
{
    return static_cast<SandboxContent>(m_choices->checkedId());
}

void NewSandboxDialog::chooseFolder()
{
    m_prompter.chooseFolder(
        this,
        {.title = content() == SandboxContent::MountedFolder ? tr("Share a folder")
                                                             : tr("Copy a folder"),
         .startFolder = m_folder->text().isEmpty() ? QDir::homePath() : m_folder->text()},
        [this](const QString& folder) { takeFolder(folder); });
}

void NewSandboxDialog::takeFolder(const QString& folder)
{
    m_folder->setText(QDir::toNativeSeparators(folder));
    if (m_name->text().isEmpty() || m_name->text() == m_suggested) {
        m_suggested = sandboxNameFor(QFileInfo(folder).fileName());
        m_name->setText(m_suggested);
    }
}

void NewSandboxDialog::refresh()
{
    const bool needsFolder = content() != SandboxContent::Empty;
    // Right below the choice it belongs to.
    m_choiceRows->removeWidget(m_folderRow);
    m_choiceRows->insertWidget(static_cast<int>(content()) + 1, m_folderRow);
    m_folderRow->setVisible(needsFolder);
    // Tab goes to the choice that is made; Qt sees to that only once one of them had the focus.
    for (QAbstractButton* button : m_choices->buttons())
        button->setFocusPolicy(button->isChecked() ? Qt::StrongFocus : Qt::ClickFocus);
    const QString name = m_name->text();
    const QString problem = name.isEmpty() ? QString() : sandboxNameProblem(name);
    m_nameProblem->setText(problem);
    m_nameProblem->setVisible(!problem.isEmpty());
    m_create->setEnabled(!m_isBusy && problem.isEmpty() &&
                         (!needsFolder || !m_folder->text().trimmed().isEmpty()));
    adjustSize();
}

void NewSandboxDialog::create()
{
    const NewSandbox wish{.name = m_name->text(),
                          .content = content(),
                          .folder = withHome(m_folder->text().trimmed())};
    m_error->hide();
    if (wish.content == SandboxContent::Empty) {
        setCreation(m_actions.create(wish));
        return;
    }
    // Before there is a sandbox that stays empty. The folder may lie on a disk that is slow.
    setBusy(true);
    QtConcurrent::run(folderProblem, wish.folder).then(this, [this, wish](const QString& why) {
        if (!isVisible())
            return; // given up meanwhile
        setBusy(false);
        if (why.isEmpty())
            setCreation(m_actions.create(wish));
        else
            showError(why);
    });
}

void NewSandboxDialog::showError(const QString& sentence)
{
    m_error->setText(sentence);
    m_error->show();
    adjustSize();
}

void NewSandboxDialog::reject()
{
    if (m_creation != 0)
        m_actions.abandon(m_creation);
    QDialog::reject();
}

void NewSandboxDialog::setCreation(quint64 creation)
{
    m_creation = creation;
    setBusy(creation != 0);
}

void NewSandboxDialog::setBusy(bool isBusy)
{
    m_isBusy = isBusy;
    m_activity->setBusy(isBusy);
    refresh();
}

} // namespace caisson
