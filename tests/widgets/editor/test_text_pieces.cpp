// SPDX-License-Identifier: GPL-3.0-or-later
#include <QPlainTextDocumentLayout>
#include <QRandomGenerator>
#include <QTest>
#include <QTextCursor>
#include <QTextDocument>

#include "widgets/editor/file_text.h"
#include "widgets/editor/text_mirror.h"
#include "widgets/editor/text_pieces.h"

using namespace caisson;

class TestTextPieces : public QObject
{
    Q_OBJECT

private slots:
    void changesAnywhere();
    void partsAreOfTheWhole();
    void copiesAreApart();
    void piecesStayOfASize();
    void aSnapshotIsTheFile();
    void theMirrorIsTheDocument();
};

void TestTextPieces::changesAnywhere()
{
    QString expected(3 * TextPieces::kPiece, u'a');
    TextPieces pieces(expected);
    QCOMPARE(pieces.size(), expected.size());
    const auto change = [&](qsizetype position, qsizetype removed, const QString& added) {
        pieces.replace(position, removed, added);
        expected.replace(position, removed, added);
        QCOMPARE(pieces.size(), expected.size());
        QVERIFY(pieces.text() == expected);
    };
    change(0, 0, QStringLiteral("start"));
    change(expected.size(), 0, QStringLiteral("end"));
    change(TextPieces::kPiece - 2, 5, QStringLiteral("across"));
    change(10, 2 * TextPieces::kPiece, {});
    change(7, 0, QString(5 * TextPieces::kPiece, u'b'));
    change(0, expected.size(), {});
    change(0, 0, QStringLiteral("again"));
}

void TestTextPieces::partsAreOfTheWhole()
{
    QString whole;
    for (int i = 0; whole.size() < 3 * TextPieces::kPiece; ++i)
        whole += QString::number(i) + u' ';
    const TextPieces pieces(whole);
    const qsizetype all = whole.size();
    for (const auto& [position, size] : {std::pair<qsizetype, qsizetype>{0, 0},
                                         {0, 10},
                                         {0, all},
                                         {TextPieces::kPiece - 3, 7},
                                         {TextPieces::kPiece, TextPieces::kPiece},
                                         {all - 5, 5},
                                         {all, 0},
                                         {100, all - 200}})
        QVERIFY(pieces.mid(position, size) == whole.sliced(position, size));
}

void TestTextPieces::copiesAreApart()
{
    TextPieces pieces(QString(4 * TextPieces::kPiece, u'a'));
    const TextPieces before = pieces;
    pieces.replace(1, 1, QStringLiteral("bcd"));
    QCOMPARE(before.text(), QString(4 * TextPieces::kPiece, u'a'));
    QCOMPARE(pieces.text().first(5), QStringLiteral("abcda"));
}

/// A text that shrinks must not be left in crumbs, nor one that grows in one lump.
void TestTextPieces::piecesStayOfASize()
{
    TextPieces pieces(QString(20 * TextPieces::kPiece, u'a'));
    while (pieces.size() > TextPieces::kPiece)
        pieces.replace(pieces.size() / 3, 1000, {});
    QVERIFY(pieces.pieces().size() <= 4);
    while (pieces.size() < 20 * TextPieces::kPiece)
        pieces.replace(pieces.size() / 2, 0, QString(5000, u'b'));
    QVERIFY(pieces.pieces().size() >= 10);
}

/// A pair of surrogates may lie across two pieces.
void TestTextPieces::aSnapshotIsTheFile()
{
    QString text;
    for (int i = 0; text.size() < 5 * TextPieces::kPiece; ++i)
        text += i % 7 == 0 ? QStringLiteral("\n") : QStringLiteral("\U0001f980");
    for (const bool isCrLf : {false, true}) {
        const FileFormat format{.lineEnd = isCrLf ? LineEnd::CrLf : LineEnd::Lf,
                                .hasByteOrderMark = isCrLf};
        for (const char* before : {"", "x"}) {
            const QString shifted = QLatin1String(before) + text;
            const TextSnapshot snapshot{.text = TextPieces(shifted), .format = format};
            QVERIFY(snapshot.text.pieces().size() > 2);
            QByteArray expected = shifted.toUtf8();
            if (isCrLf)
                expected = "\xEF\xBB\xBF" + expected.replace("\n", "\r\n");
            QVERIFY(snapshot.bytes() == expected);
        }
    }
}

void TestTextPieces::theMirrorIsTheDocument()
{
    QTextDocument document;
    document.setDocumentLayout(new QPlainTextDocumentLayout(&document));
    QString text;
    for (int line = 0; line < 3000; ++line)
        text += QStringLiteral("line %1 of the text\n").arg(line);
    document.setPlainText(text);
    TextMirror mirror(&document);
    mirror.start(TextPieces(text));
    QRandomGenerator random(7);
    for (int i = 0; i < 300; ++i) {
        QTextCursor cursor(&document);
        const int size = document.characterCount() - 1;
        const int from = static_cast<int>(random.bounded(size + 1));
        cursor.setPosition(from);
        switch (random.bounded(6)) {
        case 0:
            document.undo();
            break;
        case 1:
            document.redo();
            break;
        case 2:
            cursor.setPosition(qMin(size, from + 500), QTextCursor::KeepAnchor);
            cursor.removeSelectedText();
            break;
        case 3:
            // One step of several changes far apart.
            cursor.beginEditBlock();
            cursor.insertText(QStringLiteral("one\ntwo"));
            cursor.setPosition(0);
            cursor.insertText(QStringLiteral("zero"));
            cursor.movePosition(QTextCursor::End);
            cursor.deletePreviousChar();
            cursor.endEditBlock();
            break;
        case 4:
            cursor.select(QTextCursor::Document);
            if (i % 50 == 0)
                cursor.insertText(QStringLiteral("all anew\n").repeated(900));
            break;
        default:
            cursor.insertText(QStringLiteral("\u00a0x\n\U0001f980"));
        }
        QString expected = document.toRawText();
        expected.replace(QChar::ParagraphSeparator, u'\n');
        QVERIFY2(mirror.text().text() == expected, qPrintable(QString::number(i)));
    }
}

QTEST_MAIN(TestTextPieces)
#include "test_text_pieces.moc"
