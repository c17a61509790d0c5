// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QBasicTimer>
#include <QHash>
#include <QList>
#include <QObject>
#include <QTextLayout>

#include <chrono>
#include <memory>

class QTextBlock;
class QTextDocument;

namespace KSyntaxHighlighting {
class Definition;
}

namespace caisson {

class HighlighterBlock;
class LineScanner;

/// Colours a document in slices, so that no file makes the window wait: a pass of at most 4 ms at a
/// time works out the state at the end of every line, and only what is on the screen gets its
/// colours, at once. Lines on the screen that the pass has not reached are coloured as if nothing
/// was open before them, and again when it is known.
class Highlighter : public QObject
{
    Q_OBJECT

public:
    static constexpr std::chrono::milliseconds kSlice{4};
    /// Longer lines stay plain: one such line would be a slice of its own, and more.
    static constexpr int kLongestLine = 5'000;

    explicit Highlighter(QTextDocument* document);
    ~Highlighter() override;

    /// An invalid definition takes the colours away.
    void setDefinition(const KSyntaxHighlighting::Definition& definition);
    void setDark(bool isDark);

    /// The lines on the screen. They have their colours when this returns.
    void setVisibleBlocks(int first, int last);

    /// The state at the end of every line is known.
    bool isComplete() const;

signals:
    void completed();

protected:
    void timerEvent(QTimerEvent* event) override;

private:
    void onContentsChange(int position, int removed, int added);
    void onContentsChanged();
    void restart();
    void scheduleSlice();
    void runSlice();
    bool advance(QTextBlock& block);
    void formatVisible();
    void formatBlock(const QTextBlock& block, bool isProvisional);
    HighlighterBlock* dataOf(const QTextBlock& block) const;

    QTextDocument* m_document;
    std::unique_ptr<LineScanner> m_scanner;
    QBasicTimer m_timer;
    bool m_isEnabled = false;
    bool m_isApplying = false;
    int m_next = 0;        ///< the first line whose state must be worked out
    int m_dirtyUntil = -1; ///< the last line that was edited since it was scanned
    int m_frontier = 0;    ///< no line from here on has ever been scanned
    int m_blockCount = 1;
    int m_visibleFirst = 0;
    int m_visibleLast = 0;
};

} // namespace caisson
