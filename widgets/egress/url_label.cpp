// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/url_label.h"

#include <QPainter>

#include "widgets/common/colors.h"

namespace caisson {

namespace {

/// A path in less says nothing.
constexpr int kNarrowestPath = 48;
constexpr int kNarrowestLabel = 160;

QFont emphasised(QFont font)
{
    font.setWeight(QFont::DemiBold);
    return font;
}

} // namespace

int urlWidth(const UrlParts& url, const QFont& font)
{
    const QFontMetrics plain(font);
    return plain.horizontalAdvance(url.before) +
           QFontMetrics(emphasised(font)).horizontalAdvance(url.domain) +
           plain.horizontalAdvance(url.after + url.path);
}

void paintUrl(QPainter& painter, const QRect& rect, const UrlParts& url, const QFont& font,
              const Colors& colors)
{
    const QFont strong = emphasised(font);
    const QFontMetrics plain(font);
    const QFontMetrics bold(strong);
    UrlParts shown = url;
    int room = rect.width();
    if (urlWidth(url, font) > room) {
        // Whose it is, is seen before anything else of it.
        const int after = plain.horizontalAdvance(url.after);
        const int domain = bold.horizontalAdvance(url.domain);
        const int pathRoom =
            qMin(plain.horizontalAdvance(url.path),
                 qMin(qMax(kNarrowestPath, room / 3), qMax(0, room - domain - after)));
        const int hostRoom = room - pathRoom - after;
        shown.before = domain >= hostRoom
                           ? QString()
                           : plain.elidedText(url.before, Qt::ElideLeft, hostRoom - domain);
        shown.domain = bold.elidedText(url.domain, Qt::ElideLeft, hostRoom);
        const int used =
            plain.horizontalAdvance(shown.before) + bold.horizontalAdvance(shown.domain) + after;
        shown.path = plain.elidedText(url.path, Qt::ElideMiddle, qMax(0, room - used));
    }
    int left = rect.left();
    const auto draw = [&](const QString& text, const QFont& used, const QColor& color) {
        if (text.isEmpty())
            return;
        painter.setFont(used);
        painter.setPen(color);
        painter.drawText(QRect(left, rect.top(), rect.right() + 1 - left, rect.height()),
                         Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine, text);
        left += QFontMetrics(used).horizontalAdvance(text);
    };
    draw(shown.before, font, colors.secondary);
    draw(shown.domain, strong, colors.text);
    draw(shown.after + shown.path, font, colors.secondary);
}

UrlLabel::UrlLabel(QWidget* parent)
    : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
}

void UrlLabel::setUrl(const UrlParts& url)
{
    if (url == m_url)
        return;
    m_url = url;
    setToolTip(url.whole());
    setAccessibleName(url.whole());
    updateGeometry();
    update();
}

QSize UrlLabel::sizeHint() const
{
    return {urlWidth(m_url, font()) + 1, fontMetrics().height()};
}

QSize UrlLabel::minimumSizeHint() const
{
    return {qMin(kNarrowestLabel, sizeHint().width()), fontMetrics().height()};
}

void UrlLabel::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const Colors& colors = colorsOf(palette());
    paintUrl(painter, rect(), m_url, font(), colors);
}

} // namespace caisson
