// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/workbench/file_page.h"

#include <QStackedLayout>
#include <QVBoxLayout>

#include "widgets/common/activity_line.h"
#include "widgets/common/empty_state.h"
#include "widgets/editor/editor_page.h"
#include "widgets/models/file_names.h"
#include "widgets/models/reason.h"

namespace caisson {

namespace {

/// What is read whole. The editor shows the largest of these in parts.
constexpr qint64 kLargest = 64 * 1024 * 1024;
/// Up to here a change is read at once, so that one that changes nothing asks nothing.
constexpr qint64 kLargestCompared = 2'000'000;
constexpr std::chrono::milliseconds kPatience{300};
constexpr std::chrono::milliseconds kCheckDelay{100};

} // namespace

FilePage::FilePage(desk::Backend& backend, QString sandbox, QByteArray path, const Syntax& syntax,
                   QWidget* parent)
    : QWidget(parent)
    , m_backend(backend)
    , m_sandbox(std::move(sandbox))
    , m_path(std::move(path))
    , m_editor(new EditorPage(QStringLiteral("editor"), displayName(lastComponent(m_path)), syntax))
    , m_failure(
          new EmptyState(QStringLiteral("editor.failure"), Icon::Error, QString(), tr("Try again")))
    , m_activity(new ActivityLine)
    , m_views(new QStackedLayout)
{
    m_activity->hide();
    m_activity->setObjectName(QStringLiteral("editor.activity"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_activity);
    layout->addLayout(m_views);
    // Only now: a stacked layout shows its first page at once, as a window where it has no parent.
    m_views->addWidget(m_editor);
    m_views->addWidget(m_failure);
    setFocusProxy(m_editor);

    m_patience.setSingleShot(true);
    m_patience.setInterval(kPatience);
    m_checkSoon.setSingleShot(true);
    m_checkSoon.setInterval(kCheckDelay);
    connect(&m_patience, &QTimer::timeout, m_activity, &QWidget::show);
    connect(&m_checkSoon, &QTimer::timeout, this, &FilePage::check);
    connect(m_failure, &EmptyState::activated, this, &FilePage::load);
    connect(m_editor, &EditorPage::modifiedChanged, this, &FilePage::modifiedChanged);
    connect(m_editor, &EditorPage::statusChanged, this, &FilePage::statusChanged);
    connect(m_editor, &EditorPage::saveRequested, this, &FilePage::save);
    connect(m_editor, &EditorPage::reloadRequested, this, [this] { read(Reading::Reload); });
    connect(m_editor, &EditorPage::closeRequested, this, &FilePage::closeAsked);
}

void FilePage::setPath(const QByteArray& path)
{
    m_path = path;
    m_editor->setFileName(displayName(lastComponent(path)));
}

bool FilePage::isModified() const
{
    // What was typed before the restart is unsaved, too, while the file cannot be read.
    return m_isLoaded ? m_editor->isModified() : restored().unsaved.has_value();
}

EditorState FilePage::restored() const
{
    return EditorState::fromJson(m_restored);
}

bool FilePage::canSave() const
{
    return m_isLoaded && m_editor->canEdit();
}

void FilePage::load()
{
    read(Reading::First);
}

void FilePage::read(Reading reading)
{
    setBusy(true);
    m_backend.readFile(m_sandbox, m_path, kLargest)
        .then(this, [this, reading](const Result<desk::FileContent>& result) {
            setBusy(false);
            received(reading, result);
        });
}

void FilePage::received(Reading reading, const Result<desk::FileContent>& result)
{
    m_isChecking = false;
    if (!result) {
        if (reading == Reading::First && result.error().code == ErrorCode::NotFound &&
            restored().unsaved)
            showUnsavedOfNothing();
        else if (reading == Reading::First)
            showFailure(result.error());
        else if (result.error().code == ErrorCode::NotFound)
            m_editor->externalDelete();
        else if (reading == Reading::Reload)
            emit failed(tr("Could not read “%1”.").arg(displayName(lastComponent(m_path))),
                        result.error());
        return;
    }
    const QString etag = QString::fromStdString(result->entry.etag);
    if (reading == Reading::Check) {
        m_editor->externalChange(result->bytes, etag);
    } else {
        m_views->setCurrentWidget(m_editor);
        m_editor->setContent(result->bytes, etag);
        m_isLoaded = true;
        m_restored = {};
    }
    if (std::exchange(m_checkAgain, false))
        checkSoon();
}

/// The file went while the window was closed. What was typed is all there is of it.
void FilePage::showUnsavedOfNothing()
{
    m_views->setCurrentWidget(m_editor);
    m_editor->setContent({}, {});
    m_isLoaded = true;
    m_restored = {};
    m_editor->externalDelete();
}

void FilePage::showFailure(const Error& error)
{
    const QString name = displayName(lastComponent(m_path));
    m_failure->setSentence(tr("“%1” could not be opened. %2").arg(name, reason(error)));
    m_views->setCurrentWidget(m_failure);
}

void FilePage::checkSoon()
{
    if (!m_checkSoon.isActive())
        m_checkSoon.start();
}

void FilePage::check()
{
    if (m_views->currentWidget() == m_failure) {
        load();
        return;
    }
    // A save under way is about to change the file itself.
    if (!m_isLoaded || m_isSaving || m_isChecking) {
        m_checkAgain = true;
        return;
    }
    m_isChecking = true;
    m_backend.statFile(m_sandbox, m_path).then(this, [this](const Result<api::FileEntry>& result) {
        checked(result);
    });
}

void FilePage::checked(const Result<api::FileEntry>& result)
{
    if (!result) {
        m_isChecking = false;
        if (result.error().code == ErrorCode::NotFound)
            m_editor->externalDelete();
        return;
    }
    const QString etag = QString::fromStdString(result->etag);
    // A symlink's etag is its own; what it leads to has to be read.
    const bool isLink = result->type == api::FileType::Symlink;
    if (isLink || (etag != m_editor->etag() && result->size <= kLargestCompared)) {
        read(Reading::Check);
        return;
    }
    m_isChecking = false;
    if (etag != m_editor->etag())
        m_editor->externalChange(etag);
    if (std::exchange(m_checkAgain, false))
        checkSoon();
}

void FilePage::save()
{
    if (!canSave())
        return;
    if (m_isSaving) {
        m_saveAgain = true;
        return;
    }
    m_isSaving = true;
    setBusy(true);
    const QString etag = m_editor->etag();
    m_backend
        .writeFile(m_sandbox, m_path, m_editor->content(),
                   etag.isEmpty() ? QStringLiteral("new") : etag)
        .then(this, [this](const Result<api::FileEntry>& result) {
            setBusy(false);
            written(result);
        });
}

void FilePage::written(const Result<api::FileEntry>& result)
{
    m_isSaving = false;
    const bool again = std::exchange(m_saveAgain, false);
    if (result) {
        m_editor->setSaved(QString::fromStdString(result->etag));
        emit saved();
        if (again)
            save();
    } else if (result.error().code == ErrorCode::PreconditionFailed) {
        read(Reading::Check);
    } else {
        emit failed(tr("“%1” was not saved.").arg(displayName(lastComponent(m_path))),
                    result.error());
    }
    if (std::exchange(m_checkAgain, false))
        checkSoon();
}

QJsonObject FilePage::viewState() const
{
    return m_isLoaded ? m_editor->state().toJson() : m_restored;
}

void FilePage::restoreViewState(const QJsonObject& state)
{
    m_restored = state;
    m_editor->restoreState(restored());
    emit modifiedChanged();
}

void FilePage::setBusy(bool isBusy)
{
    if (isBusy) {
        m_patience.start();
    } else {
        m_patience.stop();
        m_activity->hide();
    }
}

} // namespace caisson
