// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/egress/rules_page.h"

#include <QFile>
#include <QPointer>
#include <QSaveFile>
#include <QtConcurrentRun>

#include "widgets/common/activity_line.h"
#include "widgets/common/prompter.h"

/// RulesPage: policy files.
namespace caisson {

namespace {

constexpr qint64 kLargestPolicy = 1024 * 1024;

Error fileError(const QString& why)
{
    return {ErrorCode::PermissionDenied, why.toStdString(), {}};
}

} // namespace

void RulesPage::importFile()
{
    m_prompter.chooseFile(window(),
                          {.title = tr("Import a policy file"),
                           .purpose = FileQuestion::Purpose::Open,
                           .name = {},
                           .pattern = tr("Policy files (*.toml)")},
                          [guard = QPointer(this)](const QString& file) {
                              if (guard)
                                  guard->takeFile(file);
                          });
}

void RulesPage::takeFile(const QString& path)
{
    m_activity->setBusy(true);
    QtConcurrent::run([path]() -> Result<QByteArray> {
        QFile file(path);
        if (!file.open(QIODevice::ReadOnly))
            return std::unexpected(fileError(file.errorString()));
        QByteArray text = file.read(kLargestPolicy + 1);
        if (text.size() > kLargestPolicy)
            return fail(ErrorCode::TooLarge, "A policy file has at most 1 MiB.");
        return text;
    }).then(this, [this, path](const Result<QByteArray>& text) {
        m_activity->setBusy(m_model.isChanging());
        // Whatever file it was: this one is what the person wants now.
        if (!m_importFailure.isEmpty())
            emit settled(std::exchange(m_importFailure, {}));
        const QString what = tr("%1 was not imported; the rules are as they were.").arg(path);
        Error error = text ? Error{} : text.error();
        if (text) {
            const QString problem = m_model.importToml(*text);
            if (problem.isEmpty())
                return;
            error = {ErrorCode::BadRequest, problem.toStdString(), {}};
        }
        m_importFailure = what;
        emit failed({.what = what, .error = error, .subject = Subject::Other, .again = {}});
    });
}

void RulesPage::exportFile()
{
    m_prompter.chooseFile(window(),
                          {.title = tr("Export the rules"),
                           .purpose = FileQuestion::Purpose::Save,
                           .name = QStringLiteral("policy.toml"),
                           .pattern = tr("Policy files (*.toml)")},
                          [guard = QPointer(this)](const QString& file) {
                              if (guard)
                                  guard->writeFile(file);
                          });
}

void RulesPage::writeFile(const QString& path)
{
    QtConcurrent::run([path, text = m_model.toml().toUtf8()]() -> Result<void> {
        QSaveFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size() || !file.commit())
            return std::unexpected(fileError(file.errorString()));
        return {};
    }).then(this, [this, path](const Result<void>& result) {
        if (!m_exportFailure.isEmpty())
            emit settled(std::exchange(m_exportFailure, {}));
        const QString what = tr("Could not export the rules to %1.").arg(path);
        if (result) {
            emit noted(tr("The rules are in %1.").arg(path));
        } else {
            m_exportFailure = what;
            emit failed({.what = what,
                         .error = result.error(),
                         .subject = Subject::Other,
                         .again = [this, path] { writeFile(path); }});
        }
    });
}

} // namespace caisson
