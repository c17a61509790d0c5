// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>

#include <functional>

#include "widgets/common/notice_strip.h"

namespace caisson {

/// What went wrong, for a person: sentences, already translated.
struct ErrorReport
{
    QString what;                    ///< what happened
    QString why;                     ///< may be empty when `what` says it
    QString remedy;                  ///< what to do; may be empty when the button says it
    QString action;                  ///< the button that does it; empty for none
    std::function<void()> act;       ///< called when the button is pressed; the report is then gone
    std::function<void()> dismissed; ///< called when the person closes the report
    QString about; ///< the thing that it is about, by id; empty: the window itself
    QString topic; ///< two reports of one topic about one thing are one, the later wins. Empty: its
                   ///< sentences
};

/// Shows errors one at a time, the newest first: what a person just did must not fail behind
/// something older. The others wait and are counted.
class ErrorStrip : public QWidget
{
    Q_OBJECT

public:
    explicit ErrorStrip(QWidget* parent = nullptr);

    void report(ErrorReport report);
    /// Says the same in other words where it is still said: what tries by itself again and again
    /// must neither come before what the person just did nor come back once it was closed.
    void update(const ErrorReport& report);

    /// What was wrong is well again: takes the report away, shown or waiting.
    void withdraw(const QString& about, const QString& topic);
    /// What they are about is gone.
    void withdrawAll(const QString& about);

    /// What a report's `about` is called, where that has to be said; asked whenever one is shown.
    void setNaming(std::function<QString(const QString&)> nameOf) { m_nameOf = std::move(nameOf); }
    /// Names may be others now.
    void refresh();

    int count() const { return static_cast<int>(m_reports.size()); }

private:
    void showFirst();
    void removeFirst();
    void dismissFirst();
    void runAction();

    QList<ErrorReport> m_reports;
    std::function<QString(const QString&)> m_nameOf;
    NoticeStrip* m_strip;
    QPushButton* m_action;
};

} // namespace caisson
