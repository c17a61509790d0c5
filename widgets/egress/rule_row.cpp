// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/rule_row.h"

#include <QCoreApplication>
#include <QFontMetrics>
#include <QPainter>

#include "widgets/egress/url_label.h"

namespace caisson {

using namespace ruleRow;

namespace {

const QString kEllipsis = QChar(0x2026);
/// Texts that are measured apart are narrower by a pixel or two than beside each other.
constexpr int kSlack = 2;

/// "*." or "**.", which says whether a rule is about more than one.
QString wildOf(const QString& names)
{
    for (const QString& wild : {QStringLiteral("**."), QStringLiteral("*.")}) {
        if (names.startsWith(wild))
            return wild;
    }
    return {};
}

/// The least that is shown of `text`, of which `begun` is the beginning.
QString leastOf(const QString& text, const QString& begun)
{
    return text.size() <= 2 ? text : begun + kEllipsis;
}

/// "GET +1": of several methods the first, and how many more.
QString fewMethods(const QStringList& methods)
{
    if (methods.size() < 2)
        return methods.value(0);
    return QCoreApplication::translate("RuleRow", "%1 +%2")
        .arg(methods.first(), QString::number(methods.size() - 1));
}

int methodsWidth(const QString& methods, const QFont& small)
{
    return methods.isEmpty() ? 0 : kGap + QFontMetrics(small).horizontalAdvance(methods);
}

int widthOf(const FittedRow& row, const QFont& font, const QFont& small)
{
    return urlWidth(row.url, font) + methodsWidth(row.methods, small) +
           (row.hasSign ? kGap + kSign : 0);
}

/// A host that is too wide alone.
UrlParts cutHost(const RuleRow& row, int room, const QFont& font)
{
    const UrlParts host{row.url.before, row.url.domain, {}, {}};
    if (urlWidth(host, font) <= room)
        return host;
    QFont strong = font;
    strong.setWeight(QFont::DemiBold);
    const QFontMetrics bold(strong);
    const auto end = [&](const QString& text, int left) {
        return bold.elidedText(text, row.isAddress ? Qt::ElideRight : Qt::ElideLeft, left);
    };
    const QString wild = wildOf(host.before);
    const QString names = host.before.sliced(wild.size());
    const QString fewNames = names.isEmpty() ? QString() : kEllipsis + QLatin1Char('.');
    const int left = room - kSlack - urlWidth({wild, host.domain, {}, {}}, font);
    const QFontMetrics plain(font);
    if (!names.isEmpty() && left >= plain.horizontalAdvance(fewNames)) {
        const QString shown = plain.elidedText(names, Qt::ElideLeft, left);
        return {wild + (shown.size() <= 2 ? fewNames : shown), host.domain, {}, {}};
    }
    // The names go into the ellipsis of the domain.
    const int domainRoom = qMin(room - kSlack - plain.horizontalAdvance(wild),
                                bold.horizontalAdvance(host.domain) - 1);
    const QString shown = end(host.domain, domainRoom);
    return {wild, shown.isEmpty() ? kEllipsis : shown, {}, {}};
}

void draw(QPainter& painter, const QColor& color, const auto& paint)
{
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(color, 1.25, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.setBrush(Qt::NoBrush);
    paint();
    painter.restore();
}

} // namespace

FittedRow fittedRow(const RuleRow& row, int room, const QFont& font, const QFont& small)
{
    const UrlParts& url = row.url;
    const QString leastPath = leastOf(url.path, QStringLiteral("/"));
    const QString leastPorts = leastOf(url.after, QStringLiteral(":"));
    const QString all = row.methods.join(QStringLiteral(", "));
    const UrlParts least{url.before, url.domain, url.after, leastPath};
    const bool hasMethods = !row.methods.isEmpty();
    const FittedRow whole{url, all, false};
    if (widthOf(whole, font, small) <= room)
        return whole;

    QList<FittedRow> tries;
    if (methodsWidth(all, small) <= room / 3)
        tries += {least, all, false};
    tries += {least, fewMethods(row.methods), false};
    tries += {least, {}, hasMethods};
    tries += {{url.before, url.domain, leastPorts, leastPath}, {}, hasMethods};
    tries += {{url.before, url.domain, {}, {}}, {}, row.isLimited()};
    for (FittedRow& fitted : tries) {
        const int left = room - widthOf(fitted, font, small);
        if (left < 0)
            continue;
        if (fitted.url.path.isEmpty())
            return fitted;
        const QFontMetrics metrics(font);
        const QString path = metrics.elidedText(
            url.path, Qt::ElideMiddle, metrics.horizontalAdvance(leastPath) + left - kSlack);
        UrlParts filled = fitted.url;
        filled.path = path;
        // "/…*" says no more than "/…", and elidedText() may give less still.
        if ((path == url.path || path.size() > 3) &&
            urlWidth(filled, font) <= urlWidth(fitted.url, font) + left)
            fitted.url = filled;
        return fitted;
    }
    const int sign = row.isLimited() ? kGap + kSign : 0;
    return {cutHost(row, room - sign, font), {}, row.isLimited()};
}

int leastRowWidth(const RuleRow& row, const QFont& font)
{
    const QString wild = wildOf(row.url.before);
    const QString names =
        wild.size() < row.url.before.size() ? kEllipsis + QLatin1Char('.') : QString();
    return qMin(urlWidth({row.url.before, row.url.domain, {}, {}}, font),
                urlWidth({wild + names, row.url.domain, {}, {}}, font) + kSlack) +
           (row.isLimited() ? kGap + kSign : 0);
}

int fairRowWidth(const RuleRow& row, const QFont& font, const QFont& small)
{
    return widthOf({{row.url.before, row.url.domain, row.url.after,
                     leastOf(row.url.path, QStringLiteral("/"))},
                    fewMethods(row.methods),
                    false},
                   font, small);
}

void paintFunnel(QPainter& painter, const QRectF& rect, const QColor& color)
{
    draw(painter, color, [&] {
        const QRectF in = rect.adjusted(1, 1.5, -1, -1);
        const double neck = in.top() + in.height() * 0.5;
        const double middle = in.center().x();
        const double half = in.width() * 0.14;
        const QPointF outline[] = {in.topLeft(),
                                   in.topRight(),
                                   {middle + half, neck},
                                   {middle + half, in.bottom() - half},
                                   {middle - half, in.bottom()},
                                   {middle - half, neck}};
        painter.drawPolygon(outline, 6);
    });
}

void paintClock(QPainter& painter, const QRectF& rect, const QColor& color)
{
    draw(painter, color, [&] {
        painter.drawEllipse(rect.adjusted(1, 1, -1, -1));
        const QPointF centre = rect.center();
        const QPointF hands[] = {centre - QPointF(0, rect.height() / 4), centre,
                                 centre + QPointF(rect.width() / 5, rect.height() / 8)};
        painter.drawPolyline(hands, 3);
    });
}

void paintHouse(QPainter& painter, const QRectF& rect, const QColor& color)
{
    draw(painter, color, [&] {
        const QRectF in = rect.adjusted(1, 1, -1, -1);
        const double eaves = in.top() + in.height() * 0.45;
        const QPointF roof[] = {
            {in.left(), eaves}, {in.center().x(), in.top()}, {in.right(), eaves}};
        const double wall = in.width() * 0.15;
        const QPointF walls[] = {{in.left() + wall, eaves},
                                 {in.left() + wall, in.bottom()},
                                 {in.right() - wall, in.bottom()},
                                 {in.right() - wall, eaves}};
        painter.drawPolyline(roof, 3);
        painter.drawPolyline(walls, 4);
    });
}

} // namespace caisson
