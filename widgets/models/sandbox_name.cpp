// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/sandbox_name.h"

#include "backend/api/names.h"

#include <QCoreApplication>

namespace caisson {

namespace {

/// One DNS label, see backend/api/names.h.
constexpr qsizetype kMaxName = 63;

} // namespace

QString sandboxNameProblem(const QString& name)
{
    if (api::checkSandboxName(name.toStdString()))
        return {};
    const auto tr = [](const char* text) {
        return QCoreApplication::translate("SandboxName", text);
    };
    if (name.isEmpty())
        return tr("A name is needed.");
    if (name.size() > kMaxName)
        return tr("A name has at most 63 characters.");
    for (const QChar c : name) {
        if (!(c >= u'a' && c <= u'z') && !(c >= u'0' && c <= u'9') && c != u'-')
            return tr("A name has only the letters a to z, digits and “-”.");
    }
    if (name.startsWith(u'-') || name.endsWith(u'-'))
        return tr("A name neither begins nor ends with “-”.");
    return tr("This name looks like a sandbox’s id. Choose another.");
}

QString sandboxNameFor(const QString& folderName)
{
    QString name;
    // Decomposed, an accented letter is its base letter and a mark that is passed over.
    for (const QChar c : folderName.normalized(QString::NormalizationForm_D).toLower()) {
        if ((c >= u'a' && c <= u'z') || (c >= u'0' && c <= u'9'))
            name += c;
        else if (!name.isEmpty() && !name.endsWith(u'-') && !c.isMark())
            name += u'-';
    }
    name.truncate(kMaxName);
    while (name.endsWith(u'-'))
        name.chop(1);
    return api::checkSandboxName(name.toStdString()) ? name : QString();
}

} // namespace caisson
