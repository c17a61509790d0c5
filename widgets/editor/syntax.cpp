// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/editor/syntax.h"

#include <KSyntaxHighlighting/Definition>
#include <KSyntaxHighlighting/Repository>
#include <QFileInfo>
#include <QRegularExpression>

namespace caisson {

using KSyntaxHighlighting::Definition;

namespace {

/// The language of a script's interpreter, by the name KSyntaxHighlighting has for it.
QString languageOfInterpreter(QStringView firstLine)
{
    if (!firstLine.startsWith(u"#!"))
        return {};
    static const QRegularExpression interpreter(
        QStringLiteral("^#!\\s*\\S*?(?:/env\\s+(?:-\\S+\\s+)*)?([A-Za-z]+)[\\d.]*(?:\\s|$)"));
    const QString name = interpreter.matchView(firstLine).captured(1);
    if (name == u"python")
        return QStringLiteral("Python");
    if (name == u"sh" || name == u"bash" || name == u"dash" || name == u"ksh")
        return QStringLiteral("Bash");
    if (name == u"zsh")
        return QStringLiteral("Zsh");
    if (name == u"node" || name == u"deno" || name == u"bun")
        return QStringLiteral("JavaScript");
    if (name == u"perl")
        return QStringLiteral("Perl");
    if (name == u"ruby")
        return QStringLiteral("Ruby");
    return {};
}

} // namespace

Syntax::Syntax()
    : m_repository(std::make_unique<KSyntaxHighlighting::Repository>())
{
}

Syntax::~Syntax() = default;

Definition Syntax::definitionFor(const QString& fileName, QStringView firstLine) const
{
    if (const Definition byName =
            m_repository->definitionForFileName(QFileInfo(fileName).fileName());
        byName.isValid()) {
        return byName;
    }
    const QString language = languageOfInterpreter(firstLine);
    return language.isEmpty() ? Definition() : m_repository->definitionForName(language);
}

} // namespace caisson
