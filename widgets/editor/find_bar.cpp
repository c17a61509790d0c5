// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/editor/find_bar.h"

#include <QAction>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPainter>
#include <QTextBlock>
#include <QToolButton>

#include "widgets/common/colors.h"
#include "widgets/common/fonts.h"
#include "widgets/common/icons.h"
#include "widgets/common/pane.h"
#include "widgets/editor/code_editor.h"

namespace caisson {

namespace {
constexpr int kEditWidth = 260;
/// Matches in a longer text are not counted with every key: 4 million characters take some 10 ms.
constexpr int kCountedLength = 4'000'000;
} // namespace

FindBar::FindBar(const QString& name, CodeEditor* editor, QWidget* parent)
    : QWidget(parent)
    , m_editor(editor)
    , m_edit(new QLineEdit)
    , m_caseButton(nullptr)
    , m_count(new QLabel)
{
    setObjectName(name);
    m_edit->setObjectName(name + QStringLiteral(".text"));
    m_edit->setAccessibleName(tr("Find"));
    m_edit->setPlaceholderText(tr("Find"));
    m_edit->setFixedWidth(kEditWidth);
    m_count->setObjectName(name + QStringLiteral(".count"));
    m_count->setFont(secondaryFont());
    m_count->setForegroundRole(QPalette::PlaceholderText);

    const auto tool = [&](const QString& id, QAction* action) {
        QToolButton* button = makeToolButton(action, this);
        button->setObjectName(name + u'.' + id);
        return button;
    };
    auto* previous = new QAction(icon(Icon::ArrowUp), tr("Previous match"), this);
    connect(previous, &QAction::triggered, this, &FindBar::findPrevious);
    auto* next = new QAction(icon(Icon::ArrowDown), tr("Next match"), this);
    connect(next, &QAction::triggered, this, &FindBar::findNext);
    auto* matchCase = new QAction(tr("Aa"), this);
    matchCase->setCheckable(true);
    connect(matchCase, &QAction::toggled, this, &FindBar::onTextEdited);
    auto* shut = new QAction(icon(Icon::Close), tr("Close"), this);
    connect(shut, &QAction::triggered, this, &FindBar::close);

    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(12, 4, 6, 4);
    layout->setSpacing(4);
    layout->addWidget(m_edit);
    m_caseButton = tool(QStringLiteral("case"), matchCase);
    m_caseButton->setToolTip(tr("Match case"));
    m_caseButton->setAccessibleName(tr("Match case"));
    layout->addWidget(m_caseButton);
    layout->addWidget(tool(QStringLiteral("previous"), previous));
    layout->addWidget(tool(QStringLiteral("next"), next));
    layout->addSpacing(4);
    layout->addWidget(m_count, 1);
    layout->addWidget(tool(QStringLiteral("close"), shut));
    connect(m_edit, &QLineEdit::textEdited, this, &FindBar::onTextEdited);
    hide();
}

void FindBar::open()
{
    const QTextCursor cursor = m_editor->textCursor();
    m_origin = cursor.selectionStart();
    const QString selected = cursor.selectedText();
    if (!selected.isEmpty() && !selected.contains(QChar::ParagraphSeparator))
        m_edit->setText(selected);
    show();
    m_edit->selectAll();
    m_edit->setFocus(Qt::ShortcutFocusReason);
    m_editor->setMarkedText(m_edit->text(), m_caseButton->isChecked());
    updateCount();
}

void FindBar::close()
{
    hide();
    m_editor->setMarkedText({}, false);
    m_editor->setFocus(Qt::OtherFocusReason);
}

void FindBar::findNext()
{
    step(true, m_editor->textCursor().selectionEnd());
}

void FindBar::findPrevious()
{
    step(false, m_editor->textCursor().selectionStart());
}

void FindBar::onTextEdited()
{
    m_editor->setMarkedText(m_edit->text(), m_caseButton->isChecked());
    if (m_edit->text().isEmpty()) {
        QTextCursor cursor = m_editor->textCursor();
        cursor.clearSelection();
        m_editor->setTextCursor(cursor);
        updateCount();
        return;
    }
    step(true, m_origin);
}

void FindBar::step(bool isForward, int from)
{
    const QString text = m_edit->text();
    if (text.isEmpty())
        return;
    QTextDocument::FindFlags flags;
    flags.setFlag(QTextDocument::FindBackward, !isForward);
    flags.setFlag(QTextDocument::FindCaseSensitively, m_caseButton->isChecked());
    QTextDocument* document = m_editor->document();
    QTextCursor found = document->find(text, from, flags);
    if (found.isNull()) {
        // Round the end.
        QTextCursor edge(document);
        if (!isForward)
            edge.movePosition(QTextCursor::End);
        found = document->find(text, edge, flags);
    }
    if (!found.isNull())
        m_editor->setTextCursor(found);
    updateCount();
}

void FindBar::updateCount()
{
    const QString needle = m_edit->text();
    QTextDocument* document = m_editor->document();
    if (needle.isEmpty() || document->characterCount() > kCountedLength) {
        m_count->clear();
        return;
    }
    const QString text = document->toRawText();
    const Qt::CaseSensitivity sensitivity =
        m_caseButton->isChecked() ? Qt::CaseSensitive : Qt::CaseInsensitive;
    const int selected = m_editor->textCursor().selectionStart();
    int total = 0;
    int current = 0;
    for (qsizetype at = text.indexOf(needle, 0, sensitivity); at >= 0;
         at = text.indexOf(needle, at + needle.size(), sensitivity)) {
        ++total;
        if (at == selected)
            current = total;
    }
    if (total == 0)
        m_count->setText(tr("No match"));
    else if (current == 0)
        m_count->setText(tr("%1 matches").arg(total));
    else
        m_count->setText(tr("%1 of %2").arg(current).arg(total));
}

void FindBar::paintEvent(QPaintEvent*)
{
    const Colors& colors = colorsOf(palette());
    QPainter painter(this);
    painter.fillRect(rect(), colors.panel);
    painter.fillRect(QRect(0, 0, width(), 1), colors.hairline);
}

void FindBar::keyPressEvent(QKeyEvent* event)
{
    switch (event->key()) {
    case Qt::Key_Escape:
        close();
        return;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (event->modifiers() & Qt::ShiftModifier)
            findPrevious();
        else
            findNext();
        return;
    default:
        QWidget::keyPressEvent(event);
    }
}

} // namespace caisson
