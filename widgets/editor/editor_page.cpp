// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/editor/editor_page.h"

#include <KSyntaxHighlighting/Definition>
#include <QAction>
#include <QFileInfo>
#include <QLocale>
#include <QPushButton>
#include <QScrollBar>
#include <QStackedLayout>
#include <QTextBlock>
#include <QVBoxLayout>
#include <QtConcurrentRun>

#include "widgets/common/activity_line.h"
#include "widgets/common/empty_state.h"
#include "widgets/common/notice_strip.h"
#include "widgets/editor/code_editor.h"
#include "widgets/editor/find_bar.h"
#include "widgets/editor/paged_viewer.h"
#include "widgets/editor/syntax.h"
#include "widgets/editor/text_loader.h"
#include "widgets/editor/text_mirror.h"

namespace caisson {

namespace {

/// Enough of the text to see how it indents.
QString firstLinesOf(const QTextDocument& document)
{
    constexpr int kLines = 500;
    QString text;
    for (QTextBlock block = document.begin(); block.isValid() && block.blockNumber() < kLines;
         block = block.next()) {
        text += block.text() + u'\n';
    }
    return text;
}

/// Without what a library says of itself: "Log File (simplified)".
QString plainLanguageName(const KSyntaxHighlighting::Definition& definition)
{
    const QString name = definition.translatedName();
    return name.first(name.endsWith(u')') ? qMax(0, name.lastIndexOf(u" (")) : name.size());
}

} // namespace

EditorPage::EditorPage(const QString& name, const QString& fileName, const Syntax& syntax,
                       QWidget* parent)
    : QWidget(parent)
    , m_fileName(fileName)
    , m_syntax(syntax)
    , m_editor(new CodeEditor(name + QStringLiteral(".text")))
    , m_loader(new TextLoader(m_editor))
    , m_mirror(new TextMirror(m_editor->document()))
    , m_findBar(new FindBar(name + QStringLiteral(".find"), m_editor))
    , m_activity(new ActivityLine)
    , m_textView(new QWidget)
    , m_parts(new PagedViewer(name + QStringLiteral(".parts")))
    , m_binary(new EmptyState(name + QStringLiteral(".binary"), Icon::File, {}))
    , m_views(new QStackedLayout)
{
    setObjectName(name);
    m_textView->setObjectName(name + QStringLiteral(".view"));
    m_activity->setObjectName(name + QStringLiteral(".loading"));
    makeStrips();

    auto* textLayout = new QVBoxLayout(m_textView);
    textLayout->setContentsMargins(0, 0, 0, 0);
    textLayout->setSpacing(0);
    textLayout->addWidget(m_activity);
    textLayout->addWidget(m_editor, 1);
    textLayout->addWidget(m_findBar);
    m_activity->hide();

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    for (NoticeStrip* strip : {m_changedStrip, m_deletedStrip, m_readOnlyStrip, m_lineEndStrip})
        layout->addWidget(strip);
    layout->addLayout(m_views, 1);
    // Only now: a stacked layout shows its first page at once, as a window where it has no parent.
    m_views->addWidget(m_textView);
    m_views->addWidget(m_parts);
    m_views->addWidget(m_binary);
    m_editor->setMirror(m_mirror);
    setFocusProxy(m_editor);
    makeActions();

    connect(m_loader, &TextLoader::progressed, this,
            [this] { m_activity->setFraction(m_loader->fraction()); });
    connect(m_loader, &TextLoader::finished, this, &EditorPage::onTextLoaded);
    connect(m_editor->document(), &QTextDocument::modificationChanged, this,
            &EditorPage::modifiedChanged);
    connect(this, &EditorPage::modifiedChanged, this, &EditorPage::nameWhatReloadingDrops);
    connect(m_editor->document(), &QTextDocument::contentsChange, this, [this] {
        if (canEdit())
            emit edited();
    });
    connect(m_editor->document(), &QTextDocument::contentsChanged, this, &EditorPage::followUndo);
    connect(m_editor->document(), &QTextDocument::undoCommandAdded, this, [this] {
        // What was undone cannot be had back any more.
        if (m_reloading && m_editor->document()->availableUndoSteps() <= m_reloading->steps)
            m_reloading.reset();
    });
    connect(m_editor, &QPlainTextEdit::cursorPositionChanged, this, &EditorPage::statusChanged);
    chooseLanguage();
}

EditorPage::~EditorPage()
{
    // The document lives a moment longer than this part of the page.
    disconnect(m_editor->document(), nullptr, this, nullptr);
}

void EditorPage::makeStrips()
{
    m_changedStrip = new NoticeStrip(objectName() + QStringLiteral(".changed"),
                                     NoticeStrip::Tone::Decision, this);
    m_keepMine = m_changedStrip->addButton(QStringLiteral("keep"), tr("&Keep mine"));
    QPushButton* reloadButton =
        m_changedStrip->addButton(QStringLiteral("reload"), tr("&Reload"), ButtonKind::Primary);
    connect(m_keepMine, &QPushButton::clicked, this, &EditorPage::keepMine);
    connect(reloadButton, &QPushButton::clicked, this, &EditorPage::reload);

    m_deletedStrip = new NoticeStrip(objectName() + QStringLiteral(".deleted"),
                                     NoticeStrip::Tone::Decision, this);
    m_deletedStrip->setText(tr("This file was deleted."), tr("Its text is still here, unsaved."));
    QPushButton* closeButton = m_deletedStrip->addButton(QStringLiteral("close"), tr("&Close"));
    QPushButton* saveAgain =
        m_deletedStrip->addButton(QStringLiteral("save"), tr("&Save again"), ButtonKind::Primary);
    connect(closeButton, &QPushButton::clicked, this, &EditorPage::closeRequested);
    connect(saveAgain, &QPushButton::clicked, this, &EditorPage::requestSave);

    m_readOnlyStrip =
        new NoticeStrip(objectName() + QStringLiteral(".readOnly"), NoticeStrip::Tone::Note, this);

    m_lineEndStrip =
        new NoticeStrip(objectName() + QStringLiteral(".lineEnds"), NoticeStrip::Tone::Note, this);
    m_lineEndStrip->setText(tr("The lines of this file end in different ways."),
                            tr("Choose one to edit it; saving then changes the other lines too."));
    QPushButton* lf = m_lineEndStrip->addButton(QStringLiteral("lf"), tr("Use &LF"));
    QPushButton* crLf = m_lineEndStrip->addButton(QStringLiteral("crlf"), tr("Use C&RLF"));
    connect(lf, &QPushButton::clicked, this, [this] { useLineEnd(LineEnd::Lf); });
    connect(crLf, &QPushButton::clicked, this, [this] { useLineEnd(LineEnd::CrLf); });
}

void EditorPage::makeActions()
{
    const auto add = [this](const std::pair<QString, QKeySequence>& shortcut, auto slot) {
        auto* action = new QAction(shortcut.first, this);
        action->setShortcut(shortcut.second);
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        connect(action, &QAction::triggered, this, slot);
        addAction(action);
    };
    const QList<std::pair<QString, QKeySequence>> own = shortcuts();
    add(own[0], &EditorPage::requestSave);
    add(own[1], &EditorPage::openFindBar);
    add(own[2], [this] { m_findBar->findNext(); });
    add(own[3], [this] { m_findBar->findPrevious(); });
}

QList<std::pair<QString, QKeySequence>> EditorPage::shortcuts()
{
    return QList<std::pair<QString, QKeySequence>>{{tr("Save"), QKeySequence::Save},
                                                   {tr("Find"), QKeySequence::Find},
                                                   {tr("Next match"), Qt::Key_F3},
                                                   {tr("Previous match"), Qt::SHIFT | Qt::Key_F3}} +
           PagedViewer::shortcuts();
}

void EditorPage::setFileName(const QString& fileName)
{
    m_fileName = fileName;
    chooseLanguage();
}

void EditorPage::setContent(const QByteArray& bytes, const QString& etag)
{
    const int preparing = ++m_preparing;
    m_isPreparing = false;
    m_etag = etag;
    m_onDisk = {};
    for (NoticeStrip* strip : {m_changedStrip, m_deletedStrip, m_readOnlyStrip, m_lineEndStrip})
        strip->hide();
    const std::optional<QByteArray> unsaved =
        m_pendingState ? m_pendingState->unsaved : std::nullopt;
    if (qMax(bytes.size(), unsaved.value_or(QByteArray()).size()) <=
        PreparedFile::kLargestColoured) {
        showPrepared(prepareFile(bytes, unsaved), bytes);
        return;
    }
    // The memory that the text of a large file takes for the first time costs 10 ms a megabyte on
    // some machines.
    m_isPreparing = true;
    m_views->setCurrentWidget(m_textView);
    m_editor->setReadOnly(true);
    m_activity->setFraction(std::nullopt);
    m_activity->show();
    QtConcurrent::run(prepareFile, bytes, unsaved)
        .then(this, [this, bytes, preparing](const PreparedFile& prepared) {
            if (preparing != m_preparing)
                return;
            m_isPreparing = false;
            m_activity->hide();
            showPrepared(prepared, bytes);
        });
}

void EditorPage::showPrepared(const PreparedFile& prepared, const QByteArray& bytes)
{
    m_isLarge = prepared.isLarge;
    if (prepared.isInParts && !prepared.showsMine)
        showParts(bytes, prepared.index);
    else if (prepared.file.kind == FileKind::Binary && !prepared.showsMine)
        showBinary(bytes.size());
    else
        showText(prepared, bytes);
}

/// A widget that is hidden hands the focus to whatever comes next; it is `focus`'s.
void EditorPage::showView(QWidget* view, QWidget* focus)
{
    const bool hadFocus = isAncestorOf(focusWidget()) && focusWidget()->hasFocus();
    m_views->setCurrentWidget(view);
    setFocusProxy(focus);
    if (hadFocus)
        focus->setFocus();
}

void EditorPage::showBinary(qsizetype size)
{
    m_kind = FileKind::Binary;
    m_pendingState.reset();
    m_binary->setSentence(
        tr("This is a binary file of %1. The editor shows text only.")
            .arg(QLocale().formattedDataSize(size, 1, QLocale::DataSizeSIFormat)));
    m_views->setCurrentWidget(m_binary);
    m_mirror->stop();
    m_editor->clear();
    m_editor->document()->setModified(false);
    m_hasContent = true;
    emit statusChanged();
    emit loaded();
}

void EditorPage::showParts(const QByteArray& bytes, const PageIndex& index)
{
    m_kind = FileKind::Unfaithful;
    m_parts->setContent(bytes, index);
    showView(m_parts, m_parts);
    m_mirror->stop();
    m_editor->clear();
    m_editor->document()->setModified(false);
    m_hasContent = true;
    applyPendingState();
    emit statusChanged();
    emit loaded();
}

void EditorPage::showText(const PreparedFile& prepared, const QByteArray& bytes)
{
    const FileText& text = prepared.showsMine ? *prepared.mine : prepared.file;
    const bool isReload = m_hasContent && m_views->currentWidget() == m_textView && !m_isLarge &&
                          canEdit() && !prepared.showsMine;
    m_kind = prepared.showsMine ? FileKind::Text : text.kind;
    const FileFormat before = std::exchange(m_format, text.format);
    m_reloading.reset();
    showView(m_textView, m_editor);
    noteReadOnly();
    m_shown = prepared;
    m_shownFile = {bytes, m_etag};
    if (isReload && canEdit()) {
        replaceText(text.text);
        m_reloading = {before, m_format, m_editor->document()->availableUndoSteps()};
        onTextLoaded();
        return;
    }
    if (m_hasContent && !m_pendingState)
        m_pendingState = state(); // stay where the person was
    m_mirror->stop();
    m_editor->setDefinition({});
    m_activity->setFraction(0.0);
    m_activity->setVisible(text.text.size() > PreparedFile::kLargestColoured);
    m_loader->start(text.text);
}

void EditorPage::noteReadOnly()
{
    if (m_kind == FileKind::ForeignText) {
        m_readOnlyStrip->setText(tr("This file is not UTF-8."),
                                 tr("It is shown as Latin-1 and cannot be edited, so that nothing "
                                    "in it gets lost."));
        m_readOnlyStrip->show();
    } else if (m_kind == FileKind::Unfaithful) {
        m_readOnlyStrip->setText(tr("This file has characters that the editor cannot keep."),
                                 tr("It cannot be edited here, so that nothing in it gets lost."));
        m_readOnlyStrip->show();
    } else if (m_kind == FileKind::MixedEnds) {
        m_lineEndStrip->show();
    }
}

/// Changes only what differs, as one step of undo: cursor, scrolling and colours around it stay.
void EditorPage::replaceText(const QString& text)
{
    const QString old = m_mirror->text().text();
    const qsizetype shorter = qMin(old.size(), text.size());
    qsizetype head = 0;
    while (head < shorter && old[head] == text[head])
        ++head;
    qsizetype tail = 0;
    while (tail < shorter - head && old[old.size() - 1 - tail] == text[text.size() - 1 - tail])
        ++tail;
    // Never between the halves of a surrogate pair.
    if (head > 0 && old[head - 1].isHighSurrogate())
        --head;
    if (tail > 0 && old[old.size() - tail].isLowSurrogate())
        --tail;
    QTextCursor cursor(m_editor->document());
    cursor.beginEditBlock();
    cursor.setPosition(static_cast<int>(head));
    cursor.setPosition(static_cast<int>(old.size() - tail), QTextCursor::KeepAnchor);
    cursor.insertText(text.sliced(head, text.size() - head - tail));
    cursor.endEditBlock();
}

void EditorPage::onTextLoaded()
{
    m_activity->hide();
    m_hasContent = true;
    m_mirror->start(m_shown.pieces);
    m_editor->setReadOnly(!canEdit());
    // Reading needs a cursor too: for the position, for selecting by keyboard.
    m_editor->setTextInteractionFlags(canEdit() ? Qt::TextEditorInteraction
                                                : Qt::TextSelectableByMouse |
                                                      Qt::TextSelectableByKeyboard);
    m_editor->document()->setModified(false);
    chooseLanguage();
    applyPendingState();
    m_shown = {};
    m_shownFile = {};
    emit statusChanged();
    emit loaded();
}

void EditorPage::applyPendingState()
{
    if (!m_pendingState)
        return;
    const EditorState wanted = *std::exchange(m_pendingState, std::nullopt);
    if (m_views->currentWidget() == m_parts) {
        m_parts->showPage(wanted.page);
        return;
    }
    if (m_shown.mine)
        restoreMine(wanted);
    const int last = m_editor->document()->characterCount() - 1;
    QTextCursor cursor = m_editor->textCursor();
    cursor.setPosition(qMin(wanted.anchor, last));
    cursor.setPosition(qMin(wanted.position, last), QTextCursor::KeepAnchor);
    m_editor->setTextCursor(cursor);
    m_editor->verticalScrollBar()->setValue(wanted.topLine);
}

void EditorPage::restoreMine(const EditorState& left)
{
    if (m_shown.showsMine)
        m_editor->document()->setModified(true);
    else
        replaceText(m_shown.mine->text);
    if (left.etag != m_etag) {
        m_onDisk = m_shownFile;
        m_etag = left.etag;
        askAboutChange();
    }
}

void EditorPage::chooseLanguage()
{
    const QString firstLine = m_editor->document()->firstBlock().text();
    const KSyntaxHighlighting::Definition definition =
        m_syntax.definitionFor(m_fileName, firstLine);
    m_languageName = definition.isValid() ? plainLanguageName(definition) : tr("Plain text");
    if (m_isLarge)
        m_editor->setDefinition({});
    else
        m_editor->setDefinition(definition);
    const bool needsTabs = definition.name() == u"Makefile" || definition.name() == u"Go";
    m_editor->setIndentation(
        detectIndentation(firstLinesOf(*m_editor->document()), {needsTabs, 4}));
    emit statusChanged();
}

TextSnapshot EditorPage::snapshot() const
{
    return {m_mirror->text(), m_format};
}

TextSnapshot EditorPage::beginSave()
{
    m_givenRevision = revision();
    return snapshot();
}

int EditorPage::revision() const
{
    return m_editor->document()->revision();
}

bool EditorPage::canEdit() const
{
    return m_kind == FileKind::Text && !isLoading();
}

bool EditorPage::isLoading() const
{
    return m_isPreparing || m_loader->isLoading();
}

bool EditorPage::isModified() const
{
    return m_editor->document()->isModified();
}

void EditorPage::useLineEnd(LineEnd lineEnd)
{
    m_format.lineEnd = lineEnd;
    m_kind = FileKind::Text;
    m_lineEndStrip->hide();
    m_editor->setReadOnly(false);
    m_editor->setTextInteractionFlags(Qt::TextEditorInteraction);
    m_editor->document()->setModified(true);
    m_editor->setFocus();
    emit statusChanged();
}

void EditorPage::followUndo()
{
    if (!m_reloading)
        return;
    const bool isBefore = m_editor->document()->availableUndoSteps() < m_reloading->steps;
    m_format = isBefore ? m_reloading->before : m_reloading->after;
    emit statusChanged();
}

void EditorPage::requestSave()
{
    // What is asked comes first: the keyboard goes to it.
    if (m_changedStrip->isVisible())
        m_keepMine->setFocus(Qt::ShortcutFocusReason);
    else if (canEdit())
        emit saveRequested();
}

void EditorPage::openFindBar()
{
    if (m_views->currentWidget() == m_textView)
        m_findBar->open();
    else if (m_views->currentWidget() == m_parts)
        m_parts->findBar()->open();
}

EditorState EditorPage::state() const
{
    EditorState now;
    now.etag = m_etag;
    now.anchor = m_editor->textCursor().anchor();
    now.position = m_editor->textCursor().position();
    now.topLine = m_editor->verticalScrollBar()->value();
    now.page = m_parts->currentPage();
    return now;
}

void EditorPage::restoreState(const EditorState& state)
{
    m_pendingState = state;
    if (m_hasContent && !isLoading())
        applyPendingState();
}

QString EditorPage::languageName() const
{
    if (m_kind == FileKind::Binary)
        return tr("Binary");
    return m_isLarge ? tr("%1, large: no colours").arg(m_languageName) : m_languageName;
}

QString EditorPage::positionText() const
{
    if (m_views->currentWidget() != m_textView)
        return {};
    const QTextCursor cursor = m_editor->textCursor();
    return tr("Ln %1, Col %2").arg(cursor.blockNumber() + 1).arg(cursor.positionInBlock() + 1);
}

QString EditorPage::formatText() const
{
    switch (m_kind) {
    case FileKind::Binary:
        return {};
    case FileKind::ForeignText:
        return tr("Latin-1");
    default:
        break;
    }
    return m_format.lineEnd == LineEnd::CrLf ? tr("UTF-8 · CRLF") : tr("UTF-8");
}

} // namespace caisson
