// SPDX-License-Identifier: GPL-3.0-or-later
#include <KSyntaxHighlighting/Definition>
#include <QApplication>
#include <QPlainTextDocumentLayout>
#include <QRandomGenerator>
#include <QSignalSpy>
#include <QTest>
#include <QTextBlock>
#include <QTextDocument>

#include "tests/widgets/stall_meter.h"
#include "widgets/common/colors.h"
#include "widgets/editor/highlighter.h"
#include "widgets/editor/syntax.h"
#include "widgets/editor/syntax_colors.h"

using namespace caisson;

namespace {

QString program(int lines)
{
    QString text;
    for (int line = 0; line < lines; ++line) {
        switch (line % 7) {
        case 0:
            text += QStringLiteral("/* a comment that\n");
            break;
        case 1:
            text += QStringLiteral("   ends here */ int x%1 = 42;\n").arg(line);
            break;
        case 2:
            text += QStringLiteral("const char* s = \"text \\n\"; // more\n");
            break;
        case 3:
            text += QStringLiteral("#define MACRO(a) \\\n");
            break;
        case 4:
            text += QStringLiteral("    ((a) + 1.5f)\n");
            break;
        case 5:
            text += QStringLiteral("for (int i = 0; i < 0x1F; ++i) { return; }\n");
            break;
        default:
            text += QStringLiteral("auto r = R\"(raw\nstring)\";\n");
            break;
        }
    }
    return text;
}

/// "begin-end-colour" of every format of every line.
QStringList formatsOf(const QTextDocument& document)
{
    QStringList lines;
    for (QTextBlock block = document.begin(); block.isValid(); block = block.next()) {
        QStringList parts;
        const auto formats = block.layout()->formats();
        for (const QTextLayout::FormatRange& range : formats) {
            parts.append(QStringLiteral("%1+%2 %3")
                             .arg(range.start)
                             .arg(range.length)
                             .arg(range.format.foreground().color().name()));
        }
        lines.append(parts.join(u','));
    }
    return lines;
}

} // namespace

class TestHighlighter : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void cleanup();
    void coloursWhatIsVisibleAtOnce();
    void editingGivesWhatAFreshPassGives();
    void noSliceIsLong();
    void longLinesStayPlain();
    void languageCanBeTakenAway();
    void languageByNameOrInterpreter_data();
    void languageByNameOrInterpreter();
    void coloursCanBeRead();

private:
    std::unique_ptr<QTextDocument> makeDocument(const QString& text) const;
    QStringList freshFormats(const QString& text) const;

    std::unique_ptr<Syntax> m_syntax;
    KSyntaxHighlighting::Definition m_cpp;
};

void TestHighlighter::init()
{
    m_syntax = std::make_unique<Syntax>();
    m_cpp = m_syntax->definitionFor(QStringLiteral("a.cpp"), {});
    QVERIFY(m_cpp.isValid());
}

void TestHighlighter::cleanup()
{
    m_cpp = {};
    m_syntax.reset();
}

std::unique_ptr<QTextDocument> TestHighlighter::makeDocument(const QString& text) const
{
    auto document = std::make_unique<QTextDocument>();
    document->setDocumentLayout(new QPlainTextDocumentLayout(document.get()));
    document->setPlainText(text);
    return document;
}

QStringList TestHighlighter::freshFormats(const QString& text) const
{
    const auto document = makeDocument(text);
    Highlighter highlighter(document.get());
    highlighter.setDefinition(m_cpp);
    if (!QTest::qWaitFor([&] { return highlighter.isComplete(); }, 200'000))
        return {};
    highlighter.setVisibleBlocks(0, document->blockCount());
    return formatsOf(*document);
}

void TestHighlighter::coloursWhatIsVisibleAtOnce()
{
    const auto document = makeDocument(program(20'000));
    Highlighter highlighter(document.get());
    highlighter.setVisibleBlocks(15'000, 15'040);
    highlighter.setDefinition(m_cpp);
    QVERIFY(!highlighter.isComplete());
    const QStringList formats = formatsOf(*document);
    int coloured = 0;
    for (int line = 15'000; line < 15'040; ++line)
        coloured += formats[line].isEmpty() ? 0 : 1;
    QVERIFY(coloured > 30);
    QVERIFY(formats[100].isEmpty()); // not seen, so not worked on

    QSignalSpy completed(&highlighter, &Highlighter::completed);
    QTRY_COMPARE_WITH_TIMEOUT(completed.size(), 1, 200'000);
    QCOMPARE(formatsOf(*document).mid(15'000, 41),
             freshFormats(document->toPlainText()).mid(15'000, 41));
}

void TestHighlighter::editingGivesWhatAFreshPassGives()
{
    // Edits that open and close comments and strings over many lines, some while a pass is under
    // way.
    const auto document = makeDocument(program(400));
    Highlighter highlighter(document.get());
    highlighter.setDefinition(m_cpp);
    highlighter.setVisibleBlocks(0, 100'000);
    QRandomGenerator random(7);
    const QStringList pieces{
        QStringLiteral("/*"),   QStringLiteral("*/"),         QStringLiteral("\""),
        QStringLiteral("\n"),   QStringLiteral("R\"("),       QStringLiteral(")\""),
        QStringLiteral("\\\n"), QStringLiteral("int y;\n\n"), QStringLiteral("//")};
    for (int round = 0; round < 60; ++round) {
        QTextCursor cursor(document.get());
        cursor.setPosition(random.bounded(document->characterCount()));
        if (random.bounded(3) == 0) {
            cursor.setPosition(
                qMin(cursor.position() + random.bounded(200), document->characterCount() - 1),
                QTextCursor::KeepAnchor);
            cursor.removeSelectedText();
        } else {
            cursor.insertText(pieces[random.bounded(pieces.size())]);
        }
        if (random.bounded(4) == 0)
            document->undo();
        if (random.bounded(2) == 0)
            QCoreApplication::processEvents();
        if (round % 6 != 5)
            continue;
        QVERIFY(QTest::qWaitFor([&] { return highlighter.isComplete(); }, 200'000));
        const QStringList actual = formatsOf(*document);
        const QStringList expected = freshFormats(document->toPlainText());
        for (int line = 0; line < expected.size(); ++line) {
            if (actual[line] != expected[line])
                qWarning("round %d, line %d", round, line);
            QCOMPARE(actual[line], expected[line]);
        }
    }
}

void TestHighlighter::noSliceIsLong()
{
    const auto document = makeDocument(program(40'000));
    Highlighter highlighter(document.get());
    highlighter.setVisibleBlocks(0, 60);
    const double startMs = threadMs();
    highlighter.setDefinition(m_cpp);
    const double atOnceMs = threadMs() - startMs;
    StallMeter stalls;
    QVERIFY(runUntil([&] { return highlighter.isComplete(); }, 200'000));
    qInfo("1.1 MB: %.1f ms at once, longest turn %.1f ms of computing", atOnceMs,
          stalls.longestThreadMs());
}

void TestHighlighter::longLinesStayPlain()
{
    const QString longLine = QStringLiteral("int x; ").repeated(Highlighter::kLongestLine);
    const auto document = makeDocument(longLine + QStringLiteral("\nint y;"));
    Highlighter highlighter(document.get());
    highlighter.setDefinition(m_cpp);
    QVERIFY(QTest::qWaitFor([&] { return highlighter.isComplete(); }));
    highlighter.setVisibleBlocks(0, 1);
    QVERIFY(formatsOf(*document).at(0).isEmpty());
    QVERIFY(!formatsOf(*document).at(1).isEmpty());
}

void TestHighlighter::languageCanBeTakenAway()
{
    const auto document = makeDocument(program(10));
    Highlighter highlighter(document.get());
    highlighter.setVisibleBlocks(0, 20);
    highlighter.setDefinition(m_cpp);
    QVERIFY(!formatsOf(*document).join(QString()).isEmpty());
    highlighter.setDefinition({});
    QVERIFY(formatsOf(*document).join(QString()).isEmpty());
    QVERIFY(highlighter.isComplete());
}

void TestHighlighter::languageByNameOrInterpreter_data()
{
    QTest::addColumn<QString>("fileName");
    QTest::addColumn<QString>("firstLine");
    QTest::addColumn<QString>("language");
    const auto row = [](const char* fileName, const char* firstLine, const char* language) {
        QTest::addRow("%s %s", fileName, firstLine)
            << QString::fromLatin1(fileName) << QString::fromLatin1(firstLine)
            << QString::fromLatin1(language);
    };
    row("/workspace/main.py", "", "Python");
    row("server.ts", "", "TypeScript");
    row("CMakeLists.txt", "", "CMake");
    row("run", "#!/bin/sh", "Bash");
    row("run", "#!/usr/bin/env python3", "Python");
    row("run", "#!/usr/bin/env -S node --test", "JavaScript");
    row("run", "#!/usr/local/bin/python3.12 -u", "Python");
    row("notes", "plain", "");
}

void TestHighlighter::languageByNameOrInterpreter()
{
    QFETCH(QString, fileName);
    QFETCH(QString, firstLine);
    QFETCH(QString, language);
    const KSyntaxHighlighting::Definition definition = m_syntax->definitionFor(fileName, firstLine);
    QCOMPARE(definition.isValid() ? definition.name() : QString(), language);
}

void TestHighlighter::coloursCanBeRead()
{
    for (const bool dark : {true, false}) {
        const QColor canvas = dark ? darkColors().canvas : lightColors().canvas;
        for (const QColor& color : syntaxColors(dark))
            QVERIFY2(contrastRatio(color, canvas) >= 4.5, qPrintable(color.name()));
    }
}

QTEST_MAIN(TestHighlighter)
#include "test_highlighter.moc"
