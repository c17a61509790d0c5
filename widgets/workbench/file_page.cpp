// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/workbench/file_page.h"

#include <QApplication>
#include <QLocale>
#include <QPushButton>
#include <QStackedLayout>
#include <QVBoxLayout>
#include <QtConcurrentRun>

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
constexpr std::chrono::milliseconds kCheckDelay{100};
/// How long what was typed may be lost to a crash, and what is added a megabyte: a large text is
/// written whole each time.
constexpr std::chrono::milliseconds kDraftDelay{500};
constexpr std::chrono::milliseconds kDraftDelayPerMega{100};

/// It is not there, or what was its folder is now a file.
bool isGone(const Error& error)
{
    return error.code == ErrorCode::NotFound || error.code == ErrorCode::NotADirectory;
}

} // namespace

FilePage::FilePage(const WindowServices& services, QString sandbox, QByteArray path,
                   QWidget* parent)
    : QWidget(parent)
    , m_backend(services.backend)
    , m_drafts(services.drafts)
    , m_sandbox(std::move(sandbox))
    , m_path(std::move(path))
    , m_editor(new EditorPage(QStringLiteral("editor"), displayName(lastComponent(m_path)),
                              services.syntax))
    , m_failure(
          new EmptyState(QStringLiteral("editor.failure"), Icon::Error, QString(), tr("Try again")))
    , m_tooLarge(new EmptyState(QStringLiteral("editor.tooLarge"), Icon::FileText, QString(),
                                tr("Show in a terminal")))
    , m_activity(new ActivityLine)
    , m_views(new QStackedLayout)
{
    setObjectName(QStringLiteral("editor.page"));
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
    m_views->addWidget(m_tooLarge);
    setFocusProxy(m_editor);

    m_checkSoon.setSingleShot(true);
    m_checkSoon.setInterval(kCheckDelay);
    connect(&m_checkSoon, &QTimer::timeout, this, &FilePage::check);
    connect(m_failure, &EmptyState::activated, this, [this] {
        if (m_needsStart)
            emit startAsked();
        else
            load();
    });
    connect(m_tooLarge, &EmptyState::activated, this, &FilePage::terminalAsked);
    m_draftSoon.setSingleShot(true);
    connect(&m_draftSoon, &QTimer::timeout, this, &FilePage::writeDraft);
    connect(m_editor, &EditorPage::loaded, this, &FilePage::onLoaded);
    connect(m_editor, &EditorPage::edited, this, &FilePage::keepDraftSoon);
    connect(m_editor, &EditorPage::modifiedChanged, this, &FilePage::onModifiedChanged);
    connect(m_editor, &EditorPage::statusChanged, this, &FilePage::statusChanged);
    connect(m_editor, &EditorPage::saveRequested, this, &FilePage::save);
    connect(m_editor, &EditorPage::reloadRequested, this, [this] { read(Reading::Reload); });
    connect(m_editor, &EditorPage::closeRequested, this, &FilePage::closeAsked);
}

void FilePage::setPath(const QByteArray& path)
{
    m_drafts.move(m_sandbox, m_path, path);
    m_path = path;
    m_movedTo.clear();
    m_editor->setFileName(displayName(lastComponent(path)));
}

void FilePage::followSoon(const QByteArray& path)
{
    m_movedTo = path;
    checkSoon();
}

bool FilePage::isModified() const
{
    // What was typed before the restart is unsaved, too, while the file cannot be read.
    return m_isLoaded ? m_editor->isModified() : m_drafts.contains(m_sandbox, m_path);
}

bool FilePage::canSave() const
{
    return m_isLoaded && m_editor->canEdit();
}

void FilePage::load()
{
    if (m_draft || !m_drafts.contains(m_sandbox, m_path)) {
        read(Reading::First);
        return;
    }
    m_activity->setBusy(true);
    m_drafts.read(m_sandbox, m_path).then(this, [this](const std::optional<Draft>& draft) {
        m_draft = draft;
        read(Reading::First);
    });
}

void FilePage::read(Reading reading)
{
    m_activity->setBusy(true);
    m_backend.readFile(m_sandbox, m_path, kLargest)
        .then(this, [this, reading](const Result<desk::FileContent>& result) {
            m_activity->setBusy(false);
            received(reading, result);
        });
}

void FilePage::received(Reading reading, const Result<desk::FileContent>& result)
{
    const bool isMissing = !result && isGone(result.error());
    if (result && reading == Reading::Check)
        m_editor->externalChange(result->bytes, QString::fromStdString(result->entry.etag));
    else if (result)
        show(result->bytes, QString::fromStdString(result->entry.etag));
    else if (reading == Reading::First && isMissing && m_draft)
        showUnsavedOfNothing();
    else if (reading == Reading::First)
        showWhyNot(result.error());
    else if (isMissing)
        m_editor->externalDelete();
    else if (reading == Reading::Reload)
        emit failed({.what = tr("Could not read “%1”.").arg(displayName(lastComponent(m_path))),
                     .error = result.error(),
                     .subject = Subject::SandboxFile});
    endCheck();
}

void FilePage::endCheck()
{
    m_isChecking = false;
    if (std::exchange(m_checkAgain, false))
        checkSoon();
}

void FilePage::show(const QByteArray& bytes, const QString& etag)
{
    showView(m_editor, m_editor);
    if (!m_isLoaded) {
        EditorState left = EditorState::fromJson(m_restored);
        if (m_draft) {
            left.etag = m_draft->etag;
            left.unsaved = m_draft->bytes;
        }
        m_editor->restoreState(left);
    }
    m_editor->setContent(bytes, etag);
}

void FilePage::onLoaded()
{
    m_isLoaded = true;
    m_restored = {};
    m_draft.reset();
    if (std::exchange(m_isGone, false))
        m_editor->externalDelete();
    onModifiedChanged();
    emit statusChanged();
}

void FilePage::onModifiedChanged()
{
    // While it is loaded the text is none yet.
    if (m_isLoaded && m_editor->canEdit()) {
        if (m_editor->isModified())
            keepDraftSoon();
        else
            dropDraft();
    }
    emit modifiedChanged();
}

void FilePage::keepDraftSoon()
{
    if (m_draftSoon.isActive())
        return;
    constexpr qsizetype kMega = 1'000'000;
    m_draftSoon.start(kDraftDelay +
                      kDraftDelayPerMega * (m_editor->snapshot().text.size() / kMega));
}

void FilePage::keepDraft()
{
    if (!m_draftSoon.isActive())
        return;
    m_draftSoon.stop();
    writeDraft();
}

void FilePage::writeDraft()
{
    if (!m_isLoaded || !m_editor->canEdit() || !m_editor->isModified())
        return;
    m_drafts.write(m_sandbox, m_path, m_editor->etag(),
                   [text = m_editor->snapshot()] { return text.bytes(); });
}

void FilePage::dropDraft()
{
    m_draftSoon.stop();
    m_drafts.remove(m_sandbox, m_path);
}

/// The file went while the window was closed. What was typed is all there is of it.
void FilePage::showUnsavedOfNothing()
{
    m_isGone = true;
    show({}, {});
}

void FilePage::showFailure(const Error& error)
{
    const QString name = displayName(lastComponent(m_path));
    if (error.code == ErrorCode::TooLarge) {
        m_tooLarge->setSentence(
            tr("“%1” is larger than %2, too large to be shown here. In a terminal you can page "
               "through it.")
                .arg(name, QLocale().formattedDataSize(kLargest, 0)));
        showView(m_tooLarge, m_tooLarge->button());
        emit statusChanged();
        return;
    }
    m_needsStart = error.code == ErrorCode::NotRunning;
    m_failure->setAction(m_needsStart ? tr("Start") : tr("Try again"));
    QString sentence = tr("“%1” could not be opened. %2").arg(name, reason(error));
    if (isModified())
        sentence += QLatin1Char(' ') + tr("What you typed and did not save is kept.");
    showSentence(sentence);
}

/// `focus` is what has the keyboard of the page from now on, and now if the page has it.
void FilePage::showView(QWidget* view, QWidget* focus)
{
    const bool hadFocus = isAncestorOf(QApplication::focusWidget());
    m_views->setCurrentWidget(view);
    setFocusProxy(focus);
    if (hadFocus)
        focus->setFocus(Qt::ShortcutFocusReason);
}

/// A link may be there when what it leads to is not, or is the link itself.
void FilePage::showWhyNot(const Error& error)
{
    const bool isCircle = error.code == ErrorCode::BadRequest;
    if (error.code != ErrorCode::NotFound && !isCircle) {
        showFailure(error);
        return;
    }
    m_backend.statFile(m_sandbox, m_path)
        .then(this, [this, error, isCircle](const Result<api::FileEntry>& result) {
            if (!result || result->type != api::FileType::Symlink || !result->linkTarget) {
                showFailure(error);
                return;
            }
            const QString sentence = isCircle
                                         ? tr("“%1” is a link to “%2”, and that leads in a circle.")
                                         : tr("“%1” is a link to “%2”, which is not there.");
            showSentence(
                sentence.arg(displayName(lastComponent(m_path)),
                             displayName(QByteArray::fromStdString(result->linkTarget->bytes))));
        });
}

void FilePage::showSentence(const QString& sentence)
{
    m_failure->setSentence(sentence);
    showView(m_failure, m_failure->button());
    emit statusChanged();
}

void FilePage::checkSoon()
{
    if (!m_checkSoon.isActive())
        m_checkSoon.start();
}

void FilePage::check()
{
    if (m_views->currentWidget() == m_failure || m_views->currentWidget() == m_tooLarge) {
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
    const QByteArray movedTo = std::exchange(m_movedTo, {});
    if (result && result->type == api::FileType::Directory) {
        // The file was deleted, and what is in its place is another thing.
        m_editor->externalDelete();
    } else if (result) {
        const QString etag = QString::fromStdString(result->etag);
        // A symlink's etag is its own; what it leads to has to be read.
        const bool isLink = result->type == api::FileType::Symlink;
        if (isLink || (etag != m_editor->etag() && result->size <= kLargestCompared)) {
            read(Reading::Check);
            return;
        }
        if (etag != m_editor->etag())
            m_editor->externalChange(etag);
    } else if (isGone(result.error()) && !movedTo.isEmpty()) {
        emit moved(movedTo);
        m_checkAgain = true; // whether it is there
    } else if (isGone(result.error())) {
        m_editor->externalDelete();
    }
    endCheck();
}

bool FilePage::showsFile() const
{
    return m_isLoaded && m_views->currentWidget() == m_editor;
}

void FilePage::saveAndClose()
{
    m_closesWhenSaved = true;
    save();
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
    m_activity->setBusy(true);
    emit saving();
    // A large text takes longer to encode than the window may wait.
    QtConcurrent::run([text = m_editor->beginSave()] {
        return text.bytes();
    }).then(this, [this, etag = m_editor->etag()](const QByteArray& bytes) {
        write(bytes, etag.isEmpty() ? QStringLiteral("new") : etag);
    });
}

void FilePage::write(const QByteArray& bytes, const QString& ifMatch)
{
    m_backend.writeFile(m_sandbox, m_path, bytes, ifMatch)
        .then(this, [this](const Result<api::FileEntry>& result) {
            m_activity->setBusy(false);
            written(result);
        });
}

void FilePage::written(const Result<api::FileEntry>& result)
{
    m_isSaving = false;
    const bool again = std::exchange(m_saveAgain, false);
    const bool closes = std::exchange(m_closesWhenSaved, false);
    if (result) {
        emit settled(notSaved());
        m_editor->setSaved(QString::fromStdString(result->etag));
        if (m_editor->isModified())
            keepDraftSoon(); // with the new etag
        if (again)
            save();
        else if (closes && !m_editor->isModified())
            emit closeAsked();
    } else if (result.error().code == ErrorCode::PreconditionFailed) {
        read(Reading::Check);
    } else {
        saveFailed(result.error());
    }
    if (std::exchange(m_checkAgain, false))
        checkSoon();
}

QString FilePage::notSaved() const
{
    return tr("“%1” was not saved.").arg(displayName(lastComponent(m_path)));
}

void FilePage::saveFailed(const Error& error)
{
    Failure failure{.what = notSaved(), .error = error, .subject = Subject::SandboxFile};
    if (error.code == ErrorCode::NotFound) {
        const QString folder = displayName(lastComponent(parentPath(m_path)));
        failure.error.message =
            tr("Its folder, “%1”, is not there any more.").arg(folder).toStdString();
        failure.subject = Subject::Other;
        failure.again = [this] { makeFolderAndSave(); };
        failure.action = tr("Make the folder");
    } else if (error.code == ErrorCode::NotADirectory) {
        failure.error.message = tr("A file has taken the place of its folder, “%1”.")
                                    .arg(displayName(lastComponent(parentPath(m_path))))
                                    .toStdString();
    }
    emit failed(failure);
}

void FilePage::makeFolderAndSave()
{
    m_backend
        .fileAction(m_sandbox, parentPath(m_path), {.action = "mkdir", .to = {}, .parents = true})
        .then(this, [this](const Result<api::FileEntry>& result) {
            if (result || result.error().code == ErrorCode::Exists)
                save();
            else
                saveFailed(result.error());
        });
}

QJsonObject FilePage::viewState() const
{
    return m_isLoaded ? m_editor->state().toJson() : m_restored;
}

void FilePage::restoreViewState(const QJsonObject& state)
{
    m_restored = state;
    emit modifiedChanged();
}

} // namespace caisson
