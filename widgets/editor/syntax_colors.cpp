// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/editor/syntax_colors.h"

#include <KSyntaxHighlighting/Format>
#include <KSyntaxHighlighting/Theme>

namespace caisson {

using KSyntaxHighlighting::Theme;

namespace {

struct SyntaxTable
{
    QColor keyword;
    QColor control;
    QColor function;
    QColor type;
    QColor string;
    QColor number;
    QColor comment;
    QColor documentation;
    QColor attribute;
    QColor alert;
};

const SyntaxTable& table(bool isDark)
{
    static const SyntaxTable dark{
        .keyword = QColor(0x6A, 0xA6, 0xFF),
        .control = QColor(0xC7, 0x92, 0xEA),
        .function = QColor(0x9C, 0xC4, 0xFF),
        .type = QColor(0x56, 0xC7, 0xD6),
        .string = QColor(0x7F, 0xD1, 0xA4),
        .number = QColor(0xB4, 0xA5, 0xF7),
        .comment = QColor(0x7E, 0x89, 0x9B),
        .documentation = QColor(0x8C, 0x9C, 0xB5),
        .attribute = QColor(0x8F, 0xB8, 0xC9),
        .alert = QColor(0xF0, 0x71, 0x6B),
    };
    static const SyntaxTable light{
        .keyword = QColor(0x1F, 0x63, 0xD6),
        .control = QColor(0x8B, 0x3F, 0xB5),
        .function = QColor(0x1B, 0x4B, 0x91),
        .type = QColor(0x0B, 0x70, 0x80),
        .string = QColor(0x1A, 0x7A, 0x49),
        .number = QColor(0x66, 0x48, 0xC7),
        .comment = QColor(0x67, 0x71, 0x80),
        .documentation = QColor(0x4F, 0x65, 0x8A),
        .attribute = QColor(0x2F, 0x6B, 0x83),
        .alert = QColor(0xC0, 0x36, 0x2C),
    };
    return isDark ? dark : light;
}

/// Not valid for what has the colour of plain text.
QColor colorOf(Theme::TextStyle style, const SyntaxTable& colors)
{
    switch (style) {
    case Theme::Keyword:
        return colors.keyword;
    case Theme::ControlFlow:
    case Theme::Preprocessor:
    case Theme::Import:
        return colors.control;
    case Theme::Function:
    case Theme::BuiltIn:
    case Theme::Extension:
        return colors.function;
    case Theme::DataType:
        return colors.type;
    case Theme::String:
    case Theme::VerbatimString:
    case Theme::SpecialString:
    case Theme::Char:
        return colors.string;
    case Theme::SpecialChar:
    case Theme::DecVal:
    case Theme::BaseN:
    case Theme::Float:
    case Theme::Constant:
        return colors.number;
    case Theme::Comment:
    case Theme::RegionMarker:
        return colors.comment;
    case Theme::Documentation:
    case Theme::CommentVar:
    case Theme::Information:
        return colors.documentation;
    case Theme::Attribute:
    case Theme::Annotation:
        return colors.attribute;
    case Theme::Alert:
    case Theme::Warning:
    case Theme::Error:
        return colors.alert;
    case Theme::Normal:
    case Theme::Variable:
    case Theme::Operator:
    case Theme::Others:
        return {};
    }
    return {};
}

} // namespace

QTextCharFormat syntaxFormat(const KSyntaxHighlighting::Format& format, bool isDark)
{
    QTextCharFormat result;
    if (const QColor color = colorOf(format.textStyle(), table(isDark)); color.isValid())
        result.setForeground(color);
    const Theme none;
    if (format.hasBoldOverride() && format.isBold(none))
        result.setFontWeight(QFont::Bold);
    if (format.textStyle() == Theme::Comment ||
        (format.hasItalicOverride() && format.isItalic(none)))
        result.setFontItalic(true);
    if (format.hasUnderlineOverride() && format.isUnderline(none))
        result.setFontUnderline(true);
    if (format.hasStrikeThroughOverride() && format.isStrikeThrough(none))
        result.setFontStrikeOut(true);
    return result;
}

QList<QColor> syntaxColors(bool isDark)
{
    const SyntaxTable& colors = table(isDark);
    return {colors.keyword, colors.control, colors.function,      colors.type,      colors.string,
            colors.number,  colors.comment, colors.documentation, colors.attribute, colors.alert};
}

} // namespace caisson
