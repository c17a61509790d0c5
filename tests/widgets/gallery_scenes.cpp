// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/widgets/gallery_scenes.h"

#include <QAction>
#include <QCheckBox>
#include <QComboBox>
#include <QDialog>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QRadioButton>
#include <QScrollBar>
#include <QSplitter>
#include <QStandardItemModel>
#include <QToolButton>
#include <QTreeView>
#include <QVBoxLayout>

#include "widgets/common/activity_line.h"
#include "widgets/common/elided_label.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/error_strip.h"
#include "widgets/common/file_icons.h"
#include "widgets/common/fonts.h"
#include "widgets/common/icons.h"
#include "widgets/common/pane.h"
#include "widgets/common/prompter.h"
#include "widgets/common/style.h"
#include "widgets/common/tab_bar.h"
#include "widgets/editor/code_editor.h"
#include "widgets/editor/editor_page.h"
#include "widgets/editor/find_bar.h"
#include "widgets/editor/syntax.h"
#include "widgets/terminal/terminal_view.h"

namespace caisson::gallery {

namespace {

QWidget* iconSheet()
{
    auto* sheet = new QWidget;
    auto* grid = new QGridLayout(sheet);
    grid->setSpacing(12);
    int cell = 0;
    for (int name = 0; name <= static_cast<int>(Icon::Warning); ++name) {
        for (const int side : {16, 48}) {
            auto* label = new QLabel;
            label->setPixmap(
                icon(static_cast<Icon>(name))
                    .pixmap(QSize(side, side), 1.0 * sheet->devicePixelRatioF(), QIcon::Active));
            label->setFixedSize(52, 52);
            label->setAlignment(Qt::AlignCenter);
            grid->addWidget(label, cell / 14, cell % 14);
            ++cell;
        }
    }
    auto* app = new QLabel;
    app->setPixmap(applicationIcon().pixmap(64));
    grid->addWidget(app, cell / 14 + 1, 0, 1, 2);
    auto* smallApp = new QLabel;
    smallApp->setPixmap(applicationIcon().pixmap(16));
    grid->addWidget(smallApp, cell / 14 + 1, 2);
    return sheet;
}

QWidget* controls()
{
    auto* page = new QWidget;
    auto* layout = new QVBoxLayout(page);
    auto* buttons = new QHBoxLayout;
    for (const auto& [text, kind] :
         {std::pair("New sandbox", ButtonKind::Primary), std::pair("Cancel", ButtonKind::Plain),
          std::pair("Remove", ButtonKind::Destructive)}) {
        auto* button = new QPushButton(QString::fromLatin1(text));
        setButtonKind(button, kind);
        buttons->addWidget(button);
    }
    auto* withIcon = new QPushButton(icon(Icon::Reload), QStringLiteral("Reload"));
    buttons->addWidget(withIcon);
    auto* disabled = new QPushButton(QStringLiteral("Disabled"));
    disabled->setEnabled(false);
    buttons->addWidget(disabled);
    for (const Icon name : {Icon::Plus, Icon::Play, Icon::Stop, Icon::Trash}) {
        auto* tool = new QToolButton;
        tool->setIcon(icon(name));
        tool->setAutoRaise(true);
        tool->setEnabled(name != Icon::Trash);
        buttons->addWidget(tool);
    }
    buttons->addStretch();
    layout->addLayout(buttons);

    auto* edits = new QHBoxLayout;
    auto* edit = new QLineEdit(QStringLiteral("api-refactor"));
    edit->setClearButtonEnabled(true);
    edits->addWidget(edit);
    auto* empty = new QLineEdit;
    empty->setPlaceholderText(QStringLiteral("Name"));
    edits->addWidget(empty);
    auto* off = new QLineEdit(QStringLiteral("disabled"));
    off->setEnabled(false);
    edits->addWidget(off);
    auto* combo = new QComboBox;
    combo->addItems({QStringLiteral("Read and write"), QStringLiteral("Read only")});
    edits->addWidget(combo);
    layout->addLayout(edits);

    auto* checks = new QHBoxLayout;
    auto* on = new QCheckBox(QStringLiteral("Start it now"));
    on->setChecked(true);
    checks->addWidget(on);
    checks->addWidget(new QCheckBox(QStringLiteral("Read only")));
    auto* radio = new QRadioButton(QStringLiteral("Empty"));
    radio->setChecked(true);
    checks->addWidget(radio);
    checks->addWidget(new QRadioButton(QStringLiteral("A folder, copied in")));
    checks->addStretch();
    layout->addLayout(checks);

    auto* tabs = new TabBar(QStringLiteral("tabs"));
    tabs->addTab(icon(Icon::FilePython), QStringLiteral("main.py"));
    tabs->addTab(icon(Icon::FileJs), QStringLiteral("server.ts •"));
    tabs->addTab(icon(Icon::Terminal), QStringLiteral("bash"));
    layout->addWidget(tabs);

    auto* line = new ActivityLine;
    line->setFraction(0.4);
    layout->addWidget(line);
    layout->addWidget(
        new ElidedLabel(QStringLiteral("/workspace/src/backend/keeper/storage/overlay/"
                                       "a-very-long-folder-name/and-a-file-at-its-end.cpp"),
                        Qt::ElideMiddle));
    auto* secondary = new QLabel(QStringLiteral("Secondary text, 12 px"));
    secondary->setFont(secondaryFont());
    secondary->setForegroundRole(QPalette::PlaceholderText);
    layout->addWidget(secondary);

    auto* errors = new ErrorStrip;
    errors->report({.what = QStringLiteral("“bench” did not start."),
                    .why = QStringLiteral("crun was not found on this machine."),
                    .remedy = QStringLiteral("Install it, then start the sandbox again."),
                    .action = QStringLiteral("Start again"),
                    .act = [] {},
                    .dismissed = {},
                    .about = {},
                    .topic = {}});
    errors->report({.what = QStringLiteral("second"),
                    .why = {},
                    .remedy = {},
                    .action = {},
                    .act = {},
                    .dismissed = {},
                    .about = {},
                    .topic = {}});
    layout->addWidget(errors);
    layout->addStretch();
    page->resize(720, 400);
    withIcon->setFocus(Qt::TabFocusReason);
    return page;
}

QStandardItem* item(Icon name, const QString& text)
{
    return new QStandardItem(icon(name), text);
}

QWidget* panes()
{
    auto* splitter = new QSplitter(Qt::Vertical);
    auto* sandboxes = new Pane(QStringLiteral("sandboxes"), QStringLiteral("Sandboxes"));
    auto* add = new QAction(icon(Icon::Plus), QStringLiteral("New sandbox"), sandboxes);
    add->setObjectName(QStringLiteral("new"));
    sandboxes->addTool(add);
    sandboxes->addPage(new EmptyState(QStringLiteral("noSandboxes"), Icon::Sandbox,
                                      QStringLiteral("Sandboxes of this machine appear here."),
                                      QStringLiteral("New sandbox")));
    splitter->addWidget(sandboxes);

    auto* files = new Pane(QStringLiteral("files"), QStringLiteral("Files"));
    for (const auto& [name, text] :
         {std::pair(Icon::NewFile, "New file"), std::pair(Icon::NewFolder, "New folder"),
          std::pair(Icon::Eye, "Hidden files"), std::pair(Icon::Reload, "Reload")}) {
        files->addTool(new QAction(icon(name), QString::fromLatin1(text), files));
    }
    auto* tree = new QTreeView;
    layOnPanel(tree);
    auto* model = new QStandardItemModel(tree);
    auto* src = item(Icon::FolderOpen, QStringLiteral("src"));
    for (const char* name : {"main.py", "server.ts", "util.cpp", "run.sh", "package.json",
                             "README.md", "logo.png", "dist.tar.gz", "main.rs", "LICENSE.bin"})
        src->appendRow(item(fileIcon(QString::fromLatin1(name)), QString::fromLatin1(name)));
    model->appendRow(src);
    auto* tests = item(Icon::Folder, QStringLiteral("tests"));
    tests->appendRow(item(Icon::File, QStringLiteral("x")));
    model->appendRow(tests);
    model->appendRow(item(Icon::Symlink, QStringLiteral("latest")));
    for (int row = 0; row < 30; ++row)
        model->appendRow(item(Icon::File, QStringLiteral("file %1").arg(row)));
    tree->setModel(model);
    tree->expand(src->index());
    tree->setCurrentIndex(src->child(1)->index());
    files->addPage(tree);
    splitter->addWidget(files);
    splitter->resize(280, 640);
    splitter->setSizes({220, 420});
    return splitter;
}

QWidget* menu()
{
    auto* menu = new QMenu;
    menu->addAction(icon(Icon::NewFile), QStringLiteral("New file…"))
        ->setShortcut(QKeySequence::New);
    menu->addAction(icon(Icon::Rename), QStringLiteral("Rename"))->setShortcut(Qt::Key_F2);
    menu->addSeparator();
    QAction* hidden = menu->addAction(QStringLiteral("Hidden files"));
    hidden->setCheckable(true);
    hidden->setChecked(true);
    menu->addMenu(QStringLiteral("Open with"))->addAction(QStringLiteral("x"));
    menu->addSeparator();
    QAction* remove = menu->addAction(icon(Icon::Trash), QStringLiteral("Delete"));
    remove->setShortcut(Qt::Key_Delete);
    remove->setEnabled(false);
    menu->setActiveAction(menu->actions().at(1));
    menu->resize(menu->sizeHint());
    return menu;
}

QByteArray terminalText()
{
    QByteArray text =
        "\x1B[1;32mroot@api-refactor\x1B[0m:\x1B[1;34m/workspace\x1B[0m# ls --color\r\n"
        "\x1B[1;34msrc\x1B[0m  \x1B[1;34mtests\x1B[0m  README.md  \x1B[1;32mrun.sh\x1B[0m  "
        "\x1B[1;36mlatest\x1B[0m  \x1B[1;31mdist.tar.gz\x1B[0m\r\n"
        "\x1B[1;32mroot@api-refactor\x1B[0m:\x1B[1;34m/workspace\x1B[0m# git diff\r\n"
        "\x1B[1mdiff --git a/main.py b/main.py\x1B[m\r\n\x1B[36m@@ -1,4 +1,4 @@\x1B[m\r\n"
        "\x1B[31m-def total(items) -> int:\x1B[m\r\n\x1B[32m+def total(items: list[int]) -> "
        "int:\x1B[m\r\n"
        "     return sum(items)  \x1B[90m# != === -> =>\x1B[0m\r\n"
        "\x1B[33mwarning:\x1B[0m \x1B[4munderlined\x1B[0m \x1B[2mfaint\x1B[0m \x1B[3mitalic\x1B[0m "
        "\x1B[7minverse\x1B[0m "
        "\xE6\xBC\xA2\xE5\xAD\x97 \xE2\x94\x8C\xE2\x94\x80\xE2\x94\x90 "
        "\xE2\x96\x88\xE2\x96\x93\xE2\x96\x91 \xE2\x9C\x93\r\n";
    for (const int base : {30, 90, 40, 100}) {
        for (int colour = 0; colour < 8; ++colour)
            text += "\x1B[" + QByteArray::number(base + colour) + "m colour \x1B[0m";
        text += "\r\n";
    }
    return text + "\x1B[1;32mroot@api-refactor\x1B[0m:\x1B[1;34m/workspace\x1B[0m# ";
}

QWidget* terminal()
{
    auto* view = new TerminalView(QStringLiteral("terminal"));
    view->resize(720, 400);
    for (int line = 0; line < 60; ++line)
        view->feed("line " + QByteArray::number(line) + "\r\n");
    view->feed(terminalText());
    return view;
}

QWidget* pasteQuestion()
{
    QWidget* view = terminal();
    static_cast<TerminalView*>(view)->paste(QStringLiteral("cd /workspace\nmake\nmake install\n"));
    return view;
}

const char* const kPython = R"(#!/usr/bin/env python3
"""Totals of an order."""
import json
from dataclasses import dataclass, field


@dataclass
class Order:
    id: int
    items: list[int] = field(default_factory=list)

    def total(self, rate: float = 0.19) -> float:
        # Tax comes on top, never inside: != === -> =>
        if not self.items:
            raise ValueError(f"order {self.id} is empty")
        return sum(self.items) * (1 + rate)


def load(path: str) -> dict[int, Order]:
    with open(path, encoding="utf-8") as file:
        return {row["id"]: Order(**row) for row in json.load(file)}


if __name__ == "__main__":
    for order in load("orders.json").values():
        print(f"{order.id:>6}  {order.total():.2f}\n")
)";

const char* const kCpp = R"(// A comment, and what follows it.
#include <vector>

namespace caisson {

/** Documentation of @param rate */
template<typename T>
constexpr auto total(const std::vector<T>& items, double rate = 0x13 / 100.0) -> T
{
    T sum{};
    for (const T& item : items) {
        if (item < 0 || item == '\n')
            continue;
        sum += static_cast<T>(item * (1 + rate));
    }
    return sum; // TODO nothing
}

} // namespace caisson
)";

EditorPage* page(const char* fileName, const QByteArray& bytes)
{
    static const Syntax syntax;
    auto* view = new EditorPage(QStringLiteral("page"), QString::fromLatin1(fileName), syntax);
    view->resize(720, 460);
    view->setContent(bytes, QStringLiteral("1"));
    return view;
}

QWidget* editor()
{
    EditorPage* view = page("main.py", kPython);
    QTextCursor cursor = view->editor()->textCursor();
    cursor.movePosition(QTextCursor::Down, QTextCursor::MoveAnchor, 11);
    view->editor()->setTextCursor(cursor);
    return view;
}

QWidget* changedOnDisk()
{
    EditorPage* view = page("total.h", kCpp);
    view->editor()->textCursor().insertText(QStringLiteral("// mine\n"));
    view->externalChange("other", QStringLiteral("2"));
    return view;
}

QWidget* find()
{
    EditorPage* view = page("main.py", kPython);
    view->findChild<FindBar*>(QStringLiteral("page.find"))->open();
    auto* text = view->findChild<QLineEdit*>(QStringLiteral("page.find.text"));
    text->setText(QStringLiteral("order"));
    emit text->textEdited(text->text());
    return view;
}

QWidget* readOnly()
{
    return page("notes.txt", "caf\xE9 \xE0 la carte\nna\xEFve\n");
}

QWidget* inParts()
{
    QByteArray bytes;
    while (bytes.size() <= PreparedFile::kLargestEdited)
        bytes += "2026-03-01T12:00:00Z INFO request served in 12 ms, row " +
                 QByteArray::number(bytes.size()) + "\n";
    return page("server.log", bytes);
}

QWidget* binary()
{
    return page("a.out", QByteArray(1'234'567, '\0'));
}

QWidget* dialog(const std::function<void(DialogPrompter&, QWidget*)>& ask)
{
    static QWidget asker;
    static DialogPrompter prompter;
    ask(prompter, &asker);
    QWidget* made = asker.findChild<QDialog*>();
    made->setParent(nullptr, made->windowFlags());
    made->setAttribute(Qt::WA_DeleteOnClose, false);
    return made;
}

QWidget* confirmation()
{
    return dialog([](DialogPrompter& prompter, QWidget* asker) {
        prompter.confirm(
            asker,
            {QStringLiteral("Remove “api-refactor”?"),
             QStringLiteral("Its files, 214 MB in 3,120 files, and two running programs will "
                            "be gone. There is no way back."),
             QStringLiteral("Remove")},
            [] {});
    });
}

QWidget* choice()
{
    return dialog([](DialogPrompter& prompter, QWidget* asker) {
        prompter.choose(
            asker,
            {QStringLiteral("Save “main.py” before it is closed?"),
             QStringLiteral("Without saving, what you typed is lost."), QStringLiteral("&Save"),
             QStringLiteral("&Discard")},
            [] {}, [] {});
    });
}

} // namespace

QList<Scene> scenes()
{
    return {
        {QStringLiteral("icons"), iconSheet},
        {QStringLiteral("controls"), controls},
        {QStringLiteral("panes"), panes},
        {QStringLiteral("menu"), menu},
        {QStringLiteral("terminal"), terminal, 400},
        {QStringLiteral("paste"), pasteQuestion, 400},
        {QStringLiteral("editor"), editor},
        {QStringLiteral("changed"), changedOnDisk},
        {QStringLiteral("find"), find},
        {QStringLiteral("readonly"), readOnly},
        {QStringLiteral("parts"), inParts},
        {QStringLiteral("binary"), binary},
        {QStringLiteral("confirm"), confirmation},
        {QStringLiteral("choose"), choice},
    };
}

} // namespace caisson::gallery
