// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/editor/editor_page.h"

#include <QTextDocument>
#include <QtConcurrentRun>

#include "widgets/common/notice_strip.h"
#include "widgets/editor/code_editor.h"
#include "widgets/editor/prepared_file.h"
#include "widgets/editor/text_mirror.h"

/// How EditorPage stands to the file on disk: saved to it, and changed or deleted under it.
namespace caisson {

void EditorPage::setSaved(const QString& etag)
{
    m_etag = etag;
    m_onDisk = {};
    m_changedStrip->hide();
    m_deletedStrip->hide();
    if (revision() == m_givenRevision)
        m_editor->document()->setModified(false);
}

void EditorPage::externalChange(const QString& etag)
{
    if (!m_hasContent || etag == m_etag)
        return;
    m_onDisk = {std::nullopt, etag};
    askAboutChange();
}

void EditorPage::externalChange(const QByteArray& bytes, const QString& etag)
{
    if (!m_hasContent || etag == m_etag)
        return;
    const OnDisk theirs{bytes, etag};
    // A character takes a byte or more.
    if (!canEdit() || m_mirror->text().size() > bytes.size()) {
        compared(false, theirs);
    } else if (bytes.size() <= PreparedFile::kLargestColoured) {
        compared(bytes == snapshot().bytes(), theirs);
    } else {
        QtConcurrent::run([mine = snapshot(), bytes] {
            return mine.bytes() == bytes;
        }).then(this, [this, theirs, before = revision()](bool isSame) {
            compared(isSame && revision() == before, theirs);
        });
    }
}

void EditorPage::compared(bool isSame, const OnDisk& theirs)
{
    if (theirs.etag == m_etag)
        return; // known meanwhile
    if (isSame) {
        m_etag = theirs.etag;
        m_editor->document()->setModified(false);
        m_changedStrip->hide();
        m_deletedStrip->hide();
    } else {
        m_onDisk = theirs;
        askAboutChange();
    }
}

void EditorPage::externalDelete()
{
    if (!m_hasContent)
        return;
    m_etag.clear();
    m_onDisk = {};
    m_changedStrip->hide();
    if (canEdit())
        m_editor->document()->setModified(true);
    m_deletedStrip->show();
}

void EditorPage::askAboutChange()
{
    m_deletedStrip->hide();
    nameWhatReloadingDrops();
    m_changedStrip->show();
}

void EditorPage::nameWhatReloadingDrops()
{
    m_changedStrip->setText(tr("This file has changed on disk."),
                            isModified()
                                ? tr("Reloading drops what you have not saved; undo brings "
                                     "it back.")
                                : QString());
}

void EditorPage::reload()
{
    if (m_onDisk.bytes) {
        const OnDisk theirs = std::exchange(m_onDisk, {});
        setContent(*theirs.bytes, theirs.etag);
    } else {
        emit reloadRequested();
    }
}

void EditorPage::keepMine()
{
    m_etag = m_onDisk.etag;
    m_onDisk = {};
    m_changedStrip->hide();
    if (canEdit())
        m_editor->document()->setModified(true);
    m_editor->setFocus();
}

} // namespace caisson
