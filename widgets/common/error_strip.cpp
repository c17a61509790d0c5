// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/error_strip.h"

#include <QPushButton>
#include <QVBoxLayout>
#include <algorithm>

namespace caisson {

namespace {
bool isSame(const ErrorReport& one, const ErrorReport& other)
{
    return one.about == other.about && one.topic == other.topic;
}
} // namespace

ErrorStrip::ErrorStrip(QWidget* parent)
    : QWidget(parent)
    , m_strip(new NoticeStrip(QStringLiteral("errorStrip"), NoticeStrip::Tone::Error))
    , m_action(m_strip->addButton(QStringLiteral("action"), {}))
{
    setObjectName(QStringLiteral("errorStripHolder"));
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_strip);
    m_strip->setDismissible(true);
    connect(m_strip, &NoticeStrip::dismissed, this, &ErrorStrip::dismissFirst);
    connect(m_action, &QPushButton::clicked, this, &ErrorStrip::runAction);
    hide();
}

void ErrorStrip::report(ErrorReport report)
{
    if (report.topic.isEmpty())
        report.topic = report.what + u'\n' + report.why;
    m_reports.removeIf([&](const ErrorReport& other) { return isSame(other, report); });
    m_reports.prepend(std::move(report));
    showFirst();
}

void ErrorStrip::update(const ErrorReport& report)
{
    const auto place = std::ranges::find_if(
        m_reports, [&](const ErrorReport& other) { return isSame(other, report); });
    if (place == m_reports.end())
        return;
    *place = report;
    showFirst();
}

void ErrorStrip::withdraw(const QString& about, const QString& topic)
{
    if (m_reports.removeIf([&](const ErrorReport& report) {
            return report.about == about && report.topic == topic;
        }) > 0)
        showFirst();
}

void ErrorStrip::withdrawAll(const QString& about)
{
    if (m_reports.removeIf([&](const ErrorReport& report) { return report.about == about; }) > 0)
        showFirst();
}

void ErrorStrip::showFirst()
{
    if (m_reports.isEmpty()) {
        hide();
        m_strip->hide();
        return;
    }
    const ErrorReport& first = m_reports.first();
    QStringList details;
    for (const QString& part : {first.why, first.remedy}) {
        if (!part.isEmpty())
            details.append(part);
    }
    const QString name = m_nameOf ? m_nameOf(first.about) : QString();
    QString what = name.isEmpty() ? first.what : tr("%1: %2").arg(name, first.what);
    if (m_reports.size() > 1)
        what = tr("%1 (1 of %2)").arg(what, QString::number(m_reports.size()));
    m_strip->setText(what, details.join(u' '));
    m_action->setText(first.action);
    m_action->setVisible(!first.action.isEmpty());
    m_strip->show();
    show();
}

void ErrorStrip::refresh()
{
    if (!m_reports.isEmpty())
        showFirst();
}

void ErrorStrip::removeFirst()
{
    if (m_reports.isEmpty())
        return;
    m_reports.removeFirst();
    showFirst();
}

void ErrorStrip::dismissFirst()
{
    const std::function<void()> dismissed =
        m_reports.isEmpty() ? std::function<void()>() : m_reports.first().dismissed;
    removeFirst();
    if (dismissed)
        dismissed();
}

void ErrorStrip::runAction()
{
    if (m_reports.isEmpty())
        return;
    const std::function<void()> act = m_reports.first().act;
    removeFirst();
    if (act)
        act();
}

} // namespace caisson
