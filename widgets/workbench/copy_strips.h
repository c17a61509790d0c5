// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/models/sandbox_actions.h"

#include <QHash>
#include <QWidget>

class QPushButton;

namespace caisson {

class NoticeStrip;

/// A strip for each folder that is being copied into a sandbox: how far it is, a way to stop it,
/// and in the end what is not as it was wished.
class CopyStrips : public QWidget
{
    Q_OBJECT
public:
    explicit CopyStrips(QWidget* parent = nullptr);

    void show(const FolderCopying& copying);
    void showOutcome(const FolderCopying& copying, const desk::CopyOutcome& outcome);
    /// Says so when it was stopped; else the error is somebody else's to say.
    void showFailure(const FolderCopying& copying, const Error& error);

    /// The window went while it was under way: offers to copy again.
    void showInterrupted(const FolderCopying& copying);
    void hideInterrupted(quint64 copy);

signals:
    void stopAsked(quint64 copy);
    void againAsked(quint64 copy);
    void forgotten(quint64 copy); ///< the strip of an interrupted one was closed

private:
    NoticeStrip& ensureStrip(const FolderCopying& copying);
    void end(quint64 copy, const QString& what, const QString& detail);

    QHash<quint64, NoticeStrip*> m_strips;
    QHash<quint64, QPushButton*> m_stops;
    QHash<quint64, NoticeStrip*> m_interrupted;
};

} // namespace caisson
