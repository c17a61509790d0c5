// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QComboBox>
#include <QFontDatabase>
#include <QFontInfo>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPainter>
#include <QPushButton>
#include <QScrollBar>
#include <QSignalSpy>
#include <QSplitter>
#include <QTest>
#include <QToolTip>
#include <QTreeView>
#include <QVBoxLayout>
#include <QWheelEvent>

#include "widgets/common/fonts.h"
#include "widgets/common/icons.h"
#include "widgets/common/style.h"
#include "widgets/common/theme.h"

using namespace caisson;

class TestTheme : public QObject
{
    Q_OBJECT

private slots:
    void textCanBeRead_data();
    void textCanBeRead();
    void bundledFontsAreUsed();
    void monoHasNoLigatures();
    void appearanceReachesWidgets();
    void iconsFollowTheAppearance();
    void everyIconDraws();
    void iconsAreSharpAtTheRatio();
    void measuresHold();
    void aTipIsNoHtml();
    void theWheelChoosesNothingInPassing();
};

void TestTheme::textCanBeRead_data()
{
    QTest::addColumn<bool>("isDark");
    QTest::newRow("dark") << true;
    QTest::newRow("light") << false;
}

void TestTheme::textCanBeRead()
{
    QFETCH(bool, isDark);
    const Colors& colors = isDark ? darkColors() : lightColors();
    for (const QColor& surface : {colors.canvas, colors.panel, colors.raised, colors.selection}) {
        QVERIFY(contrastRatio(colors.text, surface) >= 4.5);
    }
    for (const QColor& surface : {colors.canvas, colors.panel, colors.raised})
        QVERIFY(contrastRatio(colors.secondary, surface) >= 4.5);
    QVERIFY(contrastRatio(colors.onAccent, colors.accent) >= 4.5);
    QVERIFY(contrastRatio(colors.onAccent, colors.failed) >= 4.5);
    // Shapes and lines, by WCAG 1.4.11.
    for (const QColor& shape :
         {colors.accent, colors.running, colors.sleeping, colors.failed, colors.waiting})
        QVERIFY(contrastRatio(shape, colors.panel) >= 3.0);
}

void TestTheme::bundledFontsAreUsed()
{
    QVERIFY(QFontDatabase::families().contains(QStringLiteral("Inter")));
    QCOMPARE(QFontInfo(uiFont()).family(), QStringLiteral("Inter"));
    QCOMPARE(QFontInfo(uiFont()).pixelSize(), 13);
    QVERIFY(QFontInfo(monoFont()).fixedPitch());
}

void TestTheme::monoHasNoLigatures()
{
    // "->" as a ligature would be drawn with other glyphs than its two characters one by one.
    const auto draw = [](const QStringList& parts) {
        QImage image(60, 30, QImage::Format_RGB32);
        image.fill(Qt::white);
        QPainter painter(&image);
        painter.setFont(monoFont());
        qreal x = 5;
        for (const QString& part : parts) {
            painter.drawText(QPointF(x, 20), part);
            x += QFontMetricsF(monoFont()).horizontalAdvance(part);
        }
        return image;
    };
    const QImage together = draw({QStringLiteral("->")});
    const QImage apart = draw({QStringLiteral("-"), QStringLiteral(">")});
    int different = 0;
    for (int y = 0; y < together.height(); ++y) {
        for (int x = 0; x < together.width(); ++x)
            different += qAbs(qGray(together.pixel(x, y)) - qGray(apart.pixel(x, y))) > 40 ? 1 : 0;
    }
    QVERIFY2(different <= 4, qPrintable(QString::number(different)));
}

void TestTheme::appearanceReachesWidgets()
{
    auto* theme = qApp->findChild<Theme*>();
    QLineEdit edit;
    QSignalSpy changed(theme, &Theme::changed);
    theme->setAppearance(Appearance::Dark);
    QVERIFY(theme->isDark());
    QCoreApplication::processEvents();
    QCOMPARE(edit.palette().color(QPalette::Base), darkColors().canvas);
    theme->setAppearance(Appearance::Light);
    QCoreApplication::processEvents();
    QCOMPARE(edit.palette().color(QPalette::Base), lightColors().canvas);
    QVERIFY(changed.size() >= 1);
    QCOMPARE(&colorsOf(edit.palette()), &lightColors());
}

void TestTheme::iconsFollowTheAppearance()
{
    auto* theme = qApp->findChild<Theme*>();
    const QIcon plus = icon(Icon::Plus);
    const auto centre = [&plus](QIcon::Mode mode) {
        return plus.pixmap(QSize(16, 16), 1.0, mode).toImage().pixelColor(7, 7);
    };
    theme->setAppearance(Appearance::Dark);
    QCOMPARE(centre(QIcon::Active).rgb(), darkColors().text.rgb());
    QCOMPARE(centre(QIcon::Disabled).rgb(), darkColors().disabled.rgb());
    theme->setAppearance(Appearance::Light);
    QCOMPARE(centre(QIcon::Active).rgb(), lightColors().text.rgb());
    QCOMPARE(centre(QIcon::Normal).rgb(), lightColors().secondary.rgb());
}

void TestTheme::everyIconDraws()
{
    for (int name = 0; name <= static_cast<int>(Icon::Warning); ++name) {
        const QImage image = iconPixmap(static_cast<Icon>(name), 16, Qt::black, 1).toImage();
        int inked = 0;
        for (int y = 0; y < 16; ++y) {
            for (int x = 0; x < 16; ++x)
                inked += image.pixelColor(x, y).alpha() > 128 ? 1 : 0;
        }
        QVERIFY2(inked >= 3 && inked < 200, qPrintable(QString::number(name)));
    }
    QVERIFY(!applicationIcon().pixmap(64).isNull());
}

void TestTheme::iconsAreSharpAtTheRatio()
{
    const QPixmap pixmap = icon(Icon::Folder).pixmap(QSize(16, 16), 1.5);
    QCOMPARE(pixmap.size(), QSize(24, 24));
    QCOMPARE(pixmap.devicePixelRatio(), 1.5);
}

void TestTheme::measuresHold()
{
    QPushButton button(QStringLiteral("Go"));
    QCOMPARE(button.sizeHint().height(), 28);
    QLineEdit edit;
    QCOMPARE(edit.sizeHint().height(), 28);
    QSplitter splitter;
    QCOMPARE(splitter.handleWidth(), 1);
    QScrollBar bar(Qt::Vertical);
    QCOMPARE(bar.sizeHint().width(), 10);
    QMenu menu;
    menu.addAction(QStringLiteral("One"));
    QCOMPARE(menu.actionGeometry(menu.actions().first()).height(), 28);
    // A heading is there, and no mere line.
    QMenu titled;
    const QAction* heading = titled.addSection(QStringLiteral("Everything else"));
    titled.addAction(QStringLiteral("One"));
    const QRect place = titled.actionGeometry(titled.actions().first());
    QCOMPARE(place.height(), 24);
    QVERIFY(place.width() >= QFontMetrics(secondaryFont()).horizontalAdvance(heading->text()));
}

/// The command line of a program in a sandbox could draw what it liked in its tooltip.
void TestTheme::aTipIsNoHtml()
{
    QWidget under;
    under.show();
    const QString command = QStringLiteral("curl '<h1>api.example.com</h1><img src=x>'");
    QToolTip::showText(under.mapToGlobal(QPoint(4, 4)), command, &under);
    const QLabel* tip = nullptr;
    for (const QWidget* widget : QApplication::topLevelWidgets()) {
        if (widget->inherits("QTipLabel"))
            tip = qobject_cast<const QLabel*>(widget);
    }
    QVERIFY(tip);
    QVERIFY(Qt::mightBeRichText(command));
    QCOMPARE(tip->textFormat(), Qt::PlainText);
    QCOMPARE(tip->text(), command);
    QToolTip::hideText();
}

void TestTheme::theWheelChoosesNothingInPassing()
{
    class Page : public QWidget
    {
    public:
        int turned = 0;

    protected:
        void wheelEvent(QWheelEvent* event) override
        {
            ++turned;
            event->accept();
        }
    };
    Page page;
    auto* other = new QLineEdit;
    auto* choice = new QComboBox;
    choice->addItems({QStringLiteral("ask"), QStringLiteral("allow"), QStringLiteral("deny")});
    auto* column = new QVBoxLayout(&page);
    column->addWidget(other);
    column->addWidget(choice);
    page.show();
    QVERIFY(QTest::qWaitForWindowActive(&page));
    other->setFocus();
    const auto turn = [&] {
        QTest::wheelEvent(page.windowHandle(), choice->geometry().center(), QPoint(0, -120));
        QCoreApplication::processEvents();
    };
    turn();
    turn(); // nor did the first one give it the focus
    QCOMPARE(choice->currentIndex(), 0);
    QVERIFY(other->hasFocus());
    QCOMPARE(page.turned, 2);
    choice->setFocus();
    turn();
    QCOMPARE(choice->currentIndex(), 1);
    QCOMPARE(page.turned, 2);
}

int main(int argc, char** argv)
{
    QApplication application(argc, argv);
    Theme theme(application);
    TestTheme test;
    return QTest::qExec(&test, argc, argv);
}
#include "test_theme.moc"
