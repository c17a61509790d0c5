// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"

#include <QString>

namespace caisson {

/// What programs in a sandbox say of themselves and of what they want, made fit to be shown: they
/// choose the words, and could choose them to deceive.

/// One line: control characters, line separators, what changes the direction of writing, what is not
/// seen (Default_Ignorable_Code_Point, UAX #44, and spaces other than U+0020) and marks heaped on one
/// letter become U+FFFD, and more than `longest` characters lose their middle.
QString shownText(const std::string& text, qsizetype longest = 2000);
QString shownText(const QString& text, qsizetype longest = 2000);
/// Only the latter.
QString shortened(const QString& text, qsizetype longest);

/// A name in a sentence, in “quotes” that none in it can end, and isolated (UAX #9) where its letters
/// are written from right to left, so that it reorders nothing around it.
QString quotedName(const QString& name, qsizetype longest = 60);
/// The same, without quotes where it has only letters of ASCII, digits and a few signs: it could be
/// taken for nothing else.
QString shownName(const QString& name, qsizetype longest = 60);
/// A text that stands alone, laid out from left to right whatever it begins with.
QString leftToRight(const QString& text);

/// A URL in the parts that differ in weight. Put together they are the whole.
struct UrlParts
{
    QString before; ///< "https://api."
    QString domain; ///< what somebody had to register: "example.com"; an address as a whole
    QString after;  ///< ":8443", where it is not the usual port
    QString path;   ///< with the query; empty for what has none
    QString whole() const { return before + domain + after + path; }
    bool operator==(const UrlParts&) const = default;
};

/// Without the scheme where it is https, which goes without saying: no other goes unsaid.
UrlParts urlParts(const std::string& scheme, const std::string& host, std::int64_t port,
                  const std::string& target);
UrlParts urlParts(const api::Prompt& prompt);
UrlParts urlParts(const api::EgressEntry& entry);

/// "agent › npm › node › curl", the one that asks last. Empty when nobody knows.
QString processChain(const api::EgressProcess& process);
/// "curl": the executable without its folder, as shownName() has it; a process that is not known is
/// "a program".
QString programName(const api::EgressProcess& process, qsizetype longest = 60);

/// "0 B", "812 B", "1.2 kB", "3.4 MB": at most three digits. Decimal, as in the contract's figures.
QString shortSize(std::int64_t bytes);
/// "0.4 ms", "12 ms", "1.2 s", "3 min".
QString shortTime(double ms);

} // namespace caisson
