// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/reason.h"

#include "widgets/models/request_text.h"

#include <QCoreApplication>
#include <QRegularExpression>
#include <QStringList>

namespace caisson {

namespace {

QString tr(const char* text)
{
    return QCoreApplication::translate("Reason", text);
}

bool isReadOnlyMount(const Error& error)
{
    return error.detail.contains("mount");
}

/// A service's message names files and programs of sandboxes; of a policy it may have several lines.
QString shownMessage(const Error& error)
{
    QStringList lines = QString::fromStdString(error.message).split(QLatin1Char('\n'));
    for (QString& line : lines)
        line = shownText(line);
    return lines.join(QLatin1Char('\n'));
}

QString codeSentence(const Error& error)
{
    switch (error.code) {
    case ErrorCode::Unavailable:
        return tr("Caisson’s service cannot be reached.");
    case ErrorCode::Timeout:
        return tr("It took too long.");
    case ErrorCode::NotFound:
        return tr("It is not there any more.");
    case ErrorCode::PermissionDenied:
        return isReadOnlyMount(error) ? tr("It is mounted read-only in the sandbox.")
                                      : tr("The sandbox does not permit it.");
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
        return {};
    }
}

} // namespace

QString asSentence(QString text)
{
    text = text.trimmed();
    if (text.isEmpty())
        return text;
    text[0] = text[0].toUpper();
    if (!QStringLiteral(".?!…").contains(text.back()))
        text += QLatin1Char('.');
    return text;
}

QString inTheWindow(QString text)
{
    static const QRegularExpression command(
        QStringLiteral("[,;] (?:store it first, with|set it with) `caissonctl secret set [^`]*`"));
    static const QRegularExpression secret(QStringLiteral("secret \"([^\"]*)\""));
    text.replace(secret, QStringLiteral("secret “\\1”")); // as all names are written here
    return text.replace(command, tr("; add it on the Secrets page first"));
}

QString reason(const Error& error, Subject subject)
{
    const QString own = asSentence(inTheWindow(shownMessage(error)));
    if (subject == Subject::Other)
        return own;
    const QString general = codeSentence(error);
    return general.isEmpty() ? own : general;
}

QString remedy(const Error& error, Subject subject)
{
    switch (error.code) {
    case ErrorCode::NotRunning:
        return tr("Start the sandbox first.");
    case ErrorCode::NoSpace:
        return tr("Make room on the disk, then try again.");
    case ErrorCode::Unavailable:
    case ErrorCode::Timeout:
        return tr("Try again in a moment.");
    case ErrorCode::Exists:
        return tr("Choose another name.");
    case ErrorCode::PermissionDenied:
        if (subject != Subject::SandboxFile)
            return {};
        return isReadOnlyMount(error)
                   ? tr("It can be changed on this machine, or copied elsewhere inside.")
                   : tr("Change its permissions in a terminal of the sandbox.");
    case ErrorCode::IsADirectory:
        return subject == Subject::SandboxFile ? tr("Rename or delete the folder, then try again.")
                                               : QString();
    case ErrorCode::NotADirectory:
        return subject == Subject::SandboxFile ? tr("Rename or delete that file, then try again.")
                                               : QString();
    case ErrorCode::NotEmpty:
        return subject == Subject::SandboxFile ? tr("Delete what is in it first.") : QString();
    default:
        return {};
    }
}

} // namespace caisson
