// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/url_label.h"

#include <QPainter>

#include "widgets/common/colors.h"
#include "widgets/common/tool_tip.h"

namespace caisson {

namespace {

constexpr int kNarrowestLabel = 160;
/// Texts that are measured apart are narrower by a pixel or two than beside each other.
constexpr int kSlack = 2;
constexpr QLatin1StringView kHttps("https://");

QFont emphasised(QFont font)
{
    font.setWeight(QFont::DemiBold);
    return font;
}

/// Of a path, where there is hardly any room.
QString leastOf(const QString& path, const QFontMetrics& metrics)
{
    const QString little = QStringLiteral("/") + QChar(0x2026);
    return metrics.horizontalAdvance(path) <= metrics.horizontalAdvance(little) ? path : little;
}

} // namespace

UrlParts fittedUrl(UrlParts url, int room, const QFont& font)
{
    if (urlWidth(url, font) <= room)
        return url;
    room -= kSlack;
    const QFontMetrics plain(font);
    const QFontMetrics bold(emphasised(font));
    const auto width = [&](const QString& text) { return plain.horizontalAdvance(text); };

    const qsizetype scheme = url.before.indexOf(QLatin1String("://"));
    QString kept = scheme < 0 ? QString() : url.before.first(scheme + 3);
    QString names = scheme < 0 ? url.before : url.before.sliced(scheme + 3);
    if (kept == kHttps) {
        kept.clear(); // goes without saying everywhere else
        if (urlWidth({names, url.domain, url.after, url.path}, font) <= room)
            return {names, url.domain, url.after, url.path};
    }
    const QString fewNames = QChar(0x2026) + QStringLiteral(".");
    const int namesLeast = qMin(width(names), width(fewNames));
    const int domain = bold.horizontalAdvance(url.domain);
    const int fixed = width(kept + url.after);
    const int left = room - fixed - domain;
    // All of a path goes, and its ellipsis too, before a letter of whose it is does.
    QString leastPath = leastOf(url.path, plain);
    if (left < namesLeast + width(leastPath))
        leastPath = leastPath.isEmpty() ? QString() : QString(QChar(0x2026));
    if (left < namesLeast + width(leastPath))
        leastPath.clear();
    const int pathLeast = width(leastPath);
    if (left < namesLeast + pathLeast) {
        // The names go into the ellipsis of the domain, which has one even where it would just fit.
        const int domainRoom = qMin(room - fixed - pathLeast, domain - (names.isEmpty() ? 0 : 1));
        const QString end = bold.elidedText(url.domain, Qt::ElideLeft, domainRoom);
        // elidedText() gives nothing at all where there is no room for its ellipsis.
        return {kept, end.isEmpty() ? QString(QChar(0x2026)) : end, url.after, leastPath};
    }
    const int path = width(url.path);
    const int pathShare = qMin(path, qMax(left - width(names), left / 2));
    const int namesRoom = qBound(namesLeast, left - pathShare, left - pathLeast);
    if (width(names) > namesRoom) { // where it just fits, elidedText() may still shorten it
        names = plain.elidedText(names, Qt::ElideLeft, namesRoom);
        if (names.size() <= 1)
            names = fewNames;
    }
    const int pathRoom = left - width(names);
    if (path > pathRoom) {
        url.path = plain.elidedText(url.path, Qt::ElideMiddle, pathRoom);
        if (url.path.size() <= 1)
            url.path = leastPath;
    }
    return {kept + names, url.domain, url.after, url.path};
}

int leastUrlWidth(const UrlParts& url, const QFont& font)
{
    UrlParts least = url;
    const qsizetype scheme = url.before.indexOf(QLatin1String("://"));
    const QString kept = scheme < 0 ? QString() : url.before.first(scheme + 3);
    const QString names = url.before.sliced(kept.size());
    least.before = kept == kHttps ? QString() : kept;
    if (!names.isEmpty())
        least.before += QChar(0x2026) + QStringLiteral(".");
    least.path = leastOf(url.path, QFontMetrics(font));
    return qMin(urlWidth(least, font) + kSlack, urlWidth(url, font));
}

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
    const UrlParts shown = fittedUrl(url, rect.width(), font);
    int left = rect.left();
    const auto draw = [&](const QString& text, const QFont& used, const QColor& color) {
        if (text.isEmpty() || left > rect.right())
            return;
        painter.setFont(used);
        painter.setPen(color);
        painter.drawText(
            QRect(left, rect.top(), rect.right() + 1 - left, rect.height()),
            Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine | Qt::TextForceLeftToRight, text);
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
    setToolTip(foldedTip(url.whole()));
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
    Colors colors = colorsOf(palette());
    if (!isEnabled())
        colors.text = colors.secondary = colors.disabled;
    paintUrl(painter, rect(), m_url, font(), colors);
}

} // namespace caisson
