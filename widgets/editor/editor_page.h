// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QKeySequence>
#include <QWidget>

#include <optional>
#include <utility>

#include "widgets/editor/editor_state.h"
#include "widgets/editor/file_text.h"
#include "widgets/editor/prepared_file.h"

class QPushButton;
class QStackedLayout;

namespace caisson {

class ActivityLine;
class CodeEditor;
class EmptyState;
class FindBar;
class NoticeStrip;
class PagedViewer;
class Syntax;
class TextLoader;
class TextMirror;

/// One file in a tab. It is given bytes and gives bytes; where they come from and go to is the
/// owner's affair:
///
///     saveRequested    → the owner writes beginSave().bytes(), with If-Match: etag() (empty: the
///                        file is to be made anew), then calls setSaved(newEtag); when the file had
///                        changed underneath (412), externalChange(bytes, etag)
///     reloadRequested  → the owner reads the file and calls setContent()
///     a watch event    → externalChange(etag), or externalDelete()
///
/// Files over 2 MB are shown without colours, over 20 MB (or with a line over 64 kB) in parts and
/// read-only; a binary file is a sentence. What cannot be written back exactly as it was read
/// cannot be edited. GUI thread only; no call waits, and none takes longer for a large file: what
/// does is done on other threads or in slices.
class EditorPage : public QWidget
{
    Q_OBJECT

public:
    /// `name` becomes the object name and the prefix of its parts'. `syntax` outlives the page.
    EditorPage(const QString& name, const QString& fileName, const Syntax& syntax,
               QWidget* parent = nullptr);
    ~EditorPage() override;

    /// The file was moved: the language may be another.
    void setFileName(const QString& fileName);

    /// What the file holds. The first time the cursor is at the start; later it stays where it was,
    /// and while the file is small enough to be coloured, undo goes back to the text before.
    /// loaded() comes when the text is whole.
    void setContent(const QByteArray& bytes, const QString& etag);

    /// The text as it is now.
    TextSnapshot snapshot() const;
    /// Counts the changes of the text.
    int revision() const;
    bool canEdit() const;
    bool isModified() const;

    /// What to save.
    TextSnapshot beginSave();
    /// What the last beginSave() gave is now on disk. What was typed since stays unsaved.
    void setSaved(const QString& etag);
    const QString& etag() const { return m_etag; }

    /// The file is now another. Nothing happens when it is the one known already, by etag or by
    /// content.
    void externalChange(const QString& etag);
    void externalChange(const QByteArray& bytes, const QString& etag);
    void externalDelete();

    /// Without the unsaved text, which snapshot() has.
    EditorState state() const;
    /// Before setContent(): unsaved text comes back as unsaved, with the question if the file has
    /// changed since.
    void restoreState(const EditorState& state);

    QString languageName() const; ///< e.g. "Python", "Plain text"
    QString positionText() const; ///< e.g. "Ln 12, Col 4"; empty where there is no cursor
    QString formatText() const;   ///< e.g. "UTF-8", "UTF-8 · CRLF"

    CodeEditor* editor() const { return m_editor; }

    /// What the keyboard does here beside what it does in every text, for a list.
    static QList<std::pair<QString, QKeySequence>> shortcuts();

signals:
    void loaded();
    void modifiedChanged(bool isModified);
    void edited();        ///< there is more that is not saved
    void statusChanged(); ///< of languageName(), positionText(), formatText() or canEdit()
    void saveRequested();
    void reloadRequested();
    void closeRequested();

private:
    struct OnDisk
    {
        std::optional<QByteArray> bytes;
        QString etag;
    };

    void makeStrips();
    void makeActions();
    void showPrepared(const PreparedFile& prepared, const QByteArray& bytes);
    void showText(const PreparedFile& prepared, const QByteArray& bytes);
    void replaceText(const QString& text);
    /// Undo brings the text back that was before; its form is no part of the document.
    struct Reloading
    {
        FileFormat before;
        FileFormat after;
        int steps = 0; ///< of undo, when it was done
    };
    void followUndo();

    void showView(QWidget* view, QWidget* focus);
    void showBinary(qsizetype size);
    void showParts(const QByteArray& bytes, const PageIndex& index);
    void noteReadOnly();
    void useLineEnd(LineEnd lineEnd);
    bool isLoading() const;
    void onTextLoaded();
    void applyPendingState();
    void restoreMine(const EditorState& left);
    void compared(bool isSame, const OnDisk& theirs);
    void chooseLanguage();
    void askAboutChange();
    void nameWhatReloadingDrops();
    void reload();
    void keepMine();
    void requestSave();
    void openFindBar();

    QString m_fileName;
    const Syntax& m_syntax;
    QString m_etag;
    FileKind m_kind = FileKind::Text;
    FileFormat m_format;
    std::optional<Reloading> m_reloading; ///< the last one, as long as undo leads back before it
    QString m_languageName;
    OnDisk m_onDisk; ///< the other version, while the strip asks
    std::optional<EditorState> m_pendingState;
    PreparedFile m_shown;     ///< while its text is loaded
    OnDisk m_shownFile;       ///< the file it was made of, where something else is shown
    int m_givenRevision = -1; ///< the document's, when beginSave() was called
    int m_preparing = 0;      ///< counts preparations: a later one makes an earlier one void
    bool m_isPreparing = false;
    bool m_hasContent = false;
    bool m_isLarge = false;

    CodeEditor* m_editor;
    TextLoader* m_loader;
    TextMirror* m_mirror;
    FindBar* m_findBar;
    ActivityLine* m_activity;
    NoticeStrip* m_changedStrip;
    QPushButton* m_keepMine;
    NoticeStrip* m_deletedStrip;
    NoticeStrip* m_readOnlyStrip;
    NoticeStrip* m_lineEndStrip;
    QWidget* m_textView;
    PagedViewer* m_parts;
    EmptyState* m_binary;
    QStackedLayout* m_views;
};

} // namespace caisson
