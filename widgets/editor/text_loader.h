// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QBasicTimer>
#include <QObject>
#include <QString>

#include <chrono>

class QPlainTextEdit;

namespace caisson {

/// Puts a text into an editor in slices, so that a large one does not make the window wait. A small
/// one is there when start() returns.
class TextLoader : public QObject
{
    Q_OBJECT

public:
    static constexpr std::chrono::milliseconds kSlice{6};

    explicit TextLoader(QPlainTextEdit* editor);

    /// Replaces what is in the editor, forgetting its undo history. finished() comes once the text
    /// is whole; until then the editor is read-only. A start during a load abandons the earlier
    /// text.
    void start(const QString& text);
    bool isLoading() const { return m_timer.isActive(); }
    /// 0 to 1.
    double fraction() const;

signals:
    void progressed();
    void finished();

protected:
    void timerEvent(QTimerEvent* event) override;

private:
    bool loadSlice();

    QPlainTextEdit* m_editor;
    QBasicTimer m_timer;
    QString m_text;
    qsizetype m_at = 0;
};

} // namespace caisson
