// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/editor/highlighter.h"

#include <KSyntaxHighlighting/AbstractHighlighter>
#include <KSyntaxHighlighting/Definition>
#include <KSyntaxHighlighting/Format>
#include <KSyntaxHighlighting/State>
#include <QElapsedTimer>
#include <QTextBlock>
#include <QTextDocument>
#include <QTimerEvent>

#include "widgets/editor/syntax_colors.h"

namespace caisson {

using KSyntaxHighlighting::State;

/// What is known of a line.
class HighlighterBlock : public QTextBlockUserData
{
public:
    enum class Colours { None, Provisional, Final };

    State end;   ///< as the pass worked it out the last time it was here
    State guess; ///< as the provisional colours took it to be, for the line below
    Colours colours = Colours::None;
};

/// KSyntaxHighlighting's engine, giving the formats of a line as a list.
class LineScanner : public KSyntaxHighlighting::AbstractHighlighter
{
public:
    State scan(QStringView line, const State& before, bool wantsFormats)
    {
        m_formats.clear();
        m_wantsFormats = wantsFormats;
        return line.size() > Highlighter::kLongestLine ? before : highlightLine(line, before);
    }

    const QList<QTextLayout::FormatRange>& formats() const { return m_formats; }

    void setDark(bool isDark)
    {
        m_isDark = isDark;
        m_cache.clear();
    }

    void forgetFormats() { m_cache.clear(); }

protected:
    void applyFormat(int offset, int length, const KSyntaxHighlighting::Format& format) override
    {
        if (!m_wantsFormats || length == 0)
            return;
        auto cached = m_cache.constFind(format.id());
        if (cached == m_cache.constEnd())
            cached = m_cache.insert(format.id(), syntaxFormat(format, m_isDark));
        if (!cached->isEmpty())
            m_formats.append({offset, length, *cached});
    }

private:
    QList<QTextLayout::FormatRange> m_formats;
    QHash<int, QTextCharFormat> m_cache;
    bool m_wantsFormats = false;
    bool m_isDark = false;
};

Highlighter::Highlighter(QTextDocument* document)
    : QObject(document)
    , m_document(document)
    , m_scanner(std::make_unique<LineScanner>())
{
    connect(document, &QTextDocument::contentsChange, this, &Highlighter::onContentsChange);
    connect(document, &QTextDocument::contentsChanged, this, &Highlighter::onContentsChanged);
}

Highlighter::~Highlighter() = default;

void Highlighter::setDefinition(const KSyntaxHighlighting::Definition& definition)
{
    if (!definition.isValid() && !m_isEnabled)
        return;
    m_scanner->setDefinition(definition);
    m_scanner->forgetFormats();
    m_isEnabled = definition.isValid();
    restart();
}

void Highlighter::setDark(bool isDark)
{
    m_scanner->setDark(isDark);
    for (QTextBlock block = m_document->begin(); block.isValid(); block = block.next()) {
        if (HighlighterBlock* data = static_cast<HighlighterBlock*>(block.userData()))
            data->colours = HighlighterBlock::Colours::None;
    }
    formatVisible();
}

void Highlighter::setVisibleBlocks(int first, int last)
{
    m_visibleFirst = first;
    m_visibleLast = last;
    formatVisible();
}

bool Highlighter::isComplete() const
{
    return !m_isEnabled || m_next >= m_document->blockCount();
}

void Highlighter::restart()
{
    m_next = 0;
    m_frontier = 0;
    m_dirtyUntil = -1;
    m_blockCount = m_document->blockCount();
    m_isApplying = true;
    for (QTextBlock block = m_document->begin(); block.isValid(); block = block.next()) {
        const auto* data = static_cast<HighlighterBlock*>(block.userData());
        if (!data)
            continue;
        if (!m_isEnabled && data->colours != HighlighterBlock::Colours::None) {
            block.layout()->clearFormats();
            m_document->markContentsDirty(block.position(), block.length());
        }
        block.setUserData(nullptr);
    }
    m_isApplying = false;
    if (!m_isEnabled)
        return;
    formatVisible();
    scheduleSlice();
}

void Highlighter::onContentsChange(int position, int, int added)
{
    if (!m_isEnabled || m_isApplying)
        return;
    const int first = m_document->findBlock(position).blockNumber();
    QTextBlock lastBlock = m_document->findBlock(position + added);
    if (!lastBlock.isValid())
        lastBlock = m_document->lastBlock();
    const int last = lastBlock.blockNumber();
    const int grown = m_document->blockCount() - m_blockCount;
    m_blockCount = m_document->blockCount();

    if (m_frontier > first)
        m_frontier = qBound(first, m_frontier + grown, m_blockCount);
    if (m_dirtyUntil >= first)
        m_dirtyUntil += grown;
    if (m_next > first) {
        // A pass that was on its way down has not told the lines below of an earlier edit yet: they
        // stay dirty.
        if (m_next + grown < m_frontier)
            m_dirtyUntil = qMax(m_dirtyUntil, m_next + grown);
        m_next = first;
    }
    m_dirtyUntil = qMax(m_dirtyUntil, last);
    for (QTextBlock block = m_document->findBlockByNumber(first);
         block.isValid() && block.blockNumber() <= last; block = block.next()) {
        if (HighlighterBlock* data = static_cast<HighlighterBlock*>(block.userData())) {
            data->colours = HighlighterBlock::Colours::None;
        }
    }
}

void Highlighter::onContentsChanged()
{
    if (!m_isEnabled || m_isApplying)
        return;
    // At once, so that a typed character never shows without its colour.
    runSlice();
}

void Highlighter::scheduleSlice()
{
    if (!isComplete() && !m_timer.isActive())
        m_timer.start(0, this);
}

void Highlighter::timerEvent(QTimerEvent* event)
{
    if (event->timerId() == m_timer.timerId())
        runSlice();
}

void Highlighter::runSlice()
{
    QElapsedTimer clock;
    clock.start();
    QTextBlock block = m_document->findBlockByNumber(m_next);
    const bool wasComplete = isComplete();
    while (block.isValid() && clock.durationElapsed() < kSlice) {
        if (!advance(block))
            break;
    }
    formatVisible();
    if (isComplete()) {
        m_timer.stop();
        if (!wasComplete)
            emit completed();
    } else {
        scheduleSlice();
    }
}

/// Works out one line and moves on to the next that needs it.
bool Highlighter::advance(QTextBlock& block)
{
    HighlighterBlock* data = dataOf(block);
    const QTextBlock previous = block.previous();
    const State before = previous.isValid() ? dataOf(previous)->end : State();
    const State oldEnd = data->end;
    const bool wasKnown = m_next < m_frontier && m_next > m_dirtyUntil;
    data->end = m_scanner->scan(block.text(), before, false);
    if (data->colours == HighlighterBlock::Colours::Provisional || !wasKnown)
        data->colours = HighlighterBlock::Colours::None;
    ++m_next;
    m_frontier = qMax(m_frontier, m_next);
    if (wasKnown) {
        if (oldEnd == data->end) {
            // From here to the frontier nothing has changed.
            m_dirtyUntil = -1;
            m_next = m_frontier;
            block = m_document->findBlockByNumber(m_next);
            return block.isValid();
        }
    }
    block = block.next();
    if (block.isValid() && (!wasKnown || oldEnd != data->end)) {
        // What was coloured from the old state is stale. After an edited line that is so even when
        // its end is as before: the line below may have stood below another one, which is gone.
        if (HighlighterBlock* following = static_cast<HighlighterBlock*>(block.userData()))
            following->colours = HighlighterBlock::Colours::None;
    }
    return block.isValid();
}

void Highlighter::formatVisible()
{
    if (!m_isEnabled)
        return;
    m_isApplying = true;
    for (QTextBlock block = m_document->findBlockByNumber(m_visibleFirst);
         block.isValid() && block.blockNumber() <= m_visibleLast; block = block.next()) {
        const bool isFinal = block.blockNumber() < m_next;
        const HighlighterBlock::Colours wanted =
            isFinal ? HighlighterBlock::Colours::Final : HighlighterBlock::Colours::Provisional;
        if (dataOf(block)->colours < wanted)
            formatBlock(block, !isFinal);
    }
    m_isApplying = false;
}

void Highlighter::formatBlock(const QTextBlock& block, bool isProvisional)
{
    HighlighterBlock* data = dataOf(block);
    const QTextBlock previous = block.previous();
    State before;
    if (previous.isValid()) {
        const bool isScanned = previous.blockNumber() < m_frontier;
        before = isScanned ? dataOf(previous)->end : dataOf(previous)->guess;
    }
    data->guess = m_scanner->scan(block.text(), before, true);
    data->colours =
        isProvisional ? HighlighterBlock::Colours::Provisional : HighlighterBlock::Colours::Final;
    if (block.layout()->formats() != m_scanner->formats()) {
        block.layout()->setFormats(m_scanner->formats());
        m_document->markContentsDirty(block.position(), block.length());
    }
}

HighlighterBlock* Highlighter::dataOf(const QTextBlock& block) const
{
    if (!block.userData())
        QTextBlock(block).setUserData(new HighlighterBlock);
    return static_cast<HighlighterBlock*>(block.userData());
}

} // namespace caisson
