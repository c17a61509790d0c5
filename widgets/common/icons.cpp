// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/icons.h"

#include <QFile>
#include <QGuiApplication>
#include <QIconEngine>
#include <QPainter>
#include <QPixmapCache>
#include <QSvgRenderer>

#include "widgets/common/colors.h"

static void initIconResource()
{
    Q_INIT_RESOURCE(icons);
}

namespace caisson {

namespace {

/// In pixels. The set is drawn for 16 and 20.
constexpr int kLargestDrawnSize = 20;

const char* fileNameOf(Icon name)
{
    switch (name) {
    case Icon::ArrowDown:
        return "arrow-down";
    case Icon::ArrowUp:
        return "arrow-up";
    case Icon::Check:
        return "check";
    case Icon::ChevronDown:
        return "chevron-down";
    case Icon::ChevronLeft:
        return "chevron-left";
    case Icon::ChevronRight:
        return "chevron-right";
    case Icon::ChevronUp:
        return "chevron-up";
    case Icon::Close:
        return "close";
    case Icon::Copy:
        return "copy";
    case Icon::Deny:
        return "deny";
    case Icon::Error:
        return "error";
    case Icon::Export:
        return "export";
    case Icon::Eye:
        return "eye";
    case Icon::EyeOff:
        return "eye-off";
    case Icon::File:
        return "file";
    case Icon::FileArchive:
        return "file-archive";
    case Icon::FileC:
        return "file-c";
    case Icon::FileCode:
        return "file-code";
    case Icon::FileConfig:
        return "file-config";
    case Icon::FileImage:
        return "file-image";
    case Icon::FileJs:
        return "file-js";
    case Icon::FilePython:
        return "file-python";
    case Icon::FileShell:
        return "file-shell";
    case Icon::FileText:
        return "file-text";
    case Icon::Flag:
        return "flag";
    case Icon::Folder:
        return "folder";
    case Icon::FolderOpen:
        return "folder-open";
    case Icon::Globe:
        return "globe";
    case Icon::Import:
        return "import";
    case Icon::Info:
        return "info";
    case Icon::Key:
        return "key";
    case Icon::More:
        return "more";
    case Icon::Mount:
        return "mount";
    case Icon::NewFile:
        return "new-file";
    case Icon::NewFolder:
        return "new-folder";
    case Icon::Paste:
        return "paste";
    case Icon::Play:
        return "play";
    case Icon::Plus:
        return "plus";
    case Icon::Redo:
        return "redo";
    case Icon::Reload:
        return "reload";
    case Icon::Rename:
        return "rename";
    case Icon::Rules:
        return "rules";
    case Icon::Sandbox:
        return "sandbox";
    case Icon::Save:
        return "save";
    case Icon::Search:
        return "search";
    case Icon::Side:
        return "side";
    case Icon::Stop:
        return "stop";
    case Icon::Symlink:
        return "symlink";
    case Icon::Terminal:
        return "terminal";
    case Icon::Trash:
        return "trash";
    case Icon::Tunnel:
        return "tunnel";
    case Icon::Undo:
        return "undo";
    case Icon::Warning:
        return "warning";
    }
    Q_UNREACHABLE_RETURN("file");
}

QPixmap render(const QByteArray& svg, const QSize& pixels)
{
    QSvgRenderer renderer(svg);
    QPixmap pixmap(pixels);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    renderer.render(&painter);
    return pixmap;
}

QByteArray readResource(const QString& path)
{
    initIconResource();
    QFile file(path);
    const bool isOpen = file.open(QIODevice::ReadOnly);
    Q_ASSERT_X(isOpen, "icons", "every icon is compiled in");
    return isOpen ? file.readAll() : QByteArray();
}

/// Draws at paint time, in the palette of that moment.
class StrokeIconEngine : public QIconEngine
{
public:
    StrokeIconEngine(Icon name, std::optional<QColor> color)
        : m_name(name)
        , m_color(color)
    {
    }

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State state) override
    {
        const int side = qMin(rect.width(), rect.height());
        QRect square(0, 0, side, side);
        square.moveCenter(rect.center());
        const qreal ratio = painter->device()->devicePixelRatioF();
        painter->drawPixmap(square, scaledPixmap(square.size(), mode, state, ratio));
    }

    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override
    {
        return scaledPixmap(size, mode, state, 1);
    }

    /// Since Qt 6.8 `size` is in device-independent pixels.
    QPixmap scaledPixmap(const QSize& size, QIcon::Mode mode, QIcon::State, qreal scale) override
    {
        return iconPixmap(m_name, qMin(size.width(), size.height()), colorFor(mode), scale);
    }

    QIconEngine* clone() const override { return new StrokeIconEngine(*this); }

private:
    QColor colorFor(QIcon::Mode mode) const
    {
        const Colors& colors = colorsOf(QGuiApplication::palette());
        if (mode == QIcon::Disabled)
            return colors.disabled;
        if (m_color)
            return *m_color;
        return mode == QIcon::Normal ? colors.secondary : colors.text;
    }

    Icon m_name;
    std::optional<QColor> m_color;
};

} // namespace

QIcon icon(Icon name, std::optional<QColor> color)
{
    return QIcon(new StrokeIconEngine(name, color));
}

QPixmap iconPixmap(Icon name, int size, const QColor& color, qreal devicePixelRatio)
{
    const int side = qMax(1, qRound(size * devicePixelRatio));
    const QString key = QStringLiteral("caisson-icon-%1-%2-%3-%4")
                            .arg(fileNameOf(name))
                            .arg(side)
                            .arg(color.rgba(), 8, 16)
                            .arg(devicePixelRatio);
    QPixmap pixmap;
    if (QPixmapCache::find(key, &pixmap))
        return pixmap;
    QByteArray svg = readResource(QStringLiteral(":/caisson/icons/%1.svg").arg(fileNameOf(name)));
    svg.replace("currentColor", color.name(QColor::HexRgb).toLatin1());
    if (size > kLargestDrawnSize) {
        // Enlarged strokes would be clumsy: a large icon has strokes of about the same thickness.
        svg.replace("stroke-width=\"1.5\"",
                    "stroke-width=\"" + QByteArray::number(1.5 * kLargestDrawnSize / size) + '"');
    }
    pixmap = render(svg, QSize(side, side));
    pixmap.setDevicePixelRatio(devicePixelRatio);
    QPixmapCache::insert(key, pixmap);
    return pixmap;
}

QIcon applicationIcon()
{
    const QByteArray svg = readResource(QStringLiteral(":/caisson/icons/caisson.svg"));
    QIcon result;
    for (const int side : {16, 24, 32, 48, 64, 128, 256})
        result.addPixmap(render(svg, QSize(side, side)));
    return result;
}

} // namespace caisson
