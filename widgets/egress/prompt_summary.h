// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"

#include <QWidget>

class QLabel;

namespace caisson {

class ElidedLabel;
class UrlLabel;

/// A request that waits, in one line: who wants what. Where there is little room the chain of
/// processes goes first, then the words, then the URL's names and path; the method and whose host it
/// is are cut last, and so is that it leads inside.
class PromptSummary : public QWidget
{
    Q_OBJECT
public:
    explicit PromptSummary(QWidget* parent = nullptr);

    /// `sandboxName` is empty where it goes without saying.
    void setPrompt(const api::Prompt& prompt, const QString& sandboxName);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void fit();
    void place(QWidget& part, int& left, int width);

    QStringList m_asks;   ///< the same, ever shorter
    QStringList m_inside; ///< empty where it leads to the internet
    QLabel* m_who;
    UrlLabel* m_url;
    QLabel* m_count;
    QLabel* m_inner;
    ElidedLabel* m_chain;
};

} // namespace caisson
