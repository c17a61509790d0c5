// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/editor/editor_state.h"

namespace caisson {

QJsonObject EditorState::toJson() const
{
    return {{QStringLiteral("anchor"), anchor},
            {QStringLiteral("position"), position},
            {QStringLiteral("top_line"), topLine},
            {QStringLiteral("page"), page},
            {QStringLiteral("etag"), etag}};
}

EditorState EditorState::fromJson(const QJsonObject& json)
{
    EditorState state;
    state.anchor = qMax(0, json.value(u"anchor").toInt());
    state.position = qMax(0, json.value(u"position").toInt());
    state.topLine = qMax(0, json.value(u"top_line").toInt());
    state.page = qMax<qint64>(0, json.value(u"page").toInteger());
    state.etag = json.value(u"etag").toString();
    return state;
}

} // namespace caisson
