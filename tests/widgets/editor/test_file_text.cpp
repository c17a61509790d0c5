// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "widgets/editor/file_text.h"
#include "widgets/editor/indentation.h"
#include "widgets/editor/page_index.h"

using namespace caisson;

class TestFileText : public QObject
{
    Q_OBJECT

private slots:
    void tellsWhatAFileIs_data();
    void tellsWhatAFileIs();
    void textComesBackAsItWas_data();
    void textComesBackAsItWas();
    void findsTheLongestLine();
    void detectsIndentation_data();
    void detectsIndentation();
    void indentsNewLines_data();
    void indentsNewLines();
    void pagesCoverTheFile_data();
    void pagesCoverTheFile();
};

void TestFileText::tellsWhatAFileIs_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("kind");
    QTest::addColumn<QString>("text");
    const auto row = [](const char* name, const QByteArray& bytes, FileKind kind,
                        const char16_t* text) {
        QTest::newRow(name) << bytes << int(kind) << QString::fromUtf16(text);
    };
    row("empty", "", FileKind::Text, u"");
    row("lf", "a\nb\n", FileKind::Text, u"a\nb\n");
    row("crlf", "a\r\nb\r\n", FileKind::Text, u"a\nb\n");
    row("no last line end", "a\nb", FileKind::Text, u"a\nb");
    row("bom",
        "\xEF\xBB\xBF"
        "a\n",
        FileKind::Text, u"a\n");
    row("utf-8", "\xC3\xA9\xF0\x9F\xA6\x80\xC2\xA0", FileKind::Text, u"\u00E9\U0001F980\u00A0");
    row("mixed", "a\r\nb\n", FileKind::MixedEnds, u"a\nb\n");
    row("carriage returns", "a\rb\r", FileKind::MixedEnds, u"a\nb\n");
    row("a stray one", "a\rb\n", FileKind::MixedEnds, u"a\nb\n");
    row("latin-1", "caf\xE9\n", FileKind::ForeignText, u"caf\u00E9\n");
    row("cut character", "a\xE6\xBC", FileKind::ForeignText, u"a\u00E6\u00BC");
    row("paragraph separator",
        "a\xE2\x80\xA9"
        "b",
        FileKind::Unfaithful, u"a\u2029b");
    row("object character",
        "a\xEF\xBF\xBC"
        "b",
        FileKind::Unfaithful, u"a\uFFFCb");
    row("binary",
        QByteArray("\x7F"
                   "ELF\0\1",
                   6),
        FileKind::Binary, u"");
    QTest::newRow("late NUL") << QByteArray(9000, 'a') + '\0' << int(FileKind::Unfaithful)
                              << QString(9000, u'a') + QChar(0);
    QTest::newRow("early NUL") << QByteArray(7000, 'a') + '\0' << int(FileKind::Binary)
                               << QString();
}

void TestFileText::tellsWhatAFileIs()
{
    QFETCH(QByteArray, bytes);
    QFETCH(int, kind);
    QFETCH(QString, text);
    const FileText file = decodeText(bytes);
    QCOMPARE(int(file.kind), kind);
    QCOMPARE(file.text, text);
}

void TestFileText::textComesBackAsItWas_data()
{
    tellsWhatAFileIs_data();
}

void TestFileText::textComesBackAsItWas()
{
    QFETCH(QByteArray, bytes);
    const FileText file = decodeText(bytes);
    if (file.kind == FileKind::Text) {
        const TextSnapshot snapshot{.text = TextPieces(file.text), .format = file.format};
        QCOMPARE(snapshot.bytes(), bytes);
    }
}

void TestFileText::findsTheLongestLine()
{
    QCOMPARE(longestLine(""), 0);
    QCOMPARE(longestLine("abc"), 3);
    QCOMPARE(longestLine("abc\nde\n"), 3);
    QCOMPARE(longestLine("a\n\nlast one"), 8);
}

void TestFileText::detectsIndentation_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<bool>("usesTabs");
    QTest::addColumn<int>("width");
    QTest::newRow("nothing to see") << QStringLiteral("a\nb\n") << false << 4;
    QTest::newRow("two") << QStringLiteral("a:\n  b:\n    c\n  d\n") << false << 2;
    QTest::newRow("four") << QStringLiteral("def f():\n    if x:\n        y\n\n    z\n") << false
                          << 4;
    QTest::newRow("tabs") << QStringLiteral("a:\n\tb\n\tc\n") << true << 4;
    QTest::newRow("a comment's stars")
        << QStringLiteral("/*\n * a\n */\nvoid f() {\n  x;\n}\n") << false << 2;
}

void TestFileText::detectsIndentation()
{
    QFETCH(QString, text);
    QFETCH(bool, usesTabs);
    QFETCH(int, width);
    QCOMPARE(detectIndentation(text, {}), (Indentation{usesTabs, width}));
}

void TestFileText::indentsNewLines_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<QString>("expected");
    QTest::newRow("same") << QStringLiteral("    x = 1") << QStringLiteral("    ");
    QTest::newRow("brace") << QStringLiteral("  if (x) {") << QStringLiteral("      ");
    QTest::newRow("colon") << QStringLiteral("def f():") << QStringLiteral("    ");
    QTest::newRow("tab kept") << QStringLiteral("\tx") << QStringLiteral("\t");
    QTest::newRow("empty") << QString() << QString();
}

void TestFileText::indentsNewLines()
{
    QFETCH(QString, line);
    QFETCH(QString, expected);
    QCOMPARE(indentAfter(line, {}), expected);
}

void TestFileText::pagesCoverTheFile_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("one page") << QByteArray("a\nb\n");
    QByteArray lines;
    for (int line = 0; line < 2000; ++line)
        lines += "line " + QByteArray::number(line) + '\n';
    QTest::newRow("lines") << lines;
    QTest::newRow("one long line") << QByteArray(5000, 'x');
    QTest::newRow("characters of three bytes") << QByteArray("\xE6\xBC\xA2").repeated(2000);
    QTest::newRow("broken") << QByteArray(5000, '\x80');
}

void TestFileText::pagesCoverTheFile()
{
    QFETCH(QByteArray, bytes);
    constexpr qint64 kPage = 1000;
    const PageIndex index(bytes, kPage);
    QVERIFY(index.count() >= 1);
    qint64 offset = 0;
    qint64 line = 1;
    for (qsizetype number = 0; number < index.count(); ++number) {
        const PageIndex::Page& page = index.page(number);
        QCOMPARE(page.offset, offset);
        QCOMPARE(page.firstLine, line);
        QVERIFY(page.size <= kPage);
        const QByteArrayView part = QByteArrayView(bytes).sliced(page.offset, page.size);
        if (bytes.isValidUtf8())
            QVERIFY(part.isValidUtf8());
        line += part.count('\n');
        offset += page.size;
    }
    QCOMPARE(offset, bytes.size());
}

QTEST_GUILESS_MAIN(TestFileText)
#include "test_file_text.moc"
