// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "widgets/terminal/paste_text.h"
#include "widgets/terminal/sgr.h"
#include "widgets/terminal/stream_filter.h"
#include "widgets/terminal/wide_characters.h"

using namespace caisson;

class TestStreamFilter : public QObject
{
    Q_OBJECT

private slots:
    void letsThroughWhatTheEmulatorKnows_data();
    void letsThroughWhatTheEmulatorKnows();
    void dropsTheRest_data();
    void dropsTheRest();
    void anyCutGivesTheSame_data();
    void anyCutGivesTheSame();
    void outputIsWholeAfterEveryCall();
    void takesTitles_data();
    void takesTitles();
    void unfinishedStringDoesNotGrow();
    void rewritesSgr_data();
    void rewritesSgr();
    void showsFaintText_data();
    void showsFaintText();
    void textOnColourCanBeRead_data();
    void textOnColourCanBeRead();
    void knowsWideCharacters();
    void pasteIsHarmless_data();
    void pasteIsHarmless();
};

void TestStreamFilter::letsThroughWhatTheEmulatorKnows_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("text") << QByteArray("plain text\r\n\tand controls\a\b");
    QTest::newRow("utf-8") << QByteArray("naïve Ünïcödé 漢字 🦀 e\u0301 \u00a0\u00a9\u00b0");
    QTest::newRow("cursor") << QByteArray("\x1B[2J\x1B[H\x1B[10;20H\x1B[K\x1B[3A\x1B[1;5r");
    QTest::newRow("colours") << QByteArray(
        "\x1B[1;31mred\x1B[0m\x1B[38;5;200mx\x1B[48;2;1;2;3my\x1B[m");
    QTest::newRow("modes") << QByteArray("\x1B[?1049h\x1B[?25l\x1B[?2004h\x1B[?1000;1006h\x1B[4l");
    QTest::newRow("queries") << QByteArray("\x1B[c\x1B[>c\x1B[6n\x1B[5n\x1BZ");
    QTest::newRow("escapes") << QByteArray("\x1B"
                                           "7\x1B"
                                           "8\x1B"
                                           "c\x1BM\x1B=\x1B>\x1B(0lqk\x1B(B\x1B#8\x1B%G");
    QTest::newRow("cursor shape") << QByteArray("\x1B[5 q");
    QTest::newRow("soft reset") << QByteArray("\x1B[!p");
    QTest::newRow("control inside a sequence") << QByteArray("\r\x1B[1C");
}

void TestStreamFilter::letsThroughWhatTheEmulatorKnows()
{
    QFETCH(QByteArray, bytes);
    StreamFilter filter;
    QCOMPARE(filter.filter(bytes), bytes);
    QVERIFY(!filter.takeTitle());
}

void TestStreamFilter::dropsTheRest_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* name, const QByteArray& bytes, const QByteArray& expected) {
        QTest::newRow(name) << bytes << expected;
    };
    row("link, its text stays", "\x1B]8;;http://x/\x1B\\here\x1B]8;;\x1B\\!", "here!");
    row("clipboard", "a\x1B]52;c;c2VjcmV0\ab", "ab");
    row("palette", "a\x1B]4;1;#fff\ab\x1B]10;#000\x1B\\c\x1B]11;?\ad", "abcd");
    row("profile", "a\x1B]50;Linux\ab", "ab");
    row("folder", "a\x1B]7;file://host/etc\ab", "ab");
    row("device control", "a\x1BPq#0;2;0;0;0#0~~@@vv\x1B\\b", "ab");
    row("application command", "a\x1B_Gf=100;AAAA\x1B\\b", "ab");
    row("privacy message", "a\x1B^secret\x1B\\b", "ab");
    row("start of string", "a\x1BXsecret\x1B\\b", "ab");
    row("title of screen", "a\x1Bkbash\x1B\\b", "ab");
    row("bell does not end a device control string", "a\x1BPq\a~\x1B\\b", "ab");
    row("C1 string",
        "a\xC2\x90q~~\xC2\x9C"
        "b",
        "ab");
    row("C1 control sequence",
        "a\xC2\x9B"
        "31mb",
        "a\x1B[31mb");
    row("C1 operating system command",
        "a\xC2\x9D"
        "52;c;eA==\xC2\x9C"
        "b",
        "ab");
    row("umlaut is not a terminator", "a\x1BP\xC3\x9C still\x1B\\b", "ab");
    row("window operations", "a\x1B[8;10;10tb\x1B[21tc", "abc");
    row("132 columns", "a\x1B[?40h\x1B[?3hb\x1B[?3;4lc", "abc");
    row("VT52", "a\x1B[?2lb", "ab");
    row("keyboard protocols", "a\x1B[>4;2mb\x1B[<uc\x1B[=1ud\x1B[>1ue", "abcde");
    row("version query", "a\x1B[>qb", "ab");
    row("request mode", "a\x1B[?2026$pb", "ab");
    row("unknown intermediate", "a\x1B F\x1B.Ab", "ab");
    row("cancelled",
        "a\x1B[31\x18"
        "b\x1B]0;x\x1A"
        "c\x1BPq\x18"
        "d",
        "abcd");
    row("escape breaks a string off", "a\x1B]52;c;eA\x1B[31mb", "a\x1B[31mb");
    row("escape restarts an escape", "a\x1B\x1B[31mb", "a\x1B[31mb");
    row("control inside a sequence acts first", "a\x1B[3\r1mb", "a\r\x1B[31mb");
    row("endless parameters", "a\x1B[" + QByteArray(5000, '1') + "mb", "ab");
    row("stray terminator", "a\x1B\\b", "ab");
}

void TestStreamFilter::dropsTheRest()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QByteArray, expected);
    StreamFilter filter;
    QCOMPARE(filter.filter(bytes), expected);
}

void TestStreamFilter::anyCutGivesTheSame_data()
{
    letsThroughWhatTheEmulatorKnows_data();
    QTest::newRow("mixed") << QByteArray("\x1B]0;Tïtle\a漢\x1BPx\x1B\\字\xC2\x9B"
                                         "1mé\x1B]8;;u\x1B\\🦀\x1B[4:3m\u00a0");
}

void TestStreamFilter::anyCutGivesTheSame()
{
    QFETCH(QByteArray, bytes);
    StreamFilter atOnce;
    const QByteArray expected = atOnce.filter(bytes);
    for (qsizetype cut = 0; cut <= bytes.size(); ++cut) {
        StreamFilter filter;
        const QByteArray first = filter.filter(bytes.first(cut));
        QCOMPARE(first + filter.filter(bytes.sliced(cut)), expected);
    }
    StreamFilter byByte;
    QByteArray all;
    for (const char byte : bytes)
        all += byByte.filter(QByteArrayView(&byte, 1));
    QCOMPARE(all, expected);
}

void TestStreamFilter::outputIsWholeAfterEveryCall()
{
    StreamFilter filter;
    QCOMPARE(filter.filter("a\xE6\xBC"), QByteArray("a"));
    QCOMPARE(filter.filter("\xA2"
                           "b\xF0\x9F"),
             QByteArray("\xE6\xBC\xA2"
                        "b"));
    QCOMPARE(filter.filter("\xA6\x80\x1B[3"), QByteArray("\xF0\x9F\xA6\x80"));
    QCOMPARE(filter.filter("1m\xC2"), QByteArray("\x1B[31m"));
    QCOMPARE(filter.filter("\xA9"), QByteArray("\xC2\xA9"));
    // What is no UTF-8 at all is passed on: the emulator shows a replacement character.
    QCOMPARE(filter.filter("\xFF\xFE\x80"), QByteArray("\xFF\xFE\x80"));
}

void TestStreamFilter::takesTitles_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("expected");
    QTest::newRow("bell") << QByteArray("\x1B]0;bash\a") << QStringLiteral("bash");
    QTest::newRow("terminator") << QByteArray("\x1B]2;vim\x1B\\") << QStringLiteral("vim");
    QTest::newRow("last wins") << QByteArray("\x1B]2;a\a\x1B]2;b\a") << QStringLiteral("b");
    QTest::newRow("empty") << QByteArray("\x1B]0;\a") << QString();
    QTest::newRow("controls") << QByteArray("\x1B]0;a\nb\tc\a") << QStringLiteral("abc");
    QTest::newRow("utf-8") << QByteArray("\x1B]0;caf\xC3\xA9 \xC2\xB0\a")
                           << QStringLiteral("café °");
    QTest::newRow("long") << QByteArray("\x1B]0;" + QByteArray(5000, 'x') + "\a")
                          << QString(StreamFilter::kMaxTitle, u'x');
}

void TestStreamFilter::takesTitles()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QString, expected);
    StreamFilter filter;
    QCOMPARE(filter.filter(bytes), QByteArray());
    const std::optional<QString> title = filter.takeTitle();
    QVERIFY(title);
    QCOMPARE(*title, expected);
    QVERIFY(!filter.takeTitle());
}

void TestStreamFilter::unfinishedStringDoesNotGrow()
{
    StreamFilter filter;
    QCOMPARE(filter.filter("\x1B]0;"), QByteArray());
    for (int round = 0; round < 1000; ++round)
        QCOMPARE(filter.filter(QByteArray(64 * 1024, 'x')), QByteArray());
    QCOMPARE(filter.filter("\a"
                           "b"),
             QByteArray("b"));
}

void TestStreamFilter::rewritesSgr_data()
{
    QTest::addColumn<QByteArray>("parameters");
    QTest::addColumn<QByteArray>("expected");
    QTest::newRow("plain") << QByteArray("1;31") << QByteArray("\x1B[1;31m");
    QTest::newRow("reset") << QByteArray("") << QByteArray("\x1B[m");
    QTest::newRow("curly underline") << QByteArray("4:3") << QByteArray("\x1B[4m");
    QTest::newRow("no underline") << QByteArray("4:0") << QByteArray("\x1B[24m");
    QTest::newRow("rgb with space") << QByteArray("38:2::1:2:3") << QByteArray("\x1B[38;2;1;2;3m");
    QTest::newRow("rgb without") << QByteArray("48:2:1:2:3") << QByteArray("\x1B[48;2;1;2;3m");
    QTest::newRow("indexed") << QByteArray("38:5:9;1") << QByteArray("\x1B[1;38;5;9m");
    QTest::newRow("underline colour") << QByteArray("1;58;2;1;2;3;4") << QByteArray("\x1B[1;4m");
    QTest::newRow("underline colour, colons") << QByteArray("58:5:9;59") << QByteArray();
    QTest::newRow("torn colour") << QByteArray("1;38;2;1") << QByteArray("\x1B[1m");
    QTest::newRow("long") << QByteArray("1;3;3;4;5;6;7;8;9;1;3;3;38;2;1;2;3;4")
                          << QByteArray("\x1B[1;3;3;4;5;6;7;8;9;1;3;3;4m\x1B[38;2;1;2;3m");
}

void TestStreamFilter::rewritesSgr()
{
    QFETCH(QByteArray, parameters);
    QFETCH(QByteArray, expected);
    SgrTranslator sgr;
    QCOMPARE(sgr.translate(parameters), expected);
}

void TestStreamFilter::showsFaintText_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* name, const char* bytes, const char* expected) {
        QTest::newRow(name) << QByteArray(bytes) << QByteArray(expected);
    };
    row("default colour", "\x1B[2mhint\x1B[22m on", "\x1B[90mhint\x1B[22;39m on");
    row("reset", "\x1B[2mhint\x1B[0m\x1B[39m", "\x1B[90mhint\x1B[0m\x1B[39m");
    row("reset by nothing", "\x1B[2mhint\x1B[m\x1B[39m", "\x1B[90mhint\x1B[m\x1B[39m");
    row("in a colour", "\x1B[31m\x1B[2mred\x1B[22mred", "\x1B[31mred\x1B[22mred");
    row("in one sequence", "\x1B[2;31mred\x1B[0m", "\x1B[31mred\x1B[0m");
    row("colour in between", "\x1B[2mhint \x1B[32mgreen\x1B[39m hint\x1B[22m",
        "\x1B[90mhint \x1B[32mgreen\x1B[90m hint\x1B[22;39m");
    row("colours after a reset", "\x1B[2mx\x1B[0;32mx\x1B[31;0m", "\x1B[90mx\x1B[0;32mx\x1B[31;0m");
    row("true colour", "\x1B[38;2;1;2;3mx\x1B[2mx\x1B[22mx",
        "\x1B[38;2;1;2;3mx"
        "x\x1B[22mx");
    row("colons", "\x1B[38:5:9mx\x1B[2mx\x1B[39my", "\x1B[38;5;9mxx\x1B[90my");
    row("not of colours", "\x1B[38;5;2mx\x1B[48;5;2mx\x1B[39m",
        "\x1B[38;5;2mx\x1B[48;5;2mx\x1B[39m");
    row("bold, faint", "\x1B[1;2mx\x1B[22mx", "\x1B[1;90mx\x1B[22;39mx");
    row("terminal reset",
        "\x1B[2mx\x1B"
        "c\x1B[39m",
        "\x1B[90mx\x1B"
        "c\x1B[39m");
}

/// Coding agents print their hints faint, and QTermWidget shows faint text like any other.
void TestStreamFilter::showsFaintText()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QByteArray, expected);
    StreamFilter filter;
    QCOMPARE(filter.filter(bytes), expected);
}

void TestStreamFilter::textOnColourCanBeRead_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* name, const char* bytes, const char* expected) {
        QTest::newRow(name) << QByteArray(bytes) << QByteArray(expected);
    };
    // On red nothing but white can be read.
    row("grey on red", "\x1B[37;41merror\x1B[0m", "\x1B[41;38;2;255;255;255merror\x1B[0m");
    row("default on red", "\x1B[41merror\x1B[49m", "\x1B[41;38;2;255;255;255merror\x1B[49;39m");
    row("blue on red", "\x1B[34m\x1B[41mx\x1B[m", "\x1B[34m\x1B[41;38;2;255;255;255mx\x1B[m");
    row("back to the default", "\x1B[34m\x1B[41mx\x1B[49mx",
        "\x1B[34m\x1B[41;38;2;255;255;255mx\x1B[49;34mx");
    row("black on white", "\x1B[30;47mx", "\x1B[47;30mx");
    row("concealed", "\x1B[31;41mx", "\x1B[41;31mx");
    row("true colours are pictures", "\x1B[41;38;2;9;9;9mx\x1B[31;48;5;9mx",
        "\x1B[41;38;2;9;9;9mx\x1B[48;5;9;31mx");
}

/// vi's messages, the labels of test runners, and what ls shows of folders that all may write.
void TestStreamFilter::textOnColourCanBeRead()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QByteArray, expected);
    ReadableColours colours;
    colours.instead[1].fill(qRgb(255, 255, 255));
    StreamFilter filter;
    filter.setReadableColours(colours);
    QCOMPARE(filter.filter(bytes), expected);
}

void TestStreamFilter::knowsWideCharacters()
{
    for (const char* wide : {"漢", "한", "ア", "全角ＡＢ", "😀", "✅", "a é — 日", "┌─┐日"})
        QVERIFY2(hasWideCharacter(wide), wide);
    for (const char* narrow : {"", "plain", "naïve — “x” …", "┌─┤│", "⏺ ⎿ ✔ ❯", "\xE6\xBC",
                               "\xFF\xFE", "e\u0301", "Ελλάδα, Привет, שלום"}) {
        QVERIFY2(!hasWideCharacter(narrow), narrow);
    }
}

void TestStreamFilter::pasteIsHarmless_data()
{
    QTest::addColumn<QString>("clipboard");
    QTest::addColumn<QString>("expected");
    QTest::addColumn<int>("lines");
    const auto row = [](const char* name, const char16_t* clipboard, const char16_t* expected,
                        int lines) {
        QTest::newRow(name) << QString::fromUtf16(clipboard) << QString::fromUtf16(expected)
                            << lines;
    };
    row("word", u"ls", u"ls", 1);
    row("line", u"ls\n", u"ls", 1);
    row("lines", u"a\nb", u"a\rb", 2);
    row("lines with end", u"a\r\nb\r\n", u"a\rb\r", 2);
    row("escape", u"a\x1B[201~rm -rf\n", u"a[201~rm -rf", 1);
    row("keys",
        u"a\x03\x04\x7F\u009B"
        u"b\tc",
        u"ab\tc", 1);
    row("unicode line ends", u"a\u2028b\u2029c", u"a\rb\rc", 3);
    row("nothing", u"\x1B\x07", u"", 1);
}

void TestStreamFilter::pasteIsHarmless()
{
    QFETCH(QString, clipboard);
    QFETCH(QString, expected);
    QFETCH(int, lines);
    QCOMPARE(pasteable(clipboard), expected);
    QCOMPARE(lineCount(pasteable(clipboard)), lines);
}

QTEST_GUILESS_MAIN(TestStreamFilter)
#include "test_stream_filter.moc"
