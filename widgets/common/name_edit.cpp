// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/name_edit.h"

#include <QLabel>

#include "widgets/common/fonts.h"
#include "widgets/common/style.h"

namespace caisson {

namespace {

constexpr int kMargin = 8;
constexpr int kGap = 2;
constexpr int kNarrowest = 200;

} // namespace

NameEdit::NameEdit(const QString& name, Objection objection, QWidget* parent)
    : QLineEdit(parent)
    , m_objection(std::move(objection))
    , m_problem(new QLabel(parent))
{
    setObjectName(name);
    m_problem->setObjectName(name + QStringLiteral(".problem"));
    m_problem->setFont(secondaryFont());
    m_problem->setTextFormat(Qt::PlainText);
    m_problem->setWordWrap(true);
    m_problem->setMargin(kMargin);
    m_problem->setBackgroundRole(QPalette::ToolTipBase);
    m_problem->setForegroundRole(QPalette::ToolTipText);
    m_problem->setAutoFillBackground(true);
    m_problem->setFrameShape(QFrame::Box);
    m_problem->hide();
    connect(this, &QLineEdit::textChanged, this, &NameEdit::check);
    connect(this, &QObject::destroyed, m_problem, &QObject::deleteLater);
}

void NameEdit::check()
{
    const QString problem = m_objection(text());
    m_problem->setText(problem);
    setAccessibleDescription(problem);
    setWrong(this, !problem.isEmpty());
    placeProblem();
    m_problem->setVisible(!problem.isEmpty() && isVisible());
}

void NameEdit::placeProblem()
{
    // From its own left, for what is left of it in the next row, a box to tick say, is not its own.
    QRect room = parentWidget()->rect().adjusted(kMargin, 0, -kMargin, 0);
    room.setLeft(qMax(room.left(), qMin(geometry().left(), room.right() - kNarrowest)));
    const int height = m_problem->heightForWidth(room.width());
    const bool fitsBelow = geometry().bottom() + kGap + height <= room.bottom();
    const int top = fitsBelow ? geometry().bottom() + kGap : geometry().top() - kGap - height;
    m_problem->setGeometry(room.left(), top, room.width(), height);
    m_problem->raise();
}

void NameEdit::moveEvent(QMoveEvent* event)
{
    QLineEdit::moveEvent(event);
    placeProblem();
}

void NameEdit::resizeEvent(QResizeEvent* event)
{
    QLineEdit::resizeEvent(event);
    placeProblem();
}

} // namespace caisson
