// SPDX-License-Identifier: GPL-3.0-or-later
// views_gallery DIR writes a picture of every view, in light and dark, at the scale QT_SCALE_FACTOR
// gives.
#include <QApplication>
#include <QDir>
#include <QTextStream>
#include <QTimer>
#include <QWidget>

#include <memory>

#include "tests/widgets/gallery_scenes.h"
#include "widgets/common/theme.h"

namespace {

using namespace caisson;

/// Goes through the scenes from the event loop, so that each view has been laid out and painted as
/// in the window.
class Gallery : public QObject
{
public:
    Gallery(Theme& theme, const QDir& folder)
        : m_theme(theme)
        , m_folder(folder)
    {
    }

    void start()
    {
        for (const Appearance appearance : {Appearance::Dark, Appearance::Light}) {
            for (const gallery::Scene& scene : gallery::scenes())
                m_pictures.append({scene, appearance});
        }
        next();
    }

private:
    struct Picture
    {
        gallery::Scene scene;
        Appearance appearance;
    };

    void next()
    {
        m_widget.reset();
        if (m_pictures.isEmpty()) {
            QApplication::quit();
            return;
        }
        const Picture& picture = m_pictures.first();
        m_theme.setAppearance(picture.appearance);
        m_widget.reset(picture.scene.make());
        m_widget->show();
        QTimer::singleShot(picture.scene.settleMs, this, &Gallery::grab);
    }

    void grab()
    {
        const Picture picture = m_pictures.takeFirst();
        const QString path =
            m_folder.filePath(QStringLiteral("%1-%2-%3.png")
                                  .arg(picture.scene.name, picture.appearance == Appearance::Dark
                                                               ? QStringLiteral("dark")
                                                               : QStringLiteral("light"))
                                  .arg(qRound(m_widget->devicePixelRatioF() * 100)));
        if (!m_widget->grab().save(path)) {
            QTextStream(stderr) << "cannot write " << path << '\n';
            QApplication::exit(1);
            return;
        }
        QTextStream(stdout) << path << '\n';
        next();
    }

    Theme& m_theme;
    QDir m_folder;
    QList<Picture> m_pictures;
    std::unique_ptr<QWidget> m_widget;
};

} // namespace

int main(int argc, char** argv)
{
    QApplication application(argc, argv);
    if (argc != 2) {
        QTextStream(stderr) << "usage: views_gallery DIR\n";
        return 2;
    }
    const QDir folder(QString::fromLocal8Bit(argv[1]));
    if (!folder.mkpath(QStringLiteral("."))) {
        QTextStream(stderr) << "cannot make " << folder.path() << '\n';
        return 1;
    }
    Theme theme(application);
    Gallery gallery(theme, folder);
    QTimer::singleShot(0, &gallery, &Gallery::start);
    return QApplication::exec();
}
