// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/editor/paged_viewer.h"

#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPainter>
#include <QToolButton>

#include "widgets/common/colors.h"
#include "widgets/common/fonts.h"
#include "widgets/common/icons.h"
#include "widgets/common/pane.h"
#include "widgets/editor/code_editor.h"
#include "widgets/editor/find_bar.h"
#include "widgets/editor/prepared_file.h"

namespace caisson {

namespace {

/// A line is cut into rows of this many characters: laying out a much longer one stalls.
constexpr qsizetype kRow = 2'000;

QString withCutLines(const QString& text)
{
    QString result;
    result.reserve(text.size());
    qsizetype inRow = 0;
    for (const QChar c : text) {
        if (c == u'\n') {
            inRow = 0;
        } else if (++inRow > kRow && !c.isLowSurrogate()) {
            result += u'\n';
            inRow = 1;
        }
        result += c;
    }
    return result;
}

} // namespace

PagedViewer::PagedViewer(const QString& name, QWidget* parent)
    : QWidget(parent)
    , m_text(new CodeEditor(name + QStringLiteral(".text")))
    , m_findBar(new FindBar(name + QStringLiteral(".find"), m_text))
    , m_position(new QLabel)
    , m_previous(new QAction(icon(Icon::ChevronLeft), shortcuts()[0].first, this))
    , m_next(new QAction(icon(Icon::ChevronRight), shortcuts()[1].first, this))
    , m_first(new QAction(shortcuts()[2].first, this))
    , m_last(new QAction(shortcuts()[3].first, this))
{
    setObjectName(name);
    m_text->setReadOnly(true);
    m_text->setUndoRedoEnabled(false);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_position->setObjectName(name + QStringLiteral(".position"));
    m_position->setFont(secondaryFont());
    m_position->setForegroundRole(QPalette::PlaceholderText);
    const QList<QAction*> actions{m_previous, m_next, m_first, m_last};
    for (qsizetype i = 0; i < actions.size(); ++i)
        actions[i]->setShortcut(shortcuts()[i].second);
    for (QAction* action : actions) {
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        addAction(action);
    }
    connect(m_previous, &QAction::triggered, this, [this] { showPage(m_current - 1); });
    connect(m_next, &QAction::triggered, this, [this] { showPage(m_current + 1); });

    connect(m_first, &QAction::triggered, this, [this] { showPage(0); });
    connect(m_last, &QAction::triggered, this, [this] { showPage(m_index.count() - 1); });

    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(12, 4, 6, 4);
    bar->addWidget(m_position, 1);
    QToolButton* previous = makeToolButton(m_previous, this);
    previous->setObjectName(name + QStringLiteral(".previous"));
    bar->addWidget(previous);
    QToolButton* next = makeToolButton(m_next, this);
    next->setObjectName(name + QStringLiteral(".next"));
    bar->addWidget(next);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_text, 1);
    layout->addWidget(m_findBar);
    layout->addLayout(bar);
    setFocusProxy(m_text);
}

QList<std::pair<QString, QKeySequence>> PagedViewer::shortcuts()
{
    return {{tr("Previous part of a large file"), Qt::ALT | Qt::Key_PageUp},
            {tr("Next part of a large file"), Qt::ALT | Qt::Key_PageDown},
            {tr("First part of a large file"), Qt::ALT | Qt::Key_Home},
            {tr("Last part of a large file"), Qt::ALT | Qt::Key_End}};
}

void PagedViewer::setContent(const QByteArray& bytes, const PageIndex& index)
{
    m_bytes = bytes;
    m_index = index;
    showPage(m_current);
}

void PagedViewer::showPage(qsizetype page)
{
    m_current = qBound<qsizetype>(0, page, m_index.count() - 1);
    const PageIndex::Page& part = m_index.page(m_current);
    QString text = QString::fromUtf8(QByteArrayView(m_bytes).sliced(part.offset, part.size));
    text.replace(QStringLiteral("\r\n"), QStringLiteral("\n"));
    text.replace(QChar(0), QChar::ReplacementCharacter);
    const QString shown = withCutLines(text);
    m_text->setLineNumbersVisible(shown.size() == text.size()); // a cut line has several rows
    m_text->setPlainText(shown);
    m_text->setFirstLineNumber(part.firstLine);
    const QLocale locale;
    m_position->setText(
        tr("%1 · part %2 of %3 · %4 in all")
            .arg(m_bytes.size() > PreparedFile::kLargestEdited
                     ? tr("Read only, too large to be edited")
                     : tr("Read only, its lines are too long to be edited"),
                 locale.toString(m_current + 1), locale.toString(m_index.count()),
                 locale.formattedDataSize(m_bytes.size(), 1, QLocale::DataSizeSIFormat)));
    m_previous->setEnabled(m_current > 0);
    m_next->setEnabled(m_current + 1 < m_index.count());
    m_first->setEnabled(m_previous->isEnabled());
    m_last->setEnabled(m_next->isEnabled());
}

void PagedViewer::paintEvent(QPaintEvent*)
{
    const Colors& colors = colorsOf(palette());
    QPainter painter(this);
    painter.fillRect(rect(), colors.panel);
    painter.fillRect(QRect(0, m_text->geometry().bottom() + 1, width(), 1), colors.hairline);
}

} // namespace caisson
