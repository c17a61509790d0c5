// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/workbench/keyboard_dialog.h"

#include <QAction>
#include <QGridLayout>
#include <QLabel>
#include <QPushButton>

#include "widgets/common/fonts.h"

namespace caisson {

KeyboardDialog::KeyboardDialog(const QList<QAction*>& actions, QWidget* parent)
    : QDialog(parent)
{
    setObjectName(QStringLiteral("keyboard"));
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowModality(Qt::WindowModal);
    setWindowTitle(tr("Keyboard"));

    auto* heading = new QLabel(windowTitle());
    heading->setFont(headingFont());
    auto* note =
        new QLabel(tr("In a terminal, keys go to its program. Those with Ctrl+Shift and "
                      "Ctrl+Alt, and the page and tab keys with Ctrl, stay the window’s."));
    note->setWordWrap(true);
    note->setFont(secondaryFont());
    note->setForegroundRole(QPalette::PlaceholderText);

    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(24);
    grid->setVerticalSpacing(6);
    grid->setColumnStretch(0, 1);
    int row = 0;
    for (const QAction* action : actions) {
        if (action->shortcut().isEmpty())
            continue;
        QStringList keys;
        for (const QKeySequence& shortcut : action->shortcuts())
            keys += shortcut.toString(QKeySequence::NativeText);
        QString text = action->text();
        text.remove(QLatin1Char('&')).remove(QStringLiteral("…"));
        auto* keyLabel = new QLabel(keys.join(tr(" or ")));
        keyLabel->setForegroundRole(QPalette::PlaceholderText);
        grid->addWidget(new QLabel(text), row, 0);
        grid->addWidget(keyLabel, row, 1);
        ++row;
    }

    auto* close = new QPushButton(tr("Close"));
    close->setObjectName(QStringLiteral("keyboard.close"));
    close->setDefault(true);
    connect(close, &QPushButton::clicked, this, &QDialog::accept);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 20, 24, 20);
    layout->setSpacing(12);
    layout->addWidget(heading);
    layout->addLayout(grid);
    layout->addWidget(note);
    layout->addWidget(close, 0, Qt::AlignRight);
}

} // namespace caisson
