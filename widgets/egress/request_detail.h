// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"

#include <QScrollArea>

class QFormLayout;
class QGridLayout;
class QLabel;
class QMenu;
class QPushButton;

namespace caisson {

class UrlLabel;

/// One request of the log in all its parts, and what can be made of it.
class RequestDetail : public QScrollArea
{
    Q_OBJECT
public:
    explicit RequestDetail(QWidget* parent = nullptr);

    void setEntry(const api::EgressEntry& entry);
    /// With what the buttons do, for the row's own menu.
    void fillMenu(QMenu& menu);

signals:
    /// To be put at the top of the table.
    void ruleAsked(const caisson::api::EgressRule& rule);
    void terminalAsked(const QString& terminal);

private:
    void addRow(const QString& title, const QString& text, bool isMono = false);
    void fillRules();

    api::EgressEntry m_entry;
    QLabel* m_verdict;
    UrlLabel* m_url;
    QLabel* m_why;
    QLabel* m_flag;
    QWidget* m_rows;
    QGridLayout* m_grid;
    QPushButton* m_rule;
    QPushButton* m_tunnel;
    QPushButton* m_jump;
    QMenu* m_rules;
};

} // namespace caisson
