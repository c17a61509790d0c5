// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/url_label.h"

#include <QPainter>

#include "widgets/common/colors.h"

namespace caisson {

namespace {

/// What comes before the domain says nothing in less.
constexpr int kNarrowestBefore = 32;
constexpr int kNarrowestLabel = 160;

QFont emphasised(QFont font)
{
    font.setWeight(QFont::DemiBold);
    return font;
}

/// Whose it is, is seen before anything else of it. The scheme goes first; then what is left is
/// shared by the path and the names before the domain.
UrlParts fitted(UrlParts url, int room, const QFontMetrics& plain, const QFontMetrics& bold)
{
    if (const qsizetype scheme = url.before.indexOf(QLatin1String("://")); scheme >= 0)
        url.before.remove(0, scheme + 3);
    const int after = plain.horizontalAdvance(url.after);
    url.domain = bold.elidedText(url.domain, Qt::ElideLeft, room - after);
    const int left = qMax(0, room - bold.horizontalAdvance(url.domain) - after);
    const int before = plain.horizontalAdvance(url.before);
    const int path = plain.horizontalAdvance(url.path);
    if (before + path <= left)
        return url;
    const int beforeRoom = left - qMin(path, qMax(left - before, left / 2));
    if (beforeRoom < qMin(before, kNarrowestBefore))
        url.before.clear();
    else if (beforeRoom < before) // where it just fits, elidedText() may still shorten it
        url.before = plain.elidedText(url.before, Qt::ElideLeft, beforeRoom);
    url.path =
        plain.elidedText(url.path, Qt::ElideMiddle, left - plain.horizontalAdvance(url.before));
    return url;
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
    const UrlParts shown =
        urlWidth(url, font) > rect.width() ? fitted(url, rect.width(), plain, bold) : url;
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
