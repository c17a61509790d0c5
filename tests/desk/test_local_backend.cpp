// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/paths.h"
#include "backend/base/unique_fd.h"
#include "backend/desk/local_backend.h"

#include <QDir>
#include <QFile>
#include <QFutureWatcher>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <csignal>
#include <fcntl.h>
#include <sys/stat.h>

namespace caisson::desk {

namespace {

constexpr int kPatienceMs = 20'000;

/// What the call brings; a failed test when it takes too long.
template<typename T>
Result<T> take(QFuture<Result<T>> future)
{
    QFutureWatcher<Result<T>> watcher;
    QSignalSpy finished(&watcher, &QFutureWatcher<Result<T>>::finished);
    watcher.setFuture(future);
    if (!future.isFinished() && !finished.wait(kPatienceMs))
        return fail(ErrorCode::Timeout, "the backend gave no answer");
    return future.takeResult();
}

/// Collects what a terminal says, and checks that each byte comes at its offset.
struct Listener
{
    explicit Listener(TerminalLink& link, qint64 since = 0)
        : next(since)
    {
        QObject::connect(&link, &TerminalLink::bytes, [this](const QByteArray& bytes, qint64 at) {
            isGapless = isGapless && at == next;
            next = at + bytes.size();
            text += bytes;
        });
        QObject::connect(&link, &TerminalLink::caughtUp, [this] { ++caughtUp; });
        QObject::connect(&link, &TerminalLink::ended,
                         [this](const api::ExitStatus& exit) { end = exit; });
    }
    QByteArray text;
    qint64 next = 0;
    int caughtUp = 0;
    bool isGapless = true;
    std::optional<api::ExitStatus> end;
};

} // namespace

class TestLocalBackend : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void cleanupTestCase();
    void theLinkComesUp();
    void changesOfSandboxesArrive();
    void aTerminalIsFollowedThroughTheServicesDeath();
    void aPausedTerminalHoldsBackAndLosesNothing();
    void filesAreWrittenOnlyOverWhatWasRead();
    void changesOfFilesArrive();
    void whatGoesOutIsFollowed();
    void requestsThatWaitArrive();
    void secretsAreListedByName();
    void aFolderIsCopiedWithProgress();
    void whatCannotBeReadIsLeftOut();
    void aCopyCanBeCancelled();
    void aCopyEndsWithItsSandbox();
    void whatIsUnderWayWhenItGoesIsHarmless();

private:
    QString createSandbox(const char* name);
    qint64 daemonPid() const;
    QString createTerminal(const std::vector<std::string>& argv);

    // Not in /tmp, which may be a tmpfs: a sandbox's root is an overlay, which not all carry.
    QTemporaryDir m_home{QStringLiteral("/var/tmp/caisson-desk-XXXXXX")};
    std::unique_ptr<LocalBackend> m_backend;
    QString m_sandbox;
};

void TestLocalBackend::initTestCase()
{
    QVERIFY(m_home.isValid());
    m_backend = std::make_unique<LocalBackend>(api::pathsForHome(m_home.path().toStdString()));
}

void TestLocalBackend::cleanupTestCase()
{
    QVERIFY(take(m_backend->removeSandbox(m_sandbox)));
    const qint64 pid = daemonPid();
    m_backend.reset();
    QVERIFY(pid > 1);
    ::kill(static_cast<pid_t>(pid), SIGTERM);
}

QString TestLocalBackend::createSandbox(const char* name)
{
    api::CreateSandbox request;
    request.name = name;
    const Result<api::Sandbox> made = take(m_backend->createSandbox(request));
    return made ? QString::fromStdString(made->id) : QString();
}

qint64 TestLocalBackend::daemonPid() const
{
    QProcess version;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("CAISSON_HOME"), m_home.path());
    version.setProcessEnvironment(environment);
    version.start(QStringLiteral(CAISSONCTL),
                  {QStringLiteral("--json"), QStringLiteral("version")});
    version.waitForFinished(kPatienceMs);
    return QJsonDocument::fromJson(version.readAllStandardOutput())
        .object()[QStringLiteral("daemon")]
        .toObject()[QStringLiteral("pid")]
        .toInteger();
}

QString TestLocalBackend::createTerminal(const std::vector<std::string>& argv)
{
    api::CreateTerminal request;
    request.argv = argv;
    const Result<api::Terminal> made = take(m_backend->createTerminal(m_sandbox, request));
    return made ? QString::fromStdString(made->id) : QString();
}

void TestLocalBackend::theLinkComesUp()
{
    QSignalSpy links(m_backend.get(), &Backend::linkChanged);
    QSignalSpy resets(m_backend.get(), &Backend::reset);
    m_backend->connectToHost();
    QTRY_VERIFY_WITH_TIMEOUT(!links.isEmpty() &&
                                 links.last()[0].value<LinkState>() == LinkState::Connected,
                             kPatienceMs);
    QCOMPARE(resets.size(), 1);
}

void TestLocalBackend::changesOfSandboxesArrive()
{
    QList<api::Sandbox> changes;
    connect(m_backend.get(), &Backend::sandboxChanged, this,
            [&](const api::Sandbox& sandbox) { changes.append(sandbox); });
    QSignalSpy removed(m_backend.get(), &Backend::sandboxRemoved);
    m_sandbox = createSandbox("box");
    QVERIFY(!m_sandbox.isEmpty());
    QTRY_VERIFY_WITH_TIMEOUT(
        !changes.isEmpty() && changes.last().state == api::SandboxState::Running, kPatienceMs);
    QVERIFY(take(m_backend->renameSandbox(m_sandbox, QStringLiteral("renamed"))));
    QTRY_COMPARE_WITH_TIMEOUT(changes.last().name, std::string("renamed"), kPatienceMs);
    QVERIFY(take(m_backend->stopSandbox(m_sandbox)));
    QTRY_VERIFY_WITH_TIMEOUT(changes.last().state == api::SandboxState::Stopped, kPatienceMs);
    QVERIFY(take(m_backend->startSandbox(m_sandbox)));

    const QString other = createSandbox("other");
    QVERIFY(take(m_backend->removeSandbox(other)));
    QTRY_COMPARE_WITH_TIMEOUT(removed.size(), 1, kPatienceMs);
    QCOMPARE(removed[0][0].toString(), other);
    const Result<api::Sandbox> twice = take(m_backend->stopSandbox(other));
    QVERIFY(!twice);
    QCOMPARE(twice.error().code, ErrorCode::NotFound);
    disconnect(m_backend.get(), &Backend::sandboxChanged, this, nullptr);
}

void TestLocalBackend::aTerminalIsFollowedThroughTheServicesDeath()
{
    const QString terminal = createTerminal({"sh", "-c", "stty -echo; echo ready; exec cat"});
    QVERIFY(!terminal.isEmpty());
    const std::unique_ptr<TerminalLink> link = m_backend->attachTerminal(m_sandbox, terminal, 0);
    Listener heard(*link);
    QTRY_VERIFY_WITH_TIMEOUT(heard.text.contains("ready") && heard.caughtUp == 1, kPatienceMs);
    link->type("before\n");
    QTRY_VERIFY_WITH_TIMEOUT(heard.text.contains("before"), kPatienceMs);

    const qint64 pid = daemonPid();
    QVERIFY(pid > 1);
    ::kill(static_cast<pid_t>(pid), SIGKILL);
    link->type("after\n");
    QTRY_VERIFY_WITH_TIMEOUT(heard.text.contains("after"), kPatienceMs);
    QVERIFY(heard.isGapless);

    // A second link from the middle gets the rest, once.
    const qint64 middle = heard.text.indexOf("before");
    const std::unique_ptr<TerminalLink> second =
        m_backend->attachTerminal(m_sandbox, terminal, middle);
    Listener later(*second, middle);
    QTRY_COMPARE_WITH_TIMEOUT(later.text, heard.text.sliced(middle), kPatienceMs);
    QVERIFY(later.isGapless);

    link->type("\x04");
    QTRY_VERIFY_WITH_TIMEOUT(heard.end.has_value(), kPatienceMs);
    QCOMPARE(heard.end->code, std::optional<std::int64_t>(0));
}

void TestLocalBackend::aPausedTerminalHoldsBackAndLosesNothing()
{
    const QString terminal =
        createTerminal({"sh", "-c", "read go; stty -opost; seq 1 400000; echo the end"});
    const std::unique_ptr<TerminalLink> link = m_backend->attachTerminal(m_sandbox, terminal, 0);
    Listener heard(*link);
    const QMetaObject::Connection pausing = connect(link.get(), &TerminalLink::bytes, this, [&] {
        if (heard.text.size() > 100'000)
            link->pause();
    });
    link->type("\n");
    QTRY_VERIFY_WITH_TIMEOUT(heard.text.size() > 100'000, kPatienceMs);
    // What was on its way may still come, and no more: a call comes back after it.
    QVERIFY(take(m_backend->listTerminals(m_sandbox)));
    QVERIFY(take(m_backend->listTerminals(m_sandbox)));
    QVERIFY2(heard.text.size() < 1'000'000, qPrintable(QString::number(heard.text.size())));
    disconnect(pausing);
    link->resume();
    QTRY_VERIFY_WITH_TIMEOUT(heard.end.has_value(), kPatienceMs);
    QVERIFY(heard.isGapless);
    QVERIFY(heard.text.contains("\n400000\nthe end"));
}

void TestLocalBackend::filesAreWrittenOnlyOverWhatWasRead()
{
    const QByteArray path = "/workspace/file";
    const auto made = take(m_backend->writeFile(m_sandbox, path, "one", QStringLiteral("new")));
    QVERIFY(made);
    const auto again = take(m_backend->writeFile(m_sandbox, path, "two", QStringLiteral("new")));
    QVERIFY(!again);
    const Result<FileContent> read = take(m_backend->readFile(m_sandbox, path, 100));
    QVERIFY(read);
    QCOMPARE(read->bytes, QByteArray("one"));
    const QString etag = QString::fromStdString(read->entry.etag);
    QVERIFY(take(m_backend->writeFile(m_sandbox, path, "three", etag)));
    const auto stale = take(m_backend->writeFile(m_sandbox, path, "four", etag));
    QVERIFY(!stale);
    QCOMPARE(stale.error().code, ErrorCode::PreconditionFailed);
    QCOMPARE(take(m_backend->readFile(m_sandbox, path, 100))->bytes, QByteArray("three"));
    const Result<FileContent> large = take(m_backend->readFile(m_sandbox, path, 2));
    QVERIFY(!large);
    QCOMPARE(large.error().code, ErrorCode::TooLarge);
    QVERIFY(take(m_backend->removeFile(m_sandbox, path)));
    QCOMPARE(take(m_backend->statFile(m_sandbox, path)).error().code, ErrorCode::NotFound);
}

void TestLocalBackend::changesOfFilesArrive()
{
    const std::unique_ptr<WatchLink> watch = m_backend->watch(m_sandbox, "/workspace");
    QList<api::WatchEvent> events;
    connect(watch.get(), &WatchLink::events, this,
            [&](const QList<api::WatchEvent>& some) { events += some; });
    const auto hasEvent = [&](const char* type, const char* path) {
        return std::ranges::any_of(events, [&](const api::WatchEvent& event) {
            return event.type == type &&
                   (path == nullptr || (event.path && event.path->bytes == path));
        });
    };
    QTRY_VERIFY_WITH_TIMEOUT(hasEvent("watching", nullptr), kPatienceMs);
    QVERIFY(take(m_backend->writeFile(m_sandbox, "/workspace/seen", "x", QString())));
    QTRY_VERIFY_WITH_TIMEOUT(hasEvent("created", "/workspace/seen"), kPatienceMs);
    QVERIFY(take(m_backend->removeFile(m_sandbox, "/workspace/seen")));
    QTRY_VERIFY_WITH_TIMEOUT(hasEvent("deleted", "/workspace/seen"), kPatienceMs);
}

void TestLocalBackend::whatGoesOutIsFollowed()
{
    QSignalSpy changes(m_backend.get(), &Backend::policyChanged);
    const auto policy = take(m_backend->egressPolicy(m_sandbox));
    QVERIFY(policy);
    QCOMPARE(policy->defaultAction, "ask");
    const std::unique_ptr<EgressLink> link = m_backend->followEgress(m_sandbox, {}, 0);
    QList<api::EgressEntry> rows;
    connect(link.get(), &EgressLink::entries, this,
            [&](const QList<api::EgressEntry>& batch) { rows += batch; });
    const auto denied = take(m_backend->putEgressPolicy(
        m_sandbox, {.toml = {}, .defaultAction = "deny", .generation = policy->generation}));
    QVERIFY2(denied, denied ? "" : denied.error().message.c_str());
    QVERIFY(denied->generation > policy->generation);
    QTRY_VERIFY_WITH_TIMEOUT(!changes.isEmpty(), kPatienceMs);
    QCOMPARE(changes.last()[1].toLongLong(), denied->generation);
    // That generation is not in force any more.
    const auto late = take(m_backend->putEgressPolicy(
        m_sandbox, {.toml = {}, .defaultAction = "allow", .generation = policy->generation}));
    QVERIFY(!late);
    QCOMPARE(late.error().code, ErrorCode::PreconditionFailed);

    const QString terminal =
        createTerminal({"curl", "-s", "http://one.example/a", "http://two.example/b"});
    QVERIFY(!terminal.isEmpty());
    QTRY_COMPARE_WITH_TIMEOUT(rows.size(), 2, kPatienceMs);
    QCOMPARE(rows[0].host, "one.example");
    QCOMPARE(rows[1].host, "two.example");
    QCOMPARE(rows[1].verdict, "deny");
    QCOMPARE(rows[1].terminal, terminal.toStdString());
    QVERIFY(rows[1].process.exe.ends_with("/curl"));

    const auto found =
        take(m_backend->egressLog(m_sandbox, {.text = QStringLiteral("TWO"), .verdict = {}}));
    QVERIFY(found);
    // The command line that made both names it.
    QCOMPARE(found->entries.size(), 2);
    QCOMPARE(found->total, 2);
    const auto none =
        take(m_backend->egressLog(m_sandbox, {.text = QStringLiteral("three"), .verdict = {}}));
    QVERIFY(none);
    QCOMPARE(none->total, 0);
    const QString har = m_home.filePath(QStringLiteral("requests.har"));
    QVERIFY(take(m_backend->egressHar(m_sandbox, har)));
    QFile file(har);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(QJsonDocument::fromJson(file.readAll())
                 .object()[QStringLiteral("log")]
                 .toObject()[QStringLiteral("version")]
                 .toString(),
             QStringLiteral("1.2"));
    QCOMPARE(file.permissions() & (QFile::ReadGroup | QFile::ReadOther), QFile::Permissions());
    const auto explained = take(m_backend->explainEgress(
        m_sandbox, {.method = "GET", .url = "https://example.com/", .process = {}}));
    QVERIFY(explained);
    QCOMPARE(explained->verdict, "deny");
}

void TestLocalBackend::requestsThatWaitArrive()
{
    QVERIFY(take(m_backend->putEgressPolicy(m_sandbox, {.toml = "default = \"ask\"\n"})));
    QList<api::Prompt> prompts;
    QStringList removals;
    connect(m_backend.get(), &Backend::promptChanged, this,
            [&](const QString&, const api::Prompt& prompt) { prompts += prompt; });
    connect(m_backend.get(), &Backend::promptRemoved, this,
            [&](const QString&, const QString& prompt, const QString& why) {
                removals += prompt + QLatin1Char(' ') + why;
            });
    QVERIFY(!createTerminal({"curl", "-s", "http://asked.example/a"}).isEmpty());
    QTRY_VERIFY_WITH_TIMEOUT(!prompts.isEmpty(), kPatienceMs);
    QCOMPARE(prompts[0].host, "asked.example");
    const QString id = QString::fromStdString(prompts[0].id);
    const auto listed = take(m_backend->listPrompts(m_sandbox));
    QVERIFY(listed);
    QCOMPARE(listed->prompts.size(), 1);
    const auto answered = take(m_backend->answerPrompt(
        m_sandbox, id, {.verdict = "deny", .scope = "host", .duration = "session", .methods = {}}));
    QVERIFY(answered);
    QVERIFY(!answered->rule.empty());
    QTRY_COMPARE_WITH_TIMEOUT(removals, QStringList{id + QStringLiteral(" denied")}, kPatienceMs);
    const auto again = take(m_backend->answerPrompt(m_sandbox, id, {.verdict = "allow"}));
    QVERIFY(!again);
    QCOMPARE(again.error().code, ErrorCode::Gone);
    disconnect(m_backend.get(), &Backend::promptChanged, this, nullptr);
    disconnect(m_backend.get(), &Backend::promptRemoved, this, nullptr);
}

void TestLocalBackend::secretsAreListedByName()
{
    QSignalSpy changes(m_backend.get(), &Backend::secretsChanged);
    const QString name = QStringLiteral("desk-test-%1").arg(QCoreApplication::applicationPid());
    const auto put =
        take(m_backend->putSecret(name, {.value = "hunter2", .lasts = {}, .passphrase = {}}));
    QVERIFY2(put, put ? "" : put.error().message.c_str());
    QTRY_VERIFY_WITH_TIMEOUT(!changes.isEmpty(), kPatienceMs);
    const auto isListed = [&] {
        const auto list = take(m_backend->listSecrets());
        return list &&
               std::ranges::contains(list->secrets, name.toStdString(), &api::SecretInfo::name);
    };
    QVERIFY(isListed());
    QVERIFY(take(m_backend->removeSecret(name)));
    QVERIFY(!isListed());
}

void TestLocalBackend::aFolderIsCopiedWithProgress()
{
    const QTemporaryDir source;
    QVERIFY(QDir(source.path()).mkpath(QStringLiteral("src/deep")));
    for (int i = 0; i < 30; ++i) {
        QFile file(source.filePath(QStringLiteral("src/deep/file-%1").arg(i)));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QByteArray::number(i));
    }
    QVERIFY(
        QFile::link(QStringLiteral("deep/file-7"), source.filePath(QStringLiteral("src/link"))));
    QSignalSpy progress(m_backend.get(), &Backend::copyProgress);
    const Result<CopyOutcome> copied = take(m_backend->copyIn(m_sandbox, source.path(), 1));
    QVERIFY2(copied, copied ? "" : copied.error().message.c_str());
    QCOMPARE(copied->leftOut, 0);
    QVERIFY(take(m_backend->statFile(m_sandbox, "/workspace/src/link"))->type ==
            api::FileType::Symlink);
    QCOMPARE(take(m_backend->readFile(m_sandbox, "/workspace/src/link", 100))->bytes,
             QByteArray("7"));
    QTRY_VERIFY_WITH_TIMEOUT(!progress.isEmpty() && progress.last()[1].toLongLong() >= 30,
                             kPatienceMs);
    QCOMPARE(progress.last()[0].toULongLong(), 1ULL);
    QCOMPARE(progress.last()[1], progress.last()[2]);
}

/// One folder that could not be read ended the whole copy. Nothing is closed to root, so this one
/// is too deep to have a path.
void TestLocalBackend::whatCannotBeReadIsLeftOut()
{
    const QTemporaryDir source;
    const QByteArray name(200, 'd');
    UniqueFd folder(::open(QFile::encodeName(source.path()).constData(), O_PATH | O_CLOEXEC));
    for (int depth = 0; depth * name.size() < 5000; ++depth) {
        QCOMPARE(::mkdirat(folder.get(), name.constData(), 0700), 0);
        folder.reset(::openat(folder.get(), name.constData(), O_PATH | O_CLOEXEC));
    }
    QFile later(source.filePath(QStringLiteral("later")));
    QVERIFY(later.open(QIODevice::WriteOnly));
    const QByteArray fifo = QFile::encodeName(source.filePath(QStringLiteral("a-fifo")));
    QCOMPARE(::mkfifo(fifo.constData(), 0600), 0);
    const Result<CopyOutcome> copied = take(m_backend->copyIn(m_sandbox, source.path(), 3));
    // QDir knows of no paths that long either.
    QCOMPARE(QProcess::execute(QStringLiteral("rm"),
                               {QStringLiteral("-rf"), source.filePath(QString::fromLatin1(name))}),
             0);
    QVERIFY2(copied, copied ? "" : copied.error().message.c_str());
    QVERIFY(copied->leftOut > 0);
    QCOMPARE(copied->reasons.front(), "a-fifo: it is no file, folder or symlink");
    QVERIFY(copied->reasons.back().starts_with(name.toStdString()));
    QVERIFY(take(m_backend->statFile(m_sandbox, "/workspace/later")));
}

void TestLocalBackend::aCopyCanBeCancelled()
{
    const QTemporaryDir source;
    for (int i = 0; i < 2000; ++i) {
        QFile file(source.filePath(QStringLiteral("file-%1").arg(i)));
        QVERIFY(file.open(QIODevice::WriteOnly));
    }
    const QFuture<Result<CopyOutcome>> copying = m_backend->copyIn(m_sandbox, source.path(), 2);
    m_backend->cancelCopy(2);
    const Result<CopyOutcome> copied = take(copying);
    QVERIFY(!copied);
    QCOMPARE(copied.error().code, ErrorCode::Cancelled);
}

void TestLocalBackend::aCopyEndsWithItsSandbox()
{
    const QTemporaryDir source;
    for (int i = 0; i < 2000; ++i) {
        QFile file(source.filePath(QStringLiteral("file-%1").arg(i)));
        QVERIFY(file.open(QIODevice::WriteOnly));
    }
    const QString sandbox = createSandbox("short-lived");
    QSignalSpy progress(m_backend.get(), &Backend::copyProgress);
    const QFuture<Result<CopyOutcome>> copying = m_backend->copyIn(sandbox, source.path(), 4);
    QTRY_VERIFY(!progress.isEmpty());
    QVERIFY(take(m_backend->removeSandbox(sandbox)));
    const Result<CopyOutcome> copied = take(copying);
    QVERIFY(!copied); // and not: 1,990 files were left out
}

void TestLocalBackend::whatIsUnderWayWhenItGoesIsHarmless()
{
    auto other = std::make_unique<LocalBackend>(api::pathsForHome(m_home.path().toStdString()));
    other->connectToHost();
    const QFuture<Result<api::SandboxList>> asked = other->listSandboxes();
    const std::unique_ptr<WatchLink> watch = other->watch(m_sandbox, "/workspace");
    other.reset();
    // The call is answered or given up, and nothing waits for ever.
    QTRY_VERIFY_WITH_TIMEOUT(asked.isFinished(), kPatienceMs);
}

} // namespace caisson::desk

QTEST_GUILESS_MAIN(caisson::desk::TestLocalBackend)
#include "test_local_backend.moc"
