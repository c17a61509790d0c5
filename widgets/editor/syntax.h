// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <memory>

namespace KSyntaxHighlighting {
class Definition;
class Repository;
} // namespace KSyntaxHighlighting

namespace caisson {

/// The languages the editor knows. Made once, by app/ (it reads an index, some 10 ms), and lent to
/// every page.
class Syntax
{
public:
    Syntax();
    ~Syntax();
    Syntax(const Syntax&) = delete;
    Syntax& operator=(const Syntax&) = delete;

    /// By file name; where that tells nothing, by the interpreter in the first line. Not valid for
    /// plain text.
    KSyntaxHighlighting::Definition definitionFor(const QString& fileName,
                                                  QStringView firstLine) const;

private:
    std::unique_ptr<KSyntaxHighlighting::Repository> m_repository;
};

} // namespace caisson
