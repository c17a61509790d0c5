// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/presets_menu.h"

#include "backend/policy/policy_file.h"
#include "backend/policy/presets.h"

#include <QAction>
#include <QCoreApplication>
#include <QMenu>

#include "widgets/common/mnemonics.h"
#include "widgets/common/tool_tip.h"
#include "widgets/models/rule_model.h"

namespace caisson {

namespace {

QString toQt(std::string_view text)
{
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

void apply(RuleModel& model, const policy::Preset& preset)
{
    const Result<policy::Policy> parsed =
        policy::parsePolicy(preset.toml, policy::MissingIds::Left);
    if (!parsed)
        return; // they are tested to parse
    QList<api::EgressRule> rules;
    for (const policy::Rule& rule : parsed->rules)
        rules += toApi(rule);
    model.addAll(toQt(preset.title), rules,
                 rules.isEmpty() ? toQt(policy::actionName(parsed->defaultAction)) : QString());
}

} // namespace

void addPresets(QMenu& menu, QPointer<RuleModel> model)
{
    menu.setToolTipsVisible(true);
    for (const policy::Preset& preset : policy::presets()) {
        QAction* action = menu.addAction(escapeMnemonics(toQt(preset.title)));
        action->setObjectName(QStringLiteral("preset.") + toQt(preset.name));
        action->setToolTip(foldedTip(toQt(preset.description)));
        QObject::connect(action, &QAction::triggered, &menu, [model, preset] {
            if (model)
                apply(*model, preset);
        });
    }
}

} // namespace caisson
