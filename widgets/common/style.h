// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QProxyStyle>

class QLineEdit;
class QPushButton;

namespace caisson {

enum class ButtonKind {
    Plain,
    Primary,     ///< the one thing a view wants done; at most one at a time
    Destructive, ///< there is no way back
};

void setButtonKind(QPushButton* button, ButtonKind kind);

/// A line edit whose text cannot be has an edge that says so. Why, is said beside it in words.
void setWrong(QLineEdit* edit, bool isWrong);

/// Fusion with Caisson's measures and drawing. Colours come from each option's palette, so one
/// instance serves light and dark.
class Style : public QProxyStyle
{
    Q_OBJECT

public:
    Style();

    void polish(QWidget* widget) override;
    /// Menus and dialogs fade in. A choice takes the wheel only while it has the focus: over the one
    /// of the rules page, it let everything out that no rule was about.
    bool eventFilter(QObject* watched, QEvent* event) override;
    void unpolish(QWidget* widget) override;
    using QProxyStyle::polish;
    using QProxyStyle::unpolish;

    void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                       const QWidget* widget) const override;
    void drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                     const QWidget* widget) const override;
    void drawComplexControl(ComplexControl control, const QStyleOptionComplex* option,
                            QPainter* painter, const QWidget* widget) const override;
    QRect subControlRect(ComplexControl control, const QStyleOptionComplex* option,
                         SubControl subControl, const QWidget* widget) const override;
    QRect subElementRect(SubElement element, const QStyleOption* option,
                         const QWidget* widget) const override;
    QSize sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size,
                           const QWidget* widget) const override;
    int pixelMetric(PixelMetric metric, const QStyleOption* option,
                    const QWidget* widget) const override;
    int styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                  QStyleHintReturn* returnData) const override;
    QIcon standardIcon(StandardPixmap standardIcon, const QStyleOption* option,
                       const QWidget* widget) const override;
};

} // namespace caisson
