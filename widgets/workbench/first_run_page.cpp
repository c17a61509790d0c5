// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/workbench/first_run_page.h"

#include <QAction>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

#include "widgets/common/fonts.h"
#include "widgets/common/icons.h"
#include "widgets/common/style.h"

namespace caisson {

namespace {

constexpr int kIconSide = 64;
constexpr int kTextWidth = 420;

} // namespace

FirstRunPage::FirstRunPage(QAction* newSandbox, QWidget* parent)
    : QWidget(parent)
{
    setObjectName(QStringLiteral("firstRun"));
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);

    auto* picture = new QLabel;
    picture->setObjectName(QStringLiteral("firstRun.picture"));
    picture->setPixmap(applicationIcon().pixmap(kIconSide));
    auto* heading = new QLabel(tr("A sealed place for work you do not trust"));
    heading->setObjectName(QStringLiteral("firstRun.heading"));
    QFont font = headingFont();
    font.setPixelSize(18);
    heading->setFont(font);
    auto* text = new QLabel(
        tr("A sandbox has this machine’s programs, files of its own, and asks before anything goes "
           "out. Let an agent or a stranger’s code work in it, and watch it here."));
    text->setObjectName(QStringLiteral("firstRun.text"));
    text->setAlignment(Qt::AlignHCenter);
    text->setWordWrap(true);
    text->setFixedSize(kTextWidth, text->heightForWidth(kTextWidth));
    text->setForegroundRole(QPalette::PlaceholderText);
    auto* button = new QPushButton(tr("New sandbox"));
    button->setObjectName(QStringLiteral("firstRun.new"));
    button->setDefault(true);
    setButtonKind(button, ButtonKind::Primary);
    connect(button, &QPushButton::clicked, newSandbox, &QAction::trigger);
    setFocusProxy(button);

    auto* keys = new QLabel(newSandbox->shortcut().toString(QKeySequence::NativeText));
    keys->setObjectName(QStringLiteral("firstRun.keys"));
    keys->setFont(secondaryFont());
    keys->setForegroundRole(QPalette::PlaceholderText);

    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(12);
    layout->addStretch(2);
    layout->addWidget(picture, 0, Qt::AlignHCenter);
    layout->addSpacing(4);
    layout->addWidget(heading, 0, Qt::AlignHCenter);
    layout->addWidget(text, 0, Qt::AlignHCenter);
    layout->addSpacing(8);
    layout->addWidget(button, 0, Qt::AlignHCenter);
    layout->addWidget(keys, 0, Qt::AlignHCenter);
    layout->addStretch(3);
}

} // namespace caisson
