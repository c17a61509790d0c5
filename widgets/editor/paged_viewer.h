// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QKeySequence>
#include <QWidget>

#include "widgets/editor/page_index.h"

class QLabel;
class QToolButton;

namespace caisson {

class CodeEditor;
class FindBar;

/// Shows a file that is too large for an editor, a part at a time, to read only.
class PagedViewer : public QWidget
{
    Q_OBJECT

public:
    explicit PagedViewer(const QString& name, QWidget* parent = nullptr);

    /// Keeps the bytes (shared, not copied), of which `index` is made, and stays near the part that
    /// was shown.
    void setContent(const QByteArray& bytes, const PageIndex& index);

    qsizetype pageCount() const { return m_index.count(); }
    qsizetype currentPage() const { return m_current; }
    void showPage(qsizetype page);
    CodeEditor* text() const { return m_text; }
    FindBar* findBar() const { return m_findBar; }

    /// Previous, next, first and last part.
    static QList<std::pair<QString, QKeySequence>> shortcuts();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QByteArray m_bytes;
    PageIndex m_index;
    qsizetype m_current = 0;
    CodeEditor* m_text;
    FindBar* m_findBar;
    QLabel* m_position;
    QAction* m_previous;
    QAction* m_next;
    QAction* m_first;
    QAction* m_last;
};

} // namespace caisson
