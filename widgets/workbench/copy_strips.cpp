// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/workbench/copy_strips.h"

#include <QLocale>
#include <QPushButton>
#include <QVBoxLayout>

#include "widgets/common/notice_strip.h"

namespace caisson {

namespace {

QString sentenceOf(const FolderCopying& copying, const desk::CopyOutcome& outcome)
{
    if (outcome.leftOut == 1)
        return CopyStrips::tr("“%1” was copied into “%2”, except for 1 file or folder.")
            .arg(copying.folder, copying.sandboxName);
    return CopyStrips::tr("“%1” was copied into “%2”, except for %3 files and folders.")
        .arg(copying.folder, copying.sandboxName,
             QLocale().toString(static_cast<qint64>(outcome.leftOut)));
}

QString reasonsOf(const desk::CopyOutcome& outcome)
{
    QStringList reasons;
    for (const std::string& reason : outcome.reasons)
        reasons += QString::fromStdString(reason);
    if (outcome.leftOut > reasons.size())
        reasons += QStringLiteral("…");
    return reasons.join(QStringLiteral(" · "));
}

} // namespace

CopyStrips::CopyStrips(QWidget* parent)
    : QWidget(parent)
{
    setObjectName(QStringLiteral("copies"));
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
}

NoticeStrip& CopyStrips::ensureStrip(const FolderCopying& copying)
{
    NoticeStrip*& strip = m_strips[copying.copy];
    if (!strip) {
        strip = new NoticeStrip(QStringLiteral("copying"), NoticeStrip::Tone::Note, this);
        layout()->addWidget(strip);
        QPushButton* stop = strip->addButton(QStringLiteral("stop"), tr("&Stop"));
        connect(stop, &QPushButton::clicked, this,
                [this, copy = copying.copy] { emit stopAsked(copy); });
        m_stops.insert(copying.copy, stop);
        connect(strip, &NoticeStrip::dismissed, strip, &QObject::deleteLater);
    }
    return *strip;
}

void CopyStrips::show(const FolderCopying& copying)
{
    const QLocale locale;
    NoticeStrip& strip = ensureStrip(copying);
    strip.setText(tr("Copying “%1” into “%2”.").arg(copying.folder, copying.sandboxName),
                  copying.filesTotal == 0 ? tr("Looking at what is in it…")
                                          : tr("%1 of %2 files")
                                                .arg(locale.toString(copying.filesDone),
                                                     locale.toString(copying.filesTotal)));
    strip.show();
}

void CopyStrips::showOutcome(const FolderCopying& copying, const desk::CopyOutcome& outcome)
{
    if (outcome.leftOut > 0)
        end(copying.copy, sentenceOf(copying, outcome), reasonsOf(outcome));
    else
        end(copying.copy, {}, {});
}

void CopyStrips::showFailure(const FolderCopying& copying, const Error& error)
{
    const QLocale locale;
    if (error.code == ErrorCode::Cancelled)
        end(copying.copy, tr("Copying “%1” was stopped.").arg(copying.folder),
            tr("“%1” has what was copied until then: %2 of %3 files.")
                .arg(copying.sandboxName, locale.toString(copying.filesDone),
                     locale.toString(copying.filesTotal)));
    else
        end(copying.copy, {}, {});
}

void CopyStrips::showInterrupted(const FolderCopying& copying)
{
    auto* strip =
        new NoticeStrip(QStringLiteral("copyInterrupted"), NoticeStrip::Tone::Decision, this);
    layout()->addWidget(strip);
    strip->setText(
        tr("“%1” was not copied whole into “%2”.").arg(copying.folder, copying.sandboxName),
        tr("The window was closed meanwhile. Copying again replaces what is there of it."));
    QPushButton* again = strip->addButton(QStringLiteral("again"), tr("Copy &again"));
    strip->setDismissible(true);
    m_interrupted.insert(copying.copy, strip);
    connect(again, &QPushButton::clicked, this, [this, copy = copying.copy] {
        hideInterrupted(copy);
        emit againAsked(copy);
    });
    connect(strip, &NoticeStrip::dismissed, this, [this, copy = copying.copy] {
        hideInterrupted(copy);
        emit forgotten(copy);
    });
    strip->show();
}

void CopyStrips::hideInterrupted(quint64 copy)
{
    if (NoticeStrip* strip = m_interrupted.take(copy)) {
        strip->hide();
        strip->deleteLater();
    }
}

/// The strip stays where there is something to be said.
void CopyStrips::end(quint64 copy, const QString& what, const QString& detail)
{
    NoticeStrip* strip = m_strips.take(copy);
    m_stops.take(copy)->hide();
    strip->setText(what, detail);
    strip->setDismissible(true);
    if (what.isEmpty())
        delete strip;
}

} // namespace caisson
