// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/egress_samples.h"
#include "tests/widgets/workbench/bench.h"
#include "widgets/egress/prompt_bar.h"

#include <QLabel>

namespace caisson::test {

/// The same window, and the requests that wait in it.
struct PromptBench : Bench
{
    PromptBar* bar() const { return find<PromptBar>("prompt"); }
    QString who() const
    {
        const auto* label = find<QLabel>("prompt.who");
        return label ? label->text() : QString();
    }
    void waitForGuard() const { QTRY_VERIFY(bar() && !bar()->isGuarded()); }
    QString ask(const api::Prompt& prompt)
    {
        const QString asked = backend.addPrompt(id, prompt);
        settle();
        return asked;
    }
};

} // namespace caisson::test
