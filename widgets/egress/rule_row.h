// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QRectF>
#include <QStringList>

#include "widgets/models/request_text.h"

class QColor;
class QFont;
class QPainter;

namespace caisson {

/// What a rule is about, in one line.
struct RuleRow
{
    UrlParts url;           ///< "**.api." "example.com" ":8443" "/v1/**"; an address is all domain
    QStringList methods;    ///< none: any
    bool isAddress = false; ///< or a block of them, whose beginning says most
    bool isLimited() const { return !methods.isEmpty() || !(url.after + url.path).isEmpty(); }
};

/// What of it is shown, and whether a sign stands for what is not.
struct FittedRow
{
    UrlParts url;
    QString methods; ///< "GET, HEAD", "GET +1"
    bool hasSign = false;
};

namespace ruleRow {
inline constexpr int kSign = 12;
inline constexpr int kGap = 6;
} // namespace ruleRow

/// Whom a rule is about comes first, and is cut only where it alone is too wide: then the names go
/// before the domain, and that they are any ("*.") never does. Methods, ports and path give way
/// before. That a rule is for some requests only is always to be seen: by what there is room for of
/// them, or else by a sign. `small` is the font of the methods.
FittedRow fittedRow(const RuleRow& row, int room, const QFont& font, const QFont& small);
/// In so much room the domain is whole, with the sign.
int leastRowWidth(const RuleRow& row, const QFont& font);
/// In so much, so is the host, and there is something of all else.
int fairRowWidth(const RuleRow& row, const QFont& font, const QFont& small);

/// A funnel: not everything, but some of it.
void paintFunnel(QPainter& painter, const QRectF& rect, const QColor& color);
/// A clock whose hands say that time runs out.
void paintClock(QPainter& painter, const QRectF& rect, const QColor& color);
/// A house: what is inside this network.
void paintHouse(QPainter& painter, const QRectF& rect, const QColor& color);

} // namespace caisson
