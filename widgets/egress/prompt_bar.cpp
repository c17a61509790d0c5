// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/prompt_bar.h"

#include <QAbstractButton>
#include <QAction>
#include <QComboBox>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLocale>
#include <QPainter>
#include <QPropertyAnimation>
#include <QPushButton>
#include <QStyle>
#include <QToolButton>
#include <QVBoxLayout>

#include "widgets/common/colors.h"
#include "widgets/common/fonts.h"
#include "widgets/common/icons.h"
#include "widgets/common/leaving.h"
#include "widgets/common/pane.h"
#include "widgets/common/style_painting.h"
#include "widgets/egress/prompt_keyboard.h"
#include "widgets/egress/prompt_panel.h"
#include "widgets/egress/prompt_summary.h"

namespace caisson {

namespace {

constexpr int kLineHeight = 40;
constexpr int kSlideMs = 120;
constexpr int kEdge = 3;
constexpr int kHairline = 1;
/// So little that the person should look now.
constexpr int kSoon = 15;

/// "1:42", or "9 s" at the end.
QString shownSeconds(qint64 seconds)
{
    return QStringLiteral("%1:%2").arg(seconds / 60).arg(seconds % 60, 2, 10, QLatin1Char('0'));
}

bool isInput(QEvent::Type type)
{
    switch (type) {
    case QEvent::MouseButtonPress:
    case QEvent::MouseButtonRelease:
    case QEvent::MouseButtonDblClick:
    case QEvent::TouchBegin:
    case QEvent::TouchEnd:
    case QEvent::KeyPress:
    case QEvent::KeyRelease:
    case QEvent::Shortcut:
    case QEvent::ShortcutOverride:
    case QEvent::Wheel:
    case QEvent::ContextMenu:
        return true;
    default:
        return false;
    }
}

/// Whether an answer to `one` is an answer to `other`: that the same is asked again, or that time
/// goes by, changes nothing about it.
bool isSameQuestion(api::Prompt one, const api::Prompt& other)
{
    const bool wasAnswerable = one.count > 0;
    one.count = other.count;
    one.deadline = other.deadline;
    return one == other && wasAnswerable == (other.count > 0);
}

/// As wide as the widest of `texts` makes it.
void fixWidth(QPushButton& button, const QStringList& texts)
{
    const QString text = button.text();
    int width = 0;
    for (const QString& other : texts) {
        button.setText(other);
        width = qMax(width, button.sizeHint().width());
    }
    button.setText(text);
    button.setFixedWidth(width);
}

} // namespace

PromptBar::PromptBar(PromptModel& model, PromptActions& actions, QWidget* parent)
    : QWidget(parent)
    , m_model(model)
    , m_actions(actions)
    , m_keyboard(new PromptKeyboard(this))
    , m_content(new QWidget(this))
    , m_line(new QWidget)
    , m_panel(new PromptPanel)
    , m_icon(new QLabel)
    , m_summary(new PromptSummary)
    , m_clock(new QLabel)
    , m_allow(makeButton(QStringLiteral("allow"), tr("Allow once")))
    , m_deny(makeButton(QStringLiteral("deny"), tr("Deny")))
    , m_next(makeButton(QStringLiteral("next"), tr("Next")))
    , m_more(nullptr)
{
    setObjectName(QStringLiteral("prompt"));
    setInterrupting(this);
    setAccessibleName(tr("A request waits"));
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    layOut();
    m_guard.setSingleShot(true);
    setGuard(kGuard);
    m_tick.setInterval(std::chrono::seconds(1));
    connect(&m_tick, &QTimer::timeout, this, &PromptBar::updateClock);
    connect(m_allow, &QPushButton::clicked, this, &PromptBar::allow);
    connect(m_deny, &QPushButton::clicked, this, &PromptBar::deny);
    connect(m_next, &QPushButton::clicked, this, &PromptBar::showNext);
    connect(m_panel, &PromptPanel::chosen, this, &PromptBar::updateButtons);
    connect(m_panel, &PromptPanel::denyAllAsked, this, &PromptBar::denyAll);
    connect(m_panel, &PromptPanel::terminalAsked, this, [this] {
        if (const int at = row(); at >= 0)
            emit terminalAsked(m_sandbox, QString::fromStdString(m_model.at(at).terminal));
    });
    for (auto change : {&PromptModel::rowsInserted, &PromptModel::rowsRemoved})
        connect(&m_model, change, this, &PromptBar::follow);
    connect(&m_model, &PromptModel::dataChanged, this, &PromptBar::follow);
    connect(m_keyboard, &PromptKeyboard::placeLost, this, &PromptBar::focusLost);
    connect(m_keyboard, &PromptKeyboard::changed, this, [this] {
        if (m_prompt.isEmpty() && !m_keyboard->isParked())
            hide();
        else
            updateButtons(); // and the ring
    });
    for (QWidget* widget : m_content->findChildren<QWidget*>()) {
        if (widget != m_keyboard->backButton() &&
            (qobject_cast<QAbstractButton*>(widget) || qobject_cast<QComboBox*>(widget)))
            widget->installEventFilter(this);
    }
    hide();
}

void PromptBar::layOut()
{
    auto* more = new QAction(icon(Icon::ChevronUp), tr("Details"), this);
    more->setObjectName(QStringLiteral("details"));
    connect(more, &QAction::triggered, this, [this] { setOpen(!isOpen()); });
    m_more = makeToolButton(more, this);
    m_more->setObjectName(QStringLiteral("prompt.more"));
    const auto name = [](QLabel* label, const char* id) {
        label->setObjectName(QStringLiteral("prompt.") + QLatin1String(id));
        label->setTextFormat(Qt::PlainText);
    };
    name(m_icon, "icon");
    name(m_clock, "clock");
    m_clock->setFont(secondaryFont());
    m_clock->setToolTip(tr("Then it is denied, this once"));
    m_clock->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_clock->setMinimumWidth(
        QFontMetrics(secondaryFont()).horizontalAdvance(QStringLiteral("00:00")));
    m_line->setCursor(Qt::PointingHandCursor);

    m_content->setObjectName(QStringLiteral("prompt.content"));
    m_line->setObjectName(QStringLiteral("prompt.line"));
    m_line->setFixedHeight(kLineHeight);
    auto* row = new QHBoxLayout(m_line);
    row->setContentsMargins(12, 0, 8, 0);
    row->setSpacing(8);
    row->addWidget(m_icon);
    row->addWidget(m_summary, 1);
    row->addWidget(m_clock);
    row->addSpacing(4);
    row->addWidget(m_keyboard->backButton());
    row->addWidget(m_next);
    // Deny on the left: opened, it is wider, and what is Deny then must not be Allow when the next
    // request comes to a closed strip.
    row->addWidget(m_deny);
    row->addWidget(m_allow);
    row->addWidget(m_more);
    updateWidths();
    // What is answered with stays where it is when the panel opens.
    auto* column = new QVBoxLayout(m_content);
    column->setContentsMargins(kEdge, kHairline, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_panel, 1);
    column->addWidget(m_line);
    m_panel->hide();
    updateIcon();
}

QPushButton* PromptBar::makeButton(const QString& name, const QString& text)
{
    auto* button = new QPushButton(text);
    button->setObjectName(QStringLiteral("prompt.") + name);
    // A click must not take the focus away from where the person works.
    button->setFocusPolicy(Qt::TabFocus);
    button->setAutoDefault(true);
    return button;
}

void PromptBar::setNaming(std::function<QString(const QString&)> nameOf)
{
    m_nameOf = std::move(nameOf);
}

void PromptBar::setTerminalNaming(std::function<QString(const QString&, const QString&)> titleOf)
{
    m_titleOf = std::move(titleOf);
}

void PromptBar::setGuard(std::chrono::milliseconds time)
{
    m_guard.setInterval(time); // of one that runs, too
    m_keyboard->setGuard(time);
}

// ---- which one is shown ------------------------------------------------------------------------

/// The oldest that somebody waits for; else the oldest whose last has gone.
int PromptBar::bestRow() const
{
    int gone = -1;
    for (int at = 0; at < m_model.rowCount(); ++at) {
        if (m_model.isAnswering(at))
            continue;
        if (m_model.at(at).count > 0)
            return at;
        if (gone < 0)
            gone = at;
    }
    return gone;
}

/// The one that is shown stays as long as it can be answered: nothing is swapped under the pointer.
void PromptBar::follow()
{
    const int now = row();
    const By by = now >= 0 && m_model.isAnswering(now) ? By::Person : By::Others;
    if (now >= 0 && by == By::Others && (m_model.at(now).count > 0 || m_model.waiting() == 0))
        showRow(now, by);
    else if (const int best = bestRow(); best >= 0)
        showRow(best, by);
    else
        showNothing(by);
}

void PromptBar::showRow(int at, By by)
{
    const api::Prompt& prompt = m_model.at(at);
    const QString sandbox = m_model.sandboxAt(at);
    const QString id = QString::fromStdString(prompt.id);
    if (sandbox != m_sandbox || id != m_prompt || !isSameQuestion(m_shown, prompt)) {
        // Before a button goes off or away, and hands the keyboard to another.
        if (m_keyboard->isHere() && (by == By::Others || prompt.count == 0))
            m_keyboard->park();
        guard();
    }
    const QWidget* focus = window()->focusWidget();
    m_sandbox = sandbox;
    m_prompt = id;
    m_shown = prompt;
    for (QWidget* part : std::initializer_list<QWidget*>{m_allow, m_deny, m_more})
        part->show();
    updateLine(prompt, at);
    updateButtons();
    updateClock();
    updateGeometry();
    // What had the keyboard may not be there for this one, and another have got it: a button, say,
    // that answers.
    if (isAncestorOf(focus) && focus != window()->focusWidget()) {
        if (isOpen())
            m_panel->focusFirst();
        else
            setFocus();
    }
    if (!m_tick.isActive())
        m_tick.start();
    if (isHidden())
        show();
}

void PromptBar::showNothing(By by)
{
    if (m_prompt.isEmpty())
        return;
    const bool hadKeyboard = m_keyboard->isHere();
    if (hadKeyboard && by == By::Others)
        m_keyboard->park();
    guard();
    m_sandbox.clear();
    m_prompt.clear();
    m_tick.stop();
    if (m_keyboard->isParked() && by == By::Others) {
        showOver();
        return;
    }
    if (hadKeyboard)
        m_keyboard->goBack(); // before it is hidden: what is hidden hands the keyboard to anything
    setOpen(false);
    hide();
}

void PromptBar::showOver()
{
    setOpen(false);
    updateButtons();
    for (QWidget* part : std::initializer_list<QWidget*>{m_next, m_allow, m_deny, m_more})
        part->hide();
    m_clock->setText(tr("This request is over"));
    m_clock->setForegroundRole(QPalette::WindowText);
    m_clock->setAccessibleName(m_clock->text());
    setAccessibleDescription(tr("This request is over. Escape goes back to where you were."));
}

bool PromptBar::isGuarded() const
{
    return m_guard.isActive() || m_keyboard->isGuarded();
}

void PromptBar::guard()
{
    m_guard.start();
    m_keyboard->closeList();
}

void PromptBar::refresh()
{
    if (!m_prompt.isEmpty())
        follow();
}

void PromptBar::showOldest()
{
    if (const int best = bestRow(); best >= 0)
        showRow(best, By::Person);
}

void PromptBar::denyAll()
{
    if (!takesInput())
        return;
    const QString sandbox = m_sandbox;
    QStringList waiting;
    for (int at = 0; at < m_model.rowCount(); ++at) {
        if (m_model.sandboxAt(at) == sandbox && m_model.at(at).count > 0 &&
            !m_model.isAnswering(at))
            waiting += QString::fromStdString(m_model.at(at).id);
    }
    api::AnswerPrompt denied;
    denied.verdict = "deny";
    for (const QString& prompt : std::as_const(waiting))
        m_actions.answer(sandbox, prompt, denied);
}

void PromptBar::showNext()
{
    if (!takesInput() || m_model.rowCount() == 0)
        return;
    const int count = m_model.rowCount();
    for (int step = 1; step < count; ++step) {
        const int at = (row() + step) % count;
        if (m_model.at(at).count > 0 && !m_model.isAnswering(at)) {
            showRow(at, By::Person);
            return;
        }
    }
}

// ---- what it looks like ------------------------------------------------------------------------

void PromptBar::updateLine(const api::Prompt& prompt, int at)
{
    const QString name = m_nameOf ? m_nameOf(m_sandbox) : QString();
    m_summary->setPrompt(prompt, name);
    m_panel->setPrompt(m_sandbox, prompt, name,
                       m_titleOf ? m_titleOf(m_sandbox, QString::fromStdString(prompt.terminal))
                                 : QString());
    setAccessibleDescription(m_model.index(at).data().toString());
}

void PromptBar::updateButtons()
{
    m_allow->setText(isOpen() ? m_panel->allowText() : tr("Allow once"));
    m_deny->setText(isOpen() ? m_panel->denyText() : tr("Deny"));
    for (QPushButton* button : {m_allow, m_deny})
        button->setEnabled(isAnswerable());
    m_summary->setEnabled(isAnswerable());
    update();
    const int others = m_model.waiting() - (isAnswerable() && !m_model.isAnswering(row()) ? 1 : 0);
    m_next->setText(tr("Next of %1").arg(m_model.waiting())); // as the flag counts
    m_next->setAccessibleName(tr("Next request; %1 more wait").arg(others));
    // Not beside "Back": in a small window the two left no room for whose host it is.
    m_next->setVisible(others > 0 && !m_keyboard->isParked());
    m_panel->setWaiting(m_model.waiting(m_sandbox), m_model.waiting());
    updateIcon();
}

void PromptBar::updateWidths()
{
    fixWidth(*m_allow, isOpen() ? PromptPanel::allowTexts() : QStringList{tr("Allow once")});
    fixWidth(*m_deny, isOpen() ? PromptPanel::denyTexts() : QStringList{tr("Deny")});
}

void PromptBar::updateClock()
{
    const int at = row();
    if (at < 0)
        return;
    if (m_model.at(at).count == 0) {
        m_clock->setText(tr("nobody waits any more"));
        m_clock->setForegroundRole(QPalette::PlaceholderText);
        return;
    }
    const QDateTime deadline = m_model.index(at).data(PromptModel::DeadlineRole).toDateTime();
    const qint64 left =
        qMax<qint64>(0, (QDateTime::currentDateTimeUtc().msecsTo(deadline) + 999) / 1000);
    m_clock->setText(deadline.isValid() ? shownSeconds(left) : QString());
    m_clock->setForegroundRole(left <= kSoon ? QPalette::WindowText : QPalette::PlaceholderText);
    m_clock->setAccessibleName(tr("%1 seconds left").arg(left));
}

void PromptBar::updateIcon()
{
    const Colors& colors = colorsOf(palette());
    m_icon->setPixmap(iconPixmap(Icon::Flag, metrics::kIconSize,
                                 isAnswerable() ? colors.waiting : colors.disabled,
                                 devicePixelRatioF()));
}

/// Somebody waits for what is shown.
bool PromptBar::isAnswerable() const
{
    const int at = row();
    return at >= 0 && m_model.at(at).count > 0;
}

bool PromptBar::takesInput() const
{
    return !isGuarded() && !m_keyboard->isHeld();
}

bool PromptBar::isOpen() const
{
    return !m_panel->isHidden();
}

void PromptBar::setOpen(bool isOpen)
{
    if (isOpen == this->isOpen())
        return;
    if (!isOpen && m_panel->isAncestorOf(window()->focusWidget()))
        m_keyboard->goBack(); // closed by a click: what is hidden handed the keyboard to Deny
    m_panel->setVisible(isOpen);
    m_highest = 0;
    m_more->defaultAction()->setIcon(icon(isOpen ? Icon::ChevronDown : Icon::ChevronUp));
    m_more->defaultAction()->setText(isOpen ? tr("Fewer details") : tr("Details"));
    updateWidths();
    updateButtons();
    updateGeometry();
}

void PromptBar::review()
{
    if (m_prompt.isEmpty())
        return;
    setOpen(true);
    if (!isAnswerable()) {
        m_keyboard->park();
        return;
    }
    if (m_keyboard->isParked())
        guard(); // the keys before fell
    m_panel->focusFirst();
}

/// Of the window at most half, and not what the work needs that it is about and that is seen beside
/// it; but always so much that it can be answered.
int PromptBar::heightIn(int width) const
{
    const int line = kLineHeight + kHairline;
    if (!isOpen())
        return line;
    const int half = window()->height() / 2;
    const int room =
        qMax(line + m_panel->leastHeight(width - kEdge), m_room ? qMin(half, m_room()) : half);
    if (std::exchange(m_highestIn, width) != width)
        m_highest = 0;
    m_highest = qMax(m_highest, line + m_panel->wantedHeight(width - kEdge));
    return qMin(room, m_highest);
}

QSize PromptBar::sizeHint() const
{
    const int hint = m_content->sizeHint().width();
    m_hinted = heightIn(width() > 0 ? width() : hint);
    return {hint, m_hinted};
}

QSize PromptBar::minimumSizeHint() const
{
    return {m_content->minimumSizeHint().width(), sizeHint().height()};
}

void PromptBar::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    m_content->resize(size());
    if (event->oldSize().width() != event->size().width())
        updateGeometry(); // texts wrap elsewhere
}

void PromptBar::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    if (event->spontaneous())
        return;
    window()->installEventFilter(this);
    updateWidths(); // the style is known now
    m_guard.start();
    m_content->move(0, 0);
    if (style()->styleHint(QStyle::SH_Widget_Animation_Duration, nullptr, this) <= 0)
        return;
    auto* slide = new QPropertyAnimation(m_content, "pos", m_content);
    slide->setDuration(kSlideMs);
    slide->setEasingCurve(QEasingCurve::OutCubic);
    slide->setStartValue(QPoint(0, sizeHint().height()));
    slide->setEndValue(QPoint(0, 0));
    slide->start(QAbstractAnimation::DeleteWhenStopped);
}

void PromptBar::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::DevicePixelRatioChange)
        updateIcon();
    else if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange)
        updateWidths();
    QWidget::changeEvent(event);
}

void PromptBar::paintEvent(QPaintEvent*)
{
    const Colors& colors = colorsOf(palette());
    QPainter painter(this);
    painter.fillRect(rect(), colors.raised);
    painter.fillRect(QRect(0, 0, width(), 1), colors.hairline);
    painter.fillRect(QRect(0, 0, kEdge, height()),
                     isAnswerable() ? colors.waiting : colors.hairline);
    if (m_keyboard->isParked() && hasFocus()) {
        painter.setRenderHint(QPainter::Antialiasing);
        drawFocusRing(painter, rect(), metrics::kSmallRadius, colors);
    }
}

// ---- what a person does ------------------------------------------------------------------------

bool PromptBar::eventFilter(QObject* watched, QEvent* event)
{
    if (watched == window()) {
        // There is more room, or less.
        if ((event->type() == QEvent::Resize || event->type() == QEvent::LayoutRequest) &&
            isOpen() && heightIn(width()) != m_hinted)
            updateGeometry();
    } else if (isGuarded() && isInput(event->type())) {
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

void PromptBar::mousePressEvent(QMouseEvent* event)
{
    event->accept();
    if (!m_prompt.isEmpty() && !isGuarded() && event->button() == Qt::LeftButton &&
        m_line->geometry().contains(m_content->mapFromParent(event->position().toPoint())))
        setOpen(!isOpen());
}

/// No key of it goes on to something else.
void PromptBar::keyPressEvent(QKeyEvent* event)
{
    event->accept();
    if (event->key() != Qt::Key_Escape ||
        (m_keyboard->isParked() ? m_keyboard->isGuarded() : isGuarded()))
        return;
    m_keyboard->goBack();
    setOpen(false);
}

bool PromptBar::focusNextPrevChild(bool isNext)
{
    return m_keyboard->isParked() || QWidget::focusNextPrevChild(isNext);
}

void PromptBar::allow()
{
    answer("allow");
}

void PromptBar::deny()
{
    answer("deny");
}

void PromptBar::answer(const std::string& verdict)
{
    if (!takesInput() || isHidden() || !isAnswerable())
        return;
    api::AnswerPrompt answer;
    if (isOpen())
        answer = m_panel->answer();
    answer.verdict = verdict;
    // Copies: another prompt is shown before the call returns.
    m_actions.answer(QString(m_sandbox), QString(m_prompt), answer);
}

} // namespace caisson
