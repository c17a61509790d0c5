// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

namespace caisson {

/// One line of text that gives way: too long for its width, it is elided and the full text is its
/// tooltip.
class ElidedLabel : public QWidget
{
    Q_OBJECT

public:
    explicit ElidedLabel(const QString& text = {}, Qt::TextElideMode mode = Qt::ElideRight,
                         QWidget* parent = nullptr);

    void setText(const QString& text);
    const QString& text() const { return m_text; }
    virtual bool isElided() const;

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    void updateToolTip();

    QString m_text;
    Qt::TextElideMode m_mode;
};

} // namespace caisson
