// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/terminal/terminal_view.h"

#include <QApplication>
#include <QBuffer>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QDropEvent>
#include <QMenu>
#include <QMimeData>
#include <QPushButton>
#include <QScrollBar>
#include <QVBoxLayout>

#include <qtermwidget6/qtermwidget.h>

#include "widgets/common/activity_line.h"
#include "widgets/common/colors.h"
#include "widgets/common/fonts.h"
#include "widgets/common/icons.h"
#include "widgets/common/notice_strip.h"
#include "widgets/terminal/emulator_feed.h"
#include "widgets/terminal/paste_text.h"
#include "widgets/terminal/readable_colours.h"
#include "widgets/terminal/stream_filter.h"
#include "widgets/terminal/terminal_keys.h"
#include "widgets/terminal/wide_characters.h"

static void initTerminalResource()
{
    Q_INIT_RESOURCE(terminal);
}

namespace caisson {

namespace {
constexpr int kMargin = 8;
constexpr int kPreviewLength = 60;
} // namespace

TerminalView::TerminalView(const QString& name, QWidget* parent)
    : QWidget(parent)
    , m_terminal(new QTermWidget(0, this))
    , m_display(m_terminal->focusProxy())
    , m_pasteStrip(
          new NoticeStrip(name + QStringLiteral(".paste"), NoticeStrip::Tone::Decision, this))
    , m_activity(new ActivityLine(this))
    , m_filter(std::make_unique<StreamFilter>())
{
    initTerminalResource();
    setObjectName(name);
    m_terminal->setHistorySize(kScrollback);
    m_terminal->setTerminalFont(monoFont());
    m_terminal->setMargin(kMargin);
    m_terminal->setScrollBarPosition(QTermWidget::ScrollBarRight);
    m_terminal->setTerminalSizeHint(false);
    m_terminal->setFlowControlEnabled(false);    // Ctrl-S belongs to the program
    m_terminal->setConfirmMultilinePaste(false); // asked here, in place
    m_terminal->startTerminalTeletype();
    m_feed = std::make_unique<EmulatorFeed>(m_terminal);
    applyColours();

    m_activity->setObjectName(name + QStringLiteral(".activity"));
    m_activity->hide();
    // While a replay paints nothing, an empty terminal is seen.
    setBackgroundRole(QPalette::Base);
    setAutoFillBackground(true);

    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_terminal);
    setFocusProxy(m_display);
    m_display->setObjectName(name + QStringLiteral(".display"));
    m_display->setAccessibleName(tr("Terminal"));
    m_display->installEventFilter(this);

    connect(m_terminal, &QTermWidget::sendData, this, &TerminalView::onEmulatorSent);
    connect(m_feed.get(), &EmulatorFeed::parsed, this, &TerminalView::onParsed);
    connect(m_terminal, &QTermWidget::urlActivated, this, &TerminalView::onLink);
    connect(m_display, SIGNAL(configureRequest(QPoint)), this, SLOT(showMenu(QPoint)));

    QPushButton* cancel = m_pasteStrip->addButton(QStringLiteral("cancel"), tr("Cancel"));
    QPushButton* accept =
        m_pasteStrip->addButton(QStringLiteral("accept"), tr("Paste"), ButtonKind::Primary);
    m_pasteStrip->setDismissible(true);
    const auto drop = [this] {
        m_heldPaste.clear();
        m_pasteStrip->hide();
        m_display->setFocus();
    };
    connect(cancel, &QPushButton::clicked, this, drop);
    connect(m_pasteStrip, &NoticeStrip::dismissed, this, drop);
    connect(accept, &QPushButton::clicked, this, [this, drop] {
        const QString text = m_heldPaste;
        drop();
        sendPaste(text);
    });
}

TerminalView::~TerminalView()
{
    // Children die after this object has ceased to be a TerminalView: nothing may call back into
    // it.
    m_display->removeEventFilter(this);
    disconnect(m_terminal, nullptr, this, nullptr);
    disconnect(m_display, nullptr, this, nullptr);
    m_feed.reset();
}

void TerminalView::feed(const QByteArray& bytes)
{
    const QByteArray shown = m_filter->filter(bytes);
    drawFramesInPlace(shown);
    if (m_replay == Replay::Ending)
        m_held += shown;
    else
        write(shown);
    if (const std::optional<QString> title = m_filter->takeTitle(); title && *title != m_title) {
        m_title = *title;
        emit titleChanged(m_title);
    }
}

/// QTermWidget draws box characters itself, crisper than any font does, but behind wide characters
/// in the wrong place: for the start of such a run it adds up the advances of the characters before
/// it and counts a wide one's second cell twice. A font's glyphs stand where they belong.
void TerminalView::drawFramesInPlace(const QByteArray& shown)
{
    if (m_frames == Frames::Drawn && hasWideCharacter(shown)) {
        m_frames = Frames::FromFont;
        m_terminal->setDrawLineChars(false);
        m_display->update();
    }
}

void TerminalView::write(const QByteArray& bytes)
{
    m_feed->write(bytes);
    if (m_feed->pendingBytes() > kLowWater)
        m_isAboveLowWater = true;
}

qsizetype TerminalView::pendingBytes() const
{
    return m_feed->pendingBytes() + m_held.size();
}

void TerminalView::beginReplay()
{
    if (m_replay == Replay::Ending)
        finishReplay();
    m_replay = Replay::Running;
    m_terminal->setUpdatesEnabled(false);
    m_activity->setBusy(true);
}

void TerminalView::endReplay()
{
    if (m_replay != Replay::Running)
        return;
    m_replay = Replay::Ending;
    if (m_feed->pendingBytes() == 0)
        finishReplay();
}

void TerminalView::finishReplay()
{
    m_replay = Replay::None;
    m_activity->setBusy(false);
    m_terminal->setUpdatesEnabled(true);
    scrollToEnd();
    write(std::exchange(m_held, {}));
    emit replayFinished();
}

/// And stays there. QTermWidget goes to where its scroll bar ends, and the bar is up to 40 ms behind
/// what has been parsed: short of the end it would stay behind for good.
void TerminalView::scrollToEnd()
{
    auto* bar = m_display->findChild<QScrollBar*>();
    if (!bar)
        return m_terminal->scrollToEnd();
    constexpr int kBeyond = 100'000'000; // the emulator stops at its last line
    const QSignalBlocker quiet(bar);
    const int known = bar->maximum();
    bar->setMaximum(kBeyond);
    m_terminal->scrollToEnd();
    bar->setMaximum(known);
}

void TerminalView::onParsed()
{
    if (m_replay == Replay::Ending && m_feed->pendingBytes() == 0)
        finishReplay();
    if (m_isAboveLowWater && m_feed->pendingBytes() <= kLowWater) {
        m_isAboveLowWater = false;
        emit drained();
    }
}

void TerminalView::onEmulatorSent(const char* bytes, int size)
{
    const bool isFromUser = std::exchange(m_isUserInput, false);
    if (size <= 0 || (isReplaying() && !isFromUser))
        return;
    emit typed(QByteArray(bytes, size));
}

void TerminalView::onLink(const QUrl& url, bool isFromMenu)
{
    const bool isMeant =
        isFromMenu || QApplication::keyboardModifiers().testFlag(Qt::ControlModifier);
    if (isMeant && (url.scheme() == u"http" || url.scheme() == u"https"))
        emit linkActivated(url);
}

int TerminalView::columns() const
{
    return m_terminal->screenColumnsCount();
}

int TerminalView::lines() const
{
    return m_terminal->screenLinesCount();
}

bool TerminalView::hasSelection() const
{
    return !m_terminal->selectedText().isEmpty();
}

void TerminalView::copySelection()
{
    if (hasSelection())
        m_terminal->copyClipboard();
}

void TerminalView::paste(const QString& text)
{
    const QString acceptable = pasteable(text);
    if (acceptable.isEmpty())
        return;
    if (const int count = lineCount(acceptable); count > 1)
        askAboutPaste(acceptable, count);
    else
        sendPaste(acceptable);
}

void TerminalView::askAboutPaste(const QString& text, int count)
{
    m_heldPaste = text;
    QString first = text.section(u'\r', 0, 0, QString::SectionSkipEmpty).simplified();
    if (first.size() > kPreviewLength)
        first = first.first(kPreviewLength - 1) + u'…';
    m_pasteStrip->setText(
        tr("Paste %n lines? A shell runs each one as it arrives.", nullptr, count),
        tr("First line: %1").arg(first));
    m_pasteStrip->show();
    m_pasteStrip->raise();
    placeOverlays();
    // The person asked for it just now: Enter pastes, Escape does not.
    m_pasteStrip->findChild<QPushButton*>(m_pasteStrip->objectName() + QStringLiteral(".accept"))
        ->setFocus(Qt::ShortcutFocusReason);
}

void TerminalView::sendPaste(const QString& text)
{
    QString wrapped = text;
    m_terminal->bracketText(wrapped);
    scrollToEnd();
    emit typed(wrapped.toUtf8());
}

void TerminalView::pasteClipboard(bool isSelection)
{
    const auto mode = isSelection && QApplication::clipboard()->supportsSelection()
                          ? QClipboard::Selection
                          : QClipboard::Clipboard;
    paste(QApplication::clipboard()->text(mode));
}

QString TerminalView::screenText() const
{
    QBuffer everything;
    everything.open(QIODevice::WriteOnly);
    m_terminal->saveHistory(&everything);
    QStringList rows = QString::fromUtf8(everything.data()).split(u'\n');
    for (QString& row : rows) {
        while (row.endsWith(u' '))
            row.chop(1);
    }
    while (!rows.isEmpty() && rows.last().isEmpty())
        rows.removeLast();
    if (rows.size() > lines())
        rows = rows.last(lines());
    return rows.join(u'\n');
}

bool TerminalView::programUsesMouse() const
{
    bool isForSelecting = true;
    QMetaObject::invokeMethod(m_display, "usesMouse", Qt::DirectConnection,
                              Q_RETURN_ARG(bool, isForSelecting));
    return !isForSelecting;
}

bool TerminalView::eventFilter(QObject* watched, QEvent* event)
{
    return watched == m_display ? filterDisplayEvent(event) : QWidget::eventFilter(watched, event);
}

void TerminalView::setEnded()
{
    if (std::exchange(m_isEnded, true))
        return;
    feed(QByteArrayLiteral("\x1b[?25l")); // DECTCEM: no cursor where nobody types
}

/// Of a terminal whose program has ended; whether that was all.
bool TerminalView::filterEndedEvent(QEvent* event)
{
    if (event->type() == QEvent::ShortcutOverride)
        return true; // not accepted: it may be a shortcut
    if (event->type() != QEvent::KeyPress)
        return false;
    const auto* key = static_cast<QKeyEvent*>(event);
    if (key->key() == Qt::Key_Tab || key->key() == Qt::Key_Backtab)
        focusNextPrevChild(key->key() == Qt::Key_Tab);
    else if (terminalKey(*key) == TerminalKey::Copy)
        copySelection();
    else if (terminalKey(*key) == TerminalKey::Window)
        return false;
    return true;
}

bool TerminalView::filterDisplayEvent(QEvent* event)
{
    if (m_isEnded && filterEndedEvent(event))
        return true;
    switch (event->type()) {
    case QEvent::ShortcutOverride:
        if (terminalKey(*static_cast<QKeyEvent*>(event)) == TerminalKey::Window)
            return false;
        event->accept();
        return true;
    case QEvent::KeyPress:
        switch (terminalKey(*static_cast<QKeyEvent*>(event))) {
        case TerminalKey::Copy:
            copySelection();
            return true;
        case TerminalKey::Paste:
            pasteClipboard(false);
            return true;
        case TerminalKey::Window:
            return false;
        case TerminalKey::Program:
            break;
        }
        if (const QByteArray bytes = ownKeyBytes(*static_cast<QKeyEvent*>(event));
            !bytes.isEmpty()) {
            scrollToEnd();
            emit typed(bytes);
            return true;
        }
        noteUserInput();
        return false;
    case QEvent::MouseButtonPress: {
        const auto* mouse = static_cast<QMouseEvent*>(event);
        const bool isForProgram =
            programUsesMouse() && !mouse->modifiers().testFlag(Qt::ShiftModifier);
        if (mouse->button() == Qt::MiddleButton && !isForProgram) {
            pasteClipboard(true);
            return true;
        }
        noteUserInput();
        return false;
    }
    case QEvent::InputMethod:
    case QEvent::MouseButtonRelease:
    case QEvent::MouseMove:
    case QEvent::Wheel:
    case QEvent::FocusIn:
    case QEvent::FocusOut:
        noteUserInput();
        return false;
    case QEvent::Drop: {
        auto* drop = static_cast<QDropEvent*>(event);
        if (!drop->mimeData()->hasText())
            return false;
        drop->acceptProposedAction();
        paste(drop->mimeData()->text());
        return true;
    }
    case QEvent::Resize:
    case QEvent::Show:
        // The emulator takes its size while it handles the event, which comes after this filter.
        QTimer::singleShot(0, this, &TerminalView::announceSize);
        return false;
    default:
        return false;
    }
}

/// What the emulator sends while it handles an event of the person is theirs; what it sends while
/// it parses is an answer.
void TerminalView::noteUserInput()
{
    m_isUserInput = true;
    QMetaObject::invokeMethod(this, [this] { m_isUserInput = false; }, Qt::QueuedConnection);
}

void TerminalView::announceSize()
{
    const QSize size(columns(), lines());
    if (!m_display->isVisible() || size == m_announcedSize)
        return;
    m_announcedSize = size;
    emit resized(size.width(), size.height());
}

void TerminalView::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    placeOverlays();
}

void TerminalView::placeOverlays()
{
    // Over the lines, not beside them: a strip in the layout would resize the terminal and make its
    // program redraw. At the end where the cursor is not, which is where the paste will go.
    const int height = m_pasteStrip->heightForWidth(width());
    const QRect cursor = m_display->inputMethodQuery(Qt::ImCursorRectangle).toRect();
    const bool isAtEnd = cursor.bottom() >= this->height() - height;
    m_pasteStrip->setGeometry(0, isAtEnd ? 0 : this->height() - height, width(), height);
    m_activity->setGeometry(0, 0, width(), m_activity->height());
}

void TerminalView::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange)
        applyColours();
    QWidget::changeEvent(event);
}

void TerminalView::applyColours()
{
    const QString scheme = isDark(palette())
                               ? QStringLiteral(":/caisson/terminal/caisson-dark.colorscheme")
                               : QStringLiteral(":/caisson/terminal/caisson-light.colorscheme");
    m_terminal->setColorScheme(scheme);
    m_filter->setReadableColours(readableColours(scheme));
    // The margin round the cells is painted in the display's Window colour. QTermWidget sets that
    // of its background role, which is Base by the time the scheme changes.
    QPalette own = m_display->palette();
    own.setColor(QPalette::Window, palette().color(QPalette::Base));
    m_display->setPalette(own);
    m_display->update();
}

void TerminalView::contextMenuEvent(QContextMenuEvent* event)
{
    // By mouse the display asks itself, unless the program wants the click; here the menu key
    // arrives.
    if (event->reason() == QContextMenuEvent::Keyboard)
        showMenu(QPoint(kMargin, kMargin));
}

QList<std::pair<QString, QKeySequence>> TerminalView::shortcuts()
{
    return {{tr("Copy"), Qt::CTRL | Qt::SHIFT | Qt::Key_C},
            {tr("Paste"), Qt::CTRL | Qt::SHIFT | Qt::Key_V}};
}

void TerminalView::showMenu(const QPoint& displayPosition)
{
    auto* menu = new QMenu(this);
    menu->setObjectName(objectName() + QStringLiteral(".menu"));
    menu->setAttribute(Qt::WA_DeleteOnClose);
    const QList<QAction*> linkActions = m_terminal->filterActions(displayPosition);
    menu->addActions(linkActions);
    if (!linkActions.isEmpty())
        menu->addSeparator();
    QAction* copy =
        menu->addAction(icon(Icon::Copy), tr("&Copy"), this, &TerminalView::copySelection);
    copy->setShortcut(shortcuts()[0].second);
    copy->setEnabled(hasSelection());
    QAction* pasteAction =
        menu->addAction(icon(Icon::Paste), tr("&Paste"), this, [this] { pasteClipboard(false); });
    pasteAction->setShortcut(shortcuts()[1].second);
    pasteAction->setEnabled(!QApplication::clipboard()->text().isEmpty());
    menu->popup(m_display->mapToGlobal(displayPosition));
}

} // namespace caisson
