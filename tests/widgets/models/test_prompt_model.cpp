// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/fake_backend.h"
#include "tests/support/model_text.h"
#include "widgets/models/prompt_actions.h"
#include "widgets/models/reason.h"
#include "widgets/models/request_text.h"
#include "widgets/models/sandbox_model.h"

#include <QAbstractItemModelTester>
#include <QTest>

using namespace caisson;
using test::FakeBackend;
using test::modelText;

namespace {

api::Prompt prompt(const char* id, const char* host, const char* since)
{
    api::Prompt made;
    made.id = id;
    made.method = "POST";
    made.scheme = "https";
    made.host = host;
    made.port = 443;
    made.path = "/v1/orders";
    made.url = std::string("https://") + host + "/v1/orders";
    made.process = {.pid = 12,
                    .exe = "/usr/bin/curl",
                    .cmdline = "curl https://x",
                    .parents = {{.pid = 11, .exe = "/usr/bin/node", .cmdline = "node"},
                                {.pid = 10, .exe = "/usr/bin/npm", .cmdline = "npm"}}};
    made.since = since;
    return made;
}

void settle()
{
    for (int turn = 0; turn < 20; ++turn)
        QCoreApplication::processEvents();
}

/// Two sandboxes that run, and everything that was said.
struct Desk
{
    Desk()
    {
        one = backend.addSandbox(QStringLiteral("one"));
        two = backend.addSandbox(QStringLiteral("two"));
        for (const QString& id : {one, two})
            sandboxes.put(backend.at(id).sandbox);
        QObject::connect(&actions, &PromptActions::arrived,
                         [this](const QString&, const QString& id) { said += "arrived " + id; });
        QObject::connect(&actions, &PromptActions::ended,
                         [this](const QString&, const QString& sentence) { said += sentence; });
        QObject::connect(&actions, &PromptActions::answered,
                         [this](const api::Prompt&, const api::PromptAnswered& outcome) {
                             said += "answered " + QString::fromStdString(outcome.verdict);
                         });
        QObject::connect(&actions, &PromptActions::failed,
                         [this](const QString&, const QString& what, const Error& error) {
                             said += what + ' ' + QString::fromStdString(error.message);
                         });
    }
    QStringList takeSaid() { return std::exchange(said, {}); }

    FakeBackend backend;
    SandboxModel sandboxes;
    PromptModel model;
    PromptActions actions{backend, sandboxes, model};
    QAbstractItemModelTester tester{&model};
    QString one;
    QString two;
    QStringList said;
};

} // namespace

class TestPromptModel : public QObject
{
    Q_OBJECT

private slots:
    void theOldestComesFirst();
    void theyAreReadWhenTheConnectionIsNew();
    void anAnswerIsSent();
    void whoeverIsFirstWins();
    void anAnswerThatIsNotTakenLeavesThePrompt();
    void whatEndsByItselfIsSaid();
    void aSandboxTakesItsPromptsAlong();
    void hostileWordsAreShownAsTheyAre_data();
    void hostileWordsAreShownAsTheyAre();
    void aNameIsNoPartOfTheSentence_data();
    void aNameIsNoPartOfTheSentence();
    void urlsAreTakenApart_data();
    void urlsAreTakenApart();
};

void TestPromptModel::theOldestComesFirst()
{
    Desk desk;
    desk.backend.addPrompt(desk.one, prompt("b", "b.example", "2026-01-01T00:00:02.000Z"));
    desk.backend.addPrompt(desk.two, prompt("a", "a.example", "2026-01-01T00:00:01.000Z"));
    settle();
    QCOMPARE(modelText(desk.model, {PromptModel::CountRole, PromptModel::ChainRole}),
             QStringLiteral("curl wants to POST a.example/v1/orders|1|npm › node › curl\n"
                            "curl wants to POST b.example/v1/orders|1|npm › node › curl\n"));
    desk.backend.countPrompt(desk.two, QStringLiteral("a"), 0);
    settle();
    QCOMPARE(desk.model.waiting(), 1);
    QCOMPARE(desk.model.waiting(desk.two), 0);
    desk.backend.countPrompt(desk.one, QStringLiteral("b"), 7);
    settle();
    QCOMPARE(desk.model.index(1).data(PromptModel::CountRole).toInt(), 7);
    QCOMPARE(desk.takeSaid(), (QStringList{"arrived b", "arrived a"}));
}

void TestPromptModel::theyAreReadWhenTheConnectionIsNew()
{
    Desk desk;
    auto& waiting = desk.backend.at(desk.one).egress.prompts;
    waiting.push_back(prompt("a", "a.example", "2026-01-01T00:00:01.000Z"));
    waiting.push_back(prompt("b", "b.example", "2026-01-01T00:00:02.000Z"));
    desk.actions.refresh();
    settle();
    QCOMPARE(desk.model.rowCount(), 2);
    QCOMPARE(desk.takeSaid(), (QStringList{"arrived a", "arrived b"}));
    waiting.erase(waiting.begin());
    desk.actions.refresh();
    settle();
    QCOMPARE(modelText(desk.model), QStringLiteral("curl wants to POST b.example/v1/orders\n"));
    QCOMPARE(desk.takeSaid(), QStringList());
}

void TestPromptModel::anAnswerIsSent()
{
    Desk desk;
    desk.backend.addPrompt(desk.one, prompt("a", "a.example", "2026-01-01T00:00:01.000Z"));
    settle();
    desk.takeSaid();
    desk.backend.forgetCalls();
    desk.actions.answer(desk.one, QStringLiteral("a"),
                        {.verdict = "allow", .scope = "domain", .duration = "15m", .methods = {}});
    QCOMPARE(desk.model.waiting(), 0); // at once
    desk.actions.answer(desk.one, QStringLiteral("a"), {.verdict = "deny", .methods = {}});
    settle();
    QCOMPARE(desk.backend.calls(), QStringList{"answerPrompt one a allow domain 15m"});
    QCOMPARE(desk.takeSaid(), QStringList{"answered allow"});
    QCOMPARE(desk.model.rowCount(), 0);
    QCOMPARE(desk.backend.policyOf(desk.one).rules.size(), 1);
}

/// The news that another was first may come before the answer to our call, or after it.
void TestPromptModel::whoeverIsFirstWins()
{
    Desk desk;
    desk.backend.addPrompt(desk.one, prompt("a", "a.example", "2026-01-01T00:00:01.000Z"));
    settle();
    desk.takeSaid();
    desk.backend.endPrompt(desk.one, QStringLiteral("a"), QStringLiteral("denied"));
    desk.actions.answer(desk.one, QStringLiteral("a"), {.verdict = "allow", .methods = {}});
    settle();
    QCOMPARE(desk.takeSaid(), QStringList{"Your answer came too late. POST a.example/v1/orders was "
                                          "denied meanwhile, by the policy or from elsewhere."});
    QCOMPARE(desk.model.rowCount(), 0);

    desk.backend.addPrompt(desk.one, prompt("b", "b.example", "2026-01-01T00:00:02.000Z"));
    settle();
    desk.takeSaid();
    desk.backend.at(desk.one).egress.prompts.clear(); // nobody has told us yet
    desk.actions.answer(desk.one, QStringLiteral("b"), {.verdict = "allow", .methods = {}});
    settle();
    QCOMPARE(desk.takeSaid(), QStringList{"Your answer came too late. Nothing waits for POST "
                                          "b.example/v1/orders any more."});
}

void TestPromptModel::anAnswerThatIsNotTakenLeavesThePrompt()
{
    Desk desk;
    desk.backend.addPrompt(desk.one, prompt("a", "a.example", "2026-01-01T00:00:01.000Z"));
    settle();
    desk.takeSaid();
    desk.backend.failNext(QStringLiteral("answerPrompt"), ErrorCode::Unavailable,
                          QStringLiteral("gone"));
    desk.actions.answer(desk.one, QStringLiteral("a"), {.verdict = "allow", .methods = {}});
    settle();
    QCOMPARE(desk.takeSaid(),
             QStringList{"Your answer to POST a.example/v1/orders was not taken. gone"});
    QCOMPARE(desk.model.waiting(), 1);
    desk.actions.answer(desk.one, QStringLiteral("a"), {.verdict = "allow", .methods = {}});
    settle();
    QCOMPARE(desk.takeSaid(), QStringList{"answered allow"});
}

void TestPromptModel::whatEndsByItselfIsSaid()
{
    Desk desk;
    for (const auto& [why, sentence] :
         {std::pair("allowed",
                    "POST a.example/v1/orders was allowed meanwhile, by the policy or from "
                    "elsewhere."),
          std::pair("timeout",
                    "Nobody answered in time: POST a.example/v1/orders was denied, this once."),
          std::pair("gone", "Nothing waits for POST a.example/v1/orders any more.")}) {
        desk.backend.addPrompt(desk.one, prompt("a", "a.example", "2026-01-01T00:00:01.000Z"));
        settle();
        desk.takeSaid();
        desk.backend.endPrompt(desk.one, QStringLiteral("a"), QString::fromLatin1(why));
        settle();
        QCOMPARE(desk.takeSaid(), QStringList{QString::fromLatin1(sentence)});
    }
}

void TestPromptModel::aSandboxTakesItsPromptsAlong()
{
    Desk desk;
    desk.backend.addPrompt(desk.one, prompt("a", "a.example", "2026-01-01T00:00:01.000Z"));
    desk.backend.addPrompt(desk.two, prompt("b", "b.example", "2026-01-01T00:00:02.000Z"));
    settle();
    desk.backend.setState(desk.one, api::SandboxState::Stopped);
    settle();
    QCOMPARE(modelText(desk.model), QStringLiteral("curl wants to POST b.example/v1/orders\n"));
    desk.backend.removeSandbox(desk.two);
    settle();
    QCOMPARE(desk.model.rowCount(), 0);
}

void TestPromptModel::hostileWordsAreShownAsTheyAre_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("shown");
    const QString replaced(QChar(QChar::ReplacementCharacter));
    QTest::newRow("plain") << "/v1/orders" << "/v1/orders";
    QTest::newRow("umlaut") << "/größe" << "/größe";
    QTest::newRow("line break") << "a\r\nb" << "a" + replaced + replaced + "b";
    QTest::newRow("escape") << "a\x1b[31m" << "a" + replaced + "[31m";
    QTest::newRow("override") << QString::fromUcs4(U"moc.elpmaxe\u202e/")
                              << "moc.elpmaxe" + replaced + "/";
    QTest::newRow("isolate") << QString::fromUcs4(U"\u2066a\u2069") << replaced + "a" + replaced;
    QTest::newRow("no width") << QString::fromUcs4(U"a\u200bb") << "a" + replaced + "b";
    QTest::newRow("line separator") << QString::fromUcs4(U"a\u2028b") << "a" + replaced + "b";
    QTest::newRow("tag") << QString::fromUcs4(U"a\U000e0041") << "a" + replaced;
    QTest::newRow("variation") << QString::fromUcs4(U"a\ufe0e\U000e0100b")
                               << "a" + replaced + replaced + "b";
    QTest::newRow("fillers") << QString::fromUcs4(U"\u3164\u115f\u1160\uffa0\u2800b")
                             << replaced.repeated(5) + "b";
    QTest::newRow("joiner") << QString::fromUcs4(U"a\u034fb") << "a" + replaced + "b";
    QTest::newRow("spaces") << QString::fromUcs4(U"a \u00a0\u3000b")
                            << "a " + replaced + replaced + "b";
    const QString twoMarks = QString::fromUcs4(U"e\u0302\u0323x");
    QTest::newRow("marks") << twoMarks << twoMarks;
    QTest::newRow("heaped marks") << QString::fromUcs4(U"e\u0302\u0323\u0301\u0301x")
                                  << twoMarks.chopped(1) + replaced + replaced + "x";
    QTest::newRow("mark on nothing") << QString::fromUcs4(U"\u0323x") << replaced + "x";
    QTest::newRow("mark all over") << QString::fromUcs4(U"a\u0489") << "a" + replaced;
}

void TestPromptModel::hostileWordsAreShownAsTheyAre()
{
    QFETCH(QString, text);
    QFETCH(QString, shown);
    QCOMPARE(shownText(text), shown);
    QVERIFY(shownText(text.repeated(100'000), 200).size() <= 201);
    const Error error{ErrorCode::BadRequest, "Line 3:\nthere is no “" + text.toStdString() + "”"};
    if (!text.contains('\n') && !text.front().isMark()) // there it stands on the quote
        QCOMPARE(reason(error, Subject::Other), "Line 3:\nthere is no “" + shown + "”.");
}

void TestPromptModel::aNameIsNoPartOfTheSentence_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("shown");
    QTest::newRow("plain") << "python3.13-x_y+z" << "python3.13-x_y+z";
    QTest::newRow("long") << QString(80, 'a') << QString(30, 'a') + "…" + QString(30, 'a');
    // "curl wants to GET pypi.org wants to GET http://…"
    QTest::newRow("words") << "curl wants to GET pypi.org" << "“curl wants to GET pypi.org”";
    // A file of this name was shown just as the three processes.
    QTest::newRow("chain") << "agent › npm › curl" << "“agent � npm � curl”";
    QTest::newRow("quotes") << "curl” wants to GET „a\" “b" << "“curl� wants to GET �a� �b”";
    QTest::newRow("place") << "%1 %2 %3" << "“%1 %2 %3”";
    // "pypi wants to GET אבגד": subject and object had changed places.
    QTest::newRow("Hebrew") << "אבגד pypi" << QString::fromUcs4(U"“\u2068אבגד pypi\u2069”");
    QTest::newRow("Arabic") << "مرحبا" << QString::fromUcs4(U"“\u2068مرحبا\u2069”");
    QTest::newRow("Arabic digits") << "٣" << QString::fromUcs4(U"“\u2068٣\u2069”");
    QTest::newRow("other letters") << "сurl" << "“сurl”"; // Cyrillic
    QTest::newRow("filler") << QString::fromUcs4(U"curl\u3164\u3164") << "“curl��”";
}

void TestPromptModel::aNameIsNoPartOfTheSentence()
{
    QFETCH(QString, name);
    QFETCH(QString, shown);
    api::Prompt asked = prompt("a", "a.example", "2026-01-01T00:00:01.000Z");
    asked.process.exe = "/tmp/" + name.toStdString();
    QCOMPARE(programName(asked.process), shown);
    QCOMPARE(promptSentence(asked), shown + " wants to POST a.example/v1/orders");
    QVERIFY(!promptSentence(asked).isRightToLeft());
    asked.process.parents[0].exe = asked.process.exe;
    QCOMPARE(processChain(asked.process), "npm › " + shown + " › " + shown);
    QVERIFY(!leftToRight(name).isRightToLeft());
}

void TestPromptModel::urlsAreTakenApart_data()
{
    QTest::addColumn<QString>("scheme");
    QTest::addColumn<QString>("host");
    QTest::addColumn<int>("port");
    QTest::addColumn<QString>("parts");
    QTest::newRow("https") << "https" << "api.example.com" << 443 << "api.|example.com||/x";
    QTest::newRow("http") << "http" << "example.com" << 80 << "http://|example.com||/x";
    QTest::newRow("port") << "https" << "a.example.co.uk" << 8443 << "a.|example.co.uk|:8443|/x";
    QTest::newRow("stream") << "tcp" << "db.example.com" << 5432
                            << "tcp://db.|example.com|:5432|/x";
    QTest::newRow("IPv4") << "https" << "203.0.113.9" << 443 << "|203.0.113.9||/x";
    QTest::newRow("IPv6") << "https" << "2001:db8::9" << 443 << "|[2001:db8::9]||/x";
    QTest::newRow("punycode") << "https" << "xn--gre-6ka8e.example" << 443
                              << "|xn--gre-6ka8e.example||/x";
}

void TestPromptModel::urlsAreTakenApart()
{
    QFETCH(QString, scheme);
    QFETCH(QString, host);
    QFETCH(int, port);
    QFETCH(QString, parts);
    const UrlParts url = urlParts(scheme.toStdString(), host.toStdString(), port, "/x");
    QCOMPARE((QStringList{url.before, url.domain, url.after, url.path}).join('|'), parts);
}

QTEST_GUILESS_MAIN(TestPromptModel)
#include "test_prompt_model.moc"
