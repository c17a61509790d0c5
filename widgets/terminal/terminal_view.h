// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QKeySequence>
#include <QUrl>
#include <QWidget>

#include <memory>

class QTermWidget;

namespace caisson {

class ActivityLine;
class EmulatorFeed;
class NoticeStrip;
class StreamFilter;

/// A terminal without a process: bytes in, keys out. It knows nothing of where either comes from or
/// goes to.
///
/// Attaching to a terminal with history: beginReplay(), feed() everything up to the offset that was
/// the end when the client attached, endReplay(), then feed() what comes live. GUI thread only; no
/// call waits.
class TerminalView : public QWidget
{
    Q_OBJECT

public:
    /// Pause the source when more than this waits to be shown, and go on at drained(). In bytes.
    static constexpr qsizetype kHighWater = 1024 * 1024;
    /// drained() comes when what waits has fallen to this. In bytes.
    static constexpr qsizetype kLowWater = 256 * 1024;
    /// Lines that can be scrolled back to. QTermWidget keeps each cell of each line (16 bytes), so
    /// this bounds memory to about 25 MB for 160 columns, and the cost of resizing; above 50,000 it
    /// stalls.
    static constexpr int kScrollback = 10'000;

    /// `name` becomes the object name.
    explicit TerminalView(const QString& name, QWidget* parent = nullptr);
    ~TerminalView() override;

    /// Queues bytes of the program's output, in any cut.
    void feed(const QByteArray& bytes);

    /// Fed and not yet parsed by the emulator.
    qsizetype pendingBytes() const;

    /// From here on the emulator's answers to queries in the output (device attributes, cursor
    /// position) are not sent: they were answered when they were asked. Keys are. Nothing is
    /// painted until the end.
    void beginReplay();
    /// Takes effect when everything fed so far is parsed; then the view is painted once and
    /// replayFinished() comes.
    void endReplay();
    bool isReplaying() const { return m_replay != Replay::None; }

    int columns() const;
    int lines() const;
    const QString& title() const { return m_title; }

    /// Its program has ended: keys are the window's again, and nothing is typed.
    void setEnded();

    /// Copy and paste, for a list.
    static QList<std::pair<QString, QKeySequence>> shortcuts();

    bool hasSelection() const;
    void copySelection();
    /// Asks first when the text has several lines.
    void paste(const QString& text);

    /// The last lines of the output, as many as the screen has, without trailing blanks; a wrapped
    /// line counts as one. Reads the whole scrollback: for tests and the tour.
    QString screenText() const;

signals:
    /// Keys, pastes, mouse reports and answers to queries: to the program as they are.
    void typed(const QByteArray& bytes);
    /// The size in cells changed; also once when the view is first shown.
    void resized(int columns, int lines);
    void titleChanged(const QString& title);
    void drained();
    void replayFinished();
    /// A web address in the output was Ctrl-clicked, or chosen in the menu. Untrusted; http or
    /// https.
    void linkActivated(const QUrl& url);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;

private slots:
    /// Connected by name: the display's class is private to QTermWidget.
    void showMenu(const QPoint& displayPosition);

private:
    enum class Replay {
        None,
        Running,
        Ending, ///< endReplay() was called: what is fed is m_held until the emulator is there
    };

    /// Who draws the characters of boxes, U+2500 to U+257F.
    enum class Frames {
        Drawn, ///< QTermWidget, line by line
        FromFont,
    };

    void onEmulatorSent(const char* bytes, int size);
    void onParsed();
    void onLink(const QUrl& url, bool isFromMenu);
    void finishReplay();
    void scrollToEnd();
    void drawFramesInPlace(const QByteArray& shown);
    void write(const QByteArray& bytes);
    void sendPaste(const QString& text);
    void pasteClipboard(bool isSelection);
    void askAboutPaste(const QString& text, int lineCount);
    bool programUsesMouse() const;
    bool filterEndedEvent(QEvent* event);
    bool filterDisplayEvent(QEvent* event);
    void noteUserInput();
    void applyColours();
    void placeOverlays();
    void announceSize();

    QTermWidget* m_terminal;
    QWidget* m_display; ///< the part of it that paints and takes events
    NoticeStrip* m_pasteStrip;
    ActivityLine* m_activity; ///< shown when a replay takes its time
    std::unique_ptr<StreamFilter> m_filter;
    std::unique_ptr<EmulatorFeed> m_feed;
    QByteArray m_held;
    QString m_heldPaste;
    QString m_title;
    QSize m_announcedSize;
    Replay m_replay = Replay::None;
    Frames m_frames = Frames::Drawn;
    bool m_isAboveLowWater = false;
    bool m_isEnded = false;
    bool m_isUserInput = false; ///< the next bytes from the emulator come from a key or the mouse
};

} // namespace caisson
