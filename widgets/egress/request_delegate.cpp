// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/request_delegate.h"

#include <QPainter>

#include "widgets/common/colors.h"
#include "widgets/common/fonts.h"
#include "widgets/common/style_painting.h"
#include "widgets/egress/url_label.h"
#include "widgets/models/request_model.h"

namespace caisson {

void RequestDelegate::paintCell(QPainter& painter, const QRect& cell,
                                const QStyleOptionViewItem& option, const QModelIndex& index,
                                const Colors& colors) const
{
    const auto* model = qobject_cast<const RequestModel*>(index.model());
    if (index.column() == RequestModel::Verdict) {
        const QString verdict = index.data(RequestModel::VerdictRole).toString();
        // Let pass, but in vain: neither what a success looks like nor a refusal.
        const bool isFailed = index.data(RequestModel::FailedRole).toBool();
        painter.drawPixmap(cell.left(), cell.top() + (cell.height() - metrics::kIconSize) / 2,
                           iconPixmap(isFailed ? Icon::Warning : actionIcon(verdict),
                                      metrics::kIconSize,
                                      isFailed ? colors.failed : actionColor(verdict, colors),
                                      painter.device()->devicePixelRatioF()));
        return;
    }
    if (index.column() == RequestModel::Url && model) {
        QRect room = cell;
        if (!index.data(RequestModel::FlagRole).toString().isEmpty()) {
            room.setRight(room.right() - metrics::kIconSize - 4);
            painter.drawPixmap(room.right() + 4,
                               cell.top() + (cell.height() - metrics::kIconSize) / 2,
                               iconPixmap(Icon::Info, metrics::kIconSize, colors.text,
                                          painter.device()->devicePixelRatioF()));
        }
        const api::EgressEntry& entry = model->at(index.row());
        UrlParts url = urlParts(entry);
        // A stream's stands beside it, where a request has its method.
        const QString said = index.siblingAtColumn(RequestModel::Method).data().toString();
        if (said == QString::fromStdString(entry.scheme) &&
            url.before.startsWith(said + QStringLiteral("://")))
            url.before.remove(0, said.size() + 3);
        paintUrl(painter, room, url, uiFont(), colors);
        return;
    }
    TableDelegate::paintCell(painter, cell, option, index, colors);
}

} // namespace caisson
