// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace caisson {

class DraftStore;
class Notifier;
class Prompter;
class StateFile;
class Syntax;

namespace desk {
class Backend;
class SecretKeeper;
} // namespace desk

/// What a window works with. Everything outlives it.
struct WindowServices
{
    desk::Backend& backend;
    StateFile& stateFile;
    DraftStore& drafts;
    const Syntax& syntax;
    Prompter& prompter;
    desk::SecretKeeper& secrets;
    Notifier& notifier;
};

} // namespace caisson
