// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/workbench/keyboard_dialog.h"

#include <QGridLayout>
#include <QLabel>
#include <QPushButton>
#include <QScrollArea>
#include <QScrollBar>

#include "widgets/common/fonts.h"

namespace caisson {

namespace {

constexpr int kColumnGap = 40;
constexpr int kGroupGap = 20;
/// Of the window, for the list: what does not fit is scrolled to.
constexpr double kShare = 0.7;

QLabel* makeLabel(const QString& name, const QString& text)
{
    auto* label = new QLabel(text);
    label->setObjectName(QStringLiteral("keyboard.") + name);
    label->setTextFormat(Qt::PlainText);
    return label;
}

} // namespace

KeyboardDialog::KeyboardDialog(const QList<ShortcutGroup>& groups, QWidget* parent)
    : QDialog(parent)
{
    setObjectName(QStringLiteral("keyboard"));
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowModality(Qt::WindowModal);
    setWindowTitle(tr("Keyboard"));
    setAccessibleName(windowTitle());

    QLabel* heading = makeLabel(QStringLiteral("title"), windowTitle());
    heading->setFont(headingFont());
    QLabel* note = makeLabel(
        QStringLiteral("note"),
        tr("In a terminal, keys go to its program. Those with Ctrl+Shift and Ctrl+Alt, and "
           "the page and tab keys with Ctrl, stay the window’s."));
    note->setWordWrap(true);
    note->setFont(secondaryFont());
    note->setForegroundRole(QPalette::PlaceholderText);

    auto* list = new QWidget;
    list->setObjectName(QStringLiteral("keyboard.list"));
    auto* columns = new QHBoxLayout(list);
    columns->setContentsMargins(0, 0, 0, 0);
    columns->setSpacing(kColumnGap);
    for (int side = 0; side < 2; ++side) {
        auto* column = new QVBoxLayout;
        column->setSpacing(kGroupGap);
        for (const ShortcutGroup& group : groups) {
            if (static_cast<int>(group.side) == side)
                column->addWidget(makeGroup(group));
        }
        column->addStretch();
        columns->addLayout(column);
    }
    auto* scroll = new QScrollArea;
    scroll->setObjectName(QStringLiteral("keyboard.scroll"));
    scroll->setAccessibleName(windowTitle());
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(list);
    const QSize wanted = list->sizeHint();
    const int room = static_cast<int>(parent->height() * kShare);
    scroll->setMinimumWidth(wanted.width() + scroll->verticalScrollBar()->sizeHint().width());
    scroll->setMinimumHeight(qMin(wanted.height(), room));
    // A dialog does not ask how high a text is that is wrapped.
    note->setMinimumHeight(note->heightForWidth(scroll->minimumWidth()));

    auto* close = new QPushButton(tr("Close"));
    close->setObjectName(QStringLiteral("keyboard.close"));
    close->setDefault(true);
    connect(close, &QPushButton::clicked, this, &QDialog::accept);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 20, 24, 20);
    layout->setSpacing(16);
    layout->addWidget(heading);
    layout->addWidget(scroll, 1);
    layout->addWidget(note);
    layout->addWidget(close, 0, Qt::AlignRight);
}

QWidget* KeyboardDialog::makeGroup(const ShortcutGroup& group)
{
    auto* part = new QWidget;
    part->setObjectName(QStringLiteral("keyboard.group.") + group.name);
    auto* grid = new QGridLayout(part);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(24);
    grid->setVerticalSpacing(6);
    grid->setColumnStretch(0, 1);
    QLabel* title = makeLabel(group.name, group.title);
    title->setFont(paneTitleFont());
    title->setForegroundRole(QPalette::PlaceholderText);
    grid->addWidget(title, 0, 0, 1, 2);
    int row = 1;
    for (const Shortcut& shortcut : group.shortcuts) {
        const QString name = QStringLiteral("%1.%2").arg(group.name).arg(row);
        QLabel* keys = makeLabel(name + QStringLiteral(".keys"), shortcut.keys);
        keys->setForegroundRole(QPalette::PlaceholderText);
        grid->addWidget(makeLabel(name, shortcut.text), row, 0);
        grid->addWidget(keys, row, 1, Qt::AlignRight);
        ++row;
    }
    return part;
}

} // namespace caisson
