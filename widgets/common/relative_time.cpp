// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/relative_time.h"

#include <QCoreApplication>
#include <QLocale>

namespace caisson {

namespace {

constexpr qint64 kMinute = 60;
constexpr qint64 kHour = 60 * kMinute;
constexpr qint64 kDay = 24 * kHour;

QString tr(const char* text)
{
    return QCoreApplication::translate("ShortAge", text);
}

QString dateText(const QDateTime& moment, const QDateTime& now)
{
    const QDate date = moment.toLocalTime().date();
    const bool isSameYear = date.year() == now.toLocalTime().date().year();
    return QLocale().toString(date,
                              isSameYear ? QStringLiteral("d MMM") : QStringLiteral("d MMM yyyy"));
}

} // namespace

QString shortAge(const QDateTime& moment, const QDateTime& now)
{
    if (!moment.isValid())
        return {};
    const qint64 seconds = moment.secsTo(now);
    if (seconds < -kMinute)
        return dateText(moment, now);
    if (seconds < kMinute)
        return tr("now");
    if (seconds < kHour)
        return tr("%1 min").arg(seconds / kMinute);
    if (seconds < kDay)
        return tr("%1 h").arg(seconds / kHour);
    if (seconds < 7 * kDay)
        return tr("%1 d").arg(seconds / kDay);
    return dateText(moment, now);
}

} // namespace caisson
