// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/reason.h"

#include <QCoreApplication>

namespace caisson {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("Reason", text);
}

QString asSentence(QString text)
{
    if (text.isEmpty())
        return text;
    text[0] = text[0].toUpper();
    if (!text.endsWith(QLatin1Char('.')) && !text.endsWith(QLatin1Char('?')))
        text += QLatin1Char('.');
    return text;
}

} // namespace

QString reason(const Error& error)
{
    switch (error.code) {
    case ErrorCode::Unavailable:
        return tr("Caisson’s service cannot be reached.");
    case ErrorCode::Timeout:
        return tr("It took too long.");
    case ErrorCode::NotFound:
        return tr("It is not there any more.");
    case ErrorCode::PermissionDenied:
        return tr("The sandbox does not permit it.");
    case ErrorCode::NotEmpty:
        return tr("The folder is not empty.");
    case ErrorCode::NoSpace:
        return tr("The disk is full.");
    case ErrorCode::NotRunning:
        return tr("The sandbox is not running.");
    case ErrorCode::PreconditionFailed:
        return tr("The file was changed meanwhile.");
    case ErrorCode::Stale:
        return tr("The sandbox was started anew meanwhile.");
    default:
        return asSentence(QString::fromStdString(error.message));
    }
}

} // namespace caisson
