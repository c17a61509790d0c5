// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"

#include <QString>
#include <functional>

namespace caisson {

/// What a failure is about. The same code means another thing for a file inside a sandbox, where
/// the window knows what was asked, than for a sandbox, where only the peer knows: "not found" may
/// be the folder to mount.
enum class Subject { SandboxFile, Other };

/// Something that went wrong, on its way to the person.
struct Failure
{
    QString what; ///< a sentence
    Error error;
    Subject subject = Subject::Other;
    std::function<void()> again; ///< tries it once more; empty where that makes no sense
    QString action;              ///< names `again` where it first does something else
};

/// Ends with a full stop and begins with a capital, as what stands beside it.
QString asSentence(QString text);
/// What the service says, with the page of the window in place of a command that does the same.
QString inTheWindow(QString text);

/// Why something failed, as a sentence for a person: of a file in the window's language where the
/// code says enough, of all else in the words of the peer.
QString reason(const Error& error, Subject subject = Subject::SandboxFile);

/// What the person can do about it, as a sentence; empty where nothing general can be said.
QString remedy(const Error& error, Subject subject);

} // namespace caisson
