// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QString>
#include <QStringView>

namespace caisson {

/// A file's name as text for the screen. Bytes that are not UTF-8, and control, direction and blank
/// characters with which a name could pass for another, are written as \xHH or \u{HHHH}.
QString displayName(const QByteArray& name);
/// Hangul's fillers and the letter of Braille without a dot: letters that look like nothing.
bool isBlankLetter(char32_t letter);

/// "/workspace" + "a" = "/workspace/a".
QByteArray childPath(const QByteArray& folder, const QByteArray& name);
QByteArray parentPath(const QByteArray& path);
QByteArray lastComponent(const QByteArray& path);

/// Whether `path` is `folder` or lies below it.
bool isWithin(const QByteArray& path, const QByteArray& folder);

/// Why `name` cannot be a file's name, as a sentence; empty when it can.
QString fileNameProblem(const QString& name);

/// The order of names in a list: letters without case, runs of digits by their value
/// ("file2" before "file10"). A strict weak order; equal texts may differ in case.
bool naturalLess(QStringView one, QStringView other);
/// What naturalLess() compares, for who sorts many: keys are in order as QStrings are.
QString naturalKey(QStringView text);

} // namespace caisson
