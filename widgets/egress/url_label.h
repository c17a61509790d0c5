// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "widgets/models/request_text.h"

class QPainter;

namespace caisson {

struct Colors;

/// What of a URL is shown in `room` pixels. A scheme other than https is never left out, so that one
/// without is https everywhere. Whose it is comes next: that is cut, at its left, only where it alone
/// is too wide. The rest is shared by the path, elided in its middle, and the names before the domain,
/// elided at their left. What is left out leaves an ellipsis, but for https, and for a path where it
/// would cost a letter of whose it is.
UrlParts fittedUrl(UrlParts url, int room, const QFont& font);
/// In so much room whose it is, is whole, and any scheme there.
int leastUrlWidth(const UrlParts& url, const QFont& font);
/// Paints a URL in one line with the domain that somebody had to register emphasised.
void paintUrl(QPainter& painter, const QRect& rect, const UrlParts& url, const QFont& font,
              const Colors& colors);
int urlWidth(const UrlParts& url, const QFont& font);

/// A URL as a widget that gives way; in full in the tooltip.
class UrlLabel : public QWidget
{
    Q_OBJECT
public:
    explicit UrlLabel(QWidget* parent = nullptr);

    void setUrl(const UrlParts& url);
    const UrlParts& url() const { return m_url; }

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    UrlParts m_url;
};

} // namespace caisson
