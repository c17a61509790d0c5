// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/workbench/terminal_page.h"

#include <QDesktopServices>
#include <QPushButton>
#include <QVBoxLayout>

#include "widgets/common/notice_strip.h"
#include "widgets/models/reason.h"
#include "widgets/terminal/terminal_view.h"

namespace caisson {

TerminalPage::TerminalPage(desk::Backend& backend, QString sandbox, QString terminal,
                           QWidget* parent)
    : QWidget(parent)
    , m_backend(backend)
    , m_sandbox(std::move(sandbox))
    , m_terminal(std::move(terminal))
    , m_view(new TerminalView(QStringLiteral("terminal")))
    , m_end(new NoticeStrip(QStringLiteral("terminal.ended"), NoticeStrip::Tone::Note))
    , m_lost(new NoticeStrip(QStringLiteral("terminal.lost"), NoticeStrip::Tone::Note))
    , m_truncated(new NoticeStrip(QStringLiteral("terminal.truncated"), NoticeStrip::Tone::Note))
    , m_waiting(new NoticeStrip(QStringLiteral("terminal.waiting"), NoticeStrip::Tone::Error))
{
    setObjectName(QStringLiteral("terminal.page"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_truncated);
    layout->addWidget(m_view, 1);
    layout->addWidget(m_waiting);
    layout->addWidget(m_lost);
    layout->addWidget(m_end);
    setFocusProxy(m_view);

    m_lost->setText(tr("The connection to this terminal is lost. Its program goes on."),
                    tr("Caisson is connecting again; nothing is missed."));
    m_truncated->setText(tr("Earlier output of this terminal is not kept any more."));
    m_truncated->setDismissible(true);
    QPushButton* close = m_end->addButton(QStringLiteral("close"), tr("&Close"));
    QPushButton* restart =
        m_end->addButton(QStringLiteral("restart"), tr("&Restart"), ButtonKind::Primary);
    connect(close, &QPushButton::clicked, this, &TerminalPage::closeAsked);
    connect(restart, &QPushButton::clicked, this, &TerminalPage::restartAsked);

    connect(m_view, &TerminalView::titleChanged, this, &TerminalPage::titleChanged);
    connect(m_view, &TerminalView::linkActivated, this,
            [](const QUrl& url) { QDesktopServices::openUrl(url); });
    connect(m_view, &TerminalView::resized, this, [this](int columns, int lines) {
        if (m_link)
            m_link->resize(columns, lines);
        else
            attach(columns, lines);
    });
    connect(m_view, &TerminalView::typed, this, [this](const QByteArray& bytes) {
        if (m_link)
            m_link->type(bytes);
    });
    connect(m_view, &TerminalView::drained, this, [this] {
        if (m_link)
            m_link->resume();
    });
    connect(m_view, &TerminalView::replayFinished, this, [this] {
        m_isCaughtUp = true;
        emit caughtUp();
    });
}

TerminalPage::~TerminalPage()
{
    // The view outlives this part of the page and may still speak.
    disconnect(m_view, nullptr, this, nullptr);
}

void TerminalPage::attach(int columns, int lines)
{
    m_link = m_backend.attachTerminal(m_sandbox, m_terminal, 0);
    m_view->beginReplay();
    connect(m_link.get(), &desk::TerminalLink::bytes, this, &TerminalPage::feed);
    connect(m_link.get(), &desk::TerminalLink::caughtUp, m_view, &TerminalView::endReplay);
    connect(m_link.get(), &desk::TerminalLink::stateChanged, this, &TerminalPage::showState);
    connect(m_link.get(), &desk::TerminalLink::truncated, m_truncated, &QWidget::show);
    connect(m_link.get(), &desk::TerminalLink::waiting, this, &TerminalPage::showWaiting);
    connect(m_link.get(), &desk::TerminalLink::failed, this, &TerminalPage::giveUp);
    connect(m_link.get(), &desk::TerminalLink::ended, this, [this](const api::ExitStatus& exit) {
        m_view->endReplay();
        emit ended(exit);
    });
    m_link->resize(columns, lines);
}

void TerminalPage::feed(const QByteArray& bytes)
{
    m_waiting->hide();
    m_view->feed(bytes);
    if (m_view->pendingBytes() > TerminalView::kHighWater)
        m_link->pause();
}

void TerminalPage::showState(desk::LinkState state)
{
    m_lost->setVisible(state == desk::LinkState::Lost);
}

void TerminalPage::showWaiting(const Error& why)
{
    m_waiting->setText(tr("The program in this terminal waits: what it writes cannot be kept."),
                       reason(why, Subject::Other));
    m_waiting->show();
}

void TerminalPage::giveUp(const Error& error)
{
    m_lost->hide();
    m_waiting->hide();
    m_view->endReplay();
    m_end->setText(tr("This terminal is gone."), reason(error, Subject::Other));
    m_end->show();
}

void TerminalPage::showEnd(const QString& text)
{
    m_lost->hide();
    m_waiting->hide();
    m_view->setEnded();
    m_end->setText(text);
    m_end->show();
}

} // namespace caisson
