// SPDX-License-Identifier: GPL-3.0-or-later
#include <QFontMetrics>
#include <QImage>
#include <QSet>
#include <QSettings>
#include <QTest>
#include <QTransform>

#include "tests/widgets/stall_meter.h"
#include "widgets/common/colors.h"
#include "widgets/common/fonts.h"
#include "widgets/terminal/readable_colours.h"
#include "widgets/terminal/terminal_view.h"

using namespace caisson;

/// What is painted, cell by cell.
class TestTerminalDrawing : public QObject
{
    Q_OBJECT

private slots:
    void initTestCase();
    void init();
    void cleanup();
    void frameStandsBehindWideCharacters();
    void framesAreCrispWithoutThem();
    void signsOfAgentsAreThere_data();
    void signsOfAgentsAreThere();
    void faintTextIsDimmed();
    void everyPairOfColoursCanBeRead_data();
    void everyPairOfColoursCanBeRead();

private:
    QImage shown(const QByteArray& bytes);
    QRect cells(const QImage& image, int column, int count) const;
    QImage cellsOf(const QImage& image, int column, int count) const;

    std::unique_ptr<TerminalView> m_view;
    QRgb m_mark = 0;
};

namespace {
constexpr int kMargin = 8; ///< as TerminalView has it
const QByteArray kClear = "\x1B[2J\x1B[H\x1B[?25l";

bool hasInk(const QImage& image)
{
    const QColor background = image.pixelColor(0, 0);
    for (int y = 0; y < image.height(); ++y) {
        for (int x = 0; x < image.width(); ++x) {
            if (image.pixelColor(x, y) != background)
                return true;
        }
    }
    return false;
}

bool containsColour(const QImage& image, QRgb colour)
{
    for (int y = 0; y < image.height(); ++y) {
        for (int x = 0; x < image.width(); ++x) {
            if (image.pixel(x, y) == colour)
                return true;
        }
    }
    return false;
}
} // namespace

void TestTerminalDrawing::initTestCase()
{
    QVERIFY(loadBundledFonts().isEmpty());
}

void TestTerminalDrawing::init()
{
    m_view = std::make_unique<TerminalView>(QStringLiteral("terminal"));
    m_view->resize(800, 480);
    m_view->show();
    QTRY_VERIFY(m_view->columns() > 40);
}

void TestTerminalDrawing::cleanup()
{
    m_view.reset();
}

/// The picture of a screen that shows `bytes`. The emulator paints some time after it has parsed, so
/// a coloured cell at the end of the same bytes tells when they are seen.
QImage TestTerminalDrawing::shown(const QByteArray& bytes)
{
    m_mark = m_mark == QRgb(0xFF0A141E) ? QRgb(0xFFC8BEB4) : QRgb(0xFF0A141E);
    const QColor mark(m_mark);
    m_view->feed(kClear + bytes + "\x1B[15;30H\x1B[48;2;" + QByteArray::number(mark.red()) + ';' +
                 QByteArray::number(mark.green()) + ';' + QByteArray::number(mark.blue()) +
                 "m  \x1B[m");
    QImage image;
    const bool isSeen = runUntil(
        [&] {
            image = m_view->grab().toImage();
            return containsColour(image, m_mark);
        },
        60'000);
    return isSeen ? image : QImage();
}

/// Where `count` cells of the first line stand, in pixels of the image.
QRect TestTerminalDrawing::cells(const QImage& image, int column, int count) const
{
    const QFontMetrics metrics(monoFont());
    const int width = qRound(metrics.horizontalAdvance(QString(100, u'x')) / 100.0);
    const QRect rect(kMargin + column * width, kMargin, count * width, metrics.height());
    return QTransform::fromScale(image.devicePixelRatio(), image.devicePixelRatio()).mapRect(rect);
}

QImage TestTerminalDrawing::cellsOf(const QImage& image, int column, int count) const
{
    return image.copy(cells(image, column, count));
}

/// Tables with Chinese or Japanese text, and emoji in an agent's frame, were torn: each wide
/// character pushed the lines behind it a cell further to the right.
void TestTerminalDrawing::frameStandsBehindWideCharacters()
{
    shown("日"); // from here on the lines are the font's
    const QImage narrow = cellsOf(shown("abcdef├─┤"), 6, 3);
    const QImage wide = cellsOf(shown("日本漢├─┤"), 6, 3);
    QVERIFY(hasInk(narrow));
    QCOMPARE(wide, narrow);
}

void TestTerminalDrawing::framesAreCrispWithoutThem()
{
    const QImage image = shown("│\r\n│\r\n│");
    QRect upper = cells(image, 0, 1);
    upper.setHeight(upper.height() * 2);
    QSet<QRgb> colours;
    for (int x = upper.left(); x <= upper.right(); ++x) {
        QSet<QRgb> column;
        for (int y = upper.top(); y <= upper.bottom(); ++y)
            column.insert(image.pixel(x, y));
        QCOMPARE(column.size(), 1); // the joint between two rows cannot be seen
        colours.unite(column);
    }
    QCOMPARE(colours.size(), 2);
}

void TestTerminalDrawing::signsOfAgentsAreThere_data()
{
    QTest::addColumn<QString>("sign");
    for (const char16_t* sign :
         {u"⏺", u"⎿", u"✻", u"✔", u"✘", u"❯", u"⠋", u"⏵", u"⚠", u"✅", u"🤖"}) {
        const QString text = QString::fromUtf16(sign);
        QTest::newRow(qPrintable(text)) << text;
    }
}

/// On a machine with no further fonts, what a coding agent decorates its output with was boxes.
void TestTerminalDrawing::signsOfAgentsAreThere()
{
    QFETCH(QString, sign);
    const QImage missing = cellsOf(shown("\U00103456"), 0, 2); // for private use: no font has it
    const QImage painted = cellsOf(shown(sign.toUtf8()), 0, 2);
    QVERIFY(hasInk(missing));
    QVERIFY(hasInk(painted));
    QVERIFY(painted != missing);
}

void TestTerminalDrawing::faintTextIsDimmed()
{
    const auto strongest = [](const QImage& image) {
        int least = 255;
        for (int y = 0; y < image.height(); ++y) {
            for (int x = 0; x < image.width(); ++x)
                least = qMin(least, qGray(image.pixel(x, y)));
        }
        return least;
    };
    const int plain = strongest(cellsOf(shown("HHHH"), 0, 4));
    const int faint = strongest(cellsOf(shown("\x1B[2mHHHH\x1B[m"), 0, 4));
    QVERIFY2(faint > plain + 30, qPrintable(QStringLiteral("%1 and %2").arg(plain).arg(faint)));
}

void TestTerminalDrawing::everyPairOfColoursCanBeRead_data()
{
    QTest::addColumn<QString>("scheme");
    QTest::newRow("light") << QStringLiteral(":/caisson/terminal/caisson-light.colorscheme");
    QTest::newRow("dark") << QStringLiteral(":/caisson/terminal/caisson-dark.colorscheme");
}

void TestTerminalDrawing::everyPairOfColoursCanBeRead()
{
    QFETCH(QString, scheme);
    const QSettings file(scheme, QSettings::IniFormat);
    const auto colour = [&](int index) {
        const int plain = index % 8;
        const QString name = index == 16  ? QStringLiteral("Foreground")
                             : index >= 8 ? QStringLiteral("Color%1Intense").arg(plain)
                                          : QStringLiteral("Color%1").arg(plain);
        return QColor(file.value(name + QStringLiteral("/Color")).toString());
    };
    const ReadableColours readable = readableColours(scheme);
    for (int ground = 0; ground < 16; ++ground) {
        for (int text = 0; text <= 16; ++text) {
            const auto& instead = readable.instead[ground][text];
            const QColor shown = instead ? QColor(*instead) : colour(text);
            QVERIFY2(contrastRatio(shown, colour(ground)) >= 4.5,
                     qPrintable(QStringLiteral("%1 on %2").arg(text).arg(ground)));
        }
    }
}

QTEST_MAIN(TestTerminalDrawing)
#include "test_terminal_drawing.moc"
