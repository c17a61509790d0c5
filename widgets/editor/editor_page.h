// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include <optional>

#include "widgets/editor/editor_state.h"
#include "widgets/editor/file_text.h"

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

/// One file in a tab. It is given bytes and gives bytes; where they come from and go to is the owner's affair:
///
///     saveRequested    → the owner writes content(), with If-Match: etag() (empty: the file is to be made anew), then calls
///                        setSaved(newEtag); when the file had changed underneath (412), externalChange(bytes, etag)
///     reloadRequested  → the owner reads the file and calls setContent()
///     a watch event    → externalChange(etag), or externalDelete()
///
/// Files over 2 MB are shown without colours, over 20 MB (or with a line over 64 kB) in parts and read-only; a binary file
/// is a sentence. What cannot be written back exactly as it was read cannot be edited. GUI thread only; no call waits.
class EditorPage : public QWidget
{
    Q_OBJECT

public:
    static constexpr qsizetype kLargestColoured = 2'000'000;
    static constexpr qsizetype kLargestEdited = 20'000'000;
    static constexpr qsizetype kLongestEditedLine = 64 * 1024;

    /// `name` becomes the object name and the prefix of its parts'. `syntax` outlives the page.
    EditorPage(const QString& name, const QString& fileName, const Syntax& syntax,
               QWidget* parent = nullptr);
    ~EditorPage() override;

    /// The file was moved: the language may be another.
    void setFileName(const QString& fileName);

    /// What the file holds. The first time the cursor is at the start; later it stays where it was, and while the file is small
    /// enough to be coloured, undo goes back to the text before. loaded() comes when the text is whole.
    void setContent(const QByteArray& bytes, const QString& etag);

    /// The bytes to save.
    QByteArray content();
    bool canEdit() const;
    bool isModified() const;

    /// What the last content() gave is now on disk. What was typed since stays unsaved.
    void setSaved(const QString& etag);
    const QString& etag() const { return m_etag; }

    /// The file is now another. Nothing happens when it is the one known already, by etag or by content.
    void externalChange(const QString& etag);
    void externalChange(const QByteArray& bytes, const QString& etag);
    void externalDelete();

    EditorState state();
    /// Before or after setContent(); unsaved text comes back as unsaved, with the question if the file has changed since.
    void restoreState(const EditorState& state);

    QString languageName() const; ///< e.g. "Python", "Plain text"
    QString positionText() const; ///< e.g. "Ln 12, Col 4"; empty where there is no cursor
    QString formatText() const;   ///< e.g. "UTF-8", "UTF-8 · CRLF"

    CodeEditor* editor() const { return m_editor; }

signals:
    void loaded();
    void modifiedChanged(bool isModified);
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
    void decode(const QByteArray& bytes);
    void showText(const FileText& file);
    void replaceText(const QString& text);
    void showBinary(qsizetype size);
    void showParts(const QByteArray& bytes);
    void useLineEnd(LineEnd lineEnd);
    bool isLoading() const;
    void onTextLoaded();
    void applyPendingState();
    void chooseLanguage();
    void askAboutChange();
    void reload();
    void keepMine();
    void requestSave();
    void openFindBar();

    QString m_fileName;
    const Syntax& m_syntax;
    QString m_etag;
    FileKind m_kind = FileKind::Text;
    FileFormat m_format;
    QString m_languageName;
    struct Unsaved
    {
        int revision = 0; ///< the document's
        QByteArray bytes;
    };
    std::optional<Unsaved> m_unsaved; ///< as state() gave it last
    OnDisk m_onDisk;                  ///< the other version, while the strip asks
    std::optional<EditorState> m_pendingState;
    int m_givenRevision = -1; ///< the document's, when content() was called
    int m_decoding = 0;       ///< counts decodings: a later one makes an earlier one void
    bool m_isDecoding = false;
    bool m_hasContent = false;
    bool m_isLarge = false;

    CodeEditor* m_editor;
    TextLoader* m_loader;
    FindBar* m_findBar;
    ActivityLine* m_activity;
    NoticeStrip* m_changedStrip;
    NoticeStrip* m_deletedStrip;
    NoticeStrip* m_readOnlyStrip;
    NoticeStrip* m_lineEndStrip;
    QWidget* m_textView;
    PagedViewer* m_parts;
    EmptyState* m_binary;
    QStackedLayout* m_views;
};

} // namespace caisson
